"""Owns the measuring: work and its floor in turns, and the JSON lines they make."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

Prepared = Callable[[], object]
Work = Callable[[int], Prepared]
"""Makes ready what belongs to a number, and returns what is timed."""

_BLOCK = 10


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure.

    Attributes:
        name: Such as ``capture@100000/sqlite``.
        n: How often the work was timed.
        p50_us: Median, microseconds.
        p99_us: 99th percentile, microseconds.
        floor_p50_us: Median of the floor in the same run, microseconds.
        ratio: Of the medians.
        goal: The most the ratio may be; None where there is no goal.
        ok: The goal is met.
    """

    name: str
    n: int
    p50_us: float
    p99_us: float
    floor_p50_us: float
    ratio: float
    goal: float | None
    ok: bool


def measure(
    name: str, work: Work, floor: Work, *, n: int, goal: float | None, pause_seconds: float = 0.0, warm: int = 10
) -> Figure:
    """Measure work and floor in turns, so that what the machine does beside them hits both.

    Args:
        name: Of the figure.
        work: Makes ready and returns what is timed, for a number that counts up from 0.
        floor: The same for the floor.
        n: How often each is timed.
        goal: The most the ratio may be.
        pause_seconds: Rest after each, so that what follows an answer does not fall into the next one.
        warm: How often each runs first without being timed.
    """
    taken: dict[str, list[float]] = {"work": [], "floor": []}
    for begin in range(0, warm + n, _BLOCK):
        numbers = range(begin, min(begin + _BLOCK, warm + n))
        for kind, make in (("work", work), ("floor", floor)):
            taken[kind] += [timed(make(number), pause_seconds) for number in numbers]
    return figure_of(name, taken["work"][warm:], taken["floor"][warm:], goal=goal)


def figure_of(name: str, ours: Sequence[float], bare: Sequence[float], *, goal: float | None) -> Figure:
    """Return the figure of times of work and floor, in microseconds."""
    p50, floor = median(ours), median(bare)
    ratio = round(p50 / floor, 2)
    ok = goal is None or ratio <= goal
    return Figure(name, len(ours), round(p50, 1), round(percentile(ours, 99), 1), round(floor, 1), ratio, goal, ok)


def timed(work: Prepared, pause_seconds: float = 0.0) -> float:
    """Do something and return how long it took, in microseconds; then rest."""
    start = time.perf_counter()
    work()
    taken = (time.perf_counter() - start) * 1e6
    time.sleep(pause_seconds)
    return taken


def percentile(values: Iterable[float], per_cent: int) -> float:
    """Return a percentile by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * per_cent // 100)]


def growth(figures: Iterable[tuple[int, Figure]], goals: Mapping[str, float] | None = None) -> list[Figure]:
    """Return, of each figure that was measured at several sizes, how much longer the largest takes than the smallest.

    Args:
        figures: Size and figure.
        goals: The most that may be, by the figure's name, where there is a goal.
    """
    by_name: dict[str, list[tuple[int, Figure]]] = {}
    for size, figure in figures:
        head, _, kind = figure.name.partition("/")
        by_name.setdefault(f"growth:{head.partition('@')[0]}/{kind}", []).append((size, figure))
    found = []
    for name, measured in by_name.items():
        (least, small), (most, large) = (choose(measured, key=lambda pair: pair[0]) for choose in (min, max))
        if most > least:
            ratio = round(large.p50_us / small.p50_us, 2)
            goal = (goals or {}).get(name.removeprefix("growth:").partition("/")[0])
            is_ok = goal is None or ratio <= goal
            found.append(Figure(name, large.n, large.p50_us, large.p99_us, small.p50_us, ratio, goal, ok=is_ok))
    return found


def say(figure: Figure | dict[str, Any]) -> None:
    """Print a figure as one JSON line."""
    values = figure if isinstance(figure, dict) else asdict(figure)
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


def remark(text: str) -> None:
    """Tell how it goes, beside the figures."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
