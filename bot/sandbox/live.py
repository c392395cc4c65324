"""Owns the pages that watch: each person's open browser tabs and the changes sent to them."""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.things import Json
from bot.sandbox.world import World

_BACKLOG = 5000
"""Changes that wait for a slow page before it is told to read everything again."""


@dataclass(eq=False)
class Watcher:
    """One page."""

    user: str
    queue: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


class Live:
    """Sends changes to the pages that may see them.

    Args:
        world: Whose changes; it is listened to only while somebody watches.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._watchers: list[Watcher] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Know the loop on which the pages are served."""
        self._loop = loop

    def tell(self, audience: frozenset[str] | None, body: Json) -> None:
        """Take a change; may be called from any thread."""
        if self._loop is not None:
            text = json.dumps(body, ensure_ascii=False)
            with contextlib.suppress(RuntimeError):  # the loop may have ended meanwhile
                self._loop.call_soon_threadsafe(self._spread, audience, text)

    def _spread(self, audience: frozenset[str] | None, text: str) -> None:
        for watcher in self._watchers:
            if audience is not None and watcher.user not in audience:
                continue
            if watcher.queue.qsize() >= _BACKLOG:
                while not watcher.queue.empty():
                    watcher.queue.get_nowait()
                text = json.dumps({"type": "channels"})
            watcher.queue.put_nowait(text)

    async def serve(self, socket: WebSocket, user: str) -> None:
        """Hold one page's connection until it ends."""
        await socket.accept()
        watcher = Watcher(user)
        self._watchers.append(watcher)
        if len(self._watchers) == 1:
            self._world.listeners.append(self.tell)
        sender = asyncio.create_task(self._send(socket, watcher))
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._watchers.remove(watcher)
            if not self._watchers:
                self._world.listeners.remove(self.tell)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    @staticmethod
    async def _send(socket: WebSocket, watcher: Watcher) -> None:
        while True:
            await socket.send_text(await watcher.queue.get())
