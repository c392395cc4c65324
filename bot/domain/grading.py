"""Owns the grade: a score of 0–100 from the team's scorecard, with the points that made it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from bot.domain.intent import CRITERION as INTENT
from bot.domain.intent import read_intent
from bot.domain.playbook import Playbook

# Days within which an expected close date counts as that answer to "timing".
_TIMING_DAYS = ((31, "1_month"), (92, "3_months"), (183, "6_months"))


@dataclass(frozen=True, slots=True)
class Point:
    """One line of a grade's explanation."""

    criterion: str
    option: str
    points: int


@dataclass(frozen=True, slots=True)
class Grade:
    """A, B or C with its score and the points that add up to it."""

    letter: str
    score: int
    points: tuple[Point, ...]


def grade(
    facts: Mapping[str, str],
    *,
    amount_minor: int | None,
    expected_close_on: date | None,
    today: date,
    playbook: Playbook,
    currency: str | None = None,
) -> Grade:
    """Grade an opportunity by its facts.

    Args:
        facts: Answers by criterion, such as ``{"source": "referral"}``; what is missing scores as unknown.
        amount_minor: Amount in the currency's smallest unit, if known.
        expected_close_on: Answers "timing" where the facts do not.
        today: The team's local day.
        playbook: The scorecard in force.
        currency: Of the amount; the playbook's if not given. An amount in another one is not compared with the large
            amount, since nothing is converted.

    Returns:
        The grade; the points of its lines add up to its score.
    """
    scorecard = playbook.scorecard
    points = []
    for criterion in scorecard.criteria:
        answer = facts.get(criterion.key)
        if criterion.key == "timing" and answer is None:
            answer = timing_of(expected_close_on, today)
        option = criterion.option(answer)
        points.append(Point(criterion.key, option.key, option.points))
    if is_large(amount_minor, currency, playbook):
        points.append(Point("size", "large", scorecard.large_amount_points))
    score = sum(point.points for point in points)
    letter = "A" if score >= scorecard.a_from else "B" if score >= scorecard.b_from else "C"
    return Grade(letter, score, tuple(points))


def known_facts(
    facts: Mapping[str, str], *, source: str | None, need: str, playbook: Playbook
) -> tuple[dict[str, str], frozenset[str]]:
    """Return what is known of an opportunity for its grade, and the criteria of which only the words of the need tell.

    Args:
        facts: Answers that somebody gave, by criterion.
        source: Where it came from, which is kept beside the facts.
        need: As typed; what its words say of the intent counts where nobody answered that.
        playbook: The scorecard in force.
    """
    known = {**facts, **({"source": source} if source else {})}
    read = None if INTENT in known else read_intent(need, playbook.scorecard)
    if read is None:
        return known, frozenset()
    return {**known, INTENT: read}, frozenset({INTENT})


def is_large(amount_minor: int | None, currency: str | None, playbook: Playbook) -> bool:
    """Say whether an amount reaches the team's large amount; one in another currency does not."""
    if amount_minor is None or (currency or playbook.currency) != playbook.currency:
        return False
    return amount_minor >= playbook.scorecard.large_amount_minor


def timing_of(expected_close_on: date | None, today: date) -> str | None:
    """Return the answer to "timing" that a close date gives, or None if it gives none."""
    if expected_close_on is None:
        return None
    days = (expected_close_on - today).days
    return next((answer for most, answer in _TIMING_DAYS if days <= most), "later")
