"""Owns lists of opportunities, each line with a button to its card."""

from collections.abc import Mapping, Sequence

from bot.i18n import Translator
from bot.services.values import OpportunityLine
from bot.views import elements
from bot.views.elements import Block, Message
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line, harmless_name
from bot.views.steps import step_text

SHOWN = 20
_NAME, _NEED, _STEP = 80, 100, 80


def opportunities(
    t: Translator,
    title: str,
    lines: Sequence[OpportunityLine],
    *,
    most: int = SHOWN,
    reader_id: int | None = None,
    notes: Mapping[int, str] | None = None,
) -> Message:
    """Return a list as a message.

    Args:
        t: The reader's.
        title: Finished mrkdwn.
        lines: In their order.
        most: Lines shown; what is left out is counted.
        reader_id: Our number of the reader, who need not be told that they are the owner.
        notes: What else is said of one, by its number, as finished mrkdwn.
    """
    blocks: list[Block] = [elements.section(f"*{title}*")]
    blocks += [_row(t, one, reader_id, (notes or {}).get(one.id)) for one in lines[:most]]
    if len(lines) > most:
        blocks.append(elements.context(t("opp.more", count=len(lines) - most)))
    return elements.message(f"{title} ({len(lines)})", blocks)


def _row(t: Translator, one: OpportunityLine, reader_id: int | None, note: str | None) -> Block:
    head = f"*{escape_line(one.customer, _NAME)}* – {escape_line(one.need, _NEED)}"
    return elements.section(
        "\n".join([head, _standing(t, one, reader_id), *([note] if note else [])]),
        accessory=elements.button(t("card.button.open"), Action.CARD_OPEN, one.id),
    )


def _standing(t: Translator, one: OpportunityLine, reader_id: int | None) -> str:
    """Return stage, grade, amount and owner in one line, and the next step in another."""
    parts = [t.value(harmless_name(one.stage.name)), t("card.grade_short", grade=one.grade or "–")]
    if one.amount_minor is not None:
        parts.append(t.money(one.amount_minor, one.currency))
    if one.owner is None or one.owner.id != reader_id:
        parts.append(escape_line(one.owner.name, _NAME) if one.owner else t("card.pool"))
    if one.closed_at is None and one.next_due_at is not None:
        key = "opp.row_overdue" if one.is_overdue else "opp.row_due"
        step = t(key, step=step_text(t, one.next_text, _STEP), due=one.next_due_at)
        return f"{' · '.join(parts)}\n{step}"
    if one.review_due_at is not None:
        return f"{' · '.join(parts)}\n{t('opp.row_review', due=one.review_due_at)}"
    return " · ".join(parts)
