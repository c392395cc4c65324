"""Owns going away and coming back: ``/loop away friday``, ``/loop back``, and the same from the App Home."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.when import read_when
from bot.errors import InvalidInput, Text
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import members, opportunities
from bot.services.roster import end_of_day
from bot.views import absences as view
from bot.views import lists, member_forms
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line

_LEADING = re.compile(r"^(?:(?:for|until|till|to|up to|through|thru)\b|至|到|直到)\s*", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u9fff]")


def away(call: Call, words: str) -> Reply:
    """Say until when one is away; without a time the form asks for it.

    Raises:
        InvalidInput: No time can be read in the words.
    """
    if not words.strip():
        return open_form(call)
    return _gone(call, words)


def back(call: Call) -> Reply:
    """Say that one is here again."""
    members.set_away(call.desk, None, by=call.by)
    return Answer(*view.back(call.t), replace=bool(call.message))


def open_form(call: Call) -> Reply:
    """Ask until when."""
    return Form(member_forms.absence_form(call.t, None))


def save(call: Call) -> Reply:
    """Keep what the form says."""
    return _gone(call, str(call.values.get("away_until") or ""))


def _gone(call: Call, words: str) -> Answer:
    until = read_end(call, words)
    return Answer(*view.gone(call.t, members.set_away(call.desk, until, by=call.by)))


def read_end(call: Call, words: str) -> datetime:
    """Return when an absence ends: a day means all of it, in the member's zone; ``two weeks`` count from now.

    Raises:
        InvalidInput: No time can be read, at the field ``away_until``.
    """
    by, now, calendar = call.by, call.desk.now(), call.by.calendar
    text = _LEADING.sub("", words.strip())
    # A stretch of time is read where it says from when: "in two weeks", 两周后.
    for one in (text, f"{text}后" if _HAN.search(text) else f"in {text}"):
        reading = read_when(one, now=now, zone=by.zone, locale=by.locale, calendar=calendar)
        if reading is not None:
            day = reading.due_at.astimezone(ZoneInfo(by.zone)).date()
            return reading.due_at if reading.has_time else end_of_day(day, by.zone)
    raise InvalidInput({"away_until": Text("absence.unclear")})


def theirs(call: Call) -> Reply:
    """Show what one who is away owns, as far as the reader may see it."""
    found = opportunities.of_member(call.desk, call.value, by=call.by)
    who = members.by_slack_id(call.desk, call.value, by=call.by)
    title = call.t("absence.theirs", member=escape_line(who.name, 80), count=len(found))
    return Answer(*lists.opportunities(call.t, title, found))


def register(kit: Kit) -> None:
    """Take the buttons and the form; the command comes by way of ``/loop``."""
    kit.action(Action.ABSENCE_OPEN, open_form)
    kit.action(Action.ABSENCE_END, back)
    kit.action(Action.ABSENCE_LIST, theirs)
    kit.view(Callback.ABSENCE, save)
