"""What waits for somebody who is gone by then: a handover, an escalation, a list, a week; and what comes once, and by day."""

from datetime import date
from typing import Any

from sqlalchemy import select, update

from bot.clock import FakeClock
from bot.models import Member, Opportunity, OutboxRow
from bot.models.session import Database
from bot.services import briefings, handovers, members, opportunities, pool, sweep, teams
from bot.services.desk import Actor, Desk
from bot.services.members import Profile
from bot.services.teams import TeamForm
from tests.factories import WORKSPACE, TeamWorld, again, make_lead, make_member, make_team, make_team_world
from tests.integration.running import A_GRADE, Sent, at, run, to


def leave(world: TeamWorld, one: Actor) -> None:
    members.remember(world.desk, WORKSPACE, Profile(one.slack_user_id or "", "Gone", is_active=False))


def of_kind(found: list[Sent], kind: str) -> list[tuple[Any, str]]:
    return [(moment, channel) for moment, sent, channel, _ in found if sent == kind]


def mailbox(one: Actor) -> str:
    return f"member:{one.member_id}"


def test_a_handover_that_waits_outlives_its_giver(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep, next_step="Call", next_due_at=at(6, 16)).opportunity
    handovers.offer(desk, lead.id, "UREPTWO", "All yours", by=team_world.rep)
    leave(team_world, team_world.rep)
    run(team_world, at(2, 9, 30))
    shown = opportunities.view(desk, lead.id, by=team_world.manager)
    assert shown.owner is not None
    assert shown.owner.id == team_world.rep.member_id
    handovers.accept(desk, lead.id, by=team_world.rep2)
    assert opportunities.view(desk, lead.id, by=team_world.rep2).broken == ()


def test_a_handover_of_one_who_left_that_nobody_takes_stays_on_the_managers_list(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep, next_step="Call", next_due_at=at(6, 16)).opportunity
    handovers.offer(desk, lead.id, "UREPTWO", "All yours", by=team_world.rep)
    leave(team_world, team_world.rep)
    found = run(team_world, at(5, 9))
    told = [
        payload["key"]
        for _, kind, channel, payload in found
        if kind == "notice" and channel == mailbox(team_world.manager)
    ]
    assert "notice.handover_lapsed" in told
    assert "notice.pool_nobody" not in told
    shown = opportunities.view(desk, lead.id, by=team_world.manager)
    assert shown.owner is not None
    assert "owner" in shown.broken


def gathered_for_monday(world: TeamWorld) -> None:
    """Have one escalation told on Friday evening, and another wait until Monday."""
    for minute in (10, 30):
        make_lead(world.desk, world.rep, next_step="Call", next_due_at=at(5, 17, minute), **A_GRADE)
    run(world, at(6, 17, 45))
    with world.desk.reading(world.admin) as session:
        waiting = session.scalars(select(OutboxRow.state).where(OutboxRow.kind == "escalation")).all()
    assert sorted(waiting) == ["sent", "waiting"]


def test_an_escalation_that_waited_for_a_manager_who_leaves_reaches_the_admin(team_world: TeamWorld) -> None:
    gathered_for_monday(team_world)
    leave(team_world, team_world.manager)
    found = run(team_world, at(11, 18))
    assert to(found, team_world.admin.member_id, "escalation")
    with team_world.desk.reading(team_world.admin) as session:
        assert None not in session.scalars(select(Opportunity.escalated_at)).all()


def test_an_escalation_that_waited_for_a_manager_who_is_replaced_reaches_the_new_one(team_world: TeamWorld) -> None:
    boss = make_member(team_world.desk, "New Boss")
    gathered_for_monday(team_world)
    people = {"manager": boss.slack_user_id, "reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",)}
    known = {"team_id": team_world.team.id, "name": "North", "channel_id": "CNORTH", "zone": "Asia/Shanghai"}
    teams.setup(team_world.desk, TeamForm.read({**known, **people}), by=team_world.admin)
    assert to(run(team_world, at(11, 18)), boss.member_id, "escalation")


def test_a_list_that_waited_for_a_manager_who_leaves_reaches_the_admin(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=at(27, 17))
    run(team_world, at(6, 18, 30))
    leave(team_world, team_world.rep)
    team_world.clock.set(at(7, 12))
    leave(team_world, team_world.manager)
    found = run(team_world, at(9, 18))
    lists = {(channel, payload["member_id"]) for _, kind, channel, payload in found if kind == "departure"}
    assert (mailbox(team_world.admin), team_world.rep.member_id) in lists


def test_the_week_of_a_team_whose_manager_left_is_read_by_the_admins(team_world: TeamWorld) -> None:
    leave(team_world, team_world.manager)
    weeks = of_kind(run(team_world, at(9, 18)), "weekly")
    assert sorted(weeks) == [
        (at(9, 9, 30), mailbox(team_world.other_manager)),
        (at(9, 9, 30), mailbox(team_world.admin)),
    ]


def test_one_who_manages_in_two_zones_reads_of_the_pool_once_a_week(
    desk: Desk, clock: FakeClock, database: Database
) -> None:
    world = make_team_world(desk, clock)
    abroad = make_member(desk, "London Rep", zone="Europe/London")
    make_team(
        desk,
        by=world.admin,
        manager=world.manager,
        name="London",
        channel_id="CLONDON",
        reps=(abroad,),
        zone="Europe/London",
    )
    with database.transaction(None) as session:
        session.execute(update(Member).values(capacity=0))
    for one in (world.rep, again(desk, abroad)):
        lead = make_lead(desk, one, next_step="Call", next_due_at=at(30, 12)).opportunity
        pool.release(desk, lead.id, "No fit", by=one)
    told = [moment.date() for moment, _ in to(run(world, at(25, 18)), world.manager.member_id, "pool")]
    assert [day for day in told if day >= date(2026, 3, 9)] == [date(2026, 3, 9), date(2026, 3, 16), date(2026, 3, 23)]


def test_after_a_week_long_holiday_the_last_week_of_work_is_told(desk: Desk, clock: FakeClock) -> None:
    world = make_team_world(desk, clock, exceptions="\n".join(f"2026-03-{day} off" for day in range(16, 21)))
    run(world, at(10, 10))
    make_lead(desk, world.rep, next_step="Call", next_due_at=at(30, 12))
    weeks = {
        moment for moment, channel in of_kind(run(world, at(30, 12)), "weekly") if channel == mailbox(world.manager)
    }
    assert weeks == {at(23, 9, 30), at(30, 9, 30)}
    told = briefings.weekly(desk, world.team.id, by=world.manager, monday=date(2026, 3, 23))
    assert told.this.by_kind["new"].count == 1
    after = briefings.weekly(desk, world.team.id, by=world.manager, monday=date(2026, 3, 30))
    assert "new" not in after.this.by_kind


def test_a_digest_that_an_outage_held_up_is_not_posted_at_night(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=at(30, 12))
    run(team_world, at(3, 8))
    team_world.clock.set(at(3, 17))
    assert sweep.digests(team_world.desk) == 2, "late, and still by day"
    run(team_world, at(4, 8))
    team_world.clock.set(at(4, 23, 40))
    assert sweep.digests(team_world.desk) == 0
    days = [payload["day"] for _, kind, _, payload in run(team_world, at(5, 12)) if kind == "digest"]
    assert days == ["2026-03-05"] * 2
