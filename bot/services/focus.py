"""Owns what a member should look at first today: overdue, due today, about to be taken away, or standing for too long."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select

from bot.domain.attention import Cause, Step
from bot.models import Opportunity, OutboxRow
from bot.services.bundles import focus_key
from bot.services.desk import Actor, Desk

MOST = 300


@dataclass(frozen=True, slots=True)
class Told:
    """What a morning list told: when, and of each opportunity the cause and its version, which every act on it changes."""

    at: datetime
    causes: frozenset[tuple[int, Cause, int]]

    def covers(self, opportunity_id: int, cause: Cause, version: int) -> bool:
        """Say whether it told that, or warned of the opportunity, which says more than every other cause."""
        return not self.causes.isdisjoint({(opportunity_id, cause, version), (opportunity_id, Cause.SILENCE, version)})

    def names(self, opportunity_id: int) -> bool:
        """Say whether it told of the opportunity, whatever for."""
        return any(number == opportunity_id for number, _, _ in self.causes)

    def payload(self) -> dict[str, Any]:
        """Return it as it is kept with the list."""
        return {"at": self.at.isoformat(), "causes": sorted([one[0], one[1].value, one[2]] for one in self.causes)}


@dataclass(frozen=True, slots=True)
class Concern:
    """One opportunity of the list, and why it is there."""

    opportunity_id: int
    cause: Cause
    step: Step
    moment: datetime


@dataclass(frozen=True, slots=True)
class Focus:
    """What concerns a member today, in order: all of it, unless there is more than anybody reads; and how many there are in all."""

    concerns: tuple[Concern, ...]
    count: int


def told(desk: Desk, *, by: Actor) -> Told | None:
    """Return what the actor's morning list of today told; None where there was none."""
    day = desk.now().astimezone(ZoneInfo(by.zone)).date()
    with desk.reading(by) as session:
        payload = session.scalar(select(OutboxRow.payload).where(OutboxRow.key == focus_key(by.member_id or 0, day)))
    kept = (payload or {}).get("told")
    if kept is None:
        return None
    return Told(
        datetime.fromisoformat(kept["at"]),
        frozenset((number, Cause(cause), version) for number, cause, version in kept["causes"]),
    )


def today(desk: Desk, *, by: Actor) -> Focus:
    """Return the actor's own list: what they were warned of first, then by grade, the largest amount, the longest wait."""
    now = desk.now()
    tonight = _midnight(now, by.zone)
    touched = func.coalesce(Opportunity.last_follow_up_at, Opportunity.accepted_at, Opportunity.captured_at)
    warned = and_(Opportunity.warned_at.is_not(None), Opportunity.warned_at > touched)
    is_awake = or_(Opportunity.snoozed_until.is_(None), Opportunity.snoozed_until <= now)
    wanted = and_(
        Opportunity.owner_id == (by.member_id or 0),
        Opportunity.stage_kind.in_(("INTAKE", "OPEN")),
        Opportunity.accepted_at.is_not(None),
        # What waits for its day after a go-live is told of on that day.
        Opportunity.attended_at <= now,
        or_(warned, and_(is_awake, or_(Opportunity.next_due_at < tonight, Opportunity.stage_limit_at <= now))),
    )
    statement = (
        select(
            Opportunity.id,
            Opportunity.next_due_at,
            Opportunity.stage_limit_at,
            Opportunity.warned_at,
            Opportunity.captured_at,
            warned.label("is_warned"),
        )
        .where(wanted)
        .order_by(
            warned.desc(),
            Opportunity.grade,
            func.coalesce(Opportunity.amount_minor, 0).desc(),
            Opportunity.next_due_at,
            Opportunity.id,
        )
        .limit(MOST)
    )
    with desk.reading(by) as session:
        rows = session.execute(statement).all()
        count = len(rows)
        if count == MOST:
            count = session.scalar(select(func.count()).select_from(Opportunity).where(wanted)) or 0
    return Focus(tuple(_concern(row, tonight) for row in rows), count)


def _concern(row: Any, tonight: datetime) -> Concern:
    number, due, limit = row.id, row.next_due_at, row.stage_limit_at
    if row.is_warned:
        return Concern(number, Cause.SILENCE, Step.WARN, row.warned_at)
    if due is not None and due < tonight:
        return Concern(number, Cause.NEXT_STEP, Step.REMIND, due)
    return Concern(number, Cause.STAGE_LIMIT, Step.REMIND, limit or row.captured_at)


def _midnight(now: datetime, zone: str) -> datetime:
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone)).astimezone(UTC)
