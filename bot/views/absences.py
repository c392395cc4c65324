"""Owns what is said of absences: to the one who goes, and to their manager."""

from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.services.absences import Absence
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line

_NAME = 80


def gone(t: Translator, absence: Absence) -> Message:
    """Return the answer to one who goes away: until when, what falls due meanwhile, and the way back."""
    lines = [t("absence.away", until=_until(t, absence))]
    lines.append(_load(t, absence) if absence.open_count else t("absence.nothing_own"))
    if absence.passed_on:
        lines.append(t("absence.passed_on", count=absence.passed_on))
    if absence.due_count:
        lines.append(t("absence.hand_over"))
    text = "\n".join(lines)
    blocks: list[Block] = [
        elements.section(text),
        elements.actions(
            elements.button(t("absence.button.back"), Action.ABSENCE_END, "back"),
            elements.button(t("absence.button.change"), Action.ABSENCE_OPEN, "away"),
        ),
    ]
    return elements.message(text, blocks)


def back(t: Translator) -> Message:
    """Return the answer to one who is back."""
    text = t("absence.back")
    return elements.message(text, [elements.section(text)])


def notice(t: Translator, absence: Absence) -> Message:
    """Return what the manager of one who goes away is told."""
    name = escape_line(absence.member.name, _NAME)
    text = "\n".join([t("absence.notice", member=name, until=_until(t, absence)), _load(t, absence)])
    button = elements.button(t("absence.button.theirs"), Action.ABSENCE_LIST, absence.member.slack_user_id or "")
    more = [elements.actions(button)] if absence.open_count and absence.member.slack_user_id else []
    return elements.message(text, [elements.section(text), *more])


def _load(t: Translator, absence: Absence) -> str:
    if not absence.open_count:
        return t("absence.nothing")
    return t("absence.open", count=absence.open_count, due=absence.due_count)


def _until(t: Translator, absence: Absence) -> str:
    """Return the end as people say it: a whole day by its date alone."""
    if absence.until is None:
        return "–"
    # A whole day is one where they are; a reader elsewhere is told the same day.
    local = absence.until.astimezone(ZoneInfo(absence.zone))
    if (local.hour, local.minute) == (23, 59):
        return t.full_date(local.date())
    return f"{t.full_date(t.local(absence.until).date())} {t.time(absence.until)}"
