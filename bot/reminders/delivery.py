"""Owns the way from the outbox to Slack: lease, render, send, and write down what came of it."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

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
_GATHER_SECONDS = 0.05
_IN_HAND = 5  # for each thread: the next ones are ready when it is


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
        self._flying: dict[Future[Outcome], Promise] = {}
        self._leases: dict[int, float] = {}
        self._done: list[Outcome] = []
        self._renewed_at = 0.0

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
                    self._wait(_RENEW_SECONDS)
                elif not has_news:
                    return handled

    def run_once(self) -> int:
        """Send one batch: of each channel the oldest message that is due.

        Returns:
            How many were taken in hand; 0 means that nothing is due now.
        """
        with self._one_at_a_time:
            count = self._take(self._threads)
            while self._flying:
                self._wait(_RENEW_SECONDS)
            self._take(0)
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
        for future in list(self._flying):
            future.cancel()
        if self._one_at_a_time.acquire(timeout=seconds):
            try:
                self._wait(seconds)
                self._take(0)
            finally:
                self._one_at_a_time.release()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, room: int) -> int:
        """Write what came of earlier ones, and take as many new ones in hand as there is room for."""
        done = tuple(self._done)
        leased = outbox.lease(self._desk, limit=room, seconds=LEASE_SECONDS, rates=self._rates, done=done)
        self._done.clear()
        if not leased:
            return 0
        self._leases |= {promise.id: promise.leased_until for promise in leased}
        addresses = outbox.addresses(self._desk, leased)
        for promise in leased:
            self._flying[self._pool.submit(self._send, promise, addresses.get(promise.id))] = promise
        return len(leased)

    def _send(self, promise: Promise, address: Address | None) -> Outcome:
        with logs.work(f"promise-{promise.id}"):
            found = self._sending.outcome(promise, address)
        MESSAGES.labels(found.state).inc()
        return found

    def _wait(self, seconds: float) -> None:
        """Wait until something is done, and keep the leases of what is not."""
        wait(self._flying, seconds, FIRST_COMPLETED)
        # A breath: what ends at about the same time is written down together.
        landed = wait(self._flying, _GATHER_SECONDS).done
        # Nobody tells of those that were called off before a thread came to them.
        for future in landed | {one for one in self._flying if one.cancelled()}:
            promise = self._flying.pop(future)
            self._leases.pop(promise.id, None)
            self._done.append(_given_back(promise) if future.cancelled() else future.result())
        self._renew()

    def _renew(self) -> None:
        now = outbox.real_seconds()
        if now - self._renewed_at < _RENEW_SECONDS or not self._flying:
            return
        self._renewed_at = now
        wanted = {promise.id for promise in self._flying.values()}
        leases = {number: until for number, until in self._leases.items() if number in wanted}
        self._leases = outbox.renew(self._desk, leases, seconds=LEASE_SECONDS)

    def _may_send(self, promise: Promise) -> bool:
        """Say whether a call that begins now ends before another worker may take the promise."""
        return not self._closing.is_set() and outbox.real_seconds() + CALL_SECONDS < self._leases.get(promise.id, 0.0)


def _given_back(promise: Promise) -> Outcome:
    return Outcome(
        promise.id, promise.workspace_id, "waiting", kind=promise.kind, tried_at=promise.tried_at, not_begun=True
    )
