"""Owns the posts to the app's request URL: signed, form-encoded or JSON, answered within 3 s."""

import asyncio
import hashlib
import hmac
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

from bot.clock import SystemClock
from bot.sandbox.answers import Ack, Delivery
from bot.sandbox.settings import SandboxSettings

_FORM = "application/x-www-form-urlencoded"


class RequestUrl:
    """The app's address, and how it is posted to.

    Args:
        url: Such as ``http://127.0.0.1:3000/slack/events``.
        settings: Secret and patience.
        threads: Where the blocking posts run.
    """

    def __init__(self, url: str, settings: SandboxSettings, threads: ThreadPoolExecutor) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or 80
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._settings = settings
        self._threads = threads

    async def deliver(self, delivery: Delivery) -> Ack:
        """Post one payload and wait for the answer."""
        headers: dict[str, str] = {}
        if delivery.retry_num:
            headers["X-Slack-Retry-Num"] = str(delivery.retry_num)
            headers["X-Slack-Retry-Reason"] = delivery.retry_reason
        kind, body = encode(delivery)
        return await self.post(kind, body, headers)

    async def post(self, kind: str, body: bytes, headers: dict[str, str]) -> Ack:
        """Post signed bytes.

        Args:
            kind: The content type.
            body: The bytes.
            headers: Further headers.
        """
        headers = {**headers, **self._signed(body), "Content-Type": kind}
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._settings.ack_seconds):
                return await loop.run_in_executor(self._threads, self._post, body, headers)
        except TimeoutError:
            return Ack(error="timeout")

    def _signed(self, body: bytes) -> dict[str, str]:
        stamp = str(int(SystemClock().now().timestamp()))
        base = b"v0:" + stamp.encode() + b":" + body
        digest = hmac.new(self._settings.signing_secret.encode(), base, hashlib.sha256).hexdigest()
        return {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={digest}",
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
        }

    def _post(self, body: bytes, headers: dict[str, str]) -> Ack:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._settings.ack_seconds)
        try:
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            content = response.read()
            if not 200 <= response.status < 300:  # noqa: PLR2004 - the statuses that mean success
                return Ack(error="http_service_error", body=content.decode("utf-8", "replace"))
            return Ack(body=decode(response.headers.get("Content-Type", ""), content))
        except TimeoutError:
            return Ack(error="timeout")
        except (OSError, http.client.HTTPException):
            return Ack(error="dispatch_failed")
        finally:
            connection.close()


def encode(delivery: Delivery) -> tuple[str, bytes]:
    """Give content type and bytes of a payload, as Slack posts it."""
    if delivery.kind == "events_api":
        return "application/json", json.dumps(delivery.payload, ensure_ascii=False).encode()
    if delivery.kind == "slash_commands":
        return _FORM, urlencode(delivery.payload).encode()
    return _FORM, urlencode({"payload": json.dumps(delivery.payload, ensure_ascii=False)}).encode()


def decode(kind: str, content: bytes) -> Any:
    """Read the body of an answer: an object, a text, or None when there is none."""
    text = content.decode("utf-8", "replace")
    if not text:
        return None
    if kind.startswith("application/json"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
