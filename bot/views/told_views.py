"""Owns two small messages about an opportunity: what somebody told its owner, and where its card went."""

from bot.domain.events import OwnerTold
from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import cards, elements
from bot.views.elements import Block, Message
from bot.views.mrkdwn import escape_line, quote

_NAME, _TEXT = 120, 2000


def told(t: Translator, event: OwnerTold, view: OpportunityView) -> Message:
    """Return what the owner gets: who tells them what, and the card to act on it at once."""
    head = t(
        "collision.owner_told", member=escape_line(event.member, _NAME), customer=escape_line(view.customer, _NAME)
    )
    blocks: list[Block] = [elements.section(head), elements.section(quote(event.text, _TEXT))]
    if event.contact:
        blocks.append(elements.context(t("collision.contact", contact=escape_line(event.contact, 400))))
    return elements.message(head, [*blocks, elements.divider(), *cards.personal_card(t, view)[1]])
