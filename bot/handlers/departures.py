"""Owns the handover list in Slack: giving what one who left owned to somebody, or all of it by the rules."""

from collections.abc import Sequence
from typing import Any

from bot.handlers import replies
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Reply
from bot.services import departures, handovers
from bot.views import answers
from bot.views import departures as view
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line

_PARTS = 3


def give(call: Call) -> Reply:
    """Give one opportunity to whom was chosen; the list stands anew without it."""
    number, to, member_id = _chosen(call.value)
    done = handovers.reassign(call.desk, number, to, None, by=call.by)
    said = f"✅ *{escape_line(done.opportunity.customer, 120)}* – {answers.text_of(call.t, done.said)}"
    return _list(call, member_id, said)


def _chosen(value: str) -> tuple[int, str, int]:
    parts = value.split(":")
    number, to, member_id = parts if len(parts) == _PARTS else ("0", "", "0")
    return int(number), to, int(member_id)


def _list(call: Call, member_id: int, said: str | None) -> Answer:
    left = departures.departure(call.desk, member_id, by=call.by)
    return Answer(*view.message(call.t, left, call.desk.now(), said=said), replace=True)


def by_rules(call: Call) -> Reply:
    """Have the rules choose for all that is left; there may be hundreds, so it is done after the ack."""
    call.afterwards(lambda: _by_rules(call, call.number))
    return None


def _by_rules(call: Call, member_id: int) -> None:
    given = departures.give_by_rules(call.desk, member_id, by=call.by)
    said = call.t("departure.given", count=given.offered)
    if given.pooled:
        said += f"\n{call.t('departure.pooled', count=given.pooled)}"
    replies.delivered(call, _list(call, member_id, said))
    call.kit.wake()


def takers(call: Call) -> Sequence[dict[str, Any]]:
    """Answer the type-ahead of who could take an opportunity; its block says which one, and who left."""
    parts = str(call.body.get("block_id") or "").split(".")
    if len(parts) != _PARTS or not (parts[1].isdigit() and parts[2].isdigit()):
        return []
    number, member_id = int(parts[1]), int(parts[2])
    typed = str(call.body.get("value") or "")
    return view.options(call.t, departures.takers(call.desk, number, typed, by=call.by), number, member_id)


def register(kit: Kit) -> None:
    """Take the choices and the button of the list."""
    kit.action(Action.DEPARTURE_GIVE, give)
    kit.options(Action.DEPARTURE_GIVE, takers)
    kit.action(Action.DEPARTURE_RULES, by_rules)
