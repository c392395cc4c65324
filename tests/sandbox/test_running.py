"""Starting, stopping, connecting and being cut off."""

import socket
import threading
import time
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.sandbox import Call, Sandbox, SandboxSettings
from bot.sandbox.live import Live, Watcher
from bot.sandbox.records import Records
from bot.sandbox.things import Refusal
from tests.sandbox.bolt_app import HttpApp, SocketApp, make_app


def test_it_starts_at_once_and_can_be_started_again() -> None:
    sandbox = Sandbox()
    start = time.monotonic()
    assert sandbox.start().startswith("http://127.0.0.1:")
    assert time.monotonic() - start < 0.5
    with pytest.raises(RuntimeError, match="runs already"):
        sandbox.start()
    sandbox.stop()
    sandbox.stop()
    with pytest.raises(RuntimeError, match="start the sandbox first"):
        sandbox.say("U1", "C1", "x")


def test_people_may_exist_and_change_before_it_starts() -> None:
    sandbox = Sandbox()
    sandbox.add_member("U1", announce=True)
    sandbox.add_channel("C1", "c")
    assert sandbox.add_to_channel("C1", "U1").ok
    assert sandbox.deactivate_member("U1").ok
    assert sandbox.calls == []


def test_a_taken_port_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Sandbox(SandboxSettings(port=taken.getsockname()[1])).start()


def test_nobody_connects(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError, match="no Socket Mode connection"):
        sandbox.wait_connected(0.05)


def test_connections_share_the_load_and_are_replaced(sandbox: Sandbox) -> None:
    app, heard = make_app(sandbox)
    first, second = SocketApp(app, sandbox), SocketApp(app, sandbox)
    first.start()
    second.start()
    assert sandbox.wait_until(lambda: sandbox.connections == 2)
    before = {id(first.handler.client.current_session), id(second.handler.client.current_session)}
    assert all(sandbox.command("U1", "/say", str(number)).ok for number in range(4))
    sandbox.refresh_connections()

    def replaced() -> bool:
        now = {id(first.handler.client.current_session), id(second.handler.client.current_session)}
        return not now & before and sandbox.connections == 2

    assert sandbox.wait_until(replaced)
    assert sandbox.command("U1", "/say", "after").ok
    first.stop()
    assert sandbox.wait_until(lambda: sandbox.connections == 1)
    assert all(sandbox.command("U1", "/say", str(number)).ok for number in range(3))
    second.stop()
    assert len(heard.of("command")) == 8


def test_an_app_that_goes_away_leaves_what_it_did_not_ack(sandbox: Sandbox) -> None:
    app, heard = make_app(sandbox)
    running = SocketApp(app, sandbox)
    running.start()
    sandbox.wait_connected()
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(sandbox.command("U1", "/say", "slow")))
    asking.start()
    assert sandbox.wait_until(lambda: heard.of("command"))
    running.handler.client.auto_reconnect_enabled = False
    running.handler.client.disconnect()
    asking.join(5)
    heard.slow.set()
    running.stop()
    assert answers[0].error == "dispatch_failed"


def test_the_request_url_answers_the_challenge(sandbox: Sandbox) -> None:
    app, _ = make_app(sandbox)
    running = HttpApp(app)
    sandbox.connect_http(running.start())
    assert sandbox.verify_request_url()
    running.stop()
    assert not sandbox.verify_request_url()


def test_events_wait_for_an_app_that_comes_back(sandbox: Sandbox) -> None:
    app, heard = make_app(sandbox)
    running = HttpApp(app)
    url = running.start()
    sandbox.connect_http(url)
    running.stop()
    assert sandbox.say("U1", "C1", "while away").error == "dispatch_failed"
    again = HttpApp(app)
    sandbox.connect_http(again.start())
    assert sandbox.wait_until(lambda: heard.of("event"))
    again.stop()
    assert heard.retries[0] in {"1", "2", "3"}


def test_stopping_forgets_what_was_to_be_redelivered() -> None:
    sandbox = Sandbox(SandboxSettings(event_retry_seconds=(60.0,)))
    sandbox.add_member("U1")
    sandbox.add_channel("C1", "c", ["U1"])
    sandbox.start()
    sandbox.connect_http("http://127.0.0.1:9/")
    assert sandbox.say("U1", "C1", "x").error == "dispatch_failed"
    start = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - start < 3


def test_the_server_stops_under_a_connected_app(sandbox: Sandbox) -> None:
    app, _ = make_app(sandbox)
    running = SocketApp(app, sandbox)
    running.start()
    sandbox.wait_connected()
    running.handler.client.auto_reconnect_enabled = False
    start = time.monotonic()
    sandbox.stop()
    assert time.monotonic() - start < 3
    running.stop()


def test_calls_are_answered_fast_enough_not_to_slow_the_bot(sandbox: Sandbox) -> None:
    """A guard of the order of magnitude (with the client in this process, on a busy machine), not a benchmark."""
    client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
    start = time.perf_counter()
    for _ in range(200):
        client.chat_postMessage(channel="C1", text="x")
    assert 200 / (time.perf_counter() - start) > 100


def test_a_slow_page_is_told_to_read_again(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> None:
    monkeypatch.setattr("bot.sandbox.live._BACKLOG", 2)
    live = Live(sandbox._server.world)
    watcher = Watcher("U1")
    live._watchers.append(watcher)
    live.tell(None, {"type": "nobody serves yet"})
    for number in range(3):
        live._spread(None, str(number))
    assert watcher.queue.qsize() == 1
    assert watcher.queue.get_nowait() == '{"type": "channels"}'


def test_only_the_latest_calls_are_kept() -> None:
    records = Records(2)
    for name in ("a", "b", "c"):
        records.call(Call(method=name, args={}, answer={}))
    assert [call.method for call in records.calls] == ["b", "c"]


def test_members_and_channels_refuse_what_is_wrong(sandbox: Sandbox) -> None:
    with pytest.raises(TypeError, match="no colour"):
        sandbox.change_member("U1", colour="red")
    with pytest.raises(Refusal, match="already_in_channel"):
        sandbox.add_to_channel("C1", "U1")
    assert sandbox.add_to_channel("C2", "U1").ok
    assert sandbox.page_url.endswith("/")
    assert not sandbox.wait_until(lambda: False, 0.01)
