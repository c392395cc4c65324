"""Owns the team's working calendar: which instants are worked, and arithmetic in working hours and days.

A year of a calendar is laid out once (`worked_year`); every question here is then a binary search. Elapsed time is real
time: a span in which the clocks change is an hour shorter or longer, and counts as such.
"""

from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, timedelta

from bot.domain.worked_year import (
    DEFAULT_WEEK,
    HOUR_US,
    Spans,
    Week,
    WorkCalendar,
    WorkedYear,
    at_local,
    from_us,
    to_us,
    worked_year,
    zone_of,
)

__all__ = [
    "DEFAULT_WEEK",
    "Spans",
    "Week",
    "WorkCalendar",
    "add_days",
    "add_hours",
    "at_local",
    "days_between",
    "end_of_day",
    "hours_between",
    "is_workday",
    "is_working",
    "last_workday_of_month",
    "local_day",
    "minutes_between",
    "next_open",
    "next_workday",
    "previous_workday",
    "spans_of",
    "start_of_day",
    "working_days_between",
]

# A hundred years of full-time work: more is a slip of the hand, and would lay out a table for each year on the way.
_MOST_HOURS = 250_000


def local_day(calendar: WorkCalendar, moment: datetime) -> date:
    """Return the date on the team's wall calendar at an aware moment."""
    return moment.astimezone(zone_of(calendar.zone)).date()


def _year_at(calendar: WorkCalendar, moment: datetime) -> WorkedYear:
    # Asking the zone what its clocks show takes longer than looking whether the year by another zone's is the right one.
    table = worked_year(calendar, moment.year)
    if table.surely_from <= to_us(moment) < table.surely_until:
        return table
    return worked_year(calendar, local_day(calendar, moment).year)


def is_working(calendar: WorkCalendar, moment: datetime) -> bool:
    """Tell whether the team works at an aware moment; the first instant of a span is worked, its end is not."""
    table, instant = _year_at(calendar, moment), to_us(moment)
    index = bisect_right(table.starts, instant)
    return index > 0 and instant < table.ends[index - 1]


def next_open(calendar: WorkCalendar, moment: datetime) -> datetime:
    """Return the moment itself if it is worked, otherwise the next opening; aware, in UTC."""
    table, instant = _year_at(calendar, moment), to_us(moment)
    index = bisect_right(table.starts, instant)
    if index > 0 and instant < table.ends[index - 1]:
        return moment.astimezone(UTC)
    while index >= len(table.starts):
        table, index = worked_year(calendar, table.year + 1), 0
    return from_us(table.starts[index])


def add_hours(calendar: WorkCalendar, start: datetime, hours: float) -> datetime:
    """Return the earliest moment by which so many working hours have passed.

    Args:
        calendar: The team's.
        start: Aware.
        hours: Working hours, from 0 to 250,000. With 0 the start itself comes back, worked or not.

    Returns:
        Aware, in UTC. Hours that fill a day end at that day's end, not at the next opening.

    Raises:
        ValueError: The hours are negative, not a number, or too many.
    """
    if not 0 <= hours <= _MOST_HOURS:
        raise ValueError(f"working hours to add must be from 0 to {_MOST_HOURS}, not {hours}")
    left = round(hours * HOUR_US)
    if not left:
        return start.astimezone(UTC)
    table = _year_at(calendar, start)
    left += table.worked_until(to_us(start))
    while left > table.total:
        left -= table.total
        table = worked_year(calendar, table.year + 1)
    # The first span whose running sum reaches what is left.
    index = bisect_left(table.sums, left) - 1
    return from_us(table.starts[index] + left - table.sums[index])


def _us_between(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    if end <= start:
        return 0
    first, last = _year_at(calendar, start), _year_at(calendar, end)
    worked = last.worked_until(to_us(end)) - first.worked_until(to_us(start))
    return worked + sum(worked_year(calendar, year).total for year in range(first.year, last.year))


def hours_between(calendar: WorkCalendar, start: datetime, end: datetime) -> float:
    """Return the working hours from one aware moment to another; 0.0 if the end is not after the start."""
    return _us_between(calendar, start, end) / HOUR_US


def minutes_between(calendar: WorkCalendar, start: datetime, end: datetime) -> int:
    """Return the whole working minutes from one aware moment to another; 0 if the end is not after the start."""
    return _us_between(calendar, start, end) * 60 // HOUR_US


def spans_of(calendar: WorkCalendar, day: date) -> Spans:
    """Return the working spans of a local day, in minutes of that day; empty on a day off."""
    return worked_year(calendar, day.year).spans[day.timetuple().tm_yday - 1]


def is_workday(calendar: WorkCalendar, day: date) -> bool:
    """Tell whether anything of a local day is worked."""
    return bool(spans_of(calendar, day))


def start_of_day(calendar: WorkCalendar, day: date) -> datetime:
    """Return the beginning of a day's first working span; on a day off, of the week's first working day. UTC."""
    spans = spans_of(calendar, day) or calendar.ordinary_spans
    return at_local(calendar.zone, day, spans[0][0])


def end_of_day(calendar: WorkCalendar, day: date) -> datetime:
    """Return the end of a day's last working span; on a day off, of the week's first working day. UTC."""
    spans = spans_of(calendar, day) or calendar.ordinary_spans
    return at_local(calendar.zone, day, spans[-1][1])


def _workday_by_steps(calendar: WorkCalendar, day: date, steps: int) -> tuple[WorkedYear, int]:
    """Return the workday that many workdays after a day, or before it for a negative number; 0 gives the first on or after.

    It comes as its year and its place among that year's workdays.
    """
    table = worked_year(calendar, day.year)
    if steps > 0:
        index = bisect_right(table.workdays, day.toordinal()) + steps - 1
    else:
        index = bisect_left(table.workdays, day.toordinal()) + steps
    while index >= len(table.workdays):
        index -= len(table.workdays)
        table = worked_year(calendar, table.year + 1)
    while index < 0:
        table = worked_year(calendar, table.year - 1)
        index += len(table.workdays)
    return table, index


def _workday(calendar: WorkCalendar, day: date, steps: int) -> date:
    table, index = _workday_by_steps(calendar, day, steps)
    return date.fromordinal(table.workdays[index])


def next_workday(calendar: WorkCalendar, day: date) -> date:
    """Return the first workday strictly after a local day."""
    return _workday(calendar, day, 1)


def previous_workday(calendar: WorkCalendar, day: date) -> date:
    """Return the last workday strictly before a local day."""
    return _workday(calendar, day, -1)


def last_workday_of_month(calendar: WorkCalendar, day: date) -> date:
    """Return the last workday of the month that a local day lies in; of an earlier month, if this one has none."""
    later = day.replace(day=28) + timedelta(days=4)
    return previous_workday(calendar, later.replace(day=1))


def add_days(calendar: WorkCalendar, start: datetime, days: int) -> datetime:
    """Return the same local time on the n-th workday after a moment, moved into that day's working time.

    A time before the opening becomes the opening, one in a break the end of the break, one after closing the end of the day.

    Args:
        calendar: The team's.
        start: Aware. Its own day does not count: Monday and one day is Tuesday, Saturday and one day is Monday.
        days: Working days. 0 stays on the day, or goes to the first workday after a day off; a negative number goes back.

    Returns:
        Aware, in UTC.
    """
    local = start.astimezone(zone_of(calendar.zone))
    table, index = _workday_by_steps(calendar, local.date(), days)
    # The same time on that day's clocks; of a time that they show twice, the first.
    wanted = (local + timedelta(days=table.workdays[index] - local.toordinal())).astimezone(UTC)
    instant = to_us(wanted)
    for span in range(table.first_span[index], table.first_span[index + 1]):
        if instant <= table.ends[span]:
            return wanted if table.starts[span] <= instant else from_us(table.starts[span])
    return end_of_day(calendar, date.fromordinal(table.workdays[index]))


def days_between(calendar: WorkCalendar, start: datetime, end: datetime) -> float:
    """Return the working days from one aware moment to another; 0.0 if the end is not after the start.

    Each day counts by the share of its own working time, so that a half day off is passed in half the time.
    """
    if end <= start:
        return 0.0
    first, last = _year_at(calendar, start), _year_at(calendar, end)
    whole_first, part_first = first.days_until(local_day(calendar, start), to_us(start))
    whole_last, part_last = last.days_until(local_day(calendar, end), to_us(end))
    whole = whole_last - whole_first
    whole += sum(len(worked_year(calendar, year).workdays) for year in range(first.year, last.year))
    return max(0.0, whole + (part_last - part_first))


def working_days_between(calendar: WorkCalendar, first: date, last: date) -> int:
    """Return how many workdays lie after a local day, up to and with another; 0 if the second is not after the first."""
    if last <= first:
        return 0
    before, upto = worked_year(calendar, first.year), worked_year(calendar, last.year)
    count = bisect_right(upto.workdays, last.toordinal()) - bisect_right(before.workdays, first.toordinal())
    return count + sum(len(worked_year(calendar, year).workdays) for year in range(before.year, upto.year))
