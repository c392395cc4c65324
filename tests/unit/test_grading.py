"""The grade: points that add up, thresholds, and what is assumed where nothing is known."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.grading import Grade, grade, timing_of
from bot.domain.playbook import Playbook, default_playbook

PLAYBOOK = default_playbook()
TODAY = date(2026, 3, 2)


def graded(
    facts: dict[str, str],
    *,
    amount_minor: int | None = None,
    close_on: date | None = None,
    playbook: Playbook = PLAYBOOK,
) -> Grade:
    return grade(facts, amount_minor=amount_minor, expected_close_on=close_on, today=TODAY, playbook=playbook)


def test_nothing_known_is_a_c_with_the_assumed_answers() -> None:
    result = graded({})
    assert (result.letter, result.score) == ("C", 10)
    assert {point.criterion: point.points for point in result.points} == {
        "source": 5,
        "intent": 5,
        "budget": 0,
        "authority": 0,
        "timing": 0,
    }


def test_everything_at_its_best_makes_a_hundred_points() -> None:
    facts = {"source": "referral", "intent": "quote", "budget": "confirmed", "authority": "decider"}
    result = graded(facts, amount_minor=5_000_000, close_on=TODAY + timedelta(days=20))
    assert (result.letter, result.score) == ("A", 100)
    assert result.points[-1].criterion == "size"


@pytest.mark.parametrize(
    ("facts", "score", "letter"),
    [
        ({"source": "referral", "intent": "quote", "budget": "confirmed"}, 65, "A"),
        ({"source": "inbound", "intent": "quote", "budget": "confirmed", "authority": "influencer"}, 65, "A"),
        ({"source": "inbound", "intent": "quote", "budget": "likely", "authority": "decider"}, 62, "B"),
        ({"source": "referral", "intent": "question"}, 35, "B"),
        ({"source": "event", "intent": "question", "authority": "influencer"}, 33, "C"),
    ],
)
def test_the_thresholds_belong_to_the_better_grade(facts: dict[str, str], score: int, letter: str) -> None:
    result = graded(facts)
    assert (result.score, result.letter) == (score, letter)


def test_size_counts_at_the_large_amount_and_not_a_cent_below() -> None:
    assert graded({}, amount_minor=5_000_000).score - graded({}, amount_minor=4_999_999).score == 5


def test_an_answer_outside_the_list_scores_as_unknown() -> None:
    assert graded({"budget": "plenty"}).score == graded({}).score


@pytest.mark.parametrize(
    ("days", "answer"),
    [
        (-5, "1_month"),
        (0, "1_month"),
        (31, "1_month"),
        (32, "3_months"),
        (92, "3_months"),
        (93, "6_months"),
        (183, "6_months"),
        (184, "later"),
    ],
)
def test_a_close_date_answers_timing(days: int, answer: str) -> None:
    assert timing_of(TODAY + timedelta(days=days), TODAY) == answer


def test_no_close_date_answers_nothing() -> None:
    assert timing_of(None, TODAY) is None


def test_a_stated_timing_stands_above_the_close_date() -> None:
    result = graded({"timing": "later"}, close_on=TODAY)
    assert next(point for point in result.points if point.criterion == "timing").option == "later"


_ANSWERS = {scoring.key: [one.key for one in scoring.options] for scoring in PLAYBOOK.scorecard.criteria}


@given(
    facts=st.fixed_dictionaries(
        {}, optional={key: st.one_of(st.sampled_from(options), st.text()) for key, options in _ANSWERS.items()}
    ),
    amount=st.none() | st.integers(0, 10**12),
    days=st.none() | st.integers(-400, 4000),
)
def test_the_points_add_up_to_the_score(facts: dict[str, str], amount: int | None, days: int | None) -> None:
    close_on = None if days is None else TODAY + timedelta(days=days)
    result = graded(facts, amount_minor=amount, close_on=close_on)
    assert sum(point.points for point in result.points) == result.score
    assert 0 <= result.score <= 100
    assert result.letter == ("A" if result.score >= 65 else "B" if result.score >= 35 else "C")
    assert result == graded(facts, amount_minor=amount, close_on=close_on)


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_larger_amount_never_lowers_the_score(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    assert graded({}, amount_minor=smaller).score <= graded({}, amount_minor=larger).score


def test_thresholds_are_the_playbooks() -> None:
    strict = replace(PLAYBOOK, scorecard=replace(PLAYBOOK.scorecard, a_from=101, b_from=100))
    facts = {"source": "referral", "intent": "quote", "budget": "confirmed", "authority": "decider"}
    assert graded(facts, playbook=strict).letter == "C"
