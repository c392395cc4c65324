"""Owns how far away a time is that was said as a distance from now."""

from datetime import datetime, timedelta

from bot.domain.calendar import add_days, add_hours, local_day
from bot.domain.when_days import DAY, WEEK_DAYS, Context, OnDate, add_months
from bot.domain.when_pieces import Piece

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

_SPANS = {"min": MINUTE, "minute": MINUTE, "h": HOUR, "hr": HOUR, "hour": HOUR}

_DAYS = {"day": 1, "week": 7, "wk": 7, "fortnight": 14}

_MONTHS = {"month": 1, "mth": 1, "quarter": 3, "year": 12, "yr": 12}


def after(context: Context, count: float, unit: str) -> Piece | None:
    """Return the moment or the day that is so far away.

    Args:
        context: Who says it, and when.
        count: How many.
        unit: In the singular: min, hour, day, week, month, year, working day, working hour …

    Returns:
        A piece without a place in the text; None if nobody means it.
    """
    if unit in _SPANS:
        return Piece(0, 0, moment=context.now + count * _SPANS[unit])
    if unit == "working hour":
        return Piece(0, 0, moment=add_hours(context.calendar, context.now, count))
    if unit == "working day":
        moment: datetime = add_days(context.calendar, context.now, int(count))
        return Piece(0, 0, day=OnDate(local_day(context.calendar, moment)))
    if unit in _DAYS:
        days = round(count * _DAYS[unit])
        weeks = days // WEEK_DAYS if _DAYS[unit] > 1 and days % WEEK_DAYS == 0 else None
        return Piece(0, 0, day=OnDate(context.today + days * DAY, weeks=weeks)) if days else None
    whole, rest = divmod(count * _MONTHS[unit], 1)
    return Piece(0, 0, day=OnDate(add_months(context.today, int(whole)) + round(rest * 30) * DAY))
