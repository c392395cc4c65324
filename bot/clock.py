"""Owns the business clock: the only place that reads the wall clock for the loop."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol
from zoneinfo import available_timezones


@cache
def zones() -> frozenset[str]:
    """Return the names of all IANA zones; the machine's folders are walked once, which takes twenty milliseconds."""
    return frozenset(available_timezones())


class Clock(Protocol):
    """Gives the present moment of the business."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that everybody else asks


class FakeClock:
    """A clock that stands still until it is moved.

    Args:
        start: The moment it shows at first, aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the moment it was last set to, aware, in UTC."""
        with self._lock:
            return self._now

    def set(self, moment: datetime) -> None:
        """Move to a moment; never backwards.

        Raises:
            ValueError: The moment is before the present one.
        """
        with self._lock:
            if moment < self._now:
                raise ValueError(f"the clock does not go back from {self._now} to {moment}")
            self._now = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        """Move forward by a span."""
        self.set(self.now() + by)


class RunningClock:
    """A clock that runs with the machine's, and can be moved forward.

    Args:
        start: The moment it shows at first, aware.
        source: What makes it run; the machine's clock if not given.
    """

    def __init__(self, start: datetime, source: Callable[[], datetime] | None = None) -> None:
        self._source = source or SystemClock().now
        self._offset = start - self._source()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the present moment of this clock, aware, in UTC."""
        with self._lock:
            return (self._source() + self._offset).astimezone(UTC)

    def set(self, moment: datetime) -> None:
        """Move to a moment; a moment already past leaves the clock as it is, so that it never goes back."""
        with self._lock:
            ahead = moment - (self._source() + self._offset)
            if ahead > timedelta(0):
                self._offset += ahead
