"""Connections to Slack are kept from call to call, and one that the other side gave up costs nobody a message."""

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.errors import Unavailable
from bot.slack.connections import KeptClient, _has_ended
from bot.slack.gateway import Gateway


class Listening(ThreadingHTTPServer):
    """Answers every call with ``{"ok": true}`` and remembers over which connection it came.

    ``closes`` ends a connection after its answer without a word, ``cuts`` ends the next one instead of an answer.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.callers: list[Any] = []
        self.paths: list[str] = []
        self.closes = False
        self.cuts = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/"


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Listening

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.callers.append(self.client_address)
        self.server.paths.append(self.path)
        if self.server.cuts:
            self.server.cuts -= 1
            self.close_connection = True
            return
        body = b'{"ok": true, "ts": "1.0"}'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.closes

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def listening() -> Iterator[Listening]:
    with Listening() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_calls_one_after_the_other_share_a_connection(listening: Listening) -> None:
    gateway = Gateway("xoxb-1", base_url=listening.url)
    for _ in range(3):
        assert gateway.post("C1", "Hello") == "1.0"
    assert len(listening.callers) == 3
    assert len(set(listening.callers)) == 1


def test_calls_at_the_same_time_have_a_connection_each(listening: Listening) -> None:
    gateway = Gateway("xoxb-1", base_url=listening.url)
    gate = threading.Barrier(4)

    def call() -> None:
        gate.wait()
        gateway.post("C1", "Hello")

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= len(set(listening.callers)) <= 4
    assert len(listening.callers) == 4


def test_connection_that_the_other_side_closed_is_not_used_again(listening: Listening) -> None:
    gateway = Gateway("xoxb-1", base_url=listening.url)
    listening.closes = True
    for _ in range(3):
        assert gateway.post("C1", "Hello") == "1.0"
        while not _is_closed(gateway):
            time.sleep(0.001)
    assert len(set(listening.callers)) == 3


def _is_closed(gateway: Gateway) -> bool:
    """Say whether word of the end has come from the other side; on one machine that takes a moment too."""
    return _has_ended(gateway.client._idle[-1][1])


def test_connection_that_lay_idle_is_not_used_again(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway = Gateway("xoxb-1", base_url=listening.url)
    gateway.post("C1", "Hello")
    monkeypatch.setattr("bot.slack.connections._IDLE_SECONDS", 0.0)
    gateway.post("C1", "Hello")
    assert len(set(listening.callers)) == 2


def test_answer_that_got_lost_may_mean_that_it_was_done_and_the_next_call_goes_well(listening: Listening) -> None:
    gateway = Gateway("xoxb-1", base_url=listening.url)
    gateway.post("C1", "Hello")
    listening.cuts = 1
    with pytest.raises(Unavailable) as lost:
        gateway.post("C1", "Hello")
    assert (lost.value.may_be_done, lost.value.is_answered) == (True, False)
    assert gateway.post("C1", "Hello") == "1.0"
    assert len(listening.callers) == 3


def test_where_nobody_listens_nothing_was_done() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        gateway = Gateway("xoxb-1", base_url=f"http://127.0.0.1:{one.getsockname()[1]}/api/")
    with pytest.raises(Unavailable) as failed:
        gateway.post("C1", "Hello")
    assert not failed.value.may_be_done


def test_safe_connection_is_asked_for_and_its_certificates_are_read_once(listening: Listening) -> None:
    client = KeptClient(base_url=listening.url.replace("http:", "https:"), token="xoxb-1", timeout=2)
    assert client.ssl is not None
    gateway = Gateway("xoxb-1", base_url=client.base_url)
    with pytest.raises(Unavailable, match="SSL"):
        gateway.post("C1", "Hello")


def test_proxy_is_asked_as_the_plain_client_asks_it(listening: Listening) -> None:
    client = KeptClient(base_url="http://slack.invalid/api/", token="xoxb-1", proxy=listening.url)
    assert client.chat_postMessage(channel="C1", text="Hello")["ok"]
    assert listening.paths == ["http://slack.invalid/api/chat.postMessage"]
