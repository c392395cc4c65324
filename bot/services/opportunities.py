"""Owns opportunities as people look for and correct them: the card, lists, notes, edits, undo."""

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.events import ActionUndone, NoteAdded
from bot.errors import CustomerProtected, InvalidInput, NotAllowed, NotFound, RuleBroken, Text
from bot.models import Contact, EventRow, FollowUp, Member, NextStep, Opportunity
from bot.services import departures
from bot.services.access import check_acts, check_sees, visible_to
from bot.services.desk import Actor, Desk
from bot.services.edits import EditForm, apply_edit, undo_of
from bot.services.forms import clean
from bot.services.members import member_by_slack_id
from bot.services.opportunity_search import Words
from bot.services.reading import done, history_of, is_review_due, is_undoable_until, lines, view_of
from bot.services.recording import Ground, Recorder, changed, ground_of, load, restore, snapshot
from bot.services.second_owners import mark_of, settle
from bot.services.stages import check_customer_free, reopen
from bot.services.values import CollisionMark, Done, HistoryLine, OpportunityLine, OpportunityView
from bot.services.veiling import veil_of

_OPEN = Opportunity.stage_kind.in_(("INTAKE", "OPEN"))


_EXPLAINED = 20
_SAID_IN_THREAD = frozenset({"thread", "file"})


def view(desk: Desk, opportunity_id: int, *, by: Actor, history: int = 5) -> OpportunityView:
    """Return an opportunity as the actor sees it.

    Raises:
        NotFound: There is none, or not for them.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        check_sees(opportunity, by)
        return view_of(session, opportunity, by, desk.now(), history=history)


def find(
    desk: Desk, words: str, *, by: Actor, scope: str = "open", limit: int = 20, near: bool = True
) -> tuple[OpportunityLine, ...]:
    """Find opportunities by words of the customer or of the need: the actor's own first, then the latest.

    Args:
        desk: The record.
        words: What was typed; nothing typed finds everything.
        by: Who looks.
        scope: ``open`` or ``all``.
        limit: At most so many.
        near: Whether customers of near names are meant where there is no other.
    """
    with desk.reading(by) as session:
        meant = Words(session, words, country=by.country, near=near)
        statement = meant.narrow(select(Opportunity).where(visible_to(by)))
        if scope == "open":
            statement = statement.where(_OPEN)
        mine = Opportunity.owner_id == (by.member_id or 0)
        found = lines(
            session,
            statement.order_by(mine.desc(), Opportunity.closed_at.is_not(None), Opportunity.id.desc()).limit(limit),
            desk.now(),
        )
        pooled = meant.seen({one.id: one.need for one in found if one.owner is None})
        return tuple(one for one in found if one.owner is not None or one.id in pooled)


def options(desk: Desk, typed: str, *, by: Actor, limit: int = 99, near: bool = True) -> tuple[OpportunityLine, ...]:
    """Return what a type-ahead of one's open opportunities offers, the most urgent first; managers see their teams' too.

    Arguments as for ``find``.
    """
    with desk.reading(by) as session:
        statement = Words(session, typed, country=by.country, near=near).narrow(select(Opportunity).where(_OPEN))
        mine = Opportunity.owner_id == (by.member_id or 0)
        if by.is_admin:
            statement = statement.where(Opportunity.owner_id.is_not(None))
        elif by.managed_team_ids:
            statement = statement.where(or_(mine, Opportunity.team_id.in_(by.managed_team_ids)))
        else:
            statement = statement.where(mine)
        return lines(
            session, statement.order_by(mine.desc(), Opportunity.next_due_at, Opportunity.id).limit(limit), desk.now()
        )


def mine(desk: Desk, *, by: Actor, limit: int = 50) -> tuple[OpportunityLine, ...]:
    """Return the actor's open opportunities, the next due first."""
    return _list(desk, by, Opportunity.owner_id == (by.member_id or 0), limit=limit)


def overdue(desk: Desk, *, by: Actor, limit: int = 50) -> tuple[OpportunityLine, ...]:
    """Return what is late, one's own, or one's teams' for a manager: open ones by their next step, then reviews nobody wrote."""
    now = desk.now()
    found = _list(desk, by, _scope(by), Opportunity.next_due_at <= now, limit=limit)
    with desk.reading(by) as session:
        closed = select(Opportunity).where(is_review_due(now), _scope(by)).order_by(Opportunity.review_due_at)
        return (*found, *lines(session, closed.limit(limit - len(found)), now))


def closing(desk: Desk, *, by: Actor, limit: int = 50) -> tuple[OpportunityLine, ...]:
    """Return open opportunities with an expected close date, the soonest first."""
    return _list(
        desk,
        by,
        _scope(by),
        Opportunity.expected_close_on.is_not(None),
        order=Opportunity.expected_close_on,
        limit=limit,
    )


def of_member(desk: Desk, slack_user_id: str, *, by: Actor, limit: int = 50) -> tuple[OpportunityLine, ...]:
    """Return the open opportunities of a member, as far as the actor may see them.

    Raises:
        NotFound: Nobody of that id is known here.
    """
    with desk.reading(by) as session:
        member_id = member_by_slack_id(session, slack_user_id).id
    return _list(desk, by, visible_to(by), Opportunity.owner_id == member_id, limit=limit)


def colliding(desk: Desk, *, by: Actor, limit: int = 50) -> tuple[tuple[OpportunityLine, CollisionMark | None], ...]:
    """Return open opportunities that are marked as colliding: one's own, or one's teams' for a manager; one customer's together.

    Why is told of the first ones, as many as a list shows.
    """
    with desk.reading(by) as session:
        marked = select(Opportunity).where(_OPEN, _scope(by), Opportunity.has_collision)
        statement = marked.order_by(Opportunity.customer_id, Opportunity.id).limit(limit)
        rows = session.scalars(statement.limit(_EXPLAINED)).all()
        why = {row.id: mark_of(session, row, desk.now()) for row in rows}
        return tuple((one, why.get(one.id)) for one in lines(session, statement, desk.now()))


def _scope(by: Actor) -> Any:
    own = Opportunity.owner_id == (by.member_id or 0)
    return visible_to(by) if by.is_admin or by.managed_team_ids else own


def _list(
    desk: Desk, by: Actor, *conditions: Any, order: Any = Opportunity.next_due_at, limit: int
) -> tuple[OpportunityLine, ...]:
    with desk.reading(by) as session:
        statement = select(Opportunity).where(_OPEN, *conditions).order_by(order, Opportunity.id).limit(limit)
        return lines(session, statement, desk.now())


def history(
    desk: Desk, opportunity_id: int, *, by: Actor, before_id: int | None = None, limit: int = 20
) -> tuple[HistoryLine, ...]:
    """Return a page of the history, newest first.

    Raises:
        NotFound: There is no such opportunity, or not for the actor.
    """
    return history_page(desk, opportunity_id, by=by, before_id=before_id, limit=limit)[1]


def history_page(
    desk: Desk, opportunity_id: int, *, by: Actor, before_id: int | None = None, limit: int = 20
) -> tuple[OpportunityView, tuple[HistoryLine, ...]]:
    """Return the opportunity with a page of its history, newest first.

    Raises:
        NotFound: There is no such opportunity, or not for the actor.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        check_sees(opportunity, by)
        veil = veil_of(session, opportunity, by)
        found = history_of(session, opportunity, limit=limit, before_id=before_id, veil=veil)
        return view_of(session, opportunity, by, desk.now(), history=0), found


def note(
    desk: Desk, opportunity_id: int, text: str, *, by: Actor, permalink: str | None = None, source: str = "note"
) -> None:
    """Keep a sentence in the history, such as a message of the card's thread.

    Whoever is in the channel may say something in a card's thread, so that one joins the history whoever it is from.

    Raises:
        NotFound: There is no such opportunity, or not for the actor.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        if source not in _SAID_IN_THREAD:
            check_sees(opportunity, by)
        Recorder(desk, session, by).event(opportunity, NoteAdded(clean(text)[:3000], permalink, source))


def by_thread(desk: Desk, channel: str, ts: str, *, by: Actor) -> int | None:
    """Return the opportunity whose card is that message, or None."""
    with desk.reading(by) as session:
        return session.scalar(
            select(Opportunity.id).where(Opportunity.card_channel == channel, Opportunity.card_ts == ts)
        )


def edit(desk: Desk, opportunity_id: int, form: EditForm, *, by: Actor, version: int | None = None) -> Done:
    """Change facts of an opportunity.

    Raises:
        InvalidInput: What to do, by field.
        StaleRecord: Somebody changed it since that version.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, version=version, lock=True)
        check_acts(opportunity, by, _owner(session, opportunity), open_only=False)
        recorder = Recorder(desk, session, by)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        before = snapshot(opportunity)
        event = apply_edit(recorder, opportunity, ground, form)
        if event is not None:
            _check_product(session, opportunity, ground, before["product"], recorder.now)
            recorder.attend(opportunity, ground)
            event.payload = {**event.payload, "undo": undo_of(event, changed(opportunity, before))}
            recorder.card(opportunity, ground.team)
        said = Text("opp.edited" if event is not None else "opp.unchanged")
        return done(session, opportunity, by, recorder.now, event, said, remarks=recorder.remarks)


def _check_product(
    session: Session, opportunity: Opportunity, ground: Ground, before: str | None, now: datetime
) -> None:
    """Refuse a product that is somebody else's at this customer, where the playbook tells products apart.

    Raises:
        InvalidInput: At its field.
    """
    is_same = identity.product_key(opportunity.product) == identity.product_key(before)
    if is_same or opportunity.closed_at is not None or ground.playbook.collision_scope != "customer_product":
        return
    try:
        check_customer_free(session, opportunity, ground, now)
    except CustomerProtected as taken:
        raise InvalidInput({"product": Text(taken.key, **taken.params)}) from taken


def undo(desk: Desk, event_id: int, *, by: Actor) -> Done:
    """Take back one's own last action, within 10 minutes and if nobody acted since.

    Raises:
        RuleBroken: It is too late.
        NotAllowed: It was somebody else's action.
    """
    with desk.transaction(by) as session:
        event = session.get(EventRow, event_id)
        if event is None:
            raise NotFound("error.not_found")
        opportunity = load(session, event.opportunity_id, lock=True)
        check_sees(opportunity, by)
        if event.actor_id != by.member_id:
            raise NotAllowed("error.not_allowed")
        recorder = Recorder(desk, session, by)
        former = event.payload.get("undo")
        if former is None or recorder.now > is_undoable_until(event.at) or _acted_since(session, event):
            raise RuleBroken("error.last_action_gone")
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        if opportunity.closed_at is not None and "closed_at" in former["fields"]:
            check_customer_free(session, opportunity, ground, recorder.now)
        was = (opportunity.grade, opportunity.score, opportunity.grade_points)
        restore(opportunity, former["fields"])
        _restore_rows(recorder, opportunity, former)
        recorder.regrade(opportunity, ground, was=was)
        recorder.event(opportunity, ActionUndone(event.id, event.kind))
        departures.check_owner(recorder, opportunity)
        settle(recorder, opportunity, ground)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("opp.undone"))


_ACTS = (
    "FollowUpLogged", "StageChanged", "OpportunityWon", "OpportunityLost", "OpportunityReopened", "OpportunityEdited", "NextStepSnoozed",
    "OwnerChanged", "HandoverOffered", "Claimed", "PutInPool", "ActionUndone", "AssignmentOffered",
)  # fmt: skip


def _acted_since(session: Session, event: EventRow) -> bool:
    later = session.scalars(
        select(EventRow).where(
            EventRow.opportunity_id == event.opportunity_id, EventRow.id > event.id, EventRow.kind.in_(_ACTS)
        )
    ).all()
    # An edit typed into the advance form is part of that advance, and written before it.
    return bool(later)


def _restore_rows(recorder: Recorder, opportunity: Opportunity, former: dict[str, Any]) -> None:
    session = recorder.session
    if former.get("contact") and opportunity.contact_id:
        contact = session.get_one(Contact, opportunity.contact_id)
        for name, value in former["contact"].items():
            setattr(contact, name, value)
    if former.get("follow_up"):
        session.get_one(FollowUp, former["follow_up"]).undone_at = recorder.now
    if former.get("set"):
        session.get_one(NextStep, former["set"]).cancelled_at = recorder.now
    if former.get("finished"):
        step = session.get_one(NextStep, former["finished"])
        step.done_at = step.cancelled_at = None


def _owner(session: Session, opportunity: Opportunity) -> Member | None:
    return session.get(Member, opportunity.owner_id) if opportunity.owner_id else None


__all__ = [
    "EditForm", "by_thread", "closing", "colliding", "edit", "find", "history", "history_page", "mine", "note", "of_member", "options", "overdue", "reopen", "undo", "view",
]  # fmt: skip
