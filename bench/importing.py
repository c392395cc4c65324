"""Import of the real export of 8,800 opportunities, against the same rows written by the bare driver."""

import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from psycopg.types.json import Jsonb

from bench.databases import bare_connection, database_url
from bench.figures import figure_of, remark
from bot.clock import SystemClock
from bot.models import Base
from bot.models.session import Database
from bot.services import imports, members
from bot.services.desk import Desk, system_actor
from bot.sync.mapping import Place, read_batch
from bot.sync.preset import load_preset

GOAL = 6.0
LEAST = 222
"""Rows a second: what Odoo does on such a machine."""

ROUNDS = 2
AT_ONCE = 500
SOURCE = Path(os.environ.get("CLOSELOOP_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data")) / "maven_crm"

_PEOPLE = ("workspace", "member", "team", "playbook")

Rows = list[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]


def measured(kind: str) -> dict[str, Any] | None:
    """Import the export a few times, each time into an empty database, in turns with its floor.

    Args:
        kind: ``sqlite`` or ``postgresql``.

    Returns:
        The figure for one row, with ``rows_per_second``; None where the export is not there.
    """
    if not SOURCE.is_dir():
        remark(f"import skipped: {SOURCE} is not there; CLOSELOOP_SHARED_DATA names the folder with the shared data")
        return None
    ours: list[float] = []
    bare: list[float] = []
    count = 0
    for _ in range(ROUNDS):
        with database_url(kind) as url:
            seconds, count = imported(url)
            rows = written(url)
        ours.append(seconds * 1e6 / count)
        with database_url(kind) as url:
            bare.append(floor(url, rows) * 1e6 / count)
    figure = figure_of(f"import@{count}/{kind}", ours, bare, goal=GOAL)
    speed = round(1e6 / figure.p50_us)
    return {**asdict(figure), "n": count * ROUNDS, "rows_per_second": speed, "ok": figure.ok and speed > LEAST}


def imported(url: str) -> tuple[float, int]:
    """Import the export as the command does, reading included; return seconds and rows."""
    database = Database(url)
    desk = Desk(database, SystemClock())
    by = system_actor(members.workspace_id_of(desk, members.LOCAL_WORKSPACE))
    start = time.perf_counter()
    report = imports.run(desk, read_batch(SOURCE, load_preset("maven"), Place()), by=by)
    seconds = time.perf_counter() - start
    database.close()
    return seconds, report.imported


def written(url: str) -> Rows:
    """Return every row that the import left, table by table in the order in which they can be written again."""
    connection = bare_connection(url)
    found: Rows = []
    for table in (
        "workspace",
        "member",
        "team",
        "playbook",
        "customer",
        "customer_key",
        "near_key",
        "search_key",
        "opportunity",
        "event",
    ):
        columns = tuple(column.name for column in Base.metadata.tables[table].columns)
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id").fetchall()
        found.append((table, columns, [tuple(_bare(value) for value in row) for row in rows]))
    connection.close()
    return found


def _bare(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def floor(url: str, tables: Rows) -> float:
    """Write the same rows with the bare driver, in transactions of the same size, and return the seconds."""
    connection = bare_connection(url)
    is_sqlite = url.startswith("sqlite")
    if not is_sqlite:
        connection.autocommit = True
    start = time.perf_counter()
    # Teams and members point at one another; the import writes them in turns.
    connection.execute("PRAGMA foreign_keys=OFF" if is_sqlite else "SET session_replication_role = replica")
    _write(connection, [one for one in tables if one[0] in _PEOPLE], is_sqlite=is_sqlite)
    connection.execute("PRAGMA foreign_keys=ON" if is_sqlite else "SET session_replication_role = origin")
    _write(connection, [one for one in tables if one[0] not in _PEOPLE], is_sqlite=is_sqlite)
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _write(connection: Any, tables: Rows, *, is_sqlite: bool) -> None:
    for table, columns, rows in tables:
        marks = ", ".join(["?" if is_sqlite else "%s"] * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        for some in _pieces(rows, AT_ONCE if table != "event" else AT_ONCE * 5):
            connection.execute("BEGIN")
            connection.cursor().executemany(statement, some)
            connection.execute("COMMIT")


def _pieces(rows: list[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    for at in range(0, len(rows), size):
        yield rows[at : at + size]
