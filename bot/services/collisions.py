"""Owns collisions: who stands in the way of a capture, what the refused rep may see of it, and what they tell the owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bot.domain.events import CollisionStopped, OwnerTold
from bot.domain.rulings import Verdict
from bot.errors import CustomerProtected, InvalidInput, NotFound, RuleBroken, Text
from bot.models import Customer, EventRow, Member, Opportunity, Registration, Ruling
from bot.models.session import write_appended
from bot.services import disputes
from bot.services.access import may_see
from bot.services.case_values import Collision, Precedent
from bot.services.desk import Actor, Desk
from bot.services.forms import read_form
from bot.services.members import ref
from bot.services.protection import Taken, registrant_of
from bot.services.recording import Recorder, load
from bot.services.values import MemberRef

_PRECEDENTS = 3


class TellForm(BaseModel):
    """What a refused rep tells the owner; the contact as they know it."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(min_length=1, max_length=2000)
    contact_name: str | None = Field(default=None, max_length=100)
    contact_phone: str | None = Field(default=None, max_length=40)
    contact_email: str | None = Field(default=None, max_length=200)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)

    @property
    def contact(self) -> str | None:
        """The contact in one line, or None."""
        return " · ".join(one for one in (self.contact_name, self.contact_phone, self.contact_email) if one) or None


@contextmanager
def recorded(desk: Desk, by: Actor) -> Iterator[None]:
    """Keep an attempt that is refused, after the transaction that it undoes: in the history of what it met, with a notice.

    Raises:
        CustomerProtected: Somebody else has the customer.
    """
    try:
        yield
    except Taken as taken:
        _record(desk, taken, by)
        raise CustomerProtected(taken.key, **taken.params) from None


def _record(desk: Desk, taken: Taken, by: Actor) -> None:
    with desk.transaction(by.with_key(None)) as session:
        recorder = Recorder(desk, session, by)
        met = session.get(Opportunity, taken.opportunity_id or taken.wanted_id or 0)
        if met is not None:
            recorder.event(met, CollisionStopped(by.member_id or 0, by.name, taken.customer))
        if taken.opportunity_id is not None:
            holder_id, place = met.owner_id if met is not None else None, str(taken.opportunity_id)
        else:
            customer = session.get_one(Customer, taken.customer_id)
            holder_id, place = customer.protected_by_id, f"customer:{customer.id}"
        recorder.tell(
            holder_id,
            "notice.collision",
            opportunity_id=taken.opportunity_id,
            once=f"collision:{place}:{by.member_id}:{recorder.now.date()}",
            member=by.name,
            customer=taken.customer,
        )


def look(desk: Desk, customer_id: int, opportunity_id: int | None, *, by: Actor) -> Collision:
    """Return what a refused rep may know of a collision.

    Raises:
        NotFound: There is none, or not for them.
    """
    with desk.reading(by) as session:
        now = desk.now()
        if opportunity_id is None:
            return _registered(session, customer_id, by, now)
        opportunity = load(session, opportunity_id)
        check_concerned(session, opportunity, by)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        until = opportunity.protected_until
        is_protected = owner is not None and until is not None and until > now
        may_claim = owner is None and by.role in {"rep", "manager", "admin"} and may_see(opportunity, by)
        asked = open_ruling(session, by.member_id, opportunity, None)
        return Collision(
            customer_id=opportunity.customer_id,
            customer=session.get_one(Customer, opportunity.customer_id).name,
            opportunity_id=opportunity.id,
            owner=ref(owner) if owner else None,
            state="pool" if owner is None else "protected" if is_protected else "owned",
            since=_since(opportunity),
            until=until if is_protected else None,
            last_follow_up_at=opportunity.last_follow_up_at,
            precedents=precedents(session, opportunity.customer_id),
            may_claim=may_claim,
            may_ask=asked is None and not may_claim,
            asked_id=asked.id if asked is not None else None,
        )


def _since(opportunity: Opportunity) -> datetime:
    moment = opportunity.pooled_at if opportunity.owner_id is None else opportunity.accepted_at
    return moment or opportunity.captured_at


def _registered(session: Session, customer_id: int, by: Actor, now: datetime) -> Collision:
    customer = session.get(Customer, customer_id)
    owner = registrant_of(session, customer, now) if customer is not None else None
    if customer is None or owner is None:
        raise NotFound("error.not_found")
    registration = registration_of(session, customer, now)
    asked = open_ruling(session, by.member_id, None, registration) if registration is not None else None
    since = registration.decided_at if registration is not None else None
    return Collision(
        customer_id=customer.id,
        customer=customer.name,
        opportunity_id=None,
        owner=ref(owner),
        state="registered",
        since=since or customer.created_at,
        until=customer.protected_until,
        last_follow_up_at=None,
        precedents=precedents(session, customer.id),
        may_ask=registration is not None and asked is None,
        asked_id=asked.id if asked is not None else None,
    )


def registration_of(session: Session, customer: Customer, now: datetime) -> Registration | None:
    """Return the registration that protects the customer now, if one does."""
    registrant = registrant_of(session, customer, now)
    if registrant is None:
        return None
    return session.scalar(
        select(Registration)
        .where(
            Registration.customer_id == customer.id,
            Registration.asked_by_id == registrant.id,
            Registration.state == "approved",
        )
        .order_by(Registration.id.desc())
        .limit(1)
    )


def check_concerned(session: Session, opportunity: Opportunity, by: Actor) -> None:
    """Refuse one who neither sees the opportunity nor was ever stopped by it, without telling that it exists.

    Raises:
        NotFound: It is not for them.
    """
    if may_see(opportunity, by):
        return
    attempt = session.scalar(
        select(EventRow.id)
        .where(
            EventRow.opportunity_id == opportunity.id,
            EventRow.kind == CollisionStopped.kind,
            EventRow.actor_id == by.member_id,
        )
        .limit(1)
    )
    if attempt is None:
        raise NotFound("error.not_found")


def open_ruling(
    session: Session, member_id: int | None, opportunity: Opportunity | None, registration: Registration | None
) -> Ruling | None:
    """Return the request for a ruling that a member made about an opportunity, else a registration, and nobody answered yet."""
    about = (
        Ruling.opportunity_id == opportunity.id
        if opportunity is not None
        else Ruling.registration_id == (registration.id if registration is not None else None)
    )
    return session.scalar(select(Ruling).where(about, Ruling.asked_by_id == member_id, Ruling.state == "open"))


def precedents(
    session: Session, customer_id: int, *, team_id: int | None = None, but: int | None = None
) -> tuple[Precedent, ...]:
    """Return what was ruled about a customer, the latest first.

    Args:
        session: The transaction.
        customer_id: Our number of the customer.
        team_id: Where nothing was, the latest ruling of this team instead; None for none.
        but: The ruling that must not be its own precedent.
    """
    asker, judge = aliased(Member), aliased(Member)
    statement = (
        select(Ruling, Customer.name, asker.name, judge.name)
        .join(Customer, Customer.id == Ruling.customer_id)
        .join(asker, asker.id == Ruling.asked_by_id)
        .outerjoin(judge, judge.id == Ruling.ruled_by_id)
        .where(Ruling.state == "ruled", Ruling.id != (but or 0))
        .order_by(Ruling.ruled_at.desc(), Ruling.id.desc())
    )
    rows = session.execute(statement.where(Ruling.customer_id == customer_id).limit(_PRECEDENTS)).all()
    if not rows and team_id is not None:
        of_team = disputes.with_subjects(statement).where(disputes.team_of() == team_id)
        rows = session.execute(of_team.limit(1)).all()
    return tuple(
        Precedent(
            customer=customer,
            verdict=Verdict(ruling.verdict or Verdict.KEEP),
            sentence=ruling.sentence or "",
            judge=judge_name or "–",
            owner=dict(ruling.evidence).get("owner"),
            asker=asker_name,
            at=ruling.ruled_at or ruling.asked_at,
        )
        for ruling, customer, asker_name, judge_name in rows
    )


def tell_owner(desk: Desk, opportunity_id: int, form: TellForm, *, by: Actor) -> MemberRef:
    """Put what a refused rep knows into the owner's history, and tell the owner.

    Returns:
        The owner.

    Raises:
        NotFound: There is no such opportunity, or not for them.
        RuleBroken: Nobody owns it any more.
        InvalidInput: What to do, by field.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        check_concerned(session, opportunity, by)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        customer = session.get_one(Customer, opportunity.customer_id)
        if owner is None or opportunity.closed_at is not None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        _check_phone(form)
        recorder = Recorder(desk, session, by)
        row = recorder.event(opportunity, OwnerTold(by.member_id or 0, by.name, form.text, form.contact))
        write_appended(session)
        if owner.id != by.member_id:
            recorder.promise(
                "told",
                f"member:{owner.id}",
                {"opportunity_id": opportunity.id, "event_id": row.id},
                key=f"told:{row.id}",
            )
        return ref(owner)


def _check_phone(form: TellForm) -> None:
    if form.contact_phone and not any(letter.isdigit() for letter in form.contact_phone):
        raise InvalidInput({"contact_phone": Text("error.phone")})


def tell_registrant(desk: Desk, customer_id: int, form: TellForm, *, by: Actor) -> MemberRef:
    """Send what a refused rep knows to the one whose registration protects the customer.

    Raises:
        RuleBroken: It is not protected any more.
    """
    with desk.transaction(by) as session:
        customer = session.get(Customer, customer_id)
        if customer is None:
            raise NotFound("error.not_found")
        registrant = registrant_of(session, customer, desk.now())
        if registrant is None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        Recorder(desk, session, by).tell(
            registrant.id,
            "notice.registrant_told",
            member=by.name,
            customer=customer.name,
            text=form.text,
            contact=form.contact or "–",
        )
        return ref(registrant)


def last_told(desk: Desk, event_id: int, *, by: Actor) -> OwnerTold:
    """Return what was told to an owner, for the message about it.

    Raises:
        NotFound: There is no such event.
    """
    with desk.reading(by) as session:
        row = session.get(EventRow, event_id)
        if row is None or row.kind != OwnerTold.kind:
            raise NotFound("error.not_found")
        return OwnerTold.from_payload(row.payload)
