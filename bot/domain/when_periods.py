"""Owns what a text may say about a stretch of the calendar, and the day within it that is meant."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.domain.calendar import next_workday, previous_workday
from bot.domain.when_days import (
    DAY,
    LAST_YEAR,
    MONTHS,
    SATURDAY,
    WEDNESDAY,
    WEEK_DAYS,
    Context,
    DaySpec,
    add_months,
    last_of_month,
)

_QUARTER_MONTHS = 3


class Unit(StrEnum):
    """A stretch of the calendar."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Edge(StrEnum):
    """A place within a stretch of the calendar."""

    START = "start"
    MIDDLE = "middle"
    END = "end"
    FIRST_DAY = "first day"
    LAST_DAY = "last day"
    TENTH = "tenth"
    TWENTIETH = "twentieth"


@dataclass(frozen=True, slots=True)
class InPeriod:
    """A place within a week, month, quarter or year.

    Args:
        unit: Which.
        steps: How many of them from now; None is the first whose place is not over.
        edge: START and END are its first and last workday, FIRST_DAY and LAST_DAY days like any other. None is the end of the present one and the start of a later one.
        number: Of the month or quarter, if it was named.
        year: Of the named month or quarter, or of the year itself.
    """

    unit: Unit
    steps: int | None = None
    edge: Edge | None = None
    number: int | None = None
    year: int | None = None
    stays_today: bool = False
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the place in each stretch that can be meant."""
        for first, last in self.stretches(context):
            yield self._place(context, first, last)

    def stretches(self, context: Context) -> Iterator[tuple[date, date]]:
        """Yield the first and last day of each stretch that can be meant."""
        if self.unit is Unit.WEEK:
            monday = context.today - context.today.weekday() * DAY
            for steps in self._steps():
                first = monday + steps * WEEK_DAYS * DAY
                yield first, first + 6 * DAY
            return
        length = {Unit.MONTH: 1, Unit.QUARTER: _QUARTER_MONTHS, Unit.YEAR: MONTHS}[self.unit]
        for first in self._firsts(context, length):
            yield first, last_of_month(add_months(first, length - 1))

    def _steps(self) -> tuple[int, ...]:
        return (0, 1) if self.steps is None else (self.steps,)

    def _firsts(self, context: Context, length: int) -> Iterator[date]:
        if self.year is not None or self.number is not None:
            month = ((self.number or 1) - 1) * length + 1
            years = [self.year] if self.year is not None else [context.today.year, context.today.year + 1]
            yield from (date(year, month, 1) for year in years if year <= LAST_YEAR)
            return
        this = context.today.replace(day=1, month=(context.today.month - 1) // length * length + 1)
        yield from (add_months(this, steps * length) for steps in self._steps())

    def _place(self, context: Context, first: date, last: date) -> date:
        edge = self.edge or (Edge.END if first <= context.today else Edge.START)
        if edge is Edge.START:
            return min(next_workday(context.calendar, first - DAY), last)
        if edge is Edge.END:
            return max(previous_workday(context.calendar, last + DAY), first)
        if edge is Edge.MIDDLE:
            if self.unit is Unit.WEEK:
                return first + WEDNESDAY * DAY
            middle = {Unit.MONTH: first.replace(day=15), Unit.QUARTER: add_months(first, 1).replace(day=15)}
            return middle.get(self.unit, first.replace(month=6, day=30))
        days = {
            Edge.FIRST_DAY: first,
            Edge.LAST_DAY: last,
            Edge.TENTH: first + 9 * DAY,
            Edge.TWENTIETH: first + 19 * DAY,
        }
        return days[edge]


@dataclass(frozen=True, slots=True)
class OnWeekend:
    """A weekend; its Saturday, or its Sunday if that is today.

    Args:
        week: 0 is this week's; None the coming one.
    """

    week: int | None = None
    stays_today: bool = True
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day of the weekend."""
        saturday = context.today + (SATURDAY - context.today.weekday() + (self.week or 0) * WEEK_DAYS) * DAY
        yield max(saturday, context.today) if not self.week else saturday
        if self.week is None:
            yield saturday + WEEK_DAYS * DAY


@dataclass(frozen=True, slots=True)
class NthInPeriod:
    """The n-th weekday, or workday, of a month: the last Friday of the month.

    Args:
        nth: From 1; -1 is the last.
        weekday: 0 is Monday; None is any workday.
        period: The month, or a longer stretch.
    """

    nth: int
    weekday: int | None
    period: InPeriod
    stays_today: bool = True
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day in each stretch that can be meant."""
        for first, last in self.period.stretches(context):
            found = self._in(context, first, last)
            if first <= found <= last:
                yield found

    def _in(self, context: Context, first: date, last: date) -> date:
        if self.weekday is None:
            day = last + DAY if self.nth < 0 else first - DAY
            for _ in range(abs(self.nth)):
                step = previous_workday if self.nth < 0 else next_workday
                day = step(context.calendar, day)
            return day
        if self.nth < 0:
            return last - ((last.weekday() - self.weekday) % WEEK_DAYS) * DAY
        return first + ((self.weekday - first.weekday()) % WEEK_DAYS + (self.nth - 1) * WEEK_DAYS) * DAY


@dataclass(frozen=True, slots=True)
class BesideDay:
    """The last workday before a day, or the first after it: 国庆前.

    Args:
        of: The day.
        after: After it, not before it.
    """

    of: DaySpec
    after: bool = False
    stays_today: bool = False
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the workday beside each day that can be meant."""
        step = next_workday if self.after else previous_workday
        for day in self.of.days(context):
            yield step(context.calendar, day)


# The day of the first new moon of the Chinese year, from the almanac.
_SPRING_FESTIVALS = {
    2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3), 2031: (1, 23), 2032: (2, 11),
    2033: (1, 31), 2034: (2, 19), 2035: (2, 8), 2036: (1, 28),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class OnSpringFestival:
    """The first day of the Chinese year."""

    stays_today: bool = True
    may_be_past: bool = False

    def days(self, context: Context) -> Iterator[date]:
        """Yield the festival of this year and the next, if not over."""
        for year in (context.today.year, context.today.year + 1):
            if year in _SPRING_FESTIVALS and date(year, *_SPRING_FESTIVALS[year]) >= context.today:
                yield date(year, *_SPRING_FESTIVALS[year])
