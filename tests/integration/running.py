"""What lets the clock run in tests: from due moment to due moment, through the real sweep and outbox."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.services import outbox, sweep
from tests.factories import TeamWorld

SHANGHAI = ZoneInfo("Asia/Shanghai")
A_GRADE = {"source": "referral", "facts": {"intent": "quote", "budget": "confirmed"}}

Sent = tuple[datetime, str, str, Any]
"""When, kind, channel and payload of a message."""


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """Return a moment of 2026 on Shanghai's wall clock; the 2nd of March is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def run(world: TeamWorld, until: datetime) -> list[Sent]:
    """Let the clock run from due moment to due moment; return what was sent: when, kind, channel, payload."""
    desk, found = world.desk, []
    while True:
        sweep.due(desk)
        sweep.digests(desk)
        sweep.focus(desk)
        while leased := outbox.lease(desk):
            for one in leased:
                found.append((world.clock.now(), one.kind, one.channel, one.payload))
                outbox.sent(desk, one, channel="C", ts="1")
        moment = sweep.next_moment(desk)
        if moment is None or moment > until:
            world.clock.set(until)
            return found
        world.clock.set(moment)


def to(found: list[Sent], member_id: int | None, kind: str) -> list[tuple[datetime, list[str]]]:
    """Return the messages of a kind to a member: when, and the steps of the ladder in each."""
    return [
        (moment, [item["step"] for item in payload["items"]])
        for moment, sent, channel, payload in found
        if sent == kind and channel == f"member:{member_id}"
    ]
