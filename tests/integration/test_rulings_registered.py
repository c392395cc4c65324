"""Rulings on registered customers, and requests that end without a ruling: taken back, or without a reason any more."""

from datetime import timedelta

import pytest

from bot.domain.events import RulingDropped
from bot.domain.rulings import Verdict
from bot.errors import Conflict, CustomerProtected, LeadAlreadyClaimed, NotFound, RuleBroken
from bot.models.session import Database
from bot.services import briefings, collisions, handovers, pool, registrations, ruling_ends, rulings, stages
from bot.services.desk import Actor
from bot.services.stages import LossForm
from tests.factories import TeamWorld
from tests.integration.disputing import (
    ACME,
    approved,
    asked,
    at,
    capture,
    captured_by_nobody,
    customer,
    disable,
    events,
    latest_ruling,
    notices,
    promised,
    refused,
    registered,
    row_of,
    taken,
)  # fmt: skip

HOSTILE = "谁先报备谁负责 👍 <!channel> {owner}"


def contested(world: TeamWorld, by: Actor | None = None) -> int:
    """The first rep registered the customer, and somebody of another team asks for a ruling; returns its number."""
    approved(world, world.rep)
    return asks(world, by or world.other_rep)


def asks(world: TeamWorld, by: Actor) -> int:
    error = refused(world, by)
    assert error.params["opportunity_id"] is None
    rulings.ask_of_registration(world.desk, error.params["customer_id"], "I met them first", by=by, need="Seats")
    return latest_ruling(world)


def test_ruling_on_a_registration_goes_to_the_registrants_manager_with_the_registration_as_evidence(
    team_world: TeamWorld, database: Database
) -> None:
    number = contested(team_world)
    now = team_world.clock.now()
    assert promised(database, "ruling", "ruling_asked") == [
        ("ruling", at(team_world.manager)), ("ruling_asked", at(team_world.other_rep)),
    ]  # fmt: skip
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    assert (case.id, case.opportunity_id, case.customer, case.need, case.team) == (
        number, None, ACME, "Met their CTO", "North",
    )  # fmt: skip
    known = case.evidence
    assert (known.registered_at, known.approved_at, known.approved_by) == (now, now, "Admin")
    assert (known.captured_at, known.protected_until, known.need, known.owner) == (
        None, now + timedelta(days=30), "Seats", "Rep",
    )  # fmt: skip
    told = notices(database, team_world.rep)[-1]
    assert (told["key"], told["params"]["judges"]) == ("notice.ruling_asked", "Manager")
    day = now.date()
    assert briefings.daily(team_world.desk, team_world.team.id, by=team_world.manager, day=day).undecided == 1
    seen = collisions.look(team_world.desk, case.customer_id, None, by=team_world.other_rep)
    assert (seen.may_ask, seen.asked_id) == (False, number)
    with pytest.raises(Conflict) as twice:
        asks(team_world, team_world.other_rep)
    assert twice.value.key == "ruling.asked_already"
    with pytest.raises(RuleBroken) as own:
        rulings.ask_of_registration(team_world.desk, case.customer_id, "Mine", by=team_world.rep)
    assert own.value.key == "ruling.yours"
    with pytest.raises(NotFound):
        rulings.ask_of_registration(team_world.desk, 999_999, "Mine", by=team_world.rep2)


def test_kept_registration_stays_and_is_the_precedent(team_world: TeamWorld, database: Database) -> None:
    number = contested(team_world)
    rulings.rule(team_world.desk, number, Verdict.KEEP, HOSTILE, by=team_world.manager)
    assert customer(team_world).protected_by_id == team_world.rep.member_id
    assert sorted(promised(database, "ruled")) == sorted(
        ("ruled", at(one)) for one in (team_world.rep, team_world.other_rep)
    )
    error = refused(team_world, team_world.rep2)
    [past] = collisions.look(team_world.desk, error.params["customer_id"], None, by=team_world.rep2).precedents
    assert (past.verdict, past.sentence, past.owner, past.asker) == (Verdict.KEEP, HOSTILE, "Rep", "Other Rep")
    with pytest.raises(Conflict) as again:
        rulings.rule(team_world.desk, number, Verdict.GIVE, "x", by=team_world.admin)
    assert again.value.key == "ruling.ruled_already"


def test_given_registration_is_the_askers_from_now_on(team_world: TeamWorld) -> None:
    number = contested(team_world)
    team_world.clock.advance(timedelta(days=5))
    rulings.rule(team_world.desk, number, Verdict.GIVE, "Met first", by=team_world.manager)
    now = customer(team_world)
    assert (now.protected_by_id, now.protected_until) == (
        team_world.other_rep.member_id, team_world.clock.now() + timedelta(days=30),
    )  # fmt: skip
    assert refused(team_world, team_world.rep).params["owner"] == "Other Rep"
    assert capture(team_world, team_world.other_rep).opportunity.owner is not None


def test_shared_registration_lets_both_capture_and_nobody_else(team_world: TeamWorld) -> None:
    number = contested(team_world)
    rulings.rule(team_world.desk, number, Verdict.SHARE, "Two sites", by=team_world.manager)
    assert capture(team_world, team_world.other_rep).opportunity.owner is not None
    assert customer(team_world).protected_by_id == team_world.rep.member_id
    refused(team_world, team_world.rep2)
    assert capture(team_world, team_world.rep).opportunity.owner is not None
    assert customer(team_world).protected_by_id is None


def test_asker_who_cannot_own_is_given_no_registration(team_world: TeamWorld) -> None:
    number = contested(team_world)
    disable(team_world, team_world.other_rep)
    for verdict in (Verdict.GIVE, Verdict.SHARE):
        with pytest.raises(RuleBroken) as caught:
            rulings.rule(team_world.desk, number, verdict, "x", by=team_world.manager)
        assert caught.value.key == "ruling.asker_gone"
    assert customer(team_world).protected_by_id == team_world.rep.member_id


def test_registration_that_is_over_cannot_be_given(team_world: TeamWorld) -> None:
    number = contested(team_world)
    team_world.clock.advance(timedelta(days=30))
    with pytest.raises(RuleBroken) as caught:
        rulings.rule(team_world.desk, number, Verdict.GIVE, "x", by=team_world.manager)
    assert caught.value.key == "ruling.registration_over"
    with pytest.raises(RuleBroken) as late:
        rulings.ask_of_registration(team_world.desk, customer(team_world).id, "Mine", by=team_world.rep2)
    assert late.value.key == "collision.free_now"


def test_what_was_asked_of_a_registration_is_asked_of_the_opportunity_that_came_of_it(team_world: TeamWorld) -> None:
    number = contested(team_world)
    shown = capture(team_world, team_world.rep).opportunity
    row = row_of(team_world, shown.id)
    assert (row.has_collision, row.broken_from is not None) == (True, True)
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    assert (case.id, case.opportunity_id) == (number, shown.id)
    assert ruling_ends.lapse(team_world.desk) == 0
    rulings.rule(team_world.desk, number, Verdict.GIVE, "Met first", by=team_world.manager)
    assert row_of(team_world, shown.id).owner_id == team_world.other_rep.member_id


def test_claimer_who_was_refused_may_claim_once_it_was_given(team_world: TeamWorld) -> None:
    approved(team_world, team_world.rep)
    number = captured_by_nobody(team_world)
    with pytest.raises(CustomerProtected) as caught:
        pool.claim(team_world.desk, number, by=team_world.rep2)
    rulings.ask_of_registration(team_world.desk, caught.value.params["customer_id"], "Mine", by=team_world.rep2)
    ruling = latest_ruling(team_world)
    case = rulings.case(team_world.desk, ruling, by=team_world.manager)
    assert case.evidence.attempts == (team_world.clock.now(),)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Go on", by=team_world.manager)
    assert pool.claim(team_world.desk, number, by=team_world.rep2).opportunity.owner is not None
    with pytest.raises(LeadAlreadyClaimed):
        pool.claim(team_world.desk, number, by=team_world.rep)


# --- ends without a ruling


def test_asker_takes_the_request_back_and_everybody_reads_it(team_world: TeamWorld, database: Database) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    for by in (team_world.rep, team_world.manager):
        with pytest.raises(NotFound):
            ruling_ends.withdraw(team_world.desk, ruling, by=by)
    case = ruling_ends.withdraw(team_world.desk, ruling, by=team_world.other_rep)
    assert (case.state, case.is_open, case.judge) == ("withdrawn", False, None)
    assert not row_of(team_world, number).has_collision
    assert RulingDropped(team_world.other_rep.member_id or 0, "Other Rep", "withdrawn") in events(team_world, number)
    assert notices(database, team_world.rep)[-1]["key"] == "notice.ruling_withdrawn"
    assert rulings.waiting(team_world.desk, by=team_world.manager) == ()
    for late in (
        lambda: rulings.rule(team_world.desk, ruling, Verdict.KEEP, "x", by=team_world.manager),
        lambda: ruling_ends.withdraw(team_world.desk, ruling, by=team_world.other_rep),
    ):
        with pytest.raises(Conflict) as caught:
            late()
        assert caught.value.key == "ruling.over"
    # They may ask again.
    assert asked(team_world, number, team_world.other_rep) != ruling


def test_request_on_a_registration_is_taken_back_too(team_world: TeamWorld) -> None:
    number = contested(team_world)
    ruling_ends.withdraw(team_world.desk, number, by=team_world.other_rep)
    assert asks(team_world, team_world.other_rep) != number


def released(world: TeamWorld, number: int) -> None:
    pool.release(world.desk, number, "Not my region", by=world.rep)


def lost(world: TeamWorld, number: int) -> None:
    stages.lose(world.desk, LossForm(opportunity_id=number, reason="price"), by=world.rep)


def given(world: TeamWorld, number: int) -> None:
    handovers.reassign(world.desk, number, world.rep2.slack_user_id or "", None, by=world.manager)


@pytest.mark.parametrize(("end", "cause"), [(released, "pooled"), (lost, "closed"), (given, "yours")])
def test_request_lapses_when_its_reason_went_away(
    team_world: TeamWorld, database: Database, end: object, cause: str
) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.rep2)
    assert ruling_ends.lapse(team_world.desk) == 0
    assert callable(end)
    end(team_world, number)
    assert ruling_ends.lapse(team_world.desk) == 1
    assert ruling_ends.lapse(team_world.desk) == 0
    case = rulings.case(team_world.desk, ruling, by=team_world.rep2)
    assert (case.state, case.cause) == ("lapsed", cause)
    assert f"notice.ruling_{cause}" in [one["key"] for one in notices(database, team_world.rep2)]
    assert not row_of(team_world, number).has_collision
    assert any(isinstance(one, RulingDropped) for one in events(team_world, number))


@pytest.mark.parametrize("about", ["opportunity", "registration"])
def test_request_lapses_when_its_asker_left_and_the_owner_is_told(
    team_world: TeamWorld, database: Database, about: str
) -> None:
    number = taken(team_world).id if about == "opportunity" else None
    asker = team_world.other_rep
    ruling = asked(team_world, number, asker) if number is not None else contested(team_world)
    disable(team_world, asker)
    assert ruling_ends.lapse(team_world.desk) == 1
    assert ruling_ends.lapse(team_world.desk) == 0
    case = rulings.case(team_world.desk, ruling, by=team_world.manager)
    assert (case.state, case.cause) == ("lapsed", "left")
    assert rulings.waiting(team_world.desk, by=team_world.manager) == ()
    told = notices(database, team_world.rep)[-1]
    assert (told["key"], told["opportunity_id"]) == ("notice.ruling_left", number)
    assert told["params"] == {"member": "Other Rep", "customer": ACME}
    assert not [one for one in notices(database, asker) if one["key"].startswith("notice.ruling_left")]
    if number is not None:
        row = row_of(team_world, number)
        assert not row.has_collision
        assert row.broken_from != row.captured_at
        assert RulingDropped(asker.member_id or 0, "Other Rep", "left") in events(team_world, number)


def test_request_about_what_was_in_the_pool_lapses_with_its_asker(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    released(team_world, number)
    asked(team_world, number, team_world.other_rep)
    disable(team_world, team_world.other_rep)
    assert ruling_ends.lapse(team_world.desk) == 1
    assert not row_of(team_world, number).has_collision


def test_request_about_what_was_in_the_pool_already_does_not_lapse(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    released(team_world, number)
    asked(team_world, number, team_world.other_rep)
    assert ruling_ends.lapse(team_world.desk) == 0


@pytest.mark.parametrize("how", ["expired", "left"])
def test_request_lapses_with_the_registration(team_world: TeamWorld, database: Database, how: str) -> None:
    number = contested(team_world)
    if how == "expired":
        team_world.clock.advance(timedelta(days=30))
    else:
        disable(team_world, team_world.rep)
    assert ruling_ends.lapse(team_world.desk) == 1
    assert rulings.case(team_world.desk, number, by=team_world.other_rep).cause == "free"
    told = notices(database, team_world.other_rep)[-1]
    assert (told["key"], told["params"]) == ("notice.ruling_free", {"customer": ACME})


def test_request_lapses_when_another_one_was_given_the_registration(team_world: TeamWorld) -> None:
    first = contested(team_world)
    second = asks(team_world, team_world.rep2)
    rulings.rule(team_world.desk, second, Verdict.GIVE, "Met first", by=team_world.manager)
    assert ruling_ends.lapse(team_world.desk) == 1
    assert rulings.case(team_world.desk, first, by=team_world.other_rep).cause == "passed"
    assert [one.id for one in rulings.waiting(team_world.desk, by=team_world.manager)] == []
    # They are stopped by the new registrant, and may ask again.
    assert asks(team_world, team_world.other_rep) != first


# --- rivals


def test_approval_declines_the_rivals_of_every_team_and_both_sides_are_told(
    team_world: TeamWorld, database: Database
) -> None:
    cases = [registered(team_world, by).id for by in (team_world.rep, team_world.rep2, team_world.other_rep)]
    registrations.approve(team_world.desk, cases[1], by=team_world.manager)
    for number, by in ((cases[0], team_world.rep), (cases[2], team_world.other_rep)):
        case = registrations.case(team_world.desk, number, by=by)
        assert case.yielded_to is not None
        assert (case.state, case.yielded_to.name, case.judge.name if case.judge else None) == (
            "refused", "Rep Two", "Manager",
        )  # fmt: skip
    assert sorted(promised(database, "registered")) == sorted(
        ("registered", at(one)) for one in (team_world.rep, team_world.rep2, team_world.other_rep)
    )
    for manager in (team_world.manager, team_world.other_manager):
        assert registrations.waiting(team_world.desk, by=manager) == ()
    with pytest.raises(Conflict) as caught:
        registrations.approve(team_world.desk, cases[2], by=team_world.other_manager)
    assert caught.value.key == "registration.refused_already"


def test_managers_own_registration_declines_the_rivals_too(team_world: TeamWorld) -> None:
    waiting = registered(team_world, team_world.rep).id
    registered(team_world, team_world.manager)
    assert registrations.case(team_world.desk, waiting, by=team_world.rep).state == "refused"
