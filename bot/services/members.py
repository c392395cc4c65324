"""Owns who is known here: resolving a Slack user to an actor, remembering them, keeping their profile fresh."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.errors import NotFound
from bot.models import Member, Team, Workspace
from bot.services.desk import Actor, Desk, system_actor
from bot.services.values import MemberRef

LOCAL_WORKSPACE = "local"  # what the command line works on before the first Slack workspace adopts it


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says of a user. ``locale`` is ``en-US`` or ``zh-CN``-like; ``zone`` an IANA zone."""

    slack_user_id: str
    name: str
    email: str | None = None
    zone: str = "UTC"
    locale: str = "en-US"
    is_slack_admin: bool = False
    is_active: bool = True
    is_guest: bool = False


def resolve(desk: Desk, slack_team_id: str, slack_user_id: str, *, enterprise_id: str | None = None) -> Actor | None:
    """Return who a Slack user is here, or None if the workspace or the member is not known yet.

    Args:
        desk: The record.
        slack_team_id: Such as ``T012AB3CD``.
        slack_user_id: Such as ``U012AB3CD``.
        enterprise_id: Of an Enterprise Grid organisation.
    """
    asked = {"slack_team_id": slack_team_id, "enterprise_id": enterprise_id or "", "slack_user_id": slack_user_id}
    with desk.database.reading(None) as session:
        member = session.execute(_RESOLVED, asked).one_or_none()
        return None if member is None else actor_of(session, member)


# Every request asks this: it is put together once, and reads no more than it needs.
_RESOLVED = (
    select(
        Member.id,
        Member.workspace_id,
        Member.name,
        Member.role,
        Member.team_id,
        Member.zone,
        Member.locale,
        Member.slack_user_id,
        Member.is_active,
    )
    .join(Workspace, Workspace.id == Member.workspace_id)
    .where(
        Workspace.slack_team_id == bindparam("slack_team_id"),
        Workspace.enterprise_id == bindparam("enterprise_id"),
        Member.slack_user_id == bindparam("slack_user_id"),
    )
)


def actor_of(session: Session, member: Any) -> Actor:
    """Return a member as the one who acts, from their row or from its columns."""
    managed: frozenset[int] = frozenset()
    if member.is_active and member.role in {"manager", "admin"}:
        managed = frozenset(session.scalars(select(Team.id).where(Team.manager_id == member.id)))
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


def workspace_id_of(
    desk: Desk, slack_team_id: str, *, enterprise_id: str | None = None, name: str | None = None
) -> int:
    """Return our number of a workspace, which is made or adopts the one of the command line if it is new."""
    for _ in range(2):
        try:
            with desk.database.transaction(None) as session:
                return _workspace(session, desk, slack_team_id, enterprise_id or "", name).id
        except IntegrityError:
            continue  # another worker made it meanwhile: the second look finds it
    raise NotFound("error.not_found")


def _workspace(session: Session, desk: Desk, slack_team_id: str, enterprise_id: str, name: str | None) -> Workspace:
    found = session.scalar(
        select(Workspace).where(Workspace.slack_team_id == slack_team_id, Workspace.enterprise_id == enterprise_id)
    )
    if found is not None:
        return found
    local = session.scalar(select(Workspace).where(Workspace.slack_team_id == LOCAL_WORKSPACE).with_for_update())
    if local is not None:
        local.slack_team_id, local.enterprise_id, local.name = slack_team_id, enterprise_id, name or local.name
        return local
    made = Workspace(
        slack_team_id=slack_team_id, enterprise_id=enterprise_id, name=name or slack_team_id, created_at=desk.now()
    )
    session.add(made)
    session.flush()
    return made


def remember(desk: Desk, slack_team_id: str, profile: Profile, *, enterprise_id: str | None = None) -> Actor:
    """Make a Slack user known here, from their first action on; one who came with an import is found by mail address."""
    workspace_id = workspace_id_of(desk, slack_team_id, enterprise_id=enterprise_id)
    for _ in range(2):
        try:
            with desk.database.transaction(workspace_id) as session:
                return actor_of(session, upsert(session, desk, profile))
        except IntegrityError:
            continue
    raise NotFound("error.not_found")


def upsert(session: Session, desk: Desk, profile: Profile) -> Member:
    """Write what Slack says of a user; for other use cases inside their transaction."""
    member = session.scalar(select(Member).where(Member.slack_user_id == profile.slack_user_id))
    if member is None and profile.email:
        member = session.scalar(
            select(Member).where(Member.slack_user_id.is_(None), Member.email == profile.email.lower())
        )
    if member is None:
        member = Member(
            slack_user_id=profile.slack_user_id, role="rep", zone="UTC", locale="en-US", name="", created_at=desk.now()
        )
        session.add(member)
    member.slack_user_id = profile.slack_user_id
    member.name = profile.name[:255]
    member.email = profile.email.lower()[:255] if profile.email else member.email
    zone = profile.zone if profile.zone in available_timezones() else "UTC"
    if member.zone != zone:
        member.zone, member.focus_next_at = zone, None  # their mornings begin at another hour now
    member.locale = "zh-CN" if profile.locale.lower().startswith("zh") else "en-US"
    member.is_active = profile.is_active and not profile.is_guest
    if profile.is_slack_admin and member.role in {"rep", "manager"} and member.team_id is None:
        member.role = "admin"
    member.profile_read_at = desk.now()
    session.flush()
    return member


def refresh(desk: Desk, workspace_id: int, profile: Profile) -> None:
    """Keep a profile fresh after Slack told of a change; a user who is not known here is left alone."""
    by = system_actor(workspace_id)
    with desk.transaction(by) as session:
        if session.scalar(select(Member.id).where(Member.slack_user_id == profile.slack_user_id)) is not None:
            upsert(session, desk, profile)


def by_slack_id(desk: Desk, slack_user_id: str, *, by: Actor) -> MemberRef:
    """Return a member by Slack user id.

    Raises:
        NotFound: Nobody of that id is known here.
    """
    with desk.reading(by) as session:
        return ref(member_by_slack_id(session, slack_user_id))


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


def set_away(desk: Desk, until: datetime | None, *, by: Actor) -> None:
    """Say until when the actor is given no leads; None ends it."""
    with desk.transaction(by) as session:
        member = session.get(Member, by.member_id)
        if member is not None:
            member.away_until = until
