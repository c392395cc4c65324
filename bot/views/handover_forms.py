"""Owns the change of owner on screen: the form that offers it, the dossier the new owner gets, the form that declines."""

import json
from typing import Any

from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import cards, elements, fields, history
from bot.views.elements import Block, Message, View
from bot.views.fields import Values
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import clip_mrkdwn, escape, escape_line

_NAME, _NOTE, _CONTACTS = 120, 1500, 8
_MESSAGE, _PART = 10_500, 2000


def offer(
    t: Translator, view: OpportunityView | None, values: Values, *, metadata: dict[str, Any] | None = None
) -> View:
    """Return the form that asks to whom, with a note; the history goes along by itself.

    Args:
        t: The member's.
        view: The opportunity; None for a type-ahead of one's own.
        values: What is known already.
        metadata: What comes back, such as the ``nudge`` whose button was pressed.
    """
    blocks: list[Block] = [
        fields.opportunity_pick(t, view),
        elements.member_input("to", t("handover.field.to"), chosen=values.get("to")),
        elements.text_input(
            "note",
            t("handover.field.note"),
            value=values.get("note"),
            multiline=True,
            optional=True,
            placeholder=t("handover.field.note_hint"),
            most=_NOTE,
        ),
        elements.context(t("handover.explained")),
    ]
    carried = {**(metadata or {}), **({"id": view.id} if view else {})}
    return elements.modal(
        Callback.HANDOVER_OFFER,
        t("handover.title"),
        blocks,
        submit=t("handover.submit"),
        close=t("answer.cancel"),
        metadata=json.dumps(carried, separators=(",", ":")),
    )


def decline(t: Translator, view: OpportunityView, *, channel: str | None, ts: str | None) -> View:
    """Return the form that asks why somebody declines; it knows the message whose button was pressed."""
    blocks = [
        elements.section(f"*{escape_line(view.customer, _NAME)}* – {escape_line(view.need, 200)}"),
        elements.text_input("reason", t("handover.field.decline_reason"), multiline=True, optional=True, most=500),
    ]
    metadata = {"id": view.id, **({"channel": channel, "ts": ts} if channel and ts else {})}
    return elements.modal(
        Callback.HANDOVER_DECLINE,
        t("handover.decline_title"),
        blocks,
        submit=t("card.button.decline"),
        close=t("answer.cancel"),
        metadata=json.dumps(metadata, separators=(",", ":")),
    )


def dossier_message(t: Translator, view: OpportunityView, note: str | None, offered_by: str | None) -> Message:
    """Return what a new owner gets: who hands over and why, how it stands, contacts, and the whole history.

    Of a history too long for one message the latest part is shown, with a button to all of it.

    Args:
        t: The new owner's.
        view: With history and contacts.
        note: Of the one who hands over.
        offered_by: Their name.
    """
    giver = escape_line(offered_by or "–", _NAME)
    customer = escape_line(view.customer, _NAME)
    blocks: list[Block] = [elements.section(t("handover.dossier_head", giver=giver, customer=customer))]
    if note:
        blocks.append(elements.section(clip_mrkdwn(t("handover.dossier_note", note=escape(note, _NOTE)), _PART)))
    blocks += standing(t, view)
    if view.contacts:
        people = f"*{t('handover.contacts')}*\n" + "\n".join(_contacts(t, view))
        blocks.append(elements.section(clip_mrkdwn(people, _PART)))
    lines = [f"• {history.line(t, one, view)}" for one in view.history]
    # The whole message has room for some 12,000 characters: the history takes what the rest leaves.
    shown = history.chunks(lines, _MESSAGE - sum(_length(block) for block in blocks))
    blocks.append(elements.section(f"*{t('handover.history', count=view.history_count)}*"))
    blocks += [elements.context(text) for text in shown]
    # What waits for an answer stands at the end, where one is after reading.
    blocks.append(
        elements.actions(
            elements.button(t("card.button.accept"), Action.HANDOVER_ACCEPT, view.id, style="primary"),
            elements.button(t("card.button.decline"), Action.HANDOVER_DECLINE, view.id),
            elements.button(t("handover.all_history"), Action.HISTORY_OPEN, view.id),
        )
    )
    return elements.message(t("handover.dossier_fallback", giver=giver, customer=customer), blocks)


def standing(t: Translator, view: OpportunityView) -> list[Block]:
    """Return how an opportunity stands, for one who is to take it."""
    lines = [cards.stage_line(t, view), cards.next_line(t, view)]
    if view.accept_by is not None:
        lines.append(t("handover.accept_by", until=view.accept_by))
    text = clip_mrkdwn(f"{escape_line(view.need, 300)}\n" + "\n".join(lines), _PART)
    return [elements.section(text), elements.context(clip_mrkdwn(cards.grade_line(t, view), _PART))]


def _contacts(t: Translator, view: OpportunityView) -> list[str]:
    lines = []
    for one in view.contacts[:_CONTACTS]:
        parts = [escape_line(part, 80) for part in (one.name, one.title, one.phone, one.email) if part]
        lines.append("• " + " · ".join(parts))
    if len(view.contacts) > _CONTACTS:
        lines.append(t("opp.more", count=len(view.contacts) - _CONTACTS))
    return lines


def _length(block: Block) -> int:
    texts = [block.get("text") or {}, *block.get("elements", ())]
    return sum(len(one.get("text") or "") for one in texts if isinstance(one.get("text"), str))
