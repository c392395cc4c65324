"""Owns the morning lists: whose working day begins, and whether there is anything to put before them."""

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from bot.domain.absence import is_away
from bot.domain.calendar import WorkCalendar, local_day
from bot.domain.quiet import hours_of, is_first_stretch, next_morning
from bot.models import Member, Opportunity, Team
from bot.models.base import Instant
from bot.services.bundles import focus_key
from bot.services.desk import Desk, system_actor
from bot.services.putting_off import WAIT, alone
from bot.services.reader_hours import teams_of
from bot.services.recording import Recorder, calendar_of, is_live

_BATCH = 500
# Nobody's local day ends later than so long after its opening; what is due by then is looked at when the list is made.
_REST_OF_DAY = timedelta(hours=24)
_LOOK_AGAIN = timedelta(days=1)

_DUE = or_(Member.focus_next_at.is_(None), Member.focus_next_at <= bindparam("now", type_=Instant))
_ANY = select(Member.id).where(_DUE).limit(1)


def focus(desk: Desk, *, limit: int = _BATCH) -> int:
    """Promise the morning lists of members whose working day begins, and set when the next one does.

    One a member and local day: its name says so, whoever promises it.

    Returns:
        How many members were looked at; fewer than ``limit`` means that nothing is left.
    """
    now = desk.now()
    with desk.database.reading(None) as session:
        if session.scalar(_ANY, {"now": now}) is None:
            return 0
    with desk.database.transaction(None) as session:
        members = session.scalars(
            select(Member).where(_DUE).order_by(Member.id).limit(limit).with_for_update(skip_locked=True), {"now": now}
        ).all()
        teams = teams_of(session, [one.id for one in members])
        looks = {
            one.id: alone(f"the morning of member {one.id}", partial(_look, one, teams.get(one.id), now)) or _PUT_OFF
            for one in members
        }
        hours = {number: look.hours for number, look in looks.items() if look.hours is not None}
        busy = _busy(
            session, [one.id for one in members if _begins(one, teams.get(one.id), hours.get(one.id), now)], now
        )
        for member in members:
            if member.id in busy:
                _promise(Recorder(desk, session, system_actor(member.workspace_id)), member, hours[member.id])
            member.focus_next_at = looks[member.id].again_at or now + WAIT
        return len(members)


class _Look(NamedTuple):
    """A member's own working hours, where they have a team, and when their next morning is; None where nobody can tell."""

    hours: WorkCalendar | None
    again_at: datetime | None


_PUT_OFF = _Look(None, None)


def _look(member: Member, team: Team | None, now: datetime) -> _Look:
    if team is None:
        return _Look(None, now + _LOOK_AGAIN)
    hours = hours_of(calendar_of(team), member.zone)
    return _Look(hours, next_morning(hours, now))


def _begins(member: Member, team: Team | None, hours: WorkCalendar | None, now: datetime) -> bool:
    """Say whether it is the morning of a member who is there to read; a stop of the program may have made it a late one."""
    if member.focus_next_at is None or team is None or hours is None or not is_live(team, now):
        return False
    return (
        not is_away(member, now)
        and member.is_active
        and member.slack_user_id is not None
        and is_first_stretch(hours, now)
    )


def _busy(session: Session, member_ids: list[int], now: datetime) -> set[int]:
    """Return who has something that is due by tonight, or stands for too long."""
    if not member_ids:
        return set()
    theirs = exists().where(
        Opportunity.workspace_id == Member.workspace_id,
        Opportunity.owner_id == Member.id,
        Opportunity.stage_kind.in_(("INTAKE", "OPEN")),
        Opportunity.attended_at <= now,
        or_(
            Opportunity.next_due_at <= now + _REST_OF_DAY,
            Opportunity.stage_limit_at <= now,
            Opportunity.warned_at.is_not(None),
        ),
    )
    return set(session.scalars(select(Member.id).where(Member.id.in_(member_ids), theirs)))


def _promise(recorder: Recorder, member: Member, hours: WorkCalendar) -> None:
    day = local_day(hours, recorder.now)
    payload = {"items": [], "day": day.isoformat()}
    recorder.promise("focus", f"member:{member.id}", payload, key=focus_key(member.id, day))
