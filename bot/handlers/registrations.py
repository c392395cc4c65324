"""Owns registrations in Slack: the rep's form, the manager's card, the way on to a lead."""

from typing import Any

from bot.errors import UserError
from bot.handlers import collisions, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.services import customers, registrations
from bot.services.registrations import RegisterForm
from bot.views import lead_forms, registration_views
from bot.views.fields import NEW
from bot.views.registration_views import RegistrationId

_KNOWN = "id:"
_POSSIBLE = "lead.capture.possible"


def register(kit: Kit) -> None:
    """Listen for everything about registrations."""
    kit.action(RegistrationId.NEW, open_form)
    kit.action(RegistrationId.OPEN, open_case)
    kit.action(RegistrationId.APPROVE, approve)
    kit.action(RegistrationId.REFUSE_OPEN, open_refusal)
    kit.action(RegistrationId.CAPTURE, open_capture)
    kit.view(RegistrationId.REGISTER, take, refused=ask_again)
    kit.view(RegistrationId.REFUSE, refuse)


def open_form(call: Call) -> Reply:
    """Open the empty form."""
    typed.home_team(call)
    return Form(registration_views.form(call.t, {}))


def take(call: Call) -> Reply:
    """Register a customer."""
    values, chosen = call.values, str(call.values.get("customer") or "")
    form = RegisterForm.read(
        {
            "customer_id": chosen.removeprefix(_KNOWN) if chosen.startswith(_KNOWN) else None,
            "customer_name": chosen.removeprefix(NEW) if chosen.startswith(NEW) else None,
            "note": values.get("note"),
            "confirmed_new": bool(values.get("confirmed_new")),
        }
    )
    case, judges = registrations.register(call.desk, form, by=call.by)
    return Answer(*registration_views.answer(call.t, case, judges))


def ask_again(call: Call, error: UserError) -> Form | None:
    """Explain a collision, or show the known customers that the typed one may be."""
    if error.key != _POSSIBLE:
        return collisions.explained(call, error)
    name = str(call.values.get("customer") or "").removeprefix(NEW)
    possible = customers.check(call.desk, name, by=call.by)
    return Form(registration_views.form(call.t, call.values, possible=possible))


def open_case(call: Call) -> Reply:
    """Show a registration with its buttons, such as from the Home."""
    return Answer(*registration_views.card(call.t, registrations.case(call.desk, call.number, by=call.by)))


def approve(call: Call) -> Reply:
    """Approve, with one click; the card says so in its own place."""
    case = registrations.approve(call.desk, call.number, by=call.by)
    return _decided(call, registration_views.decided_line(call.t, case))


def open_refusal(call: Call) -> Reply:
    """Ask why it is refused."""
    case = registrations.case(call.desk, call.number, by=call.by, judging=True)
    return Form(registration_views.refusal(call.t, case))


def refuse(call: Call) -> Reply:
    """Refuse, with a sentence."""
    number = int(call.metadata["registration"])
    case = registrations.refuse(call.desk, number, call.values.get("sentence"), by=call.by)
    return _decided(call, registration_views.decided_line(call.t, case))


def _decided(call: Call, line: str) -> Answer | None:
    # In a message the card itself says what was decided; a modal says it here.
    return Answer(line) if call.is_in_modal else None


def open_capture(call: Call) -> Reply:
    """Open the form of a lead for the registered customer."""
    case = registrations.case(call.desk, call.number, by=call.by)
    values: dict[str, Any] = {"customer": f"{_KNOWN}{case.customer_id}", "customer_label": case.customer}
    return Form(lead_forms.capture(call.t, typed.playbook_of(call), values))
