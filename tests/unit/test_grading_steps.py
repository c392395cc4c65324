"""What would make the next grade, and the chance to win from a team's own past."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.grading import Grade, grade
from bot.domain.grading_steps import NextGrade, Step, next_grade
from bot.domain.playbook import Playbook, default_playbook
from bot.domain.probability import Chance, Past, chance, wilson

PLAYBOOK = default_playbook()
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def graded(facts: dict[str, str], amount_minor: int | None = None, currency: str | None = None) -> Grade:
    return grade(
        facts,
        amount_minor=amount_minor,
        currency=currency,
        expected_close_on=None,
        today=date(2026, 3, 2),
        playbook=PLAYBOOK,
    )


def test_an_a_needs_nothing_more() -> None:
    assert next_grade(graded({"source": "referral", "intent": "quote", "budget": "confirmed"}), PLAYBOOK) is None


def test_the_fewest_facts_are_named_and_the_least_that_suffices() -> None:
    found = next_grade(graded({"source": "event", "intent": "question"}), PLAYBOOK, fixed=frozenset({"source"}))
    assert found == NextGrade("B", 10, (Step("intent", "quote", 10),))


def test_two_facts_are_named_where_one_does_not_suffice() -> None:
    found = next_grade(graded({}), PLAYBOOK, fixed=frozenset({"source"}))
    assert found is not None
    assert (found.letter, found.missing) == ("B", 25)
    assert len(found.steps) == 2
    assert sum(step.gain for step in found.steps) == 25


def test_where_no_facts_suffice_none_are_named() -> None:
    strict = replace(PLAYBOOK, scorecard=replace(PLAYBOOK.scorecard, a_from=900, b_from=500))
    assert next_grade(Grade("C", 10, ()), strict) == NextGrade("B", 490, ())


def test_an_amount_in_another_currency_is_not_large() -> None:
    assert graded({}, 5_000_000).score - graded({}, 5_000_000, "JPY").score == 5


_ANSWERS = {one.key: [option.key for option in one.options] for one in PLAYBOOK.scorecard.criteria}


@given(st.fixed_dictionaries({}, optional={key: st.sampled_from(options) for key, options in _ANSWERS.items()}))
def test_the_facts_named_make_that_grade_and_no_fewer_do(facts: dict[str, str]) -> None:
    present = graded(facts)
    found = next_grade(present, PLAYBOOK)
    if found is None:
        assert present.letter == "A"
        return
    assert found.steps
    changed = {step.criterion: step.option for step in found.steps}
    amount = 5_000_000 if changed.pop("size", None) else None
    better = graded({**facts, **changed}, amount)
    assert better.score - present.score == sum(step.gain for step in found.steps) >= found.missing
    assert better.letter <= found.letter
    assert not _fewer_do(facts, found)


def _fewer_do(facts: dict[str, str], found: NextGrade) -> bool:
    wanted = graded(facts).score + found.missing
    for count in range(1, len(found.steps)):
        for keys in combinations([*_ANSWERS, "size"], count):
            for values in product(*(_ANSWERS.get(key, ["large"]) for key in keys)):
                tried = dict(zip(keys, values, strict=True))
                amount = 5_000_000 if tried.pop("size", None) else None
                if graded({**facts, **tried}, amount).score >= wanted:
                    return True
    return False


def past(count: int, rate: dict[str, float], seed: int = 1) -> list[Past]:
    """Return closed opportunities of grades A and C, won at the given rates."""
    luck = random.Random(seed)
    found = []
    for number in range(count):
        letter = "AC"[number % 2]
        found.append(Past(luck.randrange(5), letter, luck.random() < rate[letter], NOW + timedelta(hours=number)))
    return found


def test_a_grade_that_tells_is_shown_in_whole_percents_with_its_interval() -> None:
    history = past(800, {"A": 0.8, "C": 0.1})
    high, low = chance(history, stage=0, grade="A"), chance(history, stage=0, grade="C")
    assert (high.why, low.why) == ("shown", "shown")
    assert high.percent is not None
    assert low.percent is not None
    assert 70 <= high.percent <= 88
    assert 5 <= low.percent <= 20
    for one in (high, low):
        assert one.low is not None
        assert one.high is not None
        assert 1 <= one.low <= (one.percent or 0) <= one.high <= 99
    assert high.count == 400


def test_too_few_closed_ones_give_no_figure() -> None:
    assert chance([], stage=0, grade="A") == Chance("few", 0, 0)
    assert chance(past(58, {"A": 1.0, "C": 0.0}), stage=0, grade="A") == Chance("few", 29, 58)


def test_too_few_held_out_give_no_figure() -> None:
    early = [Past(4, "A", True, NOW) for _ in range(60)]
    late = [Past(0, "C", False, NOW + timedelta(days=1)) for _ in range(60)]
    assert chance([*early, *late], stage=4, grade="A").why == "few"


def test_what_does_not_beat_the_average_is_not_shown() -> None:
    early = [Past(0, "AC"[number % 2], number % 2 == 0, NOW + timedelta(hours=number)) for number in range(140)]
    # What was true before is turned round in those held out.
    late = [Past(0, "AC"[number % 2], number % 2 == 1, NOW + timedelta(days=90, hours=number)) for number in range(60)]
    assert chance([*early, *late], stage=0, grade="A") == Chance("no_better", 100, 200)


def test_one_win_of_one_is_never_told_as_a_chance() -> None:
    assert chance([Past(0, "A", True, NOW)], stage=0, grade="A").percent is None


@pytest.mark.parametrize(
    ("won", "count", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)]
)
def test_the_interval_is_wilsons(won: int, count: int, low: float, high: float) -> None:
    assert wilson(won, count) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 400).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_the_interval_holds_the_share(pair: tuple[int, int]) -> None:
    won, count = pair
    low, high = wilson(won, count)
    assert 0 <= low <= won / count + 1e-12
    assert won / count - 1e-12 <= high <= 1


@given(
    st.integers(0, 600), st.floats(0, 1), st.floats(0, 1), st.integers(0, 4), st.sampled_from("ABC"), st.integers(0, 9)
)
def test_whatever_is_shown_is_a_whole_percent_from_enough(
    count: int, good: float, bad: float, stage: int, letter: str, seed: int
) -> None:
    found = chance(past(count, {"A": good, "C": bad}, seed), stage=stage, grade=letter)
    assert (found.percent is not None) == (found.why == "shown")
    if found.percent is not None:
        assert isinstance(found.percent, int)
        assert 1 <= found.percent <= 99
        assert found.count >= 30


def test_a_custom_scorecard_of_many_criteria_is_answered_too() -> None:
    playbook: Playbook = PLAYBOOK
    criteria = tuple(
        replace(one, key=f"{one.key}{number}") for number in range(4) for one in playbook.scorecard.criteria
    )
    large = replace(playbook, scorecard=replace(playbook.scorecard, criteria=criteria, b_from=200, a_from=300))
    found = next_grade(Grade("C", 0, ()), large)
    assert found is not None
    assert sum(step.gain for step in found.steps) >= 200
