"""Owns the pieces that an expression of time is made of, and what they mean when they stand together."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from bot.domain.calendar import next_workday, spans_of
from bot.domain.when_days import (
    DAY,
    Context,
    DaySpec,
    InPeriod,
    OnDate,
    OnDayOfMonth,
    OnMonthDay,
    OnWeekday,
    Unit,
)
from bot.domain.worked_year import at_local

HOUR = 60
_NOON_HOUR, _MIDNIGHT_HOUR = 12, 24
_LAST_MINUTE = 24 * HOUR - 1
_LAST_SMALL_HOUR = 4
_LAST_NOON_HOUR = 3
_FIRST_MORNING_HOUR = 8


class Part(StrEnum):
    """A part of the day."""

    DAWN = "dawn"
    MORNING = "morning"
    NOON = "noon"
    AFTERNOON = "afternoon"
    EVENING = "evening"


# A part of the day without a time: when it is due, and until when it can still be meant today.
_PART_MINUTES = {
    Part.DAWN: (6 * HOUR, 8 * HOUR),
    Part.MORNING: (9 * HOUR, 12 * HOUR),
    Part.NOON: (12 * HOUR, 13 * HOUR),
    Part.AFTERNOON: (15 * HOUR, 18 * HOUR),
    Part.EVENING: (20 * HOUR, _LAST_MINUTE),
}


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A time of day as it was said.

    Args:
        hour: 0 to 24.
        minute: 0 to 59.
        exact: The hour is one of 24; otherwise it may be one of 12.
    """

    hour: int
    minute: int = 0
    exact: bool = False

    def minutes(self, part: Part | None) -> int:
        """Return the minutes of the day, in business hours where nothing says which half of the day is meant."""
        return self._hour(part) * HOUR + self.minute

    def _hour(self, part: Part | None) -> int:
        hour = self.hour
        if part is Part.EVENING and not hour % _NOON_HOUR:
            return _MIDNIGHT_HOUR
        if hour >= _NOON_HOUR:
            return 0 if part is Part.DAWN and hour == _NOON_HOUR else hour
        if part is Part.EVENING and hour <= _LAST_SMALL_HOUR:
            return hour + _MIDNIGHT_HOUR
        if part is None:
            later = not self.exact and 0 < hour < _FIRST_MORNING_HOUR
        else:
            later = part in {Part.AFTERNOON, Part.EVENING} or (part is Part.NOON and hour <= _LAST_NOON_HOUR)
        return hour + _NOON_HOUR if later else hour

    def may_be_later(self, part: Part | None) -> bool:
        """Tell whether the hour could as well be twelve hours later."""
        return part is None and not self.exact and self.hour < _NOON_HOUR


@dataclass(frozen=True, slots=True)
class Piece:
    """Something that a text says about time, from ``start`` to ``end`` of the folded text; unsaid things are None.

    Args:
        start: First character.
        end: After the last character.
        day: The day.
        clock: The time of day.
        part: The part of the day.
        part_minutes: Minutes of the day, where the part was said more closely: late afternoon.
        moment: A moment all by itself, aware: in 2 hours.
        closing: The end of the working day.
        place: Where the clock hangs.
        dead: It is past, impossible or repeated: no due time, nor is anything that belongs to it.
        weak: It is a time only in the company of another piece.
        today_only: It never means tomorrow.
    """

    start: int
    end: int
    day: DaySpec | None = None
    clock: ClockTime | None = None
    part: Part | None = None
    part_minutes: int | None = None
    moment: datetime | None = None
    closing: bool = False
    place: tzinfo | None = None
    dead: bool = False
    weak: bool = False
    today_only: bool = False

    @property
    def timed(self) -> bool:
        """Whether it says a time of day."""
        return self.clock is not None or self.part is not None or self.closing or self.moment is not None

    @property
    def undated(self) -> bool:
        """Whether it says a time of day and no day."""
        return self.timed and self.day is None and self.moment is None and not self.dead


Builder = Callable[[re.Match[str], Context], Piece | None]
Rule = tuple[re.Pattern[str], Builder]


def due_of(piece: Piece, context: Context) -> datetime | None:
    """Return the first moment ahead that a piece can mean, aware, in UTC; None if there is none."""
    if piece.dead:
        return None
    if piece.moment is not None:
        return piece.moment if piece.moment > context.now else None
    for day in _days(piece, context):
        for minutes in _minutes(piece, context, day):
            due = _at(piece, context, day, minutes)
            if due > context.now:
                return due
    return None


def _days(piece: Piece, context: Context) -> Iterator[date]:
    if piece.day is not None:
        yield from piece.day.days(context)
        return
    if piece.place is not None:
        # Where the clock hangs it may still be yesterday.
        yield context.today - DAY
    yield context.today
    if not piece.today_only:
        yield next_workday(context.calendar, context.today) if piece.closing else context.today + DAY


def _minutes(piece: Piece, context: Context, day: date) -> Iterator[int]:
    """Yield the minutes of the day that can be meant, the likeliest first; later ones only serve when that is over."""
    is_today = day == context.today and piece.day is not None and piece.day.stays_today
    if piece.clock is not None:
        minutes = piece.clock.minutes(piece.part)
        yield minutes
        if is_today and piece.clock.may_be_later(piece.part) and minutes < _NOON_HOUR * HOUR:
            yield minutes + _NOON_HOUR * HOUR
        return
    if piece.part is not None:
        usual, until = _PART_MINUTES[piece.part]
        yield piece.part_minutes or usual
        if is_today:
            yield until
        return
    spans = spans_of(context.calendar, day) or context.calendar.ordinary_spans
    yield spans[-1][1]
    if is_today:
        yield _LAST_MINUTE


def _at(piece: Piece, context: Context, day: date, minutes: int) -> datetime:
    if piece.place is None:
        return at_local(context.zone, day, minutes)
    shown = datetime(day.year, day.month, day.day, tzinfo=piece.place)
    hours, rest = divmod(minutes, HOUR)
    shown = (shown + hours // _MIDNIGHT_HOUR * DAY).replace(hour=hours % _MIDNIGHT_HOUR, minute=rest)
    return shown.astimezone(UTC)


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
