"""Owns what protects a customer from others: an open opportunity, an approved registration, and rulings that let two share it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.rulings import Verdict, reaches
from bot.errors import CustomerProtected
from bot.models import Assignment, Customer, Member, Opportunity, Registration, Ruling
from bot.services import disputes, product_scope
from bot.services.desk import Actor
from bot.services.recording import Ground

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
    about = product_scope.about(session, customer.id, product, ground.playbook)
    statement = select(Opportunity).where(Opportunity.customer_id == customer.id, _OPEN, *about)
    for other in session.scalars(statement.order_by(Opportunity.id)):
        if other.owner_id is None:
            raise Taken("lead.capture.in_pool", customer, other.id)
        if not (to_rules and other.team_id == ground.team.id):
            _check_not_theirs(session, customer, other, by.member_id, now)


def check_unowned(
    session: Session, customer: Customer, ground: Ground, wanted: Opportunity, member_id: int, now: datetime
) -> None:
    """Refuse a pooled opportunity whose customer somebody else works on; what a manager ruled to be shared is not refused.

    Nor is what the other was offered and declined: they agreed that somebody else takes it.

    Args:
        session: The transaction; it holds the customer's row.
        customer: Its row.
        ground: Of the team in which it would be worked on.
        wanted: The pooled opportunity.
        member_id: Who would own it.
        now: The present moment, aware.

    Raises:
        Taken: Somebody else has an open opportunity there.
    """
    statement = select(Opportunity).where(
        Opportunity.customer_id == customer.id,
        Opportunity.id != wanted.id,
        Opportunity.owner_id.is_not(None),
        _OPEN,
        *product_scope.about(session, customer.id, wanted.product, ground.playbook),
    )
    declined = declined_offers(session, [wanted.id])
    for other in session.scalars(statement.order_by(Opportunity.id)):
        if (wanted.id, other.owner_id) not in declined:
            _check_not_theirs(session, customer, other, member_id, now, wanted_id=wanted.id)


def declined_offers(session: Session, opportunity_ids: Collection[int]) -> set[tuple[int, int | None]]:
    """Return which of some opportunities were offered to whom and declined: our numbers of both."""
    rows = session.execute(
        select(Assignment.opportunity_id, Assignment.member_id).where(
            Assignment.opportunity_id.in_(opportunity_ids),
            Assignment.kind == "offer",
            Assignment.state == "declined",
        )
    )
    return {(row.opportunity_id, row.member_id) for row in rows}


def _check_not_theirs(
    session: Session,
    customer: Customer,
    other: Opportunity,
    member_id: int | None,
    now: datetime,
    *,
    wanted_id: int | None = None,
) -> None:
    if other.owner_id == member_id or is_shared(session, customer.id, member_id, other.owner_id, now):
        return
    owner = session.get(Member, other.owner_id)
    until = other.protected_until if other.protected_until is not None and other.protected_until > now else None
    values: dict[str, Any] = {"owner": owner.name if owner else "?", **({"until": until} if until else {})}
    key = "lead.capture.protected" if until else "lead.capture.taken"
    raise Taken(key, customer, other.id, wanted_id=wanted_id, **values)


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
    if is_shared(session, customer.id, member_id, registrant.id, now):
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


def is_shared(session: Session, customer_id: int, member_id: int | None, other_id: int | None, now: datetime) -> bool:
    """Say whether a manager ruled that a member may work on a customer beside another one, and it still holds."""
    return frozenset((member_id, other_id)) in shares(session, customer_id, now)


def shares(session: Session, customer_id: int, now: datetime) -> frozenset[frozenset[int | None]]:
    """Return the pairs of members who may work on a customer beside each other.

    The latest ruling between two is the one that holds. A share ends once neither of the two has an open opportunity there,
    nor the registration that it was ruled about: what comes after that is a customer like any other.
    """
    rows = session.execute(
        select(Ruling.asked_by_id, Ruling.evidence, Ruling.verdict, Ruling.ruled_at, Registration.protected_until)
        .outerjoin(Registration, Registration.id == Ruling.registration_id)
        .where(Ruling.customer_id == customer_id, Ruling.state == "ruled")
        .order_by(Ruling.ruled_at, Ruling.id)
    ).all()
    latest = {frozenset((row.asked_by_id, disputes.had_id(row.evidence))): row for row in rows}
    ruled = {pair: row for pair, row in latest.items() if row.verdict == Verdict.SHARE and None not in pair}
    if not ruled:
        return frozenset()
    people = {member_id for pair in ruled for member_id in pair}
    worked = session.execute(
        select(Opportunity.owner_id, Opportunity.captured_at, Opportunity.closed_at).where(
            Opportunity.customer_id == customer_id, Opportunity.owner_id.in_(people)
        )
    ).all()
    return frozenset(
        pair
        for pair, row in ruled.items()
        if reaches(
            row.ruled_at,
            [
                *((one.captured_at, one.closed_at) for one in worked if one.owner_id in pair),
                *([(row.ruled_at, row.protected_until)] if row.protected_until is not None else []),
            ],
            now,
        )
    )


def shared_with(session: Session, member_id: int | None, owners: Mapping[int, int], now: datetime) -> set[int]:
    """Return on which customers, by their owners, a manager ruled that a member may work beside the owner."""
    ruled = select(Ruling.customer_id).where(
        Ruling.customer_id.in_(owners), Ruling.state == "ruled", Ruling.verdict == Verdict.SHARE.value
    )
    found = set(session.scalars(ruled)) if owners else set()
    return {number for number in found if is_shared(session, number, member_id, owners[number], now)}
