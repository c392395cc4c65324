"""Imports beside what is here already: the same rules as for every other way in, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.domain.events import event_from
from bot.domain.playbook import default_playbook
from bot.errors import InvalidInput, NotAllowed
from bot.models import Contact, Customer, CustomerKey, EventRow, Member, Opportunity, OutboxRow
from bot.services import (
    customers,
    departures,
    duplicates,
    imported_members,
    imports,
    members,
    opportunities,
    playbooks,
    pool,
    registrations,
    stages,
)
from bot.services.desk import Desk, system_actor
from bot.services.import_values import Batch, CustomerRow, ImportReport, OpportunityRow, Person, TeamPlan
from bot.services.import_write import ImportWriter
from bot.services.members import Profile
from bot.services.registrations import RegisterForm
from tests.factories import WORKSPACE, TeamWorld, make_lead, make_member, make_team_world

NORTH = TeamPlan("North")
ROW = OpportunityRow(line=2, ref="r1", team="North", need="Chairs", customer="Marigold Soap")


def batch(*rows: OpportunityRow, teams: tuple[TeamPlan, ...] = (NORTH,), **more: Any) -> Batch:
    return Batch(rows, teams, **more)


def bring(world: TeamWorld, *rows: OpportunityRow, **more: Any) -> ImportReport:
    return imports.run(world.desk, batch(*rows, **more), by=system_actor(world.admin.workspace_id))


def stored(world: TeamWorld, ref: str = "r1") -> Opportunity:
    with world.desk.reading(world.admin) as session:
        row = session.scalars(select(Opportunity).where(Opportunity.external_ref == ref)).one()
        session.expunge(row)
        return row


def count(world: TeamWorld, model: Any, *conditions: Any) -> int:
    with world.desk.reading(world.admin) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def kinds(world: TeamWorld, ref: str = "r1") -> list[str]:
    with world.desk.reading(world.admin) as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.opportunity_id == stored(world, ref).id).order_by(EventRow.id)
        )
        return [row.kind for row in rows]


def why(report: ImportReport) -> list[str]:
    return [told.why.key for told in report.refused]


def test_imported_opportunity_is_whole_for_its_reader(team_world: TeamWorld) -> None:
    row = replace(
        ROW, owner=Person("Rep"), captured=date(2026, 2, 2), amount_minor=500, stage="Quote", source="referral"
    )
    bring(team_world, row)
    view = opportunities.view(team_world.desk, stored(team_world).id, by=team_world.rep, history=20)
    assert view.owner is not None
    assert (view.owner.name, view.stage.key, view.customer, view.amount_minor) == ("Rep", "quote", "Marigold Soap", 500)
    assert sum(line.points for line in view.points) == view.score
    assert [line.event.kind for line in reversed(view.history)] == [
        "LeadCaptured",
        "Graded",
        "AssignmentAccepted",
        "StageChanged",
    ]
    assert "next_step" in view.broken


def test_owner_goes_on_with_it_like_with_any_other(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, owner=Person("Rep"), amount_minor=100))
    form = stages.WinForm(opportunity_id=stored(team_world).id, reason="fit")
    assert stages.win(team_world.desk, form, by=team_world.rep).opportunity.closed_at is not None


def test_row_without_an_owner_goes_to_the_pool(team_world: TeamWorld) -> None:
    bring(team_world, ROW)
    assert stored(team_world).owner_id is None
    assert stored(team_world).pooled_at == team_world.clock.now()
    assert kinds(team_world) == ["LeadCaptured", "Graded", "PutInPool"]


def test_nothing_is_promised_even_where_the_team_is_live(team_world: TeamWorld) -> None:
    before = count(team_world, OutboxRow)
    bring(team_world, replace(ROW, owner=Person("Rep")))
    assert count(team_world, OutboxRow) == before


def test_owner_is_recognised_by_mail_before_name_and_else_made_a_rep(team_world: TeamWorld) -> None:
    owners = [
        Person("Anybody", "urep@team.test"),
        Person("rep two"),
        Person("Newcomer", "new@team.test"),
        Person("Newcomer"),
    ]
    report = bring(team_world, *(replace(ROW, ref=f"r{n}", line=n, owner=one) for n, one in enumerate(owners)))
    assert report.new_members == 1
    assert stored(team_world, "r0").owner_id == team_world.rep.member_id
    assert stored(team_world, "r1").owner_id == team_world.rep2.member_id
    assert stored(team_world, "r2").owner_id == stored(team_world, "r3").owner_id
    with team_world.desk.reading(team_world.admin) as session:
        made = session.scalars(select(Member).where(Member.name == "Newcomer")).one()
        assert (made.slack_user_id, made.role, made.team_id) == (None, "rep", team_world.team.id)


def test_customer_of_another_team_is_recognised_and_the_collision_counted(team_world: TeamWorld) -> None:
    there = make_lead(team_world.desk, team_world.other_rep, customer_name="Thistle Optics Ltd").opportunity
    report = bring(team_world, replace(ROW, customer="Thistle Optics", product="A", owner=Person("Rep")))
    assert report.new_customers == 0
    met = report.collisions
    assert (met.customers, met.customers_of, met.pairs, met.opportunities) == (1, 1, 0, 2)
    assert stored(team_world).customer_id == there.customer_id
    assert stored(team_world).has_collision
    with team_world.desk.reading(team_world.admin) as session:
        other = session.get_one(Opportunity, there.id)
        assert other.has_collision
        assert other.broken_from == other.captured_at


def test_same_owner_twice_and_closed_ones_do_not_collide(team_world: TeamWorld) -> None:
    won = replace(
        ROW,
        ref="r3",
        owner=Person("Rep Two"),
        stage="won",
        captured=date(2026, 2, 2),
        closed=date(2026, 2, 3),
        amount_minor=1,
    )
    report = bring(
        team_world,
        replace(ROW, owner=Person("Rep")),
        replace(ROW, ref="r2", owner=Person("Rep")),
        won,
        replace(ROW, ref="r4"),
    )
    assert (report.collisions.customers, report.collisions.customers_of) == (0, 1)
    assert count(team_world, Opportunity, Opportunity.has_collision) == 0


def publish_by_product(world: TeamWorld) -> None:
    data = playbooks.export(world.desk, world.team.id, by=world.admin)
    playbooks.publish(world.desk, world.team.id, {**data, "collision_scope": "customer_product"}, by=world.admin)


def test_scope_of_collisions_is_the_playbooks(team_world: TeamWorld) -> None:
    publish_by_product(team_world)
    report = bring(
        team_world,
        replace(ROW, owner=Person("Rep"), product="A"),
        replace(ROW, ref="r2", owner=Person("Rep Two"), product="B"),
    )
    assert (report.collisions.customers, report.collisions.pairs) == (1, 0)
    assert count(team_world, Opportunity, Opportunity.has_collision) == 0


def test_near_name_comes_in_and_is_told_to_be_looked_at(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="Vermilion Dairy Research Centre")
    report = bring(team_world, replace(ROW, customer="Vermilion Dairy"))
    assert report.new_customers == 1
    assert [told.why.key for told in report.remarks] == ["import.possible"]
    assert report.verdicts[0].customer == "possible"


def test_spellings_of_one_customer_are_one_customer(team_world: TeamWorld) -> None:
    names = ["Osprey Textiles GmbH", "OSPREY TEXTILES", "osprey  textiles gmbh"]
    report = bring(team_world, *(replace(ROW, ref=name, customer=name) for name in names))
    assert report.new_customers == 1
    assert [one.customer for one in report.verdicts] == ["new", "known", "known"]


def test_two_legal_forms_are_kept_apart(team_world: TeamWorld) -> None:
    report = bring(
        team_world, replace(ROW, customer="Walnut Robotics GmbH"), replace(ROW, ref="r2", customer="Walnut Robotics AG")
    )
    assert report.new_customers == 2
    assert report.verdicts[1].customer == "possible"
    assert count(team_world, CustomerKey, CustomerKey.value.contains("|")) == 1


def test_shared_domain_makes_a_new_name_the_same_customer(team_world: TeamWorld) -> None:
    first = replace(ROW, customer="Quillback Logistics", contact=Person("Ann", "ann@quillback.example"))
    second = replace(first, ref="r2", customer="QBL Holding", contact=Person("Bob", "bob@quillback.example"))
    assert bring(team_world, first, second).new_customers == 1
    assert count(team_world, Contact) == 2


def test_key_that_another_customer_has_is_left_with_it(team_world: TeamWorld) -> None:
    described = (CustomerRow("Marigold Soap"), CustomerRow("Thistle Optics"))
    shared = Person("Ann", "ann@marigold.example")
    rows = [replace(ROW, contact=shared), replace(ROW, ref="r2", customer="Thistle Optics", contact=shared)]
    assert bring(team_world, *rows, customers=described).new_customers == 2


def test_website_and_credit_code_make_rows_one_customer_and_what_is_neither_is_told(team_world: TeamWorld) -> None:
    code = "91310000607337890K"
    known = make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles").opportunity
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="Quillback Logistics", website="https://www.quillback.com", credit_code=code),
        replace(ROW, ref="r2", customer="QBL Holding", website="quillback.com"),
        replace(ROW, ref="r3", customer="Q Freight", credit_code=code),
        replace(ROW, ref="r4", customer="Osprey Textiles", website="osprey-textiles.com"),
        replace(ROW, ref="r5", customer="Thistle Optics", website="gmail.com", credit_code=code[:-1] + "L"),
        customers=(CustomerRow("Walnut Robotics", website="walnut-robotics.com"),),
    )
    assert [one.customer for one in report.verdicts] == ["new", "known", "known", "known", "new"]
    assert [(told.ref, told.why.key) for told in report.remarks] == [("r5", "import.no_key")] * 2
    by = team_world.rep
    for typed, name in (
        (code, "Quillback Logistics"),
        ("quillback.com", "Quillback Logistics"),
        ("osprey-textiles.com", "Osprey Textiles"),
        ("walnut-robotics.com", "Walnut Robotics"),
    ):
        assert [one.name for one in customers.search(team_world.desk, typed, by=by)] == [name]
    assert customers.search(team_world.desk, "osprey-textiles.com", by=by)[0].id == known.customer_id


def test_two_rows_of_near_names_with_one_phone_are_one_customer(team_world: TeamWorld) -> None:
    rows = [
        replace(ROW, ref=form, customer=f"Walnut Robotics {form}", contact=Person("Ann"), contact_phone="+16502530000")
        for form in ("GmbH", "AG")
    ]
    assert bring(team_world, *rows).new_customers == 1


def test_local_number_is_of_the_teams_country_and_meets_what_a_rep_typed(team_world: TeamWorld) -> None:
    known = make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles", contact_phone="138 0013 8000")
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="O. T. Holding", contact_phone="13800138000"),
        replace(ROW, ref="r2", customer="OTH Weavers", contact_phone="+86 138-0013-8000"),
        replace(ROW, ref="r3", customer="Thistle Optics", contact_phone="ask Ann"),
    )
    assert [one.customer for one in report.verdicts] == ["known", "known", "new"]
    assert stored(team_world, "r1").customer_id == known.opportunity.customer_id
    assert [(told.ref, told.why.key) for told in report.remarks if told.why.key == "import.no_key"] == [
        ("r3", "import.no_key")
    ]


def test_contacts_are_written_once(team_world: TeamWorld) -> None:
    named = replace(
        ROW, contact=Person("Ann Lee", "ann@soap.example"), contact_phone="+16502530000", contact_title="CTO"
    )
    bring(team_world, named, replace(named, ref="r2"), replace(named, ref="r3", contact=None))
    bring(team_world, replace(named, ref="r4", contact=Person("ann lee")))
    assert count(team_world, Contact) == 1
    assert stored(team_world, "r4").contact_id == stored(team_world).contact_id
    assert stored(team_world, "r3").contact_id is None


def test_name_of_any_length_and_script_comes_in(team_world: TeamWorld) -> None:
    names = ["ﷺ" * 200, "深圳市华强电子有限公司", "🙂🙂"]
    report = bring(team_world, *(replace(ROW, ref=str(n), customer=name) for n, name in enumerate(names)))
    assert (report.imported, report.refused) == (3, ())
    assert count(team_world, Customer, Customer.name == "深圳市华强电子有限公司") == 1


WON = replace(ROW, stage="Won", captured=date(2026, 1, 5), closed=date(2026, 2, 5), amount_minor=900)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (replace(ROW, stage="Nope"), "import.stage"),
        (replace(ROW, captured=date(2026, 3, 3)), "import.future"),
        (replace(WON, closed=date(2026, 3, 3)), "import.future"),
        (replace(WON, closed=None), "import.not_closed"),
        (replace(WON, closed=date(2026, 1, 4)), "import.closed_before"),
        (replace(WON, captured=None), "import.closed_before"),
        (replace(WON, amount_minor=None), "import.won_amount"),
    ],
)
def test_row_that_breaks_a_rule_is_refused_with_its_line(team_world: TeamWorld, row: OpportunityRow, key: str) -> None:
    report = bring(team_world, replace(ROW, ref="good"), replace(row, line=7))
    assert [(told.line, told.why.key) for told in report.refused] == [(7, key)]
    assert report.imported == 1


def test_outcome_keeps_its_reason_date_and_former_stage(team_world: TeamWorld) -> None:
    lost = replace(WON, ref="r2", stage="流失", reason="Price", closed_from="quote", amount_minor=None)
    unknown = replace(WON, ref="r3", stage="Lost", reason="They never called back", closed_from="won")
    bring(team_world, WON, lost, unknown)
    assert (stored(team_world).close_reason, stored(team_world).closed_from) == ("not_recorded", "lead")
    second = stored(team_world, "r2")
    assert (second.close_reason, second.close_note, second.closed_from) == ("price", None, "quote")
    third = stored(team_world, "r3")
    assert (third.close_reason, third.close_note, third.closed_from) == (
        "not_recorded",
        "They never called back",
        "lead",
    )
    assert kinds(team_world, "r2")[-2:] == ["StageChanged", "OpportunityLost"]
    # Six in the afternoon in Shanghai: the end of that working day.
    assert second.closed_at == datetime(2026, 2, 5, 10, 0, tzinfo=UTC)
    assert second.attention_at is None


def test_playbook_without_not_recorded_refuses_an_outcome_without_a_reason(team_world: TeamWorld) -> None:
    by = team_world.admin
    data = playbooks.export(team_world.desk, team_world.team.id, by=by)
    data["win_reasons"] = [one for one in data["win_reasons"] if not one["imports_only"]]
    playbooks.publish(team_world.desk, team_world.team.id, data, by=by)
    assert why(bring(team_world, WON)) == ["import.no_reason"]
    assert bring(team_world, replace(WON, reason="fit")).imported == 1


def test_closing_date_of_an_open_one_is_when_it_is_expected(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, closed=date(2026, 3, 20)))
    assert stored(team_world).expected_close_on == date(2026, 3, 20)
    assert ["timing", "1_month", 15] in stored(team_world).grade_points


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (date(2026, 2, 2), datetime(2026, 2, 2, 1, 0, tzinfo=UTC)),
        (datetime(2026, 2, 2, 14, 30), datetime(2026, 2, 2, 6, 30, tzinfo=UTC)),  # noqa: DTZ001 - the team's zone is meant
        (datetime(2026, 2, 2, 14, 30, tzinfo=UTC), datetime(2026, 2, 2, 14, 30, tzinfo=UTC)),
        (date(2026, 3, 2), datetime(2026, 3, 2, 1, 0, tzinfo=UTC)),
        (None, datetime(2026, 3, 2, 1, 0, tzinfo=UTC)),
    ],
)
def test_days_are_the_teams_working_days(team_world: TeamWorld, said: date | datetime | None, at: datetime) -> None:
    bring(team_world, replace(ROW, captured=said))
    assert stored(team_world).captured_at == at


def test_day_that_has_begun_is_not_the_future(team_world: TeamWorld) -> None:
    row = replace(WON, closed=date(2026, 3, 2))
    assert bring(team_world, row).imported == 1
    assert stored(team_world).closed_at == team_world.clock.now()


def test_team_that_is_not_here_is_told(team_world: TeamWorld) -> None:
    with pytest.raises(InvalidInput):
        bring(team_world, replace(ROW, team="East"), teams=(TeamPlan("East"),))


def test_only_who_decides_for_a_team_imports_into_it(team_world: TeamWorld) -> None:
    for by in (team_world.rep, team_world.other_manager):
        with pytest.raises(NotAllowed):
            imports.run(team_world.desk, batch(ROW), by=by)
    with pytest.raises(NotAllowed):
        imports.run(team_world.desk, batch(teams=(TeamPlan("New", default_playbook()),)), by=team_world.manager)
    assert imports.run(team_world.desk, batch(ROW), by=team_world.manager).imported == 1
    with team_world.desk.reading(team_world.admin) as session:
        mine = select(EventRow).where(EventRow.opportunity_id == stored(team_world).id)
        event = session.scalars(mine.order_by(EventRow.id)).first()
        assert event is not None
        assert event.actor_id == team_world.manager.member_id
        assert event_from(event.kind, event.payload).payload()["way"] == "import"


def test_team_of_the_file_that_is_here_keeps_its_settings_and_manager(team_world: TeamWorld) -> None:
    said = TeamPlan("north", default_playbook("EUR"), (Person("Somebody Else"),), (Person("Rep"),))
    report = bring(team_world, replace(ROW, team="north"), teams=(said,))
    assert (report.new_teams, report.new_members) == (0, 1)
    assert stored(team_world).team_id == team_world.team.id
    assert stored(team_world).currency == "USD"


def test_row_that_came_in_meanwhile_is_left_out(team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ImportWriter.rows

    def rows_of_a_plan_made_before(writer: ImportWriter, session: Any, planned: Any) -> int:
        # The same rows a second time, as from another program that planned them when they were not there yet.
        return rows(writer, session, planned) + rows(writer, session, planned)

    monkeypatch.setattr(ImportWriter, "rows", rows_of_a_plan_made_before)
    assert bring(team_world, ROW, replace(ROW, ref="r2")).imported == 2
    assert count(team_world, Opportunity) == 2


def test_import_looks_again_when_somebody_made_the_same_meanwhile(
    team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ImportWriter.rows
    fallen: list[int] = []

    def rows_once_too_late(writer: ImportWriter, session: Any, planned: Any) -> int:
        if not fallen:
            fallen.append(1)
            raise IntegrityError("insert", {}, Exception("unique"))
        return rows(writer, session, planned)

    monkeypatch.setattr(ImportWriter, "rows", rows_once_too_late)
    assert bring(team_world, ROW).imported == 1


def test_what_came_in_is_nudged_by_the_same_clock(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, owner=Person("Rep"), captured=date(2026, 2, 2)))
    moment = stored(team_world).attention_at
    assert moment is not None
    assert team_world.clock.now() < moment <= team_world.clock.now() + timedelta(days=4)


def test_imports_of_two_workspaces_never_meet(desk: Desk, team_world: TeamWorld) -> None:
    other = make_team_world(desk, team_world.clock, slack_team_id="T0OTHER", suffix=" B")
    bring(team_world, replace(ROW, owner=Person("Rep")))
    report = imports.run(
        desk,
        Batch((replace(ROW, team="North B", owner=Person("Rep")),), (TeamPlan("North B"),)),
        by=system_actor(other.admin.workspace_id),
    )
    assert (report.imported, report.new_customers, report.new_members, report.collisions.customers) == (1, 1, 1, 0)


def test_row_of_a_customer_that_somebody_else_registered_collides_and_says_with_whom(team_world: TeamWorld) -> None:
    desk, until = team_world.desk, team_world.clock.now() + timedelta(days=30)
    form = RegisterForm.read({"customer_name": "Marigold Soap", "note": "Met them"})
    case, _ = registrations.register(desk, form, by=team_world.rep)
    registrations.approve(desk, case.id, by=team_world.manager)
    rows = (
        replace(ROW, owner=Person("Rep Two")),
        replace(ROW, line=3, ref="r2", owner=Person("Rep"), product="Soap"),
        replace(ROW, line=4, ref="r3", product="Wax"),
        replace(ROW, line=5, ref="r4", customer="Walnut Robotics", owner=Person("Rep Two")),
    )
    report = imports.check(desk, batch(*rows), by=system_actor(team_world.admin.workspace_id))
    assert [(one.ref, one.has_collision, one.why is not None) for one in report.verdicts] == [
        ("r1", True, True), ("r2", True, False), ("r3", False, False), ("r4", False, False),
    ]  # fmt: skip
    why = report.verdicts[0].why
    assert why is not None
    assert (why.key, why.params) == (
        "import.registered", {"customer": "Marigold Soap", "owner": "Rep", "until": until},
    )  # fmt: skip
    assert [told.ref for told in report.remarks] == ["r1"]
    assert (report.collisions.customers, report.collisions.customers_of) == (1, 2)
    assert (report.collisions.pairs, report.collisions.pairs_of) == (1, 4)
    # It comes in all the same, marked as a collision, and the registration stays.
    bring(team_world, *rows)
    assert stored(team_world).has_collision
    # Once the registration is over there is nothing to say of it.
    team_world.clock.advance(timedelta(days=30))
    late = replace(ROW, line=6, ref="r6", owner=Person("Rep Two"))
    assert imports.check(desk, batch(late), by=system_actor(team_world.admin.workspace_id)).remarks == ()


def key_notes(world: TeamWorld, kind: str) -> list[tuple[str, int]]:
    with world.desk.reading(world.admin) as session:
        return [(row.kind, row.customer_id) for row in session.scalars(select(CustomerKey)) if row.kind.endswith(kind)]


def owner_of(world: TeamWorld, ref: str) -> int | None:
    return stored(world, ref).owner_id


def colliding(world: TeamWorld) -> dict[int, bool]:
    """Return by number of the owner which open opportunities are marked."""
    with world.desk.reading(world.admin) as session:
        return {row.owner_id or 0: row.has_collision for row in session.scalars(select(Opportunity))}


@pytest.mark.parametrize(
    "shared", [{"contact": Person("Jo", "jo@agency-partner.example")}, {"contact_phone": "13800138000"}]
)
def test_name_that_is_here_goes_before_a_number_or_domain_of_another_row(
    team_world: TeamWorld, shared: dict[str, Any]
) -> None:
    known = make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles").opportunity
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="Quillback Logistics", **shared),
        replace(ROW, ref="r2", line=3, customer="Osprey Textiles", owner=Person("Rep Two"), **shared),
    )
    assert stored(team_world, "r2").customer_id == known.customer_id
    assert [(one.customer, one.has_collision) for one in report.verdicts] == [("new", False), ("known", True)]
    # That both have it is kept, and the two are proposed as one.
    (pair,) = duplicates.pairs(team_world.desk, by=team_world.admin)
    assert {pair.first_id, pair.second_id} == {known.customer_id, stored(team_world).customer_id}


def test_number_that_another_customer_has_proposes_the_two_as_one(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles", contact_phone="13800138000")
    known = make_lead(team_world.desk, team_world.rep, customer_name="Walnut Robotics").opportunity
    bring(team_world, replace(ROW, customer="Walnut Robotics", contact=Person("Jo"), contact_phone="13800138000"))
    assert ("also_phone", known.customer_id) in key_notes(team_world, "phone")


def test_two_of_one_name_and_other_addresses_are_two(team_world: TeamWorld) -> None:
    report = bring(
        team_world,
        replace(ROW, ref="r1", owner=Person("Li Wei", "li.wei1@team.example")),
        replace(ROW, ref="r2", owner=Person("Li Wei", "li.wei2@team.example")),
        replace(ROW, ref="r3", owner=Person("Li Wei", "li.wei1@team.example")),
        replace(ROW, ref="r4", owner=Person("Rep", "rep@elsewhere.example")),
        replace(ROW, ref="r5", owner=Person("Rep", "urep@team.test")),
    )
    assert report.new_members == 3
    assert owner_of(team_world, "r1") == owner_of(team_world, "r3") != owner_of(team_world, "r2")
    assert owner_of(team_world, "r5") == team_world.rep.member_id != owner_of(team_world, "r4")


def test_whom_an_admin_tied_is_found_again_by_name_and_address_though_another_is_called_the_same(
    team_world: TeamWorld,
) -> None:
    bring(team_world, replace(ROW, ref="r1", owner=Person("David Li", "david@old.example")))
    make_member(team_world.desk, "Li Wei", slack_user_id="ULIONE", email="li1@team.test")
    tied = make_member(team_world.desk, "Li Wei", slack_user_id="ULITWO", email="li2@team.test")
    ghost = owner_of(team_world, "r1")
    assert ghost is not None
    imported_members.tie(team_world.desk, ghost, "ULITWO", by=team_world.admin)
    bring(
        team_world,
        replace(ROW, ref="r2", customer="Walnut Robotics", owner=Person("David Li")),
        replace(ROW, ref="r3", customer="Thistle Optics", owner=Person("D. Li", "david@old.example")),
    )
    assert [owner_of(team_world, ref) for ref in ("r1", "r2", "r3")] == [tied.member_id] * 3


def test_what_comes_in_for_one_who_left_or_who_owns_nothing_needs_somebody(team_world: TeamWorld) -> None:
    members.remember(
        team_world.desk, WORKSPACE, Profile("UREPTWO", "Rep Two", email="ureptwo@team.test", is_active=False)
    )
    report = bring(
        team_world,
        replace(ROW, ref="r1", owner=Person("Rep Two")),
        replace(ROW, ref="r2", line=3, customer="Walnut Robotics", owner=Person("Specialist")),
        replace(
            ROW,
            ref="r3",
            line=4,
            owner=Person("Rep Two"),
            stage="lost",
            captured=date(2026, 1, 5),
            closed=date(2026, 2, 2),
        ),
    )
    assert why_told(report) == [("r1", "import.owner_left"), ("r2", "import.owner_helps")]
    gone = opportunities.view(team_world.desk, stored(team_world, "r1").id, by=team_world.manager, history=9)
    assert "owner" in gone.broken
    assert owner_of(team_world, "r2") is None
    assert stored(team_world, "r2").pooled_at is not None
    listed = departures.departure(team_world.desk, team_world.rep2.member_id or 0, by=team_world.manager)
    assert [row.id for row in listed.rows] == [stored(team_world, "r1").id]
    with team_world.desk.reading(team_world.admin) as session:
        told = session.scalars(select(OutboxRow.channel).where(OutboxRow.kind == "departure")).all()
        cards = session.scalars(select(OutboxRow).where(OutboxRow.kind == "card")).all()
    assert list(told) == [f"member:{team_world.manager.member_id}"]
    assert list(cards) == []


def why_told(report: ImportReport) -> list[tuple[str | None, str]]:
    return [(told.ref, told.why.key) for told in report.remarks]


def test_customer_that_a_rep_made_while_the_file_was_looked_at_is_the_same_one(
    team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, captured = imports._plan, list[int]()

    def and_then_a_rep_types(*given: Any) -> Any:
        made = plan(*given)
        if not captured:
            captured.append(
                make_lead(team_world.desk, team_world.rep2, customer_name="Marigold Soap").opportunity.customer_id
            )
        return made

    monkeypatch.setattr(imports, "_plan", and_then_a_rep_types)
    bring(team_world, replace(ROW, owner=Person("Rep")))
    assert stored(team_world).customer_id == captured[0]
    assert count(team_world, Customer, Customer.name == "Marigold Soap") == 1
    assert set(colliding(team_world).values()) == {True}


def test_both_are_marked_where_a_playbook_tells_products_apart(team_world: TeamWorld) -> None:
    publish_by_product(team_world)
    make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles", product="Pumps")
    make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles", product="Fans", confirmed_new=True)
    bring(team_world, replace(ROW, customer="Osprey Textiles", product="pumps", owner=Person("Rep Two")))
    with team_world.desk.reading(team_world.admin) as session:
        found = {(row.product, row.has_collision) for row in session.scalars(select(Opportunity))}
    assert found == {("Pumps", True), ("pumps", True), ("Fans", False)}


def test_one_who_left_and_what_nobody_owns_collide_with_nobody(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep2, customer_name="Osprey Textiles")
    members.remember(
        team_world.desk, WORKSPACE, Profile("UREPTWO", "Rep Two", email="ureptwo@team.test", is_active=False)
    )
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="Osprey Textiles", owner=Person("Rep")),
        replace(ROW, ref="r2", customer="Osprey Textiles"),
    )
    assert [one.has_collision for one in report.verdicts] == [False, False]
    assert set(colliding(team_world).values()) == {False}


def test_registration_ends_where_its_rep_comes_in_as_the_owner(team_world: TeamWorld) -> None:
    desk = team_world.desk
    form = RegisterForm.read({"customer_name": "Osprey Textiles", "note": "Met them"})
    case, _ = registrations.register(desk, form, by=team_world.rep)
    registrations.approve(desk, case.id, by=team_world.manager)
    bring(team_world, replace(ROW, customer="Osprey Textiles", owner=Person("Rep")))
    with desk.reading(team_world.admin) as session:
        assert session.get_one(Customer, stored(team_world).customer_id).protected_by_id is None
    pool.release(desk, stored(team_world).id, "No time", by=team_world.rep)
    pool.claim(desk, stored(team_world).id, by=team_world.rep2)
    assert owner_of(team_world, "r1") == team_world.rep2.member_id
