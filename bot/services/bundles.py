"""Owns the bundling of what the clock has to say: one message a member and moment, in their hours, within the day's budget.

A nudge is named after its member, local day and number, so that no two workers can exceed the budget together. What comes
at the opening, and what the budget has no room for, joins the morning list of its day. Of escalations a manager gets one
message in two hours: the first at once, what follows it together when they have passed. What lies in the pool is told once a day, in the morning.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.attention import Cause, Step
from bot.domain.calendar import WorkCalendar, local_day
from bot.domain.quiet import Telling, gathering, next_gathering, next_morning, telling
from bot.models import OutboxRow

# Numbers beyond the budget are looked at too: a dropped nudge keeps its name and gives its place free.
_SPARE_NUMBERS = 4
_MOST_ROUNDS = 5

Item = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Who is told: our number, the working hours as they fall in their zone, and how many bundles they get a day.

    Words for the same reader share one of these.
    """

    workspace_id: int
    member_id: int
    hours: WorkCalendar
    budget: int


class Kind(StrEnum):
    """What a word is to its reader, and so which messages take it in; the messages are called like this."""

    NUDGE = "nudge"
    ESCALATION = "escalation"
    POOL = "pool"


@dataclass(slots=True)
class Word:
    """One thing to tell; ``told_at`` is set when it has found its place."""

    reader: Reader
    item: Item
    kind: Kind
    told_at: datetime | None = None


@dataclass(slots=True)
class _Row:
    """An outbox row that exists, or is about to."""

    key: str
    due_at: datetime
    kind: str
    reader: Reader
    items: list[Item] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    number: int | None = None
    is_open: bool = True
    counts: bool = True

    def takes(self, at: datetime) -> bool:
        """Say whether it takes in what is told at a moment."""
        return self.is_open and self.due_at <= at


def promise(session: Session, words: Iterable[Word], now: datetime) -> None:
    """Promise a message for everything that is to be told, and write down on each word when it will be."""
    left = list(words)
    for _ in range(_MOST_ROUNDS):
        if not left:
            return
        # Another worker may have taken a name meanwhile; its words find another place.
        left = _Round(session, left, now).placed()
    raise RuntimeError(f"{len(left)} messages of the clock found no place")


@dataclass(slots=True)
class _Place:
    """When a reader is told, on which day of theirs, and the rows that were found for what they are told."""

    telling: Telling
    day: date
    rows: dict[Kind, _Row] = field(default_factory=dict)


class _Round:
    def __init__(self, session: Session, words: list[Word], now: datetime) -> None:
        self._connection, self._words, self._now = session.connection(), words, now
        self._rows: dict[tuple[int, str], _Row] = {}
        self._places: dict[Reader, _Place] = {}
        for reader in {word.reader: None for word in words}:
            when = telling(reader.hours, now)
            self._places[reader] = _Place(when, local_day(reader.hours, when.at))

    def placed(self) -> list[Word]:
        """Find a place for every word and write it; returns those whose place was taken by somebody else."""
        self._look()
        for word in self._words:
            if word.kind is Kind.POOL and self._is_listed(word.reader):
                word.told_at = self._now
                continue
            row = self._row_for(word)
            row.items.append(word.item)
            row.words.append(word)
            word.told_at = max(row.due_at, self._now)
        return self._write()

    def _look(self) -> None:
        """Read which names are taken, and hold those rows that still wait and can take more in."""
        readers = {kind: {word.reader: None for word in self._words if word.kind is kind} for kind in Kind}
        managers = [*readers[Kind.ESCALATION], *readers[Kind.POOL]]
        self._read((reader, name) for reader in dict.fromkeys(managers) for name in self._managers_names(reader))
        others = readers[Kind.NUDGE]
        self._read(
            (reader, name)
            for reader in others
            for name in (_focus_key(reader, self._places[reader].day), _nudge_key(reader, self._places[reader].day, 1))
        )
        self._read((reader, name) for reader in others for name in self._more_names(reader, self._places[reader]))

    def _managers_names(self, reader: Reader) -> list[str]:
        """Return the names under which there may be a place for escalations and for what lies in the pool."""
        place = self._places[reader]
        at = place.telling.at
        days = (place.day, local_day(reader.hours, next_morning(reader.hours, at)))
        return [
            _escalation_key(reader, at),
            _escalation_key(reader, next_gathering(reader.hours, at)),
            *(_pool_key(reader, day) for day in days),
        ]

    def _more_names(self, reader: Reader, place: _Place) -> list[str]:
        """Return the further names that a place may be found under."""
        first = self._rows.get((reader.workspace_id, _nudge_key(reader, place.day, 1)))
        # Numbers are given in their order: where there is no first nudge there is no second one.
        is_first_free = first is None and reader.budget > 1
        if is_first_free or (first is not None and first.takes(place.telling.at)):
            return []
        later = local_day(reader.hours, next_morning(reader.hours, place.telling.at))
        numbers = range(2, reader.budget + _SPARE_NUMBERS)
        return [_focus_key(reader, later), *(_nudge_key(reader, place.day, number) for number in numbers)]

    def _read(self, named: Iterable[tuple[Reader, str]]) -> None:
        wanted = {(reader.workspace_id, name): reader for reader, name in named}
        if not wanted:
            return
        workspaces, names = ({key[part] for key in wanted} for part in (0, 1))
        known = self._connection.execute(_KNOWN, {"workspaces": list(workspaces), "names": list(names)}).all()
        waiting = [row for row in known if row.state == "waiting"]
        # What is due is about to be sent: one that somebody holds takes in nothing more, and nobody waits for anybody.
        held = self._held(_HELD_IF_FREE, [row.id for row in waiting if row.due_at <= self._now])
        # Of what waits for a later hour another sweep may be adding to it: that is over in a moment.
        held |= self._held(_HELD, [row.id for row in waiting if row.due_at > self._now])
        for row in known:
            reader = wanted.get((row.workspace_id, row.key))
            if reader is not None:
                self._rows[row.workspace_id, row.key] = _Row(
                    row.key,
                    row.due_at,
                    row.kind,
                    reader,
                    items=list(held[row.id].get("items", ())) if row.id in held else [],
                    number=row.id,
                    is_open=row.id in held,
                    counts=row.state != "dropped",
                )

    def _held(self, statement: Any, numbers: list[int]) -> dict[int, Any]:
        if not numbers:
            return {}
        return {row.id: row.payload for row in self._connection.execute(statement, {"numbers": numbers})}

    def _row_for(self, word: Word) -> _Row:
        place = self._places[word.reader]
        row = place.rows.get(word.kind)
        if row is None:
            find = {Kind.NUDGE: self._bundle, Kind.ESCALATION: self._escalation, Kind.POOL: self._pool}[word.kind]
            row = find(word.reader, place)
            # Where every message is on its way already, this one has a name of its own: rather one too many than one lost.
            if row is None:
                at, item = place.telling.at, word.item
                key = f"{word.kind}:{word.reader.member_id}:{item['opportunity_id']}:{item['cause']}:{item['moment']}"
                return self._at(word.reader, key, at, word.kind)
            place.rows[word.kind] = row
        return row

    def _escalation(self, reader: Reader, place: _Place) -> _Row | None:
        at = place.telling.at
        row = self._at(reader, _escalation_key(reader, at), at, Kind.ESCALATION)
        if row.takes(at):
            return row
        later = next_gathering(reader.hours, at)
        row = self._at(reader, _escalation_key(reader, later), later, Kind.ESCALATION)
        return row if row.is_open else None

    def _is_listed(self, reader: Reader) -> bool:
        """Say whether what lies in the pool was listed for a reader today: all of it, whatever of it the clock rang for."""
        today = self._rows.get((reader.workspace_id, _pool_key(reader, self._places[reader].day)))
        return today is not None and today.number is not None and today.counts and not today.is_open

    def _pool(self, reader: Reader, place: _Place) -> _Row | None:
        at = place.telling.at
        if place.telling.is_morning:
            row = self._at(reader, _pool_key(reader, place.day), at, Kind.POOL)
            if row.takes(at):
                return row
        later = next_morning(reader.hours, at)
        row = self._at(reader, _pool_key(reader, local_day(reader.hours, later)), later, Kind.POOL)
        return row if row.is_open else None

    def _bundle(self, reader: Reader, place: _Place) -> _Row | None:
        at, day = place.telling.at, place.day
        if place.telling.is_morning:
            row = self._at(reader, _focus_key(reader, day), at, "focus")
            if row.is_open:
                return row
        used, free = 0, None
        morning = self._rows.get((reader.workspace_id, _focus_key(reader, day)))
        if morning is not None and morning.counts:
            used += 1
        for number in range(1, reader.budget + _SPARE_NUMBERS):
            key = _nudge_key(reader, day, number)
            taken = self._rows.get((reader.workspace_id, key))
            if taken is None:
                free = free or key
            elif taken.takes(at):
                return taken
            else:
                used += taken.counts
        if used < reader.budget and free is not None:
            return self._at(reader, free, at, Kind.NUDGE)
        later = next_morning(reader.hours, at)
        row = self._at(reader, _focus_key(reader, local_day(reader.hours, later)), later, "focus")
        if row.is_open:
            return row
        # Rather one message too many than one lost.
        return self._at(reader, free, at, Kind.NUDGE) if free is not None else None

    def _at(self, reader: Reader, key: str, due_at: datetime, kind: str) -> _Row:
        return self._rows.setdefault((reader.workspace_id, key), _Row(key, due_at, kind, reader))

    def _write(self) -> list[Word]:
        changed = [row for row in self._rows.values() if row.words]
        grown = [row for row in changed if row.number is not None]
        if grown:
            self._connection.execute(_GROWN, [{"number": row.number, "items": _payload(row)} for row in grown])
        made = sorted(
            (row for row in changed if row.number is None), key=lambda row: (row.reader.workspace_id, row.key)
        )
        if not made:
            return []
        statement = _made(self._connection.dialect.name)
        written = self._connection.execute(statement, [_values(row, self._now) for row in made])
        taken = {(workspace_id, key) for workspace_id, key in written}
        return [word for row in made if (row.reader.workspace_id, row.key) not in taken for word in row.words]


_OUTBOX: Any = OutboxRow.__table__
_KNOWN = select(
    OutboxRow.id, OutboxRow.workspace_id, OutboxRow.key, OutboxRow.kind, OutboxRow.due_at, OutboxRow.state
).where(
    OutboxRow.workspace_id.in_(bindparam("workspaces", expanding=True)),
    OutboxRow.key.in_(bindparam("names", expanding=True)),
)
_HELD = (
    select(OutboxRow.id, OutboxRow.payload)
    .where(
        OutboxRow.id.in_(bindparam("numbers", expanding=True)),
        OutboxRow.state == "waiting",
        # What Slack may have already would not tell what joins it now.
        OutboxRow.tried_at == 0.0,
    )
    .order_by(OutboxRow.id)
    .with_for_update()
)
_HELD_IF_FREE = _HELD.with_for_update(skip_locked=True)
_GROWN = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("number")).values(payload=bindparam("items"))


@cache
def _made(dialect: str) -> Any:
    build: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert if dialect == "postgresql" else insert
    return (
        build(_OUTBOX)
        .on_conflict_do_nothing(index_elements=["workspace_id", "key"])
        .returning(_OUTBOX.c.workspace_id, _OUTBOX.c.key)
    )


def _values(row: _Row, now: datetime) -> dict[str, Any]:
    return {
        "workspace_id": row.reader.workspace_id,
        "kind": row.kind,
        "channel": f"member:{row.reader.member_id}",
        "payload": _payload(row),
        "key": row.key,
        "due_at": row.due_at,
        "created_at": now,
        "state": "waiting",
        "attempts": 0,
        "refusals": 0,
        "retry_at": 0.0,
        "leased_until": 0.0,
    }


def _payload(row: _Row) -> dict[str, Any]:
    if row.kind != "focus":
        return {"items": row.items}
    return {"items": row.items, "day": local_day(row.reader.hours, row.due_at).isoformat()}


def item_of(opportunity_id: int, cause: Cause, step: Step, moment: datetime, *, is_repeat: bool = False) -> Item:
    """Return one thing to tell, as it is kept in a bundle."""
    return {
        "opportunity_id": opportunity_id,
        "cause": cause,
        "step": step,
        "moment": moment.isoformat(),
        "is_repeat": is_repeat,
    }


def focus_key(member_id: int, day: date) -> str:
    """Return the name of a member's morning list of a local day."""
    return f"focus:{member_id}:{day}"


def _focus_key(reader: Reader, day: date) -> str:
    return focus_key(reader.member_id, day)


def _nudge_key(reader: Reader, day: date, number: int) -> str:
    return f"nudge:{reader.member_id}:{day}:{number}"


def _escalation_key(reader: Reader, at: datetime) -> str:
    return f"escalation:{reader.member_id}:{gathering(reader.hours, at).isoformat()}"


def _pool_key(reader: Reader, day: date) -> str:
    return f"pool:{reader.member_id}:{day}"
