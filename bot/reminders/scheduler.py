"""Owns the ticks: APScheduler as a mere clock, and the same work done by hand for the demo's clock and for tests."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from apscheduler.schedulers.background import BackgroundScheduler

from bot import logs
from bot.clock import SystemClock
from bot.reminders.delivery import Delivery
from bot.services import absences, outbox, registered, renewals, ruling_ends, sweep
from bot.services.desk import Desk
from bot.vitals import TICKS

T = TypeVar("T")

log = logging.getLogger(__name__)

_PURGE_SECONDS = 3600.0
_GATHER_SECONDS = 0.1
_LEAST_SECONDS = 0.05
# A promise made by another process does not wake this one: it is looked for often.
_LOOK_SECONDS = 1.0
_STEP = timedelta(minutes=15)


class MovableClock(Protocol):
    """A business clock that can be moved on."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...

    def set(self, moment: datetime) -> None:
        """Move on to a moment."""
        ...


class Ticker:
    """Does what is due: sweeps, promises digests, delivers.

    Args:
        desk: The record and the clock.
        delivery: Sends what is promised.
    """

    def __init__(self, desk: Desk, delivery: Delivery) -> None:
        self._desk = desk
        self._delivery = delivery
        self._one_at_a_time = threading.Lock()

    def sweep(self) -> int:
        """Act on everything whose moment has come, and promise the digests; returns how much there was.

        Raises:
            ExceptionGroup: Some parts of it failed; the others were done.
        """
        handled, failed = 0, []
        for name, work in _PARTS:
            try:
                handled += work(self._desk)
            except Exception as error:  # noqa: BLE001 - it is raised below
                # What is wrong with one part must not stop the others; all of it is told together below.
                TICKS.labels(name, "failed").inc()
                failed.append(error)
        if failed:
            raise ExceptionGroup(f"{len(failed)} of {len(_PARTS)} parts of the sweep failed", failed)
        return handled

    def deliver(self) -> int:
        """Send until nothing is due now; what Slack put off waits for a later tick. Returns how many were in hand."""
        return self._delivery.run()

    def seconds_to_delivery(self) -> float | None:
        """Return in how many seconds a message that is due may be sent: its channel, or Slack, asked for patience."""
        return self._delivery.wait_seconds()

    def finish(self) -> None:
        """Finish what is on its way to Slack, and begin nothing more; for good."""
        self._delivery.close()

    def run_once(self) -> int:
        """Sweep and deliver until nothing is due; returns how much there was."""
        with self._one_at_a_time:
            # Each goes on until nothing is left, and a delivery makes nothing fall due.
            return self.sweep() + self.deliver()

    def advance_to(self, moment: datetime, clock: MovableClock) -> None:
        """Move the business clock on, stopping at every due moment on the way, so that nothing comes late or bunched.

        Args:
            moment: Where the clock shall stand, aware.
            clock: The desk's clock.
        """
        self.run_once()
        while (now := clock.now()) < moment:
            due = sweep.next_moment(self._desk)
            if due is not None and due <= now:
                # Something waits for Slack and counts as due: go on in small steps rather than not at all.
                due = now + _STEP
            clock.set(moment if due is None else min(due, moment))
            self.run_once()


def _all_due(desk: Desk) -> int:
    handled = 0
    while True:
        count = sweep.due(desk)
        handled += count
        if count < sweep.BATCH:
            return handled


_PARTS: tuple[tuple[str, Callable[[Desk], int]], ...] = (
    ("digests", sweep.digests),
    ("rulings", ruling_ends.lapse),
    ("absences", absences.begin),
    ("renewals", renewals.renew),
    ("registrations", registered.expire),
    ("ladder", _all_due),
    ("morning_lists", sweep.focus),
)
"""What a sweep does, in this order, each as its ticks are counted."""


class Scheduler:
    """Ticks in memory; a missed tick loses nothing, because due work is rows, and many workers may tick at once.

    Args:
        desk: The record and the clock.
        ticker: What is done.
        seconds: Between two ticks, of the machine's clock.
    """

    def __init__(self, desk: Desk, ticker: Ticker, *, seconds: float) -> None:
        self._ticker = ticker
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        # Delivery has a thread of its own that ticks and promises wake up: a job that is still running would skip them.
        self._delivering = threading.Thread(target=self._deliver, name="outbox", daemon=True)
        self._awake = threading.Event()
        self._stopping = threading.Event()
        self._add("sweep", ticker.sweep, seconds)
        self._add("wake", self.wake, min(seconds, _LOOK_SECONDS))
        self._add("purge", lambda: outbox.purge(desk), _PURGE_SECONDS)

    def start(self) -> None:
        """Begin to tick, on threads of its own."""
        self._delivering.start()
        self._scheduler.start()

    def wake(self) -> None:
        """Deliver now instead of at the next tick, after something was promised; costs nothing, may be called often."""
        self._awake.set()

    def stop(self) -> None:
        """Finish what is in work, and stop; for good."""
        self._scheduler.shutdown(wait=True)
        self._stopping.set()
        self._awake.set()
        self._ticker.finish()
        self._delivering.join()

    def _deliver(self) -> None:
        seconds: float | None = None
        while True:
            if self._awake.wait(None if seconds is None else max(seconds, _LEAST_SECONDS)):
                # A breath first: the answer that woke us goes out before we take the processor, and a burst becomes one round.
                self._stopping.wait(_GATHER_SECONDS)
            if self._stopping.is_set():
                return
            self._awake.clear()
            _guarded("delivery", self._ticker.deliver)
            seconds = _guarded("look", self._ticker.seconds_to_delivery)

    def _add(self, name: str, work: Callable[[], Any], seconds: float) -> None:
        self._scheduler.add_job(
            lambda: _guarded(name, work), "interval", seconds=seconds, id=name, next_run_time=SystemClock().now()
        )


def _guarded(name: str, work: Callable[[], T]) -> T | None:
    with logs.work():
        try:
            found = work()
        except Exception:
            # The next tick tries again; nothing may end the clock.
            log.exception("the tick %s failed", name)
            TICKS.labels(name, "failed").inc()
            return None
    TICKS.labels(name, "done").inc()
    return found
