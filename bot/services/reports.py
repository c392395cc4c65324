"""Owns the figures people read: the pipeline, loop health, one's own day, a team's digest."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.health import Checked, broken_clauses
from bot.domain.playbook import Playbook
from bot.errors import NotAllowed, NotFound
from bot.models import Assignment, Member, Opportunity, Team
from bot.models.base import BigId, Instant
from bot.models.questions import Question
from bot.services.access import visible_to
from bot.services.desk import Actor, Desk
from bot.services.members import ref
from bot.services.playbooks import loaded
from bot.services.reading import is_review_due, lined, lines, lines_of
from bot.services.teams import team_ref
from bot.services.values import Backlog, Day, Health, MemberRef, OpportunityLine, PipelineSummary, StageSum, TeamName

HEALTH_DAYS = 90
_UPCOMING, _TEAM_GAPS, _REVIEWS = 10, 8, 30
_OPEN = Opportunity.stage_kind.in_(("INTAKE", "OPEN"))
_IS_OPEN = Opportunity.closed_at.is_(None)
_NOW = bindparam("now", type_=Instant)
_IN_WORKSPACE = Opportunity.workspace_id == bindparam("workspace_id", type_=BigId)
_OF_TEAM = and_(_IN_WORKSPACE, Opportunity.team_id == bindparam("team_id", type_=BigId))
_Build = Callable[[ColumnElement[bool]], Any]


@lru_cache(maxsize=64)
def _question(build: _Build, condition: ColumnElement[bool]) -> Question:
    return Question(build(condition))


@dataclass(frozen=True, slots=True)
class Scope:
    """Which opportunities figures are of: a condition, and the values it names; ``is_kept`` where all share that condition."""

    condition: ColumnElement[bool]
    values: dict[str, Any]
    is_kept: bool = False

    def rows(self, session: Session, build: _Build, **values: Any) -> Any:
        """Return what a statement finds that is built for a condition."""
        asked = {**self.values, **values}
        if self.is_kept:
            # Putting a statement together takes longer than the database takes for it: those of one condition share it.
            return _question(build, self.condition).rows(session.connection(), asked)
        return session.connection().execute(build(self.condition), asked).all()


def of_team(team: Team) -> Scope:
    """Return a team's opportunities."""
    return Scope(_OF_TEAM, {"workspace_id": team.workspace_id, "team_id": team.id}, is_kept=True)


def seen_by(by: Actor) -> Scope:
    """Return what the actor looks after: what they may see where they manage somebody, otherwise their own."""
    looks_after_others = by.is_admin or by.managed_team_ids
    condition = visible_to(by) if looks_after_others else Opportunity.owner_id == (by.member_id or 0)
    return Scope(and_(_IN_WORKSPACE, condition), {"workspace_id": by.workspace_id})


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
        if team_id is None:
            scope = Scope(and_(_IN_WORKSPACE, visible_to(by)), {"workspace_id": by.workspace_id})
            return summary(session, scope, desk.now())
        team = session.get(Team, team_id)
        if team is None:
            raise NotFound("setup.not_found")
        if not by.manages(team_id) and by.team_id != team_id:
            raise NotAllowed("error.not_allowed")
        return summary(session, of_team(team), desk.now(), team)


def _stage_sums(scope: ColumnElement[bool]) -> Any:
    return (
        select(
            Opportunity.playbook_id,
            Opportunity.stage_key,
            Opportunity.currency,
            func.count(),
            func.coalesce(func.sum(Opportunity.amount_minor), 0),
            func.sum(case((and_(_OPEN, Opportunity.next_due_at <= _NOW), 1), else_=0)),
        )
        .where(scope)
        .group_by(Opportunity.playbook_id, Opportunity.stage_key, Opportunity.currency)
    )


def summary(session: Session, scope: Scope, now: datetime, team: Team | None = None) -> PipelineSummary:
    """Return the stages with counts and amounts, and loop health, inside a transaction."""
    rows = scope.rows(session, _stage_sums, now=now)
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
    return PipelineSummary(named, stages, health(session, scope, now), now, _backlog(session, team, now))


def _backlog(session: Session, team: Team | None, now: datetime) -> Backlog | None:
    if team is None or team.backlog_until is None or team.backlog_until <= now:
        return None
    waits = (Opportunity.team_id == team.id, _OPEN, Opportunity.attended_at > now)
    left = session.scalar(select(func.count()).select_from(Opportunity).where(*waits)) or 0
    return Backlog(left, team.backlog_until) if left else None


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


_SINCE = bindparam("since", type_=Instant)


def _counted(scope: ColumnElement[bool]) -> Any:
    return select(func.count()).where(scope, or_(_IS_OPEN, Opportunity.closed_at >= _SINCE))


def _broken(scope: ColumnElement[bool]) -> Any:
    is_looked_at = or_(_IS_OPEN, Opportunity.closed_at >= _SINCE)
    return select(*_CHECKED).where(scope, is_looked_at, Opportunity.broken_from <= _NOW)


def health(session: Session, scope: Scope, now: datetime) -> Health:
    """Count what is open or was closed in the last 90 days, and which clauses of the invariant are broken there."""
    since = now - timedelta(days=HEALTH_DAYS)
    ((counted,),) = scope.rows(session, _counted, since=since)
    # Only the broken ones are read, and the domain says what is broken: the rule stands in one place.
    rows = scope.rows(session, _broken, since=since, now=now)
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
        counts = _counts(session, own, now, midnight)
        team_gaps: tuple[OpportunityLine, ...] = ()
        whose = own
        if by.is_admin or by.managed_team_ids:
            whose = visible_to(by)
            team_gaps, counts["team"] = _team_gaps(session, by, now)
        return Day(
            member=MemberRef(by.member_id or 0, by.name, by.slack_user_id),
            zone=by.zone,
            overdue=overdue,
            today=today,
            waiting=waiting,
            upcoming=upcoming,
            health=health(session, seen_by(by), now),
            team=team_ref(session, team) if team else None,
            counts=counts,
            **_away(session, by, now),
            team_gaps=team_gaps,
            reviews=lines(
                session,
                select(Opportunity)
                .where(is_review_due(now), whose)
                .order_by(Opportunity.review_due_at)
                .limit(_REVIEWS),
                now,
            ),
        )


def _team_gaps(session: Session, by: Actor, now: datetime) -> tuple[tuple[OpportunityLine, ...], int]:
    """Return the gravest gaps of others whom the actor looks after, and how many there are."""
    seen = seen_by(by)
    others = Scope(and_(seen.condition, Opportunity.owner_id != (by.member_id or 0)), seen.values)
    found = at_risk(session, others, now, limit=_TEAM_GAPS)
    if len(found) < _TEAM_GAPS:
        return found, len(found)
    ((count,),) = others.rows(session, _count_at_risk, now=now)
    return found, count


def _away(session: Session, by: Actor, now: datetime) -> dict[str, datetime | None]:
    """Return the actor's absence, which lasts or is to come."""
    ahead = select(Member.away_from, Member.away_until).where(Member.id == (by.member_id or 0), Member.away_until > now)
    found = session.execute(ahead).first()
    return {"away_from": found.away_from, "away_until": found.away_until} if found is not None else {}


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


@dataclass(frozen=True, slots=True)
class OpenWork:
    """What is open: who has overdue next steps and how many, the most first; how many lie in the pool, and are fought over.

    ``overdue_in_pool`` are the overdue ones that nobody owns: a rep's or the pool's, a gap is a gap.
    """

    overdue_by_rep: tuple[tuple[MemberRef, int], ...]
    overdue_in_pool: int
    in_pool: int
    collisions: int


def _by_owner(scope: ColumnElement[bool]) -> Any:
    # Not the column by itself: SQLite would read the index of owners of the whole workspace, because it is in this order.
    owner = func.coalesce(Opportunity.owner_id, 0)
    owned = (
        select(
            owner.label("owner_id"),
            func.count().label("count"),
            func.sum(case((Opportunity.next_due_at <= _NOW, 1), else_=0)).label("overdue"),
            func.sum(case((Opportunity.has_collision, 1), else_=0)).label("collisions"),
        )
        .where(scope, _IS_OPEN)
        .group_by(owner)
        .subquery()
    )
    return (
        select(owned, Member.id, Member.name, Member.slack_user_id)
        .outerjoin(Member, Member.id == owned.c.owner_id)
        .order_by(owned.c.overdue.desc(), owned.c.owner_id)
    )


def open_work(session: Session, scope: Scope, now: datetime) -> OpenWork:
    """Return how what is open stands, by one look at it."""
    rows = scope.rows(session, _by_owner, now=now)
    return OpenWork(
        tuple((ref(row), int(row.overdue)) for row in rows if row.owner_id and row.overdue),
        sum(int(row.overdue) for row in rows if not row.owner_id),
        sum(row.count for row in rows if not row.owner_id),
        sum(int(row.collisions) for row in rows),
    )


def _biggest(wanted: ColumnElement[bool]) -> Any:
    return lined(
        select(Opportunity)
        .where(wanted)
        .order_by(Opportunity.grade, func.coalesce(Opportunity.amount_minor, 0).desc(), Opportunity.next_due_at)
        .limit(bindparam("most", type_=Integer))
    )


def _is_at_risk(scope: ColumnElement[bool]) -> ColumnElement[bool]:
    gaps = or_(Opportunity.next_due_at <= _NOW, Opportunity.stage_limit_at <= _NOW)
    return and_(scope, _IS_OPEN, gaps)


def _at_risk(scope: ColumnElement[bool]) -> Any:
    return _biggest(_is_at_risk(scope))


def _count_at_risk(scope: ColumnElement[bool]) -> Any:
    return select(func.count()).where(_is_at_risk(scope))


def at_risk(session: Session, scope: Scope, now: datetime, *, limit: int) -> tuple[OpportunityLine, ...]:
    """Return the gravest gaps: overdue, or beyond the stage's limit; the best grade and the largest amount first."""
    return lines_of(session, scope.rows(session, _at_risk, now=now, most=limit), now)


def _is_neglected(scope: ColumnElement[bool]) -> ColumnElement[bool]:
    heard = Opportunity.last_follow_up_at
    is_silent = or_(heard.is_(None), heard < _SINCE)
    return and_(scope, _IS_OPEN, Opportunity.owner_id.is_not(None), Opportunity.captured_at < _SINCE, is_silent)


def _neglected(scope: ColumnElement[bool]) -> Any:
    return _biggest(_is_neglected(scope))


def _count_neglected(scope: ColumnElement[bool]) -> Any:
    return select(func.count()).where(_is_neglected(scope))


def neglected(
    session: Session, scope: Scope, now: datetime, *, since: datetime, limit: int
) -> tuple[tuple[OpportunityLine, ...], int]:
    """Return the weightiest of those that nobody followed up since a moment, and how many there are."""
    rows = scope.rows(session, _neglected, since=since, most=limit)
    ((count,),) = scope.rows(session, _count_neglected, since=since)
    return lines_of(session, rows, now), count
