"""Owns the search for customers that may be one: pairs that share weak keys, those that share most first."""

from typing import Any

from sqlalchemy import and_, func, select

from bot.domain import identity
from bot.domain.identity import Verdict
from bot.models import Customer, NearKey
from bot.services import merges
from bot.services.desk import Actor, Desk
from bot.services.merge_values import DuplicatePair

_SHARED_BY_MOST = 20
_COMPARED = 5000
_AT_ONCE = 500


def pairs(desk: Desk, *, by: Actor, limit: int = 100) -> tuple[DuplicatePair, ...]:
    """Return pairs of customers whose names are the same or near, those that share most keys first.

    A key that more than twenty customers have tells nobody apart and is left out, and at most five thousand pairs are
    compared, so that the answer comes in bounded time however large the workspace is.

    Raises:
        NotAllowed: Only a manager or an admin sees customers of all teams.
    """
    merges.check_may(by)
    with desk.database.asking() as connection:
        shared = connection.execute(_shared(by.workspace_id)).all()
        names: dict[int, str] = {}
        ids = sorted({number for row in shared for number in row[:2]})
        for start in range(0, len(ids), _AT_ONCE):
            wanted = select(Customer.id, Customer.name).where(
                Customer.workspace_id == by.workspace_id, Customer.id.in_(ids[start : start + _AT_ONCE])
            )
            names.update((row.id, row.name) for row in connection.execute(wanted))
    found: list[DuplicatePair] = []
    for first, second, count in shared:
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


def _shared(workspace_id: int) -> Any:
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
        .limit(_COMPARED)
    )
