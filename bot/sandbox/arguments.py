"""Owns the reading of a Web API call's arguments, which come as a form or as JSON."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from bot.sandbox.things import Json, Refusal

_TRUE = frozenset({"1", "true", "True", True})
_NESTED = ("blocks", "attachments", "metadata", "view", "files", "message")


def read_body(content_type: str, body: bytes) -> Json:
    """Read the body of a call.

    Raises:
        Refusal: It is not what its content type says, or its JSON fields are not JSON.
    """
    if content_type.startswith("application/json"):
        try:
            args = json.loads(body or b"{}")
        except ValueError:
            raise Refusal("invalid_json") from None
        if not isinstance(args, dict):
            raise Refusal("json_not_object")
    else:
        args = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    for name in _NESTED:
        if isinstance(args.get(name), str):
            args[name] = _nested(name, args[name])
    return args


def _nested(name: str, content: str) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        raise Refusal("invalid_blocks_format" if name == "blocks" else "invalid_arguments") from None


class Args:
    """The arguments of a call.

    Args:
        values: As read from the body.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def get(self, name: str) -> Any:
        """Give an argument as it came, or None."""
        return self.values.get(name)

    def text(self, name: str, default: str = "") -> str:
        """Give an argument as text."""
        value = self.values.get(name)
        return default if value is None else str(value)

    def needed(self, name: str, error: str = "invalid_arguments") -> str:
        """Give an argument as text.

        Raises:
            Refusal: It is missing.
        """
        value = self.text(name)
        if not value:
            raise Refusal(error, response_metadata={"messages": [f"[ERROR] missing required field: {name}"]})
        return value

    def flag(self, name: str) -> bool:
        """Give an argument as a boolean; a missing one is false."""
        value = self.values.get(name)
        return isinstance(value, str | int) and value in _TRUE

    def number(self, name: str, default: int) -> int:
        """Give an argument as an integer.

        Raises:
            Refusal: It is not one.
        """
        try:
            return int(self.values.get(name) or default)
        except (TypeError, ValueError):
            raise Refusal("invalid_arguments") from None

    def page(self, items: list[Any], name: str, most: int = 1000) -> Json:
        """Cut a list by ``limit`` and ``cursor``.

        Args:
            items: The whole list.
            name: Field of the answer that carries the items.
            most: Largest limit that is obeyed.

        Raises:
            Refusal: ``invalid_cursor``.
        """
        cursor = self.text("cursor")
        if cursor and not cursor.removeprefix("next:").isdigit():
            raise Refusal("invalid_cursor")
        start = int(cursor.removeprefix("next:") or 0)
        limit = max(1, min(most, self.number("limit", 100)))
        end = start + limit
        following = f"next:{end}" if end < len(items) else ""
        return {name: items[start:end], "response_metadata": {"next_cursor": following}}
