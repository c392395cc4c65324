"""What the morning list told is not told again the same day, unless it is news; escalations and warnings always are."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.clock import FakeClock
from bot.models import OutboxRow
from bot.models.session import Database
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.reminders.scheduler import Ticker
from bot.services import follow_ups, opportunities, stages, sweep
from bot.services.desk import Desk
from bot.services.follow_ups import FollowUpForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead
from tests.integration.running import A_GRADE
from tests.integration.test_delivery import RecordingSlack

SHANGHAI = ZoneInfo("Asia/Shanghai")
SOON = timedelta(hours=2)
NAMES = ("Marigold", "Osprey", "Quillback", "Thistle", "Vermilion", "Walnut")
PLACES = ("Bergen", "Lisbon", "Nairobi")


@pytest.fixture
def slack() -> "TimedSlack":
    return TimedSlack()


class TimedSlack(RecordingSlack):
    """Remembers when each message came, by the business clock."""

    clock: FakeClock

    def _take(self, method: str, channel: str, text: str, blocks: Any, metadata: Any) -> str:
        blocks = [{"at": self.clock.now()}, *(blocks or [])]
        return super()._take(method, channel, text, blocks, metadata)

    def to(self, channel: str) -> list[tuple[datetime, str, str]]:
        """Return what came to a channel: when, the text beside it, and everything that is read."""
        return [(blocks[0]["at"], text, str(blocks)) for _, where, text, blocks in self.calls if where == channel]


@pytest.fixture
def ticker(desk: Desk, clock: FakeClock, slack: TimedSlack) -> Iterator[Ticker]:
    slack.clock = clock
    delivery = Delivery(desk, slack, pace=Pace(None), backoff=lambda _attempts: 0.0)
    yield Ticker(desk, delivery)
    delivery.close()


def planned(world: TeamWorld, customer: str, due: datetime) -> int:
    """Make an opportunity of the rep's whose next step is due at a moment."""
    number = make_lead(world.desk, world.rep, customer_name=f"{customer} Works").opportunity.id
    step = {"opportunity_id": number, "way": "call", "said": "s", "next_step": "Call them", "next_due_at": due}
    follow_ups.log(world.desk, FollowUpForm.read(step), by=world.rep)
    return number


def own(world: TeamWorld) -> str:
    return f"D{(world.rep.slack_user_id or '')[1:]}"


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI)


def test_a_step_due_soon_after_the_list_is_told_once_and_one_of_the_afternoon_at_its_time_too(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker, database: Database
) -> None:
    soon = planned(team_world, "Osprey", at(3, 9, 30))
    planned(team_world, "Walnut", at(3, 15))
    ticker.advance_to(at(3, 16), clock)
    told = [
        (when.astimezone(SHANGHAI).hour, "Osprey" in text, "Walnut" in text)
        for when, text, _ in slack.to(own(team_world))
    ]
    assert told == [(9, True, True), (15, False, True)]
    steps = [
        one
        for one in opportunities.history(team_world.desk, soon, by=team_world.rep)
        if one.event.kind == "LadderStepTaken"
    ]
    assert steps, "the step is taken, and in the history, all the same"
    with database.reading(None) as session:
        assert session.scalar(select(OutboxRow.state).where(OutboxRow.key.like("nudge:%:2026-03-03:1"))) == "dropped"


def test_a_day_later_the_list_tells_it_and_the_repeated_nudge_keeps_quiet(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    planned(team_world, "Osprey", at(3, 15))
    ticker.advance_to(at(6, 18), clock)
    lists = [when for when, text, _ in slack.to(own(team_world)) if text.startswith("Today")]
    nudges = [when for when, text, _ in slack.to(own(team_world)) if "needs you" in text]
    assert [one.astimezone(SHANGHAI).day for one in lists] == [3, 4, 5, 6]
    assert len(nudges) == 2, "the reminder at its time and the first nudge; after that the list says it each morning"


def test_a_list_that_warned_says_more_than_the_next_nudge(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    planned(team_world, "Osprey", at(3, 10))
    # Twenty working days without a follow-up: a grade C is warned of being taken back.
    ticker.advance_to(datetime(2026, 4, 1, 18, tzinfo=SHANGHAI), clock)
    warned = [when for when, text, read in slack.to(own(team_world)) if "soon goes back to the pool" in read]
    assert warned
    first = warned[0].astimezone(SHANGHAI).date()
    after = [text for when, text, _ in slack.to(own(team_world)) if when.astimezone(SHANGHAI).date() > first]
    assert after
    assert all(text.startswith("Today") for text in after), "the list warns each morning; nothing is added to it"


def test_who_asked_to_be_reminded_in_an_hour_is(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    number = planned(team_world, "Osprey", at(3, 9, 30))
    ticker.advance_to(at(3, 9, 5), clock)
    follow_ups.snooze(team_world.desk, number, at(3, 10, 5), by=team_world.rep)
    ticker.advance_to(at(3, 11), clock)
    assert [when.astimezone(SHANGHAI).hour for when, _, _ in slack.to(own(team_world))] == [9, 10]


@pytest.mark.parametrize("seed", range(3))
def test_nothing_that_the_list_told_is_said_again_within_two_hours_nor_by_a_repeated_nudge_that_day(
    seed: int, team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    chance = random.Random(seed)
    for name in NAMES:
        planned(team_world, name, at(chance.randint(3, 5), 9) + timedelta(minutes=15 * chance.randrange(36)))
    ticker.advance_to(at(11, 18), clock)
    listed: dict[str, datetime] = {}
    since: dict[str, int] = dict.fromkeys(NAMES, 0)
    for when, text, read in slack.to(own(team_world)):
        for name in NAMES:
            if f"{name} Works" not in read:
                continue
            if text.startswith("Today"):
                listed[name] = when
                continue
            since[name] += 1
            if name in listed and listed[name].astimezone(SHANGHAI).date() == when.astimezone(SHANGHAI).date():
                assert when - listed[name] >= SOON, (name, listed[name], when)
    assert set(listed) == set(NAMES)
    assert all(count <= 2 for count in since.values()), "the reminder at its time, the first nudge"
    escalated = [
        text for _, text, _ in slack.to(f"D{(team_world.manager.slack_user_id or '')[1:]}") if "needs help" in text
    ]
    assert escalated, "the manager hears of it all the same"


def test_nothing_is_taken_back_that_no_warning_named(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    numbers = {
        planned(team_world, f"{name} {place}", at(3, 9)): f"{name} {place} Works" for name in NAMES for place in PLACES
    }
    ticker.advance_to(at(31, 8), clock)
    taken = 0
    while clock.now() < datetime(2026, 4, 8, 8, tzinfo=SHANGHAI):
        ticker.advance_to(clock.now() + timedelta(days=1), clock)
        warned = "".join(part for _, _, read in slack.to(own(team_world)) for part in paragraphs(read))
        for number, name in numbers.items():
            if opportunities.view(team_world.desk, number, by=team_world.admin).owner is None:
                assert name in warned
                taken += 1
    assert taken


def paragraphs(read: str) -> list[str]:
    """Return the paragraphs that warn."""
    return [part for part in read.split("'type': ") if "back to the pool" in part or "back in the pool" in part]


def test_a_warning_that_came_late_gives_its_days_from_then_on(
    team_world: TeamWorld, clock: FakeClock, ticker: Ticker
) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    ticker.advance_to(at(16, 10), clock)
    clock.set(at(16, 11))
    assert sweep.due(team_world.desk) == 1
    # Slack is not to be reached for two days.
    clock.set(at(18, 15))
    ticker.advance_to(at(23, 14), clock)
    assert opportunities.view(team_world.desk, number, by=team_world.admin).owner is not None
    ticker.advance_to(at(23, 15), clock)
    assert opportunities.view(team_world.desk, number, by=team_world.admin).owner is None


def test_a_win_back_is_named_however_much_else_there_is_that_morning(
    team_world: TeamWorld, clock: FakeClock, slack: TimedSlack, ticker: Ticker
) -> None:
    lost = make_lead(team_world.desk, team_world.rep, customer_name="Zephyr Dairy").opportunity.id
    form = LossForm(opportunity_id=lost, reason="price", win_back_on=at(4, 9).date())
    stages.lose(team_world.desk, form, by=team_world.rep)
    for name in NAMES:
        for place in PLACES:
            planned(team_world, f"{name} {place}", at(3, 17))
    ticker.advance_to(at(4, 12), clock)
    (list_,) = [read for when, text, read in slack.to(own(team_world)) if text.startswith("Today") and when == at(4, 9)]
    assert "To be won back now as well:* Zephyr Dairy" in list_
