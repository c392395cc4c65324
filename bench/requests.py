"""Figures of requests: what a member waits for, from the signed request to the ack, in a workspace of many opportunities.

The floor of a request that writes is a bare Bolt ack plus the same rows written by the bare driver; of one that reads, a
bare Bolt ack plus the same statements by the bare driver.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from slack_bolt import BoltRequest

from bench import templates
from bench.bare_rows import BareRows, statements_of
from bench.databases import database_url
from bench.figures import Figure, Prepared, measure, remark
from bench.filling import TEAMS, fill, long_histories, manager_id
from bench.serving import SECRET, Client, bot_environment, bot_settings, encoded, free_port, program, signed_headers
from bench.templates import Payload, Templates
from bot import app
from bot.app import Bot

NAMES = ("capture", "follow_up", "advance", "pipeline", "history")

_GOAL = 4.0
_PAUSE_SECONDS = 0.03  # a person's next request comes when what followed the last ack is long done
_REQUESTS = 200
_WARM = 10

Make = Callable[[int], Payload]
"""Makes the payload of a number."""


def measured(kind: str, size: int, names: Sequence[str], *, n: int = _REQUESTS) -> Iterator[Figure]:
    """Measure requests on a database of a size; figures come as they are ready.

    Args:
        kind: ``sqlite`` or ``postgresql``.
        size: Opportunities present.
        names: Which figures.
        n: How often each request is timed.
    """
    payloads = templates.played()
    with database_url(kind) as url:
        remark(f"filling {kind} with {size} opportunities")
        fill(url, opportunities=size)
        slack = free_port()
        with program(["-m", "bench.bare_bolt", str(slack), SECRET], slack):
            cases = _cases(url, f"http://127.0.0.1:{slack}/api/", size, payloads, names, n + _WARM)
            with _clients(url, slack) as (ours, bare):
                rows = BareRows(url)
                for case in cases:
                    yield _figure(f"{case.name}@{size}/{kind}", case, ours, bare, rows, n)
                rows.close()


@dataclass(frozen=True, slots=True)
class _Case:
    """A figure that can be measured: the requests, and the floor's work in the database for a number."""

    name: str
    make: Make
    floor: Callable[[BareRows, int], None]
    expected: str
    goal: float | None


@contextmanager
def _clients(url: str, slack: int) -> Iterator[tuple[Client, Client]]:
    port = free_port()
    environment = bot_environment(url, port, f"http://127.0.0.1:{slack}/api/")
    with program(["-m", "bot", "run", "--http"], port, **environment):
        clients = Client(port), Client(slack)
        yield clients
        for client in clients:
            client.close()


def _figure(name: str, case: _Case, ours: Client, bare: Client, rows: BareRows, n: int) -> Figure:
    def work(number: int) -> Prepared:
        request = Client.request(case.make(number))
        return lambda: _checked(ours.send(request), case.expected)

    def floor(number: int) -> Prepared:
        request = Client.request(case.make(number))
        return lambda: (bare.send(request), case.floor(rows, number))

    return measure(name, work, floor, n=n, goal=case.goal, pause_seconds=_PAUSE_SECONDS, warm=_WARM)


def _checked(answer: str, expected: str) -> None:
    if expected not in answer or '"errors"' in answer:
        raise RuntimeError(f"not the expected answer: {answer[:500]}")


# --- what is asked, and what it does in the database


def _cases(url: str, slack_url: str, size: int, payloads: Templates, names: Sequence[str], count: int) -> list[_Case]:
    """Put each request through a bot in this process first, to see what it does in the database."""
    bot = app.build(bot_settings(url, 0, slack_url))
    rows = BareRows(url)
    targets = _Targets(rows, size, count)
    writing: dict[str, Make] = {
        "capture": partial(_capture, payloads, targets),
        "follow_up": partial(_form, "follow_up", payloads.follow_up, targets.qualified),
        "advance": partial(_form, "advance", payloads.advance, targets.leads),
    }
    reading: dict[str, Make] = {
        "pipeline": partial(_pipeline, payloads),
        "history": partial(_history, payloads, targets.long),
    }
    try:
        found = [_written(bot, rows, name, make, targets, count) for name, make in writing.items() if name in names]
        return found + [_read(bot, name, make) for name, make in reading.items() if name in names]
    finally:
        rows.close()
        bot.close()


@dataclass(frozen=True, slots=True)
class _Target:
    """An opportunity with its owner's Slack id."""

    id: int
    owner: str


class _Targets:
    """Opportunities that requests are about, of all teams mixed: new ones, qualified ones, such with a long history."""

    def __init__(self, rows: BareRows, size: int, count: int) -> None:
        # The first half is the bot's, the second the floor's, and the last one shows what is written.
        self.leads = self._of(rows, "stage_key = 'lead'", 2 * count + 1)
        self.qualified = self._of(rows, "stage_key = 'qualified'", 2 * count + 1)
        numbers = ",".join(str(number) for number in long_histories(size))
        self.long = self._of(rows, f"opportunity.id IN ({numbers})", count)

    def _of(self, rows: BareRows, condition: str, most: int) -> list[_Target]:
        found = rows.ask(
            "SELECT opportunity.id, slack_user_id FROM opportunity JOIN member ON member.id = owner_id"
            f" WHERE {condition} ORDER BY opportunity.id LIMIT {most}"
        )
        return [_Target(*row) for row in found]


def _written(bot: Bot, rows: BareRows, name: str, make: Make, targets: _Targets, count: int) -> _Case:
    about = {"follow_up": targets.qualified, "advance": targets.leads}.get(name)
    last = 2 * count
    if about is not None and len(about) <= last:
        raise RuntimeError(
            f"{name} needs more than {len(about)} opportunities in that stage: a larger size, or a smaller n"
        )
    number = about[last].id if about else None
    found = rows.footprint(lambda: _dispatched(bot, make(last)), number)

    def floor(bare: BareRows, at: int) -> None:
        bare.write(found, at, about[count + at].id if about else None)

    told = ", ".join(f"{len(new)} {table.name}" for table, new in found.added)
    changes = ", ".join(f"{change.table}({len(change.values)})" for change in found.changed)
    remark(f"{name} writes {told}; changes {changes or 'nothing'}")
    return _Case(name, make, floor, '"result"', _GOAL)


def _read(bot: Bot, name: str, make: Make) -> _Case:
    for _ in range(2):  # what is read once and kept is not what every request asks
        asked = statements_of(bot.desk.database, lambda: _dispatched(bot, make(0)))
    remark(f"{name} asks {len(asked)} statements")
    return _Case(name, make, lambda bare, _number: bare.replay(asked), "", None)


def _dispatched(bot: Bot, payload: Payload) -> None:
    body = encoded(payload)
    answer = bot.bolt_app.dispatch(BoltRequest(body=body, headers=dict(signed_headers(body))))
    if answer.status != 200 or '"errors"' in (answer.body or ""):
        raise RuntimeError(f"refused: {answer.status} {answer.body}")


def _capture(payloads: Templates, targets: _Targets, number: int) -> Payload:
    return templates.changed_capture(payloads.capture, number, targets.leads[number % len(targets.leads)].owner)


def _form(name: str, template: Payload, targets: list[_Target], number: int) -> Payload:
    target = targets[number % len(targets)]
    return templates.changed_form(template, name, number, target.owner, target.id)


def _pipeline(payloads: Templates, number: int) -> Payload:
    return templates.changed_command(payloads.pipeline, number, manager_id(number % TEAMS))


def _history(payloads: Templates, targets: list[_Target], number: int) -> Payload:
    target = targets[number % len(targets)]
    return templates.changed_history(payloads.history, number, target.owner, target.id)
