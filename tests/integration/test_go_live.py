"""A team that came with an import is looked after from its go-live on, and not before; what is old comes up a few a day."""

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.models import EventRow, Opportunity, Team
from bot.models.session import Database
from bot.services import focus, follow_ups, opportunities, playbooks, reports, sweep, teams
from bot.services.follow_ups import FollowUpForm
from tests.factories import TeamWorld, make_lead

SHANGHAI = ZoneInfo("Asia/Shanghai")
A_DAY = 2


def imported(world: TeamWorld) -> None:
    """Have the team stand as after an import: nothing looks after it yet."""
    with world.desk.transaction(world.admin) as session:
        session.execute(update(Team).where(Team.id == world.team.id).values(live_from=None))
        session.execute(update(Opportunity).where(Opportunity.team_id == world.team.id).values(attention_at=None))


def go_live(world: TeamWorld) -> None:
    people = {"manager": world.manager.slack_user_id, "reps": [world.rep.slack_user_id, world.rep2.slack_user_id]}
    form = {"team_id": world.team.id, "name": world.team.name, "channel_id": "C1", "zone": "Asia/Shanghai", **people}
    teams.setup(world.desk, teams.TeamForm.read(form), by=world.admin)


def set_pace(world: TeamWorld, a_day: int) -> None:
    data = playbooks.export(world.desk, world.team.id, by=world.manager)
    playbooks.publish(world.desk, world.team.id, {**data, "backlog_a_day": a_day}, by=world.manager)


def test_team_that_goes_live_is_swept_from_then_on(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    one = make_lead(desk, team_world.rep).opportunity
    imported(team_world)
    clock.advance(timedelta(days=30))
    assert sweep.due(desk) == 0
    go_live(team_world)
    assert sweep.due(desk) == 0, "the past is not held against anybody"

    clock.advance(timedelta(days=3))
    assert sweep.due(desk) == 1
    steps = [
        line for line in opportunities.history(desk, one.id, by=team_world.rep) if line.event.kind == "LadderStepTaken"
    ]
    assert steps


@pytest.fixture
def backlog(team_world: TeamWorld) -> dict[str, list[int]]:
    """Seven old ones of one rep and three of another, of which the last ones are the best; all live since this Wednesday."""
    set_pace(team_world, A_DAY)
    found: dict[str, list[int]] = {}
    for who, count in (("rep", 7), ("rep2", 3)):
        by = getattr(team_world, who)
        found[who] = [
            make_lead(team_world.desk, by, customer_name=f"{who} {number} Works").opportunity.id
            for number in range(count)
        ]
        with team_world.desk.transaction(team_world.admin) as session:
            session.execute(update(Opportunity).where(Opportunity.id == found[who][-1]).values(grade="A"))
    imported(team_world)
    team_world.clock.set(datetime(2026, 3, 18, 10, tzinfo=SHANGHAI))
    go_live(team_world)
    return found


def days_told(world: TeamWorld, database: Database, until: datetime) -> dict[int, date]:
    """Let the clock run, and return on which day each was brought up first."""
    while world.clock.now() < until:
        sweep.due(world.desk)
        coming = sweep.next_moment(world.desk)
        world.clock.set(
            until if coming is None or coming > until else max(coming, world.clock.now() + timedelta(minutes=1))
        )
    with database.reading(None) as session:
        rows = session.execute(
            select(EventRow.opportunity_id, EventRow.at).where(EventRow.kind == "LadderStepTaken").order_by(EventRow.at)
        ).all()
    found: dict[int, date] = {}
    for number, moment in rows:
        found.setdefault(number, moment.astimezone(SHANGHAI).date())
    return found


def test_old_ones_come_up_so_many_a_working_day_and_owner_the_best_first(
    team_world: TeamWorld, backlog: dict[str, list[int]], database: Database
) -> None:
    told = days_told(team_world, database, datetime(2026, 3, 25, 18, tzinfo=SHANGHAI))
    assert set(told) == {*backlog["rep"], *backlog["rep2"]}, "nothing is left out"
    for numbers in backlog.values():
        assert max(Counter(told[one] for one in numbers).values()) <= A_DAY
        assert told[numbers[-1]] == date(2026, 3, 19), "the best grade on the first morning"
    assert max(told.values()) == date(2026, 3, 24), "Thursday, Friday, Monday, Tuesday"


def test_the_morning_list_and_the_manager_see_what_has_come_up_and_what_waits(
    team_world: TeamWorld, backlog: dict[str, list[int]]
) -> None:
    def seen() -> tuple[int, Any]:
        left = reports.pipeline(team_world.desk, by=team_world.manager, team_id=team_world.team.id).backlog
        return focus.today(team_world.desk, by=team_world.rep).count, left and left.count

    assert seen() == (0, 10)
    team_world.clock.set(datetime(2026, 3, 19, 9, tzinfo=SHANGHAI))
    assert seen() == (2, 6)
    team_world.clock.set(datetime(2026, 3, 24, 9, tzinfo=SHANGHAI))
    assert seen() == (7, None)


def test_who_acts_on_one_that_waits_has_it_in_hand(team_world: TeamWorld, backlog: dict[str, list[int]]) -> None:
    number = backlog["rep"][4]
    due = datetime(2026, 3, 18, 15, tzinfo=SHANGHAI)
    step = {"opportunity_id": number, "way": "call", "said": "s", "next_step": "Call", "next_due_at": due}
    follow_ups.log(team_world.desk, FollowUpForm.read(step), by=team_world.rep)
    left = reports.pipeline(team_world.desk, by=team_world.manager, team_id=team_world.team.id).backlog
    assert left is not None
    assert left.count == 9
    assert [one.opportunity_id for one in focus.today(team_world.desk, by=team_world.rep).concerns] == [number]
    team_world.clock.set(due + timedelta(minutes=1))
    assert sweep.due(team_world.desk) == 1


def test_what_is_not_overdue_keeps_its_own_moment(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    due = datetime(2026, 3, 3, 15, tzinfo=SHANGHAI)
    step = {"opportunity_id": number, "way": "call", "said": "s", "next_step": "Call", "next_due_at": due}
    follow_ups.log(team_world.desk, FollowUpForm.read(step), by=team_world.rep)
    imported(team_world)
    go_live(team_world)
    assert reports.pipeline(team_world.desk, by=team_world.manager, team_id=team_world.team.id).backlog is None
    team_world.clock.set(due + timedelta(minutes=1))
    assert sweep.due(team_world.desk) == 1
