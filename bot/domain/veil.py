"""Owns the veil over what nobody owns: texts of people without the names and addresses of contacts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

from bot.domain.events import Event

HIDDEN = "•••"

_MAIL = re.compile(r"[A-Za-z0-9._%+'-]+[@＠][A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
# Digits with what people put between them, also right after a Chinese character; an amount is told by what follows it.
_NUMBER = re.compile(
    r"(?<![A-Za-z\d_.,/])[+＋]?[(（]?\d(?:[\s().（）\-–/]?[\s()（）]?\d)+(?![A-Za-z\d_/]|\s?[元块万亿美港%])"
)
_DATE = re.compile(r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}")
_DIGITS_LEAST = 7
# An account is named after a colon, so that "WeChat demo" stays a demo.
_ACCOUNT = re.compile(
    r"(?i)((?:wechat|weixin|whatsapp|telegram|skype|qq|vx|wx|微信号?)(?:\s?id)?\s?[:：]\s?)[\w.@+-]{4,}"
)
_HAN = re.compile(r"[\u3400-\u9fff]")
_PART_LEAST = 3
_TITLES = frozenset({"mrs", "miss", "prof", "herr", "frau", "mme", "sir", "the", "and", "dept", "office"})
# What people write, and values that are put into sentences; other fields are numbers, keys, and names of members and customers.
_TEXTS = frozenset(
    {"need", "said", "answered", "text", "note", "reason", "params", "lesson", "plea", "sentence", "competitor"}
)
_CONTACTS = frozenset({"contact"})
_LINKS = frozenset({"permalink"})


@dataclass(frozen=True)
class Veil:
    """Hides contacts in texts.

    Args:
        names: Names, telephone numbers and mail addresses of the customer's contacts, as they are kept.
    """

    names: tuple[str, ...] = ()

    @classmethod
    def over(cls, known: Iterable[str | None]) -> "Veil":
        """Return the veil over what is known of a customer's contacts."""
        return cls(
            tuple(sorted({one.strip() for one in known if one and one.strip()}, key=lambda one: (-len(one), one)))
        )

    def text(self, text: str) -> str:
        """Return a text with mail addresses, telephone numbers, accounts and the known names hidden."""
        found = _MAIL.sub(HIDDEN, text)
        found = _NUMBER.sub(_number, found)
        found = _ACCOUNT.sub(rf"\1{HIDDEN}", found)
        return self._named.sub(HIDDEN, found) if self.names else found

    def event(self, event: Event) -> Event:
        """Return an event as those may read it who do not own the opportunity."""
        changes: dict[str, Any] = {}
        for one in fields(event):
            value = getattr(event, one.name)
            if one.name in _TEXTS and value:
                changes[one.name] = self._words(value)
            elif one.name in _CONTACTS and value:
                changes[one.name] = HIDDEN
            elif one.name in _LINKS:
                changes[one.name] = None
            elif one.name == "changes":
                changes[one.name] = {name: self._change(name, pair) for name, pair in value.items()}
            elif one.name == "undo" and value is not None:
                # What could be put back is nobody's to read; that something could stays visible.
                changes[one.name] = {}
        return replace(event, **changes) if changes else event

    def _words(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._words(one) for name, one in value.items()}
        return self.text(value) if isinstance(value, str) else value

    def _change(self, name: str, pair: list[Any]) -> list[Any]:
        if name.startswith("contact_"):
            return [HIDDEN if value else value for value in pair]
        return [self._words(value) for value in pair]

    @cached_property
    def _named(self) -> re.Pattern[str]:
        """Whole names in any case, and their parts as they are written: ``May`` is hidden, ``may`` is not."""
        whole = [_word(name) for name in self.names]
        parts = {part for name in self.names for part in re.split(r"[\s,./]+", name)}
        kept = sorted((part for part in parts if _tells(part)), key=lambda part: (-len(part), part))
        return re.compile("|".join([*(f"(?i:{one})" for one in whole), *(_word(part) for part in kept)]))


def _word(name: str) -> str:
    """Return the pattern of a name: Latin words stand apart, Chinese ones stand anywhere."""
    escaped = re.escape(name)
    before = "" if _HAN.match(name[0]) else r"(?<![^\W\d_])"
    after = "" if _HAN.match(name[-1]) else r"(?![^\W\d_])"
    return f"{before}{escaped}{after}"


def _tells(part: str) -> bool:
    return (len(part) >= _PART_LEAST and part.lower() not in _TITLES) if not _HAN.search(part) else len(part) > 1


def _number(match: re.Match[str]) -> str:
    found = match.group()
    is_short = sum(one.isdigit() for one in found) < _DIGITS_LEAST
    return found if is_short or _DATE.fullmatch(found) else HIDDEN
