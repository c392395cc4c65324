"""Owns the connections to Slack's Web API: kept open from call to call, so that not every call shakes hands anew."""

import select
import ssl
import time
import weakref
from collections import deque
from http.client import HTTPConnection, HTTPSConnection
from io import BytesIO
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request

from slack_sdk import WebClient

# Far below what servers allow: one that they close at the moment in which we ask leaves us guessing whether they heard.
_IDLE_SECONDS = 2.0
_OK = range(200, 300)


class KeptClient(WebClient):
    """slack_sdk's client, which opens a connection for each call and reads the certificates for each, without doing so.

    Behind a proxy it is as slack_sdk makes it.

    Args:
        base_url: Address of the Web API.
        options: As for slack_sdk's client.
    """

    def __init__(self, *, base_url: str, **options: Any) -> None:
        super().__init__(base_url=base_url, **options)
        at = urlsplit(base_url)
        if at.scheme == "https" and self.ssl is None:
            self.ssl = ssl.create_default_context()
        self._host, self._is_safe = at.netloc, at.scheme == "https"
        self._idle: deque[tuple[float, HTTPConnection]] = deque()
        weakref.finalize(self, _close, self._idle)

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """Send one request; slack_sdk asks this of itself, and judges and repeats what comes of it."""
        if self.proxy is not None:
            return super()._perform_urllib_http_request_internal(url, req)
        connection = self._connection()
        try:
            try:
                connection.request(req.get_method(), req.selector, req.data, req.headers)
            except OSError as error:
                raise URLError(error) from error
            answer = connection.getresponse()
            body = answer.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append((time.monotonic(), connection))
        if answer.status not in _OK:
            raise HTTPError(url, answer.status, answer.reason, answer.headers, BytesIO(body))
        charset = answer.headers.get_content_charset() or "utf-8"
        return {"status": answer.status, "headers": answer.headers, "body": body.decode(charset)}

    def _connection(self) -> HTTPConnection:
        while self._idle:
            try:
                since, connection = self._idle.pop()
            except IndexError:
                break  # another thread was quicker
            if time.monotonic() - since < _IDLE_SECONDS and not _has_ended(connection):
                return connection
            connection.close()
        if self._is_safe:
            return HTTPSConnection(self._host, timeout=self.timeout, context=self.ssl)
        return HTTPConnection(self._host, timeout=self.timeout)


def _has_ended(connection: HTTPConnection) -> bool:
    """Say whether the other side closed a connection: nothing else is to be read where nothing was asked."""
    if connection.sock is None:
        return True
    look = select.poll()
    look.register(connection.sock, select.POLLIN)
    return bool(look.poll(0))


def _close(connections: deque[tuple[float, HTTPConnection]]) -> None:
    while connections:
        connections.pop()[1].close()
