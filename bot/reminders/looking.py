"""Owns the questions to Slack's history: one at a time in each workspace, and none while Slack wants it left alone."""

import threading
import time
from dataclasses import dataclass, field

from bot.errors import BotError, RateLimited
from bot.slack.gateway import Poster

# Short: whoever waits here holds up the messages of others.
_QUEUE_SECONDS = 0.25
_ANOTHER_SECONDS = 1.0
# So often a message is looked for in vain because Slack wants patience: the channel behind it waits all the while.
_MOST_LOOKS = 15


class NotNow(BotError):  # noqa: N818 - a moment, and no fault of anybody's
    """The history was not asked.

    Args:
        seconds: When to come again.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the history may be asked in {seconds:.1f} s")
        self.seconds = seconds


class TooSlow(BotError):  # noqa: N818 - as above
    """Slack asked for patience so often that nobody shall wait any longer for what comes after."""


@dataclass(slots=True)
class _Place:
    """How far a message of a try at ``since`` has been looked for, and how often Slack asked for patience meanwhile."""

    since: float
    cursor: str | None = None
    looks: int = 0


@dataclass(slots=True)
class _Turn:
    """Whose turn it is in a workspace; ``free_at`` is when Slack takes the next question; ``places`` are by the messages' keys."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    places: dict[str, _Place] = field(default_factory=dict)


class Looking:
    """Looks for messages in Slack's history; may be used from many threads at once.

    Apps sold outside the Marketplace may ask once a minute, and see 15 messages then: each try goes on where the one before
    ended. That says nothing about how fast Slack takes messages.

    Args:
        gateway: Slack.
    """

    def __init__(self, gateway: Poster) -> None:
        self._gateway = gateway
        self._turns: dict[int, _Turn] = {}

    def find(self, workspace_id: int, channel: str, key: str, *, since: float, until: float) -> str | None:
        """Return the ``ts`` of our message with that key; None if the channel has none of that time.

        Args:
            workspace_id: Whose history it is.
            channel: Channel id, a direct one too.
            key: The ``key`` in the message's metadata.
            since: No older ones, in seconds since 1970.
            until: No newer ones, in the same seconds.

        Raises:
            NotNow: Another question is on its way, or Slack asked for patience before; nothing was asked.
            TooSlow: Slack has asked for patience too often by now.
            GatewayError: As the gateway raises them.
        """
        turn = self._turns.setdefault(workspace_id, _Turn())
        if not turn.lock.acquire(timeout=_QUEUE_SECONDS):
            raise NotNow(_ANOTHER_SECONDS)
        try:
            seconds = turn.free_at - time.monotonic()
            if seconds > 0.0:
                raise NotNow(seconds)
            return self._look_on(turn, channel, key, since, until)
        finally:
            turn.lock.release()

    def _look_on(self, turn: _Turn, channel: str, key: str, since: float, until: float) -> str | None:
        place = turn.places.pop(key, None)
        if place is None or place.since != since:
            # Another worker may have gone on with it meanwhile: of a later try nothing has been looked through.
            place = _Place(since)
        try:
            while True:
                page = self._gateway.find(channel, key, since=since, until=until, cursor=place.cursor)
                if page.ts is not None or page.cursor is None:
                    return page.ts
                place.cursor = page.cursor
        except RateLimited as error:
            turn.free_at = time.monotonic() + error.retry_after_seconds
            place.looks += 1
            if place.looks >= _MOST_LOOKS:
                raise TooSlow(f"{place.looks} looks were not enough") from error
            turn.places[key] = place
            raise
