"""Owns going away and coming back: ``/loop away next week``, ``/loop back``, and the same from the App Home."""

from typing import Any

from bot.domain.absence import Stretch, read_absence, read_start
from bot.errors import InvalidInput, Text
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import absences, members, opportunities
from bot.views import absences as view
from bot.views import lists, member_forms
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line


def away(call: Call, words: str) -> Reply:
    """Say from when until when one is away; without a time the form asks for it.

    Raises:
        InvalidInput: No time can be read in the words.
    """
    if not words.strip():
        return open_form(call)
    found = read_absence(words, **_reader(call))
    if found is None:
        raise InvalidInput({"away_until": Text("absence.unclear")})
    return _gone(call, found)


def back(call: Call) -> Reply:
    """Say that one is here again, or does not go after all."""
    before = absences.own(call.desk, by=call.by)
    absences.set_away(call.desk, None, by=call.by)
    has_begun = before.start is None or before.start <= call.desk.now()
    return Answer(*view.back(call.t, has_begun=has_begun), replace=bool(call.message))


def open_form(call: Call) -> Reply:
    """Ask from when until when; what was said before stands in the form."""
    known = absences.own(call.desk, by=call.by)
    ahead = known.start if known.start is not None and known.start > call.desk.now() else None
    return Form(member_forms.absence_form(call.t, view.typed(ahead, known.zone), view.typed(known.until, known.zone)))


def save(call: Call) -> Reply:
    """Keep what the form says.

    Raises:
        InvalidInput: No time can be read in a field, at that field.
    """
    said, typed = str(call.values.get("away_from") or ""), str(call.values.get("away_until") or "")
    since = read_start(said, **_reader(call)) if said.strip() else None
    found = read_absence(typed, since=since, **_reader(call))
    faults = {}
    if said.strip() and since is None:
        faults["away_from"] = Text("absence.from_unclear")
    if found is None:
        faults["away_until"] = Text("absence.unclear")
    if faults or found is None:
        raise InvalidInput(faults)
    return _gone(call, found)


def _gone(call: Call, found: Stretch) -> Answer:
    return Answer(*view.gone(call.t, absences.set_away(call.desk, found.end, start=found.start, by=call.by)))


def _reader(call: Call) -> dict[str, Any]:
    """Return who says it, and when: days begin and end in the member's zone."""
    by = call.by
    return {"now": call.desk.now(), "zone": by.zone, "locale": by.locale, "calendar": by.calendar}


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
