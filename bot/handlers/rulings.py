"""Owns rulings in Slack: the manager's card, one click and one sentence, and the way on for the one who asked."""

from functools import partial

from bot.domain.rulings import Verdict
from bot.handlers import capturing
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import ruling_ends, rulings, settlements
from bot.views import ruling_views
from bot.views.collision_forms import CollisionId
from bot.views.ids import Action
from bot.views.mrkdwn import escape_line
from bot.views.ruling_views import RulingId


def register(kit: Kit) -> None:
    """Listen for everything about rulings."""
    kit.action(RulingId.OPEN, open_case)
    for action, verdict in (
        (RulingId.KEEP, Verdict.KEEP),
        (RulingId.GIVE, Verdict.GIVE),
        (RulingId.SHARE, Verdict.SHARE),
    ):
        kit.action(action, partial(open_sentence, verdict))
    kit.action(RulingId.CAPTURE, open_capture)
    kit.action(CollisionId.WITHDRAW, withdraw)
    kit.view(RulingId.RULE, rule)
    kit.action(Action.COLLISION_SETTLE, open_settle)
    kit.view(RulingId.SETTLE, settle)


def open_case(call: Call) -> Reply:
    """Show a case with its evidence and buttons, such as from the Home."""
    return Answer(*ruling_views.card(call.t, rulings.case(call.desk, call.number, by=call.by)))


def open_sentence(verdict: Verdict, call: Call) -> Reply:
    """Ask for the sentence; a case that is decided already says so."""
    case = rulings.case(call.desk, call.number, by=call.by, judging=True)
    return Form(ruling_views.sentence_form(call.t, case, verdict))


def rule(call: Call) -> Reply:
    """Rule."""
    number, verdict = int(call.metadata["ruling"]), Verdict(call.metadata["verdict"])
    case = rulings.rule(call.desk, number, verdict, call.values.get("sentence"), by=call.by)
    return Answer(f"{ruling_views.ruled_line(call.t, case)}\n{call.t('ruling.both_told')}")


def open_settle(call: Call) -> Reply:
    """Ask a manager whose a customer with several owners is; an open request is shown to be ruled on instead."""
    found = settlements.look(call.desk, call.number, by=call.by)
    if found.ruling_id is not None:
        return Answer(*ruling_views.card(call.t, rulings.case(call.desk, found.ruling_id, by=call.by)))
    if not found.sides:
        settlements.drop(call.desk, call.number, by=call.by)
        return Answer(call.t("ruling.settled_already", customer=escape_line(found.customer, 120)))
    return Form(ruling_views.settle_form(call.t, found))


def settle(call: Call) -> Reply:
    """Settle the collision."""
    values, number = call.values, int(call.metadata["id"])
    done = settlements.settle(call.desk, number, values.get("to"), values.get("sentence"), by=call.by)
    return Answer(f"{ruling_views.settled(call.t, done)}\n{call.t('ruling.settle.told')}")


def withdraw(call: Call) -> Reply:
    """Take a request back; in a message it says so in its own place, a modal says it here."""
    case = ruling_ends.withdraw(call.desk, call.number, by=call.by)
    return Answer(ruling_views.ended_line(call.t, case)) if call.is_in_modal else None


def open_capture(call: Call) -> Reply:
    """Open the form of a lead for the customer that is shared now, with all that was typed when it was refused."""
    case = rulings.case(call.desk, call.number, by=call.by)
    is_asker = case.asker.id == call.by.member_id
    kept = {"need": case.evidence.need, **((case.evidence.typed or {}) if is_asker else {})}
    values = {**kept, "customer": f"id:{case.customer_id}", "customer_label": case.customer}
    return Form(capturing.lead_form(call, values))
