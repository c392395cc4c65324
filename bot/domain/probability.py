"""Owns the chance to win, from a team's own closed opportunities; where they do not suffice it says so and gives no figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt

CELL_LEAST = 30
"""Closed opportunities of that stage and grade, below which no chance is told."""
HELD_OUT_LEAST = 20
_HELD_OUT = 0.3
# How many opportunities of average luck each cell is thought to have had besides its own: a cell of few says little.
_PRIOR = 10
_Z = 1.959964  # the normal quantile of a two-sided interval of 95 %


@dataclass(frozen=True, slots=True)
class Past:
    """A closed opportunity: the position of the stage it was closed from, its grade then, and how it ended."""

    reached: int
    grade: str
    is_won: bool
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class Chance:
    """The answer: whole percents with their interval, or None and why not.

    ``why`` is shown, few (not enough closed ones of this kind) or no_better (what stage and grade say did not beat the
    average on those held out). ``count`` are the closed ones of this kind, of all ``known``.
    """

    why: str
    count: int
    known: int
    percent: int | None = None
    low: int | None = None
    high: int | None = None


def chance(past: Sequence[Past], *, stage: int, grade: str) -> Chance:
    """Return the chance to win of an opportunity in a stage with a grade.

    Of the closed ones that came as far as the stage, those of the grade count: (won + 10 b) / (n + 10), with b the rate of
    all (the m-estimate: B. Cestnik, "Estimating probabilities: a crucial task in machine learning", ECAI 1990). The latest
    30 % are held out first: on those that reached the stage, the estimate from the earlier ones must have a smaller mean
    squared error (G. W. Brier, Monthly Weather Review 78, 1950) than the plain rate of all earlier ones. The interval is E. B.
    Wilson's (JASA 22, 1927), at 95 %. A grade is taken as it was at the close, when more was known than before.

    Args:
        past: The team's closed opportunities, in any order.
        stage: Position of the present stage, from 0.
        grade: A, B or C.
    """
    ordered = sorted(past, key=lambda one: (one.closed_at, one.reached, one.grade, one.is_won))
    cell = _cell(ordered, stage, grade)
    if len(cell) < CELL_LEAST:
        return Chance("few", len(cell), len(ordered))
    cut = len(ordered) - round(len(ordered) * _HELD_OUT)
    early, held_out = ordered[:cut], [one for one in ordered[cut:] if one.reached >= stage]
    if len(held_out) < HELD_OUT_LEAST:
        return Chance("few", len(cell), len(ordered))
    if not _beats(early, held_out, stage):
        return Chance("no_better", len(cell), len(ordered))
    low, high = wilson(sum(one.is_won for one in cell), len(cell))
    percent = _whole(_rate(ordered, stage, grade))
    return Chance("shown", len(cell), len(ordered), percent, min(_whole(low), percent), max(_whole(high), percent))


def wilson(won: int, count: int) -> tuple[float, float]:
    """Return the interval in which the true share lies in 95 of 100 cases (Wilson's score interval)."""
    share, square = won / count, _Z * _Z / count
    middle = share + square / 2
    spread = _Z * sqrt((share * (1 - share) + square / 4) / count)
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def _cell(past: Sequence[Past], stage: int, grade: str) -> list[Past]:
    return [one for one in past if one.reached >= stage and one.grade == grade]


def _rate(past: Sequence[Past], stage: int, grade: str) -> float:
    cell = _cell(past, stage, grade)
    return (sum(one.is_won for one in cell) + _PRIOR * _base(past)) / (len(cell) + _PRIOR)


def _base(past: Sequence[Past]) -> float:
    return sum(one.is_won for one in past) / len(past)


def _beats(early: Sequence[Past], held_out: Sequence[Past], stage: int) -> bool:
    base = _base(early)
    rates = {grade: _rate(early, stage, grade) for grade in {one.grade for one in held_out}}
    ours = sum((rates[one.grade] - one.is_won) ** 2 for one in held_out)
    plain = sum((base - one.is_won) ** 2 for one in held_out)
    return ours < plain


def _whole(share: float) -> int:
    # Nothing is certain before it is signed.
    return min(99, max(1, round(share * 100)))
