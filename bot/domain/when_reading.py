"""Owns the way from a sentence to the due time that it gives: pieces, what they mean together, and which of them counts."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.domain import (
    when_chinese,
    when_chinese_clock,
    when_chinese_stretches,
    when_english,
    when_english_clock,
    when_english_stretches,
    when_festivals,
    when_numbers,
)
from bot.domain.calendar import DEFAULT_WEEK, WorkCalendar
from bot.domain.when_days import Context
from bot.domain.when_joining import gather, merge
from bot.domain.when_pieces import Piece, Rule, due_of
from bot.domain.when_text import Folded
from bot.domain.worked_year import zone_of

_LATIN = re.compile("[a-z]")
_CHINESE = re.compile("[\u3400-\u9fff]")


def _rules_for(sentence: str) -> list[Rule]:
    """Return the rules that can find anything in a sentence: most have the characters of one language only."""
    rules = [*when_numbers.RULES, *when_festivals.RULES]
    if _LATIN.search(sentence):
        rules += when_english.RULES + when_english_stretches.RULES + when_english_clock.RULES
    if _CHINESE.search(sentence):
        rules += when_chinese.RULES + when_chinese_stretches.RULES + when_chinese_clock.RULES
    return rules


@dataclass(frozen=True, slots=True)
class Found:
    """A due time, with every place of the folded text that said it."""

    due_at: datetime
    has_time: bool
    places: tuple[tuple[int, int], ...]
    aside: bool
    dated: bool


def context_of(now: datetime, zone: str, locale: str, calendar: WorkCalendar | None) -> Context:
    """Return who says it, and when.

    Raises:
        ValueError: The zone is unknown.
    """
    here = zone_of(zone)
    if calendar is None:
        calendar = WorkCalendar(zone, DEFAULT_WEEK)
    elif calendar.zone != zone:
        # The team's hours, on the clock of the member's wall.
        calendar = replace(calendar, zone=zone)
    return Context(
        now=now.astimezone(UTC),
        zone=zone,
        today=now.astimezone(here).date(),
        calendar=calendar,
        day_first=is_day_first(locale),
    )


_MONTH_FIRST_LANGUAGES = frozenset({"zh", "ja", "ko", "hu", "lt", "mn"})
_MONTH_FIRST_LOCALES = frozenset({"en", "en-us", "en-ph", "en-ca", "es-us", "es-pa", "fil-ph", "en-cn"})


def is_day_first(locale: str) -> bool:
    """Tell whether people of a locale write 5/12 for the fifth of December."""
    name = locale.strip().lower().replace("_", "-").split(".")[0]
    return bool(name) and name not in _MONTH_FIRST_LOCALES and name.split("-")[0] not in _MONTH_FIRST_LANGUAGES


def find_in(folded: Folded, start: int, end: int, context: Context) -> Found | None:
    """Return the due time that one sentence gives, from a place of the folded text to another; None if none."""
    pieces = _pieces(folded.text, start, end, context)
    meanings = merge(gather(pieces, folded.text), folded.text)
    found = [
        item for item in (_found(piece, said, folded.text, context) for piece, said in meanings) if item is not None
    ]
    if not found:
        return None
    return max(enumerate(found), key=lambda pair: (pair[1].dated and not pair[1].aside, pair[1].dated, pair[0]))[1]


def _found(piece: Piece, said: tuple[Piece, ...], text: str, context: Context) -> Found | None:
    try:
        due = due_of(piece, context)
    except (ValueError, OverflowError):
        return None
    if due is None or _SINCE.search(text, max(0, piece.start - 12), piece.start):
        return None
    if _is_told(text, piece):
        return None
    places = tuple((part.start, part.end) for part in said)
    return Found(due, piece.timed, places, _is_aside(text, piece), dated=not piece.undated)


_SINCE = re.compile(r"(?:\bsince|自从|自)(?: the)? ?$", re.ASCII)

# Words before or after a time that say it is about something else than the next step.
_ASIDE_BEFORE = re.compile(
    r"(?:\b(?:about|regarding|re|concerning|ends?|ending|expires?|expiring|starts?|launch(?:es)?|valid (?:until|till|to|through)"
    r"|live|runs? (?:until|to)|renews?)(?: (?:on|in|at|by|until|from|the|end|of))*|关于|有效期至?到?|截止到?|截至|到期日?[为是]?|自从|合同期至?) ?$",
    re.ASCII,
)
_ASIDE_AFTER = re.compile(r"(?:之前|前)?(?:到期|过期|失效|上线|的(?:会议|报价|合同|活动|展会|订单)|截止)|'s\b")


ACTS = re.compile(
    r",? ?(?:call|send|meet|visit|e?mail|demo|follow|review|present|ring|quote|check|chase|book|schedule|prepare|draft|share|discuss|ask)\b",
    re.ASCII,
)

# "Met them on Monday", 周一发了报价: what lies behind is told with words that would otherwise mean the coming Monday.
_TOLD_BEFORE = re.compile(
    r"\b(?:sent|called|met|spoke|e?mailed|visited|talked|saw|presented|signed|left|got|did|was|were|received|heard)\b"
    r"(?!.*\b(?:to|will|for|until|till|by|before|due|next|then|and|call|meet|send|back|again|\w+ing|wants?|asks?|asked|expects?|needs?)\b)[^,(]*$",
    re.ASCII,
)
_TOLD_AFTER = re.compile(
    r"(?:已经?[^,]*|[^,再将要会后前等]{0,6}?[一-龥](?:了(?![解不结断却])(?!再|就|以后|之后|后)|过(?![去来会年程户期节关审两几一二三四五六七八九十0-9半])))(?![^,]*(?:再|将|要|会))",
    re.ASCII,
)


def _is_told(text: str, piece: Piece) -> bool:
    """Tell whether the words around a time that has no year and no "next" say that it is past."""
    if piece.moment is not None or piece.closing or (piece.day is not None and not piece.day.may_be_past):
        return False
    if _TOLD_AFTER.match(text, piece.end):
        return True
    sentence = text[max(0, piece.start - 80) : piece.start]
    return piece.day is not None and bool(_TOLD_BEFORE.search(sentence)) and not ACTS.match(text, piece.end)


def _is_aside(text: str, piece: Piece) -> bool:
    before = text[max(0, piece.start - 40) : piece.start]
    return bool(_ASIDE_BEFORE.search(before) or _ASIDE_AFTER.match(text, piece.end))


def _pieces(text: str, start: int, end: int, context: Context) -> list[Piece]:
    """Return what the rules find in a sentence, from left to right; of what begins at one place the longest.

    What follows a piece is looked at as if it stood alone: in 周二十点 the 二 has been read, and 十点 is left.
    """
    rules = _rules_for(text[start:end])
    kept: list[Piece] = []
    ahead: list[Piece | None] = [None] * len(rules)
    stale = list(range(len(rules)))
    place = start
    while True:
        for index in stale:
            ahead[index] = _next_of(rules[index], text, place, end, context)
        left = [piece for piece in ahead if piece is not None]
        if not left:
            return kept
        first = min(left, key=lambda piece: (piece.start, -piece.end))
        kept.append(first)
        place = first.end
        stale = [index for index, piece in enumerate(ahead) if piece is not None and piece.start < place]


def _next_of(rule: Rule, text: str, start: int, end: int, context: Context) -> Piece | None:
    pattern, build = rule
    for match in pattern.finditer(text[start:end]):
        try:
            piece = build(match, context)
        except (ValueError, OverflowError):
            continue
        if piece is not None and piece.start < piece.end:
            return replace(piece, start=piece.start + start, end=piece.end + start)
    return None
