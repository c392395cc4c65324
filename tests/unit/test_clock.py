"""The clocks: the machine's, one that stands still, and one that runs and can be moved on."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.clock import FakeClock, RunningClock, SystemClock

START = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    first, second = SystemClock().now(), SystemClock().now()
    assert first.tzinfo is UTC
    assert first <= second


def test_a_fake_clock_stands_still_in_utc_until_it_is_moved() -> None:
    clock = FakeClock(START)
    assert clock.now() == clock.now() == START
    assert clock.now().tzinfo is UTC
    clock.advance(timedelta(hours=2))
    assert clock.now() - START == timedelta(hours=2)
    clock.set(clock.now())


def test_a_fake_clock_does_not_go_back() -> None:
    clock = FakeClock(START)
    with pytest.raises(ValueError, match="does not go back"):
        clock.set(START - timedelta(microseconds=1))
    assert clock.now() == START


class _Source:
    def __init__(self) -> None:
        self.moment = datetime(2030, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


def test_a_running_clock_runs_with_its_source_from_its_own_start() -> None:
    source = _Source()
    clock = RunningClock(START, source.now)
    assert clock.now() == START
    source.moment += timedelta(seconds=5)
    assert clock.now() == START + timedelta(seconds=5)


def test_a_running_clock_is_moved_forward_and_runs_on_from_there() -> None:
    source = _Source()
    clock = RunningClock(START, source.now)
    clock.set(START + timedelta(days=1))
    source.moment += timedelta(seconds=5)
    assert clock.now() == START + timedelta(days=1, seconds=5)


def test_a_running_clock_ignores_a_moment_that_is_past() -> None:
    source = _Source()
    clock = RunningClock(START, source.now)
    clock.set(START - timedelta(days=1))
    assert clock.now() == START


def test_a_running_clock_runs_with_the_machine_if_nothing_else_is_given() -> None:
    clock = RunningClock(START)
    assert START <= clock.now() < START + timedelta(minutes=1)
