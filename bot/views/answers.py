"""Owns what a member reads after acting: results with next actions, refusals, offers, and messages settled in place."""

import base64
import binascii
import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from bot.domain.playbook import Criterion
from bot.errors import Text
from bot.i18n import Translator
from bot.services.values import Done, OpportunityView
from bot.views import cards, elements, handover_forms
from bot.views.elements import Block, Message, View
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import clip_mrkdwn, escape_line, harmless
from bot.views.review_forms import ReviewId

FIELD_OF: dict[str, str] = {
    Criterion.CONTACT_WAY: "contact_phone",
    Criterion.NEED: "need",
    Criterion.BUDGET: "budget",
    Criterion.AUTHORITY: "authority",
    Criterion.AMOUNT: "amount",
    Criterion.MEETING: "meeting",
    Criterion.QUOTE: "quote_amount",
    Criterion.EXPECTED_CLOSE: "expected_close_on",
}
"""The field at which a missing fact is asked for, by criterion."""

_CARRIED, _BULLET = 2600, "• "
# How a message is made shorter until a form can carry it: characters of a line, and whether of each item only the first is kept.
_SHORTER = ((3000, False), (100, False), (80, True), (40, True), (25, True))


def said(t: Translator, text: str, blocks: Sequence[Block] = ()) -> View:
    """Return a modal that says something; ``text`` is finished mrkdwn."""
    shown = list(blocks) or [elements.section(text)]
    return elements.modal(Callback.RESULT, t("answer.title"), shown, close=t("answer.close"))


def result(t: Translator, done: Done) -> View:
    """Return the form's successor: what was done, how the opportunity stands, and what can be done next."""
    view = done.opportunity
    lines = [cards.stage_line(t, view, with_grade=view.closed_at is not None)]
    if view.closed_at:
        lines.append(cards.outcome_line(t, view))
    else:
        lines += [cards.grade_line(t, view), cards.owner_line(t, view), cards.next_line(t, view)]
    blocks: list[Block] = [
        elements.section(f"✅ {t.text(harmless(done.said))}"),
        *(elements.context(f"⚠️ {t.text(harmless(one))}") for one in done.remarks),
        elements.section(f"*{escape_line(view.customer, 120)}*\n{escape_line(view.need, 200)}"),
        elements.section("\n".join(lines)),
        elements.actions(*_next_actions(t, done)),
    ]
    return elements.modal(Callback.RESULT, t("answer.saved_title"), blocks, close=t("answer.close"))


def _next_actions(t: Translator, done: Done) -> list[Any]:
    view = done.opportunity
    shown = []
    if "follow_up" in view.may:
        shown.append(elements.button(t("card.button.follow_up"), Action.FOLLOW_UP_OPEN, view.id))
    if "advance" in view.may:
        shown.append(elements.button(t("card.button.advance"), Action.STAGE_OPEN, view.id))
    if "review" in view.may and cards.wants_review(view):
        shown.append(elements.button(t("review.button"), ReviewId.OPEN, view.id))
    shown.append(elements.button(t("answer.open_card"), Action.CARD_OPEN, view.id))
    if done.event_id is not None:
        shown.append(elements.button(t("answer.undo"), Action.UNDO, f"{view.id}:{done.event_id}"))
    return shown


def short(t: Translator, done: Done) -> Message:
    """Return the outcome as a message of one line, with a way to the card and back."""
    view = done.opportunity
    text = f"✅ *{escape_line(view.customer, 120)}* – {t.text(harmless(done.said))}"
    buttons = [elements.button(t("answer.open_card"), Action.CARD_OPEN, view.id)]
    if done.event_id is not None:
        buttons.append(elements.button(t("answer.undo"), Action.UNDO, f"{view.id}:{done.event_id}"))
    return elements.message(text, [elements.section(text), elements.actions(*buttons)])


def offer_message(t: Translator, view: OpportunityView) -> Message:
    """Return the message that asks a new owner to accept a lead: what it is, why them, until when."""
    customer = escape_line(view.customer, 120)
    reason = t.text(harmless(view.owner_reason)) if view.owner_reason else "–"
    blocks: list[Block] = [
        elements.section(t("assign.offer", customer=customer, reason=reason)),
        *handover_forms.standing(t, view),
        elements.actions(
            elements.button(t("card.button.accept"), Action.HANDOVER_ACCEPT, view.id, style="primary"),
            elements.button(t("card.button.decline"), Action.HANDOVER_DECLINE, view.id),
            elements.button(t("answer.open_card"), Action.CARD_OPEN, view.id),
        ),
    ]
    return elements.message(t("assign.offer_fallback", customer=customer), blocks)


def unmet(t: Translator, missing: Iterable[str]) -> str:
    """Return in one sentence which facts a stage still wants."""
    facts = t("stage.joint").join(t(f"stage.fact.{one}") for one in missing)
    return t("stage.criteria_unmet", facts=facts)


def settle(blocks: Sequence[Block], number: int, line: str) -> list[Block]:
    """Return a message's blocks with the buttons of one opportunity replaced by what was done about it.

    Args:
        blocks: As Slack sent them back.
        number: The opportunity's number, at the front of the buttons' values.
        line: Finished mrkdwn; said once, in the place of the first buttons.
    """
    found: list[Block] = []
    is_said = False
    for block in blocks:
        if not _concerns(block, number):
            found.append(block)
            continue
        if "accessory" in block:
            found.append({name: value for name, value in block.items() if name != "accessory"})
        if not is_said:
            found.append(elements.context(line))
            is_said = True
    return found if is_said else [*found, elements.context(line)][: elements.MESSAGE_BLOCKS]


def _concerns(block: Block, number: int) -> bool:
    parts = [*block.get("elements", ()), block.get("accessory") or {}]
    values = [part.get("value") for part in parts if isinstance(part, dict)]
    values += [one.get("value") for part in parts if isinstance(part, dict) for one in part.get("options", ())]
    return any(str(value).split(":", 1)[0] == str(number) for value in values if value)


def carry(channel: str | None, ts: str | None, blocks: Sequence[Block]) -> dict[str, str]:
    """Return a message in so few characters that a modal's metadata can bring it back.

    Slack gives a message's blocks with the press of its button only, and its history is not ours to read. A long one comes
    back shorter: rather with the customers' names alone than with buttons that were pressed already.
    """
    if not channel or not ts:
        return {}
    found = {"channel": channel, "ts": ts}
    for most, is_head in _SHORTER:
        packed = _packed([_shortened(block, most, is_head=is_head) for block in blocks])
        if len(packed) <= _CARRIED:
            return {**found, "blocks": packed}
    return found


def _packed(blocks: list[Block]) -> str:
    written = json.dumps(blocks, separators=(",", ":"), ensure_ascii=False).encode()
    return base64.urlsafe_b64encode(zlib.compress(written, 9)).decode()


def _shortened(block: Block, most: int, *, is_head: bool) -> Block:
    """Return a paragraph with shorter lines; with ``is_head`` its first one and those of a list."""
    if block.get("type") != "section" or "text" not in block:
        return block
    lines = str(block["text"].get("text") or "").split("\n")
    if is_head:
        lines = [lines[0], *(line for line in lines[1:] if line.startswith(_BULLET))]
    return {**block, "text": {**block["text"], "text": "\n".join(_clipped(line, most) for line in lines)}}


def _clipped(line: str, most: int) -> str:
    if len(line) <= most:
        return line
    kept = clip_mrkdwn(line, most)
    # A name that was cut stays bold.
    return f"{kept}*" if kept.count("*") % 2 else kept


def carried(metadata: dict[str, Any]) -> list[Block]:
    """Return the blocks that ``carry`` packed; none where there was no room for them."""
    try:
        found = json.loads(zlib.decompress(base64.urlsafe_b64decode(str(metadata.get("blocks") or ""))))
    except (ValueError, zlib.error, binascii.Error):
        return []
    return found if isinstance(found, list) else []


def undone(t: Translator, done: Done) -> Message:
    """Return what stands after Undo."""
    view = done.opportunity
    text = f"↩️ *{escape_line(view.customer, 120)}* – {t.text(harmless(done.said))}"
    line = cards.outcome_line(t, view) if view.closed_at else cards.next_line(t, view)
    button = elements.button(t("answer.open_card"), Action.CARD_OPEN, view.id)
    return elements.message(text, [elements.section(f"{text}\n{line}"), elements.actions(button)])


def declined(t: Translator, done: Done) -> Message:
    """Return what stands where an offer was, after it was declined."""
    text = f"🙅 *{escape_line(done.opportunity.customer, 120)}* – {text_of(t, done.said)}"
    return elements.message(text, [elements.section(text)])


def text_of(t: Translator, text: Text) -> str:
    """Return a text made elsewhere as mrkdwn, with people's words in it made harmless."""
    return t.text(harmless(text))
