"""Owns the filling of a database with many opportunities, by the bare driver: making them is not what is measured."""

import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from bot.domain import identity
from bot.models.session import Database
from bot.services import members, teams
from bot.services.desk import Desk
from bot.services.members import Profile

SLACK_TEAM = "T0BENCH"
_STAGES = (("lead", "INTAKE"), ("qualified", "OPEN"), ("solution", "OPEN"), ("quote", "OPEN"), ("contract", "OPEN"), ("won", "WON"), ("lost", "LOST"))
_TEAMS = 20
_REPS = 10
_FRONT = ("North", "Blue", "Silver", "Iron", "Green", "Grand", "First", "Royal", "Pacific", "Golden", "Bright", "Swift", "Oak", "River", "Stone")
_BACK = ("ton", "ville", "field", "gate", "bridge", "wood", "mark", "land", "port", "worth", "ford", "well", "mont", "dale", "brook")
_TRADE = ("Logistics", "Foods", "Robotics", "Media", "Insurance", "Textiles", "Software", "Energy", "Health", "Retail")
_CHINESE = "晨光云栖鹏程恒瑞南海白云横琴华美天成金桥长江东方新元宏达明珠星河远景博雅瑞丰"
_TRADE_ZH = ("科技", "物流", "食品", "传媒", "保险", "纺织", "软件", "能源", "医疗", "零售")


@dataclass(frozen=True, slots=True)
class Filled:
    """What was made: ids of the first team and its people, and how much there is."""

    workspace_id: int
    team_ids: tuple[int, ...]
    rep_ids: tuple[int, ...]
    customers: int
    opportunities: int


def customer_name(number: int) -> str:
    """Return the name of a made-up customer; every fifth is Chinese, and no two are the same customer."""
    spread = random.Random(number)  # noqa: S311 - names, not secrets
    if number % 5 == 0:
        return "".join(spread.sample(_CHINESE, 4)) + f"{number}" + _TRADE_ZH[number % 10] + "有限公司"
    return f"{spread.choice(_FRONT)}{spread.choice(_BACK)} {_letters(number)} {_TRADE[number % 10]} Ltd"


def _letters(number: int) -> str:
    text = ""
    while True:
        text = chr(97 + number % 26) + text
        number //= 26
        if number == 0:
            return "q" + text


def fill(desk: Desk, *, opportunities: int, customers: int, events: int = 5) -> Filled:
    """Fill an empty database.

    Args:
        desk: The record and the clock.
        opportunities: How many; two in five are open.
        customers: How many they are spread over.
        events: Events in the history of each.
    """
    admin = members.remember(desk, SLACK_TEAM, Profile("UADMIN", "Ada", is_slack_admin=True))
    team_ids, rep_ids = [], []
    for number in range(_TEAMS):
        reps = tuple(f"U{number:02}R{rep:02}" for rep in range(_REPS))
        made = teams.setup(
            desk, teams.TeamForm(name=f"Team {number}", channel_id=f"C{number:02}", manager=f"U{number:02}M", reps=reps), by=admin
        )
        team_ids.append(made.id)
        rep_ids += [rep.id for rep in made.reps]
    write = Writer(desk.database)
    now = desk.now()
    workspace = admin.workspace_id
    write.rows("customer", ({"id": n, "workspace_id": workspace, "name": customer_name(n), "is_identified": True, "created_at": now} for n in range(1, customers + 1)))
    write.rows("customer_key", ({"workspace_id": workspace, "customer_id": n, "kind": "name", "value": identity.name_key(customer_name(n))} for n in range(1, customers + 1)))
    write.rows("near_key", ({"workspace_id": workspace, "customer_id": n, "value": key} for n in range(1, customers + 1) for key in sorted(identity.near_keys(customer_name(n)))))
    write.rows("search_key", ({"workspace_id": workspace, "customer_id": n, "value": key} for n in range(1, customers + 1) for key in sorted(identity.search_keys(customer_name(n)))))
    write.rows("opportunity", (_opportunity(n, workspace, customers, team_ids, rep_ids, now) for n in range(1, opportunities + 1)))
    write.rows("next_step", (_next_step(n, workspace, now) for n in range(1, opportunities + 1) if _is_open(n)))
    write.rows("event", (_event(n, k, workspace, now) for n in range(1, opportunities + 1) for k in range(events)))
    write.finish()
    return Filled(workspace, tuple(team_ids), tuple(rep_ids), customers, opportunities)


def _is_open(number: int) -> bool:
    return number % 5 < 2


def _due(number: int, now: datetime) -> datetime:
    # One in eight is overdue.
    return now + timedelta(hours=-(number % 90) - 1 if number % 8 == 0 else number % 400 + 1)


def _opportunity(number: int, workspace: int, customers: int, team_ids: list[int], rep_ids: list[int], now: datetime) -> dict[str, Any]:
    team = number % _TEAMS
    stage, kind = _STAGES[number % 25 // 5 if _is_open(number) else 5 + number % 2]
    entered = now - timedelta(hours=number % 300 + 1)
    is_open = _is_open(number)
    return {
        "id": number,
        "workspace_id": workspace,
        "team_id": team_ids[team],
        "playbook_id": team_ids[team],
        "customer_id": number % customers + 1,
        "need": f"Need {number}",
        "amount_minor": (number % 900 + 1) * 10_000,
        "currency": "USD",
        "source": "inbound",
        "expected_close_on": date(2026, 6, 1),
        "facts": {},
        "stage_key": stage,
        "stage_kind": kind,
        "stage_entered_at": entered,
        "stage_limit_at": entered + timedelta(days=14) if is_open else None,
        "grade": "ABC"[number % 3],
        "score": 40,
        "grade_points": [],
        "owner_id": rep_ids[team * _REPS + number // _TEAMS % _REPS],
        "accepted_at": entered,
        "has_collision": False,
        "customer_known": True,
        "next_step_id": number if is_open else None,
        "next_text": f"Step {number}" if is_open else None,
        "next_due_at": _due(number, now) if is_open else None,
        "attention_at": now + timedelta(days=30, seconds=number) if is_open else None,
        "attended_at": now,
        "captured_at": now - timedelta(days=20),
        "closed_at": None if is_open else now - timedelta(days=number % 200),
        "closed_from": None if is_open else "quote",
        "close_reason": None if is_open else "price",
        "version": 1,
    }


def _next_step(number: int, workspace: int, now: datetime) -> dict[str, Any]:
    return {"id": number, "workspace_id": workspace, "opportunity_id": number, "text": f"Step {number}", "due_at": _due(number, now), "created_at": now}


def _event(number: int, turn: int, workspace: int, now: datetime) -> dict[str, Any]:
    at = now - timedelta(days=19 - turn)
    payload = {"follow_up_id": 1, "way": "call", "said": f"Talk {turn} about need {number}"}
    return {"workspace_id": workspace, "opportunity_id": number, "kind": "FollowUpLogged", "at": at, "actor_id": None, "payload": payload}


class Writer:
    """Writes many rows of a table by the bare driver."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = database.engine.raw_connection()
        self._driver = self._connection.driver_connection
        if database.is_sqlite:
            self._driver.execute("PRAGMA synchronous=OFF")
            self._driver.execute("BEGIN")

    def rows(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Write rows, which all have the same columns."""
        source = iter(rows)
        head = list(islice(source, 1))
        if not head:
            return
        names = list(head[0])
        values = (self._values(row) for row in _chain(head, source))
        if self._database.is_sqlite:
            marks = ",".join("?" * len(names))
            self._driver.executemany(f"INSERT INTO {table} ({','.join(names)}) VALUES ({marks})", values)
            return
        with self._driver.cursor() as cursor, cursor.copy(f"COPY {table} ({','.join(names)}) FROM STDIN") as copy:
            for row in values:
                copy.write_row(row)

    def finish(self) -> None:
        """Commit, set sequences right, and let the database look at what it has."""
        if self._database.is_sqlite:
            self._driver.execute("COMMIT")
            self._driver.execute("ANALYZE")
            self._driver.execute("PRAGMA synchronous=FULL")
        else:
            for table in ("customer", "opportunity", "next_step"):
                self._driver.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))")
            self._driver.commit()
            self._driver.autocommit = True
            self._driver.execute("VACUUM ANALYZE")
            self._driver.autocommit = False
        self._connection.close()

    def _values(self, row: dict[str, Any]) -> list[Any]:
        return [self._value(value) for value in row.values()]

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict | list):
            return json.dumps(value)
        if self._database.is_sqlite and isinstance(value, datetime):
            return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
        return value.isoformat() if self._database.is_sqlite and isinstance(value, date) else value


def _chain(head: list[dict[str, Any]], rest: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from head
    yield from rest
