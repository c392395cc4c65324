"""Owns the sending of one promise: rendered, compared with what Slack may have already, posted once, and judged."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot.errors import Blocked, GatewayError, RateLimited, Rejected, Unavailable
from bot.reminders.looking import Looking, NotNow, TooSlow
from bot.reminders.pace import Pace
from bot.reminders.rendering import Parcel, PutOff
from bot.services import outbox
from bot.services.dead_letters import BLOCKS_ALL
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.services.outcomes import Outcome, State
from bot.slack.gateway import CALL_SECONDS, MESSAGE_EVENT, Poster

log = logging.getLogger(__name__)

Renderer = Callable[[Desk, Promise, Address], Parcel | PutOff | None]

_MOST_ATTEMPTS = 30
_MOST_DEFECTS = 5
# So long an admin may take to mend what only they can.
_MENDED_WITHIN = timedelta(days=7)
_NOT_SEEN = "arrival_unknown"
_NOT_SEEN_SO_FAR = "arrival_unseen"
# A card whose message is gone, or cannot be changed any more, is posted anew.
_CARD_IS_GONE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "channel_not_found",
        "is_inactive",
        "is_archived",
        "not_in_channel",
    }
)


@dataclass(slots=True)
class _Try:
    """One try of one promise.

    ``tried_at`` is since when Slack may have the message, 0 while that is certainly not so; ``is_looking`` while its history
    is asked.
    """

    promise: Promise
    tried_at: float
    is_looking: bool = False

    def ended(self, state: State, **values: Any) -> Outcome:
        return outbox.ended(self.promise, state, **{"tried_at": self.tried_at, **values})


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
        self._looking = Looking(gateway)
        self._pace = pace
        self._render = renderer
        self._backoff = backoff
        # The workspaces whose token Slack refused the last time that it was asked.
        self._tokens_refused: set[int] = set()
        self._may_send = may_send

    def outcome(self, promise: Promise, address: Address | None) -> Outcome:
        """Send a promise and return what came of it; raises nothing."""
        one = _Try(promise, promise.tried_at)
        try:
            found = self._deliver(one, address)
            return replace(found, unblocks=True) if found.state == "sent" and self._is_mended(promise) else found
        except NotNow as error:
            return one.ended("waiting", wait_seconds=error.seconds + self._backoff(1), error=str(error), not_begun=True)
        except TooSlow as error:
            log.warning("promise %s (%s): nobody knows whether it arrived: %s", promise.id, promise.kind, error)
            return one.ended("dead", error=_NOT_SEEN_SO_FAR)
        except GatewayError as error:
            return self._refused(one, error)
        except Exception as error:
            # Whatever else goes wrong must not stop the messages of others; the trace is kept under the promise's number.
            log.exception("promise %s (%s) could not be delivered", promise.id, promise.kind)
            return self._again(one, repr(error), _MOST_DEFECTS)

    def _refused(self, one: _Try, error: GatewayError) -> Outcome:
        promise = one.promise
        if isinstance(error, RateLimited):
            seconds = error.retry_after_seconds + self._backoff(1)
            # The history has a rate of its own: messages are taken all the same.
            limited = 0.0 if one.is_looking else seconds
            return one.ended("waiting", wait_seconds=seconds, limited_seconds=limited, error=str(error))
        if isinstance(error, Rejected):
            log.error("promise %s (%s): Slack refused it for good: %s", promise.id, promise.kind, error.code)
            return one.ended("dead", error=error.code)
        if isinstance(error, Blocked):
            return self._blocked(one, error)
        is_answered = not isinstance(error, Unavailable) or error.is_answered
        landing = 0.0 if is_answered or one.tried_at == 0.0 else outbox.LANDING_SECONDS
        return self._again(one, str(error), _MOST_ATTEMPTS, at_least=landing)

    def _blocked(self, one: _Try, error: Blocked) -> Outcome:
        promise, code = one.promise, f"{error.code}: {error.needed}" if error.needed else error.code
        log.warning("promise %s (%s) waits for an admin: Slack says %s", promise.id, promise.kind, code)
        if one.is_looking and error.code == "missing_scope":
            # The app may write there and not read: nobody can say whether the message came, and what follows shall not wait.
            return one.ended("dead", error=_NOT_SEEN, blocked=code)
        if error.code in BLOCKS_ALL:
            self._tokens_refused.add(promise.workspace_id)
        is_too_long = self._desk.now() - promise.due_at > _MENDED_WITHIN
        return self._again(one, error.code, _MOST_ATTEMPTS if is_too_long else None, blocked=code)

    def _again(
        self, one: _Try, error: str, most: int | None, *, at_least: float = 0.0, blocked: str | None = None
    ) -> Outcome:
        promise = one.promise
        # A worker that was killed with it has leased it in vain: that tells nothing of Slack.
        tries = promise.refusals + 1
        if most is None or tries < most:
            seconds = max(self._backoff(tries), at_least)
            return one.ended("waiting", wait_seconds=seconds, error=error, blocked=blocked)
        log.error("promise %s (%s) given up after %s attempts: %s", promise.id, promise.kind, tries, error)
        return one.ended("dead", error=error, blocked=blocked)

    def _deliver(self, one: _Try, address: Address | None) -> Outcome:
        promise = one.promise
        parcel = None if address is None else self._render(self._desk, promise, address)
        if parcel is None or address is None or address.slack_id is None:
            return one.ended("dropped")
        if isinstance(parcel, PutOff):
            return self._put_off(one, parcel, address.slack_id)
        self._pace.wait(promise.channel)
        if not self._may_send(promise):
            return one.ended("waiting", not_begun=True)
        if (changed := self._changed(one, parcel)) is not None:
            return changed
        channel = self._gateway.open_dm(address.slack_id) if address.is_member else address.slack_id
        found = self._found(one, parcel, channel)
        # Asking may have taken long, and so may a machine that stood still meanwhile.
        if found is None and not self._may_send(promise):
            return one.ended("waiting", not_begun=True)
        ts = found or self._posted(one, parcel, channel)
        kept = {**promise.payload, **parcel.kept} if parcel.kept else None
        # What had arrived before may not have told of all that waits by now.
        absorbed = () if found else parcel.absorbs
        return one.ended(
            "sent",
            slack_channel=channel,
            slack_ts=ts,
            tried_at=0.0,
            card_of=parcel.card_of,
            payload=kept,
            absorbed=absorbed,
            left=parcel.leaves,
        )

    def _is_mended(self, promise: Promise) -> bool:
        """Say, once, whether Slack takes a workspace's token again, which it refused before."""
        if promise.workspace_id not in self._tokens_refused:
            return False
        self._tokens_refused.discard(promise.workspace_id)
        return True

    def _put_off(self, one: _Try, parcel: PutOff, slack_id: str) -> Outcome:
        """Give a promise back until its reader is at work; until then it stands in nobody's way."""
        if one.tried_at > 0.0:
            # One that Slack may have already would hold up its channel all the while: it is looked for now.
            channel = self._gateway.open_dm(slack_id)
            ts = self._looked(one, channel)
            if ts is not None:
                return one.ended("sent", slack_channel=channel, slack_ts=ts, tried_at=0.0)
        return one.ended("waiting", not_begun=True, due_at=parcel.until, tried_at=0.0)

    def _changed(self, one: _Try, parcel: Parcel) -> Outcome | None:
        """Change the message that stands already; None where a new one is to be posted."""
        if parcel.stands_at is None:
            return None
        if self._replaced(one.promise, parcel, parcel.stands_at):
            channel, ts = parcel.stands_at
            return one.ended("sent", slack_channel=channel, slack_ts=ts, tried_at=0.0)
        return one.ended("dropped") if parcel.is_change else None

    def _replaced(self, promise: Promise, parcel: Parcel, stands_at: tuple[str, str]) -> bool:
        """Put the present state in the place of a card; twice does no harm. False where its message is gone."""
        channel, ts = stands_at
        text, blocks = parcel.message
        try:
            self._gateway.update(channel, ts, text, blocks, metadata=_metadata(promise))
        except (Rejected, Blocked) as error:
            if error.code not in _CARD_IS_GONE:
                raise
            return False
        return True

    def _found(self, one: _Try, parcel: Parcel, channel: str) -> str | None:
        """Return the message's ``ts`` if an earlier try that nobody saw the end of brought it to Slack."""
        if one.tried_at == 0.0:
            return None
        ts = self._looked(one, channel)
        if ts is not None:
            log.info("promise %s (%s) had arrived before", one.promise.id, one.promise.kind)
            # A card shows the state of then.
            if parcel.card_of is None or self._replaced(one.promise, parcel, (channel, ts)):
                return ts
        outbox.not_arrived(self._desk, one.promise)
        one.tried_at = 0.0
        return None

    def _looked(self, one: _Try, channel: str) -> str | None:
        one.is_looking = True
        until = one.tried_at + outbox.MOST_IN_HAND_SECONDS + CALL_SECONDS
        number = str(one.promise.id)
        ts = self._looking.find(one.promise.workspace_id, channel, number, since=one.tried_at, until=until)
        one.is_looking = False
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
