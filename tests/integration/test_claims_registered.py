"""A registered customer and the pool: nobody but its rep claims what waits there, and the rules find the one who registered it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.domain.events import CollisionStopped
from bot.errors import CustomerProtected, InvalidInput, UserError
from bot.models.session import Database
from bot.services import collisions, members, pool, pool_list, registrations, replays
from bot.services.desk import Actor
from bot.services.pool_list import PoolFilter
from bot.services.values import Done
from tests.factories import TeamWorld, make_lead
from tests.integration.disputing import (
    ACME,
    approved,
    at,
    capture,
    captured_by_nobody,
    customer,
    disable,
    events,
    notices,
    promised,
    registered,
    row_of,
)


def pooled(world: TeamWorld, by: Actor) -> int:
    """An opportunity in the pool whose customer a rep has registered: it came in while nobody was there to take it."""
    approved(world, by)
    return captured_by_nobody(world)


def test_claim_of_what_somebody_registered_is_refused_with_who_and_until_when(
    team_world: TeamWorld, database: Database
) -> None:
    number = pooled(team_world, team_world.rep)
    [row] = pool_list.listing(team_world.desk, PoolFilter(), by=team_world.rep2).rows
    until = team_world.clock.now() + timedelta(days=30)
    assert row.registered == ("Rep", until)
    with pytest.raises(CustomerProtected) as caught:
        pool.claim(team_world.desk, number, by=team_world.rep2)
    assert caught.value.key == "lead.capture.registered"
    assert (caught.value.params["owner"], caught.value.params["until"]) == ("Rep", until)
    shown = row_of(team_world, number)
    assert (shown.owner_id, shown.pooled_at) == (None, team_world.clock.now())
    assert CollisionStopped(team_world.rep2.member_id or 0, "Rep Two", ACME) in events(team_world, number)
    assert [one["key"] for one in notices(database, team_world.rep)] == ["notice.collision"]
    seen = collisions.look(
        team_world.desk, shown.customer_id, caught.value.params["opportunity_id"], by=team_world.rep2
    )
    assert (seen.state, seen.owner.name if seen.owner else None) == ("registered", "Rep")


def test_registrants_own_claim_works_and_uses_the_registration_up(team_world: TeamWorld) -> None:
    number = pooled(team_world, team_world.rep)
    [row] = pool_list.listing(team_world.desk, PoolFilter(), by=team_world.rep).rows
    assert row.registered is None
    team_world.clock.advance(timedelta(days=8))
    assert pool.claim(team_world.desk, number, by=team_world.rep).opportunity.owner is not None
    assert customer(team_world).protected_by_id is None
    assert row_of(team_world, number).protected_until == team_world.clock.now() + timedelta(days=30)


def test_claim_is_free_again_when_the_registration_is_over_or_its_rep_left(team_world: TeamWorld) -> None:
    number = pooled(team_world, team_world.rep)
    disable(team_world, team_world.rep)
    assert pool.claim(team_world.desk, number, by=team_world.rep2).opportunity.owner is not None
    assert customer(team_world).protected_by_id is None


def test_manager_assigns_what_is_registered_to_nobody_but_its_rep(team_world: TeamWorld) -> None:
    number = pooled(team_world, team_world.rep)
    with pytest.raises(InvalidInput) as caught:
        pool.assign(team_world.desk, number, str(team_world.rep2.member_id), None, by=team_world.manager)
    why = caught.value.fields["to"]
    assert (why.key, why.params["owner"]) == ("pool.registered_by", "Rep")
    assert row_of(team_world, number).owner_id is None
    done = pool.assign(team_world.desk, number, str(team_world.rep.member_id), None, by=team_world.manager)
    assert done.opportunity.owner is not None
    assert customer(team_world).protected_by_id is None


def test_claim_and_approval_at_once_never_leave_a_registered_customer_with_somebody_else(team_world: TeamWorld) -> None:
    case = registered(team_world, team_world.rep)
    number = captured_by_nobody(team_world)
    start = Barrier(2)

    def act(claims: bool) -> str:
        start.wait()
        try:
            if claims:
                pool.claim(team_world.desk, number, by=team_world.rep2)
            else:
                registrations.approve(team_world.desk, case.id, by=team_world.manager)
        except UserError as error:
            return error.key
        return "done"

    with ThreadPoolExecutor(2) as threads:
        claimed, decided = threads.map(act, (True, False))
    assert (claimed, decided) == ("done", "registration.taken")


def test_a_claim_ends_the_claimers_own_registration_that_still_waits(team_world: TeamWorld, database: Database) -> None:
    case, rivals = registered(team_world, team_world.rep2), registered(team_world, team_world.rep)
    number = captured_by_nobody(team_world)
    pool.claim(team_world.desk, number, by=team_world.rep2)
    assert [one.id for one in registrations.waiting(team_world.desk, by=team_world.manager)] == [rivals.id]
    pool.release(team_world.desk, number, "Budget round is in May", by=team_world.rep2)
    assert pool.claim(team_world.desk, number, by=team_world.rep).opportunity.owner is not None
    assert registrations.waiting(team_world.desk, by=team_world.manager) == ()
    assert registrations.case(team_world.desk, case.id, by=team_world.rep2).cause == "used"
    assert promised(database, "registered") == [], "who claims knows it"


def test_what_is_assigned_to_who_asked_to_register_it_ends_that_and_tells_them(
    team_world: TeamWorld, database: Database
) -> None:
    case = registered(team_world, team_world.rep)
    number = captured_by_nobody(team_world)
    pool.assign(team_world.desk, number, str(team_world.rep.member_id), None, by=team_world.manager)
    assert registrations.case(team_world.desk, case.id, by=team_world.rep).cause == "used"
    assert promised(database, "registered") == [("registered", at(team_world.rep))]


def by_rules(world: TeamWorld, by: Actor) -> Done:
    return capture(world, by, mine=False)


def test_rules_give_a_registered_customer_to_who_registered_it(team_world: TeamWorld) -> None:
    # By load alone it would be the other rep's.
    make_lead(team_world.desk, team_world.rep)
    approved(team_world, team_world.rep)
    for by in (team_world.rep2, team_world.specialist):
        shown = by_rules(team_world, by).opportunity
        assert shown.owner is not None
        assert shown.owner.name == "Rep"
        assert shown.owner_reason is not None
        if by is team_world.rep2:
            assert (shown.owner_reason.key, shown.owner_reason.params) == ("assign.registrant", {"name": "Rep"})
            assert customer(team_world).protected_by_id is None
            [again] = replays.replay(team_world.desk, by=team_world.manager, opportunity_id=shown.id)
            assert again.is_same


def test_rules_of_another_team_are_refused_with_who_registered_it(team_world: TeamWorld) -> None:
    approved(team_world, team_world.rep)
    with pytest.raises(CustomerProtected) as caught:
        by_rules(team_world, team_world.other_rep)
    assert (caught.value.key, caught.value.params["owner"]) == ("lead.capture.registered", "Rep")


def test_registrant_who_is_away_keeps_it_and_the_manager_is_told_of_both(
    team_world: TeamWorld, database: Database
) -> None:
    approved(team_world, team_world.rep)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=3), by=team_world.rep)
    shown = by_rules(team_world, team_world.rep2).opportunity
    assert shown.owner is not None
    assert shown.owner.name == "Rep Two"
    assert row_of(team_world, shown.id).has_collision
    assert customer(team_world).protected_by_id == team_world.rep.member_id
    assert "notice.two_owners" in [one["key"] for one in notices(database, team_world.manager)]
