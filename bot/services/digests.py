"""Owns when digests are promised: a team's day and a manager's week, once a local day, whoever asks."""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.models import Member, Team
from bot.models.base import Instant
from bot.services import briefings, undecided
from bot.services.appointments import is_recorded, is_too_late, next_digest, next_weekly
from bot.services.desk import Desk, system_actor
from bot.services.member_rows import admins_of, can_be_told
from bot.services.putting_off import WAIT, alone
from bot.services.recording import Recorder, calendar_of

_NOW = bindparam("now", type_=Instant)
_LIVE = Team.live_from <= _NOW
_DAILY = (_LIVE, Team.digest_next_at <= _NOW)
# A team that was there before weeks were told has no moment yet.
_WEEKLY = (_LIVE, or_(Team.weekly_next_at <= _NOW, Team.weekly_next_at.is_(None)))
_ANY = (select(Team.id).where(*_DAILY).limit(1), select(Team.id).where(*_WEEKLY).limit(1))


def digests(desk: Desk) -> int:
    """Promise each team's digest and each manager's week whose hour has come; with the day come reminders of what is undecided.

    What was made is on record, and so is the promise's name: it is one a local day, however many workers ask, whatever
    hour and zone the team changes to.

    Returns:
        How many were promised.
    """
    now = {"now": desk.now()}
    with desk.database.reading(None) as session:
        if all(session.scalar(query, now) is None for query in _ANY):
            return 0
    promised, told = 0, []
    with desk.database.transaction(None) as session:
        for team in session.scalars(
            select(Team).where(*_DAILY).order_by(Team.id).with_for_update(skip_locked=True), now
        ):
            recorder = Recorder(desk, session, system_actor(team.workspace_id))
            made = alone(f"the digest of team {team.id}", partial(_daily, session, recorder, team), within=session)
            if made is None:
                team.digest_next_at = desk.now() + WAIT
            else:
                promised += made
                told.append((team.id, team.workspace_id))
    for team_id, workspace_id in told:
        remind = partial(undecided.remind, desk, team_id, by=system_actor(workspace_id))
        alone(f"what team {team_id} has to decide", remind)
    with desk.database.transaction(None) as session:
        for team in session.scalars(
            select(Team).where(*_WEEKLY).order_by(Team.id).with_for_update(skip_locked=True), now
        ):
            recorder = Recorder(desk, session, system_actor(team.workspace_id))
            made = alone(f"the week of team {team.id}", partial(_weekly, session, recorder, team), within=session)
            if made is None:
                team.weekly_next_at = desk.now() + WAIT
            else:
                promised += made
    return promised


def _daily(session: Session, recorder: Recorder, team: Team) -> int:
    count = _promise_daily(session, recorder, team)
    team.digest_next_at = next_digest(team, recorder.now)
    return count


def _weekly(session: Session, recorder: Recorder, team: Team) -> int:
    count = 0 if team.weekly_next_at is None else _promise_weekly(session, recorder, team)
    team.weekly_next_at = next_weekly(team, recorder.now)
    return count


def _promise_daily(session: Session, recorder: Recorder, team: Team) -> int:
    local = recorder.now.astimezone(ZoneInfo(team.zone))
    day, is_past_hour = local.date(), local.hour * 60 + local.minute >= team.digest_minute
    if team.channel_id is None or not is_past_hour or not calendar.is_workday(calendar_of(team), day):
        return 0
    if is_recorded(session, team, "daily", day) or is_too_late(team, recorder.now):
        return 0
    briefings.record(session, team, "daily", day, recorder.now)
    payload = {"team_id": team.id, "day": day.isoformat()}
    recorder.promise("digest", team.channel_id, payload, key=f"digest:{team.id}:{day}")
    return 1


def _promise_weekly(session: Session, recorder: Recorder, team: Team) -> int:
    day = recorder.now.astimezone(ZoneInfo(team.zone)).date()
    monday = day - timedelta(days=day.weekday())
    readers = _readers(session, team)
    if not readers or is_recorded(session, team, "weekly", monday):
        return 0
    if team.live_from is None or team.live_from >= calendar.at_local(team.zone, monday, 0):
        return 0  # it has no week behind it yet
    briefings.record(session, team, "weekly", monday, recorder.now)
    payload = {"team_id": team.id, "monday": monday.isoformat()}
    for number in readers:
        beside = "" if number == team.manager_id else f":{number}"
        recorder.promise("weekly", f"member:{number}", payload, key=f"weekly:{team.id}:{monday}{beside}")
    return len(readers)


def _readers(session: Session, team: Team) -> list[int]:
    """Return who reads a team's week: its manager, or where none can be told, the admins."""
    manager = select(Member.id).where(Member.id == team.manager_id, *can_be_told())
    return list(session.scalars(manager)) or admins_of(session, team.workspace_id)
