"""The end of a database: no connection stays open, whoever gives one back at that moment."""

import threading
from typing import Any

from sqlalchemy import event

from bot.models.session import Database


def opening(url: str) -> tuple[Database, list[Any]]:
    """Return a database, and the driver's connections that it will have opened."""
    database, opened = Database(url), list[Any]()
    event.listen(database.engine, "connect", lambda connection, _record: opened.append(connection))
    return database, opened


def test_connection_that_is_given_back_while_the_database_closes_is_closed(postgres_url: str) -> None:
    database, opened = opening(postgres_url)
    given_back, closed = threading.Event(), threading.Event()

    # After the last look at whether it is still wanted, and before it lies in the pool: there the end may fall.
    @event.listens_for(database.engine, "checkin")
    def _wait(_connection: object, _record: object) -> None:
        given_back.set()
        closed.wait(10)

    def use() -> None:
        with database.reading(None) as session:
            session.connection()

    thread = threading.Thread(target=use)
    thread.start()
    assert given_back.wait(10)
    database.close()
    closed.set()
    thread.join()
    assert [one.closed for one in opened] == [True]


def test_connection_in_use_is_closed_when_it_comes_back(postgres_url: str) -> None:
    database, opened = opening(postgres_url)
    with database.reading(None) as session:
        session.connection()
        database.close()
        assert [one.closed for one in opened] == [False]
    assert [one.closed for one in opened] == [True]
