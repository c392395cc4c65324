"""Owns what a stage demands before it may be left forward."""

from collections.abc import Iterable, Mapping
from datetime import date

from bot.domain.playbook import Criterion


def missing_facts(
    criteria: Iterable[Criterion],
    *,
    has_contact_way: bool,
    need: str,
    facts: Mapping[str, str],
    amount_minor: int | None,
    expected_close_on: date | None,
) -> tuple[Criterion, ...]:
    """Return the criteria that are not met, each once, in their order.

    "None yet" is an answer to the budget: what counts is that somebody asked.
    """
    met = {
        Criterion.CONTACT_WAY: has_contact_way,
        Criterion.NEED: bool(need.strip()),
        Criterion.BUDGET: "budget" in facts,
        Criterion.AUTHORITY: "authority" in facts,
        Criterion.AMOUNT: amount_minor is not None,
        Criterion.MEETING: "meeting" in facts,
        Criterion.QUOTE: "quote_amount" in facts and "quote_valid_until" in facts,
        Criterion.EXPECTED_CLOSE: expected_close_on is not None,
    }
    return tuple(one for one in dict.fromkeys(criteria) if not met[one])
