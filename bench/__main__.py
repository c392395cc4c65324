"""``make bench``: every figure, or those named; one JSON line each on standard output, remarks on standard error."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from bench import checking, clocking, importing, picking, requests, starting, throughput
from bench.databases import KINDS
from bench.figures import growth, say
from bot import app

OTHERS = {"import": importing.measured, "start": starting.start, "idle_memory": starting.idle_memory}
CALENDAR = ("calendar_add", "calendar_between")
NAMES = (*requests.NAMES, *picking.NAMES, *checking.NAMES, *clocking.NAMES, *CALENDAR, *OTHERS, "throughput")


def main(arguments: list[str]) -> None:
    """Measure what the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Each figure against a floor of the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; all by default")
    parser.add_argument("--sizes", default="100000", help="opportunities present, such as 1000,100000")
    parser.add_argument("--kinds", default=",".join(KINDS), help="databases: sqlite,postgresql")
    parser.add_argument("--n", type=int, default=200, help="how often each request is timed")
    asked = parser.parse_args(arguments)
    names = asked.names or NAMES
    unknown = set(names) - set(NAMES)
    if unknown:
        parser.error(f"there is no figure {', '.join(sorted(unknown))}")
    app.settle()  # as the program does at its start
    sizes = [int(one) for one in asked.sizes.split(",")]
    for kind in asked.kinds.split(","):
        for module in (requests, clocking):
            if set(names) & set(module.NAMES):
                _say_sizes(module, kind, sizes, names, asked.n)
        for look in (picking.measured, checking.measured):
            for figure in look(kind, names, n=asked.n):
                say(figure)
        for figure in clocking.calendar(kind, names):
            say(figure)
        for name, measured in OTHERS.items():
            if name in names and (found := measured(kind)) is not None:
                say(found)
        if "throughput" in names:
            for line in throughput.measured(kind):
                say(line)


def _say_sizes(module: Any, kind: str, sizes: list[int], names: Sequence[str], n: int) -> None:
    """Measure a module's figures at each size, and say how they grow."""
    of_size = []
    for size in sizes:
        for figure in module.measured(kind, size, names, n=n):
            say(figure)
            of_size.append((size, figure))
    for figure in growth(of_size, clocking.GROWTH_GOALS):
        say(figure)


if __name__ == "__main__":
    main(sys.argv[1:])
