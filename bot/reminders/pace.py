"""Owns the pace of sending: how soon a channel may have its next message, and how long a failed one waits."""

import random
import threading
import time
from collections.abc import Callable

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 1800.0
_KEPT = 1000


class Pace:
    """Spaces the messages of one channel, in seconds of the machine's clock; different channels do not wait for another.

    Args:
        per_second: Messages a second and channel; None for no limit, as on a stand-in.
        monotonic: Seconds that only grow.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        per_second: float | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._gap = 0.0 if per_second is None else 1.0 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, channel: str) -> None:
        """Wait until the channel may have its next message, and take that place."""
        if self._gap == 0.0:
            return
        with self._lock:
            now = self._monotonic()
            if len(self._free_at) > _KEPT:
                self._free_at = {name: at for name, at in self._free_at.items() if at > now}
            at = max(now, self._free_at.get(channel, 0.0))
            self._free_at[channel] = at + self._gap
        if at > now:
            self._sleep(at - now)


def backoff_seconds(attempts: int, *, chance: Callable[[], float] = random.random) -> float:
    """Return how long to wait after so many attempts: doubling from a second to half an hour, spread by half either way.

    Args:
        attempts: At least 1.
        chance: A number from 0 to 1; it keeps many that failed together from coming back together.
    """
    # Beyond twelve doublings the longest wait is reached anyway; the bound keeps the power small.
    wait = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(attempts - 1, 12))
    return wait * (0.5 + chance())
