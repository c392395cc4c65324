"""Owns registrations (报备): a rep claims a customer before there is an opportunity, and a manager approves it or not."""

from datetime import datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.errors import Conflict, InvalidInput, NotAllowed, NotFound, RuleBroken, Text
from bot.models import Customer, Member, Opportunity, Registration, Team
from bot.models.base import Instant
from bot.models.questions import Question
from bot.services import collisions, customers, protection, registration_rows
from bot.services.access import SELLS
from bot.services.case_values import RegistrationCase
from bot.services.desk import Actor, Desk
from bot.services.forms import WebsiteOrCode, clean_or_none, read_form, worded
from bot.services.judges import asked_judges, check_judge, judges_of
from bot.services.members import actor_of
from bot.services.protection import Taken
from bot.services.recording import Ground, Recorder, ground_of
from bot.services.registration_rows import case_of
from bot.services.teams import home_team

_WAITING_MOST = 50
SENTENCE_MOST = 300


class RegisterForm(BaseModel):
    """What is typed to register a customer; ``confirmed_new`` as for a lead."""

    model_config = ConfigDict(frozen=True)

    customer_id: int | None = None
    customer_name: str | None = Field(default=None, max_length=200)
    note: str = Field(min_length=1, max_length=1000)
    website_or_code: WebsiteOrCode | None = None
    confirmed_new: bool = False

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        form = read_form(cls, values)
        if form.customer_id is None and form.customer_name is None:
            raise InvalidInput({"customer": Text("error.required")})
        return form


def register(desk: Desk, form: RegisterForm, *, by: Actor) -> tuple[RegistrationCase, str]:
    """Ask for a customer's protection before there is an opportunity; a manager's own is approved at once.

    Returns:
        The registration, and the names of those who decide; empty where it is decided.

    Raises:
        CustomerProtected: Somebody else has the customer.
        Conflict: It is registered by the actor already, or they own an opportunity there.
        InvalidInput: What to do, by field.
        NotAllowed: The member owns no opportunities, or is on no team.
        RuleBroken: There is nobody to decide.
    """
    if by.role not in SELLS or by.member_id is None:
        raise NotAllowed("error.not_allowed")
    with collisions.recorded(desk, by):
        try:
            return _register(desk, form, by, by.member_id)
        except (IntegrityError, customers.CustomerMoved):
            # Somebody created or merged the same customer between our look and our write: now it is there to be seen.
            return _register(desk, form, by, by.member_id)


def _register(desk: Desk, form: RegisterForm, by: Actor, member_id: int) -> tuple[RegistrationCase, str]:
    with desk.transaction(by) as session:
        team = home_team(session, by)
        ground = ground_of(session, team.id)
        recorder = Recorder(desk, session, by)
        customer = _customer(session, form, recorder)
        protection.check_free(session, customer, ground, by, recorder.now)
        _check_new(session, customer, ground, member_id, recorder)
        row = Registration(
            team_id=team.id,
            customer_id=customer.id,
            asked_by_id=member_id,
            asked_at=recorder.now,
            note=form.note,
            state="pending",
        )
        session.add(row)
        session.flush()
        if by.manages(team.id):
            _approve(recorder, row, customer, ground, None)
            return case_of(session, row, ground, recorder.now), ""
        judges = asked_judges(session, team, {member_id})
        registration_rows.ask(recorder, row, judges)
        return case_of(session, row, ground, recorder.now), ", ".join(one.name for one in judges)


def _customer(session: Session, form: RegisterForm, recorder: Recorder) -> Customer:
    known_id, name = form.customer_id, form.customer_name or ""
    keys = identity.keys_of(name, website=form.website_or_code, credit_code=form.website_or_code)
    if known_id is None:
        found = customers.recognise(session, name, keys)
        if found.customer is None:
            if found.possible and not form.confirmed_new:
                names = ", ".join(row.name for row in found.possible[:3])
                raise InvalidInput({"customer": Text("lead.capture.possible", names=names)})
            return customers.create(
                session, name, keys, at=recorder.now, workspace_id=recorder.by.workspace_id, taken=found.taken
            )
        known_id = found.customer.id
    # Captures of this customer wait for the same row; a form that stood open may name one that was merged meanwhile.
    known = customers.hold(session, known_id)
    if known is None:
        raise InvalidInput({"customer": Text("error.customer_not_found")})
    customers.learn(session, known, keys)
    return known


def _check_new(session: Session, customer: Customer, ground: Ground, member_id: int, recorder: Recorder) -> None:
    if _owns(session, customer, ground, member_id):
        raise Conflict("registration.owned", customer=customer.name)
    if protection.registrant_of(session, customer, recorder.now) is not None:
        raise Conflict("registration.yours", customer=customer.name, until=customer.protected_until)
    pending = select(Registration.id).where(
        Registration.customer_id == customer.id,
        Registration.asked_by_id == member_id,
        Registration.state == "pending",
    )
    if session.scalar(pending) is not None:
        raise Conflict("registration.asked_already", customer=customer.name)


def _owns(session: Session, customer: Customer, ground: Ground, member_id: int) -> bool:
    """Say whether a member has an open opportunity there, which protects the customer by itself; not for other products."""
    if ground.playbook.collision_scope != "customer":
        return False
    own = select(Opportunity.id).where(
        Opportunity.customer_id == customer.id, Opportunity.owner_id == member_id, Opportunity.closed_at.is_(None)
    )
    return session.scalar(own.limit(1)) is not None


def approve(desk: Desk, registration_id: int, sentence: str | None = None, *, by: Actor) -> RegistrationCase:
    """Approve a registration: the customer is protected for its rep from now on.

    Raises:
        NotFound: There is none.
        NotAllowed: They may not decide here.
        Conflict: Somebody decided already, or somebody else has the customer by now.
        RuleBroken: The rep is deactivated, or has an open opportunity there by now.
    """
    return _decide(desk, registration_id, by, clean_or_none(sentence), is_approved=True)


def refuse(desk: Desk, registration_id: int, sentence: str | None, *, by: Actor) -> RegistrationCase:
    """Refuse a registration, with a sentence.

    Raises:
        InvalidInput: No sentence.
        NotFound: There is none.
        NotAllowed: They may not decide here.
        Conflict: Somebody decided already.
    """
    words = worded("sentence", sentence, SENTENCE_MOST)
    return _decide(desk, registration_id, by, words, is_approved=False)


def _decide(
    desk: Desk, registration_id: int, by: Actor, sentence: str | None, *, is_approved: bool
) -> RegistrationCase:
    if sentence is not None and len(sentence) > SENTENCE_MOST:
        raise InvalidInput({"sentence": Text("error.too_long", most=SENTENCE_MOST)})
    try:
        return _decided(desk, registration_id, by, sentence, is_approved=is_approved)
    except customers.CustomerMoved:
        return _decided(desk, registration_id, by, sentence, is_approved=is_approved)


def _decided(
    desk: Desk, registration_id: int, by: Actor, sentence: str | None, *, is_approved: bool
) -> RegistrationCase:
    with desk.transaction(by) as session:
        row, customer = registration_rows.held(session, registration_id)
        ground = ground_of(session, row.team_id)
        registration_rows.check_pending(session, row)
        check_judge(session, ground.team, by, {row.asked_by_id})
        recorder = Recorder(desk, session, by)
        if is_approved:
            _check_still_free(session, row, customer, ground, recorder)
            _approve(recorder, row, customer, ground, sentence)
        else:
            _settle(recorder, row, "refused", sentence)
        _tell(recorder, row)
        return case_of(session, row, ground, recorder.now)


def _approve(recorder: Recorder, row: Registration, customer: Customer, ground: Ground, sentence: str | None) -> None:
    until = recorder.now + timedelta(days=ground.playbook.protection_days)
    customer.protected_by_id, customer.protected_until = row.asked_by_id, until
    row.protected_until = until
    _settle(recorder, row, "approved", sentence)
    registration_rows.promise_ending(recorder, row.id, ground, row.asked_by_id, until)
    _decline_rivals(recorder, row)


def _decline_rivals(recorder: Recorder, approved: Registration) -> None:
    """Decline whoever else waits for the customer, of whatever team; they are told for whom."""
    rivals = select(Registration).where(
        Registration.customer_id == approved.customer_id,
        Registration.state == "pending",
        Registration.id != approved.id,
    )
    for rival in recorder.session.scalars(rivals.order_by(Registration.id)).all():
        rival.yielded_to_id = approved.id
        _settle(recorder, rival, "refused", None)
        _tell(recorder, rival)


def _tell(recorder: Recorder, row: Registration) -> None:
    """Tell the rep what was decided, and have the judges' cards say so."""
    if row.asked_by_id != recorder.by.member_id:
        payload = {"registration_id": row.id}
        recorder.promise("registered", f"member:{row.asked_by_id}", payload, key=f"registered:{row.id}")
    recorder.renew(registration_rows.key(row.id, ""))


def _settle(recorder: Recorder, row: Registration, state: str, sentence: str | None) -> None:
    row.state, row.sentence = state, sentence
    row.decided_by_id, row.decided_at = recorder.by.member_id, recorder.now
    recorder.session.flush()


def _check_still_free(
    session: Session, row: Registration, customer: Customer, ground: Ground, recorder: Recorder
) -> None:
    member = session.get_one(Member, row.asked_by_id)
    if not member.is_active:
        raise RuleBroken("registration.asker_gone", asker=member.name)
    if customer.merged_into_id is not None:
        raise RuleBroken("registration.merged", customer=customer.name)
    if _owns(session, customer, ground, member.id):
        # It came to them by a handover, say. The registration would outlive it, and then lock it up in the pool.
        raise RuleBroken("registration.owned_by", asker=member.name, customer=customer.name)
    try:
        protection.check_free(session, customer, ground, actor_of(session, member), recorder.now)
    except Taken as taken:
        raise Conflict("registration.taken", customer=customer.name, why=Text(taken.key, **taken.params)) from None


def case(desk: Desk, registration_id: int, *, by: Actor, judging: bool = False) -> RegistrationCase:
    """Return a registration to its judge or its rep.

    Args:
        desk: The record.
        registration_id: Primary key.
        by: Who looks.
        judging: They are about to decide: it must be pending, or its renewal, and theirs to decide.

    Raises:
        NotFound: There is none, or not for them.
        NotAllowed: They may not decide here.
        Conflict: Somebody decided already.
    """
    with desk.reading(by) as session:
        row = registration_rows.found(session, registration_id)
        ground = ground_of(session, row.team_id)
        found = case_of(session, row, ground, desk.now())
        if judging:
            if not found.is_renewal:
                registration_rows.check_pending(session, row)
            check_judge(session, ground.team, by, {row.asked_by_id})
        elif not by.manages(row.team_id) and by.member_id != row.asked_by_id:
            raise NotFound("registration.not_found")
        return found


def waiting(desk: Desk, *, by: Actor) -> tuple[RegistrationCase, ...]:
    """Return the registrations and renewals that wait for the actor, the oldest first."""
    if not by.is_admin and not by.managed_team_ids:
        return ()
    now = desk.now()
    with desk.reading(by) as session:
        statement = (
            select(Registration)
            .join(Customer, Customer.id == Registration.customer_id)
            .where(registration_rows.undecided(now))
        )
        if not by.is_admin:
            statement = statement.where(Registration.team_id.in_(by.managed_team_ids))
        rows = session.scalars(statement.order_by(Registration.id).limit(_WAITING_MOST)).all()
        return tuple(
            case_of(session, row, ground_of(session, row.team_id), now)
            for row in rows
            if by.member_id
            in {one.id for one in judges_of(session, session.get_one(Team, row.team_id), {row.asked_by_id})}
        )


_OPEN_COUNT = Question(
    select(func.count())
    .select_from(Registration)
    .join(Customer, Customer.id == Registration.customer_id)
    .where(registration_rows.undecided(bindparam("now", type_=Instant)), Registration.team_id == bindparam("team_id"))
)


def open_count(session: Session, team_id: int, now: datetime) -> int:
    """Return how many of a team's registrations and renewals nobody decided yet; for the digest."""
    ((count,),) = _OPEN_COUNT.rows(session.connection(), {"team_id": team_id, "now": now})
    return int(count)
