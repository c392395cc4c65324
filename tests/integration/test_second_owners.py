"""A customer that comes to two owners, on both databases: who is refused, what is marked and told, and when the marks go."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from bot.domain.events import CollisionMarked, CollisionStopped, RulingMade
from bot.domain.rulings import Verdict
from bot.errors import CustomerProtected, InvalidInput, UserError
from bot.models.session import Database
from bot.services import handovers, members, pool, ruling_ends, rulings, stages
from bot.services.desk import Actor
from bot.services.stages import LossForm
from bot.services.values import Done
from tests.factories import TeamWorld
from tests.integration.disputing import (
    ACME,
    asked,
    capture,
    disable,
    events,
    latest_ruling,
    notices,
    promised,
    refused,
    row_of,
    taken,
)


def two_of_one(world: TeamWorld) -> tuple[int, int]:
    """Return two opportunities of one owner at one customer."""
    return taken(world).id, taken(world, need="A second site").id


def one_released(world: TeamWorld) -> tuple[int, int]:
    """Return what an owner kept at the customer, and what they gave back to the pool."""
    kept, released = two_of_one(world)
    pool.release(world.desk, released, "Too many", by=world.rep)
    return kept, released


def marks(world: TeamWorld, *numbers: int) -> list[bool]:
    return [row_of(world, number).has_collision for number in numbers]


def lost(world: TeamWorld, number: int, by: Actor) -> None:
    stages.lose(world.desk, LossForm(opportunity_id=number, reason="price"), by=by)


def slack(actor: Actor) -> str:
    return actor.slack_user_id or ""


# --- who is refused


def test_claim_of_a_customer_that_somebody_works_on_is_refused_with_whom_to_ask(
    team_world: TeamWorld, database: Database
) -> None:
    kept, released = one_released(team_world)
    with pytest.raises(CustomerProtected) as caught:
        pool.claim(team_world.desk, released, by=team_world.rep2)
    assert (caught.value.params["owner"], caught.value.params["opportunity_id"]) == ("Rep", kept)
    assert row_of(team_world, released).owner_id is None
    assert CollisionStopped(team_world.rep2.member_id or 0, "Rep Two", ACME) in events(team_world, kept)
    assert [one["key"] for one in notices(database, team_world.rep)] == ["notice.collision"]
    # What stopped them can be ruled on; what is shared can be claimed.
    rulings.ask(team_world.desk, kept, "I met them first", by=team_world.rep2)
    rulings.rule(team_world.desk, latest_ruling(team_world), Verdict.SHARE, "Two sites", by=team_world.manager)
    assert pool.claim(team_world.desk, released, by=team_world.rep2).opportunity.owner is not None
    assert marks(team_world, kept, released) == [False, False]


def test_claim_by_the_customers_own_owner_is_theirs(team_world: TeamWorld) -> None:
    _, released = one_released(team_world)
    team_world.clock.advance(timedelta(days=8))
    assert pool.claim(team_world.desk, released, by=team_world.rep).opportunity.owner is not None


def test_what_the_owner_was_offered_and_declined_may_be_claimed(team_world: TeamWorld) -> None:
    kept = taken(team_world).id
    second = capture(team_world, team_world.specialist).opportunity.id
    for by in (team_world.rep, team_world.rep2):
        handovers.decline(team_world.desk, second, "Busy", by=by)
    assert pool.claim(team_world.desk, second, by=team_world.rep2).opportunity.owner is not None
    assert marks(team_world, kept, second) == [False, False]


def test_two_who_claim_two_of_one_customer_at_once_do_not_both_get_it(team_world: TeamWorld) -> None:
    numbers = two_of_one(team_world)
    for number in numbers:
        pool.release(team_world.desk, number, "Too many", by=team_world.rep)
    start = Barrier(2)

    def act(number: int, claims: bool) -> str:
        start.wait()
        try:
            if claims:
                pool.claim(team_world.desk, number, by=team_world.rep2)
            else:
                pool.assign(team_world.desk, number, str(team_world.manager.member_id), None, by=team_world.manager)
        except UserError as error:
            return error.key
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(act, numbers, (True, False)))
    # Whoever comes second is refused, or is a manager, who is told.
    assert outcomes in (["done", "done"], ["lead.capture.protected", "done"])
    both = outcomes[0] == "done"
    assert marks(team_world, *numbers) == [both, both]


def test_rules_give_no_customer_a_second_owner_from_the_pool(team_world: TeamWorld) -> None:
    kept, released = one_released(team_world)
    with pytest.raises(InvalidInput) as caught:
        pool.assign(team_world.desk, released, pool.BY_RULES, None, by=team_world.manager)
    why = caught.value.fields["to"]
    assert (why.key, why.params) == ("pool.owned_by", {"owner": "Rep"})
    assert row_of(team_world, released).owner_id is None
    assert marks(team_world, kept, released) == [False, False]


# --- what a manager decides by hand


def assigned(world: TeamWorld) -> tuple[int, int, Done]:
    kept, released = one_released(world)
    return kept, released, pool.assign(world.desk, released, str(world.rep2.member_id), None, by=world.manager)


def reassigned(world: TeamWorld) -> tuple[int, int, Done]:
    kept, moved = two_of_one(world)
    return kept, moved, handovers.reassign(world.desk, moved, slack(world.rep2), None, by=world.manager)


def handed_over(world: TeamWorld) -> tuple[int, int, Done]:
    kept, moved = two_of_one(world)
    handovers.offer(world.desk, moved, slack(world.rep2), None, by=world.rep)
    return kept, moved, handovers.accept(world.desk, moved, by=world.rep2)


@pytest.mark.parametrize("way", [assigned, reassigned, handed_over])
def test_second_owner_by_hand_is_marked_on_both_and_said(
    team_world: TeamWorld, database: Database, way: Callable[[TeamWorld], tuple[int, int, Done]]
) -> None:
    kept, moved, done = way(team_world)
    assert marks(team_world, kept, moved) == [True, True]
    assert (done.said.key, done.said.params["owner"]) == ("collision.beside", "Rep")
    for number, other in ((kept, "Rep Two"), (moved, "Rep")):
        [mark] = [one for one in events(team_world, number) if isinstance(one, CollisionMarked)]
        assert (mark.member, mark.why) == (other, "second")
    # A manager is not told of what they did themselves.
    keys = [one["key"] for one in notices(database, team_world.manager)]
    assert ("notice.second_owner" in keys) == (way is handed_over)


def test_ruling_that_gives_one_of_two_marks_both_and_tells_the_other_manager(
    team_world: TeamWorld, database: Database
) -> None:
    kept, given = two_of_one(team_world)
    ruling = asked(team_world, kept, team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.GIVE, "Met first", by=team_world.manager)
    assert row_of(team_world, kept).owner_id == team_world.other_rep.member_id
    assert marks(team_world, kept, given) == [True, True]
    [told] = [one for one in notices(database, team_world.other_manager) if one["key"] == "notice.second_owner"]
    assert (told["params"]["owner"], told["params"]["member"]) == ("Rep", "Other Rep")


# --- marks that go, and marks that stay


def two_owners(world: TeamWorld) -> tuple[int, int]:
    """Return what two owners of one team have at one customer, marked."""
    kept, moved, _ = reassigned(world)
    handovers.accept(world.desk, moved, by=world.rep2)
    return kept, moved


def test_marks_go_when_one_of_two_owners_releases(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    pool.release(team_world.desk, numbers[1], "Too many", by=team_world.rep2)
    assert marks(team_world, *numbers) == [False, False]
    assert row_of(team_world, numbers[0]).broken_from != row_of(team_world, numbers[0]).captured_at


def test_marks_go_when_one_of_two_declines_into_the_pool(team_world: TeamWorld) -> None:
    kept, moved, _ = reassigned(team_world)
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=3), by=team_world.rep)
    handovers.decline(team_world.desk, moved, "Busy", by=team_world.rep2)
    assert row_of(team_world, moved).owner_id is None
    assert marks(team_world, kept, moved) == [False, False]


def test_marks_go_with_an_owner_who_left_and_come_back_with_them(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    disable(team_world, team_world.rep2)
    assert marks(team_world, *numbers) == [False, False]
    members.remember(team_world.desk, "T0CLOSE", members.Profile(slack(team_world.rep2), "Rep Two"))
    assert marks(team_world, *numbers) == [True, True]


def test_mark_stays_while_a_ruling_is_open_whoever_owns_it_by_then(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    handovers.reassign(team_world.desk, number, slack(team_world.rep2), None, by=team_world.manager)
    assert marks(team_world, number) == [True]
    ruling_ends.withdraw(team_world.desk, ruling, by=team_world.other_rep)
    assert marks(team_world, number) == [False]


def test_second_owner_stays_marked_when_a_strangers_request_ends(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    ruling = asked(team_world, numbers[0], team_world.other_rep)
    rulings.rule(team_world.desk, ruling, Verdict.KEEP, "Not yours", by=team_world.manager)
    assert marks(team_world, *numbers) == [True, True]


@pytest.mark.parametrize(
    ("verdict", "owners"), [(Verdict.KEEP, ["Rep"]), (Verdict.GIVE, ["Rep Two"]), (Verdict.SHARE, ["Rep", "Rep Two"])]
)
def test_ruling_between_two_owners_settles_all_that_they_have_there(
    team_world: TeamWorld, verdict: Verdict, owners: list[str]
) -> None:
    first, second, third = (*two_of_one(team_world), taken(team_world, need="A third site").id)
    handovers.reassign(team_world.desk, second, slack(team_world.rep2), None, by=team_world.manager)
    numbers = (first, second, third)
    assert marks(team_world, *numbers) == [True, True, True]
    rulings.ask(team_world.desk, numbers[0], "All of it is mine", by=team_world.rep2)
    rulings.rule(team_world.desk, latest_ruling(team_world), verdict, "One face", by=team_world.manager)
    names = {team_world.rep.member_id: "Rep", team_world.rep2.member_id: "Rep Two"}
    assert sorted({names[row_of(team_world, number).owner_id] for number in numbers}) == owners
    assert marks(team_world, *numbers) == [False, False, False]
    if verdict is not Verdict.SHARE:
        moved = numbers[1] if verdict is Verdict.KEEP else numbers[0]
        assert any(isinstance(one, RulingMade) for one in events(team_world, moved))


# --- a share


def shared(world: TeamWorld) -> tuple[int, int]:
    """Return what two have at one customer beside each other, by a ruling."""
    number = taken(world).id
    ruling = asked(world, number, world.rep2)
    rulings.rule(world.desk, ruling, Verdict.SHARE, "Two sites", by=world.manager)
    return number, taken(world, world.rep2).id


def test_share_is_no_pass_against_anybody_else(team_world: TeamWorld) -> None:
    first, second = shared(team_world)
    lost(team_world, first, team_world.rep)
    lost(team_world, second, team_world.rep2)
    assert capture(team_world, team_world.other_rep).opportunity.owner is not None
    for by in (team_world.rep, team_world.rep2):
        assert refused(team_world, by).params["owner"] == "Other Rep"


def test_share_ends_once_neither_of_the_two_works_on_the_customer(team_world: TeamWorld) -> None:
    first, second = shared(team_world)
    lost(team_world, first, team_world.rep)
    # The other one is still there.
    again = taken(team_world).id
    for number, by in ((again, team_world.rep), (second, team_world.rep2)):
        lost(team_world, number, by)
    team_world.clock.advance(timedelta(days=1))
    assert capture(team_world, team_world.rep).opportunity.owner is not None
    assert refused(team_world, team_world.rep2).params["owner"] == "Rep"


def test_share_is_with_whom_it_was_ruled_and_not_with_the_next_owner(team_world: TeamWorld) -> None:
    first, second = shared(team_world)
    assert marks(team_world, first, second) == [False, False]
    handovers.reassign(team_world.desk, first, slack(team_world.manager), None, by=team_world.manager)
    assert marks(team_world, first, second) == [True, True]


def test_share_is_with_who_owns_it_when_it_is_ruled(team_world: TeamWorld, database: Database) -> None:
    number = taken(team_world).id
    ruling = asked(team_world, number, team_world.other_rep)
    handovers.reassign(team_world.desk, number, slack(team_world.rep2), None, by=team_world.manager)
    rulings.rule(team_world.desk, ruling, Verdict.SHARE, "Two sites", by=team_world.manager)
    case = rulings.case(team_world.desk, ruling, by=team_world.admin)
    assert case.owner is not None
    assert case.owner.name == "Rep Two"
    assert len(promised(database, "ruled")) == 2
    theirs = capture(team_world, team_world.other_rep).opportunity.id
    assert marks(team_world, number, theirs) == [False, False]


def test_later_ruling_between_the_two_ends_the_share_and_settles_it(team_world: TeamWorld) -> None:
    first, second = shared(team_world)
    team_world.clock.advance(timedelta(days=1))
    rulings.ask(team_world.desk, first, "All of it", by=team_world.rep2)
    rulings.rule(team_world.desk, latest_ruling(team_world), Verdict.KEEP, "One face", by=team_world.manager)
    assert row_of(team_world, second).owner_id == team_world.rep.member_id
    assert marks(team_world, first, second) == [False, False]
    assert refused(team_world, team_world.rep2).params["owner"] == "Rep"
