"""Owns the search for customers that may be one, those that share most weak keys first, and what was decided not to be one."""

from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import Verdict
from bot.errors import NotFound
from bot.models import Customer, Distinction, NearKey
from bot.services import customer_keys, merge_moves, merges
from bot.services.desk import Actor, Desk
from bot.services.members import ref_or_none
from bot.services.merge_values import DuplicatePair, ToldApart

_SHARED_BY_MOST = 20
_COMPARED = 5000
_AT_ONCE = 500


def pairs(desk: Desk, *, by: Actor, limit: int = 100) -> tuple[DuplicatePair, ...]:
    """Return pairs of customers that share a telephone number, a domain or a code, then those of the same or near names.

    Of the latter those that share most keys come first; pairs that were told apart are left out.

    A key that more than twenty customers have tells nobody apart and is left out, and at most five thousand pairs are
    compared, so that the answer comes in bounded time however large the workspace is.

    Raises:
        NotAllowed: Only a manager or an admin sees customers of all teams.
    """
    merges.check_may(by)
    with desk.database.asking() as connection:
        apart = {tuple(row) for row in connection.execute(_apart(by.workspace_id))}
        rows = connection.execute(_shared(by.workspace_id, _COMPARED + len(apart))).all()
        by_key: dict[tuple[int, int], tuple[str, ...]] = {}
        for lower, higher, kind in customer_keys.shared(connection, by.workspace_id, _COMPARED):
            if (lower, higher) not in apart:
                by_key[lower, higher] = (*by_key.get((lower, higher), ()), kind)
        shared = [row for row in rows if (row[0], row[1]) not in apart and (row[0], row[1]) not in by_key]
        names: dict[int, str] = {}
        ids = sorted({number for row in (*by_key, *shared) for number in row[:2]})
        for start in range(0, len(ids), _AT_ONCE):
            wanted = select(Customer.id, Customer.name).where(
                Customer.workspace_id == by.workspace_id, Customer.id.in_(ids[start : start + _AT_ONCE])
            )
            names.update((row.id, row.name) for row in connection.execute(wanted))
    found = [
        DuplicatePair(first, names[first], second, names[second], Verdict.SAME.value, kinds, len(kinds))
        for (first, second), kinds in list(by_key.items())[:limit]
    ]
    for first, second, count in shared if len(found) < limit else ():
        verdict = identity.compare(names[first], names[second])
        if verdict.verdict is not Verdict.DIFFERENT:
            found.append(
                DuplicatePair(
                    first, names[first], second, names[second], verdict.verdict.value, verdict.deciding, count
                )
            )
        if len(found) == limit:
            break
    return tuple(found)


def tell_apart(desk: Desk, first_id: int, second_id: int, *, by: Actor) -> ToldApart:
    """Decide that two customers are not one: the pair is proposed no more. Saying it twice changes nothing.

    Raises:
        NotAllowed: Only a manager or an admin decides that.
        InvalidInput: It is one customer, or one of them is not there any more.
    """
    merges.check_may(by)
    lower, higher = sorted((first_id, second_id))
    with desk.transaction(by) as session:
        merges.both_of(merge_moves.hold_both(session, lower, higher), lower, higher)
        known = select(Distinction).where(Distinction.first_id == lower, Distinction.second_id == higher)
        row = session.scalar(known)
        if row is None:
            row = Distinction(
                workspace_id=by.workspace_id, first_id=lower, second_id=higher, by_id=by.member_id, at=desk.now()
            )
            session.add(row)
            session.flush()
        return _told(session, row)


def propose_again(desk: Desk, told_id: int, *, by: Actor) -> ToldApart:
    """Take back that two customers are not one.

    Raises:
        NotAllowed: Only a manager or an admin decides that.
        NotFound: Nobody decided that, or it was taken back already.
    """
    merges.check_may(by)
    with desk.transaction(by) as session:
        row = session.scalar(select(Distinction).where(Distinction.id == told_id).with_for_update())
        if row is None:
            raise NotFound("merge.apart_gone")
        told = _told(session, row)
        session.delete(row)
        return told


def told_apart(desk: Desk, *, by: Actor, limit: int = 20) -> tuple[ToldApart, ...]:
    """Return the pairs that were decided not to be one, the latest first.

    Raises:
        NotAllowed: Only a manager or an admin sees them.
    """
    merges.check_may(by)
    with desk.reading(by) as session:
        rows = session.scalars(select(Distinction).order_by(Distinction.id.desc()).limit(limit)).all()
        return tuple(_told(session, row) for row in rows)


def _told(session: Session, row: Distinction) -> ToldApart:
    names = [session.get_one(Customer, number).name for number in (row.first_id, row.second_id)]
    return ToldApart(row.id, names[0], names[1], ref_or_none(session, row.by_id), row.at)


def _apart(workspace_id: int) -> Any:
    table: Any = Distinction.__table__
    return select(table.c.first_id, table.c.second_id).where(table.c.workspace_id == workspace_id)


def _shared(workspace_id: int, most: int) -> Any:
    key: Any = NearKey.__table__
    telling = (
        select(key.c.value)
        .where(key.c.workspace_id == workspace_id)
        .group_by(key.c.value)
        .having(func.count().between(2, _SHARED_BY_MOST))
        .subquery("telling")
    )
    one, other = key.alias("one"), key.alias("other")
    beside = and_(
        other.c.workspace_id == workspace_id,
        other.c.value == one.c.value,
        other.c.customer_id > one.c.customer_id,
    )
    return (
        select(one.c.customer_id, other.c.customer_id, func.count().label("shared"))
        .select_from(
            telling.join(one, and_(one.c.workspace_id == workspace_id, one.c.value == telling.c.value)).join(
                other, beside
            )
        )
        .group_by(one.c.customer_id, other.c.customer_id)
        .order_by(func.count().desc(), one.c.customer_id, other.c.customer_id)
        .limit(most)
    )
