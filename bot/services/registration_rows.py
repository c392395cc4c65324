"""Owns the rows of registrations: which one is meant, held against others, how it ends, and what its readers see of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, literal_column, or_, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar, health
from bot.errors import Conflict, NotFound
from bot.models import Customer, Member, Opportunity, Registration, Ruling
from bot.services import collisions, customers, disputes
from bot.services.case_values import RegistrationCase
from bot.services.member_rows import ref, ref_or_none
from bot.services.protection import registrant_of
from bot.services.recording import Ground, Recorder

ENDING_DAYS = 3
"""So many working days before its end the rep is told."""


def key(registration_id: int, member_id: int | str) -> str:
    """Return the key of a promised card about a registration; with an empty member, how all of them begin."""
    return f"registration:{registration_id}:{member_id}"


def ask(recorder: Recorder, row: Registration, judges: Iterable[Member]) -> bool:
    """Promise the card of a registration, or of its renewal, to those who are to decide.

    Who was asked before has it show the present state.

    Returns:
        Whether anybody was not asked before.
    """
    asked_at, is_new = row.renewal_asked_at, False
    for judge in judges:
        name = key(row.id, judge.id if asked_at is None else f"{judge.id}:{asked_at.isoformat()}")
        if recorder.promise("registration", f"member:{judge.id}", {"registration_id": row.id}, key=name):
            is_new = True
        else:
            recorder.renew(name)
    return is_new


def found(session: Session, registration_id: int) -> Registration:
    """Return a registration's row.

    Raises:
        NotFound: There is none.
    """
    row = session.get(Registration, registration_id)
    if row is None:
        raise NotFound("registration.not_found")
    return row


def held(session: Session, registration_id: int) -> tuple[Registration, Customer]:
    """Return a registration with its customer, held: whoever captures or registers the customer waits for it too.

    Raises:
        NotFound: There is none.
        CustomerMoved: Its customer was merged meanwhile; the caller looks again.
    """
    row = found(session, registration_id)
    customer = disputes.hold_customer(session, row.customer_id)
    session.refresh(row)
    if row.customer_id != customer.id:
        raise customers.CustomerMoved(customer.id)
    return row, customer


def protecting(now: Any) -> ColumnElement[bool]:
    """Return the condition for registrations that protect their customer, in a statement that joins the customer.

    Args:
        now: The present moment, aware; or the parameter that will hold it.
    """
    return and_(
        Registration.state == "approved",
        Customer.protected_by_id == Registration.asked_by_id,
        Customer.protected_until > now,
    )


def undecided(now: Any) -> ColumnElement[bool]:
    """Return the condition for registrations that wait for a decision, on themselves or on more days; else as ``protecting``."""
    renewal = and_(Registration.renewal_asked_at.is_not(None), protecting(now))
    return or_(Registration.state == "pending", renewal)


def check_pending(session: Session, row: Registration) -> None:
    """Refuse one that is decided, with who did it.

    Raises:
        Conflict: It is.
    """
    if row.state == "pending":
        return
    judge = session.get(Member, row.decided_by_id) if row.decided_by_id is not None else None
    raise Conflict(f"registration.{row.state}_already", judge=judge.name if judge else "–")


def is_current(session: Session, row: Registration, customer: Customer, now: datetime) -> bool:
    """Say whether it is the one that protects the customer now."""
    current = collisions.registration_of(session, customer, now)
    return current is not None and current.id == row.id


def promise_ending(recorder: Recorder, registration_id: int, ground: Ground, asker_id: int, until: datetime) -> None:
    """Promise the rep a word some working days before the end; where there are fewer days than that, there is none."""
    due_at = calendar.add_days(ground.calendar, until, -ENDING_DAYS)
    if due_at > recorder.now:
        payload = {"registration_id": registration_id, "until": until.isoformat()}
        name = f"registration_ending:{registration_id}:{until.isoformat()}"
        recorder.promise("registration_ending", f"member:{asker_id}", payload, key=name, due_at=due_at)


def end(recorder: Recorder, row: Registration, cause: str, why: str | None = None) -> None:
    """Write that a registration is over, by whom and why; what it protected is for the caller to free."""
    row.state, row.cause, row.ended_why = "ended", cause, why
    row.ended_by_id, row.ended_at = recorder.by.member_id, recorder.now
    row.renewal_asked_at = None
    recorder.session.flush()
    recorder.renew(key(row.id, ""))


def use_up(recorder: Recorder, customer: Customer, opportunity: Opportunity) -> None:
    """End a registration whose rep has an opportunity there, which is protected itself from now on; a void one ends too.

    One that still waits for its judges ends as well: approved later, it would outlive the opportunity. Who asked for a ruling
    on the registration has asked it about the opportunity from now on.
    """
    _end_waiting(recorder, customer, opportunity.owner_id)
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


def _end_waiting(recorder: Recorder, customer: Customer, member_id: int | None) -> None:
    waiting = recorder.session.scalar(
        select(Registration).where(
            Registration.customer_id == customer.id,
            Registration.asked_by_id == member_id,
            # Spelt out, since an index that covers only some states is not found through a bound value.
            Registration.state == literal_column("'pending'"),
        )
    )
    if waiting is not None:
        end(recorder, waiting, "used")
        tell_ended(recorder, waiting)


def tell_ended(recorder: Recorder, row: Registration) -> None:
    """Tell its rep that it is over, unless they ended it themselves."""
    _tell(recorder, row, "ended")


def tell_again(recorder: Recorder, row: Registration) -> None:
    """Tell its rep that it is in force again."""
    _tell(recorder, row, "again")


def tell_renewed(recorder: Recorder, row: Registration) -> None:
    """Tell its rep that they were given more days."""
    _tell(recorder, row, "renewed")


def _tell(recorder: Recorder, row: Registration, what: str) -> None:
    if row.asked_by_id != recorder.by.member_id:
        payload = {"registration_id": row.id}
        name = f"registered:{row.id}:{what}:{recorder.now.isoformat()}"
        recorder.promise("registered", f"member:{row.asked_by_id}", payload, key=name)


def case_of(session: Session, row: Registration, ground: Ground, now: datetime) -> RegistrationCase:
    """Return a registration as its readers see it."""
    asker, customer = session.get_one(Member, row.asked_by_id), session.get_one(Customer, row.customer_id)
    rivals = session.scalars(
        select(Member.name)
        .join(Registration, Registration.asked_by_id == Member.id)
        .where(Registration.customer_id == row.customer_id, Registration.state == "pending", Registration.id != row.id)
        .order_by(Registration.id)
    ).all()
    other = session.get(Registration, row.yielded_to_id) if row.yielded_to_id is not None else None
    is_active = row.state == "approved" and is_current(session, row, customer, now)
    return RegistrationCase(
        id=row.id,
        state=row.state,
        customer_id=row.customer_id,
        customer=customer.name,
        asker=ref(asker),
        team=ground.team.name,
        note=row.note,
        asked_at=row.asked_at,
        days=ground.playbook.protection_days,
        sentence=row.sentence,
        judge=ref_or_none(session, row.decided_by_id),
        decided_at=row.decided_at,
        protected_until=row.protected_until,
        rivals=tuple(rivals),
        yielded_to=ref_or_none(session, other.asked_by_id if other is not None else None),
        is_active=is_active,
        over=_over(row, asker, now) if row.state == "approved" and not is_active else None,
        renewal_asked_at=row.renewal_asked_at if is_active else None,
        renewed_at=row.renewed_at,
        renewed_by=ref_or_none(session, row.renewed_by_id),
        cause=row.cause,
        ended_at=row.ended_at,
        ended_by=ref_or_none(session, row.ended_by_id),
        ended_why=row.ended_why,
    )


def _over(row: Registration, asker: Member, now: datetime) -> str:
    if row.protected_until is None or row.protected_until <= now:
        return "expired"
    return "used" if asker.is_active else "left"
