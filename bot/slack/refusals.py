"""Owns the translation of what Slack and the network answer into gateway errors."""

import re
from collections.abc import Mapping
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.errors import Blocked, GatewayError, RateLimited, Rejected, Unavailable
from bot.services.dead_letters import BLOCKS
from bot.slack.retries import was_never_sent

# An error code, alone or in an answer; anything else, such as a proxy's page, is no name for a refusal.
_CODE = re.compile(r'\A([a-z_]{3,60})\Z|"error":\s*"([a-z_]{3,60})"')
_TOO_MANY_REQUESTS = 429
_SERVER_ERRORS = 500
_PATIENCE_SECONDS = 30.0

_PATIENCE = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})

# Slack's own troubles pass by themselves.
_WORTH_A_RETRY = frozenset({"external_channel_migrating", "team_added_to_org"})

# Slack warns that some of the work may have been done when it answers with one of these.
_MAY_BE_DONE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})


def error_of(error: Exception) -> GatewayError:
    """Return the gateway error that stands for what the client raised."""
    if not isinstance(error, SlackApiError):
        reason = f"{type(error).__name__}: {error}"
        return Unavailable(reason, may_be_done=not was_never_sent(error), is_answered=False)
    response: Any = error.response
    if isinstance(response, str):
        return Unavailable(response)
    status = getattr(response, "status_code", 200)
    if status == _TOO_MANY_REQUESTS:
        return RateLimited(retry_after(response.headers))
    if status >= _SERVER_ERRORS:
        return status_error(status, None)
    said: Any = {} if isinstance(response.data, bytes) else response
    return code_error(str(said.get("error") or "unknown_error"), needed=said.get("needed"))


def label_of(error: GatewayError) -> str:
    """Return what a figure calls an error: Slack's code, ``http_502``, ``ratelimited``, or ``no_answer``."""
    if isinstance(error, RateLimited):
        return "ratelimited"
    return "no_answer" if isinstance(error, Unavailable) and not error.is_answered else str(error)


def code_error(code: str, *, needed: str | None = None) -> GatewayError:
    """Return the gateway error that stands for an error code of Slack's, such as ``channel_not_found``.

    Args:
        code: Slack's.
        needed: The scope that it says is missing, beside ``missing_scope``.
    """
    if code in _PATIENCE:
        return RateLimited(_PATIENCE_SECONDS)
    if code in BLOCKS:
        return Blocked(code, needed=needed)
    if code in _MAY_BE_DONE:
        return Unavailable(code)
    return Unavailable(code, may_be_done=False) if code in _WORTH_A_RETRY else Rejected(code)


def status_error(status: int, body: str | None) -> GatewayError:
    """Return the gateway error that stands for an HTTP status of 400 or more."""
    if status >= _SERVER_ERRORS:
        return Unavailable(f"http_{status}")
    said = _CODE.search((body or "").strip())
    return Rejected((said[1] or said[2]) if said else f"http_{status}")


def retry_after(headers: Mapping[str, Any]) -> float:
    """Return the seconds that Slack asks to wait for."""
    for name, value in headers.items():
        if name.lower() == "retry-after":
            first = value[0] if isinstance(value, list) else value
            try:
                return max(0.0, float(first))
            except ValueError:
                break
    return _PATIENCE_SECONDS
