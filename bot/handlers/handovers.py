"""Owns changes of owner in Slack: offering, accepting, declining, claiming from the pool."""

import re

from bot.errors import InvalidInput, Text
from bot.handlers import collisions, in_place, typed
from bot.handlers import pool as pool_handlers
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import handovers, opportunities, pool
from bot.services.values import Done
from bot.views import answers, elements, handover_forms
from bot.views.ids import Action, Callback

_MENTION = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")


def register(kit: Kit) -> None:
    """Listen for everything that changes an owner."""
    kit.command("/handover", open_by_words)
    kit.action(Action.HANDOVER_OPEN, open_form)
    kit.action(Action.HANDOVER_ACCEPT, accept)
    kit.action(Action.HANDOVER_DECLINE, open_decline)
    kit.action(Action.CLAIM, claim, refused=collisions.explained)
    kit.view(Callback.HANDOVER_OFFER, offer)
    kit.view(Callback.HANDOVER_DECLINE, decline)


def open_by_words(call: Call) -> Reply:
    """Open the form; the words find the opportunity, a mention is the new owner, and the rest is the note."""
    mentioned = _MENTION.search(call.mentioning)
    meant = typed.leading(call, _MENTION.sub(" ", call.mentioning).strip())
    view = opportunities.view(call.desk, meant.line.id, by=call.by) if meant.line is not None else None
    values = {"to": mentioned[1] if mentioned else None, "note": meant.rest or None}
    return Form(handover_forms.offer(call.t, view, values))


def open_form(call: Call) -> Reply:
    """Open the form for the opportunity whose button was pressed."""
    view = opportunities.view(call.desk, call.number, by=call.by)
    in_place.check_may(view, "handover")
    return Form(handover_forms.offer(call.t, view, {}, metadata=in_place.carried(call)))


def offer(call: Call) -> Reply:
    """Offer one's own opportunity; a manager gives somebody else's away at once."""
    number = typed.opportunity_id(call)
    to, note = call.values.get("to"), call.values.get("note")
    if not to:
        raise InvalidInput({"to": Text("error.required")})
    view = opportunities.view(call.desk, number, by=call.by)
    is_own = view.owner is not None and view.owner.id == call.by.member_id
    give = handovers.reassign if "reassign" in view.may and not is_own else handovers.offer
    done = give(call.desk, number, str(to), note, by=call.by)
    in_place.settle_carried(call, number, f"🤝 {answers.text_of(call.t, done.said)}")
    return Form(answers.result(call.t, done))


def accept(call: Call) -> Reply:
    """Accept a lead or a handover; the message keeps its history and gets the next buttons."""
    done = handovers.accept(call.desk, call.number, by=call.by)
    return _taken(call, done)


def claim(call: Call) -> Reply:
    """Take an opportunity from the pool; a manager, for whom claiming is assigning, is asked to whom."""
    if call.by.decides:
        return pool_handlers.assign_form(call, call.number)
    return _taken(call, pool.claim(call.desk, call.number, by=call.by))


def _taken(call: Call, done: Done) -> Answer:
    t, number = call.t, done.opportunity.id
    more = elements.actions(
        elements.button(t("card.button.follow_up"), Action.FOLLOW_UP_OPEN, number, style="primary"),
        elements.button(t("answer.open_card"), Action.CARD_OPEN, number),
        elements.button(t("card.button.history"), Action.HISTORY_OPEN, number),
    )
    return in_place.settled(call, done, f"✅ {answers.text_of(t, done.said)}", [more])


def open_decline(call: Call) -> Reply:
    """Ask why."""
    # Who is asked may not see it in a list yet: the dossier is open to them.
    view, _, _ = handovers.dossier(call.desk, call.number, by=call.by)
    channel, ts = (call.channel_id, call.message_ts) if in_place.is_personal(call) else (None, None)
    return Form(handover_forms.decline(call.t, view, channel=channel, ts=ts))


def decline(call: Call) -> Reply:
    """Decline; the message that asked says so."""
    done = handovers.decline(call.desk, typed.opportunity_id(call), call.values.get("reason"), by=call.by)
    text, blocks = answers.declined(call.t, done)
    channel, ts = call.metadata.get("channel"), call.metadata.get("ts")
    if channel and ts:
        call.afterwards(lambda: call.gateway.update(str(channel), str(ts), text, blocks))
    return Answer(text, blocks)
