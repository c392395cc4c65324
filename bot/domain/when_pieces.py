"""Owns the pieces that an expression of time is made of, and the moment that they mean."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum

from bot.domain.calendar import next_workday, spans_of
from bot.domain.when_days import DAY, Context, DaySpec
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


def said(match: re.Match[str], day: DaySpec, part: Part | None = None, *, weak: bool = False) -> Piece:
    """Return the piece that a match says: a day, with a part of it."""
    return Piece(match.start(), match.end(), day=day, part=part, weak=weak)


def dead(match: re.Match[str], _: Context) -> Piece:
    """Return a piece that is no due time, nor is anything that belongs to it."""
    return Piece(match.start(), match.end(), dead=True)
