"""Exit criteria: which facts a stage demands, and that 'none yet' is an answer."""

from datetime import date
from typing import Any

import pytest

from bot.domain.pipeline import missing_facts
from bot.domain.playbook import Criterion

NOTHING: dict[str, Any] = {
    "has_contact_way": False,
    "need": " ",
    "facts": {},
    "amount_minor": None,
    "expected_close_on": None,
}
ALL = tuple(Criterion)


def test_with_nothing_known_everything_is_missing_in_the_order_asked_and_once() -> None:
    assert missing_facts((*ALL, *ALL), **NOTHING) == ALL


@pytest.mark.parametrize(
    ("criterion", "known"),
    [
        (Criterion.CONTACT_WAY, {"has_contact_way": True}),
        (Criterion.NEED, {"need": "CRM"}),
        (Criterion.BUDGET, {"facts": {"budget": "unknown"}}),
        (Criterion.AUTHORITY, {"facts": {"authority": "influencer"}}),
        (Criterion.AMOUNT, {"amount_minor": 0}),
        (Criterion.MEETING, {"facts": {"meeting": "visit"}}),
        (Criterion.QUOTE, {"facts": {"quote_amount": "5k", "quote_valid_until": "2026-04-01"}}),
        (Criterion.EXPECTED_CLOSE, {"expected_close_on": date(2026, 4, 1)}),
    ],
)
def test_each_criterion_is_met_by_its_own_fact_and_no_other(criterion: Criterion, known: dict[str, Any]) -> None:
    assert missing_facts(ALL, **{**NOTHING, **known}) == tuple(one for one in ALL if one is not criterion)


@pytest.mark.parametrize("half", [{"quote_amount": "5k"}, {"quote_valid_until": "2026-04-01"}])
def test_a_quote_is_an_amount_and_a_date(half: dict[str, str]) -> None:
    assert missing_facts((Criterion.QUOTE,), **{**NOTHING, "facts": half}) == (Criterion.QUOTE,)


def test_a_stage_that_asks_nothing_misses_nothing() -> None:
    assert missing_facts((), **NOTHING) == ()
