"""Owns the search for customers whose names are near: by the weak keys they share, the rarer the more, then by comparing names."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Float, bindparam, cast, func, select, union_all

from bot.domain import identity
from bot.domain.identity import Verdict
from bot.models import Customer, NearKey
from bot.services import customer_keys

_MOST, _READ, _LESS = 12, 150, 10

_NAMED = select(Customer.id, Customer.name).where(
    Customer.workspace_id == bindparam("workspace_id"), Customer.id.in_(bindparam("ids", expanding=True))
)


def found(connection: Connection, workspace_id: int, name: str) -> list[int]:
    """Return the numbers of a few customers whose names are the same as a name, or may be."""
    weak = sorted(customer_keys.by_name(identity.near_keys, [name]))
    asked = {"workspace_id": workspace_id, **{f"value{place}": one for place, one in enumerate(weak)}}
    best = connection.execute(_nearest(len(weak)), asked).all()
    # Who shares no more than what very many share is not looked at beside one who shares something rare.
    shared = [row.customer_id for row in best if row.weight * _LESS >= best[0].weight]
    named = connection.execute(_NAMED, {"workspace_id": workspace_id, "ids": shared}) if shared else ()
    return [row.id for row in named if identity.compare(name, row.name).verdict is not Verdict.DIFFERENT]


@cache
def _nearest(keys: int) -> Any:
    """Return the statement for the customers that share most of a number of weak keys: the rarer a key, the more it weighs.

    Of each key a bounded number of customers is read, however many have it.
    """
    table: Any = NearKey.__table__
    have = [
        select(table.c.customer_id)
        .where(table.c.workspace_id == bindparam("workspace_id"), table.c.value == bindparam(f"value{place}"))
        .order_by(table.c.customer_id.desc())
        .limit(_READ)
        .cte(f"have{place}")
        for place in range(keys)
    ]
    # Counting each key's by itself takes less than half of what a window over all of them takes.
    weights = (1.0 / select(cast(func.count(), Float)).select_from(some).scalar_subquery() for some in have)
    each = union_all(
        *(select(some.c.customer_id, weight.label("weight")) for some, weight in zip(have, weights, strict=True))
    ).subquery("each")
    total = func.sum(each.c.weight)
    return (
        select(each.c.customer_id, total.label("weight"))
        .group_by(each.c.customer_id)
        .order_by(total.desc(), each.c.customer_id)
        .limit(_MOST)
    )
