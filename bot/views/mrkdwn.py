"""Owns the writing of people's text into Slack's mrkdwn: nothing in it can mention, link, format or break out."""

import re
from collections.abc import Callable
from typing import Any

from bot.domain.playbook import Name
from bot.errors import Text

ELLIPSIS = "…"
_NAME = 80
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# U+2060 joins without showing: it keeps a sign of mrkdwn from being one, and the text reads and searches the same.
_GUARD = "\u2060"
# A sign formats only at a word's edge: snake_case and 3*4 are left as they are. It begins with the sign, which is found faster.
_SIGN = re.compile(r"[*_~](?:(?!\w)|(?<!\w.))|`")
_QUOTE = re.compile(r"(?m)^(\s*)(&gt;)")
# What may not be cut in half: an entity, or a mention, link or date in angle brackets.
_OPEN_END = re.compile(r"(?:&[a-z]{0,3}|<[^<>]*)$")


def clip(text: str, most: int) -> str:
    """Return at most so many characters, with an ellipsis where something is left out."""
    if len(text) <= most:
        return text
    return text[: max(0, most - 1)].rstrip() + ELLIPSIS


def clip_mrkdwn(text: str, most: int) -> str:
    """Return at most so many characters of finished mrkdwn, cutting no entity and no mention in half."""
    if len(text) <= most:
        return text
    return _OPEN_END.sub("", text[: max(0, most - 1)]).rstrip() + ELLIPSIS


def one_line(text: str) -> str:
    """Return a text on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def escape(text: str, most: int | None = None) -> str:
    """Make people's text harmless inside mrkdwn.

    ``<!channel>``, links and mentions show as they were typed, and signs of formatting do not format.

    Args:
        text: As a person typed it.
        most: Characters of it that are kept.
    """
    kept = clip(text, most) if most is not None else text
    safe = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    safe = _SIGN.sub(lambda match: f"{_GUARD}{match.group()}{_GUARD}", safe)
    return _QUOTE.sub(rf"\1{_GUARD}\2", safe) if "&gt;" in safe else safe


def escape_line(text: str, most: int | None = None) -> str:
    """Make people's text harmless inside mrkdwn, and put it on one line."""
    return escape(one_line(text), most)


def quote(text: str, most: int) -> str:
    """Return people's text as a quotation, each of its lines marked."""
    return "\n".join(f"> {escape(line)}" for line in clip(text, most).splitlines() if line.strip())


def mention(slack_user_id: str | None, name: str) -> str:
    """Return a member as mrkdwn: a mention where Slack knows them, else their name."""
    return f"<@{slack_user_id}>" if slack_user_id else escape_line(name, 80)


def harmless(text: Text) -> Text:
    """Return a text whose values of people are escaped, texts inside it too, for showing as mrkdwn."""
    return Text(text.key, **{name: _harmless(value) for name, value in text.params.items()})


def harmless_name(name: Name) -> Name:
    """Return a name that a team gave to something, escaped in both languages."""
    return Name(escape_line(name.en, _NAME), escape_line(name.zh, _NAME))


def _harmless(value: Any) -> Any:
    if isinstance(value, Text):
        return harmless(value)
    if isinstance(value, Name):
        return harmless_name(value)
    return escape_line(value, 300) if isinstance(value, str) else value


_TOKEN = re.compile(r"<([^<>|]+)(?:\|([^<>]*))?>")


def readable(text: str) -> str:
    """Return a message of Slack's as a person reads it: mentions and links by their names, no entities."""
    return _decoded(text, _named)


def typed(text: str, *, mentions: bool = False) -> str:
    """Return what Slack sends of a command as it was typed: links and channels by their labels, no entities.

    Args:
        text: As Slack escaped it.
        mentions: Mentions of members stay as they are, ``<@U012AB3CD|rita>``.
    """
    return _decoded(text, _mention_or_label if mentions else _label)


def _decoded(text: str, shown: Callable[[re.Match[str]], str]) -> str:
    plain_text = _TOKEN.sub(shown, text)
    return plain_text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _named(match: re.Match[str]) -> str:
    target, label = match.group(1), match.group(2)
    if target[0] in "@#!":
        sign = target[0] if target[0] != "!" else "@"
        return sign + (label or target[1:]).removeprefix(sign)
    if label and label != target:
        return f"{label} ({target.removeprefix('mailto:')})" if label not in target else target.removeprefix("mailto:")
    return target


def _label(match: re.Match[str]) -> str:
    target, label = match.group(1), match.group(2)
    return _named(match) if target[0] in "@#!" else label or target.removeprefix("mailto:")


def _mention_or_label(match: re.Match[str]) -> str:
    return match.group() if match.group(1)[0] == "@" else _label(match)


def plain(text: str) -> str:
    """Return mrkdwn of a catalogue text as plain text: no code marks, no bold."""
    return re.sub(r"(?<!\w)\*(\S[^*\n]*)\*(?!\w)", r"\1", text.replace("`", ""))
