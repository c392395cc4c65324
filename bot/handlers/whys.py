"""Owns the question "why this grade, why this owner" in Slack."""

from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import explanations
from bot.views import why
from bot.views.why import WhyId


def register(kit: Kit) -> None:
    """Listen for the button on cards."""
    kit.action(WhyId.OPEN, open_why)


def open_why(call: Call) -> Reply:
    """Show the points of the grade and the rules' decision about the owner."""
    return Form(why.modal(call.t, explanations.explain(call.desk, call.number, by=call.by)))
