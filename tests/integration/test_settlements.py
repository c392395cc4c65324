"""Collisions that nobody asked a ruling for, on both databases: listed, explained, and settled by the manager in one go."""

import pytest
from sqlalchemy import update

from bot.domain.events import RulingMade
from bot.errors import InvalidInput, NotAllowed, NotFound, RuleBroken
from bot.models import Opportunity
from bot.models.session import Database
from bot.services import collisions, handovers, leads, members, opportunities, rulings, settlements
from bot.services.leads import LeadForm
from tests.factories import TeamWorld
from tests.integration.disputing import approved, asked, customer, events, promised, refused, row_of, taken


def two_owners(world: TeamWorld, to: str = "UREPTWO") -> tuple[int, int]:
    """Return what two have at one customer since a manager gave the second one away."""
    first, second = taken(world).id, taken(world, need="A second site").id
    handovers.reassign(world.desk, second, to, None, by=world.manager)
    return first, second


def owners(world: TeamWorld, *numbers: int) -> list[int | None]:
    return [row_of(world, number).owner_id for number in numbers]


def marks(world: TeamWorld, *numbers: int) -> list[bool]:
    return [row_of(world, number).has_collision for number in numbers]


def test_card_and_list_say_with_whom_and_since_when(team_world: TeamWorld) -> None:
    begun = team_world.clock.now()
    first, second = two_owners(team_world)
    mark = opportunities.view(team_world.desk, first, by=team_world.rep).collision
    assert mark is not None
    assert ([one.name for one in mark.others], mark.askers, mark.since) == (["Rep Two"], (), begun)
    for by, numbers in (
        (team_world.manager, [first, second]),
        (team_world.admin, [first, second]),
        (team_world.rep, [first]),
        (team_world.rep2, [second]),
        (team_world.other_rep, []),
        (team_world.other_manager, []),
    ):
        assert [one.id for one, _ in opportunities.colliding(team_world.desk, by=by)] == numbers


def test_request_for_a_ruling_is_said_on_the_card(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    asked(team_world, number, team_world.other_rep)
    mark = opportunities.view(team_world.desk, number, by=team_world.rep).collision
    assert mark is not None
    assert (mark.others, [one.name for one in mark.askers]) == ((), ["Other Rep"])
    found = settlements.look(team_world.desk, number, by=team_world.manager)
    assert found.ruling_id is not None


@pytest.mark.parametrize("which", [0, 1])
def test_manager_gives_all_to_one_of_them_and_both_are_told(
    team_world: TeamWorld, database: Database, which: int
) -> None:
    numbers = two_owners(team_world)
    found = settlements.look(team_world.desk, numbers[0], by=team_world.manager)
    assert [(one.member.name, one.team, len(one.needs), one.may_have_all) for one in found.sides] == [
        ("Rep", "North", 1, True),
        ("Rep Two", "North", 1, True),
    ]
    assert (found.may_share, found.ruling_id) == (True, None)
    chosen = found.sides[which].member
    done = settlements.settle(team_world.desk, numbers[0], str(chosen.id), "One face", by=team_world.manager)
    assert (done.owner, done.names) == (chosen.name, ("Rep", "Rep Two"))
    assert owners(team_world, *numbers) == [chosen.id, chosen.id]
    assert marks(team_world, *numbers) == [False, False]
    for number in numbers:
        [made] = [one for one in events(team_world, number) if isinstance(one, RulingMade)]
        assert made.sentence == "One face"
    assert sorted(promised(database, "ruled")) == sorted(
        ("ruled", f"member:{one.member_id}") for one in (team_world.rep, team_world.rep2)
    )
    # It is a precedent as any other, and the other one is refused from now on.
    loser = (team_world.rep2, team_world.rep)[which]
    error = refused(team_world, loser)
    met = error.params["opportunity_id"]
    [past] = collisions.look(team_world.desk, error.params["customer_id"], met, by=loser).precedents
    assert (past.sentence, past.asker) == ("One face", chosen.name)


def test_manager_lets_them_share_it(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    done = settlements.settle(team_world.desk, numbers[1], settlements.SHARE, "Two sites", by=team_world.manager)
    assert done.owner is None
    assert owners(team_world, *numbers) == [team_world.rep.member_id, team_world.rep2.member_id]
    assert marks(team_world, *numbers) == [False, False]
    for by in (team_world.rep, team_world.rep2):
        form = LeadForm.read({"customer_name": "Acme Ltd", "need": "A third site"})
        assert leads.capture(team_world.desk, form, by=by).opportunity.owner is not None
    with pytest.raises(RuleBroken) as caught:
        settlements.settle(team_world.desk, numbers[1], settlements.SHARE, "Again", by=team_world.manager)
    assert caught.value.key == "ruling.settled_already"


def test_manager_gives_away_only_what_is_their_teams(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world, "UOTHERREP")
    moved = handovers.accept(team_world.desk, numbers[1], by=team_world.other_rep)
    assert moved.opportunity.team_name == "North"
    with team_world.desk.transaction(team_world.admin) as session:
        session.execute(
            update(Opportunity).where(Opportunity.id == numbers[1]).values(team_id=team_world.other_team.id)
        )
    found = settlements.look(team_world.desk, numbers[0], by=team_world.manager)
    assert [one.may_have_all for one in found.sides] == [False, True]
    assert not found.may_share
    for to in (str(team_world.rep.member_id), settlements.SHARE):
        with pytest.raises(InvalidInput) as caught:
            settlements.settle(team_world.desk, numbers[0], to, "Mine", by=team_world.manager)
        assert caught.value.fields["to"].key == "ruling.not_to_them"
    settlements.settle(team_world.desk, numbers[0], settlements.SHARE, "Two sites", by=team_world.admin)
    assert marks(team_world, *numbers) == [False, False]


def test_registrant_is_a_side_too(team_world: TeamWorld) -> None:
    approved(team_world, team_world.rep)
    members.set_away(team_world.desk, team_world.clock.now().replace(year=2030), by=team_world.rep)
    form = LeadForm.read({"customer_name": "Acme Ltd", "need": "Seats", "mine": False})
    number = leads.capture(team_world.desk, form, by=team_world.rep2).opportunity.id
    found = settlements.look(team_world.desk, number, by=team_world.manager)
    assert [(one.member.name, one.needs) for one in found.sides] == [("Rep Two", ("Seats",)), ("Rep", ())]
    settlements.settle(team_world.desk, number, str(team_world.rep2.member_id), "Rep is away", by=team_world.manager)
    assert marks(team_world, number) == [False]
    assert customer(team_world).protected_by_id is None


def test_who_may_settle_and_with_what(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    for by in (team_world.rep, team_world.rep2, team_world.other_manager):
        with pytest.raises(NotAllowed):
            settlements.look(team_world.desk, numbers[0], by=by)
        with pytest.raises(NotAllowed):
            settlements.settle(team_world.desk, numbers[0], settlements.SHARE, "Mine", by=by)
    for to, sentence, field in (("share", " ", "sentence"), (None, "x", "to"), ("999999", "x", "to")):
        with pytest.raises(InvalidInput) as caught:
            settlements.settle(team_world.desk, numbers[0], to, sentence, by=team_world.manager)
        assert set(caught.value.fields) == {field}
    with pytest.raises(NotFound):
        settlements.look(team_world.desk, 999_999, by=team_world.manager)
    assert marks(team_world, *numbers) == [True, True]


def test_mark_that_is_out_of_date_is_taken_off(team_world: TeamWorld) -> None:
    number = taken(team_world).id
    with team_world.desk.transaction(team_world.admin) as session:
        session.execute(update(Opportunity).where(Opportunity.id == number).values(has_collision=True))
    assert settlements.look(team_world.desk, number, by=team_world.manager).sides == ()
    settlements.drop(team_world.desk, number, by=team_world.manager)
    assert marks(team_world, number) == [False]


def test_judge_reads_that_the_asker_works_there_too(team_world: TeamWorld) -> None:
    numbers = two_owners(team_world)
    rulings.ask(team_world.desk, numbers[0], "All of it", by=team_world.rep2)
    [case] = rulings.waiting(team_world.desk, by=team_world.manager)
    assert case.beside == 1
