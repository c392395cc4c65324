"""The database goes away under a worker and comes back: it goes on by itself, and nobody hears anything twice."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from bot.clock import SystemClock
from bot.models import OutboxRow
from bot.models.session import Database
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.reminders.rendering import Parcel
from bot.reminders.scheduler import Scheduler, Ticker
from bot.services.desk import Desk
from bot.services.outbox import Address, Promise
from bot.services.recording import Recorder
from tests.conftest import PostgresServer
from tests.factories import TeamWorld, make_team_world
from tests.integration.test_delivery import RecordingSlack


class HeldSlack(RecordingSlack):
    """Has the message "held" on its way until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.has_it, self.let_go = threading.Event(), threading.Event()

    def post(self, channel: str, text: str, *rest: Any, **more: Any) -> str:
        if text == "held":
            self.has_it.set()
            self.let_go.wait(30)
        return super().post(channel, text, *rest, **more)


@pytest.fixture
def world(postgres_url: str) -> Iterator[TeamWorld]:
    database = Database(postgres_url)
    yield make_team_world(Desk(database, SystemClock()), SystemClock())  # type: ignore[arg-type]
    database.close()


def plain(_desk: Desk, promised: Promise, _address: Address) -> Parcel:
    return Parcel((promised.payload["text"], []))


def promise(world: TeamWorld, text: str) -> None:
    with world.desk.transaction(world.admin) as session:
        Recorder(world.desk, session, world.admin).promise("plain", "CNORTH", {"text": text})


def states(world: TeamWorld) -> list[str]:
    with world.desk.database.reading(None) as session:
        return list(session.scalars(select(OutboxRow.state).where(OutboxRow.kind == "plain").order_by(OutboxRow.id)))


def eventually(is_so: Any, seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_worker_that_loses_its_database_goes_on_by_itself(
    postgres: PostgresServer, world: TeamWorld, caplog: pytest.LogCaptureFixture
) -> None:
    slack = HeldSlack()
    delivery = Delivery(world.desk, slack, pace=Pace(None), renderer=plain)
    scheduler = Scheduler(world.desk, Ticker(world.desk, delivery), seconds=0.05)
    scheduler.start()
    try:
        promise(world, "first")
        promise(world, "held")
        assert slack.has_it.wait(10)
        with postgres.away():
            # It arrives while nobody can write that down.
            slack.let_go.set()
            assert eventually(lambda: "the tick delivery failed" in caplog.text)
        promise(world, "last")
        assert eventually(lambda: states(world) == ["sent"] * 3), states(world)
    finally:
        scheduler.stop()
    assert slack.texts("CNORTH") == ["first", "held", "last"]
