"""Owns opportunities, next steps, follow-ups, assignments, reviews and the event history."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Amount, Base, BigId, Id, Long, Short, WorkspaceOwned


class Opportunity(WorkspaceOwned, Base):
    """One possible sale.

    What lists and loop health read is kept on the row itself: ``next_due_at`` and ``next_text`` of the open next step,
    ``stage_limit_at``, ``has_collision``, ``customer_known`` (False where an import named none), ``review_due_at``; ``broken_from`` is the
    moment from which on some clause of the invariant is broken. ``attention_at`` is the earliest moment at which the loop
    needs somebody, given that everything up to ``attended_at`` has been dealt with; closed ones have it only for a review
    or a win-back. ``warned_at`` is when the owner was last told that it would be taken away,
    ``escalated_at`` when the manager was last told that its next step is overdue.
    """

    __tablename__ = "opportunity"
    __table_args__ = (
        UniqueConstraint("workspace_id", "external_ref"),
        # Holds everything the pipeline summary adds up, so that it reads no rows.
        Index(
            "ix_opportunity_pipeline",
            "workspace_id",
            "team_id",
            "playbook_id",
            "stage_key",
            "currency",
            "stage_kind",
            "amount_minor",
            "next_due_at",
        ),
        Index(None, "workspace_id", "owner_id", "stage_kind", "next_due_at"),
        Index(None, "workspace_id", "customer_id", "stage_kind"),
        Index("ix_opportunity_health", "workspace_id", "team_id", "closed_at", "broken_from"),
        Index(
            "ix_opportunity_attention",
            "attention_at",
            sqlite_where=text("attention_at IS NOT NULL"),
            postgresql_where=text("attention_at IS NOT NULL"),
        ),
    )

    id: Mapped[Id]
    team_id: Mapped[int] = mapped_column(BigId, ForeignKey("team.id"))
    playbook_id: Mapped[int] = mapped_column(BigId, ForeignKey("playbook.id"))
    customer_id: Mapped[int] = mapped_column(BigId, ForeignKey("customer.id"))
    contact_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("contact.id"))
    external_ref: Mapped[Short | None]
    need: Mapped[Long]
    amount_minor: Mapped[Amount | None]
    currency: Mapped[Short]
    source: Mapped[Short | None]
    product: Mapped[Short | None]
    region: Mapped[Short | None]
    industry: Mapped[Short | None]
    expected_close_on: Mapped[date | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)

    stage_key: Mapped[Short]
    stage_kind: Mapped[Short]
    stage_entered_at: Mapped[datetime]
    stage_limit_at: Mapped[datetime | None]
    grade: Mapped[Short]
    score: Mapped[int]
    grade_points: Mapped[list[Any]]

    owner_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    owner_reason: Mapped[dict[str, Any] | None]
    accepted_at: Mapped[datetime | None]
    accept_by: Mapped[datetime | None]
    pooled_at: Mapped[datetime | None]
    protected_until: Mapped[datetime | None]
    has_collision: Mapped[bool] = mapped_column(default=False)
    customer_known: Mapped[bool] = mapped_column(default=True)

    next_step_id: Mapped[int | None] = mapped_column(BigId)
    next_text: Mapped[Long | None]
    next_due_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    last_follow_up_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    broken_from: Mapped[datetime | None]
    attention_at: Mapped[datetime | None]
    attended_at: Mapped[datetime]

    captured_at: Mapped[datetime]
    captured_by_id: Mapped[int | None] = mapped_column(BigId)
    closed_at: Mapped[datetime | None]
    closed_from: Mapped[Short | None]
    close_reason: Mapped[Short | None]
    close_note: Mapped[Long | None]
    competitor: Mapped[Short | None]
    win_back_on: Mapped[date | None]
    review_due_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]

    card_channel: Mapped[Short | None]
    card_ts: Mapped[Short | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class NextStep(WorkspaceOwned, Base):
    """What comes next for an opportunity; open while neither done nor cancelled."""

    __tablename__ = "next_step"
    __table_args__ = (Index(None, "opportunity_id"), Index(None, "workspace_id", "due_at"))

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    text: Mapped[Long]
    due_at: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(BigId)
    done_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]


class FollowUp(WorkspaceOwned, Base):
    """What was said to a customer, and what they answered."""

    __tablename__ = "follow_up"
    __table_args__ = (Index(None, "opportunity_id"),)

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    member_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id"))
    way: Mapped[Short]
    said: Mapped[Long]
    answered: Mapped[Long | None]
    permalink: Mapped[Long | None]
    at: Mapped[datetime]
    undone_at: Mapped[datetime | None]


class Assignment(WorkspaceOwned, Base):
    """An owner given or proposed. ``kind`` is capture, offer, claim or handover; ``state`` is pending, accepted, declined or lapsed."""

    __tablename__ = "assignment"
    __table_args__ = (Index(None, "opportunity_id"), Index(None, "workspace_id", "member_id", "state"))

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    from_member_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[Short]
    state: Mapped[Short]
    reason: Mapped[dict[str, Any] | None]
    note: Mapped[Long | None]
    offered_at: Mapped[datetime]
    accept_by: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]


class Review(WorkspaceOwned, Base):
    """What a closed opportunity taught; asked for by the playbook."""

    __tablename__ = "review"
    __table_args__ = (Index(None, "opportunity_id"),)

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[int | None] = mapped_column(BigId)
    lesson: Mapped[Long | None]


class EventRow(WorkspaceOwned, Base):
    """The append-only history; no row is ever deleted, nor what it says changed.

    Only where two rows of one person become one, the number of the row that goes is written as that of the row that stays.
    """

    __tablename__ = "event"
    __table_args__ = (Index(None, "opportunity_id", "id"), Index(None, "workspace_id", "kind", "at"))

    id: Mapped[Id]
    opportunity_id: Mapped[int] = mapped_column(BigId, ForeignKey("opportunity.id"))
    kind: Mapped[Short]
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(BigId)
    payload: Mapped[dict[str, Any]]
