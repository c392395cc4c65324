"""Owns who is known here: resolving a Slack user to an actor, remembering them, keeping their profile fresh."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.clock import zones
from bot.domain.calendar import WorkCalendar
from bot.errors import NotFound
from bot.models import Member, Team, Workspace
from bot.models.questions import Question
from bot.services import departures, member_changes
from bot.services.absences import set_away
from bot.services.calendars import work_calendar
from bot.services.desk import Actor, Desk, system_actor
from bot.services.member_rows import actor_of, member_by_slack_id, ref, ref_or_none
from bot.services.recording import Recorder
from bot.services.values import MemberRef

__all__ = [
    "LOCAL_WORKSPACE",
    "Profile",
    "actor_of",
    "by_slack_id",
    "member_by_slack_id",
    "ref",
    "ref_or_none",
    "refresh",
    "remember",
    "resolve",
    "set_away",
    "upsert",
    "workspace_id_of",
]

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
    (found,) = desk.database.ask(_RESOLVED, asked) or (None,)
    if found is None:
        return None
    actor = actor_of(desk.database, found)
    return actor if found.week is None or actor.team_id is None else replace(actor, calendar=_calendar_of(found))


def _calendar_of(found: Any) -> WorkCalendar:
    return work_calendar(found.team_zone, found.country, found.week, found.exceptions)


# Every request asks this: it is put together once, and reads no more than it needs.
_RESOLVED = Question(
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
        Team.zone.label("team_zone"),
        Team.country,
        Team.hours.label("week"),
        Team.exceptions,
    )
    .join(Workspace, Workspace.id == Member.workspace_id)
    .outerjoin(Team, Team.id == Member.team_id)
    .where(
        Workspace.slack_team_id == bindparam("slack_team_id"),
        Workspace.enterprise_id == bindparam("enterprise_id"),
        Member.slack_user_id == bindparam("slack_user_id"),
    )
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
                upsert(session, desk, profile)
        except IntegrityError:
            continue
        found = resolve(desk, slack_team_id, profile.slack_user_id, enterprise_id=enterprise_id)
        if found is not None:
            return found
    raise NotFound("members.not_found")


def upsert(session: Session, desk: Desk, profile: Profile) -> Member:
    """Write what Slack says of a user; for other use cases inside their transaction.

    One who is not active any more leaves what they own to be handed over, and one who is again keeps it.
    """
    member = _known(session, profile)
    if member is None:
        member = Member(role="rep", zone="UTC", locale="en-US", name="", created_at=desk.now())
        session.add(member)
        _describe(session, member, profile)
        member.profile_read_at = desk.now()
        session.flush()
        return member
    is_active = profile.is_active and not profile.is_guest
    if member.is_active != is_active:
        departures.hold(session, member)
    recorder = Recorder(desk, session, system_actor(member.workspace_id))
    before = member_changes.facts(member)
    _describe(session, member, profile)
    member.profile_read_at = desk.now()
    member_changes.keep(recorder, member, before)
    session.flush()
    if before["is_active"] and not member.is_active:
        departures.leave(recorder, member)
    elif member.is_active and not before["is_active"]:
        departures.come_back(recorder, member)
    session.flush()
    return member


def _known(session: Session, profile: Profile) -> Member | None:
    member = session.scalar(select(Member).where(Member.slack_user_id == profile.slack_user_id))
    if member is None and profile.email:
        member = session.scalar(
            select(Member).where(Member.slack_user_id.is_(None), Member.email == profile.email.lower())
        )
        if member is not None:
            member.imported_as = known_as(member)
    return member


def known_as(member: Member) -> list[str]:
    """Return the names and mail addresses under which imports know one who came with them, so that the next file finds them too."""
    return list(dict.fromkeys(filter(None, (member.name, member.email, *(member.imported_as or [])))))


def _describe(session: Session, member: Member, profile: Profile) -> None:
    member.slack_user_id = profile.slack_user_id
    member.is_active = profile.is_active and not profile.is_guest
    if member.id is not None and not member.is_active:
        return  # of one who left Slack says little: what is known stays as it was, for the case that they return
    member.name = profile.name[:255]
    member.email = profile.email.lower()[:255] if profile.email else member.email
    zone = profile.zone if profile.zone in zones() else "UTC"
    if member.zone != zone:
        member.zone, member.focus_next_at = zone, None  # their mornings begin at another hour now
    member.locale = "zh-CN" if profile.locale.lower().startswith("zh") else "en-US"
    _follow_slack_right(session, member, is_slack_admin=profile.is_slack_admin)


def _follow_slack_right(session: Session, member: Member, *, is_slack_admin: bool) -> None:
    """Make them an admin when Slack does, and end it when Slack takes it back; a role given here stays as it is."""
    was, member.is_slack_admin = member.is_slack_admin, is_slack_admin
    if is_slack_admin and not was and member.role in {"rep", "manager"} and member.team_id is None:
        member.role, member.is_admin_by_slack = "admin", True
    elif was and not is_slack_admin and member.role == "admin" and member.is_admin_by_slack:
        is_managing = session.scalar(select(Team.id).where(Team.manager_id == member.id).limit(1)) is not None
        member.role, member.is_admin_by_slack = "manager" if is_managing else "rep", False


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
