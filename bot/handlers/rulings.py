"""Owns rulings in Slack: the manager's card, one click and one sentence, and the way on for the one who asked."""

from functools import partial

from bot.domain.rulings import Verdict
from bot.handlers import typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import ruling_ends, rulings
from bot.views import lead_forms, ruling_views
from bot.views.collision_forms import CollisionId
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


def withdraw(call: Call) -> Reply:
    """Take a request back; in a message it says so in its own place, a modal says it here."""
    case = ruling_ends.withdraw(call.desk, call.number, by=call.by)
    return Answer(ruling_views.ended_line(call.t, case)) if call.is_in_modal else None


def open_capture(call: Call) -> Reply:
    """Open the form of a lead for the customer that is shared now, with the need that was typed when it was refused."""
    case = rulings.case(call.desk, call.number, by=call.by)
    values = {"customer": f"id:{case.customer_id}", "customer_label": case.customer, "need": case.evidence.need}
    return Form(lead_forms.capture(call.t, typed.playbook_of(call), values))
