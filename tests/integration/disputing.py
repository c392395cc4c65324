"""What tests of collisions, rulings and registrations begin with: somebody who has a customer, and somebody who is stopped."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import CustomerProtected
from bot.models import Customer, Opportunity, OutboxRow, Ruling
from bot.models.session import Database
from bot.services import leads, members, opportunities, registrations, rulings
from bot.services.case_values import RegistrationCase
from bot.services.desk import Actor
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.registrations import RegisterForm
from bot.services.values import Done, OpportunityView
from tests.factories import WORKSPACE, TeamWorld, make_lead

ACME = "Acme Ltd"


def taken(world: TeamWorld, by: Actor | None = None, **more: Any) -> OpportunityView:
    """Have somebody own the customer: the first rep, if nobody is said."""
    return make_lead(world.desk, by or world.rep, customer_name=ACME, **more).opportunity


def capture(world: TeamWorld, by: Actor, **more: Any) -> Done:
    return leads.capture(world.desk, LeadForm.read({"customer_name": ACME, "need": "Seats", **more}), by=by)


def captured_by_nobody(world: TeamWorld) -> int:
    """A lead that the rules put into the pool, since everybody is away; they are back by now."""
    for one in (world.rep, world.rep2):
        members.set_away(world.desk, world.clock.now() + timedelta(days=1), by=one)
    number = capture(world, world.manager, mine=False).opportunity.id
    for one in (world.rep, world.rep2):
        members.set_away(world.desk, None, by=one)
    return number


def refused(world: TeamWorld, by: Actor, **more: Any) -> CustomerProtected:
    """Be stopped at the customer; the attempt is what lets an outsider go on."""
    with pytest.raises(CustomerProtected) as caught:
        capture(world, by, **more)
    return caught.value


def asked(world: TeamWorld, number: int, by: Actor, plea: str = "I met them first") -> int:
    """Be stopped by an opportunity, ask for a ruling, and return its number."""
    refused(world, by)
    rulings.ask(world.desk, number, plea, by=by, need="Seats")
    return latest_ruling(world)


def latest_ruling(world: TeamWorld) -> int:
    with world.desk.reading(world.admin) as session:
        return session.scalars(select(Ruling.id).order_by(Ruling.id.desc())).first() or 0


def registered(world: TeamWorld, by: Actor, name: str = ACME, **more: Any) -> RegistrationCase:
    form = RegisterForm.read({"customer_name": name, "note": "Met their CTO", **more})
    return registrations.register(world.desk, form, by=by)[0]


def approved(world: TeamWorld, by: Actor, **more: Any) -> RegistrationCase:
    return registrations.approve(world.desk, registered(world, by, **more).id, by=world.admin)


def customer(world: TeamWorld) -> Customer:
    with world.desk.reading(world.admin) as session:
        row = session.scalars(select(Customer).where(Customer.name == ACME)).one()
        session.expunge(row)
        return row


def row_of(world: TeamWorld, number: int) -> Opportunity:
    with world.desk.reading(world.admin) as session:
        row = session.get_one(Opportunity, number)
        session.expunge(row)
        return row


def events(world: TeamWorld, number: int) -> list[Any]:
    lines = opportunities.history(world.desk, number, by=world.admin, limit=200)
    return [line.event for line in reversed(lines)]


def promised(database: Database, *kinds: str) -> list[tuple[str, str]]:
    """Return kind and channel of the messages that were promised, in their order."""
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind.in_(kinds)).order_by(OutboxRow.id))
        return [(row.kind, row.channel) for row in rows]


def notices(database: Database, to: Actor) -> list[dict[str, Any]]:
    """Return what one member was promised in one sentence: catalogue key, values and opportunity."""
    with database.reading(None) as session:
        statement = select(OutboxRow).where(OutboxRow.channel == at(to), OutboxRow.kind == "notice")
        return [row.payload for row in session.scalars(statement.order_by(OutboxRow.id))]


def at(actor: Actor) -> str:
    return f"member:{actor.member_id}"


def disable(world: TeamWorld, actor: Actor) -> None:
    assert actor.slack_user_id is not None
    members.remember(world.desk, WORKSPACE, Profile(actor.slack_user_id, actor.name, is_active=False))
