"""What is not there is called by its name: a customer, a registration, a member, a merge, a team, a ruling, an opportunity."""

from collections.abc import Callable

import pytest

from bot.errors import InvalidInput, NotFound
from bot.services import (
    collisions,
    departures,
    duplicates,
    leads,
    merges,
    opportunities,
    registered,
    registrations,
    reports,
    roster,
    rulings,
    teams,
)
from bot.services.collisions import TellForm
from bot.services.desk import Actor, Desk
from bot.services.leads import LeadForm
from bot.services.registrations import RegisterForm
from tests.factories import TeamWorld

Act = Callable[[Desk, Actor], object]
NOBODY = 999_999
CASES: tuple[tuple[str, Act], ...] = (
    ("error.not_found", lambda desk, by: opportunities.view(desk, NOBODY, by=by)),
    ("error.customer_not_found", lambda desk, by: collisions.look(desk, NOBODY, None, by=by)),
    (
        "error.customer_not_found",
        lambda desk, by: collisions.tell_registrant(desk, NOBODY, TellForm(text="x"), by=by),
    ),
    ("error.customer_not_found", lambda desk, by: rulings.ask_of_registration(desk, NOBODY, "x", by=by)),
    ("registration.not_found", lambda desk, by: registrations.approve(desk, NOBODY, by=by)),
    ("registration.not_found", lambda desk, by: registered.withdraw(desk, NOBODY, by=by)),
    ("ruling.not_found", lambda desk, by: rulings.case(desk, NOBODY, by=by)),
    ("members.not_found", lambda desk, by: roster.details(desk, NOBODY, by=by)),
    ("members.not_found", lambda desk, by: departures.departure(desk, NOBODY, by=by)),
    ("merge.not_found", lambda desk, by: merges.undo(desk, NOBODY, by=by)),
    ("merge.apart_gone", lambda desk, by: duplicates.propose_again(desk, NOBODY, by=by)),
    ("setup.not_found", lambda desk, by: teams.team_of(desk, NOBODY, by=by)),
    ("setup.not_found", lambda desk, by: reports.pipeline(desk, by=by, team_id=NOBODY)),
)


@pytest.mark.parametrize(("key", "act"), CASES)
def test_what_is_not_there_is_called_by_its_name(team_world: TeamWorld, key: str, act: Act) -> None:
    with pytest.raises(NotFound) as caught:
        act(team_world.desk, team_world.admin)
    assert caught.value.key == key


def test_customer_that_is_not_there_is_named_at_its_field(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.admin
    for act, field in (
        (lambda: leads.capture(desk, LeadForm(customer_id=NOBODY, need="x"), by=by), "customer"),
        (lambda: registrations.register(desk, RegisterForm(customer_id=NOBODY, note="x"), by=by), "customer"),
        (lambda: merges.plan(desk, NOBODY, NOBODY + 1, by=by), "other"),
    ):
        with pytest.raises(InvalidInput) as caught:
            act()
        assert {name: text.key for name, text in caught.value.fields.items()} == {field: "error.customer_not_found"}
