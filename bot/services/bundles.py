"""Owns the bundling of what the clock has to say: one message a member and moment, in their hours, within the day's budget.

A nudge is named after its member, local day and number, so that no two workers can exceed the budget together. What comes
at the opening, and what the budget has no room for, joins the morning list of its day.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain.calendar import WorkCalendar, local_day
from bot.domain.quiet import Telling, next_morning, telling
from bot.models import OutboxRow

# Numbers beyond the budget are looked at too: a dropped nudge keeps its name and gives its place free.
_SPARE_NUMBERS = 4
_MOST_ROUNDS = 5

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who is told: our number, the working hours as they fall in their zone, and how many bundles they get a day."""

    workspace_id: int
    member_id: int
    hours: WorkCalendar
    budget: int


@dataclass(slots=True)
class Word:
    """One thing to tell; ``told_at`` is set when it has found its place."""

    reader: Reader
    item: Item
    is_escalation: bool
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


def promise(session: Session, words: Iterable[Word], now: datetime) -> None:
    """Promise a message for everything that is to be told, and write down on each word when it will be."""
    left = list(words)
    for _ in range(_MOST_ROUNDS):
        if not left:
            return
        # Another worker may have taken a name meanwhile; its words find another place.
        left = _Round(session, left, now).placed()
    raise RuntimeError(f"{len(left)} messages of the clock found no place")


class _Round:
    def __init__(self, session: Session, words: list[Word], now: datetime) -> None:
        self._session, self._words, self._now = session, words, now
        self._rows: dict[tuple[int, str], _Row] = {}

    def placed(self) -> list[Word]:
        """Find a place for every word and write it; returns those whose place was taken by somebody else."""
        # Most have the same few hours.
        when = {word.reader.hours: telling(word.reader.hours, self._now) for word in self._words}
        plans = [(word, when[word.reader.hours]) for word in self._words]
        self._look(plans)
        for word, plan in plans:
            row = self._row_for(word, plan.at, is_morning=plan.is_morning)
            row.items.append(word.item)
            row.words.append(word)
            word.told_at = row.due_at
        return self._write()

    def _look(self, plans: list[tuple[Word, Telling]]) -> None:
        """Read which names are taken, and hold those rows that still wait and can take more in."""
        first: dict[tuple[int, str], Reader] = {}
        days: dict[tuple[int, int], tuple[Reader, datetime]] = {}
        for word, plan in plans:
            reader = word.reader
            if word.is_escalation:
                first[reader.workspace_id, _escalation_key(reader, plan.at)] = reader
                continue
            key = (reader.workspace_id, reader.member_id)
            if key in days:
                continue
            day = local_day(reader.hours, plan.at)
            for name in (focus_key(reader.member_id, day), _nudge_key(reader, day, 1)):
                first[reader.workspace_id, name] = reader
            days[key] = reader, plan.at
        self._read(first)
        # Numbers are given in their order: where there is no first nudge there is no second one.
        more: dict[tuple[int, str], Reader] = {}
        for reader, at in days.values():
            day = local_day(reader.hours, at)
            if reader.budget <= 1 or (reader.workspace_id, _nudge_key(reader, day, 1)) in self._rows:
                later = next_morning(reader.hours, at)
                others = [_nudge_key(reader, day, number) for number in range(2, reader.budget + _SPARE_NUMBERS)]
                others.append(focus_key(reader.member_id, local_day(reader.hours, later)))
                more.update(((reader.workspace_id, name), reader) for name in others)
        if more:
            self._read(more)

    def _read(self, wanted: dict[tuple[int, str], Reader]) -> None:
        known = self._session.execute(
            _KNOWN,
            {
                "workspaces": list({workspace for workspace, _ in wanted}),
                "names": list({name for _, name in wanted}),
            },
        ).all()
        waiting = [row for row in known if row.state == "waiting"]
        # What is due is about to be sent: one that somebody holds takes in nothing more, and nobody waits for anybody.
        held = self._held([row.id for row in waiting if row.due_at <= self._now], skip_locked=True)
        # Of what waits for a later hour another sweep may be adding to it: that is over in a moment.
        held |= self._held([row.id for row in waiting if row.due_at > self._now], skip_locked=False)
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

    def _held(self, numbers: list[int], *, skip_locked: bool) -> dict[int, Any]:
        if not numbers:
            return {}
        rows = self._session.execute(
            select(OutboxRow.id, OutboxRow.payload)
            .where(OutboxRow.id.in_(numbers), OutboxRow.state == "waiting")
            .order_by(OutboxRow.id)
            .with_for_update(skip_locked=skip_locked)
        )
        return {row.id: row.payload for row in rows}

    def _row_for(self, word: Word, at: datetime, *, is_morning: bool) -> _Row:
        reader = word.reader
        if word.is_escalation:
            key = _escalation_key(reader, at)
            row = self._at(reader, key, at, "escalation")
            # One that is on its way already takes in no more: this one has a name of its own.
            if not row.is_open:
                row = self._at(reader, f"{key}:{word.item['opportunity_id']}:{word.item['cause']}", at, "escalation")
            return row
        day = local_day(reader.hours, at)
        if is_morning:
            row = self._at(reader, focus_key(reader.member_id, day), at, "focus")
            if row.is_open:
                return row
        return self._nudge(reader, at, day)

    def _nudge(self, reader: Reader, at: datetime, day: date) -> _Row:
        used, free = 0, None
        morning = self._rows.get((reader.workspace_id, focus_key(reader.member_id, day)))
        if morning is not None and morning.counts:
            used += 1
        for number in range(1, reader.budget + _SPARE_NUMBERS):
            key = _nudge_key(reader, day, number)
            row = self._rows.get((reader.workspace_id, key))
            if row is None:
                free = free or key
            elif row.is_open and row.due_at == at:
                return row
            else:
                used += row.counts
        if used < reader.budget and free is not None:
            return self._at(reader, free, at, "nudge")
        later = next_morning(reader.hours, at)
        row = self._at(reader, focus_key(reader.member_id, local_day(reader.hours, later)), later, "focus")
        # Rather one message too many than one lost.
        return row if row.is_open or free is None else self._at(reader, free, at, "nudge")

    def _at(self, reader: Reader, key: str, due_at: datetime, kind: str) -> _Row:
        return self._rows.setdefault((reader.workspace_id, key), _Row(key, due_at, kind, reader))

    def _write(self) -> list[Word]:
        changed = [row for row in self._rows.values() if row.words]
        grown = [row for row in changed if row.number is not None]
        if grown:
            self._session.connection().execute(
                _GROWN, [{"number": row.number, "items": _payload(row)} for row in grown]
            )
        made = sorted(
            (row for row in changed if row.number is None), key=lambda row: (row.reader.workspace_id, row.key)
        )
        if not made:
            return []
        statement = _made(self._session.get_bind().dialect.name)
        written = self._session.connection().execute(statement, [_values(row, self._now) for row in made])
        taken = {(workspace_id, key) for workspace_id, key in written}
        return [word for row in made if (row.reader.workspace_id, row.key) not in taken for word in row.words]


_OUTBOX: Any = OutboxRow.__table__
_KNOWN = select(
    OutboxRow.id, OutboxRow.workspace_id, OutboxRow.key, OutboxRow.kind, OutboxRow.due_at, OutboxRow.state
).where(
    OutboxRow.workspace_id.in_(bindparam("workspaces", expanding=True)),
    OutboxRow.key.in_(bindparam("names", expanding=True)),
)
_GROWN = update(_OUTBOX).where(_OUTBOX.c.id == bindparam("number")).values(payload=bindparam("items"))


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
        "retry_at": 0.0,
        "leased_until": 0.0,
    }


def _payload(row: _Row) -> dict[str, Any]:
    if row.kind != "focus":
        return {"items": row.items}
    return {"items": row.items, "day": local_day(row.reader.hours, row.due_at).isoformat()}


def focus_key(member_id: int, day: date) -> str:
    """Return the name of a member's morning list of a local day."""
    return f"focus:{member_id}:{day}"


def _nudge_key(reader: Reader, day: date, number: int) -> str:
    return f"nudge:{reader.member_id}:{day}:{number}"


def _escalation_key(reader: Reader, at: datetime) -> str:
    return f"escalation:{reader.member_id}:{at.isoformat()}"
