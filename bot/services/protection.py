"""Owns what protects a customer from others: an open opportunity, an approved registration, and rulings that let two share it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain import health
from bot.domain.rulings import Verdict
from bot.errors import CustomerProtected
from bot.models import Customer, Member, Opportunity, Registration, Ruling
from bot.services import disputes
from bot.services.desk import Actor
from bot.services.recording import Ground, Recorder

_OPEN = Opportunity.stage_kind.in_(("INTAKE", "OPEN"))


class Taken(CustomerProtected):
    """Carries what stands in the way out of the transaction that is undone.

    Args:
        key: Of the catalogue.
        customer: The customer's row.
        opportunity_id: The opportunity in the way; None where a registration is.
        wanted_id: The pooled opportunity that they wanted to claim, if it was that.
        params: Values of the text.
    """

    def __init__(
        self, key: str, customer: Customer, opportunity_id: int | None, *, wanted_id: int | None = None, **params: Any
    ) -> None:
        super().__init__(key, customer=customer.name, customer_id=customer.id, opportunity_id=opportunity_id, **params)
        self.opportunity_id = opportunity_id
        self.wanted_id = wanted_id
        self.customer_id = customer.id
        self.customer = customer.name


def check_free(
    session: Session,
    customer: Customer,
    ground: Ground,
    by: Actor,
    now: datetime,
    *,
    product: str | None = None,
    to_rules: bool = False,
) -> None:
    """Refuse a customer that somebody else has; what a manager ruled to be shared is not refused.

    Args:
        session: The transaction; it holds the customer's row.
        customer: Its row.
        ground: Team and playbook of the capture.
        by: Who captures or registers.
        now: The present moment, aware.
        product: What it is about, where the playbook tells products apart.
        to_rules: The rules choose the owner: inside the team of the owner or registrant it then goes to them.

    Raises:
        Taken: Somebody else has it.
    """
    check_unregistered(session, customer, by.member_id, now, team_id=ground.team.id if to_rules else None)
    statement = select(Opportunity).where(Opportunity.customer_id == customer.id, _OPEN)
    if ground.playbook.collision_scope == "customer_product" and product:
        statement = statement.where(Opportunity.product == product)
    for other in session.scalars(statement.order_by(Opportunity.id)):
        if other.owner_id is not None and (
            other.owner_id == by.member_id or (to_rules and other.team_id == ground.team.id)
        ):
            continue
        if is_shared(session, customer.id, by.member_id, other.owner_id):
            continue
        if other.owner_id is None:
            raise Taken("lead.capture.in_pool", customer, other.id)
        owner = session.get(Member, other.owner_id)
        until = other.protected_until if other.protected_until is not None and other.protected_until > now else None
        values: dict[str, Any] = {"owner": owner.name if owner else "?", **({"until": until} if until else {})}
        raise Taken("lead.capture.protected" if until else "lead.capture.taken", customer, other.id, **values)


def check_unregistered(
    session: Session,
    customer: Customer,
    member_id: int | None,
    now: datetime,
    *,
    team_id: int | None = None,
    wanted_id: int | None = None,
) -> None:
    """Refuse a customer whose registration a manager approved for somebody else; what is ruled to be shared is not refused.

    Args:
        session: The transaction.
        customer: Its row.
        member_id: Who wants it.
        now: The present moment, aware.
        team_id: The team whose rules choose the owner; inside it they choose the registrant.
        wanted_id: The pooled opportunity that is to be claimed.

    Raises:
        Taken: It is protected.
    """
    registrant = registrant_of(session, customer, now)
    if registrant is None or registrant.id == member_id or (team_id is not None and registrant.team_id == team_id):
        return
    if is_shared(session, customer.id, member_id, registrant.id):
        return
    until = customer.protected_until
    raise Taken("lead.capture.registered", customer, None, wanted_id=wanted_id, owner=registrant.name, until=until)


def registrant_of(session: Session, customer: Customer, now: datetime) -> Member | None:
    """Return for whom a registration protects the customer; nobody once it expired or its member left."""
    return registrants(session, [customer], now).get(customer.id)


def registrants(session: Session, customers: Iterable[Customer], now: datetime) -> dict[int, Member]:
    """Return for whom registrations protect which of the customers, by the customers' numbers."""
    held = {
        row.id: row.protected_by_id
        for row in customers
        if row.protected_by_id is not None and row.protected_until is not None and row.protected_until > now
    }
    if not held:
        return {}
    people = session.scalars(select(Member).where(Member.id.in_(set(held.values())), Member.is_active))
    known = {one.id: one for one in people}
    return {customer_id: known[member_id] for customer_id, member_id in held.items() if member_id in known}


def use_up(recorder: Recorder, customer: Customer, opportunity: Opportunity) -> None:
    """End a registration whose rep has an opportunity there, which is protected itself from now on; a void one ends too.

    Who asked for a ruling on the registration has asked it about the opportunity from now on.
    """
    if customer.protected_by_id is None:
        return
    session = recorder.session
    registrant = registrant_of(session, customer, recorder.now)
    if registrant is None or registrant.id == opportunity.owner_id:
        customer.protected_by_id = customer.protected_until = None
    if registrant is None or registrant.id != opportunity.owner_id:
        return
    asked = session.execute(
        update(Ruling)
        .where(Ruling.customer_id == customer.id, Ruling.opportunity_id.is_(None), Ruling.state == "open")
        .values(opportunity_id=opportunity.id)
        .returning(Ruling.id)
        .execution_options(synchronize_session=False)
    ).all()
    if asked:
        opportunity.has_collision = True
        opportunity.broken_from = health.broken_from(opportunity)


def is_shared(session: Session, customer_id: int, member_id: int | None, other_id: int | None) -> bool:
    """Say whether a manager ruled that a member may work on a customer beside another one.

    Who asked and was granted it may always; who had the ruled opportunity or registration may beside the one it is shared with.
    """
    had = func.coalesce(Opportunity.owner_id, Registration.asked_by_id)
    rows = session.execute(
        disputes.with_subjects(select(Ruling.asked_by_id, Ruling.verdict, had).select_from(Ruling))
        .where(Ruling.customer_id == customer_id, Ruling.state == "ruled")
        .order_by(Ruling.ruled_at, Ruling.id)
    ).all()
    # The latest ruling on what somebody asked for is the one that holds.
    latest = {asker: (verdict, owner) for asker, verdict, owner in rows}
    shared = {asker: owner for asker, (verdict, owner) in latest.items() if verdict == Verdict.SHARE}
    return member_id in shared or (other_id in shared and shared[other_id] == member_id)
