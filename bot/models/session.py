"""Owns connections and transactions: the only place where one begins, commits or is undone."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any, cast
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    ORMExecuteState,
    Session,
    make_transient_to_detached,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.orm.attributes import set_committed_value

from bot.models.base import Base, WorkspaceOwned
from bot.models.questions import Question, refused

_BUSY_SECONDS = 30
_IDLE_SECONDS = 5.0
_PREPARED_MOST = 1000


class Database:
    """An engine with its rules.

    Args:
        url: SQLAlchemy address, such as ``sqlite:///closeloop.sqlite3`` or ``postgresql://user@host/name``.
        pool_size: Connections kept; set it with the threads of the program.
        durable: Wait for the disk at each commit; only a demo, whose data nobody keeps, does without.
    """

    def __init__(self, url: str, *, pool_size: int = 12, durable: bool = True) -> None:
        if url.startswith(("postgresql://", "postgres://")):
            url = "postgresql+psycopg://" + url.split("://", 1)[1]
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        # In memory every connection would be another database; a file has no such surprise.
        # What people typed stands in the parameters of statements, and must not reach the log with an error.
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": pool_size, "hide_parameters": True}
        if self.is_sqlite:
            options["connect_args"] = {"timeout": _BUSY_SECONDS, "check_same_thread": False}
        self.engine: Engine = create_engine(url, **options)
        self._lent: _Lent | None = None
        if self.is_sqlite:
            _teach_sqlite(self.engine, durable=durable)
        else:
            self._lent = _Lent()
            _teach_postgresql(self.engine, self._lent)
        # SQLAlchemy would give a SQLite connection back with another isolation level than it came with.
        alone = {} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._asking = self.engine.execution_options(closeloop_ask=True, **alone)
        self._reading = sessionmaker(self.engine, expire_on_commit=False, autoflush=False, class_=ScopedSession)
        # Use cases flush where they need an id, and at the end: a flush before every query would write each row many times.
        self._writing = sessionmaker(
            self.engine.execution_options(closeloop_write=True),
            expire_on_commit=False,
            autoflush=False,
            class_=ScopedSession,
        )
        # What never changes once written (versions of playbooks) is read once; sessions carry it along.
        self.cache: dict[tuple[str, int], Any] = {}
        # SQLite has one writer; waiting here is fair and never fails, waiting in SQLite's busy handler is neither.
        self._one_writer = threading.Lock() if self.is_sqlite else None

    @contextmanager
    def transaction(self, workspace_id: int | None) -> Iterator[Session]:
        """Give a session that commits at the end of the block and is undone by an exception.

        Args:
            workspace_id: The workspace all rows belong to; None only for finding the workspace itself and for sweeps
                over all of them.
        """
        if self._one_writer is None:
            with self._writing(info=self._info(workspace_id)) as session, session.begin():
                yield session
            return
        with self._one_writer, self._writing(info=self._info(workspace_id)) as session, session.begin():
            yield session

    @contextmanager
    def reading(self, workspace_id: int | None) -> Iterator[Session]:
        """Give a session whose reads see one state; nothing it does is kept."""
        # What is not committed is undone at the end; that takes less than saying so.
        with self._reading(info=self._info(workspace_id)) as session:
            yield session

    @contextmanager
    def asking(self) -> Iterator[Connection]:
        """Give a connection for one question that needs no transaction, and that names its workspace itself.

        It saves the way there and back for the beginning and for the end.
        """
        with self._asking.connect() as connection:
            yield connection

    def ask(self, question: Question, values: Mapping[str, Any]) -> list[Any]:
        """Return the rows of one question that needs no transaction.

        Args:
            question: Reads only, and names its workspace itself.
            values: By name.

        Raises:
            DBAPIError: The database does not answer.
        """
        try:
            lent = self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise refused(self.engine.dialect, error) from error
        driver: Any = lent.dbapi_connection
        try:
            if not self.is_sqlite:
                driver.autocommit = True
            found = question.asked(self.engine, driver, values)
            if not self.is_sqlite:
                driver.autocommit = False
        except DBAPIError as error:
            lent.invalidate(error)
            if self.engine.dialect.is_disconnect(cast("Any", error.orig), driver, None):
                # All others that lie idle are of the same server.
                self.engine.dispose()
            raise
        except BaseException as error:
            # As it is, it may not go back: whoever had it next would write without a transaction.
            lent.invalidate(error)
            raise
        finally:
            lent.close()
        return found

    def _info(self, workspace_id: int | None) -> dict[str, Any]:
        return {"workspace_id": workspace_id, "cache": self.cache}

    def close(self) -> None:
        """Give all connections back; what is in use at this moment is closed when it comes back."""
        idle = self._lent.close() if self._lent is not None else []
        self.engine.dispose()
        for connection in idle:
            # One that was on its way back at this moment lies where nobody looks any more.
            connection.close()


class ScopedSession(Session):
    """A session of one workspace: it filters every query and marks every new row."""

    def connection(
        self,
        bind_arguments: Any | None = None,
        execution_options: Mapping[str, Any] | None = None,
    ) -> Connection:
        """Return the connection of its transaction; the way to it takes as long as a small question."""
        known: Connection | None = self.info.get("connection")
        if known is None or known.closed or bind_arguments or execution_options:
            known = super().connection(bind_arguments, execution_options)
            self.info["connection"] = known
        return known


def write(session: Session, row: WorkspaceOwned) -> None:
    """Write a new row at once, in one statement that gives it its number; the session knows it from then on.

    The unit of work would look for what else there is to do, which takes several times as long as the writing.
    """
    model: Any = type(row)
    known = inspect(row).dict
    for name, default in _columns(model).items():
        if name not in known:
            set_committed_value(row, name, default(None) if callable(default) else default)
    values = {name: value for name in _columns(model) if (value := known[name]) is not None}
    set_committed_value(row, "id", insert_one(session, model, values))
    make_transient_to_detached(row)
    session.add(row)


def insert_one(session: Session, model: Any, values: Mapping[str, Any]) -> int:
    """Write a new row of which the session need not know, and return its number."""
    return int(session.connection().execute(_insert_one(model), values).scalar_one())


def append(session: Session, row: WorkspaceOwned) -> None:
    """Have a row of an append-only table written with the others of its kind, in their order, in one statement."""
    session.info.setdefault("appended", []).append(row)


def write_appended(session: Session) -> None:
    """Write what was appended, after everything it may refer to; the rows know their numbers then."""
    if "appended" not in session.info:
        return
    session.flush()
    rows = session.info.pop("appended")
    for model in dict.fromkeys(type(row) for row in rows):
        _write_rows(session.connection(), model, [row for row in rows if type(row) is model])


def _write_rows(connection: Connection, model: Any, rows: list[Any]) -> None:
    values = [{name: getattr(row, name) for name in _columns(model)} for row in rows]
    if connection.dialect.name == "sqlite":
        connection.execute(_insert(model), values)
        # Nobody else writes meanwhile, and numbers of a table from which nothing is deleted have no holes.
        last = connection.exec_driver_sql("SELECT last_insert_rowid()").scalar_one()
        numbers = list(range(last - len(rows) + 1, last + 1))
    else:
        numbers = list(connection.scalars(_insert(model, numbered=True), values))
    for row, number in zip(rows, numbers, strict=True):
        row.id = number


@cache
def _columns(model: Any) -> dict[str, Any]:
    """Return a table's columns but its number, by their names, with what they hold where nothing is said."""
    columns = {column.key: column for column in model.__table__.columns if column.key != "id"}
    return {name: None if one.default is None else one.default.arg for name, one in columns.items()}


@cache
def _insert(model: Any, *, numbered: bool = False) -> Any:
    return insert(model).returning(model.id, sort_by_parameter_order=True) if numbered else insert(model)


@cache
def _insert_one(model: Any) -> Any:
    return insert(model.__table__).returning(model.__table__.c.id)


@event.listens_for(ScopedSession, "before_commit")
def _write_the_rest(session: Session) -> None:
    write_appended(session)


@event.listens_for(ScopedSession, "do_orm_execute")
def _only_this_workspace(state: ORMExecuteState) -> None:
    workspace_id = state.session.info.get("workspace_id")
    if workspace_id is None or state.is_column_load or state.is_relationship_load:
        return
    state.statement = state.statement.options(_criteria(workspace_id))


@lru_cache(maxsize=10_000)
def _criteria(workspace_id: int) -> LoaderCriteriaOption:
    # Made once for a workspace: SQLAlchemy works through every mapped class for it, which takes longer than most queries.
    return with_loader_criteria(WorkspaceOwned, lambda cls: cls.workspace_id == workspace_id, include_aliases=True)


@event.listens_for(ScopedSession, "before_flush")
def _mark_new_rows(session: Session, _context: object, _instances: object) -> None:
    workspace_id = session.info.get("workspace_id")
    if workspace_id is None:
        return
    for row in session.new:
        if isinstance(row, WorkspaceOwned) and row.workspace_id is None:
            row.workspace_id = workspace_id


def _teach_sqlite(engine: Engine, *, durable: bool) -> None:
    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # sqlite3 would begin transactions by itself, too late and as readers; the listener below begins them.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={'FULL' if durable else 'OFF'}",
            "foreign_keys=ON",
            f"busy_timeout={_BUSY_SECONDS * 1000}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("closeloop_ask"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("closeloop_write") else "BEGIN")


class _Lent:
    """Which connections of an engine are in use, so that at its end none stays open, whoever gives one back meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_closed = False
        self._opened: WeakSet[Any] = WeakSet()
        self._in_use: WeakSet[Any] = WeakSet()

    def take(self, connection: Any) -> None:
        """Write down that somebody uses it."""
        with self._lock:
            self._opened.add(connection)
            self._in_use.add(connection)

    def give_back(self, connection: Any) -> bool:
        """Write down that nobody uses it any more, or None where it is gone already; returns whether it is to be closed."""
        with self._lock:
            if connection is not None:
                self._in_use.discard(connection)
            return self._is_closed

    def close(self) -> list[Any]:
        """Have all that is given back from now on closed, and return what nobody uses."""
        with self._lock:
            self._is_closed = True
            return [one for one in self._opened if one not in self._in_use]


def _teach_postgresql(engine: Engine, lent: _Lent) -> None:
    """Make sure of a connection that lay idle, as SQLAlchemy's own ping does before every use: that is a way there and back."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: object) -> None:
        # There are more different statements than the hundred that psycopg keeps prepared.
        connection.prepared_max = _PREPARED_MOST

    @event.listens_for(engine, "checkin")
    def _on_checkin(connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()
        if lent.give_back(connection):
            record.invalidate()

    @event.listens_for(engine, "checkout")
    def _on_checkout(connection: Any, record: Any, _proxy: object) -> None:
        lent.take(connection)
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < _IDLE_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except (DBAPIError, engine.dialect.loaded_dbapi.Error) as error:
            raise DisconnectionError from error


__all__ = ["Base", "Database", "ScopedSession", "append", "insert_one", "write", "write_appended"]
