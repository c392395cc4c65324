"""Owns the reading of what members type: due times in their zone, the opportunity that leading words mean."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.playbook import Playbook
from bot.domain.when import FollowUpText, read_when, split_follow_up
from bot.errors import InvalidInput, NotAllowed, RuleBroken, Text
from bot.handlers.calls import Call
from bot.services import opportunities, playbooks, teams
from bot.services.values import OpportunityLine, OpportunityView, TeamRef

_WORDS_MOST, _CHARACTERS_MOST, _CHARACTERS_LEAST = 6, 12, 2
_WORD = re.compile(r"\S+")
_LOOSE = " \t\n:：,，;；。.、-–—"
_EXACT = re.compile(r"([12]\d{3})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) (?:[01]\d|2[0-3]):[0-5]\d")
_HAN = re.compile(r"[\u3400-\u9fff]")
# Whole words in English, parts in Chinese, where words are not set apart.
_WAYS = (
    ("wechat", re.compile(r"\bwechat\b|微信", re.IGNORECASE)),
    ("mail", re.compile(r"\be?-?mail(?:ed|s)?\b|邮件|邮箱", re.IGNORECASE)),
    ("visit", re.compile(r"\bvisit(?:ed)?\b|\bon[- ]site\b|拜访|上门|走访", re.IGNORECASE)),
    ("meeting", re.compile(r"\bmet\b|\bmeeting\b|\bdemo(?:ed)?\b|开会|会议|面谈|见面|演示", re.IGNORECASE)),
    ("call", re.compile(r"\bcalled\b|\bphoned\b|\brang\b|\bspoke\b|通话|电话|打了", re.IGNORECASE)),
)


def way_of(said: str) -> str:
    """Return by which way somebody was reached, as far as the words tell."""
    return next((way for way, pattern in _WAYS if pattern.search(said)), "other")


def home_team(call: Call) -> TeamRef:
    """Return the team in which the member captures: their own, else the first they manage, else an admin's first.

    Raises:
        NotAllowed: They have none.
    """
    by = call.by
    if by.team_id is not None:
        return teams.team_of(call.desk, by.team_id, by=by)
    found = [one for one in teams.all_teams(call.desk, by=by) if by.manages(one.id)]
    if not found:
        raise NotAllowed("error.unknown_member")
    return min(found, key=lambda one: one.id)


def playbook_of(call: Call, view: OpportunityView | None = None) -> Playbook:
    """Return the playbook in force for an opportunity's team, or for the member's own."""
    return playbooks.current(call.desk, view.team_id if view else home_team(call).id, by=call.by)


def split(call: Call, text: str) -> FollowUpText:
    """Split one line into what was said and what comes next, in the member's zone."""
    by = call.by
    return split_follow_up(text, now=call.desk.now(), zone=by.zone, locale=by.locale, calendar=by.calendar)


def step_and_due(call: Call, values: dict[str, Any]) -> tuple[str | None, datetime | None]:
    """Return the next step and its time as typed in a form; a time inside the step's words counts too.

    Raises:
        InvalidInput: A time was typed that cannot be read.
    """
    step, typed = (str(values.get(name) or "").strip() for name in ("next_step", "next_due_at"))
    by, now = call.by, call.desk.now()
    text = typed or step
    if not text:
        return None, None
    exact = _exact(typed)
    if exact is not None:
        # What a form was prefilled with comes back as the same minute, also at three in the morning.
        return step or None, exact.replace(tzinfo=ZoneInfo(by.zone))
    reading = read_when(text, now=now, zone=by.zone, locale=by.locale, calendar=by.calendar)
    if typed:
        if reading is None:
            raise InvalidInput({"next_due_at": Text("error.unclear_time")})
        return step or None, reading.due_at
    if reading is None:
        return step, None
    without = split(call, step)
    return (without.next_step if without.next_step and not without.said else step), reading.due_at


def _exact(text: str) -> datetime | None:
    """Return the moment of a text such as ``2026-03-12 15:00``, without a zone; None for anything else."""
    match = _EXACT.fullmatch(text)
    if match is None or int(match[3]) > monthrange(int(match[1]), int(match[2]))[1]:
        return None
    return datetime.fromisoformat(text)


def opportunity_id(call: Call) -> int:
    """Return the opportunity that a form is about: the one it was opened for, or the one picked in it.

    Raises:
        InvalidInput: None was picked.
    """
    found = str(call.metadata.get("id") or call.values.get("opportunity") or "")
    if not found.isdigit():
        raise InvalidInput({"opportunity": Text("error.required")})
    return int(found)


@dataclass(frozen=True, slots=True)
class Leading:
    """What the words after a command mean.

    Attributes:
        line: The one opportunity that its first words find; None where they find none, or several.
        rest: What stands after those words.
        is_sure: The words are of the customer's name, not only of the need.
    """

    line: OpportunityLine | None
    rest: str
    is_sure: bool = False


def leading(call: Call, text: str) -> Leading:
    """Find the opportunity that the longest possible leading words mean, among those the member may act on.

    Raises:
        NotAllowed: The words name a customer whose opportunity is somebody else's.
        RuleBroken: They name one whose opportunity is closed.
    """
    for head, rest in _heads(text):
        # Words of the note may be near a name: only those that mean it are taken for it.
        found = opportunities.options(call.desk, head, by=call.by, limit=2, near=False)
        if len(found) == 1:
            in_need = head.casefold() in found[0].need.casefold()
            return Leading(found[0], rest.strip(_LOOSE), not in_need or head.casefold() in found[0].customer.casefold())
    for head, _ in _heads(text):
        _refuse_known(call, head)
    return Leading(None, text.strip())


def _refuse_known(call: Call, head: str) -> None:
    """Say why words that name one opportunity do not mean it, rather than taking them for a note."""
    found = opportunities.find(call.desk, head, by=call.by, scope="all", limit=2, near=False)
    if len(found) != 1 or not found[0].customer.casefold().startswith(head.casefold()):
        return
    if found[0].closed_at is not None:
        raise RuleBroken("error.closed")
    if found[0].owner is not None:
        raise NotAllowed("error.not_yours", owner=found[0].owner.name)
    raise NotAllowed("error.in_pool")


def _heads(text: str) -> Iterator[tuple[str, str]]:
    """Yield beginnings of a text, the longest first: whole words, and characters where words are not set apart."""
    ends = [match.end() for match in _WORD.finditer(text)][:_WORDS_MOST]
    first = ends[0] if ends else 0
    if _HAN.search(text[:first]):
        ends += range(_CHARACTERS_LEAST, min(first, _CHARACTERS_MOST))
    for end in sorted(set(ends), reverse=True):
        head = text[:end].strip(_LOOSE)
        if head:
            yield head, text[end:]
