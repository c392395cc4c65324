"""Owns whether a warning was heard: a promised message is none yet, and nothing is taken away of which nobody was told in time."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import literal_column, select
from sqlalchemy.orm import Session

from bot.domain.attention import Step
from bot.models import Member, OutboxRow
from bot.services.outbox import SENT_DAYS
from bot.services.outbox_heads import is_settled

_KINDS = ("nudge", "focus", "escalation")
# A warning may join a message that waits already, but none of a day before.
_EARLIER = timedelta(days=1)
# How late a message that was put off may have come; one that came later still counts as not heard, and the next one does.
_LATEST = timedelta(days=10)


def told_at(moment: datetime) -> dict[str, Any]:
    """Return what is kept with a message that warns when it is sent: the moment, aware."""
    return {"told_at": moment.isoformat()}


def first_told(session: Session, rows: Sequence[Any], now: datetime) -> dict[int, datetime]:
    """Return when somebody was first told of the warnings of opportunities; those of which no message was sent are left out.

    Args:
        session: The sweep's transaction, over all workspaces.
        rows: Opportunities that were warned of, as rows with at least id, workspace, owner and situation.
        now: The present moment; what was promised before messages of now are remembered counts as told then.
    """
    if not rows:
        return {}
    since = {row.id: row.situation.warned_at - _EARLIER for row in rows}
    # Of an owner who is away their manager is told, and where there is none the admins.
    deciding = select(Member.id).where(
        Member.workspace_id.in_({row.workspace_id for row in rows}), Member.role.in_(("manager", "admin"))
    )
    readers = {row.owner_id for row in rows} | set(session.scalars(deciding))
    sent = select(OutboxRow.due_at, OutboxRow.payload).where(
        is_settled(OutboxRow),
        OutboxRow.due_at >= min(since.values()) - _LATEST,
        OutboxRow.state == literal_column("'sent'"),
        OutboxRow.kind.in_(_KINDS),
        OutboxRow.channel.in_([f"member:{number}" for number in readers]),
    )
    forgotten = now - timedelta(days=SENT_DAYS)
    found = {row.id: row.situation.warned_at for row in rows if row.situation.warned_at < forgotten}
    for due_at, payload in session.execute(sent):
        at = datetime.fromisoformat(payload["told_at"]) if "told_at" in payload else due_at
        for item in payload["items"]:
            number = int(item["opportunity_id"])
            if item["step"] == Step.WARN and number in since and at >= since[number]:
                found[number] = min(at, found.get(number, at))
    return found
