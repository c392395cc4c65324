"""Owns what a ruling is about: the opportunity that stood in the way, or the registration, with whose it is and what is known."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from bot.domain.events import event_from
from bot.domain.rulings import Evidence, Happening, evidence_of
from bot.errors import NotFound
from bot.models import Customer, EventRow, Member, Opportunity, Registration, Ruling, Team
from bot.services.desk import Actor
from bot.services.recording import load

S = TypeVar("S", bound=Select[*tuple[Any, ...]])


@dataclass(frozen=True, slots=True)
class Subject:
    """What a ruling is about: an opportunity, else a registration; ``owner`` is whose it is, None in the pool."""

    customer: Customer
    team: Team
    owner: Member | None
    opportunity: Opportunity | None = None
    registration: Registration | None = None

    @property
    def owner_id(self) -> int | None:
        """Our number of the owner."""
        return self.owner.id if self.owner is not None else None


def had_id(evidence: Iterable[Iterable[Any]]) -> int | None:
    """Return our number of who had it, by the stored evidence of a ruling; None for the pool."""
    return Evidence.from_json(evidence).owner_id


def with_owner(evidence: Iterable[Iterable[Any]], subject: "Subject") -> list[list[Any]]:
    """Return the stored evidence of a ruling with whose it is now."""
    owner = subject.owner
    known = Evidence.from_json(evidence)
    return replace(known, owner=owner.name if owner else None, owner_id=subject.owner_id).to_json()


def team_of() -> ColumnElement[int]:
    """Return whose team's case a ruling is, in a statement made by ``with_subjects``."""
    return func.coalesce(Opportunity.team_id, Registration.team_id)


def with_subjects(statement: S) -> S:
    """Return a statement about rulings with what they are about beside them."""
    return statement.outerjoin(Opportunity, Opportunity.id == Ruling.opportunity_id).outerjoin(
        Registration, Registration.id == Ruling.registration_id
    )


def of_opportunity(session: Session, opportunity: Opportunity) -> Subject:
    """Return an opportunity as what a ruling is about."""
    return Subject(
        session.get_one(Customer, opportunity.customer_id),
        session.get_one(Team, opportunity.team_id),
        session.get(Member, opportunity.owner_id) if opportunity.owner_id is not None else None,
        opportunity=opportunity,
    )


def of_registration(session: Session, registration: Registration) -> Subject:
    """Return a registration as what a ruling is about."""
    return Subject(
        session.get_one(Customer, registration.customer_id),
        session.get_one(Team, registration.team_id),
        session.get_one(Member, registration.asked_by_id),
        registration=registration,
    )


def subject_of(session: Session, ruling: Ruling) -> Subject:
    """Return what a ruling is about."""
    if ruling.opportunity_id is not None:
        return of_opportunity(session, load(session, ruling.opportunity_id))
    return of_registration(session, session.get_one(Registration, ruling.registration_id))


def held_subject(session: Session, ruling: Ruling) -> Subject:
    """Return what a ruling is about, held before the ruling itself, as where one is asked for: nobody waits in a circle."""
    if ruling.opportunity_id is None:
        hold_customer(session, ruling.customer_id)
        # Its rep may have captured the customer meanwhile: then it is about the opportunity that came of it.
        session.refresh(ruling)
    if ruling.opportunity_id is None:
        registration = session.get_one(Registration, ruling.registration_id, populate_existing=True)
        return of_registration(session, registration)
    subject = of_opportunity(session, load(session, ruling.opportunity_id, lock=True))
    session.refresh(ruling)
    return subject


def hold_customer(session: Session, customer_id: int) -> Customer:
    """Return a customer's row, held: whoever captures or registers the customer waits for it too."""
    statement = select(Customer).where(Customer.id == customer_id).with_for_update(key_share=True)
    found = session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise NotFound("error.customer_not_found")
    return found


def evidence(session: Session, subject: Subject, by: Actor, need: str | None) -> Evidence:
    """Return what the event log says: of the opportunity, or of all there ever was with a registered customer."""
    found = subject.opportunity
    about = (
        EventRow.opportunity_id == found.id
        if found is not None
        else EventRow.opportunity_id.in_(select(Opportunity.id).where(Opportunity.customer_id == subject.customer.id))
    )
    rows = session.scalars(select(EventRow).where(about).order_by(EventRow.at, EventRow.id)).all()
    actors = {row.actor_id for row in rows if row.actor_id is not None}
    named = session.execute(select(Member.id, Member.name).where(Member.id.in_(actors))).all() if actors else ()
    names = {row.id: row.name for row in named}
    registration = subject.registration
    judge = session.get(Member, registration.decided_by_id or 0) if registration is not None else None
    return evidence_of(
        (
            Happening(
                row.id, row.at, names.get(row.actor_id) if row.actor_id else None, event_from(row.kind, row.payload)
            )
            for row in rows
        ),
        asker_id=by.member_id or 0,
        captured_at=found.captured_at if found is not None else None,
        next_text=found.next_text if found is not None else None,
        next_due_at=found.next_due_at if found is not None else None,
        protected_until=found.protected_until if found is not None else subject.customer.protected_until,
        registered_at=registration.asked_at if registration is not None else None,
        approved_at=registration.decided_at if registration is not None else None,
        approved_by=judge.name if judge is not None else None,
        need=need,
        owner=subject.owner.name if subject.owner is not None else None,
        owner_id=subject.owner_id,
    )
