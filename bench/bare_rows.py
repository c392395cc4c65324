"""Owns the floor of what requests do in the database: the rows that one real request wrote, and the statements it asked.

A request is put through the bot inside this process. Of one that writes, every new row and every changed column is noted,
and written again by the bare driver for other opportunities, in one transaction as durable as the bot's. Of one that
reads, the statements are noted and sent again.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import ForeignKeyConstraint, Table, UniqueConstraint, event

from bench.databases import bare_connection
from bot.models import Base
from bot.models.session import Database

Row = dict[str, Any]
Statements = list[tuple[str, Any]]

_OF_OPPORTUNITY = ("next_step", "assignment", "review", "follow_up")


@dataclass(frozen=True, slots=True)
class Change:
    """Columns of a row that was there before; the row is the opportunity's own or has its number."""

    table: str
    values: Row


@dataclass(slots=True)
class Footprint:
    """What one request wrote.

    Attributes:
        opportunity_id: The opportunity it was about; None where it made a new one.
        added: New rows by table, in an order in which they can be written.
        changed: What it changed in rows that were there.
    """

    opportunity_id: int | None
    added: list[tuple[Table, list[Row]]] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)


class BareRows:
    """Writes and reads by the bare driver.

    Args:
        url: Address of the database.
    """

    def __init__(self, url: str) -> None:
        self._is_sqlite = url.startswith("sqlite")
        self._connection: Any = bare_connection(url)
        self._mark = "?" if self._is_sqlite else "%s"

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def ask(self, statement: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of one statement, in a transaction of its own."""
        with self._transaction("BEGIN"):
            return list(self._connection.execute(statement, parameters).fetchall())

    def footprint(self, request: Callable[[], object], opportunity_id: int | None = None) -> Footprint:
        """Do a request and return what it wrote.

        Args:
            request: Whatever leads to it, done in this process while nobody else writes.
            opportunity_id: The opportunity it is about, if it is there already.
        """
        tables = Base.metadata.sorted_tables
        marks = {table.name: self.ask(f"SELECT coalesce(max(id), 0) FROM {table.name}")[0][0] for table in tables}
        before = self._rows_of(opportunity_id)
        request()
        found = Footprint(opportunity_id)
        for table in tables:
            rows = self._dicts(f"SELECT * FROM {table.name} WHERE id > {marks[table.name]} ORDER BY id")
            if rows:
                found.added.append((table, rows))
        after = self._rows_of(opportunity_id)
        for name, row in before.items():
            values = {column: value for column, value in after[name].items() if value != row[column]}
            if values:
                found.changed.append(Change(name, values))
        return found

    def _rows_of(self, opportunity_id: int | None) -> dict[str, Row]:
        """Return an opportunity's row and its open next step; the filling gives both the same number."""
        if opportunity_id is None:
            return {}
        found = {}
        for table in ("opportunity", "next_step"):
            rows = self._dicts(f"SELECT * FROM {table} WHERE id = {opportunity_id}")
            if rows:
                found[table] = rows[0]
        return found

    def _dicts(self, statement: str) -> list[Row]:
        with self._transaction("BEGIN"):
            cursor = self._connection.execute(statement)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def write(self, found: Footprint, number: int, opportunity_id: int | None = None) -> None:
        """Write a footprint once more, durably.

        Args:
            found: What a request wrote.
            number: Makes unique what must be.
            opportunity_id: The opportunity that takes the place of the footprint's.
        """
        # Of each table, which new number stands for which old one.
        fresh: dict[str, dict[Any, Any]] = {"opportunity": {found.opportunity_id: opportunity_id}}
        with self._transaction("BEGIN IMMEDIATE"):
            for change in found.changed:
                names = ",".join(f"{name}={self._mark}" for name in change.values)
                values = [self._plain(value) for value in change.values.values()]
                self._connection.execute(
                    f"UPDATE {change.table} SET {names} WHERE id={self._mark}", (*values, opportunity_id)
                )
            for table, rows in found.added:
                self._add(table, rows, number, fresh)

    def _add(self, table: Table, rows: list[Row], number: int, fresh: dict[str, dict[Any, Any]]) -> None:
        names = [name for name in rows[0] if name != "id"]
        unique = _unique_texts(table)
        parents = {key.column_keys[0]: key.referred_table.name for key in _single_keys(table)}
        values = []
        for row in rows:
            one = dict(row)
            for name in unique:
                one[name] = f"{one[name]}~{number}" if one[name] is not None else None
            for name, parent in parents.items():
                one[name] = fresh.get(parent, {}).get(one[name], one[name])
            values.append([self._plain(one[name]) for name in names])
        statement = f"INSERT INTO {table.name} ({','.join(names)}) VALUES ({','.join([self._mark] * len(names))})"
        if table.name not in _PARENTS:
            self._many(statement, values)
            return
        for row, one in zip(rows, values, strict=True):
            fresh.setdefault(table.name, {})[row["id"]] = self._one(statement, one)

    def _many(self, statement: str, values: list[list[Any]]) -> None:
        if len(values) == 1:
            self._connection.execute(statement, values[0])
        elif self._is_sqlite:
            self._connection.executemany(statement, values)
        else:
            with self._connection.cursor() as cursor:
                cursor.executemany(statement, values)

    def _one(self, statement: str, values: list[Any]) -> int:
        if self._is_sqlite:
            return int(self._connection.execute(statement, values).lastrowid)
        return int(self._connection.execute(f"{statement} RETURNING id", values).fetchone()[0])

    def _plain(self, value: Any) -> Any:
        return Jsonb(value) if not self._is_sqlite and isinstance(value, dict | list) else value

    def replay(self, statements: Statements) -> None:
        """Ask what a request asked, in one transaction."""
        with self._transaction("BEGIN"):
            cursor = self._connection.cursor()
            for statement, parameters in statements:
                cursor.execute(statement, parameters).fetchall()
            cursor.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        if self._is_sqlite:
            self._connection.execute(begin)
        try:
            yield
        except BaseException:
            self._connection.rollback()
            raise
        self._connection.execute("COMMIT") if self._is_sqlite else self._connection.commit()


def _unique_texts(table: Table) -> list[str]:
    """Return the text columns that make a row unique; ``kind`` only says of what kind the other one is."""
    return [
        column.name
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns
        if column.name not in {"kind", "workspace_id"} and column.type.python_type is str
    ]


def _single_keys(table: Table) -> list[ForeignKeyConstraint]:
    return [one for one in table.constraints if isinstance(one, ForeignKeyConstraint)]


_PARENTS = frozenset(key.referred_table.name for table in Base.metadata.sorted_tables for key in _single_keys(table))


def statements_of(database: Database, request: Callable[[], object]) -> Statements:
    """Do a request and return the statements that it sent from this thread, with their parameters."""
    found: Statements = []
    here = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if threading.get_ident() == here and statement.lstrip().upper().startswith(("SELECT", "WITH")):
            found.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        request()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    return found
