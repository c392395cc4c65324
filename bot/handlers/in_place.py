"""Owns the messages whose buttons were pressed: they say afterwards what was done, in their own place."""

from typing import Any

from bot.errors import BotError, NotAllowed, RuleBroken
from bot.handlers.calls import Answer, Call
from bot.services import opportunities
from bot.services.values import Done, OpportunityView
from bot.views import answers, cards
from bot.views.elements import Block

_CARD_HISTORY = 8


def card(call: Call, number: int) -> Answer:
    """Return the present card as the member sees it."""
    view = opportunities.view(call.desk, number, by=call.by, history=_CARD_HISTORY)
    return Answer(*cards.personal_card(call.t, view, call.desk.now()))


def is_personal(call: Call) -> bool:
    """Say whether the button belongs to a message in the member's own channel with the app, such as a nudge."""
    return bool(call.message) and not call.is_ephemeral and str(call.channel_id or "").startswith("D")


def carried(call: Call) -> dict[str, Any]:
    """Return what a form must carry along so that the nudge it was opened from can be settled."""
    if not is_personal(call):
        return {}
    found = answers.carry(call.channel_id, call.message_ts, call.message.get("blocks") or [])
    return {"nudge": found} if found else {}


def settle_carried(call: Call, number: int, line: str) -> None:
    """Have the nudge that a form was opened from say what was done about it."""
    nudge = call.metadata.get("nudge") or {}
    blocks = answers.carried(nudge)
    if blocks:
        channel, ts = str(nudge["channel"]), str(nudge["ts"])
        settled = answers.settle(blocks, number, line)
        call.afterwards(lambda: call.gateway.update(channel, ts, line, settled))


def settled(call: Call, done: Done, line: str, more: list[Block] | None = None) -> Answer:
    """Return the answer to a button: in the message's own place where it is the member's, else a line of its own."""
    if is_personal(call):
        blocks = answers.settle(call.message.get("blocks") or [], done.opportunity.id, line)
        return Answer(line, [*blocks, *(more or [])][:50], replace=True)
    text, blocks = answers.short(call.t, done)
    return Answer(text, blocks, replace=call.is_ephemeral)


def check_may(view: OpportunityView, what: str) -> None:
    """Refuse early what the use case would refuse after a whole form was typed.

    Raises:
        NotAllowed: It belongs to somebody else, or to nobody.
        RuleBroken: It is closed, or open already.
    """
    if what in view.may:
        return
    raise _refusal(view, what)


def _refusal(view: OpportunityView, what: str) -> BotError:
    if view.closed_at is None and what == "review":
        return RuleBroken("review.still_open")
    if view.closed_at is not None and what not in {"reopen", "review", "edit"}:
        return RuleBroken("error.closed")
    if view.closed_at is None and what == "reopen":
        return RuleBroken("error.not_closed")
    if view.owner is None:
        return NotAllowed("error.in_pool")
    return NotAllowed("error.not_yours", owner=view.owner.name)
