"""Owns the choices for putting a reminder off, and the moments they stand for."""

import json
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import Element, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line

CHOICES = ("1h", "3h", "tomorrow", "2d", "next_week")
DATE = "date"
"""The choice that asks for a day of one's own."""

_HOURS = {"1h": 1, "3h": 3}
_DAYS = {"tomorrow": 1, "2d": 2}
_MORNING = time(9)
_WEEK = 7


def snooze_select(t: Translator, opportunity_id: int) -> Element:
    """Return the select whose choices have the value ``<opportunity id>:<choice>``."""
    options = [
        elements.option(t(f"nudge.snooze.{choice}"), f"{opportunity_id}:{choice}") for choice in (*CHOICES, DATE)
    ]
    return elements.menu(Action.SNOOZE_PICK, t("nudge.button.snooze"), options)


def form(t: Translator, view: OpportunityView, metadata: dict[str, Any]) -> View:
    """Return the form that asks until which day to be quiet."""
    blocks = [
        elements.section(f"*{escape_line(view.customer, 120)}* – {escape_line(view.need, 200)}"),
        elements.date_input("until", t("nudge.snooze_until"), hint=t("nudge.snooze_hint")),
    ]
    return elements.modal(
        Callback.SNOOZE,
        t("nudge.snooze_title"),
        blocks,
        submit=t("answer.save"),
        close=t("answer.cancel"),
        metadata=json.dumps({**metadata, "id": view.id}),
    )


def morning_of(day: date, zone: str) -> datetime:
    """Return nine o'clock of a day in a zone (an IANA name), aware."""
    return datetime.combine(day, _MORNING, ZoneInfo(zone))


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
