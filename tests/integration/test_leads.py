"""Capture: what is demanded, what is answered, who is refused and what they are told, and races for one customer."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.clock import FakeClock
from bot.domain.events import CollisionStopped, LeadCaptured
from bot.errors import CustomerProtected, InvalidInput, NotAllowed
from bot.models import Customer, CustomerKey, Opportunity, OutboxRow, ProcessedRequest, Team
from bot.models.session import Database
from bot.services import customers, follow_ups, leads, opportunities, playbooks, pool_list, stages
from bot.services.desk import Actor, AlreadyDone, Desk
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.pool_list import PoolFilter
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead, make_member

RACERS = 40


def capture(world: TeamWorld, by: Actor, customer: str = "Marigold Foundry GmbH", **values: Any) -> Any:
    return leads.capture(world.desk, LeadForm.read({"customer_name": customer, "need": "CRM", **values}), by=by)


def count(database: Database, model: Any) -> int:
    with database.reading(None) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def promised(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.id))
        return [(row.kind, row.channel, row.payload) for row in rows]


def test_only_customer_and_need_are_demanded(team_world: TeamWorld) -> None:
    shown = capture(team_world, team_world.rep).opportunity
    assert shown.customer == "Marigold Foundry GmbH"
    assert (shown.owner.name, shown.is_accepted, shown.owner_reason.key) == ("Rep", True, "assign.captured")
    assert (shown.grade, shown.score) == ("C", 10)
    assert sum(line.points for line in shown.points) == shown.score
    assert (shown.next_text, shown.stage.key) == ("First contact", "lead")
    # Grade C: eight working hours from Monday nine o'clock in Shanghai, so the end of that day.
    assert shown.next_due_at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    assert shown.broken == ()


@pytest.mark.parametrize("missing", ["customer_name", "need"])
@pytest.mark.parametrize("value", [None, "  ", "\x00"])
def test_each_of_the_two_is_demanded_at_its_field(missing: str, value: str | None) -> None:
    with pytest.raises(InvalidInput) as caught:
        LeadForm.read({"customer_name": "Acme", "need": "CRM", missing: value})
    assert set(caught.value.fields) == {"customer" if missing == "customer_name" else "need"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "a lot"),
        ("contact_phone", "12"),
        ("contact_email", "nobody"),
        ("expected_close_on", date(2026, 3, 1)),
        ("next_due_at", datetime(2026, 3, 2, 1, 0, tzinfo=UTC)),
        ("next_due_at", datetime(2062, 3, 9, 1, 0, tzinfo=UTC)),
        ("next_due_at", datetime(2026, 3, 9, 1, 0)),  # noqa: DTZ001 - a time without a zone is what is refused
        ("need", "x" * 2001),
    ],
)
def test_what_cannot_be_used_comes_back_at_its_field_and_nothing_is_kept(
    team_world: TeamWorld, database: Database, field: str, value: Any
) -> None:
    with pytest.raises(InvalidInput) as caught:
        capture(team_world, team_world.rep, **{field: value})
    assert set(caught.value.fields) == {field}
    assert count(database, Opportunity) == count(database, Customer) == count(database, OutboxRow) == 0


def test_everything_typed_is_there_again(team_world: TeamWorld) -> None:
    due = datetime(2026, 3, 4, 6, 0, tzinfo=UTC)
    shown = capture(
        team_world,
        team_world.rep,
        contact_name="Bob",
        contact_phone="+86 138 0013 8000",
        contact_email="bob@marigold.example",
        contact_title="CTO",
        amount="€60k",
        source="referral",
        product="Suite",
        region="North",
        industry="Foundries",
        expected_close_on=date(2026, 3, 20),
        next_step="Send the offer",
        next_due_at=due,
        facts={"intent": "quote"},
        permalink="https://example.test/p1",
        way="shortcut",
    ).opportunity
    assert (shown.contact.name, shown.contact.title, shown.contact.phone) == ("Bob", "CTO", "+86 138 0013 8000")
    assert (shown.amount_minor, shown.currency) == (6_000_000, "EUR")
    assert (shown.product, shown.region, shown.industry) == ("Suite", "North", "Foundries")
    assert (shown.next_text, shown.next_due_at) == ("Send the offer", due)
    # referral 20, asked for a quote 25, within a month 15; euros are not compared with the large amount in dollars
    assert (shown.grade, shown.score) == ("B", 60)
    first = opportunities.history(team_world.desk, shown.id, by=team_world.rep, limit=50)[-1].event
    assert isinstance(first, LeadCaptured)
    assert (first.way, first.permalink, first.amount_minor) == ("shortcut", "https://example.test/p1", 6_000_000)


@pytest.mark.parametrize(
    ("score_by", "due"),
    [
        ({}, datetime(2026, 3, 2, 10, 0, tzinfo=UTC)),
        ({"source": "referral", "facts": {"intent": "question"}}, datetime(2026, 3, 2, 6, 0, tzinfo=UTC)),
        (
            {"source": "referral", "facts": {"intent": "quote", "budget": "confirmed"}},
            datetime(2026, 3, 2, 3, 0, tzinfo=UTC),
        ),
    ],
)
def test_the_first_contact_is_due_when_the_grade_would_have_it_accepted(
    team_world: TeamWorld, score_by: dict[str, Any], due: datetime
) -> None:
    # C: eight hours; B: four with lunch between, so 14:00; A: two.
    assert capture(team_world, team_world.rep, **score_by).opportunity.next_due_at == due


def test_the_first_contact_speaks_the_language_of_the_team_on_whose_card_it_stands(team_world: TeamWorld) -> None:
    desk = team_world.desk
    chinese = make_member(desk, "Rep", locale="zh-CN")
    assert capture(team_world, chinese).opportunity.next_text == "First contact"
    with desk.transaction(team_world.admin) as session:
        session.get_one(Team, team_world.team.id).locale = "zh-CN"
    number = capture(team_world, team_world.rep, "Quillback").opportunity.id
    lost = LossForm(opportunity_id=number, reason="price")
    assert opportunities.view(desk, number, by=team_world.rep).next_text == "首次联系"
    stages.lose(desk, lost, by=team_world.rep)
    assert opportunities.reopen(desk, number, "They called", by=team_world.rep).opportunity.next_text == "重新联系"


HOSTILE = [
    "<!channel> <@U1> <http://a|b> & *bold* _it_ `code` ~no~",
    "👩‍👩‍👧‍👦🏳️‍🌈" * 50,
    "\u202eRTL override \u202c עברית العربية",
    "x" * 2000,
    "'; DROP TABLE opportunity; --",
    "{owner} %s %(x)s {0}",
    "line\nline\r\n\ttab",
]


def test_hostile_text_is_kept_as_it_was_typed(team_world: TeamWorld) -> None:
    for text in HOSTILE:
        shown = capture(team_world, team_world.rep, need=text).opportunity
        assert opportunities.view(team_world.desk, shown.id, by=team_world.rep).need == text


def test_hostile_customer_names_are_kept_too_and_found_again(team_world: TeamWorld) -> None:
    names = ["<!channel>", "👩‍👩‍👧‍👦", "\u202egnol", "ﷺ" * 200, "公司", "。。。", "x" * 200, "İstanbul ß ﬁ", "a\ud800b"]
    for name in names:
        shown = capture(team_world, team_world.rep, name, confirmed_new=True).opportunity
        assert shown.customer == name.replace("\ud800", "")
        with pytest.raises(CustomerProtected):
            capture(team_world, team_world.rep2, name, confirmed_new=True)


def test_null_bytes_are_left_out_wherever_they_stand(team_world: TeamWorld) -> None:
    shown = capture(
        team_world, team_world.rep, need="a\x00b", facts={"intent": "quote\x00"}, contact_name="B\x00ob"
    ).opportunity
    assert (shown.need, shown.contact.name, shown.facts["intent"]) == ("ab", "Bob", "quote")


# --- whose customer it is


def test_the_customer_of_somebody_else_is_refused_in_every_spelling(team_world: TeamWorld) -> None:
    first = capture(team_world, team_world.rep).opportunity
    for spelling in (
        "Marigold Foundry GmbH",
        "MARIGOLD FOUNDRY",
        "marigold  foundry gmbh.",
        "Ｍarigold Foundry",
        "The Marigold Foundry",
    ):
        with pytest.raises(CustomerProtected) as caught:
            capture(team_world, team_world.rep2, spelling)
        assert caught.value.key == "lead.capture.protected"
        assert caught.value.params["owner"] == "Rep"
        assert caught.value.params["customer"] == "Marigold Foundry GmbH"
        assert caught.value.params["until"] == team_world.clock.now() + timedelta(days=30)
    assert isinstance(
        opportunities.history(team_world.desk, first.id, by=team_world.rep, limit=1)[0].event, CollisionStopped
    )


def test_the_customer_of_somebody_else_is_refused_in_chinese(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep, "北京云杉信息技术有限公司")
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep2, "北京雲杉信息技術有限公司")


@pytest.mark.parametrize(
    "contact",
    [
        {"contact_phone": "+86 138-0013-8000"},
        {"contact_email": "someone.else@quillback.example"},
    ],
)
def test_the_customer_of_somebody_else_is_refused_by_phone_and_by_domain(
    desk: Desk, team_world: TeamWorld, contact: dict[str, str]
) -> None:
    capture(
        team_world,
        team_world.rep,
        "Quillback Logistics",
        contact_phone="+8613800138000",
        contact_email="a@quillback.example",
    )
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep2, "Something Entirely Different", **contact)


def test_a_phone_learnt_later_belongs_to_the_customer_as_well(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep, "Quillback Logistics")
    capture(team_world, team_world.rep, "Quillback Logistics", contact_phone="+8613800138000")
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep2, "Something Entirely Different", contact_phone="+8613800138000")


def test_a_free_mail_address_makes_nobody_the_same_customer(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep, "Quillback Logistics", contact_email="a@gmail.com")
    assert capture(team_world, team_world.rep2, "Vermilion Dairy", contact_email="b@gmail.com").opportunity.id


def test_a_possible_match_needs_a_person_who_looked(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep, "杭州云杉技术有限公司")
    with pytest.raises(InvalidInput) as caught:
        capture(team_world, team_world.rep2, "云杉")
    assert caught.value.fields["customer"].key == "lead.capture.possible"
    assert "杭州云杉技术有限公司" in caught.value.fields["customer"].params["names"]
    assert capture(team_world, team_world.rep2, "云杉", confirmed_new=True).opportunity.customer == "云杉"


def test_two_legal_forms_confirmed_as_two_customers_stay_apart(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep, "Osprey Textiles GmbH")
    shown = capture(team_world, team_world.rep2, "Osprey Textiles AG", confirmed_new=True).opportunity
    assert shown.customer == "Osprey Textiles AG"


def test_an_owner_may_have_two_opportunities_of_one_customer(team_world: TeamWorld, database: Database) -> None:
    capture(team_world, team_world.rep)
    assert capture(team_world, team_world.rep, "marigold foundry", need="ERP").opportunity.owner.name == "Rep"
    assert count(database, Customer) == 1


def test_the_check_sees_the_whole_workspace_and_other_teams_too(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep)
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.other_rep)


def test_a_customer_whose_protection_has_ended_is_still_its_owners(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep)
    team_world.clock.advance(timedelta(days=31))
    with pytest.raises(CustomerProtected) as caught:
        capture(team_world, team_world.rep2)
    assert caught.value.key == "lead.capture.taken"
    assert "until" not in caught.value.params


def test_a_follow_up_renews_the_protection(team_world: TeamWorld) -> None:
    first = capture(team_world, team_world.rep).opportunity
    team_world.clock.advance(timedelta(days=20))
    form = FollowUpForm(
        opportunity_id=first.id, said="Called", next_step="Call", next_due_at=team_world.clock.now() + timedelta(days=1)
    )
    follow_ups.log(team_world.desk, form, by=team_world.rep)
    with pytest.raises(CustomerProtected) as caught:
        capture(team_world, team_world.rep2)
    assert caught.value.params["until"] == team_world.clock.now() + timedelta(days=30)


def test_a_customer_in_the_pool_is_claimed_and_not_captured(team_world: TeamWorld) -> None:
    away = team_world.clock.now() + timedelta(days=9)
    for one in (team_world.rep, team_world.rep2):
        from bot.services import members  # noqa: PLC0415 - used here alone

        members.set_away(team_world.desk, away, by=one)
    pooled = capture(team_world, team_world.specialist).opportunity
    assert pooled.owner is None
    with pytest.raises(CustomerProtected) as caught:
        capture(team_world, team_world.rep2)
    assert caught.value.key == "lead.capture.in_pool"


def test_a_customer_is_free_again_once_its_opportunity_is_closed(team_world: TeamWorld) -> None:
    first = capture(team_world, team_world.rep).opportunity
    stages.lose(team_world.desk, LossForm(opportunity_id=first.id, reason="price"), by=team_world.rep)
    assert capture(team_world, team_world.rep2).opportunity.owner.name == "Rep Two"


def test_the_owner_is_told_of_an_attempt_once_a_day(team_world: TeamWorld, database: Database) -> None:
    capture(team_world, team_world.rep)
    for _ in range(3):
        with pytest.raises(CustomerProtected):
            capture(team_world, team_world.rep2)
    notices = [(channel, payload["params"]) for kind, channel, payload in promised(database) if kind == "notice"]
    assert notices == [
        (
            f"member:{team_world.rep.member_id}",
            {"member": "Rep Two", "customer": "Marigold Foundry GmbH", "owner": "Rep"},
        )
    ]


def test_per_customer_and_product_another_product_is_free(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["collision_scope"] = "customer_product"
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    capture(team_world, team_world.rep, product="Press")
    assert capture(team_world, team_world.rep2, product="Oven").opportunity.owner.name == "Rep Two"
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep2, product="Press")


def test_a_product_is_the_same_one_in_any_spelling_and_is_not_taken_by_an_edit(team_world: TeamWorld) -> None:
    desk = team_world.desk
    data = playbooks.export(desk, team_world.team.id, by=team_world.manager)
    data["collision_scope"] = "customer_product"
    playbooks.publish(desk, team_world.team.id, data, by=team_world.manager)
    capture(team_world, team_world.rep, product="Pumps")
    for spelling in ("pumps", "PUMPS ", "Ｐｕｍｐｓ"):
        with pytest.raises(CustomerProtected):
            capture(team_world, team_world.rep2, product=spelling)
    mine = capture(team_world, team_world.rep2, product="Valves").opportunity
    with pytest.raises(InvalidInput) as caught:
        opportunities.edit(desk, mine.id, EditForm(product="pumps"), by=team_world.rep2)
    assert {field: text.key for field, text in caught.value.fields.items()} == {"product": "lead.capture.taken"}
    # A manager who edits for the owner takes it no more than they could.
    with pytest.raises(InvalidInput):
        opportunities.edit(desk, mine.id, EditForm(product="Pumps"), by=team_world.manager)
    for free in ("VALVES", "Ovens"):
        assert opportunities.edit(desk, mine.id, EditForm(product=free), by=team_world.rep2).opportunity.product == free
    stages.lose(desk, LossForm(opportunity_id=mine.id, reason="price"), by=team_world.rep2)
    assert (
        opportunities.edit(desk, mine.id, EditForm(product="Pumps"), by=team_world.rep2).opportunity.product == "Pumps"
    )
    with pytest.raises(CustomerProtected):
        opportunities.reopen(desk, mine.id, "They called", by=team_world.rep2)


def test_a_known_customer_is_picked_by_number(team_world: TeamWorld) -> None:
    first = capture(team_world, team_world.rep).opportunity
    again = leads.capture(
        team_world.desk, LeadForm.read({"customer_id": first.customer_id, "need": "ERP"}), by=team_world.rep
    )
    assert again.opportunity.customer_id == first.customer_id
    with pytest.raises(CustomerProtected):
        leads.capture(
            team_world.desk, LeadForm.read({"customer_id": first.customer_id, "need": "x"}), by=team_world.rep2
        )
    with pytest.raises(InvalidInput) as caught:
        leads.capture(team_world.desk, LeadForm.read({"customer_id": 999_999, "need": "x"}), by=team_world.rep)
    assert set(caught.value.fields) == {"customer"}


# --- who gets it


def test_by_rules_the_least_loaded_rep_is_asked_to_accept(team_world: TeamWorld, database: Database) -> None:
    make_lead(team_world.desk, team_world.rep)
    shown = capture(team_world, team_world.rep, mine=False).opportunity
    assert (shown.owner.name, shown.is_accepted, shown.owner_reason.key) == ("Rep Two", False, "assign.least_load")
    assert shown.accept_by == shown.next_due_at == datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    offers = [channel for kind, channel, _ in promised(database) if kind == "offer"]
    assert offers == [f"member:{team_world.rep2.member_id}"]


def test_by_rules_the_customers_owner_comes_first(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep)
    shown = capture(team_world, team_world.rep2, mine=False, need="ERP").opportunity
    assert (shown.owner.name, shown.owner_reason.key) == ("Rep", "assign.owner_of_customer")


def test_a_rule_of_the_playbook_decides_by_region(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["rules"] = [{"field": "region", "value": "north", "members": [team_world.rep2.slack_user_id]}]
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    for number in range(3):
        shown = capture(
            team_world, team_world.rep, f"Firm {number}{number}{number}", mine=False, region="North"
        ).opportunity
        assert (shown.owner.name, shown.owner_reason.key) == ("Rep Two", "assign.rule")


@pytest.mark.parametrize("who", ["specialist", "manager", "admin"])
def test_what_others_than_reps_capture_is_assigned(team_world: TeamWorld, who: str) -> None:
    shown = capture(team_world, getattr(team_world, who)).opportunity
    assert shown.owner.name in {"Rep", "Rep Two"}
    assert not shown.is_accepted


@pytest.mark.parametrize("who", ["manager", "admin", "specialist"])
def test_what_others_capture_for_an_owned_customer_goes_to_its_owner(team_world: TeamWorld, who: str) -> None:
    capture(team_world, team_world.rep2)
    assert capture(team_world, getattr(team_world, who), need="ERP").opportunity.owner.name == "Rep Two"


def test_a_member_without_a_team_is_told_whom_to_ask(team_world: TeamWorld) -> None:
    stranger = make_member(team_world.desk, "Stranger")
    with pytest.raises(NotAllowed) as caught:
        capture(team_world, stranger)
    assert caught.value.key == "error.unknown_member"


def test_the_card_and_nothing_else_is_promised_for_ones_own_lead(team_world: TeamWorld, database: Database) -> None:
    shown = capture(team_world, team_world.rep).opportunity
    assert promised(database) == [("card", "CNORTH", {"opportunity_id": shown.id})]


# --- once only


def test_a_redelivered_request_changes_nothing(team_world: TeamWorld, database: Database) -> None:
    by = team_world.rep.with_key("evt-1")
    capture(team_world, by)
    with pytest.raises(AlreadyDone):
        capture(team_world, by)
    assert count(database, Opportunity) == count(database, ProcessedRequest) == 1


def test_a_refused_request_may_come_again(team_world: TeamWorld, database: Database) -> None:
    by = team_world.rep.with_key("evt-1")
    with pytest.raises(InvalidInput):
        capture(team_world, by, amount="a lot")
    assert capture(team_world, by, amount="5k").opportunity.amount_minor == 500_000
    with pytest.raises(CustomerProtected):
        capture(team_world, team_world.rep2.with_key("evt-2"))
    assert count(database, ProcessedRequest) == 1
    assert capture(team_world, team_world.rep2.with_key("evt-2"), "Walnut Robotics").opportunity.id


# --- races


def _race(racers: list[Any]) -> list[Any]:
    """Run all at once; return what each returned or raised."""
    results: list[Any] = [None] * len(racers)
    gate = threading.Barrier(len(racers))

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = racers[index]()
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(racers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_forty_who_capture_one_customer_at_once_one_wins_and_all_others_learn_who(
    team_world: TeamWorld, database: Database
) -> None:
    spellings = ("Marigold Foundry GmbH", "marigold foundry", "MARIGOLD FOUNDRY G.m.b.H.")
    people = (team_world.rep, team_world.rep2, team_world.other_rep)
    racers = [
        (lambda number=number: capture(team_world, people[number % 3], spellings[number % 2], confirmed_new=True))
        for number in range(RACERS)
    ]
    results = _race(racers)
    captured = [one for one in results if not isinstance(one, Exception)]
    owner = captured[0].opportunity.owner
    refused: list[Any] = [one for one in results if isinstance(one, Exception)]
    # The winner may capture again for their own customer; nobody else can.
    assert {one.opportunity.owner.id for one in captured} == {owner.id}
    assert Counter(type(one) for one in refused) == {CustomerProtected: len(refused)}
    assert {one.params["owner"] for one in refused} == {owner.name}
    assert len(refused) >= RACERS - (RACERS // 3 + 1)
    assert count(database, Customer) == 1


def test_of_forty_members_who_capture_one_customer_at_once_exactly_one_opportunity_comes(
    team_world: TeamWorld, database: Database
) -> None:
    from tests.factories import again, make_team  # noqa: PLC0415 - used here alone

    crowd = [make_member(team_world.desk, f"Racer {number}") for number in range(RACERS)]
    make_team(team_world.desk, by=team_world.admin, manager=team_world.manager, reps=tuple(crowd))
    crowd = [again(team_world.desk, one) for one in crowd]
    results = _race([(lambda one=one: capture(team_world, one)) for one in crowd])
    won = [one for one in results if not isinstance(one, Exception)]
    assert len(won) == 1, Counter(repr(one)[:80] for one in results)
    lost: list[Any] = [one for one in results if isinstance(one, Exception)]
    assert {type(one) for one in lost} == {CustomerProtected}
    assert {one.params["owner"] for one in lost} == {won[0].opportunity.owner.name}
    assert count(database, Customer) == count(database, Opportunity) == 1
    with database.reading(None) as session:
        keys = session.scalars(select(CustomerKey.kind)).all()
    assert keys == ["name"]


def test_of_one_request_delivered_twice_at_once_one_is_carried_out(team_world: TeamWorld, database: Database) -> None:
    by = team_world.rep.with_key("evt-1")
    results = _race([lambda: capture(team_world, by)] * 4)
    assert Counter(type(one).__name__ for one in results) == {"Done": 1, "AlreadyDone": 3}
    assert count(database, Opportunity) == 1


def test_a_lead_shows_up_in_the_picker_at_once(team_world: TeamWorld) -> None:
    capture(team_world, team_world.rep)
    found = customers.search(team_world.desk, "mari", by=team_world.rep2)
    assert [(one.name, one.state, one.is_mine) for one in found] == [("Marigold Foundry GmbH", "protected", False)]
    assert pool_list.listing(team_world.desk, PoolFilter(), by=team_world.rep2).rows == ()


def test_the_clock_stood_still(clock: FakeClock, team_world: TeamWorld) -> None:
    assert capture(team_world, team_world.rep).opportunity.captured_at == clock.now()
