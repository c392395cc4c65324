"""Owns the cooling-off: a former owner lets others have their turn before they may have an opportunity of the pool again."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.events import PutInPool
from bot.models import EventRow, Opportunity
from bot.services.recording import ground_of


def resting(session: Session, opportunity: Opportunity, now: datetime) -> tuple[int, datetime] | None:
    """Return the former owner who lets others have their turn, and until when; None where nobody does.

    It is the last one of whom it came into the pool: that nobody took it meanwhile, or that somebody declined it, ends no rest.
    """
    pooled = session.scalar(
        select(EventRow)
        .where(
            EventRow.opportunity_id == opportunity.id,
            EventRow.kind == PutInPool.kind,
            EventRow.payload["former_id"].as_integer().is_not(None),
        )
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    if pooled is None:
        return None
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    until = pooled.at + timedelta(days=ground.playbook.pool.cooling_off_days)
    return (int(pooled.payload["former_id"]), until) if until > now else None


def resting_ids(session: Session, opportunity: Opportunity, now: datetime) -> frozenset[int]:
    """Return the numbers of those whom the rules must not ask while they let others have their turn."""
    found = resting(session, opportunity, now)
    return frozenset() if found is None else frozenset({found[0]})
