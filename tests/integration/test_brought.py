"""What was typed before somebody was told who has the customer, and comes along with it: in a claim, an assignment, a ruling."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.rulings import Verdict
from bot.services import playbooks, pool, rulings
from bot.services.brought import Brought
from bot.services.desk import Actor
from bot.services.edits import EditForm
from tests.factories import TeamWorld
from tests.integration.disputing import latest_ruling, refused, row_of, taken


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
