"""Owns the whole of a bundle in Slack: what had no room in the message, page by page."""

from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.services import bundled
from bot.views import nudges
from bot.views.ids import Action

_PARTS = 3


def register(kit: Kit) -> None:
    """Take the button of a bundle that has more than it shows, and those of its pages."""
    kit.action(Action.NUDGE_ALL, show_all)
    kit.action(Action.NUDGE_BACK, show_all)


def show_all(call: Call) -> Reply:
    """Show everything that the message was about and that still waits."""
    parts = call.value.split(":")
    number, first = (int(one) for one in parts[1:]) if len(parts) == _PARTS else (0, 0)
    bundle = bundled.sent(call.desk, number, by=call.by)
    view = nudges.whole(
        call.t, bundle.items, call.desk.now(), number=number, first=first, with_owner=bundle.is_escalation
    )
    return Form(view)
