"""Owns the reading of members' rows: as others see them, and as the one who acts."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.models import Member, Team
from bot.models.questions import Question
from bot.models.session import Database
from bot.services.desk import Actor
from bot.services.values import MemberRef

_MANAGED = Question(
    select(Team.id).where(Team.workspace_id == bindparam("workspace_id"), Team.manager_id == bindparam("member_id"))
)


def actor_of(asked: Session | Database, member: Any) -> Actor:
    """Return a member as the one who acts, from their row or from its columns."""
    managed: frozenset[int] = frozenset()
    if member.is_active and member.role in {"manager", "admin"}:
        values = {"workspace_id": member.workspace_id, "member_id": member.id}
        rows = asked.ask(_MANAGED, values) if isinstance(asked, Database) else _MANAGED.rows(asked.connection(), values)
        managed = frozenset(row.id for row in rows)
    return Actor(
        workspace_id=member.workspace_id,
        member_id=member.id,
        name=member.name,
        role=member.role if member.is_active else "inactive",
        team_id=member.team_id if member.is_active else None,
        zone=member.zone,
        locale=member.locale,
        slack_user_id=member.slack_user_id,
        managed_team_ids=managed,
    )


def here_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition for members who are not away at a moment, as ``absence.is_away`` says it of one."""
    return or_(Member.away_until.is_(None), Member.away_until <= now, Member.away_from > now)


def can_be_told() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions for members who can be told anything at all: they are active, and were seen in Slack."""
    return Member.is_active.is_(True), Member.slack_user_id.is_not(None)


def admins_of(session: Session, workspace_id: int) -> list[int]:
    """Return our numbers of the admins of a workspace who can be told something, the longest known first."""
    theirs = select(Member.id).where(Member.workspace_id == workspace_id, Member.role == "admin", *can_be_told())
    return list(session.scalars(theirs.order_by(Member.id)))


def member_by_slack_id(session: Session, slack_user_id: str) -> Member:
    """Return a member's row.

    Raises:
        NotFound: Nobody of that id is known here.
    """
    member = session.scalar(select(Member).where(Member.slack_user_id == slack_user_id))
    if member is None:
        raise NotFound("error.member_not_known", slack_user_id=slack_user_id)
    return member


def ref(member: Member) -> MemberRef:
    """Return a member as others see them."""
    return MemberRef(member.id, member.name, member.slack_user_id)


def ref_or_none(session: Session, member_id: int | None) -> MemberRef | None:
    """Return a member by our number, or None."""
    member = session.get(Member, member_id) if member_id is not None else None
    return None if member is None else ref(member)
