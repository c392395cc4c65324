"""Owns the go-live of a team that an import brought: what is overdue since long comes up a few a day, the best first."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from bot.domain.calendar import WorkCalendar, local_day, next_workday, start_of_day
from bot.models import Opportunity, Team
from bot.services.recording import Ground, Recorder, coming_rung, ground_of


def begin(recorder: Recorder, team: Team) -> None:
    """Have the loop look after what an import brought; the past is not held against anybody, the next working day counts.

    Of what is overdue already each owner is told of so many a working day as the playbook says, beginning with the best
    grade and the largest amount. What lies in the pool is the manager's. Until its day comes the clock and the morning
    list leave it alone, unless somebody acts on it.
    """
    session = recorder.session
    rows = session.scalars(
        select(Opportunity)
        .where(Opportunity.team_id == team.id, Opportunity.closed_at.is_(None))
        .order_by(
            Opportunity.grade,
            func.coalesce(Opportunity.amount_minor, 0).desc(),
            Opportunity.next_due_at,
            Opportunity.id,
        )
    )
    places: Counter[Any] = Counter()
    mornings: list[datetime] = []
    for opportunity in rows:
        ground = ground_of(session, team.id, opportunity.playbook_id)
        opportunity.attended_at = recorder.now
        if _is_old(opportunity, ground, recorder.now):
            day = places[opportunity.owner_id] // ground.playbook.backlog_a_day
            places[opportunity.owner_id] += 1
            if day == len(mornings):
                mornings.append(_morning_after(ground.calendar, mornings[-1] if mornings else recorder.now))
            opportunity.attended_at = mornings[day]
        recorder.reckon(opportunity, ground)
    team.backlog_until = mornings[-1] if mornings else None


def _is_old(opportunity: Opportunity, ground: Ground, now: datetime) -> bool:
    """Say whether it would be brought up at once: its step or its stage is overdue, or the ladder repeats itself."""
    if any(at is not None and at <= now for at in (opportunity.next_due_at, opportunity.stage_limit_at)):
        return True
    rung = coming_rung(opportunity, ground, after=now)
    return rung is not None and rung.is_repeat


def _morning_after(calendar: WorkCalendar, moment: datetime) -> datetime:
    return start_of_day(calendar, next_workday(calendar, local_day(calendar, moment)))
