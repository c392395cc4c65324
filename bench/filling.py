"""Owns what a large made-up workspace consists of: teams, reps, customers, opportunities and their history."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from types import SimpleNamespace

from bench.bulk import BulkWriter, Row
from bot.clock import FakeClock, SystemClock
from bot.domain import health, identity
from bot.domain.events import Event, FollowUpLogged, LeadCaptured, NextStepSet, StageChanged
from bot.models.session import Database
from bot.services import members, teams
from bot.services.desk import Desk
from bot.services.members import Profile

SLACK_TEAM = "T0BENCH"
TEAMS, REPS = 20, 10
LONG_HISTORY = 60
"""Events of every five-hundredth opportunity, from the first on: more than a page; the others have a few."""

_SHORT_HISTORY, _LONG_EVERY = 4, 500
_PATTERN, _LATE_EVERY = 8000, 8
_OPEN = (("lead", "INTAKE"), ("qualified", "OPEN"), ("solution", "OPEN"), ("quote", "OPEN"), ("contract", "OPEN"))
_CLOSED = (("won", "WON"), ("lost", "LOST"))
_OPEN_SHARE, _OVERDUE_SHARE = 0.4, 0.12
_FRONT = ("North", "Blue", "Silver", "Iron", "Green", "Grand", "First", "Royal", "Pacific", "Golden", "Bright", "Swift")
_BACK = ("ton", "ville", "field", "gate", "bridge", "wood", "mark", "land", "port", "worth", "ford", "well", "dale")
_TRADE = ("Logistics", "Foods", "Robotics", "Media", "Insurance", "Textiles", "Software", "Energy", "Health", "Retail")
_CHINESE = "晨光云栖鹏程恒瑞南海白横琴华美天成金桥长江东方新元宏达明珠星河远景博雅丰"
_TRADE_ZH = ("科技", "物流", "食品", "传媒", "保险", "纺织", "软件", "能源", "医疗", "零售")


@dataclass(frozen=True, slots=True)
class _Draw:
    """What chance decided about one opportunity; ``team`` and ``rep`` count from 0, hours from now."""

    number: int
    team: int
    rep: int
    stage: str
    kind: str
    is_open: bool
    entered_hours: int
    due_hours: int
    closed_days: int


@cache
def customer_name(number: int) -> str:
    """Return the name of a made-up customer; every fifth is Chinese, and no two are, or may be, the same customer."""
    spread = random.Random(number)
    if number % 5 == 0:
        return "".join(spread.sample(_CHINESE, 5)) + spread.choice(_TRADE_ZH) + "有限公司"
    word = "".join(spread.choice("bcdfghjklmnprstvz") + spread.choice("aeiou") for _ in range(5)).capitalize()
    return f"{word} {spread.choice(_FRONT)}{spread.choice(_BACK)} {spread.choice(_TRADE)} Ltd"


def rep_id(team: int, rep: int) -> str:
    """Return the Slack id of a rep, both numbers from 0."""
    return f"U{team:02}R{rep:02}"


def manager_id(team: int) -> str:
    """Return the Slack id of a team's manager."""
    return f"U{team:02}M"


def channel_id(team: int) -> str:
    """Return the Slack id of a team's channel."""
    return f"C{team:02}"


def fill(url: str, *, opportunities: int) -> None:
    """Fill an empty database: five opportunities a customer, two in five open, one open one in eight overdue.

    Args:
        url: Address of a migrated database.
        opportunities: How many.
    """
    database = Database(url)
    desk = Desk(database, SystemClock())
    workspace, team_rows = people(desk)
    now = desk.now()
    database.close()
    customers = range(1, max(1, opportunities // 5) + 1)
    draws = list(_draws(opportunities))
    write = BulkWriter(url)
    write.rows("customer", (_customer(n, workspace, now) for n in customers))
    write.rows("contact", (_contact(n, workspace, now) for n in customers))
    for table in ("customer_key", "near_key", "search_key"):
        write.rows(table, (row for n in customers for row in _keys(table, n, workspace)))
    write.rows("opportunity", (_opportunity(one, workspace, len(customers), team_rows, now) for one in draws))
    write.rows("next_step", (_next_step(one, workspace, now) for one in draws if one.is_open))
    write.rows("event", (row for one in draws for row in _history(one, workspace, team_rows, now)))
    write.finish(("customer", "contact", "opportunity", "next_step"))


def fill_open(url: str, *, opportunities: int, due: int, in_first_team: int, now: datetime) -> None:
    """Fill an empty database with open opportunities alone, one a customer, for what the clock does: the first are due now.

    Args:
        url: Address of a migrated database.
        opportunities: How many.
        due: How many of them are due; these are of teams other than the first.
        in_first_team: How many the first team has.
        now: The present moment; the teams are there for long.
    """
    database = Database(url)
    workspace, team_rows = people(Desk(database, FakeClock(now - timedelta(days=30))))
    database.close()
    # So many are made one by one; beyond them they are written again under other numbers.
    own = due + in_first_team
    made = min(opportunities, own + _PATTERN)
    write = BulkWriter(url)
    write.rows("customer", (_customer(n, workspace, now) for n in range(1, made + 1)))
    rows = (
        _open_row(n, workspace, made, team_rows, now, is_due=n <= due, is_first=due < n <= own)
        for n in range(1, made + 1)
    )
    write.rows("opportunity", rows)
    write.repeat("customer", ("id",), first=own + 1, last=made, until=opportunities + 1)
    write.repeat("opportunity", ("id", "customer_id"), first=own + 1, last=made, until=opportunities)
    # Each was captured long ago, and a few of the first team's since the last digest.
    write.rows("event", (_captured(n, n, workspace, now - timedelta(days=210)) for n in range(1, made + 1)))
    write.repeat("event", ("id", "opportunity_id"), first=own + 1, last=made, until=opportunities)
    lately = enumerate(range(due + 1, own + 1, 20), opportunities + 1)
    write.rows("event", (_captured(number, n, workspace, now - timedelta(hours=3)) for number, n in lately))
    write.finish(("customer", "opportunity", "event"))


def _open_row(
    number: int,
    workspace: int,
    count: int,
    team_rows: list[tuple[int, list[int]]],
    now: datetime,
    *,
    is_due: bool,
    is_first: bool,
) -> Row:
    team = 0 if is_first else 1 + number % (TEAMS - 1)
    # In the first team, of which a digest tells, every eighth is overdue; its next look is later all the same.
    hours = -1 - number % 80 if is_first and number % _LATE_EVERY == 0 else 100 + number % 300
    one = _Draw(number, team, number % REPS, *_OPEN[number % len(_OPEN)], is_open=True, entered_hours=24,
                due_hours=hours, closed_days=0)  # fmt: skip
    row = _opportunity(one, workspace, count, team_rows, now)
    row["contact_id"] = None
    row["next_step_id"] = None
    if is_due:
        row |= {"next_due_at": now - timedelta(minutes=1), "attention_at": now - timedelta(minutes=1),
                "attended_at": now - timedelta(hours=2)}  # fmt: skip
    row["broken_from"] = health.broken_from(SimpleNamespace(**row))
    return row


def _captured(number: int, opportunity: int, workspace: int, at: datetime) -> Row:
    event = LeadCaptured(customer_name(opportunity % 50 + 1), f"Need {opportunity}", "command", "lead")
    return {
        "id": number, "workspace_id": workspace, "opportunity_id": opportunity, "kind": event.kind, "at": at,
        "payload": event.payload(),
    }  # fmt: skip


def people(desk: Desk) -> tuple[int, list[tuple[int, list[int]]]]:
    """Set the teams up through the services; returns the workspace, and of each team its id with its reps'."""
    admin = members.remember(desk, SLACK_TEAM, Profile("UADMIN", "Ada", is_slack_admin=True))
    made = []
    for team in range(TEAMS):
        reps = tuple(rep_id(team, rep) for rep in range(REPS))
        for user in (manager_id(team), *reps):
            members.remember(desk, SLACK_TEAM, Profile(user, f"Member {user}", zone="Asia/Shanghai"))
        form = teams.TeamForm(
            name=f"Team {team}", channel_id=channel_id(team), manager=manager_id(team), reps=reps, zone="Asia/Shanghai"
        )
        ref = teams.setup(desk, form, by=admin)
        made.append((ref.id, sorted(rep.id for rep in ref.reps)))
    return admin.workspace_id, made


def _draws(count: int) -> Iterator[_Draw]:
    spread = random.Random(7)
    for number in range(1, count + 1):
        is_open = spread.random() < _OPEN_SHARE
        stage, kind = spread.choice(_OPEN if is_open else _CLOSED)
        overdue = spread.random() < _OVERDUE_SHARE
        yield _Draw(
            number,
            spread.randrange(TEAMS),
            spread.randrange(REPS),
            stage,
            kind,
            is_open,
            entered_hours=spread.randrange(1, 300),
            due_hours=-spread.randrange(1, 90) if overdue else spread.randrange(1, 400),
            closed_days=spread.randrange(1, 200),
        )


def _customer(number: int, workspace: int, now: datetime) -> Row:
    return {
        "id": number,
        "workspace_id": workspace,
        "name": customer_name(number),
        "is_identified": True,
        "created_at": now,
    }


def _contact(number: int, workspace: int, now: datetime) -> Row:
    return {
        "id": number,
        "workspace_id": workspace,
        "customer_id": number,
        "name": f"Contact {number}",
        "phone": f"+8613{number:09}",
        "created_at": now,
    }


@cache
def _found_by(number: int) -> dict[str, list[str]]:
    # Kept, because every database holds the same customers and the keys cost more than the writing.
    name = customer_name(number)
    return {
        "customer_key": [identity.name_key(name)],
        "near_key": sorted(identity.near_keys(name)),
        "search_key": sorted(identity.search_keys(name)),
    }


def _keys(table: str, number: int, workspace: int) -> Iterator[Row]:
    kind = {"kind": "name"} if table == "customer_key" else {}
    for value in _found_by(number)[table]:
        yield {"workspace_id": workspace, "customer_id": number, **kind, "value": value}


def _opportunity(
    one: _Draw, workspace: int, customers: int, team_rows: list[tuple[int, list[int]]], now: datetime
) -> Row:
    team_id, reps = team_rows[one.team]
    entered = now - timedelta(hours=one.entered_hours)
    is_open, due = one.is_open, now + timedelta(hours=one.due_hours)
    customer = one.number % customers + 1
    row: Row = {
        "id": one.number,
        "workspace_id": workspace,
        "team_id": team_id,
        "playbook_id": team_id,
        "customer_id": customer,
        "contact_id": customer,
        "need": f"Need {one.number}",
        "amount_minor": (one.number % 900 + 1) * 10_000,
        "currency": "USD",
        "source": "inbound",
        "expected_close_on": date(2030, 6, 1),
        "facts": {},
        "stage_key": one.stage,
        "stage_kind": one.kind,
        "stage_entered_at": entered,
        "stage_limit_at": entered + timedelta(days=14) if is_open else None,
        "grade": "C",
        "score": 12,
        "grade_points": [["source", "inbound", 12]],
        "owner_id": reps[one.rep],
        "owner_reason": {"key": "assign.captured", "params": {}},
        "accepted_at": entered,
        "accept_by": None,
        "has_collision": False,
        "customer_known": True,
        "next_step_id": one.number if is_open else None,
        "next_text": f"Step {one.number}" if is_open else None,
        "next_due_at": due if is_open else None,
        "attention_at": now + timedelta(days=30, seconds=one.number) if is_open else None,
        "attended_at": now,
        "captured_at": now - timedelta(days=210),
        "closed_at": None if is_open else now - timedelta(days=one.closed_days),
        "closed_from": None if is_open else "quote",
        "close_reason": None if is_open else "price",
        "review_due_at": None,
        "reviewed_at": None,
        "version": 1,
    }
    row["broken_from"] = health.broken_from(SimpleNamespace(**row))
    return row


def opportunity_row(
    number: int, workspace: int, customer: int, team_rows: list[tuple[int, list[int]]], now: datetime
) -> Row:
    """Return an open opportunity of a customer's that has no contact, protected in every second case."""
    spread = random.Random(number)
    draw = _Draw(number, spread.randrange(TEAMS), spread.randrange(REPS), *_OPEN[1], True, 48, 72, 0)
    until = now + timedelta(minutes=spread.randrange(43_200)) if number % 2 else None
    spoken = {"last_follow_up_at": now - timedelta(minutes=spread.randrange(43_200)), "protected_until": until}
    row = _opportunity(draw, workspace, 1, team_rows, now)
    return {**row, "id": number, "customer_id": customer, "contact_id": None, "next_step_id": None, **spoken}


def _next_step(one: _Draw, workspace: int, now: datetime) -> Row:
    return {
        "id": one.number,
        "workspace_id": workspace,
        "opportunity_id": one.number,
        "text": f"Step {one.number}",
        "due_at": now + timedelta(hours=one.due_hours),
        "created_at": now,
    }


def _history(one: _Draw, workspace: int, team_rows: list[tuple[int, list[int]]], now: datetime) -> Iterator[Row]:
    count = LONG_HISTORY if one.number % _LONG_EVERY == 1 else _SHORT_HISTORY
    actor = team_rows[one.team][1][one.rep]
    for turn in range(count):
        event = _event(one.number, turn, now)
        yield {
            "workspace_id": workspace,
            "opportunity_id": one.number,
            "kind": event.kind,
            "at": now - timedelta(hours=(count - turn) * 3),
            "actor_id": actor,
            "payload": event.payload(),
        }


def _event(number: int, turn: int, now: datetime) -> Event:
    if turn == 0:
        return LeadCaptured(f"Customer {number}", f"Need {number}", "command", "lead", 10_000, "USD", "inbound")
    if turn % 3 == 1:
        said = f"Talk {turn} about need {number}: they want a quote for more seats, and ask who else uses it."
        return FollowUpLogged(follow_up_id=1, way="call", said=said, answered="They will think about it")
    if turn % 3 == 2:
        return NextStepSet(1, f"Send what was promised in talk {turn}", now)
    return StageChanged("lead", "qualified", 12.5)


def long_histories(opportunities: int) -> range:
    """Return the numbers of the opportunities whose history has more than a page."""
    return range(1, opportunities + 1, _LONG_EVERY)
