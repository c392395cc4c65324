"""Owns the answer that a person's act gets from the app."""

from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.things import Json


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Something on its way to the app.

    Attributes:
        kind: Type of the Socket Mode envelope: ``slash_commands``, ``interactive`` or ``events_api``.
        payload: What the app gets.
        retry_num: 0 for the first try.
        retry_reason: Why it comes again, such as ``timeout``.
    """

    kind: str
    payload: Json
    retry_num: int = 0
    retry_reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Ack:
    """What came back from the app.

    Attributes:
        error: None when it was acked, else ``timeout``, ``dispatch_failed`` or ``http_service_error``.
        body: The ack's body: an object, a text, or None.
    """

    error: str | None = None
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a person's act came to.

    Attributes:
        ok: It was acked, and the ack was good.
        error: Why not.
        errors: What the app refused in a form, by block_id.
        body: The ack's body.
        options: Of a type-ahead.
        option_groups: Of a type-ahead.
        ts: Timestamp of the message that was said, or that came with the ack; empty for none.
        seconds: Real time until the ack.
        payload: What the app was sent; empty if nothing was sent.
        deliveries: What was sent, to be redelivered as it was.
    """

    ok: bool = True
    error: str | None = None
    errors: dict[str, str] = field(default_factory=dict)
    body: Any = None
    options: list[Json] = field(default_factory=list)
    option_groups: list[Json] = field(default_factory=list)
    ts: str = ""
    seconds: float = 0.0
    payload: Json = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()

    @property
    def text(self) -> str:
        """The text that the ack carried, if any."""
        if isinstance(self.body, dict):
            return str(self.body.get("text", ""))
        return str(self.body or "")
