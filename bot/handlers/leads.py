"""Owns capture in Slack: the command, the shortcuts, the type-ahead of customers, the form."""

import re
from typing import Any

from bot.domain import identity
from bot.errors import UserError
from bot.handlers import capturing, collisions, registrations, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.handlers.capturing import KNOWN
from bot.handlers.replies import delivered, open_on_message
from bot.services import customers, leads
from bot.services.leads import LeadForm
from bot.views import answers, elements, fields, lead_forms
from bot.views.fields import NEW
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import clip, readable

_POSSIBLE = "lead.capture.possible"
_PARTS = re.compile(r"[,，;；\n]")
_REGISTER = re.compile(r"(?:register(?:\s+|$)|报备[\s:：]*)", re.IGNORECASE)
_REGISTERED = re.compile(r"(?:registered|registrations|报备列表|已报备|我的报备)\W*$", re.IGNORECASE)
_FIRST_WORD = re.compile(r"\s*([^\s,，;；]+)\s*([,，;；]|$)?\s*")
_NEED = 2000


def register(kit: Kit) -> None:
    """Listen for everything that begins an opportunity."""
    kit.command("/lead", open_from_command)
    kit.action(Action.LEAD_OPEN, open_empty)
    kit.shortcut(Callback.LEAD_NEW, open_empty)
    kit.shortcut(Callback.LEAD_FROM_MESSAGE, open_from_message)
    kit.options(Action.CUSTOMER_PICK, find_customers)
    kit.action(Action.CUSTOMER_PICK, explain_customer)
    kit.view(Callback.LEAD_CAPTURE, capture, refused=ask_again)


def open_from_command(call: Call) -> Reply:
    """Open the form; of ``Acme, 200 seats`` the part before the first comma is the customer, the rest the need.

    ``register Acme, met their CTO`` opens the form of a registration instead, and ``registered`` lists them. Who has that
    customer is looked up after the ack.
    """
    if _REGISTERED.match(call.text):
        return registrations.show_list(call)
    registering = _REGISTER.match(call.text)
    customer, need = _halves(call.text[registering.end() :] if registering else call.text)
    typed.home_team(call)

    def opened() -> None:
        if registering:
            view = capturing.registration_form(call, {"note": need or None}, named=customer)
        else:
            view = capturing.lead_form(call, {"need": need or None}, named=customer)
        delivered(call, Form(view))

    call.afterwards(opened)
    return None


def _halves(text: str) -> tuple[str, str]:
    """Split at the first comma; not at one before a legal form, as in ``Globex, Inc., needs a quote``."""
    name, *rest = _PARTS.split(text, maxsplit=1)
    need = rest[0] if rest else ""
    while (word := _FIRST_WORD.match(need)) and _is_form(name, word):
        name, need = f"{name}, {word[1]}", need[word.end() :]
    return name.strip(), need.strip()


def _is_form(name: str, word: re.Match[str]) -> bool:
    if not (word[2] is not None or word[1].endswith(".") or not word[1].islower()):
        return False  # "as" and its like are ordinary words where they are not set apart
    longer = f"{name} {word[1]}"
    is_shown = identity.legal_form(longer) != identity.legal_form(name)
    return is_shown and identity.name_key(longer) == identity.name_key(name)


def open_empty(call: Call) -> Reply:
    """Open the empty form."""
    return Form(capturing.lead_form(call, {}, way="shortcut"))


def open_from_message(call: Call) -> Reply:
    """Open the form with a message's text as the need, and its permalink along."""
    typed.home_team(call)
    need = clip(readable(str(call.message.get("text") or "")), _NEED)
    call.afterwards(lambda: open_on_message(call, capturing.lead_form(call, {"need": need}, way="message")))
    return None


def find_customers(call: Call) -> list[dict[str, Any]]:
    """Answer the type-ahead: the typed name as a new one, then those known with who has them."""
    text = str(call.body.get("value") or "")
    matches = customers.search(call.desk, text, by=call.by)
    return elements.option_answer(fields.customer_options(call.t, text, matches))


def explain_customer(call: Call) -> Reply:
    """Say in the open form what the choice of a customer means, before anything is saved."""
    opened = call.view
    view = lead_forms.with_customer(call.t, opened, *capturing.meant(call, call.value))
    if view["blocks"] != opened["blocks"]:
        call.afterwards(lambda: _refresh(call, view))
    return None


def _refresh(call: Call, view: dict[str, Any]) -> None:
    call.gateway.refresh_view(call.view["id"], view, call.view["hash"])


def capture(call: Call) -> Reply:
    """Take the form."""
    values = call.values
    chosen = str(values.get("customer") or "")
    step, due = typed.step_and_due(call, values)
    form = LeadForm.read(
        {
            **{key: value for key, value in values.items() if key in LeadForm.model_fields},
            "customer_id": chosen.removeprefix(KNOWN) if chosen.startswith(KNOWN) else None,
            "customer_name": chosen.removeprefix(NEW) if chosen.startswith(NEW) else None,
            "next_step": step,
            "next_due_at": due,
            "mine": values.get("owner") != lead_forms.RULES,
            "facts": fields.answers_in(values, typed.playbook_of(call).scorecard.criteria),
            "confirmed_new": bool(values.get("confirmed_new")),
            "way": call.metadata.get("way", "command"),
            "permalink": call.metadata.get("permalink"),
        }
    )
    return Form(answers.result(call.t, leads.capture(call.desk, form, by=call.by)))


def ask_again(call: Call, error: UserError) -> Form | None:
    """Show the known customers that the typed one may be, with a box to confirm that it is none of them; or who has it."""
    if error.key != _POSSIBLE:
        return collisions.explained(call, error)
    way, permalink = call.metadata.get("way", "command"), call.metadata.get("permalink")
    return Form(capturing.lead_form(call, call.values, way=way, permalink=permalink))
