"""Owns the WebSocket connections of the app: Socket Mode."""

import asyncio
import itertools
import json
import uuid
from dataclasses import dataclass, field

from starlette.websockets import WebSocket, WebSocketDisconnect

from bot.sandbox.answers import Ack, Delivery
from bot.sandbox.desk import Desk
from bot.sandbox.things import Json


@dataclass(eq=False)
class Link:
    """One connection, with the envelopes that wait for an ack."""

    socket: WebSocket
    waiting: dict[str, asyncio.Future[Ack]] = field(default_factory=dict)


class SocketHub:
    """Spreads deliveries over the app's connections and waits for their acks. Lives on the server's event loop.

    Args:
        desk: Whose tickets let the app in.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._links: list[Link] = []
        self._turn = itertools.count()
        self.ever_connected = False

    @property
    def connections(self) -> int:
        """How many connections stand."""
        return len(self._links)

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection until it ends."""
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._desk.tickets:
            await socket.close(4001)
            return
        self._desk.tickets.discard(ticket)
        await socket.accept()
        link = Link(socket)
        self._links.append(link)
        self.ever_connected = True
        try:
            await socket.send_text(json.dumps(self._hello()))
            while True:
                self._take_ack(link, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._drop(link)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """Ask every connection to be replaced, as Slack does every few hours."""
        for link in list(self._links):
            await link.socket.send_text(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))

    async def deliver(self, delivery: Delivery) -> Ack:
        """Send one envelope and wait for its ack."""
        if not self._links:
            return Ack(error="dispatch_failed")
        link = self._links[next(self._turn) % len(self._links)]
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
            "payload": delivery.payload,
        }
        if delivery.kind == "events_api":
            envelope["retry_attempt"] = delivery.retry_num
            envelope["retry_reason"] = delivery.retry_reason
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        link.waiting[envelope["envelope_id"]] = future
        try:
            await link.socket.send_text(json.dumps(envelope, ensure_ascii=False))
            async with asyncio.timeout(self._desk.settings.ack_seconds):
                return await future
        except TimeoutError:
            return Ack(error="timeout")
        except (WebSocketDisconnect, RuntimeError):
            return Ack(error="dispatch_failed")
        finally:
            link.waiting.pop(envelope["envelope_id"], None)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._links),
            "connection_info": {"app_id": self._desk.settings.app_id},
            "debug_info": {"host": "sandbox", "approximate_connection_time": 18060},
        }

    @staticmethod
    def _take_ack(link: Link, text: str) -> None:
        try:
            ack = json.loads(text)
        except ValueError:
            return
        future = link.waiting.get(ack.get("envelope_id", "")) if isinstance(ack, dict) else None
        if future is not None and not future.done():
            future.set_result(Ack(body=ack.get("payload")))

    def _drop(self, link: Link) -> None:
        self._links.remove(link)
        for future in link.waiting.values():
            if not future.done():
                future.set_result(Ack(error="dispatch_failed"))
