"""Owns the limit of messages a second into one channel."""

import math
from collections.abc import Callable


class ChannelRate:
    """A bucket for each channel that fills up again with time.

    Args:
        per_second: Messages a second; None for no limit.
        burst: Messages that a full bucket holds.
        now_seconds: The clock that fills the buckets, in seconds from any origin.
    """

    def __init__(self, per_second: float | None, burst: int, now_seconds: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = float(max(1, burst))
        self._now_seconds = now_seconds
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, channel: str) -> int:
        """Take one message out of the channel's bucket.

        Args:
            channel: Id of the channel.

        Returns:
            0 when the message may go, else the whole seconds to wait, as in ``Retry-After``.
        """
        if self._per_second is None:
            return 0
        now = self._now_seconds()
        held, at = self._buckets.get(channel, (self._burst, now))
        held = min(self._burst, held + (now - at) * self._per_second)
        # Sums of floats may fall a hair short of a whole message; a caller who waited as told must pass.
        if held >= 1.0 - 1e-9:
            self._buckets[channel] = (held - 1.0, now)
            return 0
        self._buckets[channel] = (held, now)
        return max(1, math.ceil((1.0 - held) / self._per_second))
