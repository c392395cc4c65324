"""What the words of a need say of the intent: what was asked for, not what was not, in both languages."""

from dataclasses import replace

import pytest

from bot.domain.grading import known_facts
from bot.domain.intent import read_intent
from bot.domain.playbook import Name, Option, Scorecard, default_playbook

PLAYBOOK = default_playbook()


@pytest.mark.parametrize(
    "need",
    [
        "needs a quote",
        "Quotation for 20 seats, please",
        "asks for our PRICES",
        "wants a trial in May",
        "demo for the board",
        "要报价",
        "客户询价，20台",
        "想试用一个月",
        "下周安排演示",
        "要demo",
        "no budget yet, but a quote is wanted",
        "不着急，先要报价",
        "Ｑｕｏｔｅ",
    ],
)
def test_who_asks_for_a_quote_a_trial_or_a_demo_has_shown_intent(need: str) -> None:
    assert read_intent(need, PLAYBOOK.scorecard) == "quote"


@pytest.mark.parametrize(
    "need",
    [
        "200 seats by June",
        "met at the fair",
        "no demo, just talking",
        "does not need a quote",
        "doesn’t want a trial",
        "not ready for a demo",
        "without a trial",
        "不需要报价",
        "暂无试用计划",
        "还没询价",
        "the pricey one",
        "industrial trialogue",
        "",
    ],
)
def test_other_words_and_what_was_not_wanted_tell_nothing(need: str) -> None:
    assert read_intent(need, PLAYBOOK.scorecard) is None


def _with_intent(*options: Option) -> Scorecard:
    card = PLAYBOOK.scorecard
    return replace(
        card, criteria=tuple(replace(one, options=options) if one.key == "intent" else one for one in card.criteria)
    )


def test_a_teams_own_answer_goes_before_the_usual_one() -> None:
    none, quote, trial = (
        Option(key, Name(key, key), points) for key, points in (("none", 0), ("quote", 20), ("trial", 40))
    )
    assert read_intent("a trial, and a quote", _with_intent(none, quote, trial)) == "trial"
    assert read_intent("a quote", _with_intent(none, quote, trial)) == "quote"
    assert read_intent("a quote", _with_intent(none, trial)) is None
    assert read_intent("a quote", replace(PLAYBOOK.scorecard, criteria=())) is None


@pytest.mark.parametrize("answered", ["none", "question"])
def test_an_answer_that_was_given_is_not_read_over(answered: str) -> None:
    facts, read = known_facts({"intent": answered}, source=None, need="a quote", playbook=PLAYBOOK)
    assert (facts, read) == ({"intent": answered}, frozenset())


def test_what_is_known_has_the_source_and_says_what_was_only_read() -> None:
    known = known_facts({"budget": "likely"}, source="referral", need="a quote", playbook=PLAYBOOK)
    assert known == ({"budget": "likely", "source": "referral", "intent": "quote"}, frozenset({"intent"}))
