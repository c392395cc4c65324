"""Owns the programs that answer requests, each a process of its own, and the raw client whose requests are timed."""

import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bot.config import Settings

SECRET = "bench-secret"
_TOKEN = "xoxb-bench"
_HERE = Path(__file__).parents[1]


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def bot_environment(database_url: str, port: int, slack_url: str, token: str = _TOKEN) -> dict[str, str]:
    """Return the settings of a bot over signed HTTP; all but the pace of a channel as by default."""
    return {
        "SLACK_BOT_TOKEN": token,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": slack_url,
        "DATABASE_URL": database_url,
        "PORT": str(port),
        "LOG_LEVEL": "ERROR",
        # Requests come faster than people type: cards must not pile up as they never would.
        "CHANNEL_MESSAGES_PER_SECOND": "1000",
    }


def bot_settings(database_url: str, port: int, slack_url: str) -> Settings:
    """Return the same settings for a bot inside this process."""
    values = {name.lower(): value for name, value in bot_environment(database_url, port, slack_url).items()}
    return Settings(_env_file=None, **values)  # type: ignore[arg-type]


@contextmanager
def program(arguments: list[str], port: int, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program that listens on a port, and end it with the block."""
    with started(arguments, **environment) as process:
        wait_for(port, process)
        yield process


@contextmanager
def started(arguments: list[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a Python program, and end it with the block."""
    settings = {"PATH": os.environ["PATH"], "PYTHONPATH": str(_HERE), **environment}
    process = subprocess.Popen([sys.executable, *arguments], env=settings, cwd="/", stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 60.0) -> None:
    """Wait until a program says that it is healthy.

    Raises:
        RuntimeError: It ended, or does not say so in time.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2).close()
            return
        time.sleep(0.01)
    raise RuntimeError("the program did not begin to listen")


def encoded(payload: dict[str, Any]) -> str:
    """Return a payload as Slack posts it: a slash command's fields as they are, all else as JSON in one field."""
    fields = payload if "command" in payload else {"payload": json.dumps(payload)}
    return urllib.parse.urlencode(fields)


def signed_headers(body: str) -> dict[str, str]:
    """Return the headers with which Slack signs a body."""
    at = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": at,
        "x-slack-signature": f"v0={digest}",
    }


class Client:
    """Posts signed requests over one kept connection, with as little of its own as can be.

    Args:
        port: Of the program on this machine.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        """Give the connection back."""
        self._socket.close()

    @staticmethod
    def request(payload: dict[str, Any]) -> bytes:
        """Return the request that carries a payload, signed now."""
        body = encoded(payload)
        headers = {"host": "127.0.0.1", "content-length": str(len(body.encode())), **signed_headers(body)}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST /slack/events HTTP/1.1\r\n{head}\r\n{body}".encode()

    def send(self, request: bytes) -> str:
        """Post a request and return the answer's body.

        Raises:
            RuntimeError: The answer is not 200.
        """
        self._socket.sendall(request)
        answer = b""
        while (end := answer.find(b"\r\n\r\n")) < 0:
            answer += self._more()
        head, body = answer[:end].lower(), answer[end + 4 :]
        length = int(head.partition(b"content-length:")[2].partition(b"\r")[0])
        while len(body) < length:
            body += self._more()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"{head[:20]!r}: {body[:300]!r}")
        return body.decode()

    def _more(self) -> bytes:
        piece = self._socket.recv(65536)
        if not piece:
            raise RuntimeError("the program closed the connection")
        return piece
