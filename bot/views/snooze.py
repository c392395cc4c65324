"""Owns the choices for putting a reminder off, and the moments they stand for."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.views import elements
from bot.views.elements import Element
from bot.views.ids import Action

CHOICES = ("1h", "3h", "tomorrow", "2d", "next_week")
_HOURS = {"1h": 1, "3h": 3}
_DAYS = {"tomorrow": 1, "2d": 2}
_MORNING = time(9)
_WEEK = 7


def snooze_select(t: Translator, opportunity_id: int) -> Element:
    """Return the select whose choices have the value ``<opportunity id>:<choice>``."""
    options = [elements.option(t(f"nudge.snooze.{choice}"), f"{opportunity_id}:{choice}") for choice in CHOICES]
    return elements.menu(Action.SNOOZE_PICK, t("nudge.button.snooze"), options)


def snooze_until(choice: str, now: datetime, zone: str) -> datetime:
    """Return the moment, aware, that a choice stands for: hours from now, or nine in the morning of a later day.

    Args:
        choice: One of ``CHOICES``.
        now: The present moment, aware.
        zone: IANA zone of the one who chose.

    Raises:
        ValueError: There is no such choice.
    """
    if choice not in CHOICES:
        raise ValueError(choice)
    if choice in _HOURS:
        return now + timedelta(hours=_HOURS[choice])
    local = now.astimezone(ZoneInfo(zone))
    # The week begins on Monday: on a Sunday, next week is tomorrow.
    days = _DAYS.get(choice, _WEEK - local.weekday())
    return datetime.combine(local.date() + timedelta(days=days), _MORNING, local.tzinfo)
