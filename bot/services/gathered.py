"""Owns which notices are told together: of one kind, to one member, in a stretch of two hours; the first of them at once."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from bot.models import OutboxRow
from bot.services.desk import Desk, system_actor
from bot.services.outbox import Promise
from bot.services.outbox_heads import is_open

KIND = "notice"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A promised notice that nobody has tried to send yet."""

    promise_id: int
    payload: dict[str, Any]


def alike(desk: Desk, promise: Promise) -> tuple[Waiting, ...]:
    """Return the notices of the same kind that wait behind a promise for the same reader, in their order, due or not.

    Of each reader only the first message is in hand at any time: nobody sends these meanwhile.
    """
    with desk.reading(system_actor(promise.workspace_id)) as session:
        rows = session.execute(
            select(OutboxRow.id, OutboxRow.payload)
            .where(
                is_open(OutboxRow),
                OutboxRow.state == "waiting",
                OutboxRow.tried_at == 0.0,
                OutboxRow.channel == promise.channel,
                OutboxRow.kind == KIND,
                OutboxRow.id != promise.id,
            )
            .order_by(OutboxRow.id)
        ).all()
    return tuple(Waiting(row.id, row.payload) for row in rows if row.payload["key"] == promise.payload["key"])
