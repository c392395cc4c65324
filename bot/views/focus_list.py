"""Owns the morning list of a member: "today these five, because…", each with its reason and buttons to act at once."""

from collections.abc import Sequence
from datetime import datetime

from bot.i18n import Translator
from bot.views import elements, nudges
from bot.views.elements import Block, Message
from bot.views.mrkdwn import escape_line
from bot.views.nudges import NudgeItem

FIRST, REST = 5, 10
_NAME = 80


def message(t: Translator, items: Sequence[NudgeItem], now: datetime, *, total: int) -> Message:
    """Return the list: the first five with buttons, the next ones in a line each, and how many more there are.

    Args:
        t: The member's.
        items: At least one, still true, in any order.
        now: The present moment, aware.
        total: How many there are in all.
    """
    rows = nudges.ranked(items)
    first, rest = rows[:FIRST], rows[FIRST : FIRST + REST]
    total = max(total, len(rows))
    if total > len(first):
        title = t("focus.first", count=len(first), total=total)
    else:
        title = t("focus.title", count=len(first))
    blocks: list[Block] = [elements.section(f"☀️ *{title}*")]
    for place, item in enumerate(first, start=1):
        blocks += [elements.section(f"{place}. {_line(t, item, now)}"), nudges.owner_buttons(t, item)]
    if rest:
        lines = [f"• {_line(t, item, now)}" for item in rest]
        blocks.append(elements.section("\n".join([t("focus.rest"), *lines])))
    left = total - len(first) - len(rest)
    if left > 0:
        blocks.append(elements.context(t("focus.more", count=left)))
    names = t("nudge.joint").join(escape_line(item.opportunity.customer, _NAME) for item in first[:3])
    return elements.message(t("focus.fallback", title=title, names=names), blocks)


def _line(t: Translator, item: NudgeItem, now: datetime) -> str:
    shown = item.opportunity
    return f"*{escape_line(shown.customer, _NAME)}* ({nudges.facts(t, shown)}) – {nudges.why(t, item, now)}"
