"""Owns Slack's rates as all workers together keep them: when a channel, and the workspace as a whole, takes its next message."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.models import ChannelPace

WORKSPACE = ""
"""Stands where a channel's id would, for the workspace as a whole."""

# Sums of floats may fall a hair short of a whole message.
_ROUNDING = 1e-6
# A channel that is free this much later than its rate alone would have it was told by Slack to wait.
_TOLD_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast Slack takes messages.

    Attributes:
        channel_seconds: Between two messages into one channel, in seconds of the machine's clock.
        workspace_per_second: Messages a second over all channels of a workspace.
    """

    channel_seconds: float
    workspace_per_second: float


def booked(session: Session, workspace_ids: Iterable[int]) -> dict[int, float]:
    """Return until when each workspace is booked, and hold it until the end of the transaction.

    Args:
        session: The transaction that takes messages in hand.
        workspace_ids: Which workspaces.
    """
    wanted = sorted(set(workspace_ids))
    found = _held(session, wanted)
    if missing := [one for one in wanted if one not in found]:
        # Nobody can hold what is not there: the first one makes it, and all others wait for that.
        rows = [{"workspace_id": one, "channel": WORKSPACE, "free_at": 0.0} for one in missing]
        made = _inserted(session.get_bind().dialect.name).on_conflict_do_nothing()
        session.connection().execute(made, rows)
        found = _held(session, wanted)
    return found


_HELD = (
    select(ChannelPace.free_at)
    .where(ChannelPace.workspace_id == bindparam("workspace_id"), ChannelPace.channel == WORKSPACE)
    .with_for_update()
)


def _held(session: Session, workspace_ids: Sequence[int]) -> dict[int, float]:
    # One after the other in the order of their numbers, so that nobody waits in a circle. All in one question would have to be
    # sorted, which is forbidden in this transaction: every channel's row would be read instead.
    found = {one: session.scalar(_HELD, {"workspace_id": one}) for one in workspace_ids}
    return {one: free_at for one, free_at in found.items() if free_at is not None}


def room(booked_until: float, rates: Rates, real: float) -> int:
    """Return how many messages a workspace takes now, that is booked up to a moment; both in seconds of the machine's clock."""
    # Never below none: a workspace that Slack told to wait is booked far ahead.
    ahead = (real - opens_at(max(booked_until, real), rates)) * rates.workspace_per_second
    return max(0, math.floor(ahead + _ROUNDING) + 1)


def opens_at(booked_until: float, rates: Rates) -> float:
    """Return when a workspace that is booked up to a moment takes one more message: after a silence it takes a second's worth at once."""
    burst = max(1, int(rates.workspace_per_second))
    return booked_until - (burst - 1) / rates.workspace_per_second


def taken(
    session: Session, places: Sequence[tuple[int, str]], until: Mapping[int, float], rates: Rates, real: float
) -> None:
    """Write down that channels take a message now.

    Args:
        session: The transaction that takes them in hand.
        places: Workspace and channel of each message.
        until: As ``booked`` gave it.
        rates: The rates to keep.
        real: Now, in seconds of the machine's clock.
    """
    counts = Counter(workspace_id for workspace_id, _ in places)
    channels = [(workspace_id, channel, real + rates.channel_seconds) for workspace_id, channel in places]
    whole = [
        (workspace_id, WORKSPACE, max(until[workspace_id], real) + count / rates.workspace_per_second)
        for workspace_id, count in counts.items()
    ]
    # Always in the same order, so that workers that wait for one another do not do so in a circle.
    rows = [dict(zip(("workspace_id", "channel", "free_at"), row, strict=True)) for row in sorted(channels + whole)]
    session.connection().execute(_at_least(session.get_bind().dialect.name), rows)


def limited(session: Session, workspace_id: int, channel: str, *, until: float, real: float, rates: Rates) -> None:
    """Keep every worker off a channel that Slack wants left alone; two such channels at once mean the whole workspace."""
    connection, dialect = session.connection(), session.get_bind().dialect.name
    others = session.scalar(
        select(func.count())
        .select_from(ChannelPace)
        .where(
            ChannelPace.workspace_id == workspace_id,
            ChannelPace.channel.not_in((WORKSPACE, channel)),
            ChannelPace.free_at > real + rates.channel_seconds + _TOLD_SECONDS,
        )
    )
    places = [channel, WORKSPACE] if others else [channel]
    rows = [{"workspace_id": workspace_id, "channel": one, "free_at": until} for one in places]
    connection.execute(_at_least(dialect), rows)


def _inserted(dialect: str) -> Any:
    return sqlite.insert(ChannelPace) if dialect == "sqlite" else postgresql.insert(ChannelPace)


def _later(dialect: str, one: Any, other: Any) -> Any:
    return func.max(one, other) if dialect == "sqlite" else func.greatest(one, other)


@cache
def _at_least(dialect: str) -> Any:
    made = _inserted(dialect)
    later = _later(dialect, ChannelPace.free_at, made.excluded.free_at)
    return made.on_conflict_do_update(index_elements=["workspace_id", "channel"], set_={"free_at": later})
