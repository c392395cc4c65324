"""Owns what a text may say about a single day, and which days that can mean for somebody who says it today."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.domain.calendar import WorkCalendar

DAY = timedelta(days=1)

WEEK_DAYS = 7

MONTHS = 12

WEDNESDAY, SATURDAY, SUNDAY = 2, 5, 6

_LEAP_CYCLE = 9

LAST_YEAR = 2200


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

    @property
    def may_be_past(self) -> bool:
        """Whether the same words are used for a day that is over."""
        ...

    def days(self, context: Context) -> Iterator[date]:
        """Yield the days that it can mean, the likeliest first; the first that is still ahead is taken."""
        ...


def month_day(year: int, month: int, day: int) -> date | None:
    """Return a date, or None if there is no such day."""
    try:
        return date(year, month, day) if year <= LAST_YEAR else None
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
    may_be_past: bool = False

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

    @property
    def may_be_past(self) -> bool:
        """Whether the same words are used for a day that is over."""
        return not self.week and not self.more_weeks

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

    @property
    def may_be_past(self) -> bool:
        """Whether the same words are used for a day that is over."""
        return self.year is None

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

    @property
    def may_be_past(self) -> bool:
        """Whether the same words are used for a day that is over."""
        return self.months is None

    def days(self, context: Context) -> Iterator[date]:
        """Yield the day in the months in which there is one."""
        first = context.today.replace(day=1)
        reach = range(4 * MONTHS) if self.months is None else [self.months]
        for months in reach:
            month = add_months(first, months)
            found = month_day(month.year, month.month, self.day)
            if found and found >= context.today and self.weekday in {None, found.weekday()}:
                yield found
