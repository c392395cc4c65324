"""Owns the ways in which the Web API can be made to misbehave."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong with one call.

    Attributes:
        status: HTTP status answered instead of the true one, such as 429, 500 or 502; None leaves it.
        retry_after_seconds: Value of ``Retry-After`` beside a 429.
        error: Error code answered with status 200 instead of the true answer, such as ``fatal_error``.
        delay_seconds: Real time before anything happens.
        drop: The connection is cut instead of an answer.
        after: The call is carried out first, and only its answer is lost.
    """

    status: int | None = None
    retry_after_seconds: int = 1
    error: str | None = None
    delay_seconds: float = 0.0
    drop: bool = False
    after: bool = False

    @property
    def hides_answer(self) -> bool:
        """Whether the caller does not get the true answer."""
        return self.drop or self.status is not None or self.error is not None


class Faults:
    """Decides for every call whether it goes wrong, and how.

    Attributes:
        rule: Asked for each call without a planned fault, with the method's name and its arguments; None for no rule.
    """

    def __init__(self) -> None:
        self.rule: Callable[[str, Mapping[str, Any]], Fault | None] | None = None
        self._planned: dict[str, deque[Fault]] = {}
        self._lock = threading.Lock()

    def add(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Plan a fault for the next calls of a method.

        Args:
            method: Name such as ``chat.postMessage``, or ``*`` for any; ``response_url`` and ``upload`` name those two.
            fault: What goes wrong.
            times: How many calls.
        """
        with self._lock:
            self._planned.setdefault(method, deque()).extend([fault] * times)

    def clear(self) -> None:
        """Let every call go well again."""
        with self._lock:
            self._planned.clear()
            self.rule = None

    def take(self, method: str, args: Mapping[str, Any]) -> Fault | None:
        """Give the fault for this call, or None."""
        with self._lock:
            for name in (method, "*"):
                planned = self._planned.get(name)
                if planned:
                    return planned.popleft()
            rule = self.rule
        return rule(method, args) if rule else None
