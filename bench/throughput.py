"""The figure of delivery: posts a second by two, then four workers on PostgreSQL, against Slack's bare client in as many processes.

The same stand-in takes both, so that what it costs itself is on both sides.
"""

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

from sqlalchemy import func, insert, select

from bench.databases import database_url
from bench.figures import remark
from bench.serving import bot_environment, free_port, started, wait_for
from bench.throughput_notices import KEY, channel_of, params_of
from bot.clock import SystemClock
from bot.models import OutboxRow
from bot.models.session import Database
from bot.sandbox import Sandbox, SandboxSettings
from bot.services import members
from bot.services.desk import Desk
from bot.services.members import Profile

_COUNT, _CHANNELS = 10_000, 2_000
_WORKERS = (2, 4)
_GOAL, _GOAL_OF_MORE = 0.6, 0.9
_MOST_SECONDS = 600.0


def measured(
    kind: str, *, count: int = _COUNT, channels: int = _CHANNELS, workers: tuple[int, ...] = _WORKERS
) -> Iterator[dict[str, Any]]:
    """Measure delivery; SQLite takes one process at a time and has no such figure.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        count: Notices.
        channels: They are for so many channels.
        workers: How many processes share the work, one figure each; all but the first are also compared with the first.
    """
    if kind == "sqlite":
        return
    first: float | None = None
    for processes in workers:
        remark(f"{count} notices by {processes} workers")
        with Sandbox(SandboxSettings(messages_per_second=None, keep_calls=2 * count)) as slack:
            for number in range(channels):
                slack.add_channel(channel_of(number, channels), f"channel-{number}")
            bare = _bare(slack, processes, count, channels)
            with database_url(kind) as url:
                ours, twice = _ours(slack, url, processes, count, channels)
        more = {} if first is None else {"of_first": round(ours / first, 2), "goal_of_first": _GOAL_OF_MORE}
        ok = twice == 0 and ours >= _GOAL * bare and (first is None or ours >= _GOAL_OF_MORE * first)
        first = first or ours
        yield {
            "name": f"throughput:{processes}@{count}/{kind}",
            "n": count,
            "posts_per_second": round(ours, 1),
            "bare_posts_per_second": round(bare, 1),
            "ratio": round(ours / bare, 2),
            "goal": _GOAL,
            **more,
            "twice": twice,
            "ok": ok,
        }


def _bare(slack: Sandbox, processes: int, count: int, channels: int) -> float:
    """Return the posts a second of the bare client."""
    programs = [
        subprocess.Popen(
            [
                sys.executable,
                *("-m", "bench.bare_poster", slack.base_url, slack.settings.bot_token),
                *(str(one) for one in (part, processes, count, channels)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for part in range(processes)
    ]
    for one in programs:
        if one.stdout is None or one.stdout.readline() != "ready\n":
            raise RuntimeError("the bare client did not start")
    for one in programs:
        _tell(one)
    for one in programs:
        one.communicate()
    return _rate(slack, count, lambda key: key.startswith("bare"))


def _tell(program: subprocess.Popen[str]) -> None:
    if program.stdin is not None:
        program.stdin.write("go\n")
        program.stdin.flush()


def _ours(slack: Sandbox, url: str, processes: int, count: int, channels: int) -> tuple[float, int]:
    """Return the posts a second of the workers, and how many notices came more than once."""
    database = Database(url)
    desk = Desk(database, SystemClock())
    workspace = members.remember(desk, slack.settings.team_id, Profile("UADMIN", "Ada")).workspace_id
    with ExitStack() as stack:
        for _ in range(processes):
            port = free_port()
            environment = {
                **bot_environment(url, 0, slack.base_url, slack.settings.bot_token),
                "CHANNEL_MESSAGES_PER_SECOND": "100000",
                "WORKSPACE_MESSAGES_PER_SECOND": "1000000",
                "HEALTH_PORT": str(port),
            }
            wait_for(port, stack.enter_context(started(["-m", "bot", "run", "--role", "worker"], **environment)))
        _promise(desk, workspace, count, channels)
        _wait(desk)
    database.close()
    keys = Counter(_keys(slack, lambda key: not key.startswith("bare")))
    if len(keys) != count:
        raise RuntimeError(f"{len(keys)} of {count} notices arrived")
    return _rate(slack, count, lambda key: not key.startswith("bare")), sum(one - 1 for one in keys.values())


def _promise(desk: Desk, workspace: int, count: int, channels: int) -> None:
    now = desk.now()
    rows = [
        {
            "workspace_id": workspace,
            "kind": "notice",
            "channel": channel_of(number, channels),
            "payload": {"key": KEY, "params": params_of(number)},
            "due_at": now,
            "created_at": now,
        }
        for number in range(count)
    ]
    with desk.database.transaction(workspace) as session:
        session.execute(insert(OutboxRow), rows)


def _wait(desk: Desk) -> None:
    deadline = time.monotonic() + _MOST_SECONDS
    open_ones = select(func.count()).select_from(OutboxRow).where(OutboxRow.state.in_(("waiting", "sending")))
    while time.monotonic() < deadline:
        with desk.database.reading(None) as session:
            if session.scalar(open_ones) == 0:
                return
        time.sleep(0.25)
    raise RuntimeError("the notices were not delivered in time")


def _keys(slack: Sandbox, wanted: Callable[[str], bool]) -> list[str]:
    keys = (_key(call.args) for call in slack.calls_of("chat.postMessage"))
    return [key for key in keys if wanted(key)]


def _key(args: Any) -> str:
    return str(args["metadata"]["event_payload"]["key"])


def _rate(slack: Sandbox, count: int, wanted: Callable[[str], bool]) -> float:
    moments = [call.at_seconds for call in slack.calls_of("chat.postMessage") if wanted(_key(call.args))]
    return count / (max(moments) - min(moments))
