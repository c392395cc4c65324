"""Owns the moving of what belongs to a customer to another one, and back: opportunities, contacts, keys, cases."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.events import Event
from bot.models import (
    Contact,
    Customer,
    CustomerKey,
    Opportunity,
    Registration,
    Ruling,
)
from bot.services import customer_keys, customers
from bot.services.recording import Recorder, ground_of

_PLAIN: dict[str, Any] = {"contacts": Contact, "keys": CustomerKey, "rulings": Ruling}

Moved = dict[str, Any]


def hold_both(session: Session, first_id: int, second_id: int) -> dict[int, Customer]:
    """Return two customers, held against captures and merges; always in the order of their numbers, so that nobody waits in a ring.

    What only refers to a customer, such as a new contact, need not wait.
    """
    statement = (
        select(Customer)
        .where(Customer.id.in_((first_id, second_id)))
        .order_by(Customer.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in session.scalars(statement)}


def move_all(session: Session, kept: Customer, merged: Customer) -> Moved:
    """Give everything of the merged customer to the kept one; returns the numbers of what was moved, by kind."""
    opportunities = _opportunities(session, Opportunity.customer_id == merged.id)
    for one in opportunities:
        one.customer_id = kept.id
    session.flush()
    moved: Moved = {"opportunities": [one.id for one in opportunities]}
    for name, model in _PLAIN.items():
        moved[name] = list(session.scalars(select(model.id).where(model.customer_id == merged.id).order_by(model.id)))
        _move(session, model, moved[name], kept.id)
    moved["registrations"] = _registrations(session, kept, merged)
    _move(session, Registration, moved["registrations"], kept.id)
    ours, theirs = _names(session, kept), _names(session, merged)
    _found_by(session, merged, before=theirs, after=[])
    _found_by(session, kept, before=ours, after=[*ours, *theirs])
    return moved


def move_back(session: Session, kept: Customer, merged: Customer, moved: Moved) -> list[Opportunity]:
    """Give the merged customer back what was its own and is still there; returns its opportunities."""
    named = Opportunity.id.in_(moved.get("opportunities", ())) & (Opportunity.customer_id == kept.id)
    opportunities = _opportunities(session, named)
    for one in opportunities:
        one.customer_id = merged.id
    session.flush()
    _keep_contacts(session, kept, moved.get("contacts", []))
    for name, model in {**_PLAIN, "registrations": Registration}.items():
        _move(session, model, moved.get(name, []), merged.id, only_of=kept.id)
    ours, theirs = _names(session, kept), _names(session, merged)
    _found_by(session, kept, before=[*ours, *theirs], after=ours)
    _found_by(session, merged, before=[], after=theirs)
    return opportunities


def _opportunities(session: Session, condition: Any) -> list[Opportunity]:
    statement = select(Opportunity).where(condition).order_by(Opportunity.id).with_for_update()
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def _move(session: Session, model: Any, ids: list[int], customer_id: int, *, only_of: int | None = None) -> None:
    if not ids:
        return
    statement = update(model).where(model.id.in_(ids)).values(customer_id=customer_id)
    if only_of is not None:
        statement = statement.where(model.customer_id == only_of)
    session.execute(statement, execution_options={"synchronize_session": False})


def _registrations(session: Session, kept: Customer, merged: Customer) -> list[int]:
    """Return those that may move: nobody has two that wait for one customer."""
    waiting = select(Registration.asked_by_id).where(
        Registration.customer_id == kept.id, Registration.state == "pending"
    )
    double = (Registration.state == "pending") & Registration.asked_by_id.in_(waiting)
    statement = select(Registration.id).where(Registration.customer_id == merged.id, ~double)
    return list(session.scalars(statement.order_by(Registration.id)))


def _keep_contacts(session: Session, kept: Customer, contact_ids: list[int]) -> None:
    """Give opportunities that stay a copy of a contact that goes."""
    if not contact_ids:
        return
    staying = _opportunities(session, (Opportunity.customer_id == kept.id) & Opportunity.contact_id.in_(contact_ids))
    for one in staying:
        known = session.get_one(Contact, one.contact_id)
        copy = Contact(
            workspace_id=kept.workspace_id,
            customer_id=kept.id,
            name=known.name,
            title=known.title,
            phone=known.phone,
            email=known.email,
            note=known.note,
            created_at=known.created_at,
        )
        session.add(copy)
        session.flush()
        one.contact_id = copy.id


def _names(session: Session, customer: Customer) -> list[str]:
    return [customer.name, *customers.names_behind(session, customer.id)]


def _found_by(session: Session, customer: Customer, *, before: list[str], after: list[str]) -> None:
    customer_keys.change_by_name(session.connection(), customer.workspace_id, customer.id, before=before, after=after)


def record(recorder: Recorder, opportunities: list[Opportunity], event: Event) -> None:
    """Append an event to each opportunity, and have its card show its customer's name."""
    for one in opportunities:
        recorder.event(one, event)
        recorder.card(one, ground_of(recorder.session, one.team_id, one.playbook_id).team)
