"""Owns one-sentence notices: a catalogue text with its values, and a button to the card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.errors import Text
from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements, nudges, pool_forms
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, harmless, plain

POOLED = frozenset({"notice.pool_nobody", "notice.pool_recycled"})
TOGETHER = POOLED | {"notice.recycled", "notice.offer_lapsed"}
"""What may come for many at once, and is told of all of them in one message."""

_MOST, _CUSTOMER, _NEED = 10, 80, 80
_COLLISIONS = frozenset({"notice.two_owners", "notice.second_owner", "notice.merge_collision"})


@dataclass(frozen=True, slots=True)
class Noticed:
    """One of those that are told of together: ``params`` as they were promised."""

    shown: OpportunityView
    params: dict[str, Any]
    may_open: bool = True


def notice(
    t: Translator, key: str, params: dict[str, Any], shown: OpportunityView | None = None, *, may_open: bool = True
) -> Message:
    """Return a notice.

    Args:
        t: The reader's.
        key: Of the catalogue, such as ``notice.collision``.
        params: Its values, as they were promised; texts of people among them.
        shown: The opportunity it is about; its customer and need are values too.
        may_open: Whether the reader may see the opportunity.
    """
    values = dict(params)
    if shown is not None:
        values = {"customer": shown.customer, "need": shown.need, **values}
    words = t.text(harmless(Text(key, **values)))
    blocks: list[Block] = [elements.section(words)]
    if shown is not None and may_open:
        open_card = elements.button(t("notice.open"), Action.CARD_OPEN, shown.id)
        row = [open_card]
        if key == "notice.win_back":
            row.insert(0, elements.button(t("notice.reopen"), Action.REOPEN_OPEN, shown.id, style="primary"))
        if key in _COLLISIONS and "settle" in shown.may:
            row.insert(0, elements.button(t("card.button.settle"), Action.COLLISION_SETTLE, shown.id, style="primary"))
        blocks.append(elements.actions(*row, block_id=f"notice.{shown.id}"))
    return elements.message(plain(words), blocks)


def together(t: Translator, key: str, found: Sequence[Noticed]) -> Message:
    """Return one message of many notices: what happened, then each opportunity in a line, the most important first.

    Args:
        t: The reader's.
        key: Of the catalogue, one of ``TOGETHER``.
        found: At least one.
    """
    if len(found) == 1:
        return notice(t, key, found[0].params, found[0].shown, may_open=found[0].may_open)
    title = t(key.replace("notice.", "notice.together_", 1), count=len(found))
    rows = sorted(found, key=lambda one: nudges.importance(one.shown))
    blocks: list[Block] = [elements.section(title)]
    blocks += [_row(t, key, one) for one in rows[:_MOST]]
    if len(rows) > _MOST:
        blocks.append(elements.context(t("nudge.more", count=len(rows) - _MOST)))
    if key in POOLED:
        see_all = elements.button(t("pool.see_all"), pool_forms.PoolId.OPEN, "all")
        blocks.append(elements.actions(see_all, block_id="notice.pool"))
    return elements.message(plain(title), blocks)


def _row(t: Translator, key: str, one: Noticed) -> Block:
    shown = one.shown
    parts = [
        nudges.facts(t, shown),
        *([escape_line(str(one.params["member"]), _CUSTOMER)] if "member" in one.params else []),
    ]
    head = f"*{escape_line(shown.customer, _CUSTOMER)}* – {escape_line(shown.need, _NEED)}"
    button = elements.button(t("notice.open"), Action.CARD_OPEN, shown.id)
    if key in POOLED:
        button = elements.button(t("nudge.button.assign"), Action.HANDOVER_OPEN, shown.id)
    return elements.section(
        f"{head}\n_{' · '.join(parts)}_",
        accessory=button if one.may_open else None,
        block_id=f"notice.{shown.id}",
    )
