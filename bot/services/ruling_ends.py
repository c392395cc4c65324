"""Owns the ends of requests for rulings without one: their asker takes them back, or their reason is gone."""

from functools import partial

from sqlalchemy import and_, bindparam, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from bot.domain.events import RulingDropped
from bot.errors import NotFound
from bot.models import Customer, Member, Opportunity, Registration, Ruling
from bot.services import collisions, disputes, ruling_rows
from bot.services.case_values import RulingCase
from bot.services.desk import Actor, Desk, system_actor
from bot.services.disputes import Subject
from bot.services.putting_off import alone
from bot.services.recording import Recorder, ground_of
from bot.services.second_owners import settle

_LEFT = "left"


def withdraw(desk: Desk, ruling_id: int, *, by: Actor) -> RulingCase:
    """Take back one's own request for a ruling; its judges' cards say so, and the owner is told.

    Raises:
        NotFound: There is no such request of theirs.
        Conflict: It is decided already, or over.
    """
    with desk.transaction(by) as session:
        ruling = ruling_rows.found(session, ruling_id)
        if ruling.asked_by_id != by.member_id:
            raise NotFound("ruling.not_found")
        subject = disputes.held_subject(session, ruling)
        ruling_rows.check_open(session, ruling)
        recorder = Recorder(desk, session, by)
        _drop(recorder, ruling, subject, "withdrawn")
        recorder.tell(
            subject.owner_id,
            "notice.ruling_withdrawn",
            opportunity_id=ruling.opportunity_id,
            member=by.name,
            customer=subject.customer.name,
        )
        session.flush()
        return ruling_rows.case_of(session, ruling)


def lapse(desk: Desk) -> int:
    """End the requests whose reason went away, of all workspaces, and tell who asked; returns how many there were.

    The opportunity closed, went back to the pool or came to the one who asks; the registration is over; who asked left, which
    the owner is told.
    """
    with desk.database.reading(None) as session:
        rows = session.execute(_DOUBTFUL, {"now": desk.now()}).all()
    count = 0
    for row in rows:
        lapsed = partial(_lapsed, desk, row.id, system_actor(row.workspace_id))
        count += bool(alone(f"request {row.id} for a ruling", lapsed))
    return count


_Asker = aliased(Member)
_DOUBTFUL = (
    disputes.with_subjects(select(Ruling.workspace_id, Ruling.id))
    .join(Customer, Customer.id == Ruling.customer_id)
    .join(_Asker, _Asker.id == Ruling.asked_by_id)
    .outerjoin(Member, Member.id == Customer.protected_by_id)
    .where(
        # Spelt out, since an index that covers only some states is not found through a bound value.
        Ruling.state == literal_column("'open'"),
        or_(
            _Asker.is_active.is_(False),
            Opportunity.closed_at.is_not(None),
            Opportunity.owner_id == Ruling.asked_by_id,
            and_(Ruling.opportunity_id.is_not(None), Opportunity.owner_id.is_(None)),
            and_(
                Ruling.opportunity_id.is_(None),
                or_(
                    Customer.protected_by_id.is_distinct_from(Registration.asked_by_id),
                    Customer.protected_until <= bindparam("now"),
                    Member.is_active.is_(False),
                ),
            ),
        ),
    )
    .order_by(Ruling.id)
)
"""Open requests whose reason may be gone."""


def _lapsed(desk: Desk, ruling_id: int, by: Actor) -> bool:
    with desk.reading(by) as session:
        ruling = ruling_rows.found(session, ruling_id)
        if _gone(session, ruling, disputes.subject_of(session, ruling), desk) is None:
            return False
    with desk.transaction(by) as session:
        ruling = ruling_rows.found(session, ruling_id)
        subject = disputes.held_subject(session, ruling)
        cause = _gone(session, ruling, subject, desk)
        if cause is None or ruling.state != "open":
            return False
        recorder = Recorder(desk, session, by)
        _drop(recorder, ruling, subject, "lapsed", cause)
        number, name = ruling.opportunity_id, subject.customer.name
        if cause == _LEFT:
            gone = session.get_one(Member, ruling.asked_by_id).name
            recorder.tell(subject.owner_id, "notice.ruling_left", opportunity_id=number, customer=name, member=gone)
        else:
            recorder.tell(ruling.asked_by_id, f"notice.ruling_{cause}", opportunity_id=number, customer=name)
        return True


def _gone(session: Session, ruling: Ruling, subject: Subject, desk: Desk) -> str | None:
    """Return why there is nothing to rule on any more; None where there is."""
    found = subject.opportunity
    left = None if session.get_one(Member, ruling.asked_by_id).is_active else _LEFT
    if found is None:
        current = collisions.registration_of(session, subject.customer, desk.now())
        if current is None:
            return "free"
        return left if current.id == ruling.registration_id else "passed"
    if found.closed_at is not None:
        return "closed"
    if found.owner_id == ruling.asked_by_id:
        return "yours"
    if left is not None:
        return left
    # Who asked about what was in the pool already still wants a ruling.
    return "pooled" if found.owner_id is None and disputes.had_id(ruling.evidence) is not None else None


def _drop(recorder: Recorder, ruling: Ruling, subject: Subject, state: str, cause: str | None = None) -> None:
    """End a request without a ruling."""
    session, found = recorder.session, subject.opportunity
    ruling_rows.settle(session, ruling, state=state, cause=cause)
    if found is not None:
        asker = session.get_one(Member, ruling.asked_by_id)
        recorder.event(found, RulingDropped(asker.id, asker.name, cause or state))
        ground = ground_of(session, found.team_id, found.playbook_id)
        settle(recorder, found, ground)
        recorder.attend(found, ground)
    recorder.renew(ruling_rows.key(ruling.id, ""))
