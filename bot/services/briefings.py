"""Owns what is told at fixed hours and on demand: a team's day, a manager's week, and what changed since one last looked."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, bindparam, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.playbook import Name
from bot.errors import NotAllowed, NotFound
from bot.models import DigestRecord, Member, Team
from bot.models.base import BigId
from bot.services import registrations, reports, rulings
from bot.services.changes import changes
from bot.services.desk import Actor, Desk
from bot.services.recording import calendar_of
from bot.services.teams import team_ref
from bot.services.values import Change, Changes, Digest, Health, MemberRef, OpportunityLine, TeamRef

_AT_RISK = 5
_TREND = 6
_NEGLECTED = 5
_MOST_BACK = timedelta(days=90)
_FIRST_LOOK = timedelta(days=7)
_WEEK = timedelta(days=7)
_MINUTE = 9 * 60 + 30  # of a Monday, team time


@dataclass(frozen=True, slots=True)
class Week:
    """What a manager reads about a team on Monday: the week that was, against the one before."""

    team: TeamRef
    monday: date
    health: Health
    trend: tuple[float, ...]
    this: Changes
    before: Changes
    why_lost: tuple[tuple[Name, int], ...]
    overdue_by_rep: tuple[tuple[MemberRef, int], ...]
    neglected: tuple[OpportunityLine, ...]
    neglected_count: int


@dataclass(frozen=True, slots=True)
class Look:
    """What changed since a member last looked; ``is_first`` where they never did, and a week is told."""

    changes: Changes
    health: Health
    is_first: bool


def daily(desk: Desk, team_id: int, *, by: Actor, day: date) -> Digest:
    """Return what a team's daily digest says.

    Args:
        desk: The record and the clock.
        team_id: Primary key.
        by: The clock, or a member who asks.
        day: The team's local day; what happened since the digest before is told.

    Raises:
        NotFound: There is no such team.
        NotAllowed: It is not a team of the actor's.
    """
    now = desk.now()
    with desk.reading(by) as session:
        team = _team(session, team_id, by)
        scope = reports.of_team(team)
        made, records = _records(session, team_id, "daily", day)
        since = records[0].at if records else _workday_before(team, day)
        # What happens between the promise and the reading is told tomorrow: nothing twice.
        until = made.at if made is not None else now
        work = reports.open_work(session, scope, now)
        return Digest(
            team=team_ref(session, team),
            day=day,
            summary=reports.summary(session, scope, now, team),
            changes=changes(session, scope, since=since, until=until),
            trend=_percents(records),
            overdue_by_rep=work.overdue_by_rep,
            at_risk=reports.at_risk(session, scope, now, limit=_AT_RISK),
            in_pool=work.in_pool,
            collisions=work.collisions,
            undecided=rulings.open_count(session, team_id) + registrations.open_count(session, team_id),
        )


def weekly(desk: Desk, team_id: int, *, by: Actor, monday: date) -> Week:
    """Return what a team's manager reads about the week before a Monday.

    Raises:
        NotFound: There is no such team.
        NotAllowed: The actor does not manage it.
    """
    now = desk.now()
    with desk.reading(by) as session:
        team = _team(session, team_id, by)
        if not by.manages(team_id):
            raise NotAllowed("error.not_allowed")
        scope = reports.of_team(team)
        _, records = _records(session, team_id, "weekly", monday)
        start = calendar.at_local(team.zone, monday - _WEEK, 0)
        end, earlier = calendar.at_local(team.zone, monday, 0), calendar.at_local(team.zone, monday - 2 * _WEEK, 0)
        this = changes(session, scope, since=start, until=end)
        neglected, neglected_count = reports.neglected(session, scope, now, since=start, limit=_NEGLECTED)
        return Week(
            team=team_ref(session, team),
            monday=monday,
            health=reports.health(session, scope, now),
            trend=_percents(records),
            this=this,
            before=changes(session, scope, since=earlier, until=start),
            why_lost=_reasons(this.of("lost")),
            overdue_by_rep=reports.open_work(session, scope, now).overdue_by_rep,
            neglected=neglected,
            neglected_count=neglected_count,
        )


def since_last_look(desk: Desk, *, by: Actor) -> Look:
    """Return what changed in what the actor sees since they last asked, and remember that they did."""
    now = desk.now()
    with desk.transaction(by) as session:
        member = session.get(Member, by.member_id) if by.member_id is not None else None
        looked_at = member.looked_at if member is not None else None
        since = max(looked_at, now - _MOST_BACK) if looked_at is not None else now - _FIRST_LOOK
        if member is not None:
            member.looked_at = now
        scope = reports.seen_by(by)
        found = changes(session, scope, since=since, until=now)
        return Look(found, reports.health(session, scope, now), is_first=looked_at is None)


def record(session: Session, team: Team, kind: str, day: date, now: datetime) -> None:
    """Keep that a digest was made for a local day, with how healthy the loop was: the next one tells what changed since."""
    found = reports.health(session, reports.of_team(team), now)
    session.add(
        DigestRecord(
            workspace_id=team.workspace_id,
            team_id=team.id,
            kind=kind,
            day=day,
            at=now,
            open_count=found.counted,
            sound_count=found.whole,
        )
    )


def is_recorded(session: Session, team: Team, kind: str, day: date) -> bool:
    """Say whether a digest was made for a local day already."""
    return session.scalar(select(DigestRecord.id).where(*_of(team.id, kind), DigestRecord.day == day)) is not None


def _of(team_id: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    return DigestRecord.team_id == team_id, DigestRecord.kind == kind


_TEAM = select(*Team.__table__.c).where(
    Team.id == bindparam("team_id", type_=BigId), Team.workspace_id == bindparam("workspace_id", type_=BigId)
)


def _team(session: Session, team_id: int, by: Actor) -> Any:
    team = session.connection().execute(_TEAM, {"team_id": team_id, "workspace_id": by.workspace_id}).first()
    if team is None:
        raise NotFound("error.not_found")
    if not by.manages(team_id) and by.team_id != team_id:
        raise NotAllowed("error.not_allowed")
    return team


_RECORDS = (
    select(DigestRecord.day, DigestRecord.at, DigestRecord.open_count, DigestRecord.sound_count)
    .where(
        DigestRecord.team_id == bindparam("team_id"),
        DigestRecord.kind == bindparam("kind"),
        DigestRecord.day <= bindparam("day", type_=Date),
    )
    .order_by(DigestRecord.day.desc())
    .limit(_TREND + 1)
)


def _records(session: Session, team_id: int, kind: str, day: date) -> tuple[Any, list[Any]]:
    """Return the record of a day, if there is one, and the latest before it, the latest first."""
    found = list(session.connection().execute(_RECORDS, {"team_id": team_id, "kind": kind, "day": day}))
    made = found.pop(0) if found and found[0].day == day else None
    return made, found[:_TREND]


def _percents(records: list[Any]) -> tuple[float, ...]:
    """Return loop health of these days in per cent, the earliest first."""
    return tuple(Health(one.open_count, one.sound_count).percent for one in reversed(records))


def _workday_before(team: Team, day: date) -> datetime:
    worktime = calendar_of(team)
    return calendar.at_local(team.zone, calendar.previous_workday(worktime, day), team.digest_minute)


def _reasons(lost: tuple[Change, ...]) -> tuple[tuple[Name, int], ...]:
    counted = Counter(one.after for one in lost if isinstance(one.after, Name))
    return tuple(counted.most_common())


def next_weekly(team: Team, after: datetime) -> datetime:
    """Return the next moment, strictly after one, at which a manager's week is due: Monday at half past nine, team time.

    Where Monday is a day off it is the week's first working day; a week without one has none.
    """
    worktime, zone = calendar_of(team), ZoneInfo(team.zone)
    day = after.astimezone(zone).date()
    monday = day - timedelta(days=day.weekday())
    while True:
        first = calendar.next_workday(worktime, monday - timedelta(days=1))
        at = calendar.at_local(team.zone, first, _MINUTE)
        if first - monday < _WEEK and at > after:
            return at
        monday += _WEEK
