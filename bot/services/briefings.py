"""Owns what is told at fixed hours and on demand: a team's day, a manager's week, and what changed since one last looked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, bindparam, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.errors import NotAllowed, NotFound
from bot.models import DigestRecord, Member, Team
from bot.models.base import BigId
from bot.models.questions import Question
from bot.services import registrations, reports, rulings
from bot.services.appointments import last_worked_week
from bot.services.changes import changes
from bot.services.desk import Actor, Desk
from bot.services.recording import calendar_of
from bot.services.teams import team_ref
from bot.services.values import Changes, Digest, Health, MemberRef, OpportunityLine, TeamRef

_AT_RISK = 5
_TREND = 6
_NEGLECTED = 5
_MOST_BACK = timedelta(days=90)
_FIRST_LOOK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """What a manager reads about a team on Monday: the week that was, against the one before."""

    team: TeamRef
    monday: date
    health: Health
    trend: tuple[float, ...]
    this: Changes
    before: Changes
    overdue_by_rep: tuple[tuple[MemberRef, int], ...]
    overdue_in_pool: int
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
        day: The team's local day; what happened since the last digest that Slack has is told.

    Raises:
        NotFound: There is no such team.
        NotAllowed: It is not a team of the actor's.
    """
    now = desk.now()
    with desk.reading(by) as session:
        team = _team(session, team_id, by)
        scope = reports.of_team(team)
        made, records = _records(session, team_id, "daily", day)
        since = _last_told(team, day, records)
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
            overdue_in_pool=work.overdue_in_pool,
            at_risk=reports.at_risk(session, scope, now, limit=_AT_RISK),
            in_pool=work.in_pool,
            collisions=work.collisions,
            undecided=rulings.open_count(session, team_id) + registrations.open_count(session, team_id, now),
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
        first = last_worked_week(team, monday)
        start, end = (calendar.at_local(team.zone, day, 0) for day in (first, monday))
        earlier = calendar.at_local(team.zone, last_worked_week(team, first), 0)
        this = changes(session, scope, since=start, until=end)
        work = reports.open_work(session, scope, now)
        neglected, neglected_count = reports.neglected(session, scope, now, since=start, limit=_NEGLECTED)
        return Week(
            team=team_ref(session, team),
            monday=monday,
            health=reports.health(session, scope, now),
            trend=_percents(records),
            this=this,
            before=changes(session, scope, since=earlier, until=start),
            overdue_by_rep=work.overdue_by_rep,
            overdue_in_pool=work.overdue_in_pool,
            neglected=neglected,
            neglected_count=neglected_count,
        )


def since_last_look(desk: Desk, *, by: Actor) -> Look:
    """Return what changed in what the actor sees since they last asked, and remember that they did."""
    now = desk.now()
    # All is read before anything is written: a long reading holds up nobody who writes.
    with desk.reading(by) as session:
        looked_at = session.scalar(select(Member.looked_at).where(Member.id == (by.member_id or 0)))
        since = max(looked_at, now - _MOST_BACK) if looked_at is not None else now - _FIRST_LOOK
        scope = reports.seen_by(by)
        found = changes(session, scope, since=since, until=now)
        look = Look(found, reports.health(session, scope, now), is_first=looked_at is None)
    with desk.transaction(by) as session:
        session.execute(update(Member).where(Member.id == (by.member_id or 0)).values(looked_at=now))
    return look


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


_TEAM = Question(
    select(*Team.__table__.c).where(
        Team.id == bindparam("team_id", type_=BigId), Team.workspace_id == bindparam("workspace_id", type_=BigId)
    )
)


def _team(session: Session, team_id: int, by: Actor) -> Any:
    values = {"team_id": team_id, "workspace_id": by.workspace_id}
    (team,) = _TEAM.rows(session.connection(), values) or (None,)
    if team is None:
        raise NotFound("setup.not_found")
    if not by.manages(team_id) and by.team_id != team_id:
        raise NotAllowed("error.not_allowed")
    return team


_RECORDS = Question(
    select(DigestRecord.day, DigestRecord.at, DigestRecord.open_count, DigestRecord.sound_count, DigestRecord.is_told)
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
    found = _RECORDS.rows(session.connection(), {"team_id": team_id, "kind": kind, "day": day})
    made = found.pop(0) if found and found[0].day == day else None
    return made, found[:_TREND]


def _percents(records: list[Any]) -> tuple[float, ...]:
    """Return loop health of these days in per cent, the earliest first."""
    return tuple(Health(one.open_count, one.sound_count).percent for one in reversed(records))


def _last_told(team: Team, day: date, records: list[Any]) -> datetime:
    """Return since when nothing was told to the team: what a digest said that Slack never got is told by the next one."""
    told = next((one.at for one in records if one.is_told), None)
    return told or _workday_before(team, records[-1].day if records else day)


def _workday_before(team: Team, day: date) -> datetime:
    worktime = calendar_of(team)
    return calendar.at_local(team.zone, calendar.previous_workday(worktime, day), team.digest_minute)
