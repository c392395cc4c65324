"""Owns what is tried again at once, inside one call: only what cannot happen twice by it."""

from http.client import RemoteDisconnected
from socket import gaierror
from urllib.error import URLError

from slack_sdk.http_retry import BackoffRetryIntervalCalculator, RetryHandler
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState

_SERVER_ERRORS = frozenset({500, 502, 503, 504})
# A second try of these after a lost answer would be seen twice, or would find its trigger used up.
_ONCE = ("chat.postMessage", "chat.postEphemeral", "views.open", "views.push")


class ConnectionRetry(RetryHandler):
    """Tries again when no connection came about, and after a lost answer where doing it twice is harmless."""

    def _can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the interface of slack_sdk
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if response is not None or error is None:
            return False
        if was_never_sent(error):
            return True
        return _is_repeatable(request) and isinstance(error, URLError | ConnectionResetError | RemoteDisconnected)


class ServerRetry(RetryHandler):
    """Tries again after a fault of Slack's own where doing it twice is harmless."""

    def _can_retry(
        self,
        *,
        state: RetryState,  # noqa: ARG002 - the interface of slack_sdk
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002 - as above
    ) -> bool:
        return response is not None and response.status_code in _SERVER_ERRORS and _is_repeatable(request)


def was_never_sent(error: Exception) -> bool:
    """Say whether no connection came about at all, so that Slack cannot have heard anything."""
    cause = error.reason if isinstance(error, URLError) else error
    return isinstance(cause, ConnectionRefusedError | gaierror)


def retry_handlers() -> list[RetryHandler]:
    """Return the handlers of one client; a 429 is not among them: the outbox owns longer waits."""
    return [
        ConnectionRetry(max_retry_count=1, interval_calculator=BackoffRetryIntervalCalculator(backoff_factor=0.1)),
        ServerRetry(max_retry_count=1, interval_calculator=BackoffRetryIntervalCalculator(backoff_factor=0.1)),
    ]


def _is_repeatable(request: HttpRequest) -> bool:
    url = request.url or ""
    return "/api/" in url and not url.split("?")[0].endswith(_ONCE)
