"""Owns the primitives with which Block Kit's rules are written down: a check finds what is wrong with one value."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass
class Findings:
    """What is wrong with a payload, and what was counted on the way.

    Attributes:
        surface: ``message``, ``modal`` or ``home``.
        wrong: Sentences in Slack's form, each with a JSON pointer.
        text_length: Characters of all texts.
        focused: Elements that want the focus.
    """

    surface: str
    wrong: list[str] = field(default_factory=list)
    text_length: int = 0
    focused: int = 0

    def add(self, pointer: str, sentence: str) -> None:
        """Record what is wrong at a place."""
        self.wrong.append(f"[ERROR] {sentence} [json-pointer:{pointer}]")


Check = Callable[[Any, str, Findings], None]


@dataclass(frozen=True)
class Shape:
    """The fields of an object.

    Attributes:
        required: Field to the check of its value.
        optional: As ``required``, for what may be missing.
        rule: A check of the object as a whole, after its fields.
    """

    required: Mapping[str, Check] = field(default_factory=dict)
    optional: Mapping[str, Check] = field(default_factory=dict)
    rule: Check | None = None

    def __call__(self, value: Any, pointer: str, findings: Findings) -> None:
        """Check an object, its fields and then the whole."""
        if not isinstance(value, Mapping):
            findings.add(pointer, "must be an object")
            return
        for name, check in self.required.items():
            if value.get(name) is None:
                findings.add(pointer, f"missing required field: {name}")
            else:
                check(value[name], f"{pointer}/{name}", findings)
        for name, content in value.items():
            check_of = self.optional.get(name)
            if check_of is not None:
                check_of(content, f"{pointer}/{name}", findings)
            elif name not in self.required and name != "type":
                findings.add(pointer, f"no more than the known fields are allowed: {name}")
        if self.rule is not None:
            self.rule(value, pointer, findings)


def anything(value: Any, pointer: str, findings: Findings) -> None:
    """Accept any value."""


def string(most: int, least: int = 1) -> Check:
    """Check a string of ``least`` to ``most`` characters."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, str):
            findings.add(pointer, "must be a string")
        elif len(value) < least:
            findings.add(pointer, f"must be more than {least - 1} characters")
        elif len(value) > most:
            findings.add(pointer, f"must be less than {most + 1} characters")

    return check


def url(most: int = 3000) -> Check:
    """Check an http or https address."""
    length = string(most)

    def check(value: Any, pointer: str, findings: Findings) -> None:
        length(value, pointer, findings)
        if isinstance(value, str) and not value.startswith(("http://", "https://", "mailto:", "tel:", "slack:")):
            findings.add(pointer, "must be a valid URL")

    return check


def flag(value: Any, pointer: str, findings: Findings) -> None:
    """Check a boolean."""
    if not isinstance(value, bool):
        findings.add(pointer, "must be a boolean")


def focus(value: Any, pointer: str, findings: Findings) -> None:
    """Check ``focus_on_load`` and count who wants it."""
    flag(value, pointer, findings)
    findings.focused += value is True


def integer(least: int, most: int) -> Check:
    """Check an integer between two bounds."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            findings.add(pointer, f"must be an integer between {least} and {most}")

    return check


def one_of(*allowed: str) -> Check:
    """Check a word of a list."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if value not in allowed:
            findings.add(pointer, f"must be one of {', '.join(allowed)}")

    return check


def number(value: Any, pointer: str, findings: Findings) -> None:
    """Check a decimal number in a string."""
    try:
        float(value if isinstance(value, str) else "none")
    except ValueError:
        findings.add(pointer, "must be a number in a string")


def day(value: Any, pointer: str, findings: Findings) -> None:
    """Check a date such as ``2026-03-02``."""
    try:
        date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        findings.add(pointer, "must be a date in the format YYYY-MM-DD")


def time_of_day(value: Any, pointer: str, findings: Findings) -> None:
    """Check a time such as ``15:04``."""
    hours, _, minutes = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not (hours.isdigit() and minutes.isdigit() and int(hours) < 24 and int(minutes) < 60):  # noqa: PLR2004 - a day
        findings.add(pointer, "must be a time in the format HH:mm")


def listing(check_item: Check, most: int, least: int = 1) -> Check:
    """Check an array of ``least`` to ``most`` items."""

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, list):
            findings.add(pointer, "must be an array")
            return
        if len(value) < least:
            findings.add(pointer, f"must contain at least {least} items")
        if len(value) > most:
            findings.add(pointer, f"no more than {most} items allowed")
        for index, item in enumerate(value):
            check_item(item, f"{pointer}/{index}", findings)

    return check


def text(most: int, *, mrkdwn: bool = False, least: int = 1) -> Check:
    """Check a text object.

    Args:
        most: Characters allowed.
        mrkdwn: Whether ``mrkdwn`` may be used beside ``plain_text``.
        least: Characters demanded.
    """
    length = string(most, least)

    def check(value: Any, pointer: str, findings: Findings) -> None:
        if not isinstance(value, Mapping):
            findings.add(pointer, "must be a text object")
            return
        kind = value.get("type")
        if kind != "plain_text" and not (mrkdwn and kind == "mrkdwn"):
            findings.add(f"{pointer}/type", "must be plain_text" + (" or mrkdwn" if mrkdwn else ""))
        odd = set(value) - {"type", "text", "emoji" if kind == "plain_text" else "verbatim"}
        for name in sorted(odd):
            findings.add(pointer, f"no more than the known fields are allowed: {name}")
        content = value.get("text")
        length(content, f"{pointer}/text", findings)
        findings.text_length += len(content) if isinstance(content, str) else 0

    return check


def typed(shapes: Mapping[str, Check], allowed: Collection[str]) -> Check:
    """Check an object by its ``type``.

    Args:
        shapes: Type to the check for it.
        allowed: Types that may stand here.
    """

    def check(value: Any, pointer: str, findings: Findings) -> None:
        kind = value.get("type") if isinstance(value, Mapping) else None
        if not isinstance(kind, str) or kind not in shapes:
            findings.add(f"{pointer}/type", f"unsupported type: {kind}")
        elif kind not in allowed:
            findings.add(f"{pointer}/type", f"{kind} is not allowed here")
        else:
            shapes[kind](value, pointer, findings)

    return check
