"""Owns the reading of a team's working hours and its country from its row."""

from collections.abc import Mapping, Sequence
from typing import Any

from babel.core import get_global

from bot.domain.calendar import WorkCalendar
from bot.services.working_hours import days_of

_NO_COUNTRY = "ZZ"  # what zones of no place, such as UTC, are said to be in
_NUMBERS_COUNTRY = "US"


def work_calendar(
    zone: str, country: str | None, week: Sequence[Any], exceptions: Mapping[str, Any] | None
) -> WorkCalendar:
    """Return a working calendar.

    Args:
        zone: IANA zone.
        country: Whose holidays count, such as ``CN``, or a part of it, ``US-CA``; None for none.
        week: Seven lists of ``[start, end]`` in minutes of the local day, Monday first.
        exceptions: Such a list by ISO date.
    """
    nation, region = place_of(country)
    return WorkCalendar(
        zone=zone,
        week=tuple(tuple((span[0], span[1]) for span in day) for day in week),
        country=nation,
        region=region,
        exceptions=days_of(exceptions or {}),
    )


def place_of(country: str | None) -> tuple[str | None, str | None]:
    """Return the country and the part of it that a code such as ``US-CA`` names; None for what it does not."""
    nation, _, region = (country or "").partition("-")
    return nation or None, region or None


def country_of(zone: str) -> str | None:
    """Return the country that an IANA zone lies in, or None for one of no place, such as ``UTC``."""
    found = get_global("zone_territories").get(get_global("zone_aliases").get(zone, zone), _NO_COUNTRY)
    return None if found == _NO_COUNTRY else str(found)


def numbers_country(calendar: WorkCalendar | None, zone: str) -> str:
    """Return in which country a telephone number is that is typed without a country code.

    Args:
        calendar: Of the team; None where there is none.
        zone: Of the one who types, for where no team is.
    """
    named = calendar.country if calendar is not None else None
    return named or country_of(calendar.zone if calendar is not None else zone) or _NUMBERS_COUNTRY
