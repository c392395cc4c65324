"""Owns the moments at which a team is told of its day and its manager of the week, and where a change of hours moves them."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.models import DigestRecord, Team
from bot.services.recording import calendar_of

WEEK = timedelta(days=7)
_MINUTE = 9 * 60 + 30  # of a Monday, team time
_LATEST = timedelta(hours=1)  # after its hour, where that is no working hour
_MOST_WEEKS_OFF = 8


def next_digest(team: Team, after: datetime) -> datetime:
    """Return the next moment, strictly after one, at which it is the team's digest hour on some local day."""
    zone = ZoneInfo(team.zone)
    day = after.astimezone(zone).date()
    while True:
        at = datetime.combine(day, time(team.digest_minute // 60, team.digest_minute % 60), zone)
        if at > after:
            return at
        day += timedelta(days=1)


def next_weekly(team: Team, after: datetime) -> datetime:
    """Return the next moment, strictly after one, at which a manager's week is due: Monday at half past nine, team time.

    Where Monday is a day off it is the week's first working day; a week without one has none.
    """
    day = after.astimezone(ZoneInfo(team.zone)).date()
    monday = day - timedelta(days=day.weekday())
    while True:
        first = _first_workday(team, monday)
        at = calendar.at_local(team.zone, first, _MINUTE)
        if first - monday < WEEK and at > after:
            return at
        monday += WEEK


def is_too_late(team: Team, now: datetime) -> bool:
    """Say whether a digest of today would come after hours, as after an outage: what it would tell, the next one tells."""
    day = now.astimezone(ZoneInfo(team.zone)).date()
    due = calendar.at_local(team.zone, day, team.digest_minute)
    return now > max(calendar.end_of_day(calendar_of(team), day), due + _LATEST)


def last_worked_week(team: Team, monday: date) -> date:
    """Return the Monday of the last week before a Monday in which anybody worked: a week-long holiday hides none."""
    found = monday - WEEK
    for _ in range(_MOST_WEEKS_OFF):
        if _first_workday(team, found) - found < WEEK:
            return found
        found -= WEEK
    return monday - WEEK


def _first_workday(team: Team, monday: date) -> date:
    return calendar.next_workday(calendar_of(team), monday - timedelta(days=1))


def of(team_id: int, kind: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for a team's records of a kind: daily or weekly."""
    return DigestRecord.team_id == team_id, DigestRecord.kind == kind


def is_recorded(session: Session, team: Team, kind: str, day: date) -> bool:
    """Say whether a digest was made for a local day already."""
    return session.scalar(select(DigestRecord.id).where(*of(team.id, kind), DigestRecord.day == day)) is not None


def move(session: Session, team: Team, now: datetime, *, is_hour_new: bool, is_calendar_new: bool) -> None:
    """Set the next day and the next week that are told, after a team was made or changed.

    What did not change stays where it is, also where it is overdue: its clock comes to it. Where the hour or the calendar
    changed, what would have been told by now today and was not is due at once; what was told is on record.
    """
    if team.digest_next_at is None or is_hour_new or is_calendar_new:
        team.digest_next_at = now if _is_day_due(session, team, now) else next_digest(team, now)
    # Without a moment it is reckoned at the next tick.
    if team.weekly_next_at is not None and is_calendar_new:
        team.weekly_next_at = now if _is_week_due(session, team, now) else next_weekly(team, now)


def _is_day_due(session: Session, team: Team, now: datetime) -> bool:
    day = now.astimezone(ZoneInfo(team.zone)).date()
    at = calendar.at_local(team.zone, day, team.digest_minute)
    if team.live_from is None or not team.live_from < at <= now:
        return False
    return calendar.is_workday(calendar_of(team), day) and not is_recorded(session, team, "daily", day)


def _is_week_due(session: Session, team: Team, now: datetime) -> bool:
    day = now.astimezone(ZoneInfo(team.zone)).date()
    monday = day - timedelta(days=day.weekday())
    first = _first_workday(team, monday)
    is_today = first == day and calendar.at_local(team.zone, first, _MINUTE) <= now
    is_overdue = team.weekly_next_at is not None and team.weekly_next_at <= now and first <= day
    return (is_today or is_overdue) and not is_recorded(session, team, "weekly", monday)
