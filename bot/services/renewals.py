"""Owns the reckoning anew of moments that are kept on opportunities, after the calendar of their team changed."""

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar, health
from bot.models import Opportunity, Team
from bot.services.desk import Actor, Desk, system_actor
from bot.services.playbooks import loaded
from bot.services.putting_off import alone
from bot.services.recording import Ground, attention_of, calendar_of

_BATCH = 500
_TABLE: Any = Opportunity.__table__
# A look of the clock's is no change that a form could miss: the version stays.
_WRITE = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("number"))
    .values(attention_at=bindparam("attention"), stage_limit_at=bindparam("limit_at"), broken_from=bindparam("broken"))
)


def begin(team: Team) -> None:
    """Have the clock reckon a team's opportunities anew, from the first one on; it is written with the calendar itself."""
    team.reckoned_to = 0


def renew(desk: Desk, *, limit: int = _BATCH) -> int:
    """Reckon the next attention, the stage's limit and health anew where a team's calendar changed, a batch at a time.

    It goes on after a stop where it was. Any number of workers may do this at once: they come to the same moments.

    Returns:
        How many opportunities were reckoned; fewer than ``limit`` a team means that nothing is left.
    """
    with desk.database.reading(None) as session:
        found = session.execute(select(Team.id, Team.workspace_id).where(Team.reckoned_to.is_not(None))).all()
    count = 0
    for row in found:
        batch: int | None = limit
        while batch == limit:
            renewed = partial(_renewed, desk, row.id, system_actor(row.workspace_id), limit)
            batch = alone(f"the changed calendar of team {row.id}", renewed)
            count += batch or 0
    return count


def _renewed(desk: Desk, team_id: int, by: Actor, limit: int) -> int:
    with desk.transaction(by) as session:
        team = session.get_one(Team, team_id)
        if team.reckoned_to is None:
            return 0
        # Opportunities before the team, as everybody holds them: nobody waits in a circle.
        rows = session.scalars(
            select(Opportunity)
            .where(
                Opportunity.team_id == team_id,
                Opportunity.attention_at.is_not(None),
                Opportunity.id > team.reckoned_to,
            )
            .order_by(Opportunity.id)
            .limit(limit)
            .with_for_update()
        ).all()
        # Whoever saves the calendar once more waits until here, and has all of it reckoned again.
        session.refresh(team, with_for_update={"key_share": True})
        if team.reckoned_to is None:
            return 0
        values = [_moments(session, team, one) for one in rows]
        if values:
            session.connection().execute(_WRITE, values)
        done = update(Team).where(Team.id == team_id, Team.reckoned_to == team.reckoned_to)
        session.execute(done.values(reckoned_to=values[-1]["number"] if len(values) == limit else None))
        return len(values)


def _moments(session: Session, team: Team, one: Opportunity) -> dict[str, int | datetime | None]:
    # What is set here is written by one statement for the whole batch.
    session.expunge(one)
    ground = Ground(team, loaded(session, one.playbook_id), calendar_of(team))
    days = ground.playbook.stage(one.stage_key).limit_days
    if one.closed_at is None and days is not None:
        one.stage_limit_at = calendar.add_days(ground.calendar, one.stage_entered_at, days)
    return {
        "number": one.id,
        "attention": attention_of(one, ground),
        "limit_at": one.stage_limit_at,
        "broken": health.broken_from(one),
    }
