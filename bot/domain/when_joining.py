"""Owns which pieces of an expression of time belong together, and what they say as one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from bot.domain.when_days import Context, DaySpec, OnDate, OnDayOfMonth, OnMonthDay, OnWeekday
from bot.domain.when_periods import InPeriod, Unit
from bot.domain.when_pieces import Piece


def join(left: Piece, right: Piece) -> Piece | None:
    """Return two pieces as one that says both; None if they cannot belong together."""
    if left.moment is not None or right.moment is not None:
        return None
    if (left.clock and right.clock) or (left.place and right.place) or (left.closing and right.clock):
        return None
    if left.part and right.part and left.part is not right.part:
        return None
    day = left.day
    if right.day is not None:
        day = right.day if day is None else join_days(day, right.day)
        if day is None:
            return None
    return replace(
        left,
        start=min(left.start, right.start),
        end=max(left.end, right.end),
        day=day,
        clock=left.clock or right.clock,
        part=left.part or right.part,
        part_minutes=left.part_minutes or right.part_minutes,
        closing=left.closing or right.closing,
        place=left.place or right.place,
        dead=left.dead or right.dead,
        weak=False,
        today_only=False,
    )


def join_days(left: DaySpec, right: DaySpec) -> DaySpec | None:
    """Return what two statements about the day mean together; None if they are about two days."""
    for one, other in ((left, right), (right, left)):
        if isinstance(other, OnWeekday):
            found = _weekday_with(one, other)
        elif isinstance(other, OnDayOfMonth) and other.months is None:
            found = _day_of_month_with(one, other)
        elif isinstance(one, InPeriod) and one.unit is Unit.YEAR and one.edge is None:
            found = _with_year(one, other)
        else:
            found = None
        if found is not None:
            return found
    return None


def _weekday_with(one: DaySpec, weekday: OnWeekday) -> DaySpec | None:
    if isinstance(one, InPeriod) and one.unit is Unit.WEEK and weekday.week is None:
        return replace(weekday, week=one.steps or 0)
    if isinstance(one, OnDate):
        return replace(weekday, week=one.weeks) if one.weeks is not None and weekday.week is None else one
    if isinstance(one, OnDayOfMonth):
        return replace(one, weekday=weekday.weekday)
    return one if isinstance(one, OnMonthDay) else None


def _day_of_month_with(one: DaySpec, day: OnDayOfMonth) -> DaySpec | None:
    if not isinstance(one, InPeriod) or one.unit is not Unit.MONTH or one.edge is not None:
        return None
    if one.number is not None:
        return OnMonthDay(one.number, day.day, one.year)
    return replace(day, months=one.steps)


def _with_year(year: InPeriod, other: DaySpec) -> DaySpec | None:
    if isinstance(other, OnMonthDay) and other.year is None:
        return _YearOf(other, year)
    if isinstance(other, InPeriod) and other.number is not None and other.year is None:
        return _YearOf(other, year)
    return None


@dataclass(frozen=True, slots=True)
class _YearOf:
    """A day of a year that is counted from this one: 明年5月12日."""

    of: OnMonthDay | InPeriod
    year: InPeriod
    stays_today: bool = True
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day in the year that is meant."""
        for first, _ in self.year.stretches(context):
            yield from replace(self.of, year=first.year).days(context)


_GAP = re.compile(
    r"(?: |,|\(|\)|\bat\b|\bon\b|\bby\b|\bof\b|\bthe\b|\bin\b|\bfrom\b|\baround\b|\babout\b|\bapprox\.?|\bcirca\b|\bbefore\b"
    r"|\bbetween\b|\bafter\b|\bstarting\b|\bsharp\b|\bfor\b|\bthis\b|\buntil\b|\blocal time\b|@|~|-|的|在|于|是|约|大概|大约|差不多|前后|左右|之前|以前|前|日?当天|那天|就|、)*",
    re.ASCII,
)

_RANGE = re.compile(r" ?(?:-|~|to|till|until|and|到|至|和)(?:\bat\b| |下午|上午|晚上)* ?", re.ASCII)


def gather(pieces: list[Piece], text: str) -> list[Piece]:
    """Join pieces that stand side by side, and leave out those that are no time when alone."""
    gathered: list[Piece] = []
    before: Piece | None = None
    for piece in pieces:
        if before is not None:
            gap = text[before.end : piece.start]
            joined = join(before, piece) if _GAP.fullmatch(gap) and not (before.dead and "," in gap) else None
            if joined is None and _RANGE.fullmatch(gap) and before.timed and piece.undated:
                # A stretch is due when it begins.
                joined = replace(_as_said_later(before, piece), end=piece.end)
            if joined is not None:
                before = joined
                continue
            gathered.append(before)
        before = piece
    if before is not None:
        gathered.append(before)
    return [piece for piece in gathered if not piece.weak]


def _as_said_later(first: Piece, last: Piece) -> Piece:
    """Return the beginning of a stretch; "3–5 pm" says for both which half of the day it is."""
    if first.clock and not first.clock.exact and first.part is None:
        return replace(first, part=last.part)
    return first


def merge(pieces: list[Piece], text: str) -> list[tuple[Piece, tuple[Piece, ...]]]:
    """Give times that stand apart from their day to it: "call on Thursday about the quote, 3pm".

    Args:
        pieces: Those of one sentence, in order.
        text: The folded text.

    Returns:
        Each meaning, with the pieces that said it.
    """
    said: list[tuple[Piece, tuple[Piece, ...]]] = [(piece, (piece,)) for piece in pieces]
    index = 0
    while index + 1 < len(said):
        (left, from_left), (right, from_right) = said[index], said[index + 1]
        if _belong(left, right, text):
            joined = join(left, right)
            if joined is not None:
                said[index : index + 2] = [(replace(joined, start=left.start, end=right.end), from_left + from_right)]
                continue
        index += 1
    return said


def _belong(left: Piece, right: Piece, text: str) -> bool:
    if left.dead or right.dead or left.moment is not None or right.moment is not None:
        return False
    if left.day is not None and right.day is not None:
        weeks = [
            piece.day for piece in (left, right) if isinstance(piece.day, InPeriod) and piece.day.unit is Unit.WEEK
        ]
        named = [piece.day for piece in (left, right) if isinstance(piece.day, OnWeekday) and piece.day.week is None]
        return bool(weeks and named) and weeks[0].edge is None
    if left.day is not None and right.undated:
        return left.clock is None and not left.closing
    between = text[left.end : right.start]
    return left.undated and right.day is not None and not right.timed and "," not in between
