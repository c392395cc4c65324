"""Owns capture: a lead comes in, is recognised, graded, given an owner and a next step, or refused with who has it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.domain import calendar, identity
from bot.domain.events import AssignmentAccepted, LeadCaptured
from bot.domain.identity import Key
from bot.domain.money import read_amount
from bot.errors import InvalidInput, Text
from bot.i18n import Translator
from bot.models import Contact, Customer, Opportunity
from bot.models.session import write
from bot.services import assignments, collisions, customers, protection, registration_rows, scoring
from bot.services.access import SELLS
from bot.services.desk import Actor, Desk
from bot.services.forms import WebsiteOrCode, check_future, check_future_day, read_form
from bot.services.next_steps import set_first_step
from bot.services.reading import done
from bot.services.recording import Ground, Recorder, enter_stage, ground_of
from bot.services.teams import home_team
from bot.services.values import Done

_LOOKS = 5


class LeadForm(BaseModel):
    """What is typed for a new lead; only the customer and the need are demanded.

    ``amount`` is as typed, such as ``50k`` or ``1.2万``. ``mine`` is False for "assign by rules". ``way`` says where it came from.
    ``confirmed_new`` says that a person looked at the customers of near names and it is none of them.
    """

    model_config = ConfigDict(frozen=True)

    customer_id: int | None = None
    customer_name: str | None = Field(default=None, max_length=200)
    need: str = Field(min_length=1, max_length=2000)
    contact_name: str | None = Field(default=None, max_length=100)
    contact_phone: str | None = Field(default=None, max_length=40)
    contact_email: str | None = Field(default=None, max_length=200)
    contact_title: str | None = Field(default=None, max_length=100)
    website_or_code: WebsiteOrCode | None = None
    amount: str | None = Field(default=None, max_length=40)
    source: str | None = Field(default=None, max_length=60)
    product: str | None = Field(default=None, max_length=120)
    region: str | None = Field(default=None, max_length=120)
    industry: str | None = Field(default=None, max_length=120)
    expected_close_on: date | None = None
    next_step: str | None = Field(default=None, max_length=500)
    next_due_at: AwareDatetime | None = None
    mine: bool = True
    way: str = "command"
    permalink: str | None = Field(default=None, max_length=500)
    confirmed_new: bool = False
    facts: dict[str, str] = Field(default_factory=dict)

    @field_validator("contact_email")
    @classmethod
    def _looks_like_mail(cls, value: str | None) -> str | None:
        if value is not None and ("@" not in value.strip("@") or " " in value):
            raise ValueError("error.email")
        return value

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


def capture(desk: Desk, form: LeadForm, *, by: Actor) -> Done:
    """Take a lead in: one transaction from recognition to promised messages.

    Args:
        desk: The record and the clock.
        form: What was typed.
        by: Who captures.

    Returns:
        The opportunity with its grade, owner and next step, each with its reason.

    Raises:
        CustomerProtected: Somebody else has the customer; the attempt is in their history.
        InvalidInput: What to do, by field.
        NotAllowed: The member has no team.
    """
    with collisions.recorded(desk, by):
        for _ in range(_LOOKS):
            try:
                return _capture(desk, form, by)
            except (IntegrityError, customers.CustomerMoved):
                continue  # somebody created or merged the same customer between our look and our write: we see it now
        return _capture(desk, form, by)


def _capture(desk: Desk, form: LeadForm, by: Actor) -> Done:
    with desk.transaction(by) as session:
        team = home_team(session, by)
        ground = ground_of(session, team.id)
        recorder = Recorder(desk, session, by)
        now = recorder.now
        _check_values(form, ground, now)
        customer, is_new = _customer(session, form, ground, recorder)
        is_kept = form.mine and may_own(by, team.id)
        if not is_new:
            protection.check_free(session, customer, ground, by, now, product=form.product, to_rules=not is_kept)
        contact = _contact(session, customer, form, now)
        opportunity = _opportunity(form, customer, contact, ground, recorder)
        # Everything that needs no number is decided before the row is written, so that it is written once.
        graded = recorder.grade(opportunity, ground)
        step = _first_step(opportunity, form, ground, now)
        opportunity.next_text, opportunity.next_due_at = step
        if is_kept:
            opportunity.owner_id, opportunity.accepted_at = by.member_id, now
            opportunity.owner_reason = {"key": "assign.captured", "params": {}}
        recorder.attend(opportunity, ground)
        write(session, opportunity)
        recorder.event(
            opportunity,
            LeadCaptured(
                customer=customer.name,
                need=opportunity.need,
                way=form.way,
                stage=opportunity.stage_key,
                amount_minor=opportunity.amount_minor,
                currency=opportunity.currency,
                source=opportunity.source,
                permalink=form.permalink,
            ),
        )
        recorder.event(opportunity, graded)
        if is_kept:
            recorder.event(opportunity, AssignmentAccepted(by.member_id or 0, by.name))
        else:
            assignments.offer_by_rules(recorder, opportunity, ground)
        if not is_new:
            registration_rows.use_up(recorder, customer, opportunity)
        set_first_step(recorder, opportunity, *step)
        if not is_kept:
            recorder.attend(opportunity, ground)
        recorder.card(opportunity, team)
        said = Text("lead.capture.done", customer=customer.name)
        return done(session, opportunity, by, now, None, said, remarks=recorder.remarks)


def _check_values(form: LeadForm, ground: Ground, now: datetime) -> None:
    check_future("next_due_at", form.next_due_at, now)
    check_future_day("expected_close_on", form.expected_close_on, calendar.local_day(ground.calendar, now))
    # Before the customer is looked for: once somebody is told who has it, nobody is there to correct what they typed.
    amount_of(form.amount, ground.playbook.currency)
    if form.contact_phone and identity.phone_key(form.contact_phone, ground.numbers_country) is None:
        raise InvalidInput({"contact_phone": Text("error.phone")})


def _customer(session: Session, form: LeadForm, ground: Ground, recorder: Recorder) -> tuple[Customer, bool]:
    """Return the customer, and whether nobody knew it before."""
    name = form.customer_name or ""
    keys = identity.keys_of(
        name,
        email=form.contact_email,
        phone=form.contact_phone,
        website=form.website_or_code,
        credit_code=form.website_or_code,
        country=ground.numbers_country,
    )
    if form.customer_id is not None:
        known = customers.hold(session, form.customer_id)
        if known is None:
            raise InvalidInput({"customer": Text("error.customer_not_found")})
        return _known(recorder, known, keys), False
    found = customers.recognise(session, name, keys)
    if found.customer is not None:
        known = customers.hold(session, found.customer.id) or found.customer
        return _known(recorder, known, keys), False
    if found.possible and not form.confirmed_new:
        names = ", ".join(row.name for row in found.possible[:3])
        raise InvalidInput({"customer": Text("lead.capture.possible", names=names)})
    made = customers.create(
        session,
        name,
        keys,
        at=recorder.now,
        workspace_id=recorder.by.workspace_id,
        region=form.region,
        industry=form.industry,
        taken=found.taken,
    )
    return made, True


def _known(recorder: Recorder, customer: Customer, keys: Iterable[Key]) -> Customer:
    learnt = customers.learn(recorder.session, customer, keys)
    recorder.remarks += customers.shared_remarks(recorder.session, learnt.others, recorder.by, recorder.now)
    return customer


def _contact(session: Session, customer: Customer, form: LeadForm, now: datetime) -> Contact | None:
    given = (form.contact_name, form.contact_phone, form.contact_email)
    if not any(given):
        return None
    contact = Contact(
        workspace_id=customer.workspace_id,
        customer_id=customer.id,
        name=next(one for one in given if one),
        title=form.contact_title,
        phone=form.contact_phone,
        email=form.contact_email,
        created_at=now,
    )
    write(session, contact)
    return contact


def amount_of(text: str | None, currency: str) -> tuple[int | None, str]:
    """Read an amount as typed.

    Raises:
        InvalidInput: At the field ``amount``.
    """
    if text is None:
        return None, currency
    try:
        return read_amount(text, currency)
    except ValueError:
        raise InvalidInput({"amount": Text("error.amount")}) from None


def _opportunity(
    form: LeadForm, customer: Customer, contact: Contact | None, ground: Ground, recorder: Recorder
) -> Opportunity:
    amount_minor, currency = amount_of(form.amount, ground.playbook.currency)
    now = recorder.now
    opportunity = Opportunity(
        workspace_id=recorder.by.workspace_id,
        team_id=ground.team.id,
        playbook_id=ground.team.playbook_id,
        customer_id=customer.id,
        contact_id=contact.id if contact else None,
        need=form.need,
        amount_minor=amount_minor,
        currency=currency,
        source=form.source,
        product=form.product,
        region=form.region or customer.region,
        industry=form.industry or customer.industry,
        expected_close_on=form.expected_close_on,
        facts=scoring.answers(form.facts, ground.playbook),
        grade="",
        score=-1,
        grade_points=[],
        captured_at=now,
        captured_by_id=recorder.by.member_id,
        attended_at=now,
        protected_until=now + timedelta(days=ground.playbook.protection_days),
        # Loop health is reckoned before the row is written, so that its defaults would come too late.
        has_collision=False,
        customer_known=True,
    )
    enter_stage(opportunity, ground.playbook.first_stage.key, ground, now)
    return opportunity


def may_own(by: Actor, team_id: int) -> bool:
    """Say whether who captures in a team can own it: a member who sells there."""
    return by.member_id is not None and by.role in SELLS and by.team_id == team_id


def _first_step(opportunity: Opportunity, form: LeadForm, ground: Ground, now: datetime) -> tuple[str, datetime]:
    due = form.next_due_at or ground.accept_by(opportunity, now)
    # It stands on the team's card and is read by whoever takes the lead over: in the team's language, as all that is on it.
    return form.next_step or Translator(ground.team.locale)("lead.first_step"), due
