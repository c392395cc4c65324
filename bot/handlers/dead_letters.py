"""Owns the buttons beside undelivered messages, on an admin's Home and in the one message that told of them."""

from bot.handlers import in_place
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Reply
from bot.services import dead_letters
from bot.views import dead_letters as views
from bot.views.ids import Action


def register(kit: Kit) -> None:
    """Listen for the buttons."""
    kit.action(Action.DEAD_LETTER_RESEND, resend)
    kit.action(Action.DEAD_LETTER_RESEND_ALL, resend_all)
    kit.action(Action.DEAD_LETTER_DISCARD, discard)


def resend(call: Call) -> Reply:
    """Have the message tried again."""
    kind = dead_letters.resend(call.desk, call.number, by=call.by)
    return _done(call, views.resent(call.t, kind))


def resend_all(call: Call) -> Reply:
    """Have all messages tried again, also those that are not shown."""
    count = dead_letters.resend_all(call.desk, by=call.by)
    return _done(call, call.t("dead_letter.resent_all", count=count))


def discard(call: Call) -> Reply:
    """Put the message away."""
    dead_letters.discard(call.desk, call.number, by=call.by)
    return _done(call, call.t("dead_letter.discarded"))


def _done(call: Call, words: str) -> Reply:
    if call.is_from_home:
        return None  # the Home is shown anew, without it
    letters, count = dead_letters.listed(call.desk, by=call.by)
    text, blocks = views.message(call.t, letters, count, done=words)
    return Answer(text, blocks, replace=in_place.is_personal(call))
