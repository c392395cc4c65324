"""Owns when digests are promised: once a team and local day, whoever asks."""

from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.models import Team
from bot.models.base import Instant
from bot.services.desk import Desk, system_actor
from bot.services.recording import Recorder, ground_of
from bot.services.teams import next_digest

_ANY = (
    select(Team.id)
    .where(Team.live_from <= bindparam("now", type_=Instant), Team.digest_next_at <= bindparam("now", type_=Instant))
    .limit(1)
)


def digests(desk: Desk) -> int:
    """Promise each team's digest whose hour has come; the promise's key makes it one a local day, whoever asks.

    Returns:
        How many were promised.
    """
    now = desk.now()
    with desk.database.reading(None) as session:
        if session.scalar(_ANY, {"now": now}) is None:
            return 0
    promised = 0
    with desk.database.transaction(None) as session:
        teams = session.scalars(
            select(Team).where(Team.live_from <= now, Team.digest_next_at <= now).with_for_update(skip_locked=True)
        ).all()
        for team in teams:
            recorder = Recorder(desk, session, system_actor(team.workspace_id))
            promised += _promise_digest(session, recorder, team)
            team.digest_next_at = next_digest(team, now)
    return promised


def _promise_digest(session: Session, recorder: Recorder, team: Team) -> int:
    ground = ground_of(session, team.id)
    local = recorder.now.astimezone(ZoneInfo(team.zone))
    is_past_hour = local.hour * 60 + local.minute >= team.digest_minute
    if team.channel_id is None or not is_past_hour or not calendar.is_workday(ground.calendar, local.date()):
        return 0
    payload = {"team_id": team.id, "day": local.date().isoformat()}
    recorder.promise("digest", team.channel_id, payload, key=f"digest:{team.id}:{local.date()}")
    return 1
