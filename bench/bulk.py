"""Owns the writing of very many rows by the bare driver: making a large database is not what is measured."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any

from bench.databases import bare_connection

Row = dict[str, Any]

# Indexes that are made by a statement; those of keys and constraints stay.
_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
}

_AT_ONCE = 10_000


class BulkWriter:
    """Writes rows without waiting for the disk, and leaves a database that knows its own statistics.

    Args:
        url: Address of a migrated database that nobody else uses yet.
    """

    def __init__(self, url: str) -> None:
        self._is_sqlite = url.startswith("sqlite")
        self._connection: Any = bare_connection(url)
        if self._is_sqlite:
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000", "temp_store=MEMORY"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("BEGIN")
        else:
            # Rows that belong together are made together here: nothing is gained by checking each reference.
            self._connection.execute("SET session_replication_role = replica")
            self._connection.execute("SET maintenance_work_mem = '256MB'")
        self._indexes = list(self._connection.execute(_INDEXES["sqlite" if self._is_sqlite else "postgresql"]))
        for name, _ in self._indexes:
            self._connection.execute(f"DROP INDEX {name}")
        self._converters = _converters(is_sqlite=self._is_sqlite)

    def rows(self, table: str, rows: Iterable[Row]) -> None:
        """Write rows, which all have the same columns in the same order."""
        source: Iterator[Row] = iter(rows)
        head = list(islice(source, 1))
        if not head:
            return
        names = list(head[0])
        found = self._converters.get
        values = (
            [value if (read := found(type(value))) is None else read(value) for value in row.values()]
            for row in chain(head, source)
        )
        if self._is_sqlite:
            marks = ",".join("?" * len(names))
            self._connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", values)
            return
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
            for one in values:
                copy.write_row(one)

    def tuples(self, table: str, names: Sequence[str], values: Iterable[tuple[str | int, ...]]) -> None:
        """Write very many short rows, of numbers and of texts without tabs, line ends and backslashes, the quickest way."""
        if self._is_sqlite:
            marks = ",".join("?" * len(names))
            self._connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", values)
            return
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
            rows = iter(values)
            while some := list(islice(rows, _AT_ONCE)):
                copy.write("".join("\t".join(map(str, row)) + "\n" for row in some))

    def repeat(self, table: str, shifted: Sequence[str], *, first: int, last: int, until: int) -> None:
        """Write the rows of a stretch of numbers again and again behind it; the database does it by itself.

        Args:
            table: Which one.
            shifted: Columns that go up with the number, the number itself among them.
            first: Number of the stretch's first row.
            last: Of its last row, which is the table's.
            until: The last number to be written.
        """
        row = self._connection.execute(f"SELECT * FROM {table} LIMIT 0")
        names = [column[0] for column in row.description]
        length = last - first + 1
        while last < until:
            count = min(length, until - last)
            values = ",".join(f"{name} + {length}" if name in shifted else name for name in names)
            self._connection.execute(
                f"INSERT INTO {table} ({','.join(names)})"
                f" SELECT {values} FROM {table} WHERE id >= {first} AND id < {first + count}"
            )
            # What was written is part of the stretch next time: it doubles.
            last, length = last + count, length + count

    def finish(self, numbered: Iterable[str]) -> None:
        """Make the indexes again, set the sequences of tables right whose ids were given, and commit."""
        for _, statement in self._indexes:
            self._connection.execute(statement)
        if self._is_sqlite:
            self._connection.execute("COMMIT")
            self._connection.execute("ANALYZE")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in numbered:
                self._connection.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
            self._connection.commit()
            self._connection.autocommit = True
            self._connection.execute("VACUUM ANALYZE")
            self._connection.execute("CHECKPOINT")
        self._connection.close()


def _converters(*, is_sqlite: bool) -> dict[type, Callable[[Any], str]]:
    """Return how values are written, by type, where the driver does not do it as SQLAlchemy would."""
    found: dict[type, Callable[[Any], str]] = {dict: json.dumps, list: json.dumps}
    if is_sqlite:
        found[datetime] = lambda value: value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        found[date] = date.isoformat
    return found
