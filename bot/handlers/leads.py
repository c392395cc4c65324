"""Owns capture in Slack: the command, the shortcuts, the type-ahead of customers, the form."""

import re
from typing import Any

from bot.domain import identity
from bot.domain.identity import Verdict
from bot.errors import UserError
from bot.handlers import collisions, typed
from bot.handlers.boundary import Kit
from bot.handlers.calls import Call, Form, Reply
from bot.handlers.replies import delivered
from bot.services import customers, leads
from bot.services.leads import LeadForm
from bot.services.values import CustomerMatch
from bot.views import answers, elements, fields, lead_forms, registration_views
from bot.views.fields import NEW
from bot.views.ids import Action, Callback
from bot.views.mrkdwn import clip, one_line, readable

_KNOWN = "id:"
_POSSIBLE = "lead.capture.possible"
_PARTS = re.compile(r"[,，;；\n]")
_REGISTER = re.compile(r"(?:register(?:\s+|$)|报备[\s:：]*)", re.IGNORECASE)
_NEED, _CUSTOMER = 2000, 140


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

    ``register Acme, met their CTO`` opens the form of a registration instead.
    """
    registering = _REGISTER.match(call.text)
    text = call.text[registering.end() :] if registering else call.text
    customer, need = ([one.strip() for one in _PARTS.split(text, maxsplit=1)] + [""])[:2]
    known = _customer(call, customer)
    if registering:
        typed.home_team(call)
        return Form(registration_views.form(call.t, {**known, "note": need or None}))
    values = {**known, "need": need or None}
    return Form(lead_forms.capture(call.t, typed.playbook_of(call), values))


def open_empty(call: Call) -> Reply:
    """Open the empty form."""
    return Form(lead_forms.capture(call.t, typed.playbook_of(call), {}, way="shortcut"))


def open_from_message(call: Call) -> Reply:
    """Open the form with a message's text as the need, and its permalink along."""
    playbook = typed.playbook_of(call)
    need = clip(readable(str(call.message.get("text") or "")), _NEED)

    def opened() -> None:
        # Only Slack knows the permalink; asking for it must not delay the ack.
        permalink = call.gateway.permalink(str(call.channel_id), str(call.message_ts))
        delivered(call, Form(lead_forms.capture(call.t, playbook, {"need": need}, way="message", permalink=permalink)))

    call.afterwards(opened)
    return None


def _customer(call: Call, name: str) -> dict[str, str]:
    """Return what the customer's field shows for a typed name: the known customer of that very name, else a new one."""
    name = one_line(name)[:_CUSTOMER]
    if not name:
        return {}
    for one in customers.check(call.desk, name, by=call.by):
        if identity.compare(name, one.name).verdict is Verdict.SAME:
            return {"customer": f"{_KNOWN}{one.id}", "customer_label": one.name}
    return {"customer": NEW + name}


def find_customers(call: Call) -> list[dict[str, Any]]:
    """Answer the type-ahead: the typed name as a new one, then those known with who has them."""
    text = str(call.body.get("value") or "")
    matches = customers.search(call.desk, text, by=call.by)
    return elements.option_answer(fields.customer_options(call.t, text, matches))


def explain_customer(call: Call) -> Reply:
    """Say in the open form what the choice of a customer means, before anything is saved."""
    chosen, possible = _meant(call, call.value)
    opened = call.view
    view = lead_forms.with_customer(call.t, opened, chosen, possible)
    if view["blocks"] != opened["blocks"]:
        call.afterwards(lambda: _refresh(call, view))
    return None


def _refresh(call: Call, view: dict[str, Any]) -> None:
    call.gateway.refresh_view(call.view["id"], view, call.view["hash"])


def _meant(call: Call, value: str) -> tuple[CustomerMatch | None, tuple[CustomerMatch, ...]]:
    """Return the customer that was chosen, or those that a new name may be."""
    number = value.removeprefix(_KNOWN)
    if value.startswith(_KNOWN) and number.isdigit():
        return customers.standing(call.desk, int(number), by=call.by), ()
    name = value.removeprefix(NEW)
    found = customers.check(call.desk, name, by=call.by)
    same = [one for one in found if identity.compare(name, one.name).verdict is Verdict.SAME]
    return (same[0], ()) if same else (None, found)


def capture(call: Call) -> Reply:
    """Take the form."""
    values = call.values
    chosen = str(values.get("customer") or "")
    step, due = typed.step_and_due(call, values)
    form = LeadForm.read(
        {
            **{key: value for key, value in values.items() if key in LeadForm.model_fields},
            "customer_id": chosen.removeprefix(_KNOWN) if chosen.startswith(_KNOWN) else None,
            "customer_name": chosen.removeprefix(NEW) if chosen.startswith(NEW) else None,
            "next_step": step,
            "next_due_at": due,
            "mine": values.get("owner") != lead_forms.RULES,
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
    values = call.values
    name = str(values.get("customer") or "").removeprefix(NEW)
    view = lead_forms.capture(
        call.t,
        typed.playbook_of(call),
        values,
        way=call.metadata.get("way", "command"),
        permalink=call.metadata.get("permalink"),
        possible=customers.check(call.desk, name, by=call.by),
    )
    return Form(view)
