"""Owns the way from the outbox to Slack: lease, render, send, and write down what came of it."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bot.errors import GatewayError, RateLimited, Rejected
from bot.reminders.pace import Pace, backoff_seconds
from bot.reminders.rendering import Parcel, render
from bot.services import outbox
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.slack.gateway import Poster

log = logging.getLogger(__name__)

Renderer = Callable[[Desk, Promise, Address], Parcel | None]

_MOST_ATTEMPTS = 30
_MOST_DEFECTS = 5
# Longer than one call to Slack with its retries can take, and no longer: after a crash a channel waits for it to run out.
_LEASE_SECONDS = 40.0
# A card whose message is gone, or cannot be changed any more, is posted anew.
_CARD_IS_GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "channel_not_found",
        "is_inactive",
        "is_archived",
    }
)


class Delivery:
    """Sends what was promised; any number may work at once, in one process or in many.

    Args:
        desk: The record and the clock.
        gateway: Slack.
        pace: How fast a channel takes messages.
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
        threads: int = 8,
        renderer: Renderer = render,
        backoff: Callable[[int], float] = backoff_seconds,
    ) -> None:
        self._desk = desk
        self._gateway = gateway
        self._pace = pace
        self._render = renderer
        self._backoff = backoff
        self._threads = threads
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="delivery")
        self._one_batch = threading.Lock()

    def run_once(self) -> int:
        """Send one batch: of each channel the oldest message that is due.

        Returns:
            How many were taken in hand; 0 means that nothing is due now.
        """
        with self._one_batch:
            # One for each thread, so that each is sent well within the lease, however slow Slack is.
            batch = outbox.lease(self._desk, limit=self._threads, seconds=_LEASE_SECONDS)
            list(self._pool.map(self._handle, batch))
            return len(batch)

    def close(self) -> None:
        """Finish what is on its way, and end."""
        self._pool.shutdown(wait=True)

    def _handle(self, promise: Promise) -> None:
        try:
            self._deliver(promise)
        except RateLimited as error:
            wait = error.retry_after_seconds + self._backoff(1)
            outbox.retry(self._desk, promise, in_seconds=wait, error=str(error))
        except Rejected as error:
            log.error("promise %s (%s): Slack refused it for good: %s", promise.id, promise.kind, error.code)  # noqa: TRY400 - Slack's code says it all
            outbox.dead(self._desk, promise, error.code)
        except GatewayError as error:
            self._again(promise, str(error), _MOST_ATTEMPTS)
        except Exception as error:
            # Whatever else goes wrong must not stop the messages of others; the trace is kept under the promise's number.
            log.exception("promise %s (%s) could not be delivered", promise.id, promise.kind)
            self._again(promise, repr(error), _MOST_DEFECTS)

    def _again(self, promise: Promise, error: str, most: int) -> None:
        if promise.attempts >= most:
            log.error(
                "promise %s (%s) given up after %s attempts: %s", promise.id, promise.kind, promise.attempts, error
            )
            outbox.dead(self._desk, promise, error)
            return
        outbox.retry(self._desk, promise, in_seconds=self._backoff(promise.attempts), error=error)

    def _deliver(self, promise: Promise) -> None:
        address = outbox.address(self._desk, promise)
        parcel = self._render(self._desk, promise, address)
        if parcel is None or address.slack_id is None:
            outbox.dropped(self._desk, promise)
            return
        self._pace.wait(promise.channel)
        text, blocks = parcel.message
        metadata = {"event_type": "closeloop", "event_payload": {"key": str(promise.id)}}
        if parcel.card_of is not None:
            self._deliver_card(promise, parcel, metadata)
            return
        if parcel.stands_at is not None and self._updated(parcel, metadata):
            channel, ts = parcel.stands_at
        else:
            channel = self._gateway.open_dm(address.slack_id) if address.is_member else address.slack_id
            ts = self._gateway.post(channel, text, blocks, metadata=metadata)
        outbox.sent(self._desk, promise, channel=channel, ts=ts)

    def _deliver_card(self, promise: Promise, parcel: Parcel, metadata: dict[str, Any]) -> None:
        text, blocks = parcel.message
        if parcel.stands_at is not None and self._updated(parcel, metadata):
            channel, ts = parcel.stands_at
            outbox.sent(self._desk, promise, channel=channel, ts=ts)
            return
        ts = self._gateway.post(promise.channel, text, blocks, metadata=metadata)
        outbox.card_posted(self._desk, promise, parcel.card_of or 0, promise.channel, ts)

    def _updated(self, parcel: Parcel, metadata: dict[str, Any]) -> bool:
        """Replace the message that stands already; False where it is gone and must be posted anew."""
        (channel, ts), (text, blocks) = parcel.stands_at or ("", ""), parcel.message
        try:
            self._gateway.update(channel, ts, text, blocks, metadata=metadata)
        except Rejected as error:
            if error.code not in _CARD_IS_GONE:
                raise
            return False
        return True
