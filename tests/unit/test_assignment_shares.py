"""How a batch is shared out: evenly, by weight, to nobody who is away, and the same way each time."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.assignment import Candidate, choose_owner
from bot.domain.assignment_rules import Lead

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def rep(number: int, **overrides: object) -> Candidate:
    known: dict[str, object] = {
        "member_id": number,
        "name": f"Rep {number}",
        "slack_user_id": f"U{number}",
        "capacity": 100_000,
    }
    return Candidate(**{**known, **overrides})  # type: ignore[arg-type] # the overrides are fields of it


def shared_out(
    people: Sequence[Candidate], count: int, each: Callable[[dict[int, Candidate], int], None] | None = None
) -> list[int | None]:
    """Give leads out one by one, each seeing what came of those before, and return whom they went to."""
    team = {one.member_id: one for one in people}
    owners: list[int | None] = []
    for number in range(count):
        chosen = choose_owner(
            list(team.values()), lead=Lead(), customer_owner_id=None, rules=(), now=NOW + timedelta(seconds=number)
        ).member_id
        owners.append(chosen)
        if chosen is not None:
            one = team[chosen]
            moment = NOW + timedelta(seconds=number)
            team[chosen] = replace(one, open_load=one.open_load + 1, last_assigned_at=moment)
        if each is not None:
            each(team, number + 1)
    return owners


def test_ten_thousand_leads_over_twenty_equal_reps_differ_by_at_most_one() -> None:
    away = [rep(number, away_until=NOW + timedelta(days=9)) for number in (21, 22)]
    people = [*(rep(number) for number in range(1, 21)), *away, rep(23, is_active=False)]

    def even(team: dict[int, Candidate], _count: int) -> None:
        loads = [team[number].open_load for number in range(1, 21)]
        assert max(loads) - min(loads) <= 1

    owners = shared_out(people, 10_000, even)
    assert Counter(owners) == dict.fromkeys(range(1, 21), 500)
    assert shared_out(people, 10_000) == owners


def _near_the_share(team: dict[int, Candidate], count: int) -> None:
    weights = sum(one.weight for one in team.values())
    for one in team.values():
        assert abs(one.open_load - Fraction(count * one.weight, weights)) < 1, (count, one)


@given(weights=st.lists(st.integers(1, 60), min_size=1, max_size=12), count=st.integers(1, 150))
def test_nobody_is_ever_a_whole_lead_away_from_their_weighted_share(weights: list[int], count: int) -> None:
    shared_out([rep(number, weight=weight) for number, weight in enumerate(weights, 1)], count, _near_the_share)


def test_a_great_weight_does_not_run_ahead() -> None:
    """Least (load + 1) / weight alone gives the first 89 of these to one who is due 80 of them."""
    people = [rep(1, weight=90), *(rep(number, weight=1) for number in range(2, 12))]
    shared_out(people, 200, _near_the_share)


def test_ten_thousand_leads_by_weight_are_within_one_of_each_share() -> None:
    people = [rep(number, weight=1 + number % 5) for number in range(1, 21)]
    owners = Counter(shared_out(people, 10_000))
    weights = sum(one.weight for one in people)
    for one in people:
        assert abs(owners[one.member_id] - Fraction(10_000 * one.weight, weights)) <= 1


@given(
    loads=st.lists(st.integers(0, 40), min_size=2, max_size=8),
    weights=st.lists(st.integers(1, 5), min_size=8, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_from_any_loads_the_order_of_reading_does_not_matter(
    loads: list[int], weights: list[int], order: random.Random
) -> None:
    people = [rep(number, open_load=load, weight=weights[number - 1]) for number, load in enumerate(loads, 1)]
    first = shared_out(people, 30)
    order.shuffle(people)
    assert shared_out(people, 30) == first


@pytest.mark.parametrize("start", [[9, 0, 0], [0, 5, 7], [30, 1, 2]])
def test_who_is_behind_catches_up_before_anybody_else_gets_more(start: list[int]) -> None:
    people = [rep(number, open_load=load) for number, load in enumerate(start, 1)]
    missing = sum(max(start) - load for load in start)
    owners = shared_out(people, missing)
    assert all(owner != start.index(max(start)) + 1 for owner in owners)
    loads = [load + owners.count(number) for number, load in enumerate(start, 1)]
    assert set(loads) == {max(start)}
