"""The figures of the program itself: how soon it answers, and how much memory it holds while nothing happens."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from bench.databases import database_url
from bench.serving import bot_environment, free_port, started, wait_for

_RUNS = 5
_IDLE_SECONDS = 3.0  # the ticks have run by then
_MOST_SECONDS, _MOST_MIB = 5.0, 200.0
_KIB_PER_MIB = 1024
_NOWHERE = "http://127.0.0.1:9/api/"


def start(kind: str) -> dict[str, Any]:
    """Time the program from its process's start to its first healthy answer, on a database that it has migrated before."""
    seconds = _runs(kind, _RUNS, lambda _process_id: None)
    return {
        "name": f"start/{kind}",
        "n": _RUNS,
        "p50_seconds": round(median(seconds), 2),
        "max_seconds": round(max(seconds), 2),
        "goal": _MOST_SECONDS,
        "ok": median(seconds) <= _MOST_SECONDS,
    }


def idle_memory(kind: str) -> dict[str, Any]:
    """Read how much memory the program holds that serves signed HTTP and has had nothing to do."""
    held: list[float] = []

    def look(process_id: int) -> None:
        time.sleep(_IDLE_SECONDS)
        held.append(resident_mib(process_id))

    _runs(kind, 1, look)
    return {
        "name": f"idle_memory/{kind}",
        "n": 1,
        "rss_mib": round(held[0], 1),
        "goal": _MOST_MIB,
        "ok": held[0] <= _MOST_MIB,
    }


def _runs(kind: str, count: int, look: Callable[[int], None]) -> list[float]:
    seconds = []
    with database_url(kind) as url:
        for _ in range(count):
            port = free_port()
            begin = time.perf_counter()
            with started(["-m", "bot", "run", "--http"], **bot_environment(url, port, _NOWHERE)) as process:
                wait_for(port, process)
                seconds.append(time.perf_counter() - begin)
                look(process.pid)
    return seconds


def resident_mib(process_id: int) -> float:
    """Return the resident memory of a process, MiB, as Linux tells it."""
    for line in Path(f"/proc/{process_id}/status").read_text("ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / _KIB_PER_MIB
    raise RuntimeError("this system does not tell how much memory a process holds")
