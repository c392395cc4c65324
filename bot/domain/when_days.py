"""Owns what a text may say about a day, and which days that can mean for somebody who says it today."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from bot.domain.calendar import WorkCalendar, next_workday, previous_workday

DAY = timedelta(days=1)
WEEK_DAYS = 7
MONTHS = 12
WEDNESDAY, SATURDAY, SUNDAY = 2, 5, 6
_QUARTER_MONTHS = 3
_LEAP_CYCLE = 9
_LAST_YEAR = 2200


@dataclass(frozen=True, slots=True)
class Context:
    """Who says it, and when.

    Args:
        now: Aware, in UTC.
        zone: IANA name.
        today: The date on the member's wall calendar.
        calendar: The team's, in the member's zone.
        day_first: 5/12 is the fifth of December.
    """

    now: datetime
    zone: str
    today: date
    calendar: WorkCalendar
    day_first: bool


class DaySpec(Protocol):
    """What was said about a day."""

    @property
    def stays_today(self) -> bool:
        """Whether it still means today when the working day is over."""
        ...

    def days(self, context: Context) -> Iterator[date]:
        """Yield the days that it can mean, the likeliest first; the first that is still ahead is taken."""
        ...


def month_day(year: int, month: int, day: int) -> date | None:
    """Return a date, or None if there is no such day."""
    try:
        return date(year, month, day) if year <= _LAST_YEAR else None
    except ValueError:
        return None


def add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the month's last if it is shorter."""
    index = day.year * MONTHS + day.month - 1 + months
    first = date(index // MONTHS, index % MONTHS + 1, 1)
    return min(first + (day.day - 1) * DAY, last_of_month(first))


def last_of_month(day: date) -> date:
    """Return the last day of a day's month."""
    return (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY


@dataclass(frozen=True, slots=True)
class OnDate:
    """One certain day.

    Args:
        day: The day.
        weeks: How many weeks from now that is, if it was said so; a weekday named beside it then means that week's.
    """

    day: date
    weeks: int | None = None
    stays_today: bool = True

    def days(self, context: Context) -> Iterator[date]:  # noqa: ARG002 - the same for everybody
        """Yield the day."""
        yield self.day


@dataclass(frozen=True, slots=True)
class OnWeekday:
    """A weekday.

    Args:
        weekday: 0 is Monday.
        week: 0 is this week, 1 the next, weeks beginning on Monday; None is the coming one, never today.
        soft: One that is over in its week means the coming one: "this Monday" said on a Friday.
        more_weeks: Added to all that: "a week from Monday".
    """

    weekday: int
    week: int | None = None
    soft: bool = False
    more_weeks: int = 0
    stays_today: bool = True

    def days(self, context: Context) -> Iterator[date]:
        """Yield the weekday of the week that is meant."""
        more = self.more_weeks * WEEK_DAYS * DAY
        if self.week is not None:
            yield context.today + (self.weekday - context.today.weekday() + self.week * WEEK_DAYS) * DAY + more
        if self.week is None or self.soft:
            yield context.today + ((self.weekday - context.today.weekday() - 1) % WEEK_DAYS + 1) * DAY + more


@dataclass(frozen=True, slots=True)
class OnMonthDay:
    """A day of a named month: 12 May.

    Args:
        month: 1 to 12.
        day: 1 to 31.
        year: None is the first one that is not over.
    """

    month: int
    day: int
    year: int | None = None
    stays_today: bool = True

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day in the years in which there is one."""
        years = [self.year] if self.year else range(context.today.year, context.today.year + _LEAP_CYCLE)
        for year in years:
            found = month_day(year, self.month, self.day)
            if found and (self.year or found >= context.today):
                yield found


@dataclass(frozen=True, slots=True)
class OnDayOfMonth:
    """A day of a month that is not named: the 12th.

    Args:
        day: 1 to 31.
        months: How many months from now; None is the first that is not over.
        weekday: Only if it falls on this one: Friday the 13th.
    """

    day: int
    months: int | None = None
    weekday: int | None = None
    stays_today: bool = True

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day in the months in which there is one."""
        first = context.today.replace(day=1)
        reach = range(4 * MONTHS) if self.months is None else [self.months]
        for months in reach:
            month = add_months(first, months)
            found = month_day(month.year, month.month, self.day)
            if found and found >= context.today and self.weekday in {None, found.weekday()}:
                yield found


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
            yield from (date(year, month, 1) for year in years if year <= _LAST_YEAR)
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

    def with_edge(self, edge: Edge) -> "InPeriod":
        """Return the same stretch with a place in it."""
        return replace(self, edge=edge)


@dataclass(frozen=True, slots=True)
class OnWeekend:
    """A weekend; its Saturday, or its Sunday if that is today.

    Args:
        week: 0 is this week's; None the coming one.
    """

    week: int | None = None
    stays_today: bool = True

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

    def days(self, context: Context) -> Iterator[date]:
        """Yield the festival of this year and the next, if not over."""
        for year in (context.today.year, context.today.year + 1):
            if year in _SPRING_FESTIVALS and date(year, *_SPRING_FESTIVALS[year]) >= context.today:
                yield date(year, *_SPRING_FESTIVALS[year])
