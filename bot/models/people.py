"""Owns workspaces, teams, members and playbooks."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from bot.domain.identity import KEY_RULES
from bot.models.base import Base, BigId, Id, Long, Short, WorkspaceOwned


class Workspace(Base):
    """One Slack workspace; nothing crosses from one to another. ``key_rules`` made its customers' keys."""

    __tablename__ = "workspace"
    __table_args__ = (UniqueConstraint("slack_team_id", "enterprise_id"),)

    id: Mapped[Id]
    slack_team_id: Mapped[Short]
    enterprise_id: Mapped[Short] = mapped_column(default="")
    name: Mapped[Short]
    bot_token: Mapped[Long | None]
    bot_user_id: Mapped[Short | None]
    key_rules: Mapped[int] = mapped_column(default=KEY_RULES)
    created_at: Mapped[datetime]


class Team(WorkspaceOwned, Base):
    """Members with a channel, a manager, a playbook and a calendar.

    ``hours`` are seven lists of ``[start, end]`` in minutes of the local day, Monday first; ``exceptions`` map an ISO
    date to such a list. ``reckoned_to`` is up to which number opportunities are reckoned by a calendar that changed, None
    where all are. ``live_from`` is None while an import has not gone live: no cards and no nudges until then;
    ``backlog_until`` is when the last of what was overdue then comes up.
    """

    __tablename__ = "team"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        Index(None, "live_from", "digest_next_at"),
        Index(None, "weekly_next_at"),
    )

    id: Mapped[Id]
    name: Mapped[Short]
    channel_id: Mapped[Short | None]
    manager_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("member.id", use_alter=True))
    playbook_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("playbook.id", use_alter=True))
    zone: Mapped[Short]
    country: Mapped[Short | None]
    locale: Mapped[Short]
    hours: Mapped[list[Any]]
    exceptions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    digest_minute: Mapped[int] = mapped_column(default=540)
    digest_next_at: Mapped[datetime | None]
    weekly_next_at: Mapped[datetime | None]
    live_from: Mapped[datetime | None]
    backlog_until: Mapped[datetime | None]
    reckoned_to: Mapped[int | None] = mapped_column(BigId)
    created_at: Mapped[datetime]


class Member(WorkspaceOwned, Base):
    """A Slack user here; one who came with an import has no Slack id yet. ``role`` is rep, specialist, manager or admin.

    ``imported_as`` are names and mail addresses under which imports know them. ``territories`` are regions as typed, ``languages`` codes such as
    ``zh``. ``looked_at`` is when they last asked what had changed; ``focus_next_at`` when their next morning list is due. They are
    away from ``away_from``, None where it has begun, until ``away_until``. ``is_slack_admin`` is what Slack said last, and
    ``is_admin_by_slack`` tells that the role came from there, so that it goes when Slack takes the right back.
    """

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("workspace_id", "slack_user_id"),
        Index(None, "workspace_id", "team_id"),
        Index(None, "focus_next_at"),
        Index(None, "away_from"),
    )

    id: Mapped[Id]
    slack_user_id: Mapped[Short | None]
    name: Mapped[Short]
    email: Mapped[Short | None]
    role: Mapped[Short] = mapped_column(default="rep")
    team_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("team.id", use_alter=True))
    zone: Mapped[Short]
    locale: Mapped[Short]
    capacity: Mapped[int] = mapped_column(default=50)
    weight: Mapped[int] = mapped_column(default=1)
    imported_as: Mapped[list[Any] | None]
    territories: Mapped[list[Any]] = mapped_column(default=list)
    languages: Mapped[list[Any]] = mapped_column(default=list)
    away_from: Mapped[datetime | None]
    away_until: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    last_assigned_at: Mapped[datetime | None]
    profile_read_at: Mapped[datetime | None]
    looked_at: Mapped[datetime | None]
    focus_next_at: Mapped[datetime | None]
    is_slack_admin: Mapped[bool] = mapped_column(default=False)
    is_admin_by_slack: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class MemberChange(WorkspaceOwned, Base):
    """That somebody's role, team or the like was changed; never changed itself.

    ``before`` and ``after`` hold the changed fields only, as JSON values. ``by_id`` is None for what Slack told.
    """

    __tablename__ = "member_change"
    __table_args__ = (Index(None, "member_id", "id"),)

    id: Mapped[Id]
    member_id: Mapped[int] = mapped_column(BigId, ForeignKey("member.id"))
    by_id: Mapped[int | None] = mapped_column(BigId)
    at: Mapped[datetime]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


class PlaybookRow(WorkspaceOwned, Base):
    """One version of a team's playbook, never changed once written."""

    __tablename__ = "playbook"
    __table_args__ = (UniqueConstraint("workspace_id", "team_id", "version"),)

    id: Mapped[Id]
    team_id: Mapped[int] = mapped_column(BigId, ForeignKey("team.id"))
    version: Mapped[int]
    data: Mapped[dict[str, Any]]
    created_by: Mapped[Short | None]
    created_at: Mapped[datetime]
