"""Owns which days a country takes off, and which weekend days it works to make up for them (调休)."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

_CHINA = "CN"
_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """The days of one year on which a country departs from its ordinary week.

    Args:
        off: Public holidays and their substitutes.
        made_up: Weekend days that are worked, as the State Council announces them each year in China.
    """

    off: frozenset[date]
    made_up: frozenset[date]


@lru_cache(maxsize=512)
def holiday_year(country: str, region: str | None, year: int) -> HolidayYear:
    """Return what a country's law makes of a year.

    Only the category "public" counts: half days, optional days and days for some people only are the team's own choice,
    made with the exceptions of its calendar.

    Args:
        country: ISO 3166-1 alpha-2 code, such as ``CN``.
        region: Subdivision as ISO 3166-2 names it after the country, such as ``BY`` for Bavaria.
        year: Of the Gregorian calendar.

    Raises:
        ValueError: The country or the region is not known.
    """
    try:
        law = holidays.country_holidays(country, subdiv=region, years=(year - 1, year, year + 1), expand=False)
    except NotImplementedError as error:
        place = country if region is None else f"{country}-{region}"
        raise ValueError(
            f"no holidays are known for {place!r}; give an ISO 3166 code such as 'CN', 'US' or 'DE' with 'BY'"
        ) from error
    free, made_up = set(law), set(law.weekend_workdays) - set(law)
    if country == _CHINA:
        free |= _weekends_beside(free, made_up)
    return HolidayYear(
        off=frozenset(day for day in free if day.year == year),
        made_up=frozenset(day for day in made_up if day.year == year),
    )


def _weekends_beside(free: set[date], made_up: set[date]) -> set[date]:
    """Return the weekend days that touch a holiday.

    China announces a break as one run of days, weekend included; a team that works on other Saturdays has that one off.
    """
    found: set[date] = set()
    for day in free:
        for step in (_DAY, -_DAY):
            beside = day + step
            while beside.weekday() >= _SATURDAY and beside not in made_up and beside not in free:
                found.add(beside)
                beside += step
    return found


@lru_cache(maxsize=512)
def require_known(country: str, region: str | None) -> None:
    """Do nothing if the holidays of a place are known.

    Raises:
        ValueError: They are not.
    """
    # Any year answers the question; the answer is kept, so that building a calendar stays cheap.
    holiday_year(country, region, 2026)
