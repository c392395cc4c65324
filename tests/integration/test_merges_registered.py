"""Merges of registered customers, on both databases: one registration stays, the other ends and is told of, undoing brings it back."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.models import Customer, Registration
from bot.models.session import Database
from bot.services import customers, merges, opportunities, registered, registrations
from bot.services.case_values import RegistrationCase
from bot.services.desk import Actor
from tests.factories import TeamWorld, make_lead
from tests.integration.disputing import approved, at, notices, promised

FIRST, SECOND = "Quillback Logistics", "Thistle Optics"


def rows(world: TeamWorld) -> dict[int, tuple[object, ...]]:
    """Return what the registrations say, and whom they protect their customers for."""
    with world.desk.reading(world.admin) as session:
        found = session.execute(select(Registration, Customer).join(Customer, Customer.id == Registration.customer_id))
        return {
            row.id: (row.state, row.cause, row.customer_id, row.yielded_to_id, customer.protected_by_id,
                     customer.protected_until)
            for row, customer in found
        }  # fmt: skip


def both(world: TeamWorld, second: Actor) -> tuple[RegistrationCase, RegistrationCase]:
    """The first rep registered a customer; somebody registers another one an hour later, which is the same."""
    first = approved(world, world.rep, name=FIRST)
    world.clock.advance(timedelta(hours=1))
    return first, approved(world, second, name=SECOND)


@pytest.mark.parametrize("keeps_first", [True, False])
def test_the_one_approved_first_stays_and_undoing_brings_the_other_back(
    team_world: TeamWorld, database: Database, keeps_first: bool
) -> None:
    world = team_world
    first, second = both(world, world.other_rep)
    before = rows(world)
    kept, merged = (first, second) if keeps_first else (second, first)
    done = merges.merge(world.desk, kept.customer_id, merged.customer_id, by=world.admin)
    for_rep = (world.rep.member_id, first.protected_until)
    assert rows(world) == {
        first.id: ("approved", None, kept.customer_id, None, *for_rep),
        second.id: ("ended", "merged", kept.customer_id, first.id, *for_rep),
    }
    assert promised(database, "registered").count(("registered", at(world.other_rep))) == 2
    assert [one["key"] for one in notices(database, world.rep)] == ["notice.registration_stays"]
    for manager in (world.manager, world.other_manager):
        told = notices(database, manager)[-1]
        assert (told["key"], told["params"]["stays"], told["params"]["ended"]) == (
            "notice.registrations_merged", "Rep", "Other Rep",
        )  # fmt: skip
    case = registrations.case(world.desk, second.id, by=world.other_rep)
    assert case.yielded_to is not None
    assert (case.cause, case.yielded_to.name) == ("merged", "Rep")
    merges.undo(world.desk, done.id, by=world.admin)
    assert rows(world) == before
    assert promised(database, "registered").count(("registered", at(world.other_rep))) == 3


def test_of_one_reps_two_the_longer_one_stays(team_world: TeamWorld) -> None:
    first, second = both(team_world, team_world.rep)
    merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    assert registered.listing(team_world.desk, by=team_world.rep).lines[0].case.id == second.id
    [own] = customers.search(team_world.desk, "quill", by=team_world.rep)
    assert own.protected_until == second.protected_until


def test_one_that_is_over_gives_way_to_one_in_force(team_world: TeamWorld) -> None:
    first = approved(team_world, team_world.rep, name=FIRST)
    team_world.clock.advance(timedelta(days=31))
    second = approved(team_world, team_world.rep2, name=SECOND)
    done = merges.merge(team_world.desk, first.customer_id, second.customer_id, by=team_world.manager)
    [seen] = customers.search(team_world.desk, "quill", by=team_world.rep)
    assert seen.owner is not None
    assert (seen.state, seen.owner.name) == ("protected", "Rep Two")
    renewed = registered.ask_renewal(team_world.desk, second.id, by=team_world.rep2)
    renewed = registered.renew(team_world.desk, renewed.id, by=team_world.manager)
    merges.undo(team_world.desk, done.id, by=team_world.manager)
    [back] = customers.search(team_world.desk, "thistle", by=team_world.rep)
    assert (back.state, back.protected_until) == ("protected", renewed.protected_until)
    assert customers.search(team_world.desk, "quill", by=team_world.rep)[0].state == "free"


def test_what_was_revoked_meanwhile_protects_nothing_after_an_undoing(team_world: TeamWorld) -> None:
    second = approved(team_world, team_world.rep2, name=SECOND)
    kept = make_lead(team_world.desk, team_world.rep2, customer_name=FIRST).opportunity.customer_id
    done = merges.merge(team_world.desk, kept, second.customer_id, by=team_world.manager)
    registered.revoke(team_world.desk, second.id, "No", by=team_world.manager)
    merges.undo(team_world.desk, done.id, by=team_world.manager)
    assert customers.search(team_world.desk, "thistle", by=team_world.rep)[0].state == "free"


@pytest.mark.parametrize("how", ["undone", "revoked", "expired"])
def test_anothers_opportunity_beside_a_registration_is_a_collision_until_that_is_over(
    team_world: TeamWorld, database: Database, how: str
) -> None:
    world = team_world
    number = make_lead(world.desk, world.other_rep, customer_name=FIRST).opportunity
    case = approved(world, world.rep, name=SECOND)
    assert merges.plan(world.desk, number.customer_id, case.customer_id, by=world.manager).collides
    done = merges.merge(world.desk, number.customer_id, case.customer_id, by=world.manager)
    assert done.collides

    def collides() -> bool:
        return "collision" in opportunities.view(world.desk, number.id, by=world.admin).broken

    assert collides()
    told = notices(database, world.other_manager)[0]
    assert (told["key"], told["params"]["registrant"]) == ("notice.merge_registered", "Rep")
    assert registered.expire(world.desk) == 0
    if how == "undone":
        merges.undo(world.desk, done.id, by=world.manager)
    elif how == "revoked":
        registered.revoke(world.desk, case.id, "Otto works on it", by=world.manager)
    else:
        world.clock.advance(timedelta(days=30))
        assert registered.expire(world.desk) == 1
    assert not collides()
    assert registered.expire(world.desk) == 0
