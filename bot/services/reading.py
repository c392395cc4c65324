"""Owns the making of values out of rows: an opportunity as its reader sees it, and lines of lists."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import Session, aliased

from bot.domain import grading
from bot.domain.events import event_from
from bot.domain.health import broken_clauses
from bot.domain.playbook import Name, Playbook, StageKind
from bot.domain.veil import Veil
from bot.errors import Text
from bot.models import Assignment, Contact, Customer, EventRow, Member, Opportunity
from bot.models.session import write_appended
from bot.services.access import SELLS, may_act, may_see
from bot.services.desk import Actor
from bot.services.member_rows import ref_or_none
from bot.services.playbooks import loaded
from bot.services.reasons import reason_text
from bot.services.recording import ground_of
from bot.services.second_owners import mark_of
from bot.services.values import ContactRef, Done, HistoryLine, MemberRef, OpportunityLine, OpportunityView, PointLine
from bot.services.veiling import veil_of, veils

UNDO_MINUTES = 10


def done(
    session: Session,
    opportunity: Opportunity,
    by: Actor,
    now: datetime,
    event: EventRow | None,
    said: Text,
    *,
    history: int = 0,
    remarks: Sequence[Text] = (),
) -> Done:
    """Return the outcome of a change, inside its transaction."""
    session.flush()
    write_appended(session)
    shown = view_of(session, opportunity, by, now, history=history)
    return Done(shown, event.id if event is not None else None, said, tuple(remarks))


def view_of(
    session: Session, opportunity: Opportunity, by: Actor, now: datetime, *, history: int = 5, contacts: bool = False
) -> OpportunityView:
    """Return everything that a card, a form or a handover message shows of one opportunity."""
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    playbook, team = ground.playbook, ground.team
    customer = session.get_one(Customer, opportunity.customer_id)
    veil = veil_of(session, opportunity, by)
    contact = session.get(Contact, opportunity.contact_id) if opportunity.contact_id and veil is None else None
    pending = _offered(session, opportunity)
    lines = history_of(session, opportunity, limit=history, veil=veil) if history else ()
    kind = StageKind(opportunity.stage_kind)
    return OpportunityView(
        id=opportunity.id,
        version=opportunity.version,
        team_id=team.id,
        team_name=team.name,
        team_locale=team.locale,
        zone=team.zone,
        channel_id=team.channel_id,
        card_channel=opportunity.card_channel,
        card_ts=opportunity.card_ts,
        customer_id=customer.id,
        customer=customer.name,
        contact=_contact(contact) if contact else None,
        need=_seen(opportunity.need, veil),
        amount_minor=opportunity.amount_minor,
        currency=opportunity.currency,
        source=_source(opportunity.source, playbook),
        product=opportunity.product,
        region=opportunity.region,
        industry=opportunity.industry,
        expected_close_on=opportunity.expected_close_on,
        facts={**opportunity.facts, **({"source": opportunity.source} if opportunity.source else {})},
        stage=playbook.stage(opportunity.stage_key),
        stages=playbook.stages,
        stage_entered_at=opportunity.stage_entered_at,
        grade=opportunity.grade,
        score=opportunity.score,
        points=_points(opportunity, playbook),
        owner=_owner(session, opportunity, by),
        owner_reason=reason_of(opportunity, veil),
        is_accepted=opportunity.accepted_at is not None,
        accept_by=opportunity.accept_by
        if opportunity.accepted_at is None
        else (pending.accept_by if pending else None),
        offered_to=ref_or_none(session, pending.member_id) if pending else None,
        next_text=_seen(opportunity.next_text, veil) if opportunity.next_text else None,
        next_due_at=opportunity.next_due_at,
        is_overdue=_is_overdue(opportunity, now),
        snoozed_until=opportunity.snoozed_until,
        captured_at=opportunity.captured_at,
        last_follow_up_at=opportunity.last_follow_up_at,
        closed_at=opportunity.closed_at,
        closed_from=playbook.stage(opportunity.closed_from) if opportunity.closed_from else None,
        close_reason=playbook.reason(kind, opportunity.close_reason) if kind.is_closed else None,
        close_note=_seen(opportunity.close_note, veil) if opportunity.close_note else None,
        competitor=_seen(opportunity.competitor, veil) if opportunity.competitor else None,
        win_back_on=opportunity.win_back_on,
        may=_may(opportunity, pending, by),
        broken=broken_clauses(opportunity, now),
        history=lines,
        history_count=history_count(session, opportunity.id) if history else 0,
        review_due_at=opportunity.review_due_at,
        is_reviewed=opportunity.reviewed_at is not None,
        contacts=_contacts(session, customer.id) if contacts and veil is None else (),
        loss_reasons=tuple(one for one in playbook.loss_reasons if not one.imports_only),
        win_reasons=tuple(one for one in playbook.win_reasons if not one.imports_only),
        collision=mark_of(session, opportunity, now) if opportunity.has_collision else None,
        answers={(one.key, option.key): option.name for one in playbook.scorecard.criteria for option in one.options},
        criteria=playbook.scorecard.criteria,
    )


def _seen(text: str, veil: Veil | None) -> str:
    return veil.text(text) if veil is not None else text


def reason_of(opportunity: Opportunity, veil: Veil | None) -> Text | None:
    """Return why this owner, or why it is in the pool."""
    if not opportunity.owner_reason:
        return None
    params = opportunity.owner_reason["params"]
    seen = {name: _seen(value, veil) if isinstance(value, str) else value for name, value in params.items()}
    return reason_text(opportunity.owner_reason["key"], seen)


def _owner(session: Session, opportunity: Opportunity, by: Actor) -> MemberRef | None:
    if by.member_id is not None and by.member_id == opportunity.owner_id:
        return MemberRef(by.member_id, by.name, by.slack_user_id)  # most look at their own: no need to ask
    return ref_or_none(session, opportunity.owner_id)


def _is_overdue(opportunity: Opportunity, now: datetime) -> bool:
    return opportunity.closed_at is None and opportunity.next_due_at is not None and opportunity.next_due_at <= now


def _contact(contact: Contact) -> ContactRef:
    return ContactRef(contact.id, contact.name, contact.title, contact.phone, contact.email)


def _contacts(session: Session, customer_id: int) -> tuple[ContactRef, ...]:
    rows = session.scalars(select(Contact).where(Contact.customer_id == customer_id).order_by(Contact.id).limit(50))
    return tuple(_contact(row) for row in rows)


def _source(key: str | None, playbook: Playbook) -> Name | None:
    if key is None:
        return None
    for scoring in playbook.scorecard.criteria:
        for option in scoring.options if scoring.key == "source" else ():
            if option.key == key:
                return option.name
    return Name(key, key)


def _points(opportunity: Opportunity, playbook: Playbook) -> tuple[PointLine, ...]:
    by_key = {scoring.key: scoring for scoring in playbook.scorecard.criteria}
    is_read = read_from_need(opportunity, playbook)
    lines = []
    for criterion, option, points in opportunity.grade_points:
        scoring = by_key.get(criterion)
        if scoring is None:
            lines.append(PointLine(Name("Size", "规模"), Name("Large amount", "大额"), points))
        else:
            lines.append(PointLine(scoring.name, scoring.option(option).name, points, (criterion, option) in is_read))
    return tuple(lines)


def read_from_need(opportunity: Opportunity, playbook: Playbook) -> set[tuple[str, str]]:
    """Return the answers, by criterion, that nobody gave and only the words of the need tell."""
    facts, read = grading.known_facts(
        opportunity.facts, source=opportunity.source, need=opportunity.need, playbook=playbook
    )
    return {(criterion, facts[criterion]) for criterion in read}


def _may(opportunity: Opportunity, pending: Any, by: Actor) -> frozenset[str]:
    found: set[str] = set()
    is_open = opportunity.closed_at is None
    if may_see(opportunity, by):
        found.add("note")
    if is_open and opportunity.owner_id is None and by.role in SELLS and may_see(opportunity, by):
        found.add("claim")
    if is_open and opportunity.owner_id is not None and may_act(opportunity, by):
        found.add("release")
    if may_act(opportunity, by):
        found |= (
            {"follow_up", "advance", "won", "lost", "handover", "edit"} if is_open else {"reopen", "edit", "review"}
        )
    if by.manages(opportunity.team_id) and is_open:
        found.add("reassign")
    if by.manages(opportunity.team_id) and is_open and opportunity.has_collision:
        found.add("settle")
    if is_open and pending is not None and pending.member_id == by.member_id:
        found.add("accept")
    return frozenset(found)


def _pending(*columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .where(
            Assignment.workspace_id == bindparam("workspace_id"),
            Assignment.opportunity_id == bindparam("opportunity_id"),
            Assignment.state == "pending",
        )
        .order_by(Assignment.id.desc())
        .limit(1)
    )


_PENDING = _pending(Assignment)
_OFFERED = _pending(Assignment.member_id, Assignment.accept_by)


def pending_assignment(session: Session, opportunity: Opportunity) -> Assignment | None:
    """Return the offer or handover that waits for an answer, if there is one."""
    found: Assignment | None = session.scalar(_PENDING, _asked(opportunity))
    return found


def _offered(session: Session, opportunity: Opportunity) -> Any:
    """Return to whom it is offered and until when, or None; every view asks, and few have one."""
    return session.connection().execute(_OFFERED, _asked(opportunity)).first()


def _asked(opportunity: Opportunity) -> dict[str, int]:
    return {"workspace_id": opportunity.workspace_id, "opportunity_id": opportunity.id}


_COUNT = select(func.count()).select_from(EventRow).where(EventRow.opportunity_id == bindparam("opportunity_id"))
_PAGE = (
    select(EventRow.id, EventRow.at, EventRow.actor_id, EventRow.kind, EventRow.payload)
    .where(
        EventRow.workspace_id == bindparam("workspace_id"),
        EventRow.opportunity_id == bindparam("opportunity_id"),
        EventRow.id < bindparam("before_id"),
    )
    .order_by(EventRow.id.desc())
    .limit(bindparam("most"))
)
_PEOPLE = select(Member.id, Member.name, Member.slack_user_id).where(
    Member.workspace_id == bindparam("workspace_id"), Member.id.in_(bindparam("ids", expanding=True))
)
_AFTER_ALL = 2**62


def history_of(
    session: Session, opportunity: Opportunity, *, limit: int, before_id: int | None = None, veil: Veil | None = None
) -> tuple[HistoryLine, ...]:
    """Return a page of the history, newest first."""
    connection = session.connection()
    asked = {**_asked(opportunity), "before_id": before_id or _AFTER_ALL, "most": limit}
    rows = connection.execute(_PAGE, asked).all()
    actors = sorted({row.actor_id for row in rows} - {None})
    people = {}
    if actors:
        named = connection.execute(_PEOPLE, {"workspace_id": opportunity.workspace_id, "ids": actors})
        people = {row.id: MemberRef(row.id, row.name, row.slack_user_id) for row in named}
    events = [event_from(row.kind, row.payload) for row in rows]
    return tuple(
        HistoryLine(row.id, row.at, people.get(row.actor_id), veil.event(event) if veil else event)
        for row, event in zip(rows, events, strict=True)
    )


def history_count(session: Session, opportunity_id: int) -> int:
    """Return how many events an opportunity has."""
    return session.scalar(_COUNT, {"opportunity_id": opportunity_id}) or 0


_NAMED, _OWNER = aliased(Customer), aliased(Member)


def _of_owner(field: Any) -> Any:
    return select(field).where(_OWNER.id == Opportunity.owner_id).correlate(Opportunity).scalar_subquery()


_LINE = (
    Opportunity.id, Opportunity.playbook_id, Opportunity.customer_id, Opportunity.need, Opportunity.stage_key, Opportunity.grade,
    Opportunity.amount_minor, Opportunity.currency, Opportunity.owner_id, Opportunity.next_text, Opportunity.next_due_at,
    Opportunity.expected_close_on, Opportunity.accept_by, Opportunity.accepted_at, Opportunity.closed_at, Opportunity.stage_kind,
    Opportunity.review_due_at, Opportunity.reviewed_at,
    select(_NAMED.name).where(_NAMED.id == Opportunity.customer_id).correlate(Opportunity).scalar_subquery().label("customer"),
    _of_owner(_OWNER.name).label("owner"), _of_owner(_OWNER.slack_user_id).label("owner_slack_id"),
)  # fmt: skip


def lined(statement: Select[Opportunity]) -> Select[Any]:
    """Return a query for opportunities as one for what their lines show."""
    return statement.with_only_columns(*_LINE)


def lines(session: Session, statement: Select[Opportunity], now: datetime) -> tuple[OpportunityLine, ...]:
    """Return the opportunities of a query as lines of a list, in its order; what nobody owns shows no contact."""
    return lines_of(session, session.execute(lined(statement)).all(), now)


def lines_of(session: Session, rows: Sequence[Any], now: datetime) -> tuple[OpportunityLine, ...]:
    """Return the lines of rows that a ``lined`` query found."""
    hidden = veils(session, {row.customer_id for row in rows if row.owner_id is None})
    return tuple(
        _line(session, row, hidden.get(row.customer_id) if row.owner_id is None else None, now) for row in rows
    )


def _line(session: Session, row: Any, veil: Veil | None, now: datetime) -> OpportunityLine:
    return OpportunityLine(
        id=row.id,
        customer=row.customer,
        need=_seen(row.need, veil),
        stage=loaded(session, row.playbook_id).stage(row.stage_key),
        grade=row.grade,
        amount_minor=row.amount_minor,
        currency=row.currency,
        owner=MemberRef(row.owner_id, row.owner, row.owner_slack_id) if row.owner_id is not None else None,
        next_text=_seen(row.next_text, veil) if row.next_text else None,
        next_due_at=row.next_due_at,
        is_overdue=_is_overdue(row, now),
        expected_close_on=row.expected_close_on,
        accept_by=row.accept_by if row.accepted_at is None else None,
        closed_at=row.closed_at,
        review_due_at=row.review_due_at if row.closed_at is not None and row.reviewed_at is None else None,
    )


def is_review_due(now: datetime) -> Any:
    """Return the condition for closed opportunities whose review should have been written by a moment."""
    # A review that is due breaks the invariant, and what is broken is found by its index.
    is_broken = Opportunity.closed_at.is_not(None), Opportunity.broken_from <= now
    return and_(*is_broken, Opportunity.review_due_at <= now, Opportunity.reviewed_at.is_(None))


def is_undoable_until(at: datetime) -> datetime:
    """Return until when an action of that moment can be undone."""
    return at + timedelta(minutes=UNDO_MINUTES)
