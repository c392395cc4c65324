"""Owns the morning list of a member: "today these five, because…", each with its reason and buttons to act at once."""

from collections.abc import Sequence
from datetime import datetime

from bot.i18n import Translator
from bot.services.bundled import NudgeItem
from bot.views import elements, nudges
from bot.views.elements import Block, Message
from bot.views.mrkdwn import escape_line

FIRST, MOST = 5, 15
_NAME = 80


def message(t: Translator, items: Sequence[NudgeItem], now: datetime, *, total: int, number: int) -> Message:
    """Return the list: the first five with buttons, the next ones in a line each, and a button that shows all where there are more.

    Args:
        t: The member's.
        items: At least one, still true, as ``nudges.ranked`` gives them.
        now: The present moment, aware.
        total: How many there are in all.
        number: The promise's, by which all of it is found.
    """
    first, rest = items[:FIRST], items[FIRST:MOST]
    if total > len(first):
        title = t("focus.first", count=len(first), total=total)
        notice = t("focus.first_notice", count=len(first), total=total)
    else:
        title, notice = t("focus.title", count=len(first)), t("focus.notice", count=len(first))
    blocks: list[Block] = [elements.section(f"☀️ *{title}*")]
    for place, item in enumerate(first, start=1):
        text = f"*{place}. {_name(item)}*\n{nudges.why(t, item, now)}\n_{nudges.facts(t, item.opportunity)}_"
        blocks += [elements.section(text), nudges.owner_buttons(t, item)]
    if rest:
        lines = [f"• *{_name(item)}* – {nudges.why(t, item, now)}" for item in rest]
        blocks += elements.paragraphs(t("focus.rest") + "\n", lines, "\n")
    blocks += nudges.more(t, items[MOST:], total=total, shown=len(first) + len(rest), number=number)
    names = t("nudge.joint").join(_name(item) for item in first[:3])
    return elements.message(t("focus.fallback", title=notice, names=names), blocks)


def _name(item: NudgeItem) -> str:
    return escape_line(item.opportunity.customer, _NAME)
