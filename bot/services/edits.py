"""Owns the change of facts: what the card's edit form and the advance form write."""

from contextlib import suppress
from datetime import date
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.domain import calendar, identity
from bot.domain.events import OpportunityEdited
from bot.errors import InvalidInput, Text
from bot.models import Contact, Customer, EventRow, Opportunity
from bot.services import customers, scoring
from bot.services.forms import WebsiteOrCode, check_future_day, read_form
from bot.services.leads import amount_of
from bot.services.recording import Ground, Recorder

_PLAIN = ("need", "source", "product", "region", "industry", "expected_close_on")
_CONTACT = ("contact_name", "contact_title", "contact_phone", "contact_email")


class EditForm(BaseModel):
    """Facts to change; what is None stays as it is. ``facts`` takes answers of the scorecard, and what stages ask for."""

    model_config = ConfigDict(frozen=True)

    need: str | None = Field(default=None, max_length=2000)
    amount: str | None = Field(default=None, max_length=40)
    source: str | None = Field(default=None, max_length=60)
    product: str | None = Field(default=None, max_length=120)
    region: str | None = Field(default=None, max_length=120)
    industry: str | None = Field(default=None, max_length=120)
    expected_close_on: date | None = None
    contact_name: str | None = Field(default=None, max_length=100)
    contact_title: str | None = Field(default=None, max_length=100)
    contact_phone: str | None = Field(default=None, max_length=40)
    contact_email: str | None = Field(default=None, max_length=200)
    website_or_code: WebsiteOrCode | None = None
    facts: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)


def apply_edit(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, form: EditForm, *, currency: str | None = None
) -> EventRow | None:
    """Write the facts that differ, with one event for all of them, and grade again.

    Args:
        recorder: The transaction.
        opportunity: Its row.
        ground: Its team, playbook and calendar.
        form: What was typed.
        currency: Of an amount that names none, where it was not typed about this opportunity; else its own.

    Returns:
        The event, or None if nothing differs.

    Raises:
        InvalidInput: What to do, by field.
    """
    today = calendar.local_day(ground.calendar, recorder.now)
    if form.expected_close_on != opportunity.expected_close_on:
        check_future_day("expected_close_on", form.expected_close_on, today)
    changes: dict[str, list[Any]] = {}
    for name in _PLAIN:
        _change(changes, opportunity, name, getattr(form, name))
    if form.amount is not None:
        amount_minor, code = amount_of(form.amount, currency or opportunity.currency)
        _change(changes, opportunity, "amount_minor", amount_minor)
        _change(changes, opportunity, "currency", code)
    given = scoring.answers(form.facts, ground.playbook)
    facts = {name: value for name, value in given.items() if opportunity.facts.get(name) != value}
    if "quote_amount" in facts:
        _check_quote(facts["quote_amount"], opportunity.currency)
    for name, value in facts.items():
        changes[name] = [opportunity.facts.get(name), value]
    if facts:
        opportunity.facts = {**opportunity.facts, **facts}
    _change_contact(recorder, opportunity, ground, form, changes)
    _learn(recorder, opportunity, ground, form, changes)
    if not changes:
        return None
    event = recorder.event(opportunity, OpportunityEdited(changes))
    recorder.regrade(opportunity, ground)
    return event


def undo_of(event: EventRow, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what takes an edit back: the opportunity's former values, and those of a contact that was there before."""
    contact = {
        name.removeprefix("contact_"): before
        for name, (before, _) in event.payload["changes"].items()
        if name in _CONTACT and "contact_id" not in fields
    }
    return {"fields": fields, "contact": contact} if contact else {"fields": fields}


def _check_quote(text: str, currency: str) -> None:
    try:
        amount_of(text, currency)
    except InvalidInput:
        raise InvalidInput({"quote_amount": Text("error.amount")}) from None


def _change(changes: dict[str, list[Any]], opportunity: Opportunity, name: str, value: Any) -> None:
    before = getattr(opportunity, name)
    if value is None or value == before:
        return
    changes[name] = [one.isoformat() if isinstance(one, date) else one for one in (before, value)]
    setattr(opportunity, name, value)


def _change_contact(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, form: EditForm, changes: dict[str, list[Any]]
) -> None:
    given = {name.removeprefix("contact_"): getattr(form, name) for name in _CONTACT if getattr(form, name) is not None}
    if not given:
        return
    if "phone" in given and identity.phone_key(given["phone"], ground.numbers_country) is None:
        raise InvalidInput({"contact_phone": Text("error.phone")})
    if "email" in given and "@" not in given["email"]:
        raise InvalidInput({"contact_email": Text("error.email")})
    session = recorder.session
    contact = session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None
    if contact is None:
        contact = Contact(
            workspace_id=opportunity.workspace_id,
            customer_id=opportunity.customer_id,
            name=given.get("name") or given.get("phone") or given.get("email") or "?",
            created_at=recorder.now,
        )
        session.add(contact)
    for name, value in given.items():
        if getattr(contact, name) != value:
            changes[f"contact_{name}"] = [getattr(contact, name), value]
            setattr(contact, name, value)
    session.flush()
    opportunity.contact_id = contact.id


def _learn(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, form: EditForm, changes: dict[str, list[Any]]
) -> None:
    """Have the customer found by what was typed now, unless somebody else's customer is found by it at this moment."""
    is_changed = {name: f"contact_{name}" in changes for name in ("email", "phone")}
    if not any(is_changed.values()) and form.website_or_code is None:
        return
    session = recorder.session
    customer = session.get_one(Customer, opportunity.customer_id)
    keys = identity.keys_of(
        customer.name,
        email=form.contact_email if is_changed["email"] else None,
        phone=form.contact_phone if is_changed["phone"] else None,
        website=form.website_or_code,
        credit_code=form.website_or_code,
        country=ground.numbers_country,
    )
    learnt = customers.Learnt()
    with suppress(IntegrityError), session.begin_nested():
        learnt = customers.learn(session, customer, keys)
    recorder.remarks += customers.shared_remarks(session, learnt.others, recorder.by, recorder.now)
    if form.website_or_code is not None and learnt.is_more:
        changes["website_or_code"] = [None, form.website_or_code]


def contact_way(session: Session, opportunity: Opportunity) -> bool:
    """Say whether there is a way to reach a contact: a phone number or a mail address."""
    contact = session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None
    return contact is not None and bool(contact.phone or contact.email)
