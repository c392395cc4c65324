"""The two ways from Slack to a Bolt app as tests need them: up and gone in milliseconds, with nothing left behind for the next test."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot import app
from bot.sandbox import Sandbox


class Front:
    """One web server for all tests of a process; every application has an address of its own, and only while it is served."""

    def __init__(self) -> None:
        self._program = Starlette()
        self._numbers = itertools.count(1)
        config = uvicorn.Config(self._program, host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert Sandbox.wait_until(lambda: self._server.started)
        self._port = self._server.servers[0].sockets[0].getsockname()[1]

    @contextmanager
    def serving(self, application: ASGIApp) -> Iterator[str]:
        """Serve an application, and give the address at which it takes Slack's requests."""
        path = f"/{next(self._numbers)}"
        self._program.mount(path, application)
        (mounted,) = self._program.routes
        try:
            yield f"http://127.0.0.1:{self._port}{path}/slack/events"
        finally:
            self._program.routes.remove(mounted)

    def stop(self) -> None:
        """End the server."""
        self._server.should_exit = True
        self._thread.join(5)


def hang_up(handler: Any) -> None:
    """Close a Socket Mode handler without the waits of its threads for what does not come any more."""
    client = handler.client
    client.closed = True
    # One waits a second for a next message, another for the next bytes of the socket.
    client.message_queue.put(None)
    line = client.current_session and client.current_session.sock
    if line:
        with suppress(OSError):  # the other side may have gone before
            line.shutdown(socket.SHUT_RDWR)
    app.hang_up(handler)
