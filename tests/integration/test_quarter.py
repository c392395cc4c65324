"""A quarter of a team's life: nothing is forgotten, nothing is told twice or at night, and no escalation is dropped."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.clock import FakeClock
from bot.domain.events import LadderStepTaken
from bot.models import EventRow, Member, NextStep, Opportunity, Team
from bot.models.session import Database
from bot.services import reports
from bot.services.desk import Desk, system_actor
from bot.services.recording import ground_of
from tests.integration import quarter
from tests.integration.quarter import TICK, Quarter
from tests.integration.replaying import Replay

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # a Monday, nine o'clock in Shanghai
END = START + timedelta(weeks=13)
OPPORTUNITIES, ACTS = 2000, 600
# So long it may take on a machine that does much else beside it; alone it is less than a minute.
pytestmark = pytest.mark.timeout(900)
TOLD = ("nudge", "focus", "escalation", "pool")


@pytest.fixture(scope="module")
def lived(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarter]:
    """The quarter, lived once for all questions about it."""
    path = tmp_path_factory.mktemp("quarter") / "closeloop.sqlite3"
    path.write_bytes(sqlite_template.read_bytes())
    database, clock = Database(f"sqlite:///{path}", durable=False), FakeClock(START)
    made = quarter.begin(Desk(database, clock), clock, seed=4)
    made.run(END, opportunities=OPPORTUNITIES, acts=ACTS)
    yield made
    database.close()


@pytest.fixture(scope="module")
def steps(lived: Quarter) -> list[tuple[EventRow, LadderStepTaken]]:
    """Every step of the ladder that was taken."""
    with lived.desk.database.reading(None) as session:
        rows = session.scalars(select(EventRow).where(EventRow.kind == LadderStepTaken.kind)).all()
        session.expunge_all()
    return [(row, LadderStepTaken.from_payload(row.payload)) for row in rows]


def test_every_gap_got_its_step_within_one_tick_and_the_stored_moments_are_those_of_the_history(lived: Quarter) -> None:
    with lived.desk.database.reading(None) as session:
        stored = {row.id: row for row in session.scalars(select(Opportunity))}
        history = defaultdict(list)
        for row in session.scalars(select(EventRow).order_by(EventRow.id)):
            history[row.opportunity_id].append(row)
        assert len(stored) == OPPORTUNITIES
        for number, opportunity in stored.items():
            ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
            replay = Replay(ground.playbook, ground.calendar)
            groups = [list(group) for _, group in itertools.groupby(history[number], key=lambda one: one.at)]
            for group, after in itertools.zip_longest(groups, groups[1:]):
                expected = replay.read(group).attention_at()
                following = after[0].at if after else END
                assert expected is None or following < expected + TICK, (number, expected, following)
            assert opportunity.attention_at == replay.attention_at(), number


def test_every_step_is_recorded_at_its_moment_and_none_twice(
    lived: Quarter, steps: list[tuple[EventRow, LadderStepTaken]]
) -> None:
    names = Counter((row.opportunity_id, step.cause, step.step, step.moment) for row, step in steps)
    assert len(steps) > OPPORTUNITIES
    assert {step.step for _, step in steps} == {"remind", "nudge", "escalate", "warn", "recycle"}
    assert max(names.values()) == 1
    with lived.desk.database.reading(None) as session:
        acts = {
            tuple(row)
            for row in session.execute(
                select(EventRow.opportunity_id, EventRow.at).where(EventRow.kind != LadderStepTaken.kind)
            )
        }
    for row, step in steps:
        # A move to a stage with a shorter cadence makes a gap that is old when it begins: it is seen at once.
        assert timedelta(0) <= row.at - step.moment
        assert row.at - step.moment < TICK or (row.opportunity_id, row.at) in acts, step


def test_every_step_is_shown_once_to_each_it_is_for_when_hours_and_budget_allow(
    lived: Quarter, steps: list[tuple[EventRow, LadderStepTaken]]
) -> None:
    shown = defaultdict(list)
    for one in lived.sent:
        for item in one.payload.get("items", ()):
            moment = datetime.fromisoformat(item["moment"])
            shown[item["opportunity_id"], item["cause"], item["step"], moment].append(one)
    told = [(row, step) for row, step in steps if step.to is not None and step.step != "recycle"]
    zones, managers, lists = _zones(lived), _managers(lived), defaultdict(list)
    for one in lived.sent:
        if one.kind == "pool":
            lists[one.channel, one.at.astimezone(zones[one.channel]).date()].append(one.at)
    late = 0
    for row, step in told:
        at = step.told_at or row.at
        if at > END - TICK:
            continue  # its morning is beyond the quarter
        key = (row.opportunity_id, step.cause, step.step, step.moment)
        if step.cause == "pool" and key not in shown:
            # The day's list had it: it names all that lie in the pool, whatever of it the clock rang for.
            reader = managers[row.opportunity_id]
            assert min(lists[reader, row.at.astimezone(zones[reader]).date()]) <= row.at
            continue
        found = shown.pop(key)
        assert len(found) == len((step.to or "").split(", "))
        assert all(timedelta(0) <= one.at - at < TICK for one in found)
        assert step.step != "escalate" or found[0].kind == "escalation"
        late += at > row.at
    assert late > 0, "some of it waited for a morning"
    assert not shown, "nothing is shown that was not recorded"


def test_nobody_is_told_anything_in_their_quiet_hours(lived: Quarter) -> None:
    zones = _zones(lived)
    told = [one for one in lived.sent if one.kind in TOLD]
    assert len(told) > 1000
    for one in told:
        local = one.at.astimezone(zones[one.channel])
        minute = local.hour * 60 + local.minute
        assert local.weekday() < 5, (one, local)
        assert 540 <= minute <= 720 or 780 <= minute <= 1080, (one, local)


def test_nobody_gets_more_than_six_bundles_a_day_nor_two_morning_lists(lived: Quarter) -> None:
    zones = _zones(lived)
    bundles = Counter(
        (one.channel, one.at.astimezone(zones[one.channel]).date())
        for one in lived.sent
        if one.kind in {"nudge", "focus"}
    )
    mornings = Counter((one.channel, one.payload["day"]) for one in lived.sent if one.kind == "focus")
    assert max(bundles.values()) == 6, "and there were days that could have had more"
    assert max(mornings.values()) == 1


def test_a_manager_gets_at_most_five_escalations_and_one_word_about_the_pool_a_day(
    lived: Quarter, capsys: pytest.CaptureFixture[str]
) -> None:
    zones = _zones(lived)
    days: dict[str, Counter[tuple[str, Any]]] = {"escalation": Counter(), "pool": Counter()}
    items = Counter[str]()
    for one in lived.sent:
        if one.kind in days:
            days[one.kind][one.channel, one.at.astimezone(zones[one.channel]).date()] += 1
            items[one.kind] += len(one.payload["items"])
    both = days["escalation"] + days["pool"]
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this is for
            f"\nmessages to a manager a day: most {max(both.values())}, mean {sum(both.values()) / len(both):.1f}, for"
            f" {sum(items.values()) / len(both):.1f} opportunities"
        )
    assert max(days["escalation"].values()) <= 5
    assert items["escalation"] > sum(days["escalation"].values()), "they are gathered"
    assert max(days["pool"].values()) == 1


def test_digests_and_weeks_came_once(lived: Quarter) -> None:
    days = Counter((one.payload["team_id"], one.payload["day"]) for one in lived.sent if one.kind == "digest")
    weeks = Counter((one.payload["team_id"], one.payload["monday"]) for one in lived.sent if one.kind == "weekly")
    assert max(days.values()) == max(weeks.values()) == 1
    assert len(days) == quarter.TEAMS * 64, "65 working days; the first began with the team"
    assert len(weeks) == quarter.TEAMS * 12


def test_missed_follow_ups_and_loop_health_are_told(lived: Quarter, capsys: pytest.CaptureFixture[str]) -> None:
    workspace = lived.reps[0].workspace_id
    with lived.desk.reading(system_actor(workspace)) as session:
        due = session.scalars(select(NextStep).where(NextStep.due_at <= END)).all()
        fell = [one for one in due if one.cancelled_at is None or one.cancelled_at > one.due_at]
        missed = [one for one in fell if one.done_at is None or one.done_at > one.due_at]
        health = reports.health(session, reports.seen_by(system_actor(workspace)), END)
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what this is for
            f"\nsimulated quarter: {OPPORTUNITIES} opportunities, {len(lived.sent)} messages, {lived.rounds} rounds;"
            f" M1 missed follow-ups {len(missed)}/{len(fell)} = {100 * len(missed) / len(fell):.1f} %;"
            f" M13 loop health {health.whole}/{health.counted} = {health.percent:.1f} %"
        )
    assert 0 < len(missed) < len(fell)
    assert 0 < health.whole < health.counted


def _managers(lived: Quarter) -> dict[int, str]:
    """Return where the manager of each opportunity's team reads."""
    with lived.desk.database.reading(None) as session:
        rows = session.execute(select(Opportunity.id, Team.manager_id).join(Team, Team.id == Opportunity.team_id)).all()
    return {number: f"member:{manager_id}" for number, manager_id in rows}


def _zones(lived: Quarter) -> dict[str, ZoneInfo]:
    with lived.desk.database.reading(None) as session:
        return {f"member:{one.id}": ZoneInfo(one.zone) for one in session.scalars(select(Member))}
