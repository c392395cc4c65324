"""Owns the questions about the heads of channels: of each channel the promise whose turn it is."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Double, Integer, Row, and_, bindparam, exists, func, literal_column, or_, select, text, tuple_
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from bot.models import ChannelPace, OutboxRow
from bot.models.base import Instant
from bot.services.pacing import WORKSPACE

_MOST_LOOKED_AT = 500
_NO_SORTING = text("SET LOCAL enable_sort = off")


def is_open(row: type[OutboxRow]) -> ColumnElement[bool]:
    """Return the condition for what is still to be sent, spelt as the indexes spell it: bound values would not match them."""
    return row.state.in_([literal_column("'waiting'"), literal_column("'sending'")])


def is_settled(row: type[OutboxRow]) -> ColumnElement[bool]:
    """Return the condition for what is done with, spelt as above."""
    return row.state.in_([literal_column("'sent'"), literal_column("'dropped'"), literal_column("'dead'")])


def _is_head() -> ColumnElement[bool]:
    """Return the condition for the oldest of a channel; one that Slack may have already goes before all others."""
    other = aliased(OutboxRow)
    is_begun, other_is_begun = OutboxRow.tried_at > 0.0, other.tried_at > 0.0
    is_older = tuple_(other.due_at, other.id) < tuple_(OutboxRow.due_at, OutboxRow.id)
    goes_before = or_(and_(other_is_begun, ~is_begun), and_(or_(other_is_begun, ~is_begun), is_older))
    return ~exists().where(
        other.workspace_id == OutboxRow.workspace_id,
        other.channel == OutboxRow.channel,
        is_open(other),
        other.id != OutboxRow.id,
        goes_before,
    )


_REAL = bindparam("real", type_=Double)
_IS_DUE = OutboxRow.due_at <= bindparam("now", type_=Instant)
_PACE = and_(ChannelPace.workspace_id == OutboxRow.workspace_id, ChannelPace.channel == OutboxRow.channel)
_WHOLE = aliased(ChannelPace)
_IS_WHOLE = and_(_WHOLE.workspace_id == OutboxRow.workspace_id, _WHOLE.channel == WORKSPACE)


# Every tick asks these, mostly in vain: they are put together once.
_READY = (
    select(OutboxRow.id, OutboxRow.workspace_id, OutboxRow.channel)
    .outerjoin(ChannelPace, _PACE)
    .where(
        is_open(OutboxRow),
        _IS_DUE,
        OutboxRow.leased_until <= _REAL,
        OutboxRow.retry_at <= _REAL,
        func.coalesce(ChannelPace.free_at, 0.0) <= _REAL,
        _is_head(),
    )
    .order_by(OutboxRow.due_at, OutboxRow.id)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(of=OutboxRow, skip_locked=True)
)
_WAITING = (
    select(
        OutboxRow.retry_at,
        OutboxRow.leased_until,
        func.coalesce(ChannelPace.free_at, 0.0),
        func.coalesce(_WHOLE.free_at, 0.0),
    )
    .outerjoin(ChannelPace, _PACE)
    .outerjoin(_WHOLE, _IS_WHOLE)
    .where(is_open(OutboxRow), _IS_DUE, _is_head())
    .order_by(OutboxRow.due_at, OutboxRow.id)
    .limit(_MOST_LOOKED_AT)
)


def ready(session: Session, *, now: datetime, real: float, limit: int) -> Sequence[Row[int, int, str]]:
    """Return number, workspace and channel of the heads whose turn it is, the oldest first, and hold them until the end of the transaction.

    What others hold is left out.
    """
    _walk_in_order(session)
    return session.execute(_READY, {"now": now, "real": real, "most": limit}).all()


def waiting(session: Session, *, now: datetime) -> Sequence[Row[float, float, float, float]]:
    """Return what each head that is due waits for, in seconds of the machine's clock: retry, lease, its channel, its workspace."""
    _walk_in_order(session)
    return session.execute(_WAITING, {"now": now}).all()


def _walk_in_order(session: Session) -> None:
    """Keep PostgreSQL from sorting for the rest of the transaction.

    What is due comes in bursts, which its statistics do not know yet: believing in a handful of rows, it would look at all
    of ten thousand for the first forty (50 ms), which the index gives in their order (0.3 ms).
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_NO_SORTING)
