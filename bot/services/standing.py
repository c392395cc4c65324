"""Owns the look at how far behind the program is: the clock's oldest unattended moment, and what waits in the outbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select, text

from bot.models import Opportunity, OutboxRow, Team
from bot.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Standing:
    """How far behind the program is, in seconds of the business clock.

    Attributes:
        lag_seconds: Age of the oldest moment that nobody attended to; 0 where everything due was attended to.
        depth: Messages by state: ``waiting`` (due), ``sending``, ``dead``.
        oldest_seconds: Since when the oldest of them is due, by state.
    """

    lag_seconds: float
    depth: dict[str, int]
    oldest_seconds: dict[str, float]


def standing(desk: Desk) -> Standing:
    """Return how far behind the program is, over all workspaces."""
    now = desk.now()
    depth, oldest = dict.fromkeys(_STATES, 0), dict.fromkeys(_STATES, 0.0)
    with desk.database.reading(None) as session:
        moments: list[datetime | None] = [
            session.scalar(select(func.min(Opportunity.attention_at)).where(Opportunity.attention_at <= now)),
            session.scalar(
                select(func.min(Team.digest_next_at)).where(Team.live_from <= now, Team.digest_next_at <= now)
            ),
        ]
        for state in _STATES:
            # Spelt out, since indexes that cover only some states are not found through a bound value.
            row = session.execute(
                select(func.count(), func.min(OutboxRow.due_at)).where(
                    OutboxRow.state == literal_column(f"'{state}'"), OutboxRow.due_at <= now
                )
            ).one()
            depth[state], oldest[state] = int(row[0]), _age(row[1], now)
    return Standing(max(_age(moment, now) for moment in moments), depth, oldest)


_STATES = ("waiting", "sending", "dead")


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max(0.0, (now - moment).total_seconds())


def revision(desk: Desk) -> str | None:
    """Return the revision of the database's schema, such as ``0001``; raises the driver's error where it does not answer."""
    with desk.database.reading(None) as session:
        found = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if found is None else str(found)
