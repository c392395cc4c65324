"""What is told at fixed hours and on demand: the day of a team, the week of a manager, and what changed since a look."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.clock import FakeClock
from bot.domain.playbook import Name
from bot.errors import CustomerProtected, NotAllowed, NotFound
from bot.models import DigestRecord, EventRow, Opportunity, Team
from bot.models.session import Database
from bot.reminders.rendering import render
from bot.services import briefings, dead_letters, leads, opportunities, outbox, playbooks, pool, stages, sweep, teams
from bot.services.desk import Desk, system_actor
from bot.services.edits import EditForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm, WinForm
from bot.services.teams import TeamForm
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.running import A_GRADE, at, run


def lead(world: TeamWorld, by: Any = None, **values: Any) -> int:
    return make_lead(world.desk, by or world.rep, **values).opportunity.id


def names(changes: Any, kind: str) -> list[int]:
    return [one.opportunity_id for one in changes.of(kind).biggest]


# --- what changed


def test_each_kind_of_change_is_told_once_the_biggest_first(team_world: TeamWorld) -> None:
    desk, rep = team_world.desk, team_world.rep
    small, big = lead(team_world, amount="1k"), lead(team_world, amount="9k")
    won, lost = lead(team_world), lead(team_world)
    stages.win(desk, WinForm(opportunity_id=won, reason="fit", amount="9k"), by=rep)
    stages.lose(desk, LossForm(opportunity_id=lost, reason="price"), by=rep)
    moved = lead(team_world, contact_email="a@b.example")
    stages.advance(desk, moved, "qualified", by=rep)
    slipped = lead(team_world, expected_close_on=date(2026, 4, 1))
    for day in (date(2026, 4, 9), date(2026, 5, 1)):
        opportunities.edit(desk, slipped, EditForm(expected_close_on=day), by=rep)
    team_world.clock.advance(timedelta(minutes=1))
    found = briefings.since_last_look(desk, by=team_world.manager).changes
    assert found.of("new").count == 6
    assert names(found, "new") == [big, won, small, lost, moved], "only the biggest are told by name"
    assert found.of("new").sums == (("USD", 1_900_000),)
    assert found.reasons == ((Name("Price", "价格"), 1),)
    assert names(found, "won") == [won]
    assert [(one.opportunity_id, one.after) for one in found.of("lost").biggest] == [(lost, Name("Price", "价格"))]
    (forward,) = found.of("forward").biggest
    assert (forward.opportunity_id, forward.before, forward.after) == (
        moved,
        Name("Lead", "线索"),
        Name("Qualified", "初步意向"),
    )
    (slip,) = found.of("slipped").biggest
    assert (slip.opportunity_id, slip.before, slip.after) == (slipped, date(2026, 4, 1), date(2026, 5, 1))


def test_there_and_back_again_is_no_move_and_what_was_undone_did_not_happen(team_world: TeamWorld) -> None:
    desk, rep = team_world.desk, team_world.rep
    number = lead(team_world, contact_email="a@b.example")
    stages.advance(desk, number, "qualified", by=rep)
    stages.advance(desk, number, "lead", by=rep)
    undone = lead(team_world, contact_email="c@d.example")
    done = stages.advance(desk, undone, "qualified", by=rep)
    assert done.event_id is not None
    opportunities.undo(desk, done.event_id, by=rep)
    won = lead(team_world)
    stages.win(desk, WinForm(opportunity_id=won, reason="fit", amount="9k"), by=rep)
    stages.reopen(desk, won, "too soon", by=rep)
    team_world.clock.advance(timedelta(minutes=1))
    found = briefings.since_last_look(desk, by=team_world.manager).changes
    assert set(found.by_kind) == {"new"}


def test_a_stopped_collision_is_told_with_who_tried(team_world: TeamWorld) -> None:
    made = make_lead(team_world.desk, team_world.rep).opportunity
    with pytest.raises(CustomerProtected):
        leads.capture(team_world.desk, LeadForm.read({"customer_name": made.customer, "need": "n"}), by=team_world.rep2)
    team_world.clock.advance(timedelta(minutes=1))
    found = briefings.since_last_look(team_world.desk, by=team_world.manager).changes
    assert [(one.opportunity_id, one.after) for one in found.of("collision").biggest] == [
        (made.id, Name("Rep Two", "Rep Two"))
    ]


def test_one_that_came_from_another_team_is_told_by_its_way_in_this_one(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    data = playbooks.export(desk, team_world.team.id, by=team_world.manager)
    pilot = {**data["stages"][1], "key": "pilot", "name": {"en": "Pilot", "zh": "试点"}, "criteria": []}
    data["stages"].insert(2, pilot)
    data["pool"] = {**data["pool"], "to_all_days": 0}
    playbooks.publish(desk, team_world.team.id, data, by=team_world.manager)
    number = lead(team_world, contact_email="a@b.example", facts={"budget": "likely", "authority": "decider"})
    stages.advance(desk, number, "pilot", by=team_world.rep)
    clock.advance(timedelta(minutes=5))
    assert [
        one.after for one in briefings.since_last_look(desk, by=team_world.manager).changes.of("forward").biggest
    ] == [Name("Pilot", "试点")]
    pool.release(desk, number, "not ours", by=team_world.rep)
    clock.advance(timedelta(minutes=5))
    pool.claim(desk, number, by=team_world.other_rep)
    south, system = team_world.other_team.id, system_actor(team_world.rep.workspace_id)
    clock.advance(timedelta(minutes=5))
    day = briefings.daily(desk, south, by=system, day=date(2026, 3, 2))
    assert not day.changes.of("forward").count, "what it did in North is no news of South's"
    stages.advance(desk, number, "solution", by=team_world.other_rep)
    clock.advance(timedelta(minutes=5))
    told = [
        briefings.daily(desk, south, by=system, day=date(2026, 3, 2)).changes,
        briefings.weekly(desk, south, by=team_world.other_manager, monday=date(2026, 3, 9)).this,
        briefings.since_last_look(desk, by=team_world.other_manager).changes,
    ]
    for changes in told:
        (moved,) = changes.of("forward").biggest
        assert (moved.opportunity_id, moved.before, moved.after) == (
            number,
            Name("Qualified", "初步意向"),
            Name("Solution", "方案沟通"),
        )


def test_a_stage_that_the_playbook_does_not_know_is_called_by_its_key(
    team_world: TeamWorld, database: Database
) -> None:
    number = lead(team_world, contact_email="a@b.example")
    stages.advance(team_world.desk, number, "qualified", by=team_world.rep)
    with database.transaction(team_world.rep.workspace_id) as session:
        event = session.scalar(select(EventRow).where(EventRow.kind == "StageChanged"))
        assert event is not None
        event.payload = {**event.payload, "before": "pilot", "forward": False}
    team_world.clock.advance(timedelta(minutes=1))
    (moved,) = briefings.since_last_look(team_world.desk, by=team_world.manager).changes.of("back").biggest
    assert (moved.before, moved.after) == (Name("pilot", "pilot"), Name("Qualified", "初步意向"))


# --- the day of a team


def test_the_day_tells_what_happened_since_the_digest_before(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    run(team_world, at(6, 9))
    clock.advance(timedelta(minutes=1))
    due = clock.now() + timedelta(hours=1)
    late = [lead(team_world, next_due_at=due), lead(team_world, team_world.rep2, next_due_at=due, amount="9k")]
    lead(team_world, next_due_at=due, amount="90k", **A_GRADE)
    won = lead(team_world)
    stages.win(desk, WinForm(opportunity_id=won, reason="fit", amount="9k"), by=team_world.rep)
    clock.set(at(9, 9))
    system = system_actor(team_world.rep.workspace_id)
    told = briefings.daily(desk, team_world.team.id, by=system, day=date(2026, 3, 9))
    assert told.changes.since == at(6, 9)
    assert names(told.changes, "won") == [won]
    assert told.changes.of("new").count == 4
    assert [(one.name, count) for one, count in told.overdue_by_rep] == [("Rep", 2), ("Rep Two", 1)]
    # The best grade first, then the largest amount.
    assert [line.grade for line in told.at_risk] == ["A", "C", "C"]
    assert [line.id for line in told.at_risk][1:] == late[::-1]
    assert told.trend == (100.0,) * 4
    run(team_world, at(9, 9))
    clock.set(at(10, 9))
    tuesday = briefings.daily(desk, team_world.team.id, by=team_world.manager, day=date(2026, 3, 10))
    assert tuesday.changes.is_empty
    assert tuesday.trend[-1] == 25.0, "three of four were overdue on Monday"


def test_what_an_undelivered_digest_would_have_told_is_told_by_the_next_one(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    run(team_world, at(2, 15))
    lead(team_world)
    run(team_world, at(2, 16))
    clock.set(at(3, 9))
    sweep.digests(desk)
    leased = [
        one for one in outbox.lease(desk) if one.kind == "digest" and one.payload["team_id"] == team_world.team.id
    ]
    (refused,) = leased
    outbox.dead(desk, refused, "is_archived")
    clock.set(at(4, 9))
    day = {"by": system_actor(team_world.rep.workspace_id), "day": date(2026, 3, 4)}
    told = briefings.daily(desk, team_world.team.id, **day)
    assert told.changes.since == at(2, 9), "Monday's own is the last there could have been"
    assert told.changes.of("new").count == 1
    # Sent again after all, it has told of it.
    dead_letters.resend(desk, refused.id, by=team_world.admin)
    for one in outbox.lease(desk):
        outbox.sent(desk, one, channel="C", ts="1")
    told = briefings.daily(desk, team_world.team.id, **day)
    assert (told.changes.since, told.changes.is_empty) == (at(3, 9), True)


def test_a_quiet_teams_day_is_empty_and_strangers_do_not_read_it(team_world: TeamWorld) -> None:
    told = briefings.daily(team_world.desk, team_world.team.id, by=team_world.rep, day=date(2026, 3, 2))
    assert (told.overdue_by_rep, told.at_risk, told.in_pool, told.collisions, told.trend) == ((), (), 0, 0, ())
    assert told.changes.is_empty
    with pytest.raises(NotAllowed):
        briefings.daily(team_world.desk, team_world.team.id, by=team_world.other_rep, day=date(2026, 3, 2))
    with pytest.raises(NotFound):
        briefings.daily(team_world.desk, 999_999, by=team_world.admin, day=date(2026, 3, 2))


def test_what_is_overdue_in_the_pool_is_in_the_lists_as_it_is_in_the_figures(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    due = clock.now() + timedelta(hours=1)
    pooled = lead(team_world, next_due_at=due, contact_email="a@b.example", **A_GRADE)
    lead(team_world, next_due_at=due)
    pool.release(desk, pooled, "not ours", by=team_world.rep)
    clock.advance(timedelta(days=1))
    system = system_actor(team_world.rep.workspace_id)
    told = briefings.daily(desk, team_world.team.id, by=system, day=date(2026, 3, 3))
    overdue = sum(stage.overdue for stage in told.summary.stages)
    assert overdue == 2 == told.overdue_in_pool + sum(count for _, count in told.overdue_by_rep)
    assert dict(told.summary.health.broken)["next_step"] == 2 == len(told.at_risk)
    assert [one.owner and one.owner.name for one in told.at_risk] == [None, "Rep"]
    week = briefings.weekly(desk, team_world.team.id, by=team_world.manager, monday=date(2026, 3, 9))
    assert (week.overdue_in_pool, [count for _, count in week.overdue_by_rep]) == (1, [1])


def test_what_was_made_is_on_record_with_its_health(team_world: TeamWorld, database: Database) -> None:
    lead(team_world)
    run(team_world, at(5, 10))
    with database.reading(None) as session:
        rows = session.scalars(
            select(DigestRecord).where(DigestRecord.team_id == team_world.team.id, DigestRecord.kind == "daily")
        ).all()
        found = [(row.day.day, row.open_count, row.sound_count) for row in rows]
    assert found == [(3, 1, 0), (4, 1, 0), (5, 1, 0)]


def test_two_workers_make_one_digest_even_where_one_forgot_its_moment(
    team_world: TeamWorld, database: Database
) -> None:
    run(team_world, at(3, 9))
    with database.transaction(None) as session:
        session.execute(update(Team).values(digest_next_at=at(3, 9), weekly_next_at=at(3, 9)))
    assert sweep.digests(Desk(database, FakeClock(at(3, 9, 5)))) == 0
    assert sweep.digests(Desk(database, FakeClock(at(4, 9)))) == 2
    assert sweep.digests(Desk(database, FakeClock(at(4, 9)))) == 0


# --- the week of a manager


def weeks(found: list[Any]) -> list[tuple[datetime, str]]:
    return [(moment, payload["monday"]) for moment, kind, _, payload in found if kind == "weekly"]


def test_a_manager_reads_the_week_on_monday_at_half_past_nine(team_world: TeamWorld) -> None:
    found = run(team_world, at(24, 8))
    mine = [one for one in found if one[2] == f"member:{team_world.manager.member_id}"]
    assert weeks(mine) == [
        (at(9, 9, 30), "2026-03-09"),
        (at(16, 9, 30), "2026-03-16"),
        (at(23, 9, 30), "2026-03-23"),
    ]


def test_after_a_holiday_on_monday_it_comes_on_the_first_working_day(desk: Desk, clock: FakeClock) -> None:
    world = make_team_world(desk, clock, country="CN")
    clock.set(at(1, 0, month=10))
    run(world, at(1, 1, month=10))
    moments = [moment for moment, _ in weeks(run(world, at(13, 8, month=10)))]
    # National Day ends on Wednesday the 7th.
    assert moments == [at(8, 9, 30, month=10)] * 2 + [at(12, 9, 30, month=10)] * 2


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Asia/Kolkata"])
def test_the_week_keeps_its_local_hour_over_daylight_saving(desk: Desk, clock: FakeClock, zone: str) -> None:
    world = make_team_world(desk, clock, zone=zone)
    found = run(world, datetime(2026, 4, 8, tzinfo=UTC))
    local = [moment.astimezone(ZoneInfo(zone)) for moment, _ in weeks(found)]
    assert {moment.strftime("%a %H:%M") for moment in local} == {"Mon 09:30"}
    assert len(set(local)) >= 5
    assert len(local) == 2 * len(set(local)), "one for each of the two teams"


def test_a_changed_zone_gives_no_second_week(team_world: TeamWorld) -> None:
    run(team_world, at(9, 10))
    form = {"team_id": team_world.team.id, "name": "North", "channel_id": "CNORTH", "manager": "UMANAGER"}
    people = {"reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",), "zone": "America/New_York"}
    teams.setup(team_world.desk, TeamForm.read({**form, **people}), by=team_world.manager)
    found = run(team_world, at(16, 8))
    assert [one for one in found if one[1] == "weekly" and one[3]["team_id"] == team_world.team.id] == []


def test_the_week_is_told_against_the_one_before_with_why_and_whom_nobody_called(team_world: TeamWorld) -> None:
    desk, rep = team_world.desk, team_world.rep
    for reason in ("price", "price", "no_fit"):
        stages.lose(desk, LossForm(opportunity_id=lead(team_world), reason=reason), by=rep)
    forgotten = [lead(team_world, amount="5k"), lead(team_world)]
    team_world.clock.set(at(10, 10))
    stages.win(desk, WinForm(opportunity_id=lead(team_world), reason="fit", amount="7k"), by=rep)
    team_world.clock.set(at(16, 9, 30))
    second = briefings.weekly(desk, team_world.team.id, by=team_world.manager, monday=date(2026, 3, 16))
    assert {kind: found.count for kind, found in second.before.by_kind.items()} == {"new": 5, "lost": 3}
    assert {kind: found.count for kind, found in second.this.by_kind.items()} == {"new": 1, "won": 1}
    assert [line.id for line in second.neglected] == forgotten
    assert second.neglected_count == 2
    assert [(who.name, count) for who, count in second.overdue_by_rep] == [("Rep", 2)]
    first = briefings.weekly(desk, team_world.team.id, by=team_world.manager, monday=date(2026, 3, 9))
    assert first.this.reasons == ((Name("Price", "价格"), 2), (Name("Does not fit", "需求不匹配"), 1))
    with pytest.raises(NotAllowed):
        briefings.weekly(desk, team_world.team.id, by=rep, monday=date(2026, 3, 9))


def test_the_week_is_rendered_for_its_manager_and_for_nobody_else_and_not_a_week_later(
    team_world: TeamWorld, database: Database
) -> None:
    stages.lose(team_world.desk, LossForm(opportunity_id=lead(team_world), reason="price"), by=team_world.rep)
    lead(team_world)
    run(team_world, at(9, 9))
    team_world.clock.set(at(9, 9, 30))
    sweep.digests(team_world.desk)
    mine = f"member:{team_world.manager.member_id}"
    promise = next(one for one in outbox.lease(team_world.desk) if one.kind == "weekly" and one.channel == mine)
    address = outbox.address(team_world.desk, promise)
    parcel = render(team_world.desk, promise, address)
    assert parcel is not None
    assert parcel.message[0] == "Your week with North: loop health 50%, 0 won, 1 lost"
    assert "Why lost" in str(parcel.message[1])
    team_world.clock.set(at(16, 10))
    assert render(team_world.desk, promise, address) is None
    with database.transaction(None) as session:
        session.execute(update(Team).values(manager_id=team_world.admin.member_id))
    assert render(team_world.desk, promise, outbox.address(team_world.desk, promise)) is None


# --- since one last looked


def test_a_look_is_remembered_and_the_next_one_goes_on_from_there(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead(team_world)
    first = briefings.since_last_look(desk, by=team_world.manager)
    assert first.is_first
    assert len(names(first.changes, "new")) == 1
    assert briefings.since_last_look(desk, by=team_world.manager).changes.is_empty
    team_world.clock.advance(timedelta(hours=3))
    number = lead(team_world, team_world.rep2)
    again = briefings.since_last_look(desk, by=team_world.manager)
    assert names(again.changes, "new") == [number]
    assert not again.is_first


def test_a_rep_is_told_of_their_own_and_a_manager_of_their_teams_only(team_world: TeamWorld) -> None:
    own, theirs, elsewhere = (lead(team_world, by) for by in (team_world.rep, team_world.rep2, team_world.other_rep))
    seen = {
        by.name: set(names(briefings.since_last_look(team_world.desk, by=by).changes, "new"))
        for by in (team_world.rep, team_world.manager, team_world.admin)
    }
    assert seen == {"Rep": {own}, "Manager": {own, theirs}, "Admin": {own, theirs, elsewhere}}


def test_whoever_was_gone_for_long_is_told_of_ninety_days(team_world: TeamWorld, database: Database) -> None:
    briefings.since_last_look(team_world.desk, by=team_world.manager)
    team_world.clock.advance(timedelta(days=200))
    found = briefings.since_last_look(team_world.desk, by=team_world.manager).changes
    assert found.since == team_world.clock.now() - timedelta(days=90)
    with database.reading(None) as session:
        assert session.scalar(select(Opportunity.id)) is None
