"""Owns the figures people read: the pipeline, loop health, one's own day, a team's digest."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.health import Checked, broken_clauses
from bot.domain.playbook import Playbook
from bot.errors import NotAllowed, NotFound
from bot.models import Assignment, Member, Opportunity, Team
from bot.services.access import visible_to
from bot.services.desk import Actor, Desk
from bot.services.members import ref
from bot.services.playbooks import loaded
from bot.services.reading import lines
from bot.services.teams import team_ref
from bot.services.values import Day, Health, MemberRef, OpportunityLine, PipelineSummary, StageSum, TeamName

HEALTH_DAYS = 90
_UPCOMING = 10
_OPEN = Opportunity.stage_kind.in_(("INTAKE", "OPEN"))


def pipeline(desk: Desk, *, by: Actor, team_id: int | None = None) -> PipelineSummary:
    """Return counts, amounts, overdue next steps by stage, and loop health.

    Args:
        desk: The record and the clock.
        by: Who asks.
        team_id: One team; None for everything the actor may see.

    Raises:
        NotFound: There is no such team.
        NotAllowed: It is not a team of the actor's.
    """
    with desk.reading(by) as session:
        team = None
        if team_id is not None:
            team = session.get(Team, team_id)
            if team is None:
                raise NotFound("error.not_found")
            if not by.manages(team_id) and by.team_id != team_id:
                raise NotAllowed("error.not_allowed")
        scope = Opportunity.team_id == team_id if team_id is not None else visible_to(by)
        return summary(session, scope, team, desk.now())


def summary(session: Session, scope: ColumnElement[bool], team: Team | None, now: datetime) -> PipelineSummary:
    """Return the stages with counts and amounts, and loop health, inside a transaction."""
    rows = session.execute(
        select(
            Opportunity.playbook_id,
            Opportunity.stage_key,
            Opportunity.currency,
            func.count(),
            func.coalesce(func.sum(Opportunity.amount_minor), 0),
            func.sum(case((and_(_OPEN, Opportunity.next_due_at <= now), 1), else_=0)),
        )
        .where(scope)
        .group_by(Opportunity.playbook_id, Opportunity.stage_key, Opportunity.currency)
    ).all()
    playbooks = {row[0]: loaded(session, row[0]) for row in rows}
    if team is not None and team.playbook_id is not None:
        playbooks.setdefault(team.playbook_id, loaded(session, team.playbook_id))
    counts: dict[str, int] = defaultdict(int)
    late: dict[str, int] = defaultdict(int)
    amounts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for _, key, currency, count, amount, overdue in rows:
        counts[key] += count
        late[key] += int(overdue)
        amounts[key][currency] += int(amount)
    stages = tuple(
        StageSum(
            stage,
            counts[stage.key],
            tuple(sorted((code, sum_) for code, sum_ in amounts[stage.key].items() if sum_)),
            late[stage.key],
        )
        for stage in _stages(list(playbooks.values()))
    )
    named = TeamName(team.id, team.name) if team is not None else None
    return PipelineSummary(named, stages, health(session, scope, now), now)


def _stages(playbooks: list[Playbook]) -> list[Any]:
    """Return the stages of several playbooks, each key once, open ones before closed ones."""
    found: dict[str, Any] = {}
    for playbook in reversed(playbooks):
        for stage in playbook.stages:
            found.setdefault(stage.key, stage)
    return sorted(
        found.values(),
        key=lambda stage: (stage.kind.is_closed, stage.probability if not stage.kind.is_closed else -stage.probability),
    )


_CHECKED = (
    Opportunity.captured_at, Opportunity.closed_at, Opportunity.owner_id, Opportunity.accepted_at, Opportunity.accept_by, Opportunity.grade,
    Opportunity.stage_limit_at, Opportunity.next_due_at, Opportunity.has_collision, Opportunity.customer_known, Opportunity.close_reason,
    Opportunity.review_due_at, Opportunity.reviewed_at,
)  # fmt: skip


def health(session: Session, scope: ColumnElement[bool], now: datetime) -> Health:
    """Count what is open or was closed in the last 90 days, and which clauses of the invariant are broken there."""
    looked_at = and_(
        scope, or_(Opportunity.closed_at.is_(None), Opportunity.closed_at >= now - timedelta(days=HEALTH_DAYS))
    )
    counted = session.scalar(select(func.count()).select_from(Opportunity).where(looked_at)) or 0
    # Only the broken ones are read, and the domain says what is broken: the rule stands in one place.
    rows = session.execute(select(*_CHECKED).where(looked_at, Opportunity.broken_from <= now)).all()
    clauses = Counter(clause for row in rows for clause in broken_clauses(cast("Checked", row), now))
    return Health(counted, counted - len(rows), tuple(clauses.most_common()))


def day(desk: Desk, *, by: Actor) -> Day:
    """Return the actor's own day: overdue, due today, waiting for their answer, and next."""
    now = desk.now()
    with desk.reading(by) as session:
        own = Opportunity.owner_id == (by.member_id or 0)
        midnight = _local_midnight(now, by.zone)
        base = (
            select(Opportunity)
            .where(own, _OPEN, Opportunity.accepted_at.is_not(None))
            .order_by(Opportunity.next_due_at, Opportunity.id)
        )
        overdue = lines(session, base.where(Opportunity.next_due_at <= now).limit(50), now)
        today = lines(
            session, base.where(Opportunity.next_due_at > now, Opportunity.next_due_at < midnight).limit(50), now
        )
        upcoming = lines(session, base.where(Opportunity.next_due_at >= midnight).limit(_UPCOMING), now)
        asked = select(Assignment.opportunity_id).where(
            Assignment.member_id == (by.member_id or 0), Assignment.state == "pending"
        )
        waiting = lines(
            session, select(Opportunity).where(Opportunity.id.in_(asked), _OPEN).order_by(Opportunity.id).limit(20), now
        )
        team = session.get(Team, by.team_id) if by.team_id is not None else None
        scope = visible_to(by) if by.is_admin or by.managed_team_ids else own
        counts = _counts(session, own, now, midnight)
        return Day(
            member=MemberRef(by.member_id or 0, by.name, by.slack_user_id),
            zone=by.zone,
            overdue=overdue,
            today=today,
            waiting=waiting,
            upcoming=upcoming,
            health=health(session, scope, now),
            team=team_ref(session, team) if team else None,
            counts=counts,
            away_until=_away_until(session, by, now),
        )


def _away_until(session: Session, by: Actor, now: datetime) -> datetime | None:
    until = session.scalar(select(Member.away_until).where(Member.id == (by.member_id or 0)))
    return until if until is not None and until > now else None


def _counts(session: Session, own: ColumnElement[bool], now: datetime, midnight: datetime) -> dict[str, int]:
    row = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((Opportunity.next_due_at <= now, 1), else_=0)), 0),
            func.coalesce(
                func.sum(case((and_(Opportunity.next_due_at > now, Opportunity.next_due_at < midnight), 1), else_=0)), 0
            ),
        ).where(own, _OPEN)
    ).one()
    return {"open": int(row[0]), "overdue": int(row[1]), "today": int(row[2])}


def _local_midnight(now: datetime, zone: str) -> datetime:
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone)).astimezone(UTC)


def count(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Return how many opportunities there are under conditions."""
    return session.scalar(select(func.count()).select_from(Opportunity).where(*conditions)) or 0


def overdue_by_rep(session: Session, scope: ColumnElement[bool], now: datetime) -> tuple[tuple[MemberRef, int], ...]:
    """Return who has overdue next steps, and how many; the most first."""
    rows = session.execute(
        select(Opportunity.owner_id, func.count())
        .where(scope, _OPEN, Opportunity.owner_id.is_not(None), Opportunity.next_due_at <= now)
        .group_by(Opportunity.owner_id)
        .order_by(func.count().desc(), Opportunity.owner_id)
    ).all()
    people = (
        {row.id: ref(row) for row in session.scalars(select(Member).where(Member.id.in_([owner for owner, _ in rows])))}
        if rows
        else {}
    )
    return tuple((people[cast("int", owner)], count) for owner, count in rows)


def at_risk(session: Session, scope: ColumnElement[bool], now: datetime, *, limit: int) -> tuple[OpportunityLine, ...]:
    """Return the gravest gaps: overdue, or beyond the stage's limit; the best grade and the largest amount first."""
    gaps = or_(Opportunity.next_due_at <= now, Opportunity.stage_limit_at <= now)
    return biggest(session, and_(scope, _OPEN, Opportunity.owner_id.is_not(None), gaps), now, limit=limit)


def biggest(session: Session, wanted: ColumnElement[bool], now: datetime, *, limit: int) -> tuple[OpportunityLine, ...]:
    """Return the weightiest opportunities under a condition: the best grade, the largest amount, the longest wait."""
    statement = (
        select(Opportunity)
        .where(wanted)
        .order_by(Opportunity.grade, func.coalesce(Opportunity.amount_minor, 0).desc(), Opportunity.next_due_at)
        .limit(limit)
    )
    return lines(session, statement, now)
