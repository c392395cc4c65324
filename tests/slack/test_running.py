"""The roles of the program, its health and its figures, and how it stops."""

import json
import logging
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text, update
from sqlalchemy.exc import SQLAlchemyError

from bot import app as program
from bot import logs, vitals
from bot.app import Bot, Role
from bot.config import Settings
from bot.health import Health, served
from bot.models import Opportunity, OutboxRow
from bot.models.session import Database
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.services import leads, outbox, standing
from bot.services.desk import system_actor
from bot.services.recording import Recorder
from bot.slack.gateway import Gateway
from tests.slack.conftest import CHANNEL, MANAGER, REP, World, populate


def made(sandbox: Sandbox, url: str, role: Role, **settings: Any) -> Bot:
    """Build a bot of a role as ``run`` does, its ticks short."""
    options = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(sandbox.settings.bot_token),
        slack_app_token=SecretStr(sandbox.settings.app_token),
        slack_signing_secret=SecretStr(sandbox.settings.signing_secret),
        slack_api_url=sandbox.base_url,
        database_url=url,
        tick_seconds=0.1,
        **settings,
    )
    return program.build(options, role=role)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def asked(port: int, path: str) -> tuple[int, str]:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return int(answer.status), answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            time.sleep(0.02)
    raise AssertionError("nobody listens")


def test_web_takes_requests_and_leaves_the_delivery_to_a_worker(sandbox: Sandbox, postgres_url: str) -> None:
    port = free_port()
    web, worker = made(sandbox, postgres_url, "web"), made(sandbox, postgres_url, "worker", health_port=port)
    populate(web.desk, sandbox.settings.team_id)
    stop_web, stop_worker = threading.Event(), threading.Event()
    requests = threading.Thread(target=program.run_socket_mode, args=(web,), kwargs={"until": stop_web})
    requests.start()
    sandbox.wait_connected()
    assert sandbox.command(REP, "/lead").ok
    assert sandbox.wait_until(lambda: sandbox.view(REP) is not None)
    assert sandbox.submit(REP, {"customer": "Osprey Textiles", "need": "A quote"}).ok
    assert sandbox.messages(CHANNEL) == []
    clock = threading.Thread(target=program.run_worker, args=(worker,), kwargs={"until": stop_worker})
    clock.start()
    assert sandbox.wait_until(lambda: len(sandbox.messages(CHANNEL)) == 1, 10)
    assert asked(port, "/healthz")[0] == 200
    status, said = asked(port, "/readyz")
    assert (status, '"clock":true' in said, "socket" in said) == (200, True, False)
    assert 'closeloop_messages_total{outcome="sent"}' in asked(port, "/metrics")[1]
    stop_web.set()
    stop_worker.set()
    for thread in (requests, clock):
        thread.join(20)
        assert not thread.is_alive()


def test_readiness_names_what_is_missing(bot: Bot, sqlite_url: str) -> None:
    health = Health(bot.desk, is_connected=lambda: False)
    assert health.checks() == {"database": True, "schema": True, "clock": True, "socket": False}
    assert Health(bot.desk, _newest="9999").checks()["schema"] is False
    gone = Database("sqlite:////nowhere/at/all.sqlite3")
    broken = Health(type(bot.desk)(gone, bot.desk.clock))
    assert broken.checks()["database"] is False
    assert b"closeloop_ticks" in broken.figures()
    gone.close()


def test_worker_that_is_far_behind_is_not_ready_and_the_figures_tell_how_far(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    now = world.clock.now()
    with world.bot.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).values(attention_at=now))
        session.execute(update(OutboxRow).values(state="dead"))
    world.clock.advance(timedelta(seconds=121))
    found = standing.standing(world.bot.desk)
    assert (found.lag_seconds, found.depth["dead"]) == (121.0, 1)
    assert Health(world.bot.desk).checks()["clock"] is False
    assert "clock" not in Health(world.bot.desk, keeps_the_clock=False).checks()
    figures = Health(world.bot.desk).figures().decode()
    assert "closeloop_clock_lag_seconds 121.0" in figures
    assert 'closeloop_outbox_messages{state="dead"} 1.0' in figures


def test_web_tells_how_far_behind_the_workers_are_and_stays_ready(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    now = world.clock.now()
    with world.bot.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).values(attention_at=now))
        session.execute(update(OutboxRow).values(state="waiting", due_at=now))
    world.clock.advance(timedelta(seconds=500))
    port = free_port()
    with served(Health(world.bot.desk, keeps_the_clock=False), "127.0.0.1", port):
        status, said = asked(port, "/readyz")
    assert (status, json.loads(said)["ok"]) == (200, True)
    assert (json.loads(said)["clock_lag_seconds"], json.loads(said)["outbox_oldest_seconds"]) == (500.0, 500.0)
    assert Health(world.bot.desk).behind() == {}
    gone = Database("sqlite:////nowhere/at/all.sqlite3")
    assert Health(type(world.bot.desk)(gone, world.clock), keeps_the_clock=False).behind() == {}
    gone.close()


def test_calls_and_requests_are_counted_by_what_came_of_them(world: World) -> None:
    def count(method: str, code: str) -> float:
        return vitals.REGISTRY.get_sample_value("closeloop_slack_calls_total", {"method": method, "code": code}) or 0.0

    def answered(kind: str) -> float:
        labels = {"kind": kind, "status": "200"}
        return vitals.REGISTRY.get_sample_value("closeloop_request_seconds_count", labels) or 0.0

    before, commands = count("chat.postMessage", "http_502"), answered("command")
    world.sandbox.faults.add("chat.postMessage", Fault(status=502), times=1)
    world.lead(REP, "Osprey Textiles")
    assert count("chat.postMessage", "http_502") == before + 1
    assert answered("command") > commands


def test_lines_of_a_request_carry_the_id_that_its_member_is_shown(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []

    def breaks(*_: Any, **__: Any) -> Any:
        seen.append(logs.current_id())
        raise ZeroDivisionError

    world.sandbox.command(REP, "/lead")
    world.settle()
    monkeypatch.setattr(leads, "capture", breaks)
    answer = world.sandbox.submit(REP, {"customer": "Acme", "need": "A quote"})
    assert answer.errors["customer"].endswith(seen[0])


def test_nothing_that_people_typed_is_logged_at_info(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        world.lead(REP, "Osprey Textiles", "A quote for 20 looms")
        world.sandbox.command(REP, "/followup", "osprey talked with Mr Secret; next thu 3pm call")
        world.settle()
    assert "answered 200" in caplog.text
    for typed in ("Osprey", "looms", "Secret"):
        assert typed not in caplog.text


def test_statement_that_fails_keeps_its_values_out_of_the_log(bot: Bot) -> None:
    with pytest.raises(SQLAlchemyError) as failed, bot.desk.database.reading(None) as session:
        session.execute(text("SELECT :typed FROM nowhere"), {"typed": "Mr Secret"})
    assert "Mr Secret" not in str(failed.value)


@pytest.fixture
def slow(sandbox: Sandbox, bot: Bot) -> Iterator[Delivery]:
    gateway = Gateway(sandbox.settings.bot_token, base_url=sandbox.base_url)
    delivery = Delivery(bot.desk, gateway, pace=Pace(None), threads=2)
    yield delivery
    delivery.close()


def test_stopping_finishes_what_is_on_its_way_and_gives_the_rest_back(
    sandbox: Sandbox, bot: Bot, slow: Delivery
) -> None:
    by = system_actor(1)
    channels = [f"CSLOW{number}" for number in range(6)]
    with bot.desk.transaction(by) as session:
        for channel in channels:
            sandbox.add_channel(channel, channel.lower(), [MANAGER])
            payload = {"key": "setup.who_can", "params": {}}
            Recorder(bot.desk, session, by).promise("notice", channel, payload)
    sandbox.faults.rule = lambda method, _args: Fault(delay_seconds=0.5) if method == "chat.postMessage" else None
    thread = threading.Thread(target=slow.run)
    thread.start()
    time.sleep(0.25)
    slow.close()
    thread.join(10)
    assert not thread.is_alive()
    posted = [channel for channel in channels if sandbox.messages(channel)]
    assert len(posted) == 2
    given_back = outbox.lease(bot.desk)
    assert {one.channel for one in given_back} == set(channels) - set(posted)
    assert {(one.tried_at, one.attempts) for one in given_back} == {(0.0, 1)}


def test_health_is_told_on_no_port_unless_one_is_given(bot: Bot) -> None:
    # Other threads come and go while we look.
    before = set(threading.enumerate())
    with served(bot.health(), "127.0.0.1", 0):
        assert not {one.name for one in set(threading.enumerate()) - before} & {"health"}
