"""Owns the reading of working hours as people type them: one line for the week, and the days that differ from it, a line each."""

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.errors import Text

Spans = tuple[tuple[int, int], ...]
Week = tuple[Spans, ...]
"""Seven days from Monday on, each with its spans in minutes of the local day."""

_SPAN = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—~～至到]\s*(\d{1,2})(?::(\d{2}))?")
_DAY_MINUTES, _LAST_MINUTE, _DAYS = 24 * 60, 59, 7
_DAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?|(?:周|星期|礼拜)[一二三四五六日天]"
_RANGE = rf"(?:{_DAY})(?:\s*(?:[-–—~～至到]|to)\s*(?:{_DAY}|[一二三四五六日天]))?"
_NAMED = re.compile(rf"\s*({_RANGE}(?:\s*[,，、&和]?\s*{_RANGE})*)\s*:?", re.IGNORECASE)
_ONE_RANGE = re.compile(rf"({_DAY})(?:\s*(?:[-–—~～至到]|to)\s*({_DAY}|[一二三四五六日天]))?", re.IGNORECASE)
_ENGLISH, _CHINESE = ("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "一二三四五六日"
_DATED = re.compile(r"\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)\s*日?[\s:：,，]*(.*)")
_OFF = re.compile(r"(?:day )?off|closed|holiday|休|休息|休假|放假", re.IGNORECASE)
_WORKED = re.compile(r"work(?:ing|day|ed)?|open|上班|工作|补班", re.IGNORECASE)
_QUOTED = 60
_LETTER = re.compile(r"[^\W\d_]")
_JOINT = re.compile(r"\band\b|[和及]", re.IGNORECASE)


def read_hours(text: str) -> Spans:
    """Read the working hours of one day into spans of minutes.

    Raises:
        ValueError: Nothing readable, or spans that overlap; its text is a catalogue key.
    """
    text = text.replace("：", ":")
    spans = []
    for match in _SPAN.finditer(text):
        start = int(match[1]) * 60 + int(match[2] or 0)
        end = int(match[3]) * 60 + int(match[4] or 0)
        if not start < end <= _DAY_MINUTES or max(int(match[2] or 0), int(match[4] or 0)) > _LAST_MINUTE:
            raise ValueError("setup.hours_unclear")
        spans.append((start, end))
    spans.sort()
    is_clean = not _LETTER.search(_JOINT.sub(" ", _SPAN.sub(" ", text)))
    if not spans or not is_clean or any(left[1] > right[0] for left, right in itertools.pairwise(spans)):
        raise ValueError("setup.hours_unclear")
    return tuple(spans)


def read_week(text: str, workdays: tuple[int, ...]) -> Week:
    """Read the hours of a week, such as ``9-12 13-18; Sat 9-12`` or ``周一至周五 9-18；周六 9-12``.

    Args:
        text: Hours without a day are those of the working days; a day with hours of its own is worked in these.
        workdays: The days that were ticked, 0 for Monday.

    Raises:
        ValueError: Nothing readable, or a ticked day has no hours; its text is a catalogue key.
    """
    plain: list[str] = []
    own: dict[int, Spans] = {}
    for part in re.split(r"[;；\n]+", text.replace("：", ":")):
        named = _NAMED.match(part)
        if named is None:
            plain.append(part)
            continue
        spans = read_hours(part[named.end() :])
        own.update((day, spans) for day in _days(named[1]))
    usual = read_hours(" ".join(plain)) if "".join(plain).strip() else ()
    if not usual and not set(workdays) <= own.keys():
        raise ValueError("setup.hours_missing" if own else "setup.hours_unclear")
    return tuple(own.get(day, usual if day in workdays else ()) for day in range(_DAYS))


def _days(text: str) -> list[int]:
    found: list[int] = []
    for match in _ONE_RANGE.finditer(text):
        first, last = _day(match[1]), _day(match[2] or match[1])
        found += [(first + step) % _DAYS for step in range((last - first) % _DAYS + 1)]
    return found


def _day(name: str) -> int:
    short = name[:3].casefold()
    return _ENGLISH.index(short) if short in _ENGLISH else _CHINESE.index(name[-1].replace("天", "日"))


def usual_of(week: Week) -> tuple[Spans, tuple[int, ...]]:
    """Return the hours that most working days have, the first of them where several are as frequent, and those days."""
    worked = [spans for spans in week if spans]
    usual = max(worked, key=lambda spans: (worked.count(spans), -worked.index(spans)), default=())
    return usual, tuple(day for day, spans in enumerate(week) if spans and spans == usual)


def read_days(text: str, week: Week) -> dict[str, list[list[int]]]:
    """Read the days that differ from the week, a line each: ``2026-12-24 off``, ``2026-10-10 9-12 13-18``, ``2026-10-10 上班``.

    Args:
        text: Blank lines say nothing.
        week: A day that is worked without hours has those of its weekday, or of most days where that one is off.

    Returns:
        Spans in minutes by ISO date, empty for a day off.

    Raises:
        ValueError: A line cannot be read, or is of a day that another one is of; it holds a text that quotes the line.
    """
    found: dict[str, list[list[int]]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            day, spans = _dated(line, week)
        except ValueError as error:
            raise ValueError(Text("setup.exception_unclear", line=line[:_QUOTED])) from error
        if day.isoformat() in found:
            raise ValueError(Text("setup.exception_twice", line=line[:_QUOTED]))
        found[day.isoformat()] = [list(span) for span in spans]
    return found


def _dated(line: str, week: Week) -> tuple[date, Spans]:
    parts = _DATED.fullmatch(line)
    if parts is None:
        raise ValueError(line)
    day, said = date(int(parts[1]), int(parts[2]), int(parts[3])), parts[4].strip()
    if _OFF.fullmatch(said):
        return day, ()
    return day, spans_worked(day, week) if _WORKED.fullmatch(said) else read_hours(said)


def spans_worked(day: date, week: Week) -> Spans:
    """Return the hours of a day that is worked though it need not be: those of its weekday, else those of most days."""
    return week[day.weekday()] or usual_of(week)[0]


def days_of(exceptions: Mapping[str, Sequence[Any]]) -> tuple[tuple[date, Spans], ...]:
    """Return the days that differ from the week in their order, as they are kept by ISO date."""
    return tuple(
        (date.fromisoformat(day), tuple((span[0], span[1]) for span in spans))
        for day, spans in sorted(exceptions.items())
    )
