"""Owns what the stand-in remembers for tests: every Web API call, and every payload that broke a rule of Slack."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.checks import Verdict
from bot.sandbox.things import Json


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call of the Web API.

    Attributes:
        method: Such as ``chat.postMessage``; ``response_url`` and ``upload`` for those two.
        args: What was given, without the token.
        answer: What was (or would have been) answered.
        status: HTTP status; 0 when the connection was cut.
        at_seconds: ``time.monotonic()`` at the answer.
    """

    method: str
    args: Json
    answer: Json
    status: int = 200
    at_seconds: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A payload that breaks a rule of Slack.

    Attributes:
        where: The method, or the kind of ack such as ``view_submission``.
        error: Slack's code, or ``missing_text`` for what Slack only warns about.
        messages: What is wrong and where.
        payload: What was sent.
    """

    where: str
    error: str
    messages: tuple[str, ...]
    payload: Any


class Records:
    """The last calls and violations.

    Args:
        keep: How many of each.
    """

    def __init__(self, keep: int) -> None:
        self._calls: deque[Call] = deque(maxlen=keep)
        self._violations: deque[Violation] = deque(maxlen=keep)

    def call(self, call: Call) -> None:
        """Remember a call."""
        self._calls.append(call)

    def violation(self, where: str, verdict: Verdict, payload: Any) -> None:
        """Remember a payload that breaks a rule."""
        self._violations.append(
            Violation(where=where, error=verdict.error or "", messages=verdict.messages, payload=payload)
        )

    @property
    def calls(self) -> list[Call]:
        """Every call, oldest first."""
        return list(self._calls.copy())

    @property
    def violations(self) -> list[Violation]:
        """Every violation, oldest first."""
        return list(self._violations.copy())

    def calls_of(self, method: str) -> list[Call]:
        """Every call of a method, oldest first."""
        return [call for call in self.calls if call.method == method]


def without_token(args: Mapping[str, Any]) -> Json:
    """Leave the token out of a call's arguments."""
    return {key: value for key, value in args.items() if key != "token"}
