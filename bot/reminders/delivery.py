"""Owns the way from the outbox to Slack: lease, render, send, and write down what came of it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from bot import logs
from bot.reminders.pace import Pace, backoff_seconds
from bot.reminders.rendering import render
from bot.reminders.sending import Renderer, Sending
from bot.services import outbox
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.services.outcomes import Outcome
from bot.services.pacing import Rates
from bot.slack.gateway import CALL_SECONDS, Poster
from bot.vitals import MESSAGES

log = logging.getLogger(__name__)

# Renewed three times over while it lasts. Nothing is sent that might still be on its way when the lease ends: another worker
# asks Slack's history then, which must know of it.
LEASE_SECONDS = 15.0
_RENEW_SECONDS = 3.0
_FINISH_SECONDS = 12.0
_IN_HAND = 8  # for each thread: the next ones are ready when it is
# What came of messages is written together, when half of those in hand are done; where others take long, after this time. The
# more workers share Slack, the longer each takes for its half: cut shorter, they would all go to the database more often.
_GATHER_SECONDS = 0.5


class Delivery:
    """Sends what was promised; any number may work at once, in one process or in many.

    Args:
        desk: The record and the clock.
        gateway: Slack.
        pace: How fast a channel takes messages, where this process is the only one; waits in the sending thread.
        rates: The same for any number of processes; a message is not even leased before its channel is free.
        threads: Channels served at the same time.
        renderer: Makes the messages.
        backoff: Seconds to wait after so many attempts.
    """

    def __init__(
        self,
        desk: Desk,
        gateway: Poster,
        *,
        pace: Pace,
        rates: Rates | None = None,
        threads: int = 8,
        renderer: Renderer = render,
        backoff: Callable[[int], float] = backoff_seconds,
    ) -> None:
        self._desk = desk
        self._rates = rates
        self._threads = threads
        self._sending = Sending(desk, gateway, pace=pace, renderer=renderer, backoff=backoff, may_send=self._may_send)
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="delivery")
        self._one_at_a_time = threading.Lock()
        self._closing = threading.Event()
        # What is in hand; only the one who holds the lock above changes these.
        self._flying: set[int] = set()
        self._leases: dict[int, float] = {}
        self._done: list[Outcome] = []
        self._renewed_at = 0.0
        # What came of it, and word that there is enough of that to be written; from any thread.
        self._landed = deque[Outcome]()
        self._news = threading.Event()

    def run(self) -> int:
        """Send until nothing is due now; what Slack put off waits for a later time.

        Each channel goes on by itself: a slow answer holds up its own channel only.

        Returns:
            How many messages were taken in hand.
        """
        handled = 0
        with self._one_at_a_time:
            while True:
                # What came of a message may make the next one due: nothing is left only where nothing came of anything.
                has_news = bool(self._done)
                handled += self._take(0 if self._closing.is_set() else _IN_HAND * self._threads - len(self._flying))
                if self._flying:
                    self._gather()
                elif not has_news:
                    return handled

    def run_once(self) -> int:
        """Send one batch: of each channel the oldest message that is due.

        Returns:
            How many were taken in hand; 0 means that nothing is due now.
        """
        with self._one_at_a_time:
            count = self._take(self._threads)
            self._finish(None)
            return count

    def wait_seconds(self) -> float | None:
        """Return in how many seconds the next message that is due may be sent; None where nothing is due."""
        return outbox.wait_seconds(self._desk, self._rates)

    def close(self, *, seconds: float = _FINISH_SECONDS) -> None:
        """Begin nothing more, give back what was not begun, finish what is on its way, and end.

        Args:
            seconds: At most so long; what is not finished by then is looked for in Slack's history by whoever takes it next.
        """
        self._closing.set()
        if self._one_at_a_time.acquire(timeout=seconds):
            try:
                self._finish(seconds)
            finally:
                self._one_at_a_time.release()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _finish(self, seconds: float | None) -> None:
        """Wait until nothing is in hand any more, at most so many seconds, and write what came of it."""
        end = None if seconds is None else time.monotonic() + seconds
        while self._flying and (end is None or time.monotonic() < end):
            self._gather()
        self._take(0)

    def _take(self, room: int) -> int:
        """Write what came of earlier ones, and take as many new ones in hand as there is room for."""
        done = tuple(self._done)
        leased = outbox.lease(self._desk, limit=room, seconds=LEASE_SECONDS, rates=self._rates, done=done)
        self._done.clear()
        if not leased:
            return 0
        addresses = outbox.addresses(self._desk, leased)
        self._leases |= {promise.id: promise.leased_until for promise in leased}
        self._flying |= {promise.id for promise in leased}
        for promise in leased:
            self._pool.submit(self._send, promise, addresses.get(promise.id))
        return len(leased)

    def _send(self, promise: Promise, address: Address | None) -> None:
        with logs.work(f"promise-{promise.id}"):
            found = self._sending.outcome(promise, address)
        MESSAGES.labels(found.state).inc()
        self._landed.append(found)
        if self._is_enough():
            self._news.set()

    def _is_enough(self) -> bool:
        """Say whether as much is done as is written together: half of what may be in hand, or all that is."""
        return len(self._landed) >= min(len(self._flying), _IN_HAND * self._threads // 2)

    def _gather(self) -> None:
        """Wait until enough is done, or for a moment, and keep the leases of what is not."""
        if not self._is_enough():
            self._news.wait(_GATHER_SECONDS)
        self._news.clear()
        while self._landed:
            done = self._landed.popleft()
            self._flying.discard(done.promise_id)
            leased_until = self._leases.pop(done.promise_id, None)
            if leased_until is not None:
                self._done.append(replace(done, leased_until=leased_until))
            elif done.state == "sent":
                self._done.append(done)
            else:
                log.warning("promise %s was lost to another worker: what came of it here is no news", done.promise_id)
        self._renew()

    def _renew(self) -> None:
        now = outbox.real_seconds()
        if now - self._renewed_at < _RENEW_SECONDS or not self._flying:
            return
        self._renewed_at = now
        self._leases = outbox.renew(self._desk, self._leases, seconds=LEASE_SECONDS)

    def _may_send(self, promise: Promise) -> bool:
        """Say whether a call that begins now ends before another worker may take the promise, and where that one looks for it."""
        now = outbox.real_seconds()
        is_fresh = now < promise.leased_at + outbox.MOST_IN_HAND_SECONDS
        return is_fresh and not self._closing.is_set() and now + CALL_SECONDS < self._leases.get(promise.id, 0.0)
