"""Owns collisions: who stands in the way of a capture, what the refused rep may see of it, and what they tell the owner."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from bot.domain.events import CONTACT_JOINER, CollisionStopped, OwnerTold
from bot.domain.rulings import Verdict
from bot.errors import CustomerProtected, InvalidInput, NotFound, RuleBroken, Text
from bot.models import Customer, EventRow, Member, Opportunity, Registration, Ruling, Team
from bot.models.session import write_appended
from bot.services import disputes
from bot.services.access import may_assign, may_claim, may_see
from bot.services.case_values import Collision, Precedent, Told
from bot.services.desk import Actor, Desk
from bot.services.forms import read_form
from bot.services.judges import reached
from bot.services.member_rows import ref
from bot.services.protection import Taken, registrant_of
from bot.services.recording import Recorder, load
from bot.services.values import MemberRef
from bot.services.veiling import veil_of

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
        known = (self.contact_name, self.contact_phone, self.contact_email)
        return CONTACT_JOINER.join(one for one in known if one) or None


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
        if met is not None and taken.opportunity_id is not None:
            holder, place = session.get(Member, met.owner_id or 0), str(met.id)
            hearers = _hearers(session, met, holder, by) if holder is not None else ()
        else:
            customer = session.get_one(Customer, taken.customer_id)
            holder, place = session.get(Member, customer.protected_by_id or 0), f"customer:{customer.id}"
            # A registration ends with its rep: who has one is here.
            hearers = (holder,) if holder is not None else ()
        for one in hearers:
            recorder.tell(
                one.id,
                "notice.collision" if one is holder else "notice.collision_instead",
                opportunity_id=taken.opportunity_id,
                once=f"collision:{place}:{by.member_id}:{recorder.now.date()}:{one.id}",
                member=by.name,
                customer=taken.customer,
                owner=holder.name if holder is not None else "–",
            )


def _hearers(session: Session, opportunity: Opportunity, owner: Member, by: Actor) -> tuple[Member, ...]:
    return reached(session, session.get_one(Team, opportunity.team_id), owner, by)


def _instead(hearers: tuple[Member, ...], owner: Member) -> tuple[MemberRef, ...]:
    return tuple(ref(one) for one in hearers if one is not owner)


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
        is_free = opportunity.closed_at is not None
        is_pooled = owner is None and not is_free
        claims = is_pooled and may_claim(session, opportunity, by, now)
        assigns = is_pooled and may_assign(session, opportunity, by, now)
        asked = open_ruling(session, by.member_id, opportunity, None)
        hearers = _hearers(session, opportunity, owner, by) if owner is not None and not is_free else ()
        veil = veil_of(session, opportunity, by)
        return Collision(
            customer_id=opportunity.customer_id,
            customer=session.get_one(Customer, opportunity.customer_id).name,
            opportunity_id=opportunity.id,
            owner=ref(owner) if owner and not is_free else None,
            state="free" if is_free else "pool" if owner is None else "protected" if is_protected else "owned",
            since=_since(opportunity),
            until=until if is_protected and not is_free else None,
            last_follow_up_at=opportunity.last_follow_up_at,
            precedents=tuple(
                replace(past, sentence=veil.text(past.sentence)) if veil is not None else past
                for past in precedents(session, opportunity.customer_id)
            ),
            may_claim=claims,
            may_assign=assigns,
            may_ask=asked is None and not (claims or assigns or is_free),
            is_elsewhere=not may_see(opportunity, by),
            asked_id=asked.id if asked is not None else None,
            instead=_instead(hearers, owner) if owner is not None else (),
        )


def _since(opportunity: Opportunity) -> datetime:
    moment = opportunity.pooled_at if opportunity.owner_id is None else opportunity.accepted_at
    return moment or opportunity.captured_at


def _registered(session: Session, customer_id: int, by: Actor, now: datetime) -> Collision:
    customer = session.get(Customer, customer_id)
    owner = registrant_of(session, customer, now) if customer is not None else None
    if customer is None or owner is None:
        raise NotFound("error.customer_not_found")
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


def tell_owner(desk: Desk, opportunity_id: int, form: TellForm, *, by: Actor) -> Told:
    """Put what a refused rep knows into the owner's history, and tell the owner; who decides, where the owner left.

    Raises:
        NotFound: There is no such opportunity, or not for them.
        RuleBroken: Nobody owns it any more, or there is nobody to tell.
        InvalidInput: What to do, by field.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        check_concerned(session, opportunity, by)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        customer = session.get_one(Customer, opportunity.customer_id)
        if opportunity.closed_at is not None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        if owner is None:
            raise RuleBroken("collision.in_pool_now", customer=customer.name)
        _check_phone(form)
        hearers = _hearers(session, opportunity, owner, by)
        if not hearers:
            raise RuleBroken("ruling.nobody", team=session.get_one(Team, opportunity.team_id).name)
        recorder = Recorder(desk, session, by)
        row = recorder.event(opportunity, OwnerTold(by.member_id or 0, by.name, form.text, form.contact))
        write_appended(session)
        for one in hearers:
            if one.id != by.member_id:
                recorder.promise(
                    "told",
                    f"member:{one.id}",
                    {"opportunity_id": opportunity.id, "event_id": row.id},
                    key=f"told:{row.id}:{one.id}",
                )
        return Told(ref(owner), _instead(hearers, owner))


def _check_phone(form: TellForm) -> None:
    if form.contact_phone and not any(letter.isdigit() for letter in form.contact_phone):
        raise InvalidInput({"contact_phone": Text("error.phone")})


def tell_registrant(desk: Desk, customer_id: int, form: TellForm, *, by: Actor) -> Told:
    """Send what a refused rep knows to the one whose registration protects the customer.

    Raises:
        RuleBroken: It is not protected any more.
    """
    with desk.transaction(by) as session:
        customer = session.get(Customer, customer_id)
        if customer is None:
            raise NotFound("error.customer_not_found")
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
        return Told(ref(registrant))


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
