"""Owns the measuring: a figure and its floor, interleaved, and the JSON line they make."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Work = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure; times are microseconds, ``ratio`` is to the floor, ``goal`` the most it may be."""

    name: str
    n: int
    p50_us: float
    p99_us: float
    floor_p50_us: float
    goal: float | None

    @property
    def ratio(self) -> float:
        return self.p50_us / self.floor_p50_us if self.floor_p50_us else 0.0

    def line(self) -> str:
        ok = self.goal is None or self.ratio <= self.goal
        return json.dumps(
            {
                "name": self.name,
                "n": self.n,
                "p50_us": round(self.p50_us, 1),
                "p99_us": round(self.p99_us, 1),
                "floor_p50_us": round(self.floor_p50_us, 1),
                "ratio": round(self.ratio, 2),
                "goal": self.goal,
                "ok": ok,
            }
        )


def timed(work: Work, n: int, *, warm: int = 5, first: int = 0) -> list[float]:
    """Run a piece of work and return the microseconds of each run; the first few are not counted."""
    taken = []
    for number in range(first, first + n + warm):
        start = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - start) * 1e6)
    return taken[warm:]


def measure(name: str, work: Work, floor: Work, *, n: int, goal: float | None, rounds: int = 4, warm: int = 10) -> Figure:
    """Measure work and floor in turns, so that what the machine does beside them hits both, and print the line."""
    ours: list[float] = []
    bare: list[float] = []
    each = max(1, n // rounds)
    at = 0
    for index in range(rounds):
        spare = warm if index == 0 else 1
        ours += timed(work, each, warm=spare, first=at)
        bare += timed(floor, each, warm=spare, first=at)
        at += each + spare
    figure = Figure(name, len(ours), median(ours), percentile(ours, 99), median(bare), goal)
    say(figure)
    return figure


def percentile(values: list[float], per_cent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * per_cent // 100)]


def say(figure: Figure) -> None:
    sys.stdout.write(figure.line() + "\n")
    sys.stdout.flush()
