"""Owns what a ruling is made from: its three verdicts, and the evidence that the event log gives."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from bot.domain.events import ActionUndone, CollisionStopped, Event, FollowUpLogged, LeadCaptured, OwnerTold


class Verdict(StrEnum):
    """Whose the customer is: the owner keeps it, the asker gets it, or both work on it."""

    KEEP = "keep"
    GIVE = "give"
    SHARE = "share"


@dataclass(frozen=True, slots=True)
class Happening:
    """An event with its number, when it happened, and who did it; None for the clock."""

    id: int
    at: datetime
    who: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the event log said when the ruling was asked for; instants are aware UTC.

    Attributes:
        captured_at: When it was captured, by ``captured_by``; None where a registration stood in the way.
        registered_at: When the registration was asked for; approved at ``approved_at`` by ``approved_by``.
        first_touch_at: When the customer was first followed up, by ``first_touch_by``.
        last_follow_up_at: When last.
        follow_ups: How often, without those that were undone.
        next_text: The next step, due at ``next_due_at``.
        protected_until: Until when nobody else may take the customer.
        attempts: When the one who asks was stopped.
        told_at: When they told the owner what they know.
        need: What they typed as the customer's need.
        typed: All that they typed, by field, for the form that a share opens, or for the opportunity that they are given; their
            answers to grading questions are ``facts`` too.
        owner: Who owned it, and ``owner_id``; None in the pool.
    """

    captured_at: datetime | None = None
    captured_by: str | None = None
    registered_at: datetime | None = None
    approved_at: datetime | None = None
    approved_by: str | None = None
    first_touch_at: datetime | None = None
    first_touch_by: str | None = None
    last_follow_up_at: datetime | None = None
    follow_ups: int = 0
    next_text: str | None = None
    next_due_at: datetime | None = None
    protected_until: datetime | None = None
    attempts: tuple[datetime, ...] = ()
    told_at: tuple[datetime, ...] = ()
    need: str | None = None
    typed: dict[str, Any] | None = None
    owner: str | None = None
    owner_id: int | None = None

    def to_json(self) -> list[list[Any]]:
        """Return name and JSON value of what is known, as ``from_json`` reads it."""
        return [
            [one.name, _json(value)] for one in fields(self) if (value := getattr(self, one.name)) not in (None, ())
        ]

    @classmethod
    def from_json(cls, stored: Iterable[Iterable[Any]]) -> Self:
        """Return the evidence that was stored; names of a later version are left out."""
        known = {one.name for one in fields(cls)}
        pairs = [tuple(pair) for pair in stored]
        return cls(**{name: _value(name, value) for name, value in pairs if name in known})


def reaches(since: datetime, stretches: Iterable[tuple[datetime, datetime | None]], now: datetime) -> bool:
    """Say whether stretches of time, each from and until, leave no gap between a moment and now; one that lasts ends with None."""
    reached = since
    for begin, end in sorted(stretches, key=lambda one: one[0]):
        if begin > reached:
            break
        if end is None:
            return True
        reached = max(reached, end)
    return reached > now


def evidence_of(
    happenings: Iterable[Happening],
    *,
    asker_id: int,
    captured_at: datetime | None,
    next_text: str | None = None,
    next_due_at: datetime | None = None,
    protected_until: datetime | None = None,
    registered_at: datetime | None = None,
    approved_at: datetime | None = None,
    approved_by: str | None = None,
    need: str | None = None,
    owner: str | None = None,
    owner_id: int | None = None,
) -> Evidence:
    """Read the evidence out of the history of an opportunity, or of a registered customer.

    Args:
        happenings: In the order in which they happened.
        asker_id: Our number of the member who asks.
        captured_at: Of the opportunity, if it is about one; an import may know no event of it.
        next_text: Its next step.
        next_due_at: When that is due.
        protected_until: Of the opportunity or the registration.
        registered_at: When the registration was asked for, if it is about one.
        approved_at: When it was approved.
        approved_by: By whom.
        need: What the one who asks typed as the customer's need.
        owner: Who owns it.
        owner_id: Our number of them.
    """
    events = tuple(happenings)
    undone = {one.event.event_id for one in events if isinstance(one.event, ActionUndone)}
    captured = next((one for one in events if isinstance(one.event, LeadCaptured)), None)
    touches = [one for one in events if isinstance(one.event, FollowUpLogged) and one.id not in undone]
    return Evidence(
        captured_at=captured_at,
        captured_by=captured.who if captured else None,
        first_touch_at=touches[0].at if touches else None,
        first_touch_by=touches[0].who if touches else None,
        last_follow_up_at=touches[-1].at if touches else None,
        follow_ups=len(touches),
        next_text=next_text,
        next_due_at=next_due_at,
        protected_until=protected_until,
        registered_at=registered_at,
        approved_at=approved_at,
        approved_by=approved_by,
        attempts=_of(events, CollisionStopped, asker_id),
        told_at=_of(events, OwnerTold, asker_id),
        need=need,
        owner=owner,
        owner_id=owner_id,
    )


def _of(
    events: Iterable[Happening], kind: type[CollisionStopped] | type[OwnerTold], member_id: int
) -> tuple[datetime, ...]:
    return tuple(one.at for one in events if isinstance(one.event, kind) and one.event.member_id == member_id)


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [one.isoformat() for one in value]
    return value.isoformat() if isinstance(value, datetime) else value


def _value(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(datetime.fromisoformat(one) for one in value)
    return datetime.fromisoformat(value) if name.endswith(("_at", "_until")) else value
