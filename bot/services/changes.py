"""Owns what changed in a stretch of time: new, moved, won, lost, slipped, recycled and collisions, counted by the database.

A week of a large workspace has tens of thousands of events. They are told apart, reduced to one an opportunity and counted
where they lie; only the biggest few of each kind come out by name.
"""

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, bindparam, case, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from bot.domain import events as ev
from bot.domain.playbook import Name, Playbook
from bot.models import Customer, EventRow, Member, Opportunity
from bot.models.base import BigId, Instant
from bot.services.playbooks import loaded
from bot.services.reports import Scope
from bot.services.values import Change, Changes, Tally

KINDS = ("new", "forward", "back", "won", "lost", "slipped", "recycled", "collision")
NAMED = 5
"""So many of a kind are told by name at most."""

_GROUPS = {
    ev.LeadCaptured.kind: "new",
    ev.StageChanged.kind: "moved",
    ev.OpportunityWon.kind: "won",
    ev.OpportunityLost.kind: "lost",
    ev.OpportunityEdited.kind: "slipped",
    ev.PutInPool.kind: "recycled",
    ev.CollisionStopped.kind: "collision",
}
_NO_MONEY = frozenset({"forward", "back", "slipped", "recycled", "collision"})
_SINCE, _UNTIL = bindparam("since", type_=Instant), bindparam("until", type_=Instant)


def _in_time(row: Any) -> ColumnElement[bool]:
    return and_(row.workspace_id == bindparam("workspace_id", type_=BigId), row.at > _SINCE, row.at <= _UNTIL)


def _close(row: Any, place: int) -> Any:
    """Return the expected close before an edit (0) or after it (1)."""
    return row.payload[("changes", "expected_close_on", place)].as_string()


def _spans(scope: ColumnElement[bool]) -> Any:
    """Return of each opportunity the first and the last event of each kind that was not undone."""
    undoing, moving = aliased(EventRow), aliased(EventRow)
    # Both are few, and read once; asked of each event, they would take longer than all the rest.
    undone = (
        select(func.coalesce(undoing.payload["event_id"].as_integer(), 0))
        .where(_in_time(undoing), undoing.kind == ev.ActionUndone.kind)
        .scalar_subquery()
    )
    came = (
        select(moving.opportunity_id, func.max(moving.id).label("event_id"))
        .where(_in_time(moving), moving.kind == ev.TeamChanged.kind)
        .group_by(moving.opportunity_id)
        .subquery("came")
    )
    # Read first, by their time: the databases would rather go through all that ever happened to what a team has.
    recent = (
        select(EventRow.id, EventRow.opportunity_id, EventRow.kind, EventRow.payload)
        .where(_in_time(EventRow), EventRow.kind.in_(tuple(_GROUPS)))
        .cte("recent")
        .prefix_with("MATERIALIZED")
    )
    event, kind = recent.c, recent.c.kind
    counts = case(
        # The stages it went through before are another team's: they have no place in this one's pipeline.
        (kind == ev.StageChanged.kind, event.id > func.coalesce(came.c.event_id, 0)),
        (kind == ev.OpportunityWon.kind, Opportunity.stage_kind == "WON"),
        (kind == ev.OpportunityLost.kind, Opportunity.stage_kind == "LOST"),
        (kind == ev.PutInPool.kind, event.payload["cause"].as_string() == "recycled"),
        (
            kind == ev.OpportunityEdited.kind,
            and_(_close(event, 0).is_not(None), _close(event, 1).is_not(None)),
        ),
        else_=True,
    )
    return (
        select(
            event.opportunity_id,
            kind,
            func.min(event.id).label("first_id"),
            func.max(event.id).label("last_id"),
        )
        .select_from(recent)
        .join(Opportunity, Opportunity.id == event.opportunity_id)
        .outerjoin(came, came.c.opportunity_id == event.opportunity_id)
        .where(scope, counts, event.id.not_in(undone))
        .group_by(event.opportunity_id, kind)
        .subquery("spans")
    )


def _once_each(scope: ColumnElement[bool]) -> Any:
    """Return what came of each opportunity, a row a kind: what it was before the first event, and after the last."""
    spans, first, last = _spans(scope), aliased(EventRow), aliased(EventRow)
    kind = spans.c.kind
    is_move, is_edit = kind == ev.StageChanged.kind, kind == ev.OpportunityEdited.kind
    before = case((is_move, first.payload["before"].as_string()), (is_edit, _close(first, 0)))
    after = case(
        (is_move, last.payload["after"].as_string()),
        (is_edit, _close(last, 1)),
        (kind == ev.OpportunityLost.kind, last.payload["reason"].as_string()),
        (kind == ev.CollisionStopped.kind, last.payload["member"].as_string()),
    )
    one = (
        select(
            Opportunity.id,
            Opportunity.playbook_id,
            Opportunity.customer_id,
            Opportunity.owner_id,
            Opportunity.amount_minor,
            Opportunity.currency,
            case(_GROUPS, value=kind).label("kind"),
            before.label("first"),
            after.label("after"),
            case((is_move, last.payload["forward"].as_boolean())).label("forward"),
        )
        .select_from(spans)
        .join(Opportunity, Opportunity.id == spans.c.opportunity_id)
        .join(first, first.id == spans.c.first_id)
        .join(last, last.id == spans.c.last_id)
        .subquery("every")
    )
    is_news = or_(
        one.c.kind.not_in(("moved", "slipped")),
        and_(one.c.kind == "moved", one.c.after != one.c.first),
        and_(one.c.kind == "slipped", one.c.after > one.c.first),
    )
    return select(one).where(is_news).subquery("one")


def _told(scope: ColumnElement[bool]) -> Any:
    one = _once_each(scope)
    # Of moves and losses it matters which they are, and a stage and a reason have their names from the playbook.
    tells = one.c.kind.in_(("moved", "lost"))
    alike = [
        one.c.kind,
        one.c.currency,
        *(case((tells, column)) for column in (one.c.playbook_id, one.c.first, one.c.after, one.c.forward)),
    ]
    amount = func.coalesce(one.c.amount_minor, 0)
    counted = select(
        one,
        func.count().over(partition_by=alike).label("count"),
        func.sum(amount).over(partition_by=alike).label("sum"),
        func.row_number().over(partition_by=alike, order_by=(amount.desc(), one.c.id)).label("place"),
    ).subquery("counted")
    return (
        select(counted, Customer.name.label("customer"), Member.name.label("owner"))
        .join(Customer, Customer.id == counted.c.customer_id)
        .outerjoin(Member, Member.id == counted.c.owner_id)
        .where(counted.c.place <= bindparam("most", type_=Integer))
        .order_by(func.coalesce(counted.c.amount_minor, literal_column("0")).desc(), counted.c.id)
    )


def changes(session: Session, scope: Scope, *, since: datetime, until: datetime) -> Changes:
    """Return what changed after one moment and up to another; what was undone did not happen.

    Of several moves of one opportunity only where it came from and got to counts.

    Args:
        session: A session of the workspace.
        scope: Which opportunities.
        since: Aware.
        until: Aware.
    """
    counts: Counter[str] = Counter()
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    named: dict[str, list[Change]] = defaultdict(list)
    reasons: Counter[Name] = Counter()
    for row in scope.rows(session, _told, since=since, until=until, most=NAMED):
        playbook = loaded(session, row.playbook_id)
        kind = _kind(row, playbook)
        change = _change(row, kind, playbook)
        if row.place == 1:
            counts[kind] += row.count
            sums[kind][row.currency] += int(row.sum)
            if isinstance(change.after, Name) and kind == "lost":
                reasons[change.after] += row.count
        if len(named[kind]) < NAMED:
            named[kind].append(change)
    found = {
        kind: Tally(counts[kind], tuple(named[kind]), () if kind in _NO_MONEY else tuple(sorted(sums[kind].items())))
        for kind in KINDS
        if counts[kind]
    }
    return Changes(since, found, tuple(reasons.most_common()))


def _kind(row: Any, playbook: Playbook) -> str:
    """Return forward or back for a move; where the playbook does not know its stages, as the last move on the way said."""
    if row.kind != "moved":
        return str(row.kind)
    places = {stage.key: place for place, stage in enumerate(playbook.stages)}
    is_known = {row.first, row.after} <= places.keys()
    is_forward = places[row.after] > places[row.first] if is_known else row.forward is not False
    return "forward" if is_forward else "back"


def _change(row: Any, kind: str, playbook: Playbook) -> Change:
    before: Name | date | None = None
    after: Name | date | None = None
    match kind:
        case "forward" | "back":
            before, after = _stage(playbook, row.first), _stage(playbook, row.after)
        case "slipped":
            before, after = date.fromisoformat(row.first), date.fromisoformat(row.after)
        case "lost":
            after = next(
                (one.name for one in playbook.loss_reasons if one.key == row.after), Name(row.after, row.after)
            )
        case "collision":
            after = Name(row.after, row.after)
    return Change(row.id, row.customer, row.owner, row.amount_minor, row.currency, before, after)


def _stage(playbook: Playbook, key: str) -> Name:
    """Return the name of a stage; one that the playbook does not know, from another version or team, is called by its key."""
    return next((stage.name for stage in playbook.stages if stage.key == key), Name(key, key))
