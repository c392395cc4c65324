"""Owns promised messages, what paces them, digests that were made, and processed requests."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.models.base import Base, BigId, Id, Long, Short, WorkspaceOwned


class OutboxRow(WorkspaceOwned, Base):
    """A message promised in the transaction that made it due, rendered from current state when it is sent.

    ``state`` is waiting, sending, sent, dropped (no longer true) or dead (Slack refused for good). ``due_at`` is
    business time; ``retry_at`` and ``leased_until`` are seconds of the machine's clock. ``channel`` is where order
    must be kept: a channel id, or ``member:7``.

    ``tried_at`` is when a try began of which nobody wrote down how it ended, in seconds of the machine's clock; 0 where there
    is none. After a crash, or an answer that got lost, Slack may have the message: its history since then is asked first.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("workspace_id", "key"),
        Index(
            "ix_outbox_due",
            "due_at",
            "id",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index(
            "ix_outbox_channel",
            "workspace_id",
            "channel",
            "due_at",
            "id",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
        Index(
            "ix_outbox_dead",
            "workspace_id",
            "id",
            sqlite_where=text("state = 'dead'"),
            postgresql_where=text("state = 'dead'"),
        ),
        Index(
            "ix_outbox_settled",
            "due_at",
            sqlite_where=text("state IN ('sent', 'dropped', 'dead')"),
            postgresql_where=text("state IN ('sent', 'dropped', 'dead')"),
        ),
    )

    id: Mapped[Id]
    kind: Mapped[Short]
    key: Mapped[Short | None]
    channel: Mapped[Short]
    payload: Mapped[dict[str, Any]]
    due_at: Mapped[datetime]
    state: Mapped[Short] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[int] = mapped_column(default=0, server_default="0")
    retry_at: Mapped[float] = mapped_column(default=0.0)
    leased_until: Mapped[float] = mapped_column(default=0.0)
    tried_at: Mapped[float] = mapped_column(default=0.0)
    slack_channel: Mapped[Short | None]
    slack_ts: Mapped[Short | None]
    error: Mapped[Long | None]
    created_at: Mapped[datetime]


class ProcessedRequest(WorkspaceOwned, Base):
    """A Slack request that succeeded; kept for a day, so that its redelivery does nothing."""

    __tablename__ = "processed_request"
    __table_args__ = (UniqueConstraint("workspace_id", "key"), Index(None, "at"))

    id: Mapped[Id]
    key: Mapped[Short]
    at: Mapped[datetime]


class ChannelPace(WorkspaceOwned, Base):
    """When a channel takes its next message, so that all workers together keep Slack's rates.

    ``channel`` is a channel id, or empty for the workspace as a whole; ``free_at`` is seconds of the machine's clock.
    """

    __tablename__ = "channel_pace"
    __table_args__ = (UniqueConstraint("workspace_id", "channel"),)

    id: Mapped[Id]
    channel: Mapped[Short]
    free_at: Mapped[float]


class DigestRecord(WorkspaceOwned, Base):
    """That a team's digest was made for a local day, and how healthy its loop was; the next one tells what changed since.

    ``kind`` is daily or weekly. ``open_count`` opportunities counted, ``sound_count`` of them without a broken clause. A daily one
    ``is_told`` once Slack has it.
    """

    __tablename__ = "digest_record"
    __table_args__ = (UniqueConstraint("team_id", "kind", "day"),)

    id: Mapped[Id]
    team_id: Mapped[int] = mapped_column(BigId, ForeignKey("team.id"))
    kind: Mapped[Short]
    day: Mapped[date]
    at: Mapped[datetime]
    open_count: Mapped[int]
    sound_count: Mapped[int]
    is_told: Mapped[bool] = mapped_column(default=False)
