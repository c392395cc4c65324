"""Customers: the type-ahead, what an outsider is shown, and the recognition of names."""

from datetime import timedelta

import pytest
from sqlalchemy import delete

from bot.domain import identity
from bot.domain.rulings import Verdict
from bot.models import CustomerKey
from bot.services import customers, follow_ups, handovers, leads, members, rulings, stages
from bot.services.desk import Actor
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead
from tests.integration.disputing import asked, taken


def test_every_state_is_shown_with_owner_and_dates_and_nothing_else(team_world: TeamWorld) -> None:
    desk, clock = team_world.desk, team_world.clock
    owned = make_lead(desk, team_world.rep, customer_name="Acme Owned").opportunity
    clock.advance(timedelta(days=31))
    kept = make_lead(desk, team_world.rep, customer_name="Acme Protected").opportunity
    form = FollowUpForm(opportunity_id=kept.id, said="x", next_step="y", next_due_at=clock.now() + timedelta(days=1))
    follow_ups.log(desk, form, by=team_world.rep)
    free = make_lead(desk, team_world.rep, customer_name="Acme Free").opportunity
    stages.lose(desk, LossForm(opportunity_id=free.id, reason="price"), by=team_world.rep)
    for one in (team_world.rep, team_world.rep2):
        members.set_away(desk, clock.now() + timedelta(days=1), by=one)
    leads.capture(
        desk,
        LeadForm(customer_name="Acme Pool", need="n", mine=False, confirmed_new=True),
        by=team_world.specialist,
    )
    found = {one.name: one for one in customers.search(desk, "acme", by=team_world.other_rep)}
    assert {name: one.state for name, one in found.items()} == {
        "Acme Owned": "owned",
        "Acme Protected": "protected",
        "Acme Free": "free",
        "Acme Pool": "pool",
    }
    shown = found["Acme Protected"]
    assert shown.owner is not None
    assert (shown.owner.name, shown.is_mine) == ("Rep", False)
    assert (shown.protected_until, shown.last_follow_up_at) == (clock.now() + timedelta(days=30), clock.now())
    assert found["Acme Owned"].protected_until is None
    assert (found["Acme Free"].owner, found["Acme Pool"].owner) == (None, None)
    assert {one.name for one in customers.search(desk, "acme", by=team_world.rep) if one.is_mine} == {
        "Acme Owned",
        "Acme Protected",
    }
    assert owned.customer_id == found["Acme Owned"].id


@pytest.mark.parametrize("typed", ["华为", "huawei", "hw", "华为技术"])
def test_a_chinese_customer_is_found_by_characters_pinyin_and_initials(team_world: TeamWorld, typed: str) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="华为技术有限公司")
    make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles")
    assert [one.name for one in customers.search(team_world.desk, typed, by=team_world.rep)] == ["华为技术有限公司"]


def test_what_begins_as_typed_comes_first_and_only_so_many(team_world: TeamWorld) -> None:
    for name in ("Great Marigold", "Marigold Foundry Works", "Marigold"):
        make_lead(team_world.desk, team_world.rep, customer_name=name)
    found = [one.name for one in customers.search(team_world.desk, "marigold", by=team_world.rep)]
    assert found == ["Marigold", "Marigold Foundry Works", "Great Marigold"]
    assert len(customers.search(team_world.desk, "marigold", by=team_world.rep, limit=2)) == 2
    assert [one.name for one in customers.search(team_world.desk, " ", by=team_world.rep)] == [
        "Marigold",
        "Marigold Foundry Works",
        "Great Marigold",
    ]
    assert customers.search(team_world.desk, "zzzz", by=team_world.rep) == ()


def test_a_slip_of_the_finger_finds_near_names_where_nothing_else_is_meant(team_world: TeamWorld) -> None:
    for name in ("Marigold Foundry", "Osprey Textiles"):
        make_lead(team_world.desk, team_world.rep, customer_name=name)
    for typed in ("Marigould Foundry", "marigoldfoundry gmbh", "Foundry Marigold"):
        (found,) = customers.search(team_world.desk, typed, by=team_world.other_rep)
        assert (found.name, found.state, found.owner and found.owner.id) == (
            "Marigold Foundry",
            "protected",
            team_world.rep.member_id,
        )


def test_a_new_name_is_checked_against_the_same_and_the_near_ones(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="杭州云杉技术有限公司")
    assert [one.name for one in customers.check(team_world.desk, "杭州云杉技术", by=team_world.rep2)] == [
        "杭州云杉技术有限公司"
    ]
    assert [one.name for one in customers.check(team_world.desk, "云杉", by=team_world.rep2)] == [
        "杭州云杉技术有限公司"
    ]
    assert customers.check(team_world.desk, "Quillback", by=team_world.rep2) == ()


def test_a_customer_written_between_the_two_looks_is_that_customer_and_no_question(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="Marigold Foundry Works")
    database = team_world.desk.database
    with database.transaction(team_world.rep.workspace_id) as session:
        # As the look at the strong keys finds it, where the other capture commits right after.
        session.execute(delete(CustomerKey))
        found = customers.recognise(
            session, "Marigold Foundry Works Ltd", identity.keys_of("Marigold Foundry Works Ltd")
        )
        assert found.customer is not None
        assert (found.customer.name, found.possible) == ("Marigold Foundry Works", ())


def test_of_several_opportunities_the_owned_one_speaks_for_the_customer(team_world: TeamWorld) -> None:
    first = make_lead(team_world.desk, team_world.rep, customer_name="Acme").opportunity
    make_lead(team_world.desk, team_world.rep, customer_name="Acme")
    with team_world.desk.database.transaction(None) as session:
        from bot.models import Opportunity  # noqa: PLC0415 - used here alone

        session.get_one(Opportunity, first.id).owner_id = None
    assert [one.state for one in customers.search(team_world.desk, "acme", by=team_world.rep2)] == ["protected"]


def seen(world: TeamWorld, by: Actor) -> list[tuple[bool, str | None, bool]]:
    """Return how the picker, and the form once it is chosen, show a customer: theirs, beside whom, shared."""
    [found] = customers.search(world.desk, "acme", by=by)
    stands = customers.standing(world.desk, found.id, by=by)
    assert stands is not None
    return [(one.is_mine, one.beside.name if one.beside else None, one.is_shared) for one in (found, stands)]


def test_ones_own_opportunity_speaks_first_and_says_who_else_has_the_customer(team_world: TeamWorld) -> None:
    taken(team_world)
    second = taken(team_world, need="A second site").id
    handovers.reassign(team_world.desk, second, "UREPTWO", None, by=team_world.manager)
    assert seen(team_world, team_world.rep) == [(True, "Rep Two", False)] * 2
    assert seen(team_world, team_world.rep2) == [(True, "Rep", False)] * 2
    assert seen(team_world, team_world.other_rep) == [(False, None, False)] * 2
    [newest] = customers.search(team_world.desk, "", by=team_world.rep2)
    assert newest.is_mine


def test_a_customer_that_was_ruled_to_be_shared_says_so_while_it_is(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.rep2)
    rulings.rule(team_world.desk, ruling, Verdict.SHARE, "Two sites", by=team_world.manager)
    assert seen(team_world, team_world.rep2) == [(False, None, True)] * 2
    assert seen(team_world, team_world.other_rep) == [(False, None, False)] * 2
    handovers.reassign(team_world.desk, number, "UMANAGER", None, by=team_world.manager)
    assert seen(team_world, team_world.rep2) == [(False, None, False)] * 2
