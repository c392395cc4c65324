"""Owns the life of a registration once it was asked for: the list of them, more days, and its end, before its time or at it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from sqlalchemy import and_, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from bot.errors import Conflict, NotFound
from bot.models import Customer, Member, Registration
from bot.models.base import Instant
from bot.services import customers, registration_rows, second_owners
from bot.services.case_values import RegistrationCase, RegistrationLine, RegistrationPage
from bot.services.desk import Actor, Desk, system_actor
from bot.services.forms import worded
from bot.services.judges import asked_judges, check_judge, judges_of
from bot.services.putting_off import alone
from bot.services.recording import Ground, Recorder, ground_of
from bot.services.registration_rows import case_of
from bot.services.registrations import SENTENCE_MOST

PAGE, _PAST_DAYS = 20, 30

_Change = Callable[[Recorder, Registration, Customer, Ground], None]


def listing(desk: Desk, *, by: Actor, page: int = 0) -> RegistrationPage:
    """Return a page of one's own registrations, and those of the teams that one manages.

    Those that wait come first, then those that protect a customer, the next end first; then what ended in the last days.

    Args:
        desk: The record and the clock.
        by: Who looks.
        page: From 0; one beyond the last is taken for the last.
    """
    now = desk.now()
    with desk.reading(by) as session:
        is_live = or_(Registration.state == "pending", registration_rows.protecting(now))
        since = now - timedelta(days=_PAST_DAYS)
        is_recent = or_(
            Registration.decided_at >= since, Registration.ended_at >= since, Registration.protected_until >= since
        )
        statement = (
            select(Registration)
            .join(Customer, Customer.id == Registration.customer_id)
            .where(or_(is_live, is_recent))
            .order_by(
                case((Registration.state == "pending", 0), (registration_rows.protecting(now), 1), else_=2),
                case((registration_rows.protecting(now), Registration.protected_until)),
                Registration.id.desc(),
            )
        )
        if not by.is_admin:
            own = Registration.asked_by_id == by.member_id
            statement = statement.where(or_(own, Registration.team_id.in_(sorted(by.managed_team_ids))))
        total = session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
        pages = max(1, -(-total // PAGE))
        page = min(max(page, 0), pages - 1)
        rows = session.scalars(statement.limit(PAGE).offset(page * PAGE)).all()
        lines = tuple(_line(session, row, by, desk) for row in rows)
        return RegistrationPage(lines, page, pages, page * PAGE + 1, total)


def _line(session: Session, row: Registration, by: Actor, desk: Desk) -> RegistrationLine:
    shown = case_of(session, row, ground_of(session, row.team_id), desk.now())
    is_own = row.asked_by_id == by.member_id
    return RegistrationLine(shown, is_own, may_decide=by.manages(row.team_id) and not is_own)


def withdraw(desk: Desk, registration_id: int, *, by: Actor) -> RegistrationCase:
    """Take back one's own registration, whether it waits or protects the customer; others may capture it from now on.

    Raises:
        NotFound: There is no such registration of theirs.
        Conflict: It is over already.
    """

    def withdrawn(recorder: Recorder, row: Registration, customer: Customer, _ground: Ground) -> None:
        _check_own(row, by)
        if row.state != "pending":
            _check_current(recorder, row, customer)
            customer.protected_by_id = customer.protected_until = None
        registration_rows.end(recorder, row, "withdrawn")
        second_owners.settle_customer(recorder, customer.id)

    return _changed(desk, registration_id, by, withdrawn)


def revoke(desk: Desk, registration_id: int, sentence: str | None, *, by: Actor) -> RegistrationCase:
    """End an approved registration before its time; its rep is told, with the sentence.

    Raises:
        InvalidInput: No sentence.
        NotFound: There is none.
        NotAllowed: They may not decide here.
        Conflict: It is over already, or was never approved.
    """
    words = worded("sentence", sentence, SENTENCE_MOST)

    def revoked(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
        check_judge(recorder.session, ground.team, by, {row.asked_by_id})
        _check_current(recorder, row, customer)
        customer.protected_by_id = customer.protected_until = None
        registration_rows.end(recorder, row, "revoked", words)
        second_owners.settle_customer(recorder, customer.id)
        registration_rows.tell_ended(recorder, row)

    return _changed(desk, registration_id, by, revoked)


def ask_renewal(desk: Desk, registration_id: int, *, by: Actor) -> RegistrationCase:
    """Ask for more days before a registration ends; a manager's own is renewed at once.

    Raises:
        NotFound: There is no such registration of theirs.
        Conflict: It is over, or it was asked already.
        RuleBroken: There is nobody to decide.
    """

    def asked(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
        _check_own(row, by)
        _check_current(recorder, row, customer)
        if row.renewal_asked_at is not None:
            raise Conflict("registration.renewal_asked_already", customer=customer.name)
        if by.manages(row.team_id):
            _renew(recorder, row, customer, ground)
            return
        judges = asked_judges(recorder.session, ground.team, {row.asked_by_id})
        row.renewal_asked_at = recorder.now
        registration_rows.ask(recorder, row, judges)

    return _changed(desk, registration_id, by, asked)


def renew(desk: Desk, registration_id: int, *, by: Actor) -> RegistrationCase:
    """Give a registration the days of its team's playbook anew, from now on, as its rep asked.

    Raises:
        NotFound: There is none.
        NotAllowed: They may not decide here.
        Conflict: It is over, or nothing waits any more.
    """

    def renewed(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
        _check_asked(recorder, row, customer, ground)
        _renew(recorder, row, customer, ground)
        registration_rows.tell_renewed(recorder, row)

    return _changed(desk, registration_id, by, renewed)


def refuse_renewal(desk: Desk, registration_id: int, sentence: str | None, *, by: Actor) -> RegistrationCase:
    """Let a registration end when it would have ended anyway; its rep is told, with the sentence.

    Raises:
        InvalidInput: No sentence.
        NotFound: There is none.
        NotAllowed: They may not decide here.
        Conflict: It is over, or nothing waits any more.
    """
    words = worded("sentence", sentence, SENTENCE_MOST)

    def refused(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
        _check_asked(recorder, row, customer, ground)
        row.renewal_asked_at = None
        recorder.tell(row.asked_by_id, "notice.renewal_refused", judge=by.name, customer=customer.name, sentence=words)
        recorder.session.flush()
        recorder.renew(registration_rows.key(row.id, ""))

    return _changed(desk, registration_id, by, refused)


def expire(desk: Desk) -> int:
    """Free the customers whose registration has run out, of all workspaces: what others work on there collides no more.

    Where its rep asked for more days and nobody decided, they and the judges are told. For the clock, since a registration
    ends by the mere passing of time.

    Returns:
        How many registrations it was.
    """
    with desk.database.reading(None) as session:
        rows = session.execute(_RUN_OUT, {"now": desk.now()}).all()
    for row in rows:
        run_out = partial(_changed, desk, row.id, system_actor(row.workspace_id), _run_out)
        alone(f"the end of registration {row.id}", run_out)
    return len(rows)


# The latest first: of several of one rep it is the one in force.
_RUN_OUT = (
    select(Registration.id, Registration.workspace_id)
    .join(Customer, and_(Customer.id == Registration.customer_id, Customer.protected_by_id == Registration.asked_by_id))
    .where(Registration.state == "approved", Customer.protected_until <= bindparam("now", type_=Instant))
    .order_by(Registration.id.desc())
)


def _run_out(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
    until = customer.protected_until
    if customer.protected_by_id != row.asked_by_id or until is None or until > recorder.now:
        return  # somebody renewed it, or freed the customer, since we looked
    customer.protected_by_id = customer.protected_until = None
    if row.renewal_asked_at is not None:
        registration_rows.end(recorder, row, "expired")
        registration_rows.tell_ended(recorder, row)
        asker = recorder.session.get_one(Member, row.asked_by_id)
        for judge in judges_of(recorder.session, ground.team, {asker.id}):
            recorder.tell(judge.id, "notice.renewal_expired", member=asker.name, customer=customer.name)
    second_owners.settle_customer(recorder, customer.id)


def _changed(desk: Desk, registration_id: int, by: Actor, change: _Change) -> RegistrationCase:
    try:
        return _once(desk, registration_id, by, change)
    except customers.CustomerMoved:
        # Its customer was merged between our look and our hold: now we see into which.
        return _once(desk, registration_id, by, change)


def _once(desk: Desk, registration_id: int, by: Actor, change: _Change) -> RegistrationCase:
    with desk.transaction(by) as session:
        row, customer = registration_rows.held(session, registration_id)
        ground = ground_of(session, row.team_id)
        recorder = Recorder(desk, session, by)
        change(recorder, row, customer, ground)
        session.flush()
        return case_of(session, row, ground, recorder.now)


def _renew(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
    until = recorder.now + timedelta(days=ground.playbook.protection_days)
    customer.protected_until = row.protected_until = until
    row.renewal_asked_at, row.renewed_at, row.renewed_by_id = None, recorder.now, recorder.by.member_id
    recorder.session.flush()
    registration_rows.promise_ending(recorder, row.id, ground, row.asked_by_id, until)
    recorder.renew(registration_rows.key(row.id, ""))


def _check_asked(recorder: Recorder, row: Registration, customer: Customer, ground: Ground) -> None:
    check_judge(recorder.session, ground.team, recorder.by, {row.asked_by_id})
    _check_current(recorder, row, customer)
    if row.renewal_asked_at is None:
        raise Conflict("registration.renewal_decided", customer=customer.name, until=row.protected_until)


def _check_own(row: Registration, by: Actor) -> None:
    if row.asked_by_id != by.member_id:
        raise NotFound("registration.not_found")


def _check_current(recorder: Recorder, row: Registration, customer: Customer) -> None:
    if row.state != "approved" or not registration_rows.is_current(recorder.session, row, customer, recorder.now):
        raise Conflict("registration.over_already", customer=customer.name)
