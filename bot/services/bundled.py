"""Owns what a bundle of the clock holds when it is read: each opportunity as it stands, as far as it still needs somebody."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.domain.attention import Cause, Step
from bot.errors import NotFound
from bot.models import OutboxRow
from bot.services import opportunities
from bot.services.desk import Actor, Desk
from bot.services.relevance import still_needed
from bot.services.values import OpportunityView

_ESCALATION = "escalation"
_KINDS = ("nudge", "focus", _ESCALATION)


@dataclass(frozen=True, slots=True)
class NudgeItem:
    """One opportunity in a bundle: as it stands, and the rung of the ladder that brought it here."""

    opportunity: OpportunityView
    cause: Cause
    step: Step
    moment: datetime
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a message held that is still true; ``is_escalation`` where it tells a manager of others."""

    items: tuple[NudgeItem, ...]
    is_escalation: bool


def still_true(
    desk: Desk, promised: Iterable[dict[str, Any]], *, by: Actor, reader_id: int | None
) -> tuple[NudgeItem, ...]:
    """Return what was promised and is still true.

    Args:
        desk: The record and the clock.
        promised: As the sweep promised it.
        by: Who reads.
        reader_id: Our number of the owner it is for; None for a manager, who is told whoever owns it.
    """
    now, found = desk.now(), []
    for item in promised:
        cause, moment = Cause(item["cause"]), datetime.fromisoformat(item["moment"])
        try:
            shown = opportunities.view(desk, int(item["opportunity_id"]), by=by, history=0)
        except NotFound:
            # One that is out of the reader's sight by now must not take the others of the bundle with it.
            continue
        if still_needed(shown, cause, moment, now, reader_id=reader_id):
            is_repeat = bool(item.get("is_repeat"))
            found.append(NudgeItem(shown, cause, Step(item["step"]), moment, is_repeat=is_repeat))
    return tuple(found)


def sent(desk: Desk, number: int, *, by: Actor) -> Bundle:
    """Return what a message that the actor got still asks for.

    Args:
        desk: The record and the clock.
        number: The promise's.
        by: The one who got it.

    Raises:
        NotFound: There is no such message of theirs, or it is forgotten by now.
    """
    with desk.reading(by) as session:
        row = session.execute(
            select(OutboxRow.kind, OutboxRow.payload).where(
                OutboxRow.id == number,
                OutboxRow.channel == f"member:{by.member_id}",
                OutboxRow.kind.in_(_KINDS),
            )
        ).first()
    if row is None:
        raise NotFound("error.not_found")
    is_escalation = row.kind == _ESCALATION
    items = still_true(desk, row.payload["items"], by=by, reader_id=None if is_escalation else by.member_id)
    return Bundle(items, is_escalation)
