"""The pool: whose it is, what is seen of it, and the ways in and out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.domain.events import Claimed, OwnerChanged, PutInPool, TeamChanged
from bot.domain.rulings import Verdict
from bot.errors import InvalidInput, LeadAlreadyClaimed, NotAllowed, NotFound, RuleBroken
from bot.models import Member, Opportunity, OutboxRow
from bot.models.session import Database
from bot.services import (
    briefings,
    collisions,
    follow_ups,
    handovers,
    opportunities,
    playbooks,
    pool,
    pool_list,
    reports,
    rulings,
)
from bot.services.collisions import TellForm
from bot.services.desk import Actor, system_actor
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.pool_list import PoolFilter, PoolPage
from tests.factories import TeamWorld, again, make_lead, make_member
from tests.integration.disputing import asked, taken

CONTACT = {"contact_name": "Ann Tolliver", "contact_phone": "+1 212 555 0188", "contact_email": "ann@tolliver.test"}
SECRETS = ("Ann", "Tolliver", "555 0188", "tolliver.test")


def listed(world: TeamWorld, by: Actor, **asked: Any) -> PoolPage:
    return pool_list.listing(world.desk, PoolFilter(**asked), by=by)


def released(world: TeamWorld, by: Actor, reason: str = "Not my region", **lead: Any) -> int:
    """A lead of a rep's, given back."""
    number = make_lead(world.desk, by, **lead).opportunity.id
    pool.release(world.desk, number, reason, by=by)
    return number


def open_at_once(world: TeamWorld, days: int | None = 0) -> None:
    data = playbooks.export(world.desk, world.team.id, by=world.manager)
    data["pool"]["to_all_days"] = days
    playbooks.publish(world.desk, world.team.id, data, by=world.manager)


def notices(database: Database, by: Actor) -> list[dict[str, Any]]:
    with database.reading(None) as session:
        rows = session.scalars(
            select(OutboxRow).where(OutboxRow.channel == f"member:{by.member_id}").order_by(OutboxRow.id)
        )
        return [row.payload for row in rows]


# --- release


def test_release_keeps_step_and_history_tells_the_manager_and_says_why(
    team_world: TeamWorld, database: Database
) -> None:
    desk, rep = team_world.desk, team_world.rep
    lead = make_lead(desk, rep, next_step="Send the list").opportunity
    done = pool.release(desk, lead.id, "  Not my region ", by=rep)
    shown = opportunities.view(desk, lead.id, by=team_world.manager)
    assert (shown.owner, shown.next_text, shown.next_due_at) == (None, "Send the list", lead.next_due_at)
    assert done.said.key == "pool.released"
    event = shown.history[0].event
    assert event == PutInPool("released", rep.member_id, "Rep", "Not my region")
    [told] = notices(database, team_world.manager)
    assert (told["key"], told["params"]) == ("notice.pool_released", {"member": "Rep", "reason": "Not my region"})
    row = listed(team_world, team_world.rep2).rows[0]
    assert row.reason is not None
    assert (row.reason.key, row.reason.params) == ("assign.pool_released", {"reason": "Not my region"})
    with pytest.raises(NotAllowed) as caught:
        pool.claim(desk, lead.id, by=rep)
    assert caught.value.key == "assign.cooling_off"
    assert pool.claim(desk, lead.id, by=team_world.rep2).opportunity.next_text == "Send the list"


def test_manager_releases_for_the_owner_who_is_told(team_world: TeamWorld, database: Database) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    pool.release(team_world.desk, lead.id, "On sick leave", by=team_world.manager)
    [told] = notices(database, team_world.rep)
    assert told["key"] == "notice.pool_released_for"
    assert told["params"] == {"manager": "Manager", "reason": "On sick leave"}


def test_release_wants_a_reason_and_an_owner_who_may(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep).opportunity
    for reason in (None, "  ", "x" * 501):
        with pytest.raises(InvalidInput) as caught:
            pool.release(desk, lead.id, reason, by=team_world.rep)
        assert list(caught.value.fields) == ["reason"]
    for who in (team_world.rep2, team_world.specialist):
        with pytest.raises(NotAllowed):
            pool.release(desk, lead.id, "x", by=who)
    with pytest.raises(NotFound):
        pool.release(desk, lead.id, "x", by=team_world.other_manager)
    pool.release(desk, lead.id, "x", by=team_world.rep)
    with pytest.raises(RuleBroken):
        pool.release(desk, lead.id, "x", by=team_world.manager)


def test_release_takes_back_a_handover_that_waits(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep).opportunity
    handovers.offer(desk, lead.id, team_world.rep2.slack_user_id or "", None, by=team_world.rep)
    pool.release(desk, lead.id, "x", by=team_world.rep)
    with pytest.raises(RuleBroken):
        handovers.accept(desk, lead.id, by=team_world.rep2)


# --- contacts are hidden until the claim


def test_no_view_of_a_pooled_opportunity_shows_a_contact_until_it_is_claimed(team_world: TeamWorld) -> None:
    desk, rep, other = team_world.desk, team_world.rep, team_world.rep2
    number = make_lead(desk, rep, need="Ask Ann Tolliver (+1 212 555 0188)", **CONTACT).opportunity.id
    log = FollowUpForm(
        opportunity_id=number,
        said="Rang Ann on +1 212 555 0188",
        answered="Ann: mail ann@tolliver.test",
        next_step="Call Ann",
        next_due_at=team_world.clock.now() + timedelta(days=1),
    )
    follow_ups.log(desk, log, by=rep)
    opportunities.edit(desk, number, EditForm(contact_email="ann.tolliver@other.test"), by=rep)
    opportunities.note(desk, number, "Tolliver likes short mails", by=rep)
    pool.release(desk, number, "Ann asked for somebody else", by=rep)

    def everything(by: Actor) -> str:
        return repr(
            (
                opportunities.view(desk, number, by=by, history=50),
                opportunities.history(desk, number, by=by, limit=50),
                opportunities.find(desk, "", by=by),
                listed(team_world, by),
                pool_list.head_of(desk, number, by=by),
                briefings.daily(desk, team_world.team.id, by=by, day=team_world.clock.now().date()),
                reports.day(desk, by=by),
            )
        )

    channel = system_actor(rep.workspace_id)
    for by in (rep, other, team_world.specialist, channel):
        seen = everything(by)
        assert "•••" in seen
        assert not [one for one in SECRETS if one in seen], by.name
    assert handovers.dossier(desk, number, by=other)[0].contacts == ()
    for words in ("Ann", "Tolliver", "555 0188"):
        assert opportunities.find(desk, words, by=other) == ()
        assert listed(team_world, other, words=words).total == 0
    # Who answers for the pool and may correct it sees what there is to correct.
    shown = opportunities.view(desk, number, by=team_world.manager)
    assert shown.contact is not None
    assert shown.need == "Ask Ann Tolliver (+1 212 555 0188)"
    done = pool.claim(desk, number, by=other)
    assert done.opportunity.contact is not None
    assert done.opportunity.contact.phone == "+1 212 555 0188"
    assert done.opportunity.next_text == "Call Ann"
    assert all(one in repr(opportunities.view(desk, number, by=rep, history=50)) for one in SECRETS)


def test_contact_told_to_the_owner_pleas_and_rulings_show_no_contact_in_the_pool(team_world: TeamWorld) -> None:
    desk, rep, other = team_world.desk, team_world.rep, team_world.other_rep
    lead = taken(team_world)
    number, customer_id = lead.id, lead.customer_id
    ruling = asked(team_world, number, other, "Ann Tolliver rang me from +1 212 555 0188")
    form = TellForm(text="Ann wants 400 seats", **CONTACT)
    collisions.tell_owner(desk, number, form, by=other)
    rulings.rule(desk, ruling, Verdict.KEEP, "Tolliver knows Rep", by=team_world.manager)
    pool.release(desk, number, "Not my region", by=rep)
    for by in (rep, system_actor(rep.workspace_id)):
        seen = repr(opportunities.view(desk, number, by=by, history=50))
        assert "••• wants 400 seats" in seen
        assert "••• knows Rep" in seen
        assert not [one for one in SECRETS if one in seen], by.name
    shown = collisions.look(desk, customer_id, number, by=other)
    assert [one.sentence for one in shown.precedents] == ["••• knows Rep"]
    done = pool.claim(desk, number, by=team_world.rep2)
    assert "Ann Tolliver · +1 212 555 0188 · ann@tolliver.test" in repr(
        opportunities.view(desk, done.opportunity.id, by=team_world.rep2, history=50)
    )


# --- the list


def test_filters_narrow_the_list_and_pages_turn(team_world: TeamWorld) -> None:
    world, rep = team_world, team_world.rep
    names = [f"Firm {number * 1111}" for number in range(1, 12)]
    for index, name in enumerate(names):
        region, product = ("East" if index % 2 else "West"), ("Seats" if index < 3 else None)
        world.clock.advance(timedelta(minutes=1))
        released(world, rep, customer_name=name, region=region, product=product, industry="Optics")
    first = listed(world, world.rep2)
    assert (first.total, first.pages, len(first.rows), first.regions) == (11, 2, 8, ("East", "West"))
    assert first.subjects == ("Optics", "Seats")
    assert [row.customer for row in first.rows] == names[:8]
    last = listed(world, world.rep2, page=99)
    assert (last.asked.page, [row.customer for row in last.rows]) == (1, names[8:])
    assert listed(world, world.rep2, region="East").total == 5
    assert listed(world, world.rep2, subject="Seats").total == 3
    assert listed(world, world.rep2, subject="Optics", region="West").total == 6
    assert listed(world, world.rep2, grade="C").total == 11
    assert listed(world, world.rep2, grade="A").total == 0
    assert [row.customer for row in listed(world, world.rep2, words="3333").rows] == ["Firm 3333"]
    assert [row.customer for row in listed(world, world.rep2, words="3333 Firm Ltd").rows] == ["Firm 3333"]
    assert listed(world, world.rep2, words="need").total == 11
    assert listed(world, world.rep2, scope="workspace").total == 0
    assert listed(world, world.rep2, scope="team").everything == 11


def test_row_tells_since_when_why_and_until_when_it_is_the_teams_alone(team_world: TeamWorld) -> None:
    released(team_world, team_world.rep)
    [row] = listed(team_world, team_world.rep2).rows
    assert (row.pooled_at, str(row.opens_on), row.team) == (team_world.clock.now(), "2026-03-09", None)
    open_at_once(team_world, None)
    assert listed(team_world, team_world.rep2).rows[0].opens_on is None


def test_who_may_do_what_with_a_row(team_world: TeamWorld) -> None:
    released(team_world, team_world.rep)
    may = {
        by.name: [row.may for row in listed(team_world, by).rows]
        for by in (team_world.rep2, team_world.specialist, team_world.manager, team_world.admin, team_world.other_rep)
    }
    assert may == {
        "Rep Two": ["claim"],
        "Specialist": [None],
        "Manager": ["assign"],
        "Admin": ["assign"],
        "Other Rep": [],
    }


# --- from team to team


def test_after_the_teams_own_days_every_teams_reps_see_and_claim_it(team_world: TeamWorld, database: Database) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep, **CONTACT)
    world.clock.set(world.clock.now() + timedelta(days=7, seconds=-1))
    assert listed(world, world.other_rep).total == 0
    with pytest.raises(NotFound):
        pool.claim(desk, number, by=world.other_rep)
    world.clock.advance(timedelta(seconds=1))
    [row] = listed(world, world.other_rep, scope="workspace").rows
    assert (row.id, row.team, row.may) == (number, "North", "claim")
    with pytest.raises(NotFound):
        opportunities.view(desk, number, by=world.other_rep)
    with desk.database.transaction(world.rep.workspace_id) as session:
        session.execute(update(Opportunity).values(card_channel="CNORTH", card_ts="1.2"))
    shown = pool.claim(desk, number, by=world.other_rep).opportunity
    assert (shown.team_name, shown.stage.key, shown.is_accepted) == ("South", "lead", True)
    assert shown.contact is not None
    event = opportunities.history(desk, number, by=world.other_rep)[0].event
    assert event == Claimed(world.other_rep.member_id or 0, "Other Rep")
    assert [one["key"] for one in notices(database, world.manager)][-1] == "notice.pool_moved"
    with database.reading(None) as session:
        moved = session.scalars(select(OutboxRow).where(OutboxRow.kind == "card_moved")).one()
        assert (moved.channel, moved.payload["ts"]) == ("CNORTH", "1.2")
        card = session.scalars(select(OutboxRow).where(OutboxRow.key == f"card:{number}")).one()
        assert card.channel == "CSOUTH"
        row = session.get_one(Opportunity, number)
        assert (row.team_id, row.card_ts) == (world.other_team.id, None)
    with pytest.raises(LeadAlreadyClaimed) as caught:
        pool.claim(desk, number, by=world.rep2)
    assert caught.value.params == {"owner": "Other Rep"}


def test_a_stage_that_the_new_team_does_not_have_becomes_the_first_of_its_kind(team_world: TeamWorld) -> None:
    world, desk = team_world, team_world.desk
    open_at_once(world)
    data = playbooks.export(desk, world.other_team.id, by=world.other_manager)
    data["stages"][0] = {**data["stages"][0], "key": "inbox", "name": {"en": "Inbox", "zh": "收件"}}
    playbooks.publish(desk, world.other_team.id, data, by=world.other_manager)
    number = released(world, world.rep)
    shown = pool.claim(desk, number, by=world.other_rep).opportunity
    assert shown.stage.key == "inbox"
    assert shown.stages[0].key == "inbox"
    kinds = [type(line.event) for line in opportunities.history(desk, number, by=world.other_rep)]
    assert kinds[:2] == [Claimed, TeamChanged]


def test_a_pool_that_never_opens_stays_the_teams(team_world: TeamWorld) -> None:
    open_at_once(team_world, None)
    number = released(team_world, team_world.rep)
    team_world.clock.advance(timedelta(days=300))
    assert listed(team_world, team_world.other_rep).total == 0
    with pytest.raises(NotFound):
        pool.claim(team_world.desk, number, by=team_world.other_rep)


def test_one_who_was_never_offered_it_is_not_told_that_it_exists(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    with pytest.raises(NotFound):
        pool.claim(team_world.desk, lead.id, by=team_world.other_rep)


# --- managers assign


def test_managers_and_admins_assign_instead_of_claiming(team_world: TeamWorld, database: Database) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep)
    for who in (world.manager, world.admin):
        with pytest.raises(NotAllowed) as caught:
            pool.claim(desk, number, by=who)
        assert caught.value.key == "pool.assign_instead"
    takers, may_rules = pool.takers(desk, number, by=world.manager)
    assert may_rules
    assert [(one.member.name, one.load, one.is_self) for one in takers] == [
        ("Rep", 0, False),
        ("Rep Two", 0, False),
        ("Manager", 0, True),
    ]
    done = pool.assign(desk, number, str(world.rep2.member_id), "They know you", by=world.manager)
    assert (done.said.key, done.said.params) == ("pool.assigned", {"member": "Rep Two"})
    shown = opportunities.view(desk, number, by=world.rep2)
    assert shown.owner is not None
    assert shown.owner_reason is not None
    assert (shown.owner.name, shown.is_accepted, shown.owner_reason.key) == ("Rep Two", False, "assign.from_pool")
    assert any(isinstance(one.event, OwnerChanged) and one.event.how == "assigned" for one in shown.history)
    assert handovers.accept(desk, number, by=world.rep2).opportunity.is_accepted
    with pytest.raises(LeadAlreadyClaimed):
        pool.assign(desk, number, str(world.rep.member_id), None, by=world.manager)
    with pytest.raises(LeadAlreadyClaimed):
        pool.takers(desk, number, by=world.manager)


def test_a_manager_who_sells_takes_one_and_it_is_theirs_at_once(team_world: TeamWorld) -> None:
    number = released(team_world, team_world.rep)
    done = pool.assign(team_world.desk, number, str(team_world.manager.member_id), None, by=team_world.manager)
    assert done.said.key == "assign.claim_done"
    assert done.opportunity.is_accepted
    assert done.opportunity.owner is not None
    assert done.opportunity.owner.name == "Manager"


def test_the_rules_choose_but_not_the_one_who_just_gave_it_back(team_world: TeamWorld) -> None:
    number = released(team_world, team_world.rep)
    shown = pool.assign(team_world.desk, number, "rules", None, by=team_world.manager).opportunity
    assert shown.owner is not None
    assert shown.owner.name == "Rep Two"


def test_where_nobody_is_free_it_stays_where_it_was_and_the_manager_chooses(
    team_world: TeamWorld, database: Database
) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep)
    since = listed(world, world.rep2).rows[0].pooled_at
    world.clock.advance(timedelta(hours=1))
    until = world.clock.now() + timedelta(days=2)
    with database.transaction(world.rep.workspace_id) as session:
        session.execute(update(Member).where(Member.id == world.rep2.member_id).values(away_until=until))
    for to, key in (
        ("rules", "pool.nobody_free"),
        (str(world.rep2.member_id), "handover.away"),
        ("999", "error.required"),
        (None, "error.required"),
    ):
        with pytest.raises(InvalidInput) as caught:
            pool.assign(desk, number, to, None, by=world.manager)
        assert caught.value.fields["to"].key == key
    assert listed(world, world.rep2).rows[0].pooled_at == since
    assert len(opportunities.history(desk, number, by=world.manager)) == len(
        opportunities.history(desk, number, by=world.rep2)
    )


def test_manager_without_a_team_to_manage_claims_like_the_rep_they_are_and_does_not_assign(
    team_world: TeamWorld,
) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep)
    with desk.transaction(world.admin) as session:
        session.get_one(Member, world.rep2.member_id).role = "manager"
    former = again(desk, world.rep2)
    assert (former.role, former.decides) == ("manager", False)
    assert listed(world, former).rows[0].may == "claim"
    # Refused the customer, they are offered what the rule allows.
    with world.desk.reading(world.admin) as session:
        customer_id = session.get_one(Opportunity, number).customer_id
    met = collisions.look(desk, customer_id, number, by=former)
    assert (met.may_claim, met.may_assign, met.may_ask, met.is_elsewhere) == (True, False, False, False)
    for act in (
        lambda: pool.takers(desk, number, by=former),
        lambda: pool.assign(desk, number, str(world.rep.member_id), None, by=former),
    ):
        with pytest.raises(NotAllowed) as caught:
            act()
        assert caught.value.key == "pool.only_managers_assign"
    shown = pool.claim(desk, number, by=former).opportunity
    assert shown.owner is not None
    assert shown.owner.name == "Rep Two"
    assert listed(world, world.manager).rows == ()
    with pytest.raises(LeadAlreadyClaimed) as twice:
        pool.claim(desk, number, by=former)
    assert twice.value.key == "assign.yours_already"


def test_manager_role_without_any_team_can_neither_claim_nor_assign(team_world: TeamWorld) -> None:
    number = released(team_world, team_world.rep)
    open_at_once(team_world)
    with team_world.desk.transaction(team_world.admin) as session:
        row = session.get_one(Member, team_world.rep2.member_id)
        row.role, row.team_id = "manager", None
    former = again(team_world.desk, team_world.rep2)
    with pytest.raises(NotAllowed) as caught:
        pool.claim(team_world.desk, number, by=former)
    assert caught.value.key == "error.not_allowed"


def test_a_rep_does_not_assign_and_another_teams_manager_only_what_is_open_to_all(team_world: TeamWorld) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep)
    with pytest.raises(NotAllowed) as caught:
        pool.assign(desk, number, str(world.rep.member_id), None, by=world.rep2)
    assert caught.value.key == "pool.only_managers_assign"
    with pytest.raises(NotFound):
        pool.takers(desk, number, by=world.other_manager)
    open_at_once(world)
    takers, may_rules = pool.takers(desk, number, by=world.other_manager)
    assert not may_rules
    assert [one.member.name for one in takers] == ["Other Rep", "Other Manager"]
    shown = pool.assign(desk, number, str(world.other_rep.member_id), None, by=world.other_manager).opportunity
    assert (shown.team_name, shown.is_accepted) == ("South", False)


def test_the_former_teams_manager_is_told_to_whom_another_teams_manager_assigned_it(
    team_world: TeamWorld, database: Database
) -> None:
    world, desk = team_world, team_world.desk
    number = released(world, world.rep)
    open_at_once(world)
    pool.assign(desk, number, str(world.other_rep.member_id), None, by=world.other_manager)
    told = notices(database, world.manager)[-1]
    assert (told["key"], told["opportunity_id"]) == ("notice.moved_assigned", number)
    assert told["params"] == {"member": "Other Rep", "team": "South", "manager": "Other Manager"}
    # Inside a team nobody has to be told, nor is who moves it themselves.
    pool.assign(desk, released(world, world.rep2), str(world.rep.member_id), None, by=world.manager)
    assert [one for one in notices(database, world.manager) if one.get("key") == "notice.moved_assigned"] == [told]


def test_the_caps_are_those_of_the_claimers_team(team_world: TeamWorld) -> None:
    world, desk = team_world, team_world.desk
    data = playbooks.export(desk, world.other_team.id, by=world.other_manager)
    data["pool"]["claims_a_day"] = 1
    playbooks.publish(desk, world.other_team.id, data, by=world.other_manager)
    open_at_once(world)
    first, second = released(world, world.rep), released(world, world.rep)
    pool.claim(desk, first, by=world.other_rep)
    with pytest.raises(NotAllowed) as caught:
        pool.claim(desk, second, by=world.other_rep)
    assert caught.value.key == "assign.claims_most"
    assert opportunities.view(desk, second, by=world.manager).owner is None


def test_one_without_a_team_sees_no_pool(team_world: TeamWorld) -> None:
    open_at_once(team_world)
    released(team_world, team_world.rep)
    assert listed(team_world, make_member(team_world.desk, "Newcomer")).total == 0
    assert listed(team_world, replace(team_world.rep2, team_id=None)).total == 0
