"""Figures of the clock: finding what is due, the whole sweep, a team's digest, and calendar arithmetic.

Their floor is the same statements, with the same parameters and in the same transactions, by the bare driver.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import event

from bench.databases import bare_connection, database_url
from bench.figures import Figure, Prepared, figure_of, measure, remark, timed
from bench.filling import SLACK_TEAM, fill_open
from bench.plans import full_scans
from bot.clock import FakeClock
from bot.domain.calendar import WorkCalendar, add_hours, hours_between
from bot.i18n import Translator
from bot.models.session import Database
from bot.services import briefings, members, sweep
from bot.services.desk import Desk, system_actor
from bot.views import digest as digest_view

NAMES = ("sweep_find", "sweep", "digest", "digest_render")
NOW = datetime(2026, 3, 4, 3, 0, tzinfo=UTC)
"""Eleven o'clock on a Wednesday in Shanghai."""

DUE, TEAM = 1000, 500
_GOALS = {"sweep": 3.0, "digest": 2.0}
GROWTH_GOALS = {"sweep_find": 1.3}
_CALLS = 500

Said = list[tuple[str, Any, bool]]
"""Statements with their parameters, and whether there are many of these; an empty one ends a transaction."""


def measured(kind: str, size: int, names: Sequence[str], *, n: int) -> Iterator[Figure]:
    """Measure the clock's work with a thousand due among so many open opportunities.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        size: Open opportunities present.
        names: Which figures, of ``NAMES``.
        n: How often what only reads is timed; the whole sweep is timed a tenth as often.
    """
    with database_url(kind) as url:
        remark(f"filling {kind} with {size} open opportunities")
        fill_open(url, opportunities=size, due=DUE, in_first_team=TEAM, now=NOW)
        database, clock = Database(url), FakeClock(NOW)
        desk, bare = Desk(database, clock), _Bare(url)
        try:
            for name in (one for one in NAMES if one in names):
                yield _MEASURES[name](f"{name}@{size}/{kind}", desk, bare, n)
        finally:
            bare.close()
            database.close()


def calendar(kind: str, names: Sequence[str]) -> Iterator[Figure]:
    """Measure calendar arithmetic per call, against one conversion into the zone; it has no database."""
    if kind != "sqlite":
        return
    worktime, chance = WorkCalendar("Asia/Shanghai", country="CN"), random.Random(1)
    starts = [NOW + timedelta(minutes=chance.randrange(500_000)) for _ in range(_CALLS)]
    ends = [start + timedelta(minutes=chance.randrange(50_000)) for start in starts]
    zone = ZoneInfo("Asia/Shanghai")
    calls: dict[str, Callable[[], object]] = {
        "calendar_add": lambda: [add_hours(worktime, start, 6.0) for start in starts],
        "calendar_between": lambda: [
            hours_between(worktime, start, end) for start, end in zip(starts, ends, strict=True)
        ],
    }

    def floor(_number: int) -> Prepared:
        return lambda: [start.astimezone(zone) for start in starts]

    for name, call in calls.items():
        if name in names:
            found = measure(name, lambda _number, call=call: call, floor, n=50, goal=None)  # type: ignore[misc] # bound at once
            yield _per_call(found)


def _per_call(found: Figure) -> Figure:
    p50, p99, floor = (round(one / _CALLS, 3) for one in (found.p50_us, found.p99_us, found.floor_p50_us))
    return Figure(found.name, found.n * _CALLS, p50, p99, floor, found.ratio, None, ok=True)


# --- what is measured


def _find(name: str, desk: Desk, bare: "_Bare", n: int) -> Figure:
    def ask() -> None:
        with desk.database.reading(None) as session:
            found = sweep.found(session, NOW, DUE)
        if len(found) != DUE:
            raise RuntimeError(f"{len(found)} are due, not {DUE}")

    said = bare.checked(said_by(desk.database, ask))
    return measure(name, lambda _: ask, lambda _: lambda: bare.say(said), n=n, goal=None)


def _sweep(name: str, desk: Desk, bare: "_Bare", n: int) -> Figure:
    def work() -> None:
        while sweep.due(desk) > 0:
            pass

    bare.arm()
    said = bare.checked(said_by(desk.database, work))

    def prepared(done: Callable[[], object]) -> Prepared:
        bare.arm()
        return done

    # One at a time: what is due is armed before each.
    return _in_turns(name, lambda: prepared(work), lambda: prepared(lambda: bare.say(said)), n=max(5, n // 10))


def _in_turns(name: str, work: Callable[[], Prepared], floor: Callable[[], Prepared], *, n: int) -> Figure:
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(n + 1):
        for place, make in enumerate((work, floor)):
            seconds = timed(make())
            if number:
                taken[place].append(seconds)
    return figure_of(name, *taken, goal=_GOALS["sweep"])


def _digest(name: str, desk: Desk, bare: "_Bare", n: int) -> Figure:
    by = _clock(desk)

    def ask() -> object:
        return briefings.daily(desk, 1, by=by, day=date(2026, 3, 4))

    said = bare.checked(said_by(desk.database, ask))
    return measure(name, lambda _: ask, lambda _: lambda: bare.say(said), n=n, goal=_GOALS["digest"])


def _digest_render(name: str, desk: Desk, _bare: "_Bare", n: int) -> Figure:
    report = briefings.daily(desk, 1, by=_clock(desk), day=date(2026, 3, 4))
    t = Translator("en-US", "Asia/Shanghai")
    message = digest_view.message(t, report)
    return measure(
        name, lambda _: lambda: digest_view.message(t, report), lambda _: lambda: json.dumps(message), n=n, goal=None
    )


def _clock(desk: Desk) -> Any:
    return system_actor(members.workspace_id_of(desk, SLACK_TEAM))


_MEASURES: dict[str, Callable[[str, Desk, "_Bare", int], Figure]] = {
    "sweep_find": _find,
    "sweep": _sweep,
    "digest": _digest,
    "digest_render": _digest_render,
}


# --- the floor


class _Bare:
    """The bare driver, which says again what was said."""

    def __init__(self, url: str) -> None:
        self._is_sqlite = url.startswith("sqlite")
        self._connection: Any = bare_connection(url)
        self._mark = "?" if self._is_sqlite else "%s"

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def arm(self) -> None:
        """Make the same thousand due once more, and forget what was said of them."""
        moments = (NOW - timedelta(minutes=1), NOW - timedelta(minutes=1), NOW - timedelta(hours=2))
        values = [f"{one:%Y-%m-%d %H:%M:%S.%f}" if self._is_sqlite else one for one in moments]
        mark = self._mark
        if self._is_sqlite:
            self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(
            f"UPDATE opportunity SET attention_at={mark}, next_due_at={mark}, attended_at={mark} WHERE id <= {DUE}",
            values,
        )
        self._connection.execute("DELETE FROM event WHERE workspace_id = 1 AND kind = 'LadderStepTaken'")
        # Numbers begin at one again, or the floor would look for rows that are not there.
        self._connection.execute("DELETE FROM outbox" if self._is_sqlite else "TRUNCATE outbox RESTART IDENTITY")
        self._connection.commit()

    def checked(self, said: Said) -> Said:
        """Refuse what reads a large table from end to end.

        Raises:
            RuntimeError: With the statements that do.
        """
        asked = [(statement, parameters) for statement, parameters, _ in said]
        # Messages and history are few here; of these one can only ask whether an index would serve.
        whole = full_scans(self._connection, asked, is_sparse=True)
        whole += [one for one in full_scans(self._connection, asked) if "of opportunity:" in one]
        if whole:
            raise RuntimeError("read from end to end: " + "; ".join(whole))
        return said

    def say(self, said: Said) -> None:
        """Say it in the same transactions."""
        cursor = self._connection.cursor()
        for statement, parameters, many in said:
            if not statement:
                self._connection.commit()
            elif many:
                cursor.executemany(statement, parameters)
            else:
                cursor.execute(statement, parameters)
                if cursor.description is not None:
                    cursor.fetchall()
        self._connection.commit()
        cursor.close()


def said_by(database: Database, work: Callable[[], object]) -> Said:
    """Do something and return what it said to the database."""
    found: Said = []
    with _listening(database, found):
        work()
    return found


@contextmanager
def _listening(database: Database, found: Said) -> Iterator[None]:
    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        # Many rows in one statement come with one set of parameters; only a list stands for several executions.
        found.append((statement, parameters, isinstance(parameters, list)))

    def ended(_connection: Any) -> None:
        found.append(("", None, False))

    listeners = (("before_cursor_execute", note), ("commit", ended), ("rollback", ended))
    for name, listener in listeners:
        event.listen(database.engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(database.engine, name, listener)
