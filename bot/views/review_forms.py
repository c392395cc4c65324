"""Owns the form of a review: what a closed opportunity taught."""

import json
from enum import StrEnum

from bot.i18n import Translator
from bot.services.values import OpportunityView
from bot.views import elements
from bot.views.elements import View
from bot.views.mrkdwn import escape_line


class ReviewId(StrEnum):
    """action_id and callback_id of what only reviews have."""

    OPEN = "review.open"
    WRITE = "review.write"


def write(t: Translator, view: OpportunityView) -> View:
    """Return the form that asks what was learned."""
    blocks = [
        elements.section(f"*{escape_line(view.customer, 120)}* – {escape_line(view.need, 200)}"),
        elements.text_input(
            "lesson", t("review.lesson"), multiline=True, placeholder=t("review.lesson_hint"), most=3000
        ),
    ]
    return elements.modal(
        ReviewId.WRITE,
        t("review.title"),
        blocks,
        submit=t("answer.save"),
        close=t("answer.cancel"),
        metadata=json.dumps({"id": view.id}),
    )
