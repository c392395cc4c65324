"""Owns merges: two customers that turned out to be one are made one, and within thirty days two again.

Nothing is copied or thrown away: what belonged to the merged customer moves, and its numbers are kept, so that undoing brings
back exactly that. What came since then stays with the kept one.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain.events import CustomerMerged, CustomerMergeUndone
from bot.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleBroken, Text
from bot.models import Contact, Customer, CustomerMerge, Member, Opportunity, Registration, Team
from bot.services import merge_marks, merge_moves, merge_registrations, protection, second_owners
from bot.services.desk import Actor, Desk
from bot.services.members import ref, ref_or_none
from bot.services.merge_values import MergeLine, MergePlan, MergeSide
from bot.services.recording import Recorder

UNDO_DAYS = 30
_OPEN = frozenset({"INTAKE", "OPEN"})


def plan(desk: Desk, first_id: int, second_id: int, *, by: Actor) -> MergePlan:
    """Return what a merge of two customers would mean.

    Raises:
        NotAllowed: Only a manager with a team that works on one of them, or an admin, decides that.
        InvalidInput: It is one customer, or one of them is not there any more.
    """
    check_may(by)
    with desk.reading(by) as session:
        found = {row.id: row for row in session.scalars(select(Customer).where(Customer.id.in_((first_id, second_id))))}
        first, second = both_of(found, first_id, second_id)
        _check_stake(session, by, first.id, second.id)
        sides = _side(session, first), _side(session, second)
        rows = [*_rows(session, first.id), *_rows(session, second.id)]
        owners = {row.owner_id for row in rows if row.stage_kind in _OPEN} - {None}
        if owners:
            owners |= {one.id for one in protection.registrants(session, (first, second), desk.now()).values()}
        return MergePlan(sides, collides=len(owners) > 1)


def merge(desk: Desk, kept_id: int, merged_id: int, *, by: Actor) -> MergeLine:
    """Make two customers one; captures of the merged one land on the kept one from the same moment on.

    Args:
        desk: The record and the clock.
        kept_id: Who stays.
        merged_id: Whose opportunities, contacts and keys move.
        by: A manager with a team that works on one of them, or an admin.

    Raises:
        NotAllowed: They are neither.
        InvalidInput: It is one customer, or one of them is not there any more.
    """
    check_may(by)
    with desk.transaction(by) as session:
        kept, merged = both_of(merge_moves.hold_both(session, kept_id, merged_id), kept_id, merged_id)
        _check_stake(session, by, kept.id, merged.id)
        recorder = Recorder(desk, session, by)
        moved = merge_registrations.protect(recorder, kept, merged) | merge_moves.move_all(session, kept, merged)
        merged.merged_into_id = kept.id
        opportunities = [session.get_one(Opportunity, number) for number in moved["opportunities"]]
        merge_moves.record(recorder, opportunities, CustomerMerged(kept=kept.name, merged=merged.name))
        marks, told = merge_marks.mark(recorder, kept)
        moved |= marks
        _tell_others(recorder, "notice.customers_merged", kept, merged, but=told)
        row = CustomerMerge(
            workspace_id=by.workspace_id,
            kept_id=kept.id,
            merged_id=merged.id,
            by_id=by.member_id,
            at=recorder.now,
            moved=moved,
        )
        session.add(row)
        session.flush()
        return _line(session, row, {kept.id: kept.name, merged.id: merged.name}, recorder.now)


def undo(desk: Desk, merge_id: int, *, by: Actor) -> MergeLine:
    """Make two customers of one again: the merged one gets back what was its own.

    Raises:
        NotAllowed: Only a manager or an admin decides that.
        NotFound: There is no such merge.
        Conflict: It was undone already, or the kept customer was merged again.
        RuleBroken: Its thirty days are over.
    """
    check_may(by)
    with desk.transaction(by) as session:
        row = _merge(session, merge_id)
        customers = merge_moves.hold_both(session, row.kept_id, row.merged_id)
        session.refresh(row)  # whoever undid it meanwhile held the customers
        kept, merged = customers[row.kept_id], customers[row.merged_id]
        recorder = Recorder(desk, session, by)
        _check_undoable(row, kept, merged, recorder.now)
        _check_stake(session, by, kept.id, merged.id)
        row.undone_at, merged.merged_into_id = recorder.now, None
        session.flush()
        opportunities = merge_moves.move_back(session, kept, merged, row.moved)
        merge_registrations.unprotect(recorder, kept, merged, row.moved)
        merge_moves.record(recorder, opportunities, CustomerMergeUndone(kept=kept.name, merged=merged.name))
        for customer in (kept, merged):
            second_owners.settle_customer(recorder, customer.id)
        session.flush()
        _tell_others(recorder, "notice.customers_apart", kept, merged)
        return _line(session, row, {kept.id: kept.name, merged.id: merged.name}, recorder.now)


def recent(desk: Desk, *, by: Actor, limit: int = 20) -> tuple[MergeLine, ...]:
    """Return the latest merges of the workspace.

    Raises:
        NotAllowed: Only a manager or an admin sees them.
    """
    check_may(by)
    with desk.reading(by) as session:
        rows = list(session.scalars(select(CustomerMerge).order_by(CustomerMerge.id.desc()).limit(limit)))
        ids = {one for row in rows for one in (row.kept_id, row.merged_id)}
        named = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))
        names = {row.id: row.name for row in named}
        return tuple(_line(session, row, names, desk.now()) for row in rows)


def check_may(by: Actor) -> None:
    """Refuse one who may not merge, before a form is opened.

    Raises:
        NotAllowed: Only a manager or an admin decides that.
    """
    if not by.decides:
        raise NotAllowed("merge.not_allowed")


def _check_stake(session: Session, by: Actor, *customer_ids: int) -> None:
    """Refuse a manager whose teams have nothing to do with either customer: it is for those teams' managers to decide.

    Raises:
        NotAllowed: No team of theirs has an opportunity or a registration there.
    """
    if by.is_admin:
        return
    for model in (Opportunity, Registration):
        stake = select(model.id).where(model.customer_id.in_(customer_ids), model.team_id.in_(by.managed_team_ids))
        if session.scalar(stake.limit(1)) is not None:
            return
    raise NotAllowed("merge.no_stake")


def both_of(found: dict[int, Customer], first_id: int, second_id: int) -> tuple[Customer, Customer]:
    """Return two different customers that are there, of those that were found by their numbers.

    Raises:
        InvalidInput: It is one customer, or one of them is not there any more.
    """
    if first_id == second_id:
        raise InvalidInput({"other": Text("merge.itself")})
    for number in (first_id, second_id):
        row = found.get(number)
        if row is None or not row.is_identified:
            raise InvalidInput({"other": Text("error.customer_not_found")})
        if row.merged_into_id is not None:
            raise InvalidInput({"other": Text("merge.gone", customer=row.name)})
    return found[first_id], found[second_id]


def _merge(session: Session, merge_id: int) -> CustomerMerge:
    row = session.scalar(select(CustomerMerge).where(CustomerMerge.id == merge_id))
    if row is None:
        raise NotFound("merge.not_found")
    return row


def _check_undoable(row: CustomerMerge, kept: Customer, merged: Customer, now: datetime) -> None:
    if row.undone_at is not None:
        raise Conflict("merge.undone_already", customer=merged.name)
    if kept.merged_into_id is not None:
        raise Conflict("merge.merged_again", customer=kept.name)
    if now > row.at + timedelta(days=UNDO_DAYS):
        raise RuleBroken("merge.too_late", customer=merged.name, days=UNDO_DAYS)


def _tell_others(
    recorder: Recorder, key: str, kept: Customer, merged: Customer, *, but: Collection[int | None] = ()
) -> None:
    """Tell the managers whose teams work on either customer what somebody else did with them."""
    working = (
        select(Team.manager_id)
        .join(Opportunity, Opportunity.team_id == Team.id)
        .where(Opportunity.customer_id.in_((kept.id, merged.id)), Opportunity.closed_at.is_(None))
        .distinct()
        .order_by(Team.manager_id)
    )
    for manager_id in recorder.session.scalars(working).all():
        if manager_id not in but:
            recorder.tell(manager_id, key, member=recorder.by.name, kept=kept.name, merged=merged.name)


def _rows(session: Session, customer_id: int) -> list[Any]:
    """Return owner and kind of stage of each of a customer's opportunities."""
    asked = select(Opportunity.owner_id, Opportunity.stage_kind).where(Opportunity.customer_id == customer_id)
    return list(session.execute(asked))


def _side(session: Session, customer: Customer) -> MergeSide:
    rows = _rows(session, customer.id)
    opened = [row for row in rows if row.stage_kind in _OPEN]
    owners = sorted({row.owner_id for row in opened if row.owner_id is not None})
    people = session.scalars(select(Member).where(Member.id.in_(owners)).order_by(Member.id)) if owners else ()
    contacts = session.scalar(select(func.count()).select_from(Contact).where(Contact.customer_id == customer.id))
    shown = tuple(ref(one) for one in people)
    return MergeSide(customer.id, customer.name, shown, len(opened), len(rows) - len(opened), contacts or 0)


def _line(session: Session, row: CustomerMerge, names: dict[int, str], now: datetime) -> MergeLine:
    until = row.at + timedelta(days=UNDO_DAYS)
    return MergeLine(
        id=row.id,
        kept=names[row.kept_id],
        merged=names[row.merged_id],
        at=row.at,
        by=ref_or_none(session, row.by_id),
        opportunity_count=len(row.moved.get("opportunities", ())),
        contact_count=len(row.moved.get("contacts", ())),
        until=until,
        is_open=row.undone_at is None and now <= until,
        undone_at=row.undone_at,
        collides=bool(row.moved.get("collided")),
    )
