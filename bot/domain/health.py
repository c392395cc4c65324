"""Owns the invariant: which of its clauses an opportunity breaks, and from when on."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol


class Checked(Protocol):
    """What the invariant looks at; instants are aware UTC."""

    @property
    def captured_at(self) -> datetime:
        """When it was captured."""
        ...

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed; None while it is open."""
        ...

    @property
    def owner_id(self) -> int | None:
        """Its owner; None in the pool."""
        ...

    @property
    def accepted_at(self) -> datetime | None:
        """When the owner accepted."""
        ...

    @property
    def accept_by(self) -> datetime | None:
        """Until when the owner may accept."""
        ...

    @property
    def grade(self) -> str:
        """A, B or C; empty if it has none."""
        ...

    @property
    def stage_limit_at(self) -> datetime | None:
        """When it will have been in its stage for too long."""
        ...

    @property
    def next_due_at(self) -> datetime | None:
        """When the open next step is due."""
        ...

    @property
    def has_collision(self) -> bool:
        """Whether a collision on its customer is unresolved."""
        ...

    @property
    def customer_known(self) -> bool:
        """False where an import named no customer."""
        ...

    @property
    def close_reason(self) -> str | None:
        """Why it was won or lost."""
        ...

    @property
    def review_due_at(self) -> datetime | None:
        """Until when a review is asked for."""
        ...

    @property
    def reviewed_at(self) -> datetime | None:
        """When the review was written."""
        ...


def broken_clauses(one: Checked, now: datetime) -> tuple[str, ...]:
    """Return the clauses that do not hold now: owner, grade, stage_limit, next_step, collision, reason, review, customer."""
    return tuple(clause for clause, moment in _breaks(one) if moment <= now)


def broken_from(one: Checked) -> datetime | None:
    """Return from when on some clause is broken if nobody does anything; None if never."""
    return min((moment for _, moment in _breaks(one)), default=None)


def _breaks(one: Checked) -> Iterator[tuple[str, datetime]]:
    """Yield each clause that is, or will be, broken, with the moment from which on it is."""
    begun = one.closed_at or one.captured_at
    if one.closed_at is None:
        if one.owner_id is not None and one.accepted_at is None:
            yield "owner", one.accept_by or begun
        if not one.grade:
            yield "grade", begun
        if one.stage_limit_at is not None:
            yield "stage_limit", one.stage_limit_at
        yield "next_step", one.next_due_at or begun
        if one.has_collision:
            yield "collision", begun
    else:
        if not one.close_reason:
            yield "reason", begun
        if one.review_due_at is not None and one.reviewed_at is None:
            yield "review", one.review_due_at
    if not one.customer_known:
        yield "customer", begun
