"""Owns the keys that customers are found by, as they are stored: strong ones, those of near names, and what may be typed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, Insert, bindparam, delete, insert, select

from bot.domain import identity
from bot.domain.identity import Key, KeyKind
from bot.models import CustomerKey, NearKey, SearchKey

BY_NAME: tuple[tuple[Any, Callable[[str], frozenset[str]]], ...] = (
    (NearKey, identity.near_keys),
    (SearchKey, identity.search_keys),
)
"""Tables of keys that a name alone makes, each with the rule that makes them."""

_MOST = 220
_AT_ONCE = 500


class StrongKey(NamedTuple):
    """What no two customers share, as the columns hold it."""

    kind: str
    value: str


def stored(value: str) -> str:
    """Return a key as its column holds it: folding may make a long name many times longer."""
    if len(value) <= _MOST:
        return value
    return f"{value[: _MOST - 20]}#{sha256(value.encode()).hexdigest()[:16]}"


def strong(keys: Iterable[Key]) -> list[StrongKey]:
    """Return the strong ones of a customer's keys."""
    return sorted({StrongKey(str(key.kind), stored(key.value)) for key in keys if key.kind in identity.STRONG})


def by_name(rule: Callable[[str], Iterable[str]], names: Iterable[str]) -> set[str]:
    """Return the stored keys that a rule makes of several names of one customer."""
    return {stored(value) for name in names for value in rule(name)}


def beside(value: str, customer_id: int) -> str:
    """Return a name's key for a customer beside another one that has the plain one, such as a GmbH beside an AG."""
    return f"{value}|{customer_id}"


def note_shared(connection: Connection, workspace_id: int, customer_id: int, keys: Iterable[StrongKey]) -> bool:
    """Keep that a customer has keys which are another one's; nobody is found by that. Returns False where it was kept before."""
    notes = {StrongKey(f"{SHARED}{key.kind}", beside(key.value, customer_id)) for key in keys}
    fresh = sorted(notes - holders(connection, workspace_id, notes).keys())
    rows = [{"workspace_id": workspace_id, "customer_id": customer_id, **note._asdict()} for note in fresh]
    _write(connection, CustomerKey, rows)
    return bool(rows)


def shared(connection: Connection, workspace_id: int, most: int) -> list[tuple[int, int, str]]:
    """Return pairs of customers of which both have a strong key, the lower number first, with the key's kind."""
    asked = {"workspace_id": workspace_id, "kinds": [f"{SHARED}{kind}" for kind in identity.STRONG], "most": most}
    notes = connection.execute(_NOTES, asked).all()
    plain = {note: StrongKey(note.kind.removeprefix(SHARED), note.value.rpartition("|")[0]) for note in notes}
    had = holders(connection, workspace_id, set(plain.values()))
    pairs = {
        (*sorted((note.customer_id, had[key])), key.kind)
        for note, key in plain.items()
        if had.get(key, note.customer_id) != note.customer_id
    }
    return sorted(pairs)


SHARED = "also_"
"""Before the kind of a key that is another customer's."""

_NOTES = (
    select(CustomerKey.kind, CustomerKey.value, CustomerKey.customer_id)
    .where(
        CustomerKey.workspace_id == bindparam("workspace_id"), CustomerKey.kind.in_(bindparam("kinds", expanding=True))
    )
    .order_by(CustomerKey.id)
    .limit(bindparam("most"))
)
_HOLDERS = select(CustomerKey.kind, CustomerKey.value, CustomerKey.customer_id).where(
    CustomerKey.workspace_id == bindparam("workspace_id"),
    CustomerKey.value.in_(bindparam("values", expanding=True)),
)


def holders(connection: Connection, workspace_id: int, wanted: Collection[StrongKey]) -> dict[StrongKey, int]:
    """Return which of some strong keys somebody has, and who."""
    values = sorted({key.value for key in wanted})
    found: dict[StrongKey, int] = {}
    for start in range(0, len(values), _AT_ONCE):
        asked = {"workspace_id": workspace_id, "values": values[start : start + _AT_ONCE]}
        found.update((StrongKey(kind, value), number) for kind, value, number in connection.execute(_HOLDERS, asked))
    return {key: number for key, number in found.items() if key in wanted}


def write_strong(
    connection: Connection,
    workspace_id: int,
    keys: Mapping[int, Iterable[StrongKey]],
    taken: Collection[StrongKey] | None = None,
) -> None:
    """Write strong keys of customers, by their numbers, but for those that somebody has.

    Args:
        connection: The transaction's.
        workspace_id: Whose customers.
        keys: Those of each customer.
        taken: Which of them somebody has; looked up where it is not given.

    Raises:
        IntegrityError: Somebody wrote one of them meanwhile; the caller looks again.
    """
    wanted = {key for some in keys.values() for key in some}
    had = set(holders(connection, workspace_id, wanted) if taken is None else taken)
    rows = []
    for number, some in keys.items():
        for key in some:
            free = key
            if key in had:
                if key.kind != KeyKind.NAME:
                    continue
                # A person confirmed, or a file says, that it is another organisation of that name.
                free = StrongKey(key.kind, beside(key.value, number))
            had.add(free)
            rows.append({"workspace_id": workspace_id, "customer_id": number, **free._asdict()})
    _write(connection, CustomerKey, rows)


def write_by_name(connection: Connection, workspace_id: int, names: Mapping[int, Iterable[str]]) -> None:
    """Write what customers are found by for their names, as if nothing of it were there."""
    for model, rule in BY_NAME:
        write_values(connection, workspace_id, model, {number: by_name(rule, some) for number, some in names.items()})


def write_values(connection: Connection, workspace_id: int, model: Any, values: Mapping[int, Iterable[str]]) -> None:
    """Write stored keys of one of the tables of names, by the customers' numbers."""
    rows = [
        {"workspace_id": workspace_id, "customer_id": number, "value": value}
        for number, some in values.items()
        for value in sorted(some)
    ]
    _write(connection, model, rows)


def change_by_name(
    connection: Connection, workspace_id: int, customer_id: int, *, before: Collection[str], after: Collection[str]
) -> None:
    """Have a customer that was found by some names be found by others: what both make stays."""
    for model, rule in BY_NAME:
        old, new = by_name(rule, before), by_name(rule, after)
        table = model.__table__
        if old - new:
            connection.execute(
                delete(table).where(
                    table.c.workspace_id == workspace_id,
                    table.c.value.in_(sorted(old - new)),
                    table.c.customer_id == customer_id,
                )
            )
        write_values(connection, workspace_id, model, {customer_id: new - old})


def _write(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(_insert(model), rows)


@cache
def _insert(model: Any) -> Insert:
    return insert(model)
