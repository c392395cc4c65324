"""Owns the form of a follow-up: what was said, what the customer answered, what comes next and when."""

import json
from enum import StrEnum
from typing import Any

from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements, fields
from bot.views.elements import Block, View
from bot.views.fields import Values
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import escape_line
from bot.views.steps import step_text


class FollowUpAction(StrEnum):
    """action_id of what only this subject has."""

    EDIT = "follow_up.edit"


WAYS = ("call", "visit", "meeting", "wechat", "mail", "other")


def log(t: Translator, view: OpportunityView | None, values: Values, *, metadata: dict[str, Any] | None = None) -> View:
    """Return the form of a follow-up.

    Args:
        t: The member's.
        view: The opportunity; None for a type-ahead of one's own.
        values: What is known already.
        metadata: What comes back: ``permalink`` of a message, ``instead_of`` the event that this one corrects,
            ``nudge`` the message whose button was pressed.
    """
    blocks: list[Block] = [fields.opportunity_pick(t, view)]
    if view is not None and view.next_text and view.next_due_at:
        key = "follow_up.was_due" if view.is_overdue else "follow_up.is_due"
        blocks.append(elements.context(t(key, step=step_text(t, view.next_text, 200), due=view.next_due_at)))
    ways = [elements.option(t(f"follow_up.way.{way}"), way) for way in WAYS]
    blocks += [
        elements.text_input(
            "said",
            t("follow_up.field.said"),
            value=values.get("said"),
            multiline=True,
            placeholder=t("follow_up.field.said_hint"),
        ),
        *fields.next_step(t, values, optional=False),
        elements.text_input(
            "answered", t("follow_up.field.answered"), value=values.get("answered"), multiline=True, optional=True
        ),
        elements.select_input("way", t("follow_up.field.way"), ways, chosen=values.get("way") or "call"),
    ]
    carried = {**(metadata or {}), **({"id": view.id} if view else {})}
    return elements.modal(
        Callback.FOLLOW_UP_LOG,
        t("follow_up.title"),
        blocks,
        submit=t("answer.save"),
        close=t("answer.cancel"),
        metadata=json.dumps(carried, separators=(",", ":")),
    )


def understood(t: Translator, view: OpportunityView, event_id: int | None) -> list[Block]:
    """Return what was understood of one line: the next step with weekday, date and time, to edit or undo."""
    buttons = []
    if event_id is not None:
        buttons += [
            elements.button(t("answer.edit"), FollowUpAction.EDIT, f"{view.id}:{event_id}"),
            elements.button(t("answer.undo"), Action.UNDO, f"{view.id}:{event_id}"),
        ]
    buttons.append(elements.button(t("answer.open_card"), Action.CARD_OPEN, view.id))
    step = step_text(t, view.next_text, 300)
    lines = [f"✅ *{escape_line(view.customer, 120)}* – {t('follow_up.saved')}"]
    if view.next_due_at is not None:
        lines.append(t("card.next", step=step, due=view.next_due_at))
    return [elements.section("\n".join(lines)), elements.actions(*buttons)]
