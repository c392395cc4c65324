"""Owns registrations in Slack: the rep's form, the manager's card, the list of them, the way on to a lead."""

from typing import Any

from bot.errors import UserError
from bot.handlers import capturing, collisions, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Answer, Call, Form, Reply
from bot.handlers.capturing import KNOWN
from bot.services import registered, registrations
from bot.services.registrations import RegisterForm
from bot.views import registration_views
from bot.views.fields import NEW
from bot.views.registration_views import LIST_BLOCK, RegistrationId

_POSSIBLE = "lead.capture.possible"


def register(kit: Kit) -> None:
    """Listen for everything about registrations."""
    kit.action(RegistrationId.NEW, open_form)
    kit.action(RegistrationId.OPEN, open_case)
    kit.action(RegistrationId.APPROVE, approve)
    kit.action(RegistrationId.REFUSE_OPEN, open_refusal)
    kit.action(RegistrationId.CAPTURE, open_capture)
    kit.action(RegistrationId.WITHDRAW, withdraw)
    kit.action(RegistrationId.RENEW, renew)
    kit.action(RegistrationId.REVOKE_OPEN, open_revocation)
    kit.action(RegistrationId.BACK, turn)
    kit.action(RegistrationId.ON, turn)
    kit.view(RegistrationId.REVOKE, revoke)
    kit.view(RegistrationId.REGISTER, take, refused=ask_again)
    kit.view(RegistrationId.REFUSE, refuse)


def open_form(call: Call) -> Reply:
    """Open the empty form."""
    typed.home_team(call)
    return Form(capturing.registration_form(call, {}))


def take(call: Call) -> Reply:
    """Register a customer."""
    values, chosen = call.values, str(call.values.get("customer") or "")
    form = RegisterForm.read(
        {
            "customer_id": chosen.removeprefix(KNOWN) if chosen.startswith(KNOWN) else None,
            "customer_name": chosen.removeprefix(NEW) if chosen.startswith(NEW) else None,
            "note": values.get("note"),
            "website_or_code": values.get("website_or_code"),
            "confirmed_new": bool(values.get("confirmed_new")),
        }
    )
    case, judges = registrations.register(call.desk, form, by=call.by)
    return Answer(*registration_views.answer(call.t, case, judges))


def ask_again(call: Call, error: UserError) -> Form | None:
    """Explain a collision, or show the known customers that the typed one may be."""
    if error.key != _POSSIBLE:
        return collisions.explained(call, error)
    return Form(capturing.registration_form(call, call.values))


def open_case(call: Call) -> Reply:
    """Show a registration with its buttons, such as from the Home."""
    return Answer(*registration_views.card(call.t, registrations.case(call.desk, call.number, by=call.by)))


def show_list(call: Call) -> Reply:
    """List one's own registrations, and those of the teams that one manages."""
    return _list(call)


def turn(call: Call) -> Reply:
    """Show another page of the list."""
    return _list(call, page=call.number)


def _list(call: Call, said: str | None = None, page: int | None = None) -> Answer:
    found = registered.listing(call.desk, by=call.by, page=_page(call) if page is None else page)
    return Answer(*registration_views.listing(call.t, found, said=said), replace=call.is_ephemeral)


def _page(call: Call) -> int:
    """Return the page on which the button stands that was pressed; the first for what is no row of the list."""
    block = str(call.action.get("block_id") or "")
    return int(block.removeprefix(LIST_BLOCK).split(".")[0]) if block.startswith(LIST_BLOCK) else 0


def approve(call: Call) -> Reply:
    """Approve the registration or its renewal, with one click; the card says so in its own place."""
    if registrations.case(call.desk, call.number, by=call.by, judging=True).is_renewal:
        case = registered.renew(call.desk, call.number, by=call.by)
    else:
        case = registrations.approve(call.desk, call.number, by=call.by)
    return _decided(call, registration_views.decided_line(call.t, case))


def open_refusal(call: Call) -> Reply:
    """Ask why it is refused."""
    case = registrations.case(call.desk, call.number, by=call.by, judging=True)
    return Form(registration_views.refusal(call.t, case))


def refuse(call: Call) -> Reply:
    """Refuse, with a sentence; what was shown as a renewal only ends when it would have ended anyway."""
    number, sentence = int(call.metadata["registration"]), call.values.get("sentence")
    if call.metadata.get("renewal"):
        case = registered.refuse_renewal(call.desk, number, sentence, by=call.by)
        return Answer(registration_views.not_renewed(call.t, case))
    case = registrations.refuse(call.desk, number, sentence, by=call.by)
    return _decided(call, registration_views.decided_line(call.t, case))


def withdraw(call: Call) -> Reply:
    """Take one's own registration back; the list stands anew."""
    case = registered.withdraw(call.desk, call.number, by=call.by)
    return _list(call, registration_views.ended_line(call.t, case))


def renew(call: Call) -> Reply:
    """Ask for more days; the list or the notice says so in its own place."""
    case = registered.ask_renewal(call.desk, call.number, by=call.by)
    said = registration_views.renewal_line(call.t, case)
    if call.is_ephemeral:
        return _list(call, said)
    return Answer(*registration_views.ending(call.t, case, said=said), replace=True)


def open_revocation(call: Call) -> Reply:
    """Ask why an approved registration shall end."""
    case = registrations.case(call.desk, call.number, by=call.by)
    return Form(registration_views.revocation(call.t, case))


def revoke(call: Call) -> Reply:
    """End an approved registration, with a sentence."""
    number = int(call.metadata["registration"])
    case = registered.revoke(call.desk, number, call.values.get("sentence"), by=call.by)
    return Answer(registration_views.ended_line(call.t, case))


def _decided(call: Call, line: str) -> Answer | None:
    # In a list nothing changes by itself; in a message the card says what was decided, and a modal says it here.
    if call.is_ephemeral:
        return _list(call, line)
    return Answer(line) if call.is_in_modal else None


def open_capture(call: Call) -> Reply:
    """Open the form of a lead for the registered customer."""
    case = registrations.case(call.desk, call.number, by=call.by)
    values: dict[str, Any] = {"customer": f"{KNOWN}{case.customer_id}", "customer_label": case.customer}
    return Form(capturing.lead_form(call, values))
