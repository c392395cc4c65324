"""``make bench``: every figure, or those named; one JSON line each on standard output, remarks on standard error."""

import argparse
import sys

from bench import checking, importing, picking, requests, starting, throughput
from bench.databases import KINDS
from bench.figures import growth, say

OTHERS = {"import": importing.measured, "start": starting.start, "idle_memory": starting.idle_memory}
NAMES = (*requests.NAMES, *picking.NAMES, *checking.NAMES, *OTHERS, "throughput")


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
    sizes = [int(one) for one in asked.sizes.split(",")]
    for kind in asked.kinds.split(","):
        of_size = []
        if set(names) & set(requests.NAMES):
            for size in sizes:
                for figure in requests.measured(kind, size, names, n=asked.n):
                    say(figure)
                    of_size.append((size, figure))
            for figure in growth(of_size):
                say(figure)
        for look in (picking.measured, checking.measured):
            for figure in look(kind, names, n=asked.n):
                say(figure)
        for name, measured in OTHERS.items():
            if name in names and (found := measured(kind)) is not None:
                say(found)
        if "throughput" in names:
            for line in throughput.measured(kind):
                say(line)


if __name__ == "__main__":
    main(sys.argv[1:])
