"""Owns whose working hours a member reads in: those of their own team, else of the first team that they manage."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.calendar import WorkCalendar
from bot.domain.quiet import hours_of
from bot.models import Member, Team
from bot.services.recording import calendar_of


def teams_of(session: Session, member_ids: Collection[int]) -> dict[Any, Team]:
    """Return the team whose hours hold for each member; who has none and manages none is left out."""
    found: dict[Any, Team] = {}
    managed = select(Team.manager_id, Team).where(Team.manager_id.in_(member_ids)).order_by(Team.id.desc())
    own = select(Member.id, Team).join(Team, Team.id == Member.team_id).where(Member.id.in_(member_ids))
    for statement in (managed, own):
        found.update({row[0]: row[1] for row in session.execute(statement)})
    return found


def hours_in(team: Team | None, zone: str) -> WorkCalendar:
    """Return the hours in which a member of a zone is told something; without a team, the usual ones."""
    return hours_of(calendar_of(team), zone) if team is not None else WorkCalendar(zone)
