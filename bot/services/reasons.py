"""Owns the reason of an owner as a text: what was kept as JSON, with fields and languages in the reader's words."""

from collections.abc import Mapping
from typing import Any

from bot.domain.assignment_rules import FIELDS
from bot.domain.language import LANGUAGES, language_code
from bot.errors import Text


def reason_text(key: str, params: Mapping[str, Any]) -> Text:
    """Return a kept reason as a text.

    Args:
        key: Of the catalogue, such as ``assign.rule``.
        params: Its values as they were kept.
    """
    return Text(key, **{name: _value(name, value, params) for name, value in params.items()})


def _value(name: str, value: Any, params: Mapping[str, Any]) -> Any:
    if name == "field" and value in FIELDS:
        return Text(f"assign.field.{value}")
    is_language = name == "language" or (name == "value" and params.get("field") == "language")
    code = language_code(str(value)) if is_language else None
    return Text(f"assign.language.{code}") if code in LANGUAGES else value
