"""Owns the sending of one promise: rendered, compared with what Slack may have already, posted once, and judged."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bot.errors import RateLimited, Rejected, Unavailable
from bot.reminders.pace import Pace
from bot.reminders.rendering import Parcel
from bot.services import outbox
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.services.outcomes import Outcome, State
from bot.slack.gateway import MESSAGE_EVENT, Poster

log = logging.getLogger(__name__)

Renderer = Callable[[Desk, Promise, Address], Parcel | None]

_MOST_ATTEMPTS = 30
_MOST_DEFECTS = 5
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


@dataclass(slots=True)
class _Try:
    """One try of one promise; ``tried_at`` is since when Slack may have the message, 0 while that is certainly not so."""

    promise: Promise
    tried_at: float

    def ended(self, state: State, **values: Any) -> Outcome:
        promise = self.promise
        common = {"kind": promise.kind, "channel": promise.channel, "tried_at": self.tried_at}
        return Outcome(promise.id, promise.workspace_id, state, **{**common, **values})


class Sending:
    """Sends promises, each on whatever thread asks.

    Args:
        desk: The record and the clock.
        gateway: Slack.
        pace: Waits until a channel takes its next message.
        renderer: Makes the messages.
        backoff: Seconds to wait after so many attempts.
        may_send: Asked right before a message goes out; False gives the promise back.
    """

    def __init__(
        self,
        desk: Desk,
        gateway: Poster,
        *,
        pace: Pace,
        renderer: Renderer,
        backoff: Callable[[int], float],
        may_send: Callable[[Promise], bool],
    ) -> None:
        self._desk = desk
        self._gateway = gateway
        self._pace = pace
        self._render = renderer
        self._backoff = backoff
        self._may_send = may_send

    def outcome(self, promise: Promise, address: Address | None) -> Outcome:
        """Send a promise and return what came of it; raises nothing."""
        one = _Try(promise, promise.tried_at)
        try:
            return self._deliver(one, address)
        except RateLimited as error:
            seconds = error.retry_after_seconds + self._backoff(1)
            return one.ended("waiting", wait_seconds=seconds, limited_seconds=seconds, error=str(error))
        except Rejected as error:
            log.error("promise %s (%s): Slack refused it for good: %s", promise.id, promise.kind, error.code)  # noqa: TRY400 - Slack's code says it all
            return one.ended("dead", error=error.code)
        except Unavailable as error:
            landing = 0.0 if error.is_answered or one.tried_at == 0.0 else outbox.LANDING_SECONDS
            return self._again(one, str(error), _MOST_ATTEMPTS, at_least=landing)
        except Exception as error:
            # Whatever else goes wrong must not stop the messages of others; the trace is kept under the promise's number.
            log.exception("promise %s (%s) could not be delivered", promise.id, promise.kind)
            return self._again(one, repr(error), _MOST_DEFECTS)

    def _again(self, one: _Try, error: str, most: int, *, at_least: float = 0.0) -> Outcome:
        promise = one.promise
        if promise.attempts < most:
            seconds = max(self._backoff(promise.attempts), at_least)
            return one.ended("waiting", wait_seconds=seconds, error=error)
        log.error("promise %s (%s) given up after %s attempts: %s", promise.id, promise.kind, promise.attempts, error)
        return one.ended("dead", error=error)

    def _deliver(self, one: _Try, address: Address | None) -> Outcome:
        promise = one.promise
        parcel = None if address is None else self._render(self._desk, promise, address)
        if parcel is None or address is None or address.slack_id is None:
            return one.ended("dropped")
        self._pace.wait(promise.channel)
        if not self._may_send(promise):
            return one.ended("waiting", not_begun=True)
        if parcel.stands_at is not None:
            if self._replaced(promise, parcel, parcel.stands_at):
                channel, ts = parcel.stands_at
                return one.ended("sent", slack_channel=channel, slack_ts=ts, tried_at=0.0)
            if parcel.is_change:
                return one.ended("dropped")
        channel = self._gateway.open_dm(address.slack_id) if address.is_member else address.slack_id
        ts = self._found(one, parcel, channel) or self._posted(one, parcel, channel)
        kept = {**promise.payload, **parcel.kept} if parcel.kept else None
        return one.ended("sent", slack_channel=channel, slack_ts=ts, tried_at=0.0, card_of=parcel.card_of, payload=kept)

    def _replaced(self, promise: Promise, parcel: Parcel, stands_at: tuple[str, str]) -> bool:
        """Put the present state in the place of a card; twice does no harm. False where its message is gone."""
        channel, ts = stands_at
        text, blocks = parcel.message
        try:
            self._gateway.update(channel, ts, text, blocks, metadata=_metadata(promise))
        except Rejected as error:
            if error.code not in _CARD_IS_GONE:
                raise
            return False
        return True

    def _found(self, one: _Try, parcel: Parcel, channel: str) -> str | None:
        """Return the message's ``ts`` if an earlier try that nobody saw the end of brought it to Slack."""
        if one.tried_at == 0.0:
            return None
        ts = self._gateway.find(channel, str(one.promise.id), since=one.tried_at)
        if ts is None:
            one.tried_at = 0.0
            return None
        log.info("promise %s (%s) had arrived before", one.promise.id, one.promise.kind)
        if parcel.card_of is not None:
            # It shows the state of then.
            return ts if self._replaced(one.promise, parcel, (channel, ts)) else None
        return ts

    def _posted(self, one: _Try, parcel: Parcel, channel: str) -> str:
        text, blocks = parcel.message
        began = outbox.real_seconds()
        try:
            return self._gateway.post(channel, text, blocks, metadata=_metadata(one.promise))
        except Unavailable as error:
            one.tried_at = began if error.may_be_done else 0.0
            raise


def _metadata(promise: Promise) -> dict[str, Any]:
    """Return what lets the message be found again; other apps can see it, so ids only."""
    return {"event_type": MESSAGE_EVENT, "event_payload": {"key": str(promise.id)}}
