"""Owns the way to the app: which transport, how long an ack took, and the redelivery of events."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor

from bot.sandbox.answers import Ack, Answer, Delivery
from bot.sandbox.desk import Desk
from bot.sandbox.payloads import Payloads
from bot.sandbox.signed_http import RequestUrl
from bot.sandbox.socket_mode import SocketHub
from bot.sandbox.things import Json

_REASONS = {"timeout": "http_timeout", "dispatch_failed": "connection_failed", "http_service_error": "http_error"}
_NO_ANSWER = {
    "timeout": "{app} did not answer in time.",
    "dispatch_failed": "{app} is not connected.",
    "http_service_error": "{app} answered with an error.",
}


class Wire:
    """Delivers to the app. Lives on the server's event loop.

    Args:
        desk: Settings and world.
        hub: Socket Mode, used unless a request URL is set.
    """

    def __init__(self, desk: Desk, hub: SocketHub) -> None:
        self._desk = desk
        self._hub = hub
        self._url: RequestUrl | None = None
        self._threads = ThreadPoolExecutor(desk.settings.workers, thread_name_prefix="sandbox-http")
        self._retries: set[asyncio.Task[None]] = set()
        self.payloads = Payloads(desk)
        self.subscriptions = frozenset(desk.settings.events)

    def use_http(self, request_url: str | None) -> None:
        """Post to this address from now on; None goes back to Socket Mode."""
        self._url = RequestUrl(request_url, self._desk.settings, self._threads) if request_url else None

    @property
    def installed(self) -> bool:
        """Whether the app was ever there to be told anything."""
        return self._url is not None or self._hub.ever_connected

    async def send(self, delivery: Delivery) -> tuple[Ack, float]:
        """Deliver once.

        Returns:
            The ack, and the real seconds until it came.
        """
        start = time.perf_counter()
        ack = await (self._url.deliver(delivery) if self._url else self._hub.deliver(delivery))
        return ack, time.perf_counter() - start

    async def ask(self, kind: str, payload: Json, user: str) -> Answer:
        """Deliver a person's act, and tell them when the app does not answer.

        Args:
            kind: ``slash_commands`` or ``interactive``.
            payload: What the app gets.
            user: Who acted.
        """
        delivery = Delivery(kind=kind, payload=payload)
        ack, seconds = await self.send(delivery)
        if ack.error:
            self.notice(user, _NO_ANSWER[ack.error].format(app=self._desk.settings.app_name))
        return Answer(
            ok=ack.error is None,
            error=ack.error,
            body=ack.body,
            seconds=seconds,
            payload=payload,
            deliveries=(delivery,),
        )

    def notice(self, user: str, text: str) -> None:
        """Show a plain line to a person."""
        self._desk.world.tell([user], {"type": "notice", "text": text})

    async def announce(self, name: str, event: Json) -> Answer:
        """Deliver an event if the app is subscribed, and again later if it does not ack.

        Args:
            name: Name of the subscription, such as ``message.channels``.
            event: The event.
        """
        if name not in self.subscriptions or not self.installed:
            return Answer()
        delivery = Delivery(kind="events_api", payload=self.payloads.event(event))
        ack, seconds = await self.send(delivery)
        if ack.error:
            task = asyncio.create_task(self._again(delivery, ack.error))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return Answer(
            ok=ack.error is None,
            error=ack.error,
            body=ack.body,
            seconds=seconds,
            payload=delivery.payload,
            deliveries=(delivery,),
        )

    async def _again(self, delivery: Delivery, error: str) -> None:
        for number, wait in enumerate(self._desk.settings.event_retry_seconds, 1):
            await asyncio.sleep(wait)
            reason = _REASONS[error] if self._url else "timeout"
            again = Delivery(kind=delivery.kind, payload=delivery.payload, retry_num=number, retry_reason=reason)
            ack, _ = await self.send(again)
            if ack.error is None:
                return
            error = ack.error

    async def challenge(self) -> bool:
        """Send ``url_verification``; gives whether the challenge came back."""
        word = self._desk.world.new_id("challenge")
        payload = {"token": self._desk.settings.verification_token, "challenge": word, "type": "url_verification"}
        ack, _ = await self.send(Delivery(kind="events_api", payload=payload))
        answered = ack.body.get("challenge") if isinstance(ack.body, dict) else ack.body
        return ack.error is None and bool(answered == word)

    async def close(self) -> None:
        """Give up what is still to be redelivered."""
        for task in list(self._retries):
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)
