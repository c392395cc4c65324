"""Owns connections and transactions: the only place where one begins, commits or is undone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.orm import LoaderCriteriaOption, ORMExecuteState, Session, sessionmaker, with_loader_criteria

from bot.models.base import Base, WorkspaceOwned

_BUSY_SECONDS = 30


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
        else:
            options["pool_pre_ping"] = True
        self.engine: Engine = create_engine(url, **options)
        if self.is_sqlite:
            _teach_sqlite(self.engine, durable=durable)
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
        with self._reading(info=self._info(workspace_id)) as session, session.begin() as work:
            yield session
            work.rollback()

    def _info(self, workspace_id: int | None) -> dict[str, Any]:
        return {"workspace_id": workspace_id, "cache": self.cache}

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


class ScopedSession(Session):
    """A session of one workspace: it filters every query and marks every new row."""


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
        writes = connection.get_execution_options().get("closeloop_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


__all__ = ["Base", "Database", "ScopedSession"]
