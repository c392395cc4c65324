"""Owns the reading of a team's working hours from its row."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bot.domain.calendar import WorkCalendar


def work_calendar(
    zone: str, country: str | None, week: Sequence[Any], exceptions: Mapping[str, Any] | None
) -> WorkCalendar:
    """Return a working calendar.

    Args:
        zone: IANA zone.
        country: Whose holidays count, such as ``CN`` or ``US-CA``; None for none.
        week: Seven lists of ``[start, end]`` in minutes of the local day, Monday first.
        exceptions: Such a list by ISO date.
    """
    return WorkCalendar(
        zone=zone,
        week=tuple(tuple((span[0], span[1]) for span in day) for day in week),
        country=country,
        exceptions=tuple(
            (date.fromisoformat(day), tuple((span[0], span[1]) for span in spans))
            for day, spans in sorted((exceptions or {}).items())
        ),
    )
