"""Owns the rewriting of customers' keys after the rules of identity changed: in batches, beside a bot at work.

It may be broken off at any moment and run again: only what differs is written. What the present rules make is added first and
what they do not make any more is taken away last, so that everybody is found meanwhile.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import KeyKind, Verdict
from bot.models import Customer, CustomerKey, Workspace
from bot.services import customer_keys, customers
from bot.services.customer_keys import StrongKey
from bot.services.desk import Actor, Desk

_CUSTOMERS, _ROWS, _AT_ONCE = 200, 5000, 500
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """What came of it.

    Attributes:
        customers: How many were looked at.
        changed: How many are found by other keys than before.
        same: How many have by now the same name as another customer; pairs for the list of duplicates.
    """

    customers: int
    changed: int
    same: int


def is_due(desk: Desk, *, by: Actor | None = None) -> bool:
    """Say whether customers have keys of older rules: of an admin's workspace, or of any; False for who is no admin."""
    if by is not None and not by.is_admin:
        return False
    older = select(Workspace.id).where(Workspace.key_rules < identity.KEY_RULES).limit(1)
    if by is not None:
        older = older.where(Workspace.id == by.workspace_id)
    with desk.database.asking() as connection:
        return connection.scalar(older) is not None


def rekey(desk: Desk, *, by: Actor) -> Rekeyed:
    """Rewrite the keys of all customers of a workspace that their names make; no program of older rules may run meanwhile.

    Args:
        desk: The record.
        by: The program itself, in the workspace.
    """
    work = _Rekeying(desk, by)
    count = sum(_batches(work.add))
    same = sum(_batches(work.settle))
    for model, rule in customer_keys.BY_NAME:
        sum(_batches(partial(work.take_away, model, rule)))
    with desk.transaction(by) as session:
        session.execute(update(Workspace).where(Workspace.id == by.workspace_id).values(key_rules=identity.KEY_RULES))
    return Rekeyed(count, len(work.changed), same)


_Step = Callable[[int], tuple[int | None, int]]
"""Works on what comes after a number; returns the last number, None at the end, and a count."""


def _batches(step: _Step) -> Iterator[int]:
    place: int | None = 0
    while place is not None:
        place, count = _tried(step, place)
        yield count


def _tried(step: _Step, place: int) -> tuple[int | None, int]:
    for _ in range(_TRIES):
        # Somebody captured a customer of that very name meanwhile, or waited for us while we waited for them.
        with suppress(IntegrityError, OperationalError):
            return step(place)
    return step(place)


class _NameKey(NamedTuple):
    """The row of a name's key, with the customer that it was made for: another one than has it by now, after a merge."""

    id: int
    customer_id: int
    value: str
    made_for: int
    name: str

    @property
    def plain(self) -> str:
        """What the present rules make of the name, as long as nobody else has it."""
        return customer_keys.stored(identity.name_key(self.name))

    @property
    def beside(self) -> str:
        """What they make where somebody has it."""
        return customer_keys.beside(self.plain, self.made_for)


class _Rekeying:
    def __init__(self, desk: Desk, by: Actor) -> None:
        self._desk, self._by = desk, by
        self.changed: set[int] = set()

    def add(self, after: int) -> tuple[int | None, int]:
        """Write what is missing of the customers after a number."""
        statement = select(Customer.id).where(
            Customer.id > after, Customer.is_identified, Customer.merged_into_id.is_(None)
        )
        statement = statement.order_by(Customer.id).limit(_CUSTOMERS)
        with self._desk.transaction(self._by) as session:
            # Held, so that nobody merges them meanwhile; in the order of their numbers, as merges do.
            ids = list(session.scalars(statement.with_for_update(key_share=True)))
            if not ids:
                return None, 0
            changed = self._rename(session, ids)
            names = _names(session, ids)
            for model, rule in customer_keys.BY_NAME:
                changed |= self._add(session, model, {one: customer_keys.by_name(rule, names[one]) for one in ids})
        self.changed |= changed
        return ids[-1], len(ids)

    def _rename(self, session: Session, ids: list[int]) -> set[int]:
        keys = _name_keys(session, ids)
        old = [one for one in keys if one.value not in {one.plain, one.beside}]
        taken = self._holders(session, (one.plain for one in old)).keys()
        given: set[str] = set()
        for one in old:
            value = one.beside if one.plain in taken or one.plain in given else one.plain
            given.add(value)
            _give(session, one, value)
        return {one.customer_id for one in old}

    def _holders(self, session: Session, values: Iterable[str]) -> dict[str, int]:
        wanted = {StrongKey(KeyKind.NAME, value) for value in values}
        found = customer_keys.holders(session.connection(), self._by.workspace_id, wanted)
        return {key.value: number for key, number in found.items()}

    def _add(self, session: Session, model: Any, wanted: dict[int, set[str]]) -> set[int]:
        table, connection = model.__table__, session.connection()
        values = sorted(set().union(*wanted.values()))
        here: dict[int, set[str]] = defaultdict(set)
        for start in range(0, len(values), _AT_ONCE):
            found = select(table.c.customer_id, table.c.value).where(
                table.c.workspace_id == self._by.workspace_id,
                table.c.value.in_(values[start : start + _AT_ONCE]),
                table.c.customer_id.between(min(wanted), max(wanted)),
            )
            for number, value in connection.execute(found):
                here[number].add(value)
        missing = {number: some - here[number] for number, some in wanted.items() if some - here[number]}
        customer_keys.write_values(connection, self._by.workspace_id, model, missing)
        return set(missing)

    def settle(self, after: int) -> tuple[int | None, int]:
        """Give plain keys that became free to who stands beside them; counts those who are the same as who has theirs."""
        beside = select(CustomerKey.id, CustomerKey.customer_id).where(
            CustomerKey.kind == KeyKind.NAME.value, CustomerKey.value.contains("|"), CustomerKey.id > after
        )
        with self._desk.transaction(self._by) as session:
            rows = session.execute(beside.order_by(CustomerKey.id).limit(_CUSTOMERS)).all()
            if not rows:
                return None, 0
            ids, customer_ids = {row.id for row in rows}, {row.customer_id for row in rows}
            keys = [one for one in _name_keys(session, customer_ids) if one.id in ids]
            holders = self._holders(session, (one.plain for one in keys))
            for one in keys:
                if one.plain not in holders:
                    holders[one.plain] = one.customer_id
                    _give(session, one, one.plain)
            names = _names(session, holders.values())
            same = {one.customer_id for one in keys if _is_same(one, holders[one.plain], names)}
        return rows[-1].id, len(same)

    def take_away(self, model: Any, rule: Callable[[str], frozenset[str]], after: int) -> tuple[int | None, int]:
        """Delete keys after a number that no name of their customer makes any more."""
        table = model.__table__
        # Whose they are is looked at here: asked for, a database would rather sort all keys of the workspace each time.
        some = select(table.c.id, table.c.workspace_id, table.c.customer_id, table.c.value).where(table.c.id > after)
        with self._desk.transaction(self._by) as session:
            # The names are read after the keys: a merge between them can only make more of the keys right.
            found = session.connection().execute(some.order_by(table.c.id).limit(_ROWS)).all()
            if not found:
                return None, 0
            rows = [row for row in found if row.workspace_id == self._by.workspace_id]
            names = _names(session, {row.customer_id for row in rows})
            right = {number: customer_keys.by_name(rule, some) for number, some in names.items()}
            stale = {row.id: row.customer_id for row in rows if row.value not in right.get(row.customer_id, ())}
            ids = sorted(stale)
            for start in range(0, len(ids), _AT_ONCE):
                session.connection().execute(delete(table).where(table.c.id.in_(ids[start : start + _AT_ONCE])))
        self.changed |= set(stale.values())
        return found[-1].id, len(stale)


def _give(session: Session, key: _NameKey, value: str) -> None:
    # The row stays: a merge that is undone gives it back by its number.
    session.execute(update(CustomerKey).where(CustomerKey.id == key.id).values(value=value))


def _is_same(key: _NameKey, holder: int, names: dict[int, list[str]]) -> bool:
    if holder == key.customer_id:
        return False
    return any(identity.compare(key.name, name).verdict is Verdict.SAME for name in names[holder])


def _name_keys(session: Session, customer_ids: Iterable[int]) -> list[_NameKey]:
    """Return the keys of customers' names, each with the customer that it was made for."""
    ids = set(customer_ids)
    own = {row.id: row.name for row in session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(ids)))}
    # Of a key that was moved twice, the farther merge comes later and is the one that it was made for.
    moved = {key: merge for merge in customers.merges_into(session, ids) for key in merge.moved.get("keys", ())}
    rows = session.execute(
        select(CustomerKey.id, CustomerKey.customer_id, CustomerKey.value)
        .where(CustomerKey.customer_id.in_(ids), CustomerKey.kind == KeyKind.NAME.value)
        .order_by(CustomerKey.id)
    )
    return [
        _NameKey(*row, moved[row.id].merged_id, moved[row.id].name)
        if row.id in moved
        else _NameKey(*row, row.customer_id, own[row.customer_id])
        for row in rows
    ]


def _names(session: Session, customer_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return the names that each of some customers is found by: its own, and those of the customers merged into it."""
    own = select(Customer.id, Customer.name).where(
        Customer.id.in_(set(customer_ids)), Customer.is_identified, Customer.merged_into_id.is_(None)
    )
    names = {row.id: [row.name] for row in session.execute(own)}
    for merge in customers.merges_into(session, names):
        names[merge.root].append(merge.name)
    return names
