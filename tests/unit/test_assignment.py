"""The choice of an owner: eligibility, the customer's owner, rules, least load, and its constancy."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.assignment import Candidate, Choice, choose_owner, is_eligible
from bot.domain.assignment_rules import Lead
from bot.domain.playbook import Rule

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def rep(number: int, **overrides: object) -> Candidate:
    known: dict[str, object] = {"member_id": number, "name": f"Rep {number}", "slack_user_id": f"U{number}"}
    return Candidate(**{**known, **overrides})  # type: ignore[arg-type] # the overrides are fields of it


def choose(
    *candidates: Candidate,
    lead: Lead | None = None,
    customer_owner_id: int | None = None,
    rules: tuple[Rule, ...] = (),
    already_asked: frozenset[int] = frozenset(),
) -> Choice:
    return choose_owner(
        candidates,
        lead=lead or Lead(),
        customer_owner_id=customer_owner_id,
        rules=rules,
        now=NOW,
        already_asked=already_asked,
    )


@pytest.mark.parametrize(
    "overrides",
    [
        {"is_active": False},
        {"away_until": NOW + timedelta(minutes=1)},
        {"capacity": 3, "open_load": 3},
        {"weight": 0},
    ],
)
def test_who_cannot_take_a_lead_gets_none(overrides: dict[str, object]) -> None:
    assert choose(rep(1, **overrides)) == Choice(None, "assign.nobody")


def test_who_is_back_again_is_eligible_at_that_moment() -> None:
    assert is_eligible(rep(1, away_until=NOW), NOW)


def test_with_nobody_at_all_it_goes_to_the_pool() -> None:
    assert choose().member_id is None


def test_the_customers_owner_comes_before_rules_and_load() -> None:
    rule = Rule("region", "North", ("U1",))
    choice = choose(rep(1), rep(2, open_load=40), customer_owner_id=2, rules=(rule,), lead=Lead(region="North"))
    assert choice == Choice(2, "assign.owner_of_customer", (("name", "Rep 2"),))


def test_an_owner_of_the_customer_who_is_away_is_passed_over() -> None:
    choice = choose(rep(1), rep(2, away_until=NOW + timedelta(days=1)), customer_owner_id=2)
    assert choice.member_id == 1


def test_the_first_rule_that_fits_decides() -> None:
    rules = (Rule("region", "South", ("U1",)), Rule("region", "NORTH", ("U3", "U2")), Rule("source", "event", ("U1",)))
    choice = choose(rep(1), rep(2), rep(3, open_load=1), rules=rules, lead=Lead(region="north", source="event"))
    assert choice == Choice(2, "assign.rule", (("field", "region"), ("value", "NORTH")))


def test_a_rule_whose_members_cannot_is_passed_over() -> None:
    rules = (Rule("region", "north", ("U9", "U1")), Rule("region", "north", ("U3",)))
    choice = choose(rep(1, is_active=False), rep(2), rep(3, open_load=9), rules=rules, lead=Lead(region="north"))
    assert choice.member_id == 3


def test_the_least_load_decides_and_says_how_much_it_is() -> None:
    choice = choose(rep(1, open_load=4), rep(2, open_load=2), rep(3, open_load=3))
    assert choice == Choice(2, "assign.least_load", (("load", 2), ("of", 3)))


def test_load_is_weighed() -> None:
    assert choose(rep(1, open_load=2), rep(2, open_load=4, weight=2)).member_id == 2


def test_a_tie_goes_to_the_least_recently_assigned_then_to_the_lower_number() -> None:
    recent, earlier = NOW - timedelta(hours=1), NOW - timedelta(days=1)
    assert choose(rep(1, last_assigned_at=recent), rep(2, last_assigned_at=earlier)).member_id == 2
    assert choose(rep(1, last_assigned_at=earlier), rep(2)).member_id == 2
    assert choose(rep(2), rep(1)).member_id == 1


def test_who_was_asked_is_not_asked_again() -> None:
    assert choose(rep(1), rep(2, open_load=5), already_asked=frozenset({1})).member_id == 2
    assert choose(rep(1), already_asked=frozenset({1})).reason == "assign.nobody"


_MOMENTS = st.none() | st.integers(-10_000, 10_000).map(lambda minutes: NOW + timedelta(minutes=minutes))
_CANDIDATES = st.lists(
    st.builds(
        rep,
        st.integers(1, 30),
        is_active=st.booleans(),
        away_until=_MOMENTS,
        capacity=st.integers(0, 60),
        open_load=st.integers(0, 60),
        weight=st.integers(0, 4),
        last_assigned_at=_MOMENTS,
    ),
    max_size=8,
    unique_by=lambda one: one.member_id,
)


@given(
    candidates=_CANDIDATES,
    owner=st.none() | st.integers(1, 30),
    asked=st.frozensets(st.integers(1, 30), max_size=4),
    region=st.sampled_from(["north", "south", None]),
    named=st.lists(st.integers(1, 30).map(lambda number: f"U{number}"), max_size=3),
    order=st.randoms(use_true_random=False),
)
def test_the_same_state_gives_the_same_eligible_owner_in_whatever_order_it_is_read(
    candidates: list[Candidate],
    owner: int | None,
    asked: frozenset[int],
    region: str | None,
    named: list[str],
    order: object,
) -> None:
    rules = (Rule("region", "North", tuple(named)),)
    first = choose(*candidates, lead=Lead(region=region), customer_owner_id=owner, rules=rules, already_asked=asked)
    shuffled = list(candidates)
    order.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random of hypothesis
    assert (
        choose(*shuffled, lead=Lead(region=region), customer_owner_id=owner, rules=rules, already_asked=asked) == first
    )
    free = {one.member_id for one in candidates if is_eligible(one, NOW)} - asked
    assert first.member_id in free if free else first.member_id is None
