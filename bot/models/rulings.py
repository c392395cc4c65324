"""Owns what a manager or the rules decided about whose a customer is: rulings, registrations, choices, merges."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, BigId, Id, Long, Short, WorkspaceOwned


class Ruling(WorkspaceOwned, Base):
    """A manager's answer to "whose customer is this": what stood in the way is an opportunity, else a registration.

    ``state`` is open, ruled, withdrawn or lapsed; ``cause`` is why it lapsed, such as pooled. ``verdict`` is keep, give
    or share; ``evidence`` is what the event log said when it was asked for. A ruled one is the precedent of the next.
    """

    __tablename__ = "ruling"
    __table_args__ = (
        Index(None, "workspace_id", "customer_id"),
        Index(None, "opportunity_id"),
        # Nobody has two open requests about one opportunity.
        Index(
            "uq_ruling_open",
            "opportunity_id",
            "asked_by_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
        Index(
            "uq_ruling_open_registration",
            "registration_id",
            "asked_by_id",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[Id]
    opportunity_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("opportunity.id"))
    registration_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("registration.id"))
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    asked_at: Mapped[datetime]
    plea: Mapped[Long]
    evidence: Mapped[list[Any]]
    state: Mapped[Short] = mapped_column(default="open")
    cause: Mapped[Short | None]
    verdict: Mapped[Short | None]
    sentence: Mapped[Long | None]
    ruled_by_id: Mapped[int | None] = mapped_column(BigId)
    ruled_at: Mapped[datetime | None]


class Registration(WorkspaceOwned, Base):
    """A rep's claim to a customer before there is an opportunity (报备); ``state`` is pending, approved, refused or ended.

    ``yielded_to_id`` is the registration that was approved instead of a refused one, or took the place of an ended one. ``cause``
    is why one ended, with who ended it and the sentence: withdrawn, revoked, merged, used (its rep
    got an opportunity there before anybody decided), or expired while more days were asked for; None for a ruling. An approved
    one is over too once ``protected_until`` has passed, or an opportunity came of it: the customer's row says whom it protects.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index(None, "workspace_id", "team_id", "state"),
        Index(
            "uq_registration_pending",
            "customer_id",
            "asked_by_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[int] = mapped_column(BigId, ForeignKey("team.id"))
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    asked_by_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    asked_at: Mapped[datetime]
    note: Mapped[Long]
    state: Mapped[Short] = mapped_column(default="pending")
    sentence: Mapped[Long | None]
    decided_by_id: Mapped[int | None] = mapped_column(BigId)
    decided_at: Mapped[datetime | None]
    protected_until: Mapped[datetime | None]
    yielded_to_id: Mapped[int | None] = mapped_column(BigId)
    cause: Mapped[Short | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(BigId)
    ended_why: Mapped[Long | None]
    renewal_asked_at: Mapped[datetime | None]
    renewed_at: Mapped[datetime | None]
    renewed_by_id: Mapped[int | None] = mapped_column(BigId)


class Choice(WorkspaceOwned, Base):
    """A decision of the assignment rules with all it was made from, so that it can be made again and compared.

    ``member_id`` is None where nobody was eligible. ``state`` holds candidates, lead, customer's owner, rules, who was
    asked before and the moment, as JSON values.
    """

    __tablename__ = "choice"
    __table_args__ = (Index(None, "opportunity_id"),)

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    member_id: Mapped[int | None] = mapped_column(BigId)
    reason: Mapped[dict[str, Any]]
    state: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class CustomerMerge(WorkspaceOwned, Base):
    """Two customers made one; ``moved`` says which rows came from the merged one, so that it can be undone."""

    __tablename__ = "customer_merge"
    __table_args__ = (Index(None, "workspace_id", "at"),)

    id: Mapped[Id]
    kept_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    merged_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    by_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    moved: Mapped[dict[str, Any]]


class Distinction(WorkspaceOwned, Base):
    """Two customers of near names of which somebody decided that they are not one; ``first_id`` is the lower number."""

    __tablename__ = "distinction"
    __table_args__ = (UniqueConstraint("workspace_id", "first_id", "second_id"),)

    id: Mapped[Id]
    first_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    second_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    by_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]
