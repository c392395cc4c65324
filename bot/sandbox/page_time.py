"""Owns the page's clock: what it shows, and how far a button moves it."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.sandbox.things import Json, Refusal
from bot.sandbox.world import World

_SATURDAY = 5
_SHOWN_EVERY_SECONDS = 0.25
_JUMP_SECONDS = 2.0


def working_days_later(now: datetime, days: int, zone: str) -> datetime:
    """Go on to the same time of day some weekdays later.

    Args:
        now: From when, aware.
        days: Weekdays to go on, 1 or more.
        zone: The zone whose weekdays and time of day are meant.

    Returns:
        An aware moment in UTC.
    """
    local = now.astimezone(ZoneInfo(zone))
    while days > 0:
        local += timedelta(days=1)
        days -= local.weekday() < _SATURDAY
    return local.astimezone(UTC)


class PageClock:
    """The business clock as the page sees it.

    Args:
        world: Whose clock it is.
        move: Moves it and returns when it stands there; None for a clock that cannot be moved.
    """

    def __init__(self, world: World, move: Callable[[datetime], None] | None) -> None:
        self._world = world
        self._move = move
        self.busy = False
        self._seen = (world.clock.now(), time.monotonic())

    def shown(self) -> Json:
        """Give the clock as the page shows it."""
        now = self._world.clock.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"now": now, "movable": self._move is not None, "busy": self.busy}

    def target(self, wish: Json, zone: str) -> datetime:
        """Read how far to move.

        Args:
            wish: ``hours``, ``days`` or ``working_days``, a positive number.
            zone: The person's zone.

        Raises:
            Refusal: It says none of these.
        """
        now = self._world.clock.now()
        for name in ("hours", "days", "working_days"):
            amount = wish.get(name)
            if isinstance(amount, int | float) and not isinstance(amount, bool) and 0 < amount <= 366:  # noqa: PLR2004 - a year
                if name == "working_days":
                    return working_days_later(now, int(amount), zone)
                return now + timedelta(**{name: amount})
        raise Refusal("invalid_arguments")

    async def move(self, target: datetime) -> None:
        """Move the clock, showing it on the way.

        Raises:
            Refusal: It cannot be moved, or is being moved.
        """
        if self._move is None:
            raise Refusal("clock_not_movable")
        if self.busy:
            raise Refusal("clock_busy")
        self.busy = True
        self._tell()
        moving = asyncio.get_running_loop().run_in_executor(None, self._move, target)
        try:
            while not moving.done():
                await asyncio.wait([moving], timeout=_SHOWN_EVERY_SECONDS)
                self._tell()
            await moving
        finally:
            self.busy = False
            self._tell()

    def watch(self) -> None:
        """Tell the pages when the clock jumped, by whomever it was moved."""
        before, then = self._seen
        now, present = self._world.clock.now(), time.monotonic()
        self._seen = (now, present)
        if (now - before).total_seconds() - (present - then) > _JUMP_SECONDS and not self.busy:
            self._tell()

    def _tell(self) -> None:
        shown = self.shown()
        self._world.tell(None, {"type": "clock", "now": shown["now"], "busy": shown["busy"]})
