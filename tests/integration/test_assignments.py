"""Assignments: the chain of offers, the pool, and the race for a claim."""

import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.events import AssignmentDeclined, Claimed, PutInPool
from bot.errors import LeadAlreadyClaimed, NotAllowed, NotFound, RuleBroken
from bot.models import Assignment, Choice, Member, OutboxRow
from bot.models.session import Database
from bot.services import (
    follow_ups,
    handovers,
    leads,
    members,
    opportunities,
    outbox,
    playbooks,
    pool,
    pool_list,
    stages,
    sweep,
)
from bot.services.desk import Actor, system_actor
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.pool_list import PoolFilter, PoolRow
from bot.services.stages import LossForm
from bot.services.values import OpportunityView
from tests.factories import TeamWorld, again, make_lead, make_member, make_team

RACERS = 40


def assigned(world: TeamWorld, **values: Any) -> OpportunityView:
    form = LeadForm.read({"customer_name": "Marigold Foundry", "need": "n", "confirmed_new": True, **values})
    return leads.capture(world.desk, form, by=world.specialist).opportunity


def pooled(world: TeamWorld, **values: Any) -> OpportunityView:
    """Something in the pool, with everybody back again."""
    for one in (world.rep, world.rep2):
        members.set_away(world.desk, world.clock.now() + timedelta(days=1), by=one)
    shown = assigned(world, **values)
    for one in (world.rep, world.rep2):
        members.set_away(world.desk, None, by=one)
    assert shown.owner is None
    return shown


def pool_rows(world: TeamWorld, by: Actor) -> tuple[PoolRow, ...]:
    return pool_list.listing(world.desk, PoolFilter(), by=by).rows


def owner(world: TeamWorld, shown: OpportunityView) -> Actor:
    assert shown.owner is not None
    return world.rep if shown.owner.name == "Rep" else world.rep2


def told(database: Database, member_id: int | None) -> list[str]:
    with database.reading(None) as session:
        rows = session.scalars(
            select(OutboxRow).where(OutboxRow.channel == f"member:{member_id}").order_by(OutboxRow.id)
        )
        return [row.payload.get("key", row.kind) for row in rows]


def test_who_declines_is_followed_by_the_next_and_then_comes_the_pool(
    team_world: TeamWorld, database: Database
) -> None:
    first = assigned(team_world)
    one = owner(team_world, first)
    second = handovers.decline(team_world.desk, first.id, "On holiday soon", by=one).opportunity
    other = owner(team_world, second)
    assert other.member_id != one.member_id
    assert not second.is_accepted
    third = handovers.decline(team_world.desk, first.id, None, by=other).opportunity
    assert third.owner is None
    assert third.owner_reason is not None
    assert third.owner_reason.key == "assign.pool_nobody"
    assert told(database, team_world.manager.member_id) == ["notice.pool_nobody"]
    assert [line.id for line in pool_rows(team_world, team_world.rep)] == [first.id]
    kinds = [type(line.event) for line in opportunities.history(team_world.desk, first.id, by=team_world.rep)]
    assert kinds.count(AssignmentDeclined) == 2
    assert kinds[0] is PutInPool
    with database.reading(None) as session:
        rows = session.scalars(select(Assignment).order_by(Assignment.id)).all()
        assert [(row.state, row.note) for row in rows] == [("declined", "On holiday soon"), ("declined", None)]
        choices = session.scalars(select(Choice).order_by(Choice.id)).all()
        assert [row.member_id for row in choices] == [one.member_id, other.member_id, None]
        seen = {candidate["member_id"] for candidate in choices[0].state["candidates"]}
        assert seen == {team_world.rep.member_id, team_world.rep2.member_id}


def test_an_accepted_offer_is_settled(team_world: TeamWorld) -> None:
    first = assigned(team_world)
    one = owner(team_world, first)
    shown = handovers.accept(team_world.desk, first.id, by=one).opportunity
    assert (shown.is_accepted, shown.accept_by, shown.offered_to) == (True, None, None)
    team_world.clock.set(first.accept_by or team_world.clock.now())
    sweep.due(team_world.desk)
    assert opportunities.view(team_world.desk, first.id, by=one).owner == shown.owner


def test_an_offer_that_lapses_goes_to_the_next_and_the_manager_is_told(
    team_world: TeamWorld, database: Database
) -> None:
    first = assigned(team_world)
    one = owner(team_world, first)
    assert first.accept_by is not None
    team_world.clock.set(first.accept_by - timedelta(seconds=1))
    sweep.due(team_world.desk)
    assert opportunities.view(team_world.desk, first.id, by=team_world.admin).owner == first.owner
    team_world.clock.set(first.accept_by)
    sweep.due(team_world.desk)
    second = opportunities.view(team_world.desk, first.id, by=team_world.admin)
    assert second.owner is not None
    assert second.owner.id != one.member_id
    assert "notice.offer_lapsed" in told(database, team_world.manager.member_id)
    assert told(database, owner(team_world, second).member_id)[0] == "offer"
    assert second.accept_by is not None
    team_world.clock.set(second.accept_by)
    sweep.due(team_world.desk)
    third = opportunities.view(team_world.desk, first.id, by=team_world.admin)
    assert third.owner is None
    heard = told(database, team_world.manager.member_id)
    assert "notice.pool_nobody" in heard
    assert heard.count("notice.offer_lapsed") == 1, "where nobody is left to ask, it is not said that somebody is"
    lapsed = [line.event for line in opportunities.history(team_world.desk, first.id, by=team_world.admin)]
    assert [one.lapsed for one in lapsed if isinstance(one, AssignmentDeclined)] == [True, True]


def test_who_was_just_asked_is_not_nudged_about_what_the_one_before_let_lie(
    team_world: TeamWorld, database: Database
) -> None:
    first = assigned(team_world)
    assert first.accept_by is not None
    team_world.clock.set(first.accept_by)
    sweep.due(team_world.desk)
    second = opportunities.view(team_world.desk, first.id, by=team_world.admin)
    assert told(database, owner(team_world, second).member_id) == ["offer"]
    # That the customer waits is true all the same.
    assert second.broken == ("next_step",)


def test_nobody_away_inactive_or_full_gets_any(team_world: TeamWorld, database: Database) -> None:
    with database.transaction(None) as session:
        session.get_one(Member, team_world.rep.member_id).capacity = 1
    make_lead(team_world.desk, team_world.rep)
    assert assigned(team_world).owner == members.by_slack_id(team_world.desk, "UREPTWO", by=team_world.rep)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=1), by=team_world.rep2)
    assert assigned(team_world, customer_name="Osprey Textiles").owner is None


def test_the_same_members_take_turns(team_world: TeamWorld) -> None:
    owners = []
    for number in range(4):
        owners.append(assigned(team_world, customer_name=f"Firm {number * 1111}").owner)
        team_world.clock.advance(timedelta(minutes=1))
    assert [one.name for one in owners if one] in (["Rep", "Rep Two"] * 2, ["Rep Two", "Rep"] * 2)


def test_a_manager_or_admin_who_is_listed_as_a_rep_is_given_leads_too(team_world: TeamWorld) -> None:
    boss = make_member(team_world.desk, "Boss")
    team = make_team(team_world.desk, by=team_world.admin, manager=boss, reps=(boss,))
    boss = again(team_world.desk, boss)
    assert boss.managed_team_ids == {team.id}
    form = LeadForm.read({"customer_name": "Acme", "need": "n", "mine": False})
    shown = leads.capture(team_world.desk, form, by=boss).opportunity
    assert shown.owner is not None
    assert shown.owner.name == "Boss"


# --- the pool


def test_a_claim_makes_an_accepted_owner_with_a_protection_of_their_own(team_world: TeamWorld) -> None:
    one = pooled(team_world)
    team_world.clock.advance(timedelta(days=8))
    done = pool.claim(team_world.desk, one.id, by=team_world.rep)
    shown = done.opportunity
    assert shown.owner is not None
    assert shown.owner_reason is not None
    assert (shown.owner.name, shown.is_accepted, shown.owner_reason.key) == ("Rep", True, "assign.claimed")
    event = opportunities.history(team_world.desk, one.id, by=team_world.rep, limit=1)[0].event
    assert event == Claimed(team_world.rep.member_id or 0, "Rep")
    assert pool_rows(team_world, team_world.rep) == ()
    with pytest.raises(LeadAlreadyClaimed) as caught:
        pool.claim(team_world.desk, one.id, by=team_world.rep2)
    assert caught.value.params == {"owner": "Rep"}


def test_of_forty_who_claim_at_once_one_wins_and_all_others_learn_who(
    team_world: TeamWorld, database: Database
) -> None:
    crowd = [make_member(team_world.desk, f"Racer {number}") for number in range(RACERS)]
    team = make_team(team_world.desk, by=team_world.admin, manager=team_world.manager, reps=tuple(crowd))
    with database.transaction(None) as session:
        for row in session.query(Member).filter(Member.team_id == team.id):
            row.away_until = team_world.clock.now() + timedelta(days=9)
    crowd = [again(team_world.desk, one) for one in crowd]
    form = LeadForm.read({"customer_name": "Acme", "need": "n", "mine": False})
    one = leads.capture(team_world.desk, form, by=crowd[0]).opportunity
    assert one.owner is None
    results: list[Any] = [None] * RACERS
    gate = threading.Barrier(RACERS)

    def run(index: int) -> None:
        gate.wait()
        try:
            results[index] = pool.claim(team_world.desk, one.id, by=crowd[index])
        except Exception as error:  # noqa: BLE001 - every outcome is looked at
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(RACERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [index for index, result in enumerate(results) if not isinstance(result, Exception)]
    assert len(won) == 1, Counter(repr(result)[:90] for result in results)
    lost: list[Any] = [result for result in results if isinstance(result, Exception)]
    assert {type(result) for result in lost} == {LeadAlreadyClaimed}
    assert {result.params["owner"] for result in lost} == {crowd[won[0]].name}
    kinds = [type(line.event) for line in opportunities.history(team_world.desk, one.id, by=crowd[0], limit=99)]
    assert kinds.count(Claimed) == 1


def test_who_may_claim_and_what(team_world: TeamWorld) -> None:
    one = pooled(team_world)
    with pytest.raises(NotAllowed):
        pool.claim(team_world.desk, one.id, by=team_world.specialist)
    with pytest.raises(NotAllowed):
        pool.claim(team_world.desk, one.id, by=system_actor(team_world.rep.workspace_id))
    for who in (team_world.other_rep, team_world.other_manager):
        with pytest.raises(NotFound):
            pool.claim(team_world.desk, one.id, by=who)
        assert pool_rows(team_world, who) == ()
    stages.lose(team_world.desk, LossForm(opportunity_id=one.id, reason="price"), by=team_world.manager)
    with pytest.raises(RuleBroken):
        pool.claim(team_world.desk, one.id, by=team_world.rep)


def test_in_the_pool_a_rep_claims_before_they_act(team_world: TeamWorld) -> None:
    one = pooled(team_world)
    form = FollowUpForm(
        opportunity_id=one.id, said="x", next_step="y", next_due_at=team_world.clock.now() + timedelta(days=1)
    )
    with pytest.raises(NotAllowed) as caught:
        follow_ups.log(team_world.desk, form, by=team_world.rep)
    assert caught.value.key == "error.in_pool"
    assert follow_ups.log(team_world.desk, form, by=team_world.manager).opportunity.owner is None


def test_claims_have_a_cap_a_day_and_on_what_is_held(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["pool"] = {"held_most": 3, "claims_a_day": 2, "cooling_off_days": 7}
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    waiting = [pooled(team_world, customer_name=f"Firm {number * 1111}").id for number in range(5)]
    for number in waiting[:2]:
        pool.claim(team_world.desk, number, by=team_world.rep)
    with pytest.raises(NotAllowed) as caught:
        pool.claim(team_world.desk, waiting[2], by=team_world.rep)
    assert (caught.value.key, caught.value.params) == ("assign.claims_most", {"most": 2})
    team_world.clock.advance(timedelta(hours=15))  # midnight in Shanghai
    pool.claim(team_world.desk, waiting[2], by=team_world.rep)
    with pytest.raises(NotAllowed) as caught:
        pool.claim(team_world.desk, waiting[3], by=team_world.rep)
    assert (caught.value.key, caught.value.params) == ("assign.held_most", {"most": 3})
    pool.claim(team_world.desk, waiting[3], by=team_world.rep2)


def test_the_former_owner_lets_others_have_their_turn_for_seven_days(team_world: TeamWorld) -> None:
    one = make_lead(team_world.desk, team_world.rep).opportunity
    while opportunities.view(team_world.desk, one.id, by=team_world.admin).owner is not None:
        moment = sweep.next_moment(team_world.desk)
        assert moment is not None
        team_world.clock.set(moment)
        sweep.due(team_world.desk)
        sweep.digests(team_world.desk)
        # A warning that nobody was sent would be none.
        for promise in outbox.lease(team_world.desk):
            outbox.sent(team_world.desk, promise, channel="D1", ts="1.0")
    recycled = team_world.clock.now()
    with pytest.raises(NotAllowed) as caught:
        pool.claim(team_world.desk, one.id, by=team_world.rep)
    assert (caught.value.key, caught.value.params) == (
        "assign.cooling_off",
        {"until": recycled + timedelta(days=7)},
    )
    team_world.clock.set(recycled + timedelta(days=7))
    assert pool.claim(team_world.desk, one.id, by=team_world.rep).opportunity.owner is not None


@pytest.mark.parametrize("answer", ["declines", "goes away", "is silent"])
def test_the_former_owner_is_not_asked_again_when_the_next_one_does_not_take_it(
    team_world: TeamWorld, answer: str
) -> None:
    world, desk = team_world, team_world.desk
    one = make_lead(desk, world.rep).opportunity
    pool.release(desk, one.id, "Not mine", by=world.rep)
    pool.assign(desk, one.id, str(world.rep2.member_id), None, by=world.manager)
    world.clock.advance(timedelta(hours=1))
    if answer == "declines":
        handovers.decline(desk, one.id, "Full", by=world.rep2)
    elif answer == "goes away":
        members.set_away(desk, world.clock.now() + timedelta(days=3), by=world.rep2)
    else:
        world.clock.advance(timedelta(hours=8))
        sweep.due(desk)
    shown = opportunities.view(desk, one.id, by=world.manager)
    assert shown.owner is None
    # That nobody took it ends no rest.
    with pytest.raises(NotAllowed) as caught:
        pool.claim(desk, one.id, by=world.rep)
    assert caught.value.key == "assign.cooling_off"


def test_what_fell_due_in_the_pool_is_not_held_against_who_claims_it(team_world: TeamWorld, database: Database) -> None:
    one = pooled(team_world)
    team_world.clock.advance(timedelta(days=3))
    pool.claim(team_world.desk, one.id, by=team_world.rep)
    sweep.due(team_world.desk)
    assert told(database, team_world.rep.member_id) == []


def test_a_stages_own_pace_says_until_when_to_accept_and_to_make_the_first_contact(team_world: TeamWorld) -> None:
    desk, manager = team_world.desk, team_world.manager
    data = playbooks.export(desk, team_world.team.id, by=manager)
    data["stages"][0]["pace"] = {grade: {**data["pace"][grade], "accept_hours": 1} for grade in "ABC"}
    playbooks.publish(desk, team_world.team.id, data, by=manager)
    soon = desk.now() + timedelta(hours=1)
    offered = assigned(team_world)
    assert (offered.accept_by, offered.next_due_at) == (soon, soon)
    own = make_lead(desk, team_world.rep).opportunity
    assert own.next_due_at == soon
    given = handovers.offer(desk, own.id, team_world.rep2.slack_user_id or "", None, by=team_world.rep)
    assert given.opportunity.accept_by == soon
