"""Owns what is said of absences: to the one who goes, and to their manager."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.i18n import Translator
from bot.services.absences import Absence
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line

_NAME = 80


def gone(t: Translator, absence: Absence) -> Message:
    """Return the answer to one who goes away: from and until when, who hears meanwhile, what falls due, and the way back."""
    said = line(t, absence.start, absence.until, absence.zone, is_new=True)
    if absence.is_changed:
        said = t("absence.changed", until=_end(t, absence.until, absence.zone))
    lines = [said, _pause(t, absence)]
    lines.append(_load(t, absence) if absence.open_count else t("absence.nothing_own"))
    if absence.passed_on:
        lines.append(t("absence.passed_on", count=absence.passed_on))
    if absence.due_count:
        lines.append(t("absence.hand_over"))
    text = "\n".join(lines)
    blocks: list[Block] = [
        elements.section(text),
        elements.actions(
            end_button(t, None if absence.is_changed else absence.start),
            elements.button(t("absence.button.change"), Action.ABSENCE_OPEN, "away"),
        ),
    ]
    return elements.message(text, blocks)


def line(t: Translator, start: datetime | None, until: datetime | None, zone: str, *, is_new: bool) -> str:
    """Return from when until when the reader is away.

    Args:
        t: The reader's.
        start: The beginning that is ahead; None where it has begun.
        until: The end.
        zone: Theirs, in which days begin and end.
        is_new: Whether they said so just now.
    """
    if start is None:
        return t("absence.away" if is_new else "absence.is_away", until=_end(t, until, zone))
    return t("absence.away_later", start=_start(t, start, zone), until=_end(t, until, zone))


def end_button(t: Translator, start: datetime | None, *, style: str | None = None) -> elements.Element:
    """Return the button that ends an absence, or calls off one that is to begin."""
    return elements.button(
        t("absence.button.back" if start is None else "absence.button.cancel"), Action.ABSENCE_END, "back", style=style
    )


def back(t: Translator, *, has_begun: bool) -> Message:
    """Return the answer to one who is back, or does not go after all."""
    text = t("absence.back" if has_begun else "absence.cancelled")
    return elements.message(text, [elements.section(text)])


def notice(t: Translator, absence: Absence) -> Message:
    """Return what the manager of one who goes away is told."""
    name = escape_line(absence.member.name, _NAME)
    until = _end(t, absence.until, absence.zone)
    said = t("absence.notice_changed" if absence.is_changed else "absence.notice", member=name, until=until)
    if absence.start is not None and not absence.is_changed:
        said = t("absence.notice_later", member=name, start=_start(t, absence.start, absence.zone), until=until)
    text = "\n".join([said, t("absence.notice_pause"), _load(t, absence)])
    button = elements.button(t("absence.button.theirs"), Action.ABSENCE_LIST, absence.member.slack_user_id or "")
    more = [elements.actions(button)] if absence.open_count and absence.member.slack_user_id else []
    return elements.message(text, [elements.section(text), *more])


def _load(t: Translator, absence: Absence) -> str:
    if not absence.open_count:
        return t("absence.nothing")
    return t("absence.open", count=absence.open_count, due=absence.due_count)


def _pause(t: Translator, absence: Absence) -> str:
    if absence.manager is None:
        return t("absence.pause_alone")
    return t("absence.pause", manager=escape_line(absence.manager.name, _NAME))


def _start(t: Translator, moment: datetime, zone: str) -> str:
    return _said(t, moment, zone, whole=(0, 0))


def _end(t: Translator, moment: datetime | None, zone: str) -> str:
    return "–" if moment is None else _said(t, moment, zone, whole=(23, 59))


def _said(t: Translator, moment: datetime, zone: str, *, whole: tuple[int, int]) -> str:
    """Return an edge of an absence as people say it: of a whole day the date alone."""
    # A whole day is one where they are; a reader elsewhere is told the same day.
    local = moment.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) == whole:
        return t.full_date(local.date())
    return f"{t.full_date(t.local(moment).date())} {t.time(moment)}"


def typed(moment: datetime | None, zone: str) -> str | None:
    """Return an edge of an absence as the form takes it again."""
    if moment is None:
        return None
    local = moment.astimezone(ZoneInfo(zone))
    is_whole = (local.hour, local.minute) in {(0, 0), (23, 59)}
    return local.date().isoformat() if is_whole else f"{local:%Y-%m-%d %H:%M}"
