"""Owns the writing of very many rows by the bare driver: making a large database is not what is measured."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import chain, islice
from typing import Any

from bench.databases import bare_connection

Row = dict[str, Any]


class BulkWriter:
    """Writes rows without waiting for the disk, and leaves a database that knows its own statistics.

    Args:
        url: Address of a migrated database that nobody else uses yet.
    """

    def __init__(self, url: str) -> None:
        self._is_sqlite = url.startswith("sqlite")
        self._connection: Any = bare_connection(url)
        if self._is_sqlite:
            for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-200000"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("BEGIN")

    def rows(self, table: str, rows: Iterable[Row]) -> None:
        """Write rows, which all have the columns of the first one."""
        source: Iterator[Row] = iter(rows)
        head = list(islice(source, 1))
        if not head:
            return
        names = list(head[0])
        values = ([self._value(row[name]) for name in names] for row in chain(head, source))
        if self._is_sqlite:
            marks = ",".join("?" * len(names))
            self._connection.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", values)
            return
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
            for one in values:
                copy.write_row(one)

    def finish(self, numbered: Iterable[str]) -> None:
        """Commit, set the sequences of tables right whose ids were given, and let the database look at what it has."""
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

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            return json.dumps(value)
        if self._is_sqlite and isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value.isoformat() if self._is_sqlite and isinstance(value, date) else value
