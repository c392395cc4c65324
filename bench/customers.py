"""Owns a workspace of very many customers, a fifth of them with an open opportunity, for what looks customers up."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from bench import naming
from bench.bulk import BulkWriter, Row
from bench.filling import opportunity_row, people
from bot.clock import SystemClock
from bot.domain import identity
from bot.models.session import Database
from bot.services.desk import Desk

_AT_ONCE = 2000
_WORKED_ON = 5  # every fifth customer has an opportunity


class _Found(NamedTuple):
    """A name with the keys it is found by."""

    name: str
    strong: str
    near: list[str]
    search: list[str]


def fill(url: str, *, customers: int, with_near: bool = False) -> None:
    """Fill an empty database.

    Args:
        url: Address of a migrated database.
        customers: How many.
        with_near: Near keys too, which a capture asks for and the type-ahead does not.
    """
    database = Database(url)
    desk = Desk(database, SystemClock())
    workspace, team_rows = people(desk)
    now = desk.now()
    database.close()
    write = BulkWriter(url)
    seen: set[str] = set()
    numbered = enumerate(_all_found(customers, with_near=with_near), 1)
    while some := list(islice(numbered, 20 * _AT_ONCE)):
        write.rows("customer", (_customer(number, one.name, workspace, now) for number, one in some))
        write.tuples("customer_key", _STRONG, _strong_rows(some, workspace, seen))
        write.tuples(
            "search_key",
            _KEY,
            ((workspace, number, value) for number, one in some for value in one.search),
        )
        write.tuples("near_key", _KEY, ((workspace, number, value) for number, one in some for value in one.near))
    worked_on = range(_WORKED_ON, customers + 1, _WORKED_ON)
    write.rows("opportunity", (opportunity_row(number, workspace, number, team_rows, now) for number in worked_on))
    write.finish(("customer", "opportunity"))


_KEY = ("workspace_id", "customer_id", "value")
_STRONG = (*_KEY, "kind")


def _strong_rows(
    some: Iterable[tuple[int, _Found]], workspace: int, seen: set[str]
) -> Iterator[tuple[int, int, str, str]]:
    for number, one in some:
        value = one.strong if one.strong not in seen else f"{one.strong}|{number}"
        seen.add(one.strong)
        yield workspace, number, value, "name"


def _all_found(count: int, *, with_near: bool) -> Iterator[_Found]:
    """Yield every name with its keys, worked out on all processors: they cost more than the writing."""
    every = naming.names(count)
    parts = iter(lambda: list(islice(every, _AT_ONCE)), [])
    with ProcessPoolExecutor() as processes:
        # A few parts ahead, or all names would wait in memory.
        while some := list(islice(parts, 20)):
            for found in processes.map(_found, some, [with_near] * len(some)):
                yield from found


def _found(names: list[str], with_near: bool) -> list[_Found]:
    return [
        _Found(
            name,
            identity.name_key(name),
            sorted(identity.near_keys(name)) if with_near else [],
            sorted(identity.search_keys(name)),
        )
        for name in names
    ]


def _customer(number: int, name: str, workspace: int, now: datetime) -> Row:
    return {
        "id": number,
        "workspace_id": workspace,
        "name": name,
        "is_identified": True,
        "created_at": now - timedelta(days=100),
    }
