"""Owns questions: statements that are put together once, and asked by the driver itself.

SQLAlchemy takes ten times as long to hand a small statement to SQLite's driver, and its rows back, as the database takes to
answer it. What is asked at every letter that somebody types, at every request and at every tick goes this shorter way; the
statement is still SQLAlchemy's, and so are the types of its values.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from sqlalchemy import Connection, Executable
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

_Way = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement in the words of one kind of database.

    ``names`` are those of the values in their order, None where the driver takes them by name; ``values`` stand in the statement
    itself, as the driver takes them; ``takes`` and ``gives`` are the ways of the values that go in and of the columns that come
    back, where they are not the driver's own.
    """

    sql: str
    names: tuple[str, ...] | None
    values: Mapping[str, Any]
    takes: Mapping[str, _Way]
    gives: tuple[tuple[int, _Way], ...]
    row: _Way | None


@dataclass(frozen=True, slots=True)
class Question:
    """A statement with named values, of SQLAlchemy's Core or of columns of its ORM; it names its workspace itself.

    Rows are named tuples. Lists that are as long as what they are given (``IN`` with an expanding value) have no place in it,
    and of a new row every column is named, those with defaults too. One that ``is_planned_anew`` has PostgreSQL look for its way
    at each asking, for where the best way depends on the values; a fixed number, such as a limit, is written into the statement
    (``literal_execute``), or PostgreSQL thinks better of planning anew where there is but one way.
    """

    statement: Executable
    is_planned_anew: bool = False
    _said: dict[str, _Said] = field(default_factory=dict)

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Any]:
        """Ask inside the transaction of a connection.

        Args:
            connection: The record.
            values: By name.

        Returns:
            The rows; none of a statement that only writes.
        """
        return self.asked(connection, connection.connection.dbapi_connection, values)

    def asked(self, place: Any, driver: Any, values: Mapping[str, Any]) -> list[Any]:
        """Ask a connection of the driver.

        Args:
            place: The engine or connection of SQLAlchemy's whose listeners hear what is asked.
            driver: The connection of the driver.
            values: By name.

        Raises:
            DBAPIError: The database refuses, or is gone.
        """
        dialect: Dialect = place.dialect
        said = self._said.get(dialect.name)
        if said is None:
            said = self._said[dialect.name] = _put_together(self.statement, dialect)
        given: dict[str, Any] = {**said.values, **values}
        for name, take in said.takes.items():
            if name in values:
                given[name] = take(given[name])
        words: Any = given if said.names is None else tuple([given[name] for name in said.names])
        for listener in place.dispatch.before_cursor_execute:
            listener(place, None, said.sql, words, None, False)
        try:
            once = {"prepare": False} if self.is_planned_anew and dialect.name == "postgresql" else {}
            cursor = driver.execute(said.sql, words, **once)
            found = cursor.fetchall() if said.row is not None else []
        except dialect.loaded_dbapi.Error as error:
            raise refused(dialect, error, said.sql) from error
        return _translated(found, said)


def refused(dialect: Dialect, error: Exception, sql: str | None = None) -> DBAPIError:
    """Return what SQLAlchemy would raise for an error of the driver; without the values, in which stands what people typed."""
    found = DBAPIError.instance(sql, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)
    return cast("DBAPIError", found)


def _translated(found: list[Any], said: _Said) -> list[Any]:
    if said.row is None or not found:
        return found
    if said.gives:
        # Column by column: a call for each value of hundreds of rows is what this way costs.
        columns: list[Any] = list(zip(*found, strict=True))
        for place, give in said.gives:
            columns[place] = map(give, columns[place])
        found = list(zip(*columns, strict=True))
    return list(map(said.row, found))


def _put_together(statement: Executable, dialect: Dialect) -> _Said:
    compiled: Any = cast("Any", statement).compile(dialect=dialect)
    # What stands in an ``IN`` of the statement itself is written out now, not at every asking.
    out = compiled.construct_expanded_state({one.key: None for one in compiled.binds.values() if one.required})
    ways = {name: one.type.dialect_impl(dialect).bind_processor(dialect) for name, one in compiled.binds.items()}
    takes = {name: way for name, way in {**ways, **out.processors}.items() if callable(way)}
    values = {name: _taken(takes.get(name), value) for name, value in out.parameters.items()}
    names = tuple(out.positiontup or ()) if compiled.positional else None
    columns = list(getattr(statement, "selected_columns", ()))
    gives = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    row: Any = namedtuple("Row", [str(column.key) for column in columns], rename=True) if columns else None  # noqa: PYI024 - its columns are the statement's
    return _Said(
        out.statement,
        names,
        values,
        takes,
        tuple((place, way) for place, way in enumerate(gives) if way is not None),
        partial(tuple.__new__, row) if row is not None else None,
    )


def _taken(way: _Way | None, value: Any) -> Any:
    return way(value) if way is not None and value is not None else value
