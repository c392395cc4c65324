"""A team that is changed: its digest, its week and its mornings still come, each once, and stored moments follow its hours."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from bot.domain.calendar import add_days
from bot.models import Opportunity, Team
from bot.models.session import Database
from bot.services import renewals, sweep, teams
from bot.services.recording import calendar_of
from bot.services.teams import TeamForm
from tests.factories import TeamWorld, make_lead
from tests.integration.running import A_GRADE, Sent, at, run


def save(world: TeamWorld, **values: Any) -> None:
    known = {"team_id": world.team.id, "name": "North", "channel_id": "CNORTH", "manager": "UMANAGER"}
    people = {"reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",), "zone": "Asia/Shanghai"}
    teams.setup(world.desk, TeamForm.read({**known, **people, **values}), by=world.manager)


def of_north(world: TeamWorld, found: list[Sent], kind: str) -> list[datetime]:
    return [moment for moment, sent, _, payload in found if sent == kind and payload.get("team_id") == world.team.id]


def test_a_digest_whose_new_hour_has_passed_comes_at_once_and_only_once(team_world: TeamWorld) -> None:
    save(team_world, digest_time="17:00")
    run(team_world, at(3, 12))
    save(team_world, digest_time="9:00")
    assert of_north(team_world, run(team_world, at(4, 8)), "digest") == [at(3, 12)]
    run(team_world, at(4, 12))
    save(team_world, digest_time="8:00")
    assert of_north(team_world, run(team_world, at(5, 7)), "digest") == []
    assert of_north(team_world, run(team_world, at(5, 12)), "digest") == [at(5, 8)]


def test_what_is_overdue_after_a_stop_still_comes_where_the_team_was_saved_meanwhile(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_due_at=at(6, 10))
    run(team_world, at(9, 8, 50))
    team_world.clock.set(at(9, 9, 45))
    save(team_world, name="Northern", reps=("UREP", "UREPTWO", "UNEW"))
    found = run(team_world, at(9, 9, 50))
    assert of_north(team_world, found, "digest") == of_north(team_world, found, "weekly") == [at(9, 9, 45)]
    focus = [channel for moment, kind, channel, _ in found if kind == "focus"]
    assert focus == [f"member:{team_world.rep.member_id}"]


def test_other_hours_move_the_week_and_give_no_second_morning(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_due_at=at(6, 10))
    run(team_world, at(9, 10))
    save(team_world, hours="8-17")
    found = run(team_world, at(10, 8, 30))
    assert of_north(team_world, found, "weekly") == []
    mornings = [
        moment
        for moment, kind, channel, _ in found
        if kind == "focus" and channel.endswith(f":{team_world.rep.member_id}")
    ]
    assert mornings == [at(10, 8)]


def test_a_monday_that_is_worked_after_all_has_its_week_at_once(team_world: TeamWorld) -> None:
    save(team_world, exceptions="2026-03-09 off")
    assert of_north(team_world, run(team_world, at(9, 12)), "weekly") == []
    save(team_world, days_shown_to=date.max)
    found = run(team_world, at(15, 12))
    assert of_north(team_world, found, "weekly") == [at(9, 12)]
    assert of_north(team_world, found, "digest")[0] == at(9, 12)


def test_a_new_team_has_no_digest_on_the_day_it_is_made_after_its_hour(team_world: TeamWorld) -> None:
    team_world.clock.set(at(3, 12))
    made = teams.setup(
        team_world.desk, TeamForm.read({"name": "West", "channel_id": "CW", "manager": "UADMIN", "zone": "Asia/Shanghai"}),
        by=team_world.admin,
    )  # fmt: skip
    found = run(team_world, at(4, 12))
    assert [one[0] for one in found if one[1] == "digest" and one[3]["team_id"] == made.id] == [at(4, 9)]


def moments(database: Database, number: int) -> tuple[Any, ...]:
    with database.reading(None) as session:
        row = session.get_one(Opportunity, number)
        return row.attention_at, row.stage_limit_at, row.broken_from, row.version


def test_stored_moments_follow_a_team_into_another_zone(team_world: TeamWorld, database: Database) -> None:
    desk = team_world.desk
    save(team_world, zone="America/New_York")
    renewals.renew(desk)
    numbers = [make_lead(desk, team_world.rep, next_due_at=at(4, 16), **A_GRADE).opportunity.id for _ in range(3)]
    before = [moments(database, number) for number in numbers]
    save(team_world, zone="America/New_York", name="Northern")
    assert renewals.renew(desk) == 0, "nothing of the calendar changed"
    save(team_world)
    assert renewals.renew(desk, limit=2) >= 3
    assert renewals.renew(desk) == 0
    after = [moments(database, number) for number in numbers]
    with database.reading(None) as session:
        team = session.get_one(Team, team_world.team.id)
        limit = add_days(calendar_of(team), session.get_one(Opportunity, numbers[0]).stage_entered_at, 3)
        assert session.scalars(select(Team.reckoned_to)).all() == [None, None]
    for was, now in zip(before, after, strict=True):
        assert was[1] != now[1] == limit
        assert was[3] == now[3], "an open form is not out of date because of the clock"
        assert now[2] == min(limit, at(4, 16))


def test_a_nudge_comes_by_the_new_hours_where_the_zone_changed_after_the_reminder(team_world: TeamWorld) -> None:
    save(team_world, zone="America/New_York")
    number = make_lead(team_world.desk, team_world.rep, next_due_at=at(4, 9), **A_GRADE).opportunity.id
    run(team_world, at(4, 9, 5))
    save(team_world)
    renewals.renew(team_world.desk)
    with team_world.desk.database.reading(None) as session:
        # Four working hours after nine o'clock in Shanghai, with the break between.
        assert session.get_one(Opportunity, number).attention_at == at(4, 14)
    assert sweep.due(team_world.desk) == 0
    team_world.clock.advance(timedelta(hours=6))
    assert sweep.due(team_world.desk) >= 1
