"""Owns Slack's rates as all workers together keep them: when a channel, and the workspace as a whole, takes its next message."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Double, bindparam, func, select
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


def room(session: Session, workspace_ids: Iterable[int], rates: Rates, real: float) -> Counter[int]:
    """Return how many messages each workspace takes now, and hold its pace until the end of the transaction.

    Args:
        session: The transaction that takes them.
        workspace_ids: Which workspaces.
        rates: Their rates.
        real: Now, in seconds of the machine's clock.
    """
    wanted = sorted(set(workspace_ids))
    found = session.execute(
        select(ChannelPace.workspace_id, ChannelPace.free_at)
        .where(ChannelPace.channel == WORKSPACE, ChannelPace.workspace_id.in_(wanted))
        .order_by(ChannelPace.id)
        .with_for_update()
    ).all()
    free = {row.workspace_id: row.free_at for row in found}
    return Counter({one: _room(max(free.get(one, 0.0), real), rates, real) for one in wanted})


def _room(booked_until: float, rates: Rates, real: float) -> int:
    # Never below none: a workspace that Slack told to wait is booked far ahead.
    return max(0, math.floor((real - opens_at(booked_until, rates)) * rates.workspace_per_second + _ROUNDING) + 1)


def opens_at(booked_until: float, rates: Rates) -> float:
    """Return when a workspace that is booked up to a moment takes one more message: after a silence it takes a second's worth at once."""
    burst = max(1, int(rates.workspace_per_second))
    return booked_until - (burst - 1) / rates.workspace_per_second


def taken(session: Session, places: Iterable[tuple[int, str]], rates: Rates, real: float) -> None:
    """Write down that each of these channels, as (workspace, channel), takes a message now."""
    rows = [
        {"workspace_id": workspace_id, "channel": channel, "free_at": real + rates.channel_seconds}
        for workspace_id, channel in places
    ]
    if not rows:
        return
    counts = Counter(row["workspace_id"] for row in rows)
    connection, dialect = session.connection(), session.get_bind().dialect.name
    connection.execute(_at_least(dialect), rows)
    for workspace_id, count in sorted(counts.items()):
        seconds = count / rates.workspace_per_second
        first = {"workspace_id": workspace_id, "channel": WORKSPACE, "free_at": real + seconds}
        connection.execute(_further(dialect), {**first, "real": real, "seconds": seconds})


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


@cache
def _further(dialect: str) -> Any:
    begin = _later(dialect, ChannelPace.free_at, bindparam("real", type_=Double))
    further = begin + bindparam("seconds", type_=Double)
    return _inserted(dialect).on_conflict_do_update(
        index_elements=["workspace_id", "channel"], set_={"free_at": further}
    )
