"""Owns one-sentence notices: a catalogue text with its values, and a button to the card."""

from typing import Any

from bot.errors import Text
from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import harmless, plain


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
        blocks.append(elements.actions(*row, block_id=f"notice.{shown.id}"))
    return elements.message(plain(words), blocks)
