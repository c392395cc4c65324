"""Owns the running server: one thread with uvicorn, the ticker of scheduled messages, start and stop."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.clock import Clock
from bot.sandbox.acts import Acts
from bot.sandbox.api_chat import send_due
from bot.sandbox.desk import Desk
from bot.sandbox.faults import Faults
from bot.sandbox.live import Live
from bot.sandbox.page_routes import Page
from bot.sandbox.page_time import PageClock
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.socket_mode import SocketHub
from bot.sandbox.web_api import WebApi
from bot.sandbox.wire import Wire
from bot.sandbox.world import World

T = TypeVar("T")
_TICK_SECONDS = 0.05
_START_SECONDS = 10.0
_HOST = "127.0.0.1"


class Server:
    """The stand-in as a program of its own thread.

    Args:
        settings: How it is set up.
        clock: The business clock.
        move_clock: Moves that clock for the page; None for a clock that stands.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock, move_clock: Callable[[datetime], None] | None) -> None:
        self.settings = settings
        self.world = World(settings, clock)
        self.desk = Desk(settings, self.world)
        self.faults = Faults()
        self.hub = SocketHub(self.desk)
        self.wire = Wire(self.desk, self.hub)
        self.acts = Acts(self.desk, self.wire)
        self.live = Live(self.world)
        self.page_clock = PageClock(self.world, move_clock)
        self.page = Page(self.desk, self.acts, self.live, self.page_clock, self.hub)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen, and return when calls are answered.

        Raises:
            OSError: The port is taken.
            RuntimeError: The server does not come up, or runs already.
        """
        if self._thread is not None:
            raise RuntimeError("the sandbox runs already")
        # The protocol is named because asyncio switches Nagle's delay off only for sockets that name it.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((_HOST, self.settings.port))
            listener.listen(1024)
        except OSError:
            listener.close()
            raise
        self.world.base = f"http://{_HOST}:{listener.getsockname()[1]}"
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(listener, ready), name="sandbox", daemon=True)
        self._thread.start()
        if not ready.wait(_START_SECONDS) or self._loop is None:
            raise RuntimeError("the sandbox does not come up")

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._loop is not None

    def stop(self) -> None:
        """Close every connection and end the thread."""
        if self._thread is not None and self._uvicorn is not None:
            self._uvicorn.should_exit = True
            self._thread.join(_START_SECONDS)
        self._thread = self._uvicorn = self._loop = None

    def on_loop(self, act: Coroutine[Any, Any, T]) -> T:
        """Run an act on the server's loop and wait for it.

        Raises:
            RuntimeError: The sandbox does not run.
        """
        if self._loop is None:
            act.close()
            raise RuntimeError("start the sandbox first")
        return asyncio.run_coroutine_threadsafe(act, self._loop).result()

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(listener, ready))
        finally:
            listener.close()
            ready.set()

    async def _serve(self, listener: socket.socket, ready: threading.Event) -> None:
        config = uvicorn.Config(
            _faces(WebApi(self.desk, self.faults), self.page.app()),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_ping_interval=self.settings.ping_seconds,
            ws_max_size=16 * 1024 * 1024,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        self._uvicorn = uvicorn.Server(config)
        self._loop = asyncio.get_running_loop()
        self.live.start(self._loop)
        ticker = asyncio.create_task(self._tick(ready))
        try:
            await self._uvicorn.serve(sockets=[listener])
        finally:
            ticker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await ticker
            await self.wire.close()

    async def _tick(self, ready: threading.Event) -> None:
        while not (self._uvicorn and self._uvicorn.started):  # noqa: ASYNC110 - uvicorn sets a flag; it has no event
            await asyncio.sleep(0.001)
        ready.set()
        while True:
            send_due(self.desk)
            self.page_clock.watch()
            await asyncio.sleep(_TICK_SECONDS)


def _faces(api: ASGIApp, page: ASGIApp) -> ASGIApp:
    """Give the Web API its short way past the page's routes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(("/api/", "/response/", "/upload/")):
            await api(scope, receive, send)
        else:
            await page(scope, receive, send)

    return app
