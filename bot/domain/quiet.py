"""Owns when a member may be told something: in the team's hours as they fall in the member's own zone."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.calendar import (
    WorkCalendar,
    at_local,
    is_workday,
    is_working,
    local_day,
    next_open,
    next_workday,
    spans_of,
    start_of_day,
)

# What is due "by the end of the day" is told at that end, even if the tick comes a little later.
_GRACE = timedelta(minutes=1)
# So long after the opening everything belongs to the morning.
_MORNING = timedelta(minutes=10)
# A manager hears of escalations at most once in so long; what comes up meanwhile is gathered.
_GATHERING = timedelta(hours=2)
# For so long what the morning list told is no news, whatever the ladder says of it.
_FRESH = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Telling:
    """A moment at which a member is told something; ``is_morning`` where their working day begins with it."""

    at: datetime
    is_morning: bool


def hours_of(calendar: WorkCalendar, zone: str) -> WorkCalendar:
    """Return a team's working calendar as it falls in a member's zone (an IANA name)."""
    return calendar if calendar.zone == zone else replace(calendar, zone=zone)


def telling(hours: WorkCalendar, now: datetime) -> Telling:
    """Return the first moment from now on at which a member of those hours may be told something."""
    is_open = is_working(hours, now) or is_working(hours, now - _GRACE)
    at = now if is_open else next_open(hours, now)
    opening = start_of_day(hours, local_day(hours, at))
    return Telling(at, is_morning=opening <= at < opening + _MORNING)


def next_morning(hours: WorkCalendar, after: datetime) -> datetime:
    """Return the beginning of the first working day that begins strictly after a moment."""
    day = local_day(hours, after)
    if is_workday(hours, day) and start_of_day(hours, day) > after:
        return start_of_day(hours, day)
    return start_of_day(hours, next_workday(hours, day))


def gathering(hours: WorkCalendar, at: datetime) -> datetime:
    """Return the beginning of the stretch that a moment lies in: from the opening of its day on they are two hours long."""
    opening = start_of_day(hours, local_day(hours, at))
    return opening + (at - opening) // _GATHERING * _GATHERING


def next_gathering(hours: WorkCalendar, at: datetime) -> datetime:
    """Return the first moment of working time after the stretch that a moment lies in."""
    return next_open(hours, gathering(hours, at) + _GATHERING)


def is_first_stretch(hours: WorkCalendar, now: datetime) -> bool:
    """Say whether it is between the opening of a working day and its first break: no time is too late for a morning list."""
    day = local_day(hours, now)
    spans = spans_of(hours, day)
    if not spans:
        return False
    return start_of_day(hours, day) <= now < at_local(hours.zone, day, spans[0][1])


def is_told_already(told_at: datetime, now: datetime, *, is_repeat: bool) -> bool:
    """Say whether a reminder or nudge would tell again what the morning list of the same day told of the same cause.

    Args:
        told_at: When the list was made.
        now: The present moment of that day.
        is_repeat: It is the same step of the ladder as on a day before: no news on the whole day. Another step, at the later
            moment that the playbook asks for, is news.
    """
    return is_repeat or now - told_at < _FRESH
