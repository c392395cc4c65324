"""Owns the list of the pool: who sees what of it, by which filters, page by page."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.domain.calendar import local_day
from bot.domain.playbook import Stage
from bot.domain.pooling import opened_before, opens_on
from bot.domain.veil import Veil
from bot.errors import Text
from bot.models import Customer, Opportunity, Team
from bot.services import protection
from bot.services.access import claims
from bot.services.desk import Actor, Desk
from bot.services.opportunity_search import Words
from bot.services.playbooks import loaded
from bot.services.reading import reason_of
from bot.services.recording import calendar_of, load
from bot.services.veiling import veils

PAGE = 8
_WORDS_MOST = 500
_CHOICES_MOST = 99


@dataclass(frozen=True, slots=True)
class PoolFilter:
    """What of the pool is asked for; None does not narrow it.

    Attributes:
        scope: ``team`` for one's own teams' pool, ``workspace`` for what other teams released to all.
        grade: A, B or C.
        region: As it is kept.
        subject: A product or an industry, as it is kept.
        words: Of the customer or the need.
        page: From 0; one beyond the last is taken for the last.
    """

    scope: str | None = None
    grade: str | None = None
    region: str | None = None
    subject: str | None = None
    words: str | None = None
    page: int = 0

    @property
    def is_narrow(self) -> bool:
        """True where something is asked for."""
        return any((self.scope, self.grade, self.region, self.subject, self.words))


@dataclass(frozen=True, slots=True)
class PoolRow:
    """An opportunity that nobody owns, without any contact.

    Attributes:
        team: Its team's name where the reader is of another one.
        reason: Why it is in the pool; None where an import left it without an owner.
        pooled_at: Since when.
        registered: Who registered its customer and until when, where that is somebody else.
        opens_on: The day from which all teams may claim it; None where that is no news: it is open, or never will be.
        may: ``claim`` or ``assign``; None for one who can do neither.
    """

    id: int
    customer: str
    need: str
    stage: Stage
    grade: str
    amount_minor: int | None
    currency: str
    team: str | None
    reason: Text | None
    pooled_at: datetime
    last_follow_up_at: datetime | None
    opens_on: date | None
    may: str | None
    registered: tuple[str, datetime] | None = None


@dataclass(frozen=True, slots=True)
class PoolPage:
    """A page of the pool, and what its filters can be set to.

    Attributes:
        rows: Those of the page, the longest waiting first.
        asked: The filter, with the page that is shown.
        total: How many pass the filter.
        everything: How many the reader could see without a filter.
        pages: At least 1.
    """

    rows: tuple[PoolRow, ...]
    asked: PoolFilter
    total: int
    everything: int
    pages: int
    regions: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


def listing(desk: Desk, asked: PoolFilter, *, by: Actor, most: int = PAGE) -> PoolPage:
    """Return a page of what nobody owns, as far as it is open to the actor.

    Args:
        desk: The record and the clock.
        asked: The filter.
        by: Who looks: a rep sees their team's and what is open to all, a manager their teams', an admin everything.
        most: Rows of a page.
    """
    now = desk.now()
    with desk.reading(by) as session:
        teams = list(session.scalars(select(Team).order_by(Team.id)))
        own = set(by.managed_team_ids) | ({by.team_id} if by.team_id is not None else set())
        base = _seen(session, teams, own, by, now)
        wanted = _wanted(select(Opportunity).where(base), asked, own)
        if asked.words:
            rows = _by_words(session, wanted, asked.words)
            total = len(rows)
        else:
            rows, total = [], _count(session, wanted)
        pages = max(1, -(-total // most))
        page = min(max(asked.page, 0), pages - 1)
        ordered = wanted.order_by(func.coalesce(Opportunity.pooled_at, Opportunity.captured_at), Opportunity.id)
        shown = rows if asked.words else list(session.scalars(ordered.offset(page * most).limit(most)))
        if asked.words:
            shown = shown[page * most : (page + 1) * most]
        return PoolPage(
            rows=_rows(session, shown, {team.id: team for team in teams}, own, by, now),
            asked=replace(asked, page=page),
            total=total,
            everything=_count(session, select(Opportunity).where(base)),
            pages=pages,
            regions=_choices(session, base, Opportunity.region),
            subjects=_choices(session, base, Opportunity.product, Opportunity.industry),
        )


def head_of(desk: Desk, opportunity_id: int, *, by: Actor) -> tuple[str, str]:
    """Return customer and need of a pooled opportunity, without any contact; for one who was shown it in the list.

    Raises:
        NotFound: There is none.
    """
    with desk.reading(by) as session:
        row = load(session, opportunity_id)
        veil = veils(session, {row.customer_id})[row.customer_id]
        return session.get_one(Customer, row.customer_id).name, veil.text(row.need)


def _seen(session: Session, teams: list[Team], own: set[int], by: Actor, now: datetime) -> ColumnElement[bool]:
    """Return the condition for what nobody owns and the actor may see."""
    unowned = and_(Opportunity.owner_id.is_(None), Opportunity.stage_kind.in_(("INTAKE", "OPEN")))
    if by.is_admin:
        return unowned
    sights: list[ColumnElement[bool]] = [Opportunity.team_id.in_(sorted(own))]
    for team in teams if own else ():
        before = _opened_before(session, team, now)
        if team.id not in own and before is not None:
            sights.append(and_(Opportunity.team_id == team.id, Opportunity.pooled_at < before))
    return and_(unowned, or_(*sights))


def _opened_before(session: Session, team: Team, now: datetime) -> datetime | None:
    if team.playbook_id is None:
        return None
    return opened_before(calendar_of(team), now, loaded(session, team.playbook_id).pool.to_all_days)


def _wanted(statement: Select[Opportunity], asked: PoolFilter, own: set[int]) -> Select[Opportunity]:
    in_own = Opportunity.team_id.in_(sorted(own))
    if asked.scope is not None:
        statement = statement.where(in_own if asked.scope == "team" else ~in_own)
    if asked.grade is not None:
        statement = statement.where(Opportunity.grade == asked.grade)
    if asked.region is not None:
        statement = statement.where(Opportunity.region == asked.region)
    if asked.subject is not None:
        statement = statement.where(or_(Opportunity.product == asked.subject, Opportunity.industry == asked.subject))
    return statement


def _by_words(session: Session, wanted: Select[Opportunity], words: str) -> list[Opportunity]:
    """Return those whose words can be seen: what is hidden in a need is not found by typing it."""
    order = func.coalesce(Opportunity.pooled_at, Opportunity.captured_at)
    meant = Words(session, words)
    found = list(session.scalars(meant.narrow(wanted).order_by(order, Opportunity.id).limit(_WORDS_MOST)))
    hidden = veils(session, {row.customer_id for row in found})
    shown = meant.seen({row.id: hidden[row.customer_id].text(row.need) for row in found})
    return [row for row in found if row.id in shown]


def _count(session: Session, statement: Select[Opportunity]) -> int:
    return session.scalar(statement.with_only_columns(func.count())) or 0


def _customers(session: Session, rows: list[Opportunity]) -> dict[int, Customer]:
    known = select(Customer).where(Customer.id.in_({row.customer_id for row in rows}))
    return {row.id: row for row in session.scalars(known)} if rows else {}


def _choices(session: Session, base: ColumnElement[bool], *columns: Any) -> tuple[str, ...]:
    found: set[str] = set()
    for column in columns:
        found |= set(session.scalars(select(column).where(base, column.is_not(None)).distinct().limit(_CHOICES_MOST)))
    return tuple(sorted(one for one in found if one.strip()))[:_CHOICES_MOST]


def _rows(
    session: Session, rows: list[Opportunity], teams: dict[int, Team], own: set[int], by: Actor, now: datetime
) -> tuple[PoolRow, ...]:
    known, hidden = _customers(session, rows), veils(session, {row.customer_id for row in rows})
    registered = protection.registrants(session, known.values(), now)
    may = "assign" if by.decides else "claim" if claims(by) else None
    found = []
    for row in rows:
        team = teams[row.team_id]
        is_own = team.id in own
        opens = _opens_on(session, row, team, now) if is_own and len(teams) > 1 else None
        customer, registrant = known[row.customer_id], registered.get(row.customer_id)
        shown = _row(session, row, customer.name, hidden[row.customer_id], None if is_own else team.name, opens, may)
        if registrant is not None and registrant.id != by.member_id and customer.protected_until is not None:
            shown = replace(shown, registered=(registrant.name, customer.protected_until))
        found.append(shown)
    return tuple(found)


def _opens_on(session: Session, row: Opportunity, team: Team, now: datetime) -> date | None:
    worktime = calendar_of(team)
    days = loaded(session, team.playbook_id or row.playbook_id).pool.to_all_days
    day = opens_on(worktime, row.pooled_at or row.captured_at, days)
    return day if day is not None and day > local_day(worktime, now) else None


def _row(
    session: Session,
    row: Opportunity,
    customer: str,
    veil: Veil,
    team: str | None,
    opens: date | None,
    may: str | None,
) -> PoolRow:
    return PoolRow(
        id=row.id,
        customer=customer,
        need=veil.text(row.need),
        stage=loaded(session, row.playbook_id).stage(row.stage_key),
        grade=row.grade,
        amount_minor=row.amount_minor,
        currency=row.currency,
        team=team,
        reason=reason_of(row, veil),
        pooled_at=row.pooled_at or row.captured_at,
        last_follow_up_at=row.last_follow_up_at,
        opens_on=opens,
        may=may,
    )
