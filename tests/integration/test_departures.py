"""When somebody leaves: offers go on, what they owned shows as a gap and is listed once, and a return loses nothing."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.errors import NotAllowed, NotFound
from bot.models import OutboxRow, Team
from bot.models.session import Database
from bot.reminders.rendering import render
from bot.services import (
    absences,
    departures,
    handovers,
    members,
    opportunities,
    pool_list,
    reports,
    roster,
    stages,
    teams,
)
from bot.services.members import Profile
from bot.services.outbox import Address, Promise
from bot.services.pool_list import PoolFilter
from bot.services.roster import MemberForm
from bot.services.stages import LossForm
from bot.services.teams import TeamForm
from bot.services.values import OpportunityView
from tests.factories import TeamWorld, again, make_lead, make_member


def leave(world: TeamWorld, slack_id: str = "UREP", **values: Any) -> None:
    members.refresh(world.desk, world.rep.workspace_id, Profile(slack_id, "Rep", **{"is_active": False, **values}))


def view(world: TeamWorld, number: int) -> OpportunityView:
    return opportunities.view(world.desk, number, by=world.admin)


def promises(database: Database, kind: str) -> list[OutboxRow]:
    with database.reading(None) as session:
        found = list(session.query(OutboxRow).filter_by(kind=kind).order_by(OutboxRow.id))
        session.expunge_all()
        return found


def owner_of(world: TeamWorld, number: int) -> int | None:
    owner = view(world, number).owner
    return owner.id if owner else None


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_active": True, "is_guest": True}])
def test_what_one_who_left_owns_is_a_gap_and_listed_once(
    team_world: TeamWorld, database: Database, change: dict[str, Any]
) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    assert reports.pipeline(team_world.desk, by=team_world.manager).health.percent == 100
    for _ in range(2):
        leave(team_world, **change)
    (row,) = promises(database, "departure")
    assert row.channel == f"member:{team_world.manager.member_id}"
    assert view(team_world, number).broken == ("owner",)
    assert dict(reports.pipeline(team_world.desk, by=team_world.manager).health.broken) == {"owner": 1}
    kinds = [one.event.kind for one in view(team_world, number).history]
    assert kinds.count("OwnerLeft") == 1


def test_twice_at_once_is_once(team_world: TeamWorld, database: Database) -> None:
    make_lead(team_world.desk, team_world.rep)
    gate = threading.Barrier(4)

    def tell() -> None:
        gate.wait()
        leave(team_world)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(promises(database, "departure")) == 1


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ((3, 0), (3, 0)),  # eleven in the morning: at once
        ((23, 30), (1, 0)),  # half past seven: at nine, the same day
        ((13, 0), (13, 0)),  # nine in the evening: still the same day
    ],
)
def test_the_list_comes_the_same_day(
    team_world: TeamWorld, database: Database, now: tuple[int, int], due: tuple[int, int]
) -> None:
    make_lead(team_world.desk, team_world.rep)
    team_world.clock.set(datetime(2026, 3, 3, *now, tzinfo=UTC))
    leave(team_world)
    (row,) = promises(database, "departure")
    day = 4 if now[0] == 23 else 3
    assert row.due_at == datetime(2026, 3, day, *due, tzinfo=UTC)


def test_the_list_is_ranked_by_grade_amount_and_lateness(team_world: TeamWorld) -> None:
    small = make_lead(team_world.desk, team_world.rep, amount="10").opportunity.id
    large = make_lead(team_world.desk, team_world.rep, amount="9000").opportunity.id
    best = make_lead(
        team_world.desk,
        team_world.rep,
        source="referral",
        intent="asked_for_quote",
        budget="confirmed",
        timing="1_month",
    ).opportunity
    leave(team_world)
    found = departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert found.count == 3
    expected = sorted(found.rows, key=lambda one: (one.grade, -(one.amount_minor or 0)))
    assert list(found.rows) == expected
    assert {one.id for one in found.rows} == {small, large, best.id}
    assert departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.other_manager).count == 0
    with pytest.raises(NotAllowed):
        departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.rep2)
    with pytest.raises(NotFound):
        departures.departure(team_world.desk, 999_999, by=team_world.manager)


def test_offers_that_waited_for_them_go_to_the_next_and_handovers_stay_with_the_giver(
    team_world: TeamWorld, database: Database
) -> None:
    offered = assigned_to_rep(team_world)
    own = make_lead(team_world.desk, team_world.rep2).opportunity.id
    handovers.offer(team_world.desk, own, "UREP", None, by=team_world.rep2)
    leave(team_world)
    assert owner_of(team_world, offered) == team_world.rep2.member_id
    assert owner_of(team_world, own) == team_world.rep2.member_id
    assert view(team_world, own).offered_to is None
    assert "departure.handover_ended" in [row.payload["key"] for row in promises(database, "notice")]


def assigned_to_rep(world: TeamWorld) -> int:
    """Return a lead that the rules offered to the first rep."""
    members.set_away(world.desk, world.clock.now() + timedelta(hours=1), by=world.rep2)
    number = make_lead(world.desk, world.rep2, mine=False).opportunity.id
    members.set_away(world.desk, None, by=world.rep2)
    assert owner_of(world, number) == world.rep.member_id
    return number


def test_going_away_passes_offers_on_and_tells_what_falls_due(team_world: TeamWorld, database: Database) -> None:
    offered = assigned_to_rep(team_world)
    due = team_world.clock.now() + timedelta(days=2)
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=due)
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=due + timedelta(days=30))
    told = len(promises(database, "absence"))
    absence = members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=4), by=team_world.rep)
    assert (absence.open_count, absence.due_count, absence.passed_on) == (2, 1, 1)
    assert owner_of(team_world, offered) == team_world.rep2.member_id
    assert len(promises(database, "absence")) == told + 1
    kinds = [one.event for one in view(team_world, offered).history]
    assert any(getattr(one, "cause", None) == "away" for one in kinds)


def test_nobody_left_means_the_pool_and_the_manager_is_told(team_world: TeamWorld, database: Database) -> None:
    offered = assigned_to_rep(team_world)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=4), by=team_world.rep2)
    leave(team_world)
    assert owner_of(team_world, offered) is None
    assert "notice.pool_nobody" in [row.payload["key"] for row in promises(database, "notice")]


def test_given_by_the_rules_each_is_offered_and_the_rest_goes_to_the_pool(team_world: TeamWorld) -> None:
    numbers = [make_lead(team_world.desk, team_world.rep).opportunity.id for _ in range(3)]
    leave(team_world)
    gone = team_world.rep.member_id or 0
    with pytest.raises(NotAllowed):
        departures.give_by_rules(team_world.desk, gone, by=team_world.rep2)
    given = departures.give_by_rules(team_world.desk, gone, by=team_world.manager.with_key("once"))
    assert (given.offered, given.pooled) == (3, 0)
    assert {owner_of(team_world, one) for one in numbers} == {team_world.rep2.member_id}
    again_ = departures.give_by_rules(team_world.desk, gone, by=team_world.manager)
    assert (again_.offered, again_.pooled) == (0, 0)
    changed = [one.event for one in view(team_world, numbers[0]).history if one.event.kind == "OwnerChanged"]
    assert [getattr(one, "how", None) for one in changed] == ["rules"]
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=1), by=team_world.rep2)
    leave(team_world, "UREPTWO")


def test_without_anybody_free_the_rules_put_it_in_the_pool(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    leave(team_world)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=1), by=team_world.rep2)
    given = departures.give_by_rules(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert (given.offered, given.pooled) == (0, 1)
    assert owner_of(team_world, number) is None


def test_manager_gives_each_to_a_rep_who_is_there_and_the_gap_closes_when_they_accept(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    leave(team_world)
    found = departures.takers(team_world.desk, number, "rep", by=team_world.manager)
    assert [one.member.name for one in found] == ["Rep Two"]
    with pytest.raises(NotFound):
        departures.takers(team_world.desk, number, "", by=team_world.other_manager)
    handovers.reassign(team_world.desk, number, "UREPTWO", None, by=team_world.manager)
    assert departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager).count == 0
    handovers.accept(team_world.desk, number, by=team_world.rep2)
    assert view(team_world, number).broken == ()


def test_one_who_returns_keeps_what_nobody_took_as_it_was(team_world: TeamWorld, database: Database) -> None:
    kept, given = (make_lead(team_world.desk, team_world.rep).opportunity.id for _ in range(2))
    before = view(team_world, kept)
    leave(team_world)
    handovers.reassign(team_world.desk, given, "UREPTWO", None, by=team_world.manager)
    team_world.clock.advance(timedelta(hours=1))
    leave(team_world, is_active=True)
    after = view(team_world, kept)
    same = ("owner", "owner_reason", "is_accepted", "next_text", "next_due_at", "stage", "broken")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    assert owner_of(team_world, given) == team_world.rep2.member_id
    assert again(team_world.desk, team_world.rep).team_id == team_world.team.id
    assert departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager).count == 0
    (told,) = [row.payload for row in promises(database, "notice") if row.payload["key"] == "departure.returned"]
    assert told["params"] == {"member": "Rep", "count": 1}


def test_one_that_is_reopened_after_its_owner_left_shows_the_gap_and_after_their_return_does_not(
    team_world: TeamWorld,
) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    lose(team_world, number)
    leave(team_world)
    opportunities.reopen(team_world.desk, number, "They called", by=team_world.manager)
    assert view(team_world, number).broken == ("owner",)
    lose(team_world, number)
    leave(team_world, is_active=True)
    opportunities.reopen(team_world.desk, number, "They called again", by=team_world.manager)
    assert view(team_world, number).broken == ()


def test_of_one_who_left_everything_else_stays_known(team_world: TeamWorld) -> None:
    before = again(team_world.desk, team_world.rep)
    members.refresh(team_world.desk, before.workspace_id, Profile("UREP", "?", is_active=False, is_slack_admin=True))
    members.refresh(team_world.desk, before.workspace_id, Profile("UREP", "Rep", zone="Asia/Shanghai"))
    assert again(team_world.desk, team_world.rep) == before


def test_undoing_a_close_after_the_owner_left_shows_the_gap(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    form = LossForm.read({"opportunity_id": number, "reason": "price"})
    event_id = stages.lose(team_world.desk, form, by=team_world.manager).event_id
    leave(team_world)
    assert event_id is not None
    opportunities.undo(team_world.desk, event_id, by=team_world.manager)
    assert view(team_world, number).broken == ("owner",)


def lose(world: TeamWorld, number: int) -> None:
    stages.lose(world.desk, LossForm.read({"opportunity_id": number, "reason": "price"}), by=world.manager)


def test_list_of_a_manager_who_left_goes_to_every_admin(team_world: TeamWorld, database: Database) -> None:
    second = make_member(team_world.desk, "Second Admin", is_slack_admin=True)
    leave(team_world, "UMANAGER")
    rows = promises(database, "departure")
    assert {row.channel for row in rows} == {f"member:{one.member_id}" for one in (team_world.admin, second)}
    found = departures.departure(team_world.desk, team_world.manager.member_id or 0, by=team_world.admin)
    assert (found.count, [name for _, name in found.teams]) == (0, ["North"])


def test_team_that_is_not_live_yet_sends_nobody_a_list(team_world: TeamWorld, database: Database) -> None:
    make_lead(team_world.desk, team_world.rep)
    with database.transaction(team_world.rep.workspace_id) as session:
        session.get_one(Team, team_world.team.id).live_from = None
    leave(team_world)
    assert promises(database, "departure") == []


def test_messages_that_are_no_longer_true_are_not_sent(team_world: TeamWorld, database: Database) -> None:
    make_lead(team_world.desk, team_world.rep)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=4), by=team_world.rep)
    leave(team_world)
    sent = {
        row.kind: parcel_text(team_world, row)
        for row in promises(database, "absence") + promises(database, "departure")
    }
    assert "away until" in (sent["absence"] or "")
    assert "needs a new owner" in (sent["departure"] or "")
    leave(team_world, is_active=True)
    members.set_away(team_world.desk, None, by=again(team_world.desk, team_world.rep))
    rows = promises(database, "absence") + promises(database, "departure")
    assert [parcel_text(team_world, row) for row in rows] == [None, None]
    assert parcel_text(team_world, rows[1], reader="UREPTWO") is None


def parcel_text(world: TeamWorld, row: OutboxRow, reader: str = "UMANAGER") -> str | None:
    actor = again(world.desk, make_member(world.desk, "Manager" if reader == "UMANAGER" else "Rep Two"))
    promise = Promise(row.id, row.workspace_id, row.kind, row.channel, row.payload, row.due_at, 1, row.created_at)
    address = Address(reader, "en-US", "Asia/Shanghai", actor, is_member=True, is_active=True)
    parcel = render(world.desk, promise, address)
    return parcel.message[0] if parcel else None


# --- taken off a team


def off_the_team(world: TeamWorld, how: str) -> None:
    """Take the rep off their team, by the team's form or by their own."""
    if how == "team":
        form = {
            "team_id": world.team.id, "name": "North", "channel_id": "CNORTH", "manager": "UMANAGER",
            "reps": ("UREPTWO",), "specialists": ("USPECIALIST",), "zone": "Asia/Shanghai",
        }  # fmt: skip
        teams.setup(world.desk, TeamForm.read(form), by=world.manager)
    else:
        to = world.other_team.id if how == "moved" else None
        values = {"member_id": world.rep.member_id, "weight": 1, "capacity": 50, "asks_team": True, "team_id": to}
        roster.update(world.desk, MemberForm.read(values), by=world.admin)


@pytest.mark.parametrize("how", ["team", "form", "moved"])
def test_who_is_taken_off_a_team_leaves_the_manager_a_list_and_stays_the_owner_meanwhile(
    team_world: TeamWorld, database: Database, how: str
) -> None:
    first, second = (make_lead(team_world.desk, team_world.rep).opportunity.id for _ in range(2))
    off_the_team(team_world, how)
    (row,) = promises(database, "departure")
    assert row.channel == f"member:{team_world.manager.member_id}"
    assert "not on the team any more, but still owns *2* opportunities" in (parcel_text(team_world, row) or "")
    left = departures.departure(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert (left.count, left.is_here, left.teams) == (2, True, ())
    assert view(team_world, first).broken == ()
    handovers.reassign(team_world.desk, first, "UREPTWO", None, by=team_world.manager)
    given = departures.give_by_rules(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert (given.offered, given.pooled) == (1, 0)
    assert {owner_of(team_world, first), owner_of(team_world, second)} == {team_world.rep2.member_id}
    assert parcel_text(team_world, row) is None


def test_who_owns_nothing_or_still_decides_for_the_team_leaves_no_list(
    team_world: TeamWorld, database: Database
) -> None:
    off_the_team(team_world, "form")
    assert promises(database, "departure") == []
    other = departures.departure(team_world.desk, team_world.other_rep.member_id or 0, by=team_world.admin)
    make_lead(team_world.desk, team_world.other_rep)
    assert (other.count, other.is_here) == (0, True)
    values = {"member_id": team_world.other_rep.member_id, "weight": 1, "capacity": 50, "role": "admin"}
    roster.update(team_world.desk, MemberForm.read({**values, "asks_team": True}), by=team_world.admin)
    assert again(team_world.desk, team_world.other_rep).team_id is None
    assert promises(database, "departure") == []


def test_rules_give_away_nothing_of_one_who_is_on_the_team(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    given = departures.give_by_rules(team_world.desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert (given.offered, given.pooled) == (0, 0)
    assert owner_of(team_world, number) == team_world.rep.member_id


def test_absence_of_nobody_is_not_found(team_world: TeamWorld) -> None:
    with pytest.raises(NotFound):
        absences.absence_of(team_world.desk, 999_999, workspace_id=team_world.rep.workspace_id)
    assert pool_list.listing(team_world.desk, PoolFilter(), by=team_world.manager).rows == ()
