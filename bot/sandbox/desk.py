"""Owns what the Web API's methods work on, and the list of the methods."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.sandbox.arguments import Args
from bot.sandbox.checks import Verdict
from bot.sandbox.rates import ChannelRate
from bot.sandbox.records import Records
from bot.sandbox.response_urls import ResponseUrls
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.stacks import Stacks
from bot.sandbox.things import Json, Refusal
from bot.sandbox.world import World


class RateLimited(Refusal):
    """Slack answers 429.

    Args:
        retry_after_seconds: Value of ``Retry-After``.
    """

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("ratelimited")
        self.retry_after_seconds = retry_after_seconds


@dataclass(kw_only=True)
class Scheduled:
    """A message for later."""

    id: str
    post_at: int
    channel: str
    message: Json


@dataclass
class Desk:
    """Everything a method may need.

    Attributes:
        tickets: Socket Mode tickets that were given and not yet used.
        scheduled: Messages for later.
    """

    settings: SandboxSettings
    world: World
    stacks: Stacks = field(init=False)
    records: Records = field(init=False)
    rate: ChannelRate = field(init=False)
    history_rate: ChannelRate = field(init=False)
    response_urls: ResponseUrls = field(init=False)
    scopes: frozenset[str] = field(init=False)
    tickets: set[str] = field(default_factory=set)
    scheduled: list[Scheduled] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = self.settings
        seconds = time.monotonic if settings.rate_clock == "real" else self.world.now_seconds
        self.stacks = Stacks(self.world)
        self.records = Records(settings.keep_calls)
        self.rate = ChannelRate(settings.messages_per_second, settings.message_burst, seconds)
        per_minute = settings.history_per_minute
        self.history_rate = ChannelRate(per_minute and per_minute / 60, 1, seconds)
        self.response_urls = ResponseUrls(self.world)
        self.scopes = frozenset(settings.scopes)

    def judge(self, where: str, verdict: Verdict, payload: Any) -> Json:
        """Refuse a payload that breaks a rule; what Slack only warns about is recorded and let through.

        Returns:
            Fields to add to the answer: a warning, or nothing.

        Raises:
            Refusal: With what is wrong in ``response_metadata.messages``.
        """
        if verdict.error is None:
            return {}
        self.records.violation(where, verdict, payload)
        if verdict.error == "missing_text":
            return {
                "warning": "missing_text_in_message",
                "response_metadata": {"warnings": ["missing_text_in_message"]},
            }
        raise Refusal(
            verdict.error, errors=list(verdict.messages), response_metadata={"messages": list(verdict.messages)}
        )


Caller = Literal["bot", "app", "none"]
Handler = Callable[[Desk, Args], Json]


@dataclass(frozen=True)
class Method:
    """One method of the Web API.

    Attributes:
        handler: Carries it out.
        scopes: Any one of these lets a token call it; empty for none needed.
        caller: Whose token it takes.
    """

    handler: Handler
    scopes: tuple[str, ...] = ()
    caller: Caller = "bot"


METHODS: dict[str, Method] = {}


def method(name: str, *scopes: str, caller: Caller = "bot") -> Callable[[Handler], Handler]:
    """Enter a function into the list of methods."""

    def enter(handler: Handler) -> Handler:
        METHODS[name] = Method(handler, scopes, caller)
        return handler

    return enter
