"""What was typed before somebody was told who has the customer, and comes along with it: in a claim, an assignment, a ruling."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.events import NoteAdded
from bot.domain.rulings import Verdict
from bot.errors import InvalidInput
from bot.models import Contact, CustomerKey
from bot.services import playbooks, pool, rulings
from bot.services.brought import Brought
from bot.services.desk import Actor
from bot.services.edits import EditForm
from tests.factories import TeamWorld
from tests.integration.disputing import capture, events, latest_ruling, refused, row_of, taken

LI: dict[str, Any] = {"contact_name": "Ms. Li", "contact_phone": "13800138000", "contact_email": "li@osprey.example"}


def pooled(world: TeamWorld, by: Actor | None = None, **more: Any) -> int:
    """An opportunity that its owner gave back."""
    number = taken(world, by, **more).id
    pool.release(world.desk, number, "Too many", by=by or world.rep)
    return number


def claim(world: TeamWorld, number: int, need: str | None = "Chairs", *, by: Actor | None = None, **typed: Any) -> None:
    pool.claim(world.desk, number, by=by or world.rep2, brought=Brought(EditForm.read(typed), need))


def given(world: TeamWorld, number: int, by: Actor, *, later: int = 0, **typed: Any) -> None:
    """Be stopped with all that was typed, ask for a ruling, and be given it."""
    refused(world, by)
    rulings.ask(world.desk, number, "I met them first", by=by, need="Chairs", typed=typed)
    if later:
        world.clock.advance(timedelta(days=later))
    rulings.rule(world.desk, latest_ruling(world), Verdict.GIVE, "Met first", by=world.admin)


def euros(world: TeamWorld) -> None:
    """The first team reckons in euros."""
    data = {**playbooks.export(world.desk, world.team.id, by=world.admin), "currency": "EUR"}
    playbooks.publish(world.desk, world.team.id, data, by=world.admin)


def notes(world: TeamWorld, number: int) -> list[str]:
    return [one.text for one in events(world, number) if isinstance(one, NoteAdded)]


def contacts(world: TeamWorld, number: int) -> list[tuple[str, str | None, str | None]]:
    """Return name, phone and mail of the customer's contacts, the opportunity's own first."""
    row = row_of(world, number)
    with world.desk.reading(world.admin) as session:
        found = session.query(Contact).where(Contact.customer_id == row.customer_id).order_by(Contact.id).all()
        return [(one.name, one.phone, one.email) for one in sorted(found, key=lambda one: one.id != row.contact_id)]


def test_an_amount_without_a_currency_is_in_that_of_the_team_of_who_typed_it(team_world: TeamWorld) -> None:
    euros(team_world)
    number = pooled(team_world, team_world.other_rep, amount="9k")
    assert row_of(team_world, number).currency == "USD"
    team_world.clock.advance(timedelta(days=10))
    claim(team_world, number, by=team_world.rep, amount="50k")
    row = row_of(team_world, number)
    assert (row.amount_minor, row.currency) == (5_000_000, "EUR")


def test_what_a_manager_typed_is_in_the_currency_of_their_team(team_world: TeamWorld) -> None:
    euros(team_world)
    number = pooled(team_world, team_world.other_rep)
    team_world.clock.advance(timedelta(days=10))
    brought = Brought(EditForm.read({"amount": "50k"}))
    pool.assign(team_world.desk, number, str(team_world.rep2.member_id), None, by=team_world.manager, brought=brought)
    assert (row_of(team_world, number).amount_minor, row_of(team_world, number).currency) == (5_000_000, "EUR")


@pytest.mark.parametrize(("amount", "currency"), [("50k", "EUR"), ("50k usd", "USD")])
def test_a_ruling_brings_an_amount_in_the_currency_that_was_meant(
    team_world: TeamWorld, amount: str, currency: str
) -> None:
    euros(team_world)
    number = taken(team_world, team_world.other_rep).id
    given(team_world, number, team_world.rep, amount=amount)
    assert (row_of(team_world, number).amount_minor, row_of(team_world, number).currency) == (5_000_000, currency)


@pytest.mark.parametrize("typed", [{"contact_phone": "13900139000"}, {"contact_email": "wang@osprey.example"}])
def test_a_contact_that_the_claimer_could_not_see_is_not_written_over(
    team_world: TeamWorld, typed: dict[str, Any]
) -> None:
    number = pooled(team_world, **LI)
    claim(team_world, number, **typed)
    assert contacts(team_world, number) == [("Ms. Li", "13800138000", "li@osprey.example")]
    assert notes(team_world, number) == [f"Chairs\n{next(iter(typed.values()))}"]


def test_a_contact_of_another_name_becomes_the_opportunitys_and_the_other_stays_as_it_is(team_world: TeamWorld) -> None:
    number = pooled(team_world, **LI)
    # Two people may answer the same telephone.
    claim(team_world, number, contact_name="Bo Lind", contact_phone="138 0013 8000", contact_title="CTO")
    assert contacts(team_world, number) == [
        ("Bo Lind", "138 0013 8000", None),
        ("Ms. Li", "13800138000", "li@osprey.example"),
    ]
    assert notes(team_world, number) == ["Chairs"]


@pytest.mark.parametrize(
    ("known", "typed", "after"),
    [
        (LI, {"contact_phone": "+86 138 0013 8000", "contact_title": "CTO"}, ("Ms. Li", "+86 138 0013 8000", "CTO")),
        (LI, {"contact_email": "Li@Osprey.example", "contact_title": "CTO"}, ("Ms. Li", "13800138000", "CTO")),
        (LI, {"contact_name": "ms. li", "contact_title": "CTO"}, ("ms. li", "13800138000", "CTO")),
        # Nobody knew the name.
        ({"contact_phone": "13800138000"}, LI, ("Ms. Li", "13800138000", None)),
    ],
)
def test_who_is_clearly_the_same_person_is_known_better_afterwards(
    team_world: TeamWorld, known: dict[str, Any], typed: dict[str, Any], after: tuple[str, str, str | None]
) -> None:
    number = pooled(team_world, **known)
    claim(team_world, number, None, **typed)
    assert [one[:2] for one in contacts(team_world, number)] == [after[:2]]
    with team_world.desk.reading(team_world.admin) as session:
        assert session.get_one(Contact, row_of(team_world, number).contact_id).title == after[2]
    assert notes(team_world, number) == []


def test_a_ruling_fills_what_is_not_known_of_the_same_person(team_world: TeamWorld) -> None:
    number = taken(team_world, contact_name="Ms. Li", contact_phone="13800138000").id
    typed: dict[str, Any] = {"contact_phone": "13800138000", "contact_email": "li@osprey.example"}
    given(team_world, number, team_world.rep2, **typed)
    assert contacts(team_world, number) == [("Ms. Li", "13800138000", "li@osprey.example")]


@pytest.mark.parametrize(
    ("typed", "later", "note"),
    [
        ({"amount": "50 to 60k"}, 0, "Amount: 50 to 60k"),
        ({"expected_close_on": "2026-03-03"}, 2, "Expected close: 2026-03-03"),
        ({"contact_phone": "later"}, 0, "Phone: later"),
        ({"contact_email": "later", "amount": "?"}, 0, "Amount: ?\nEmail: later"),
    ],
)
def test_a_ruling_leaves_out_only_what_cannot_be_read_and_notes_it(
    team_world: TeamWorld, typed: dict[str, Any], later: int, note: str
) -> None:
    number = taken(team_world).id
    known = {
        "product": "Chairs",
        "region": "Pudong",
        "industry": "Textiles",
        "source": "referral",
        "website_or_code": "osprey.com",
        "contact_name": "Ms. Li",
        "facts": {"budget": "confirmed"},
    }
    given(team_world, number, team_world.rep2, later=later, **known, **typed)
    row = row_of(team_world, number)
    assert (row.product, row.region, row.industry, row.source) == ("Chairs", "Pudong", "Textiles", "referral")
    assert (row.facts["budget"], row.amount_minor, row.expected_close_on) == ("confirmed", None, None)
    assert contacts(team_world, number) == [("Ms. Li", None, None)]
    assert sorted("\n".join(notes(team_world, number)).split("\n")) == sorted(f"{note}\nChairs".split("\n"))
    with team_world.desk.reading(team_world.admin) as session:
        keys = session.scalars(select(CustomerKey.value).where(CustomerKey.customer_id == row.customer_id)).all()
    assert "osprey.com" in keys


def test_an_amount_that_cannot_be_read_is_refused_before_the_customer_is(team_world: TeamWorld) -> None:
    taken(team_world)
    with pytest.raises(InvalidInput) as caught:
        capture(team_world, team_world.rep2, amount="50 to 60k")
    assert set(caught.value.fields) == {"amount"}
