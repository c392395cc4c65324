"""Owns the sweep: finding what is due, taking the steps of the ladder, promising the messages."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, func, insert, literal, select, union_all, update
from sqlalchemy.orm import Session

from bot.domain.attention import Cause, Rung, Situation, Step, addressee, climb, next_rung
from bot.domain.events import LadderStepTaken
from bot.domain.playbook import Addressee
from bot.domain.quiet import hours_of
from bot.models import EventRow, Member, Opportunity, OutboxRow, Team
from bot.models.base import BigId, Instant, Json
from bot.models.given import given, written
from bot.services import bundles, ladder_ends
from bot.services.bundles import Reader, Word
from bot.services.choices import lock_team
from bot.services.desk import Desk
from bot.services.digests import digests
from bot.services.mornings import focus
from bot.services.playbooks import loaded
from bot.services.recording import WATCHED, Ground, calendar_of, is_live, promise_cards

__all__ = ["digests", "due", "focus", "next_moment"]

BATCH = 500

# Every tick asks this, mostly in vain: it is put together once, and only read.
# It names an order, or PostgreSQL would rather read the table until it meets one where it takes many to be due.
_ANY_DUE = (
    select(Opportunity.id)
    .where(Opportunity.attention_at <= bindparam("now", type_=Instant))
    .order_by(Opportunity.attention_at)
    .limit(1)
)


class _Due(NamedTuple):
    """An opportunity whose moment has come."""

    id: int
    workspace_id: int
    team_id: int
    playbook_id: int
    owner_id: int | None
    attended_at: datetime
    situation: Situation


_PLAIN = _Due._fields[:-1]


def _found() -> Select[Any]:
    """Return the query for what is due, the longest overdue first; whoever asks gets what nobody else has in hand."""
    return (
        select(*(getattr(Opportunity, name) for name in _PLAIN + WATCHED))
        .where(Opportunity.attention_at <= bindparam("now", type_=Instant))
        .order_by(Opportunity.attention_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )


FOUND = _found()


def _coming() -> Select[Any]:
    """Return the query for what falls due next; put together once, because a moved clock asks it at every step."""
    now, live = bindparam("now", type_=Instant), Team.live_from.is_not(None)
    first = (
        select(Opportunity.attention_at.label("at"))
        .where(Opportunity.attention_at > now, Opportunity.team_id.in_(select(Team.id).where(live)))
        .order_by(Opportunity.attention_at)
        .limit(1)
        .subquery()
    )
    later = union_all(
        select(first.c.at),
        select(func.min(Team.digest_next_at)).where(live, Team.digest_next_at > now),
        select(func.min(Team.weekly_next_at)).where(live, Team.weekly_next_at > now),
        select(func.min(Member.focus_next_at)).where(Member.focus_next_at > now),
        select(func.min(OutboxRow.due_at)).where(OutboxRow.state == "waiting", OutboxRow.due_at > now),
    ).subquery()
    return select(func.min(later.c.at))


_COMING = _coming()
_TABLE: Any = Opportunity.__table__


@cache
def _attended(dialect: str) -> Any:
    """Return how the next moments are set. A look of the clock's is no change that a form could miss: the version stays."""
    one = given(dialect, "moments", number=BigId, coming=Instant(), warned=Instant())
    return (
        update(_TABLE)
        .where(_TABLE.c.id == one.c.number)
        .values(attended_at=bindparam("now", type_=Instant), attention_at=one.c.coming, warned_at=one.c.warned)
    )


@cache
def _recorded(dialect: str) -> Any:
    """Return how steps are appended to the histories."""
    one = given(dialect, "steps", workspace_id=BigId, opportunity_id=BigId, payload=Json)
    same = literal(LadderStepTaken.kind).label("kind"), bindparam("now", type_=Instant).label("at")
    return insert(EventRow).from_select([*one.c.keys(), "kind", "at"], select(*one.c, *same))


def due(desk: Desk, *, limit: int = BATCH) -> int:
    """Act on opportunities whose moment has come: record each step of the ladder, promise bundles, set the next moment.

    Any number of workers may do this at once; each opportunity is handled by one of them.

    Returns:
        How many opportunities were handled; fewer than ``limit`` means that nothing is left.
    """
    now = desk.now()
    with desk.database.reading(None) as session:
        if session.scalar(_ANY_DUE, {"now": now}) is None:
            return 0
    with desk.database.transaction(None) as session:
        rows = found(session, now, limit)
        asked = {row.team_id for row in rows if row.situation.accept_by is not None and row.situation.accept_by <= now}
        # Always in the same order, or two sweeps that ask members of the same two teams would wait for each other.
        for team_id in sorted(asked):
            lock_team(session, team_id)
        if rows:
            _Sweep(desk, session, rows).work()
        return len(rows)


def found(session: Session, now: datetime, most: int) -> list[_Due]:
    """Return what is due, the longest overdue first, and hold it; what others have in hand is left to them."""
    size = len(_PLAIN)
    return [
        _Due._make((*row[:size], Situation(row.owner_id is not None, *row[size:])))
        for row in session.connection().execute(FOUND, {"now": now, "most": most})
    ]


class _Sweep:
    """One batch in one transaction: everything is read in a few questions and written in a few statements."""

    def __init__(self, desk: Desk, session: Session, rows: Sequence[_Due]) -> None:
        self._desk, self._session, self._rows, self._now = desk, session, rows, desk.now()
        self._grounds: dict[tuple[int, int], Ground] = {}
        self._readers: dict[tuple[int, int, int], Reader] = {}
        wanted = {row.team_id for row in rows}
        teams = {team.id: team for team in session.scalars(_TEAMS, {"numbers": list(wanted)})}
        calendars = {number: calendar_of(team) for number, team in teams.items()}
        for row in rows:
            if (row.team_id, row.playbook_id) not in self._grounds:
                playbook = loaded(session, row.playbook_id)
                self._grounds[row.team_id, row.playbook_id] = Ground(
                    teams[row.team_id], playbook, calendars[row.team_id]
                )
        people = {row.owner_id for row in rows} | {team.manager_id for team in teams.values()}
        found = session.execute(_PEOPLE, {"numbers": list(people - {None})})
        self._members: dict[Any, Any] = {row.id: row for row in found}

    def work(self) -> None:
        """Take every step."""
        told: list[tuple[_Due, Rung, list[Word]]] = []
        ends: list[tuple[_Due, tuple[Rung, ...]]] = []
        comings: dict[int, datetime | None] = {}
        for row in self._rows:
            ground = self._ground(row)
            rungs, coming = climb(
                row.situation, ground.playbook, ground.calendar, after=row.attended_at, until=self._now
            )
            comings[row.id] = None if coming is None else coming.moment
            if not is_live(ground.team, self._now):
                continue
            steps, last = _steps(rungs)
            told += [(row, rung, self._words(row, ground, rung)) for rung in steps]
            if last:
                ends.append((row, last))
        bundles.promise(self._session, (word for _, _, words in told for word in words), self._now)
        warned = self._record(told)
        self._attend(comings, warned, {row.id for row, _ in ends})
        if ends:
            ladder_ends.take(self._desk, self._session, ends, warned)
        shown = [(row, self._ground(row).team) for row, rung, _ in told if rung.step is Step.ESCALATE]
        promise_cards(self._session, [*shown, *((row, self._ground(row).team) for row, _ in ends)], self._now)

    def _ground(self, row: _Due) -> Ground:
        return self._grounds[row.team_id, row.playbook_id]

    def _words(self, row: _Due, ground: Ground, rung: Rung) -> list[Word]:
        """Return who is told of a step: nobody who is away or not seen in Slack, but of what is lost by silence the manager."""
        owner, manager = self._members.get(row.owner_id), self._members.get(ground.team.manager_id)
        to = Addressee.MANAGER
        if rung.cause is not Cause.POOL:
            pace = ground.playbook.pace_of(row.situation.stage_key, row.situation.grade)
            to = addressee(rung.step, pace)
        reached = owner if owner is not None and _hears(owner, self._now) else None
        if reached is None and (rung.step is Step.WARN or rung.cause is Cause.WIN_BACK):
            to = Addressee.MANAGER
        item = {
            "opportunity_id": row.id,
            "cause": rung.cause.value,
            "step": rung.step.value,
            "moment": rung.moment.isoformat(),
            "is_repeat": rung.is_repeat,
        }
        words = []
        if to is not Addressee.MANAGER and reached is not None:
            words.append(Word(self._reader(row, ground, reached), item, is_escalation=False))
        if to is not Addressee.OWNER and manager is not None and manager.slack_user_id and manager.is_active:
            words.append(Word(self._reader(row, ground, manager), item, is_escalation=True))
        return words

    def _reader(self, row: _Due, ground: Ground, member: Any) -> Reader:
        key = (row.team_id, row.playbook_id, member.id)
        if key not in self._readers:
            hours = hours_of(ground.calendar, member.zone)
            self._readers[key] = Reader(row.workspace_id, member.id, hours, ground.playbook.nudges_a_day)
        return self._readers[key]

    def _record(self, told: list[tuple[_Due, Rung, list[Word]]]) -> dict[int, datetime]:
        """Append each step to its history; returns when the owners of which opportunities are warned."""
        events, warned = [], {}
        for row, rung, words in told:
            names = ", ".join(self._members[word.reader.member_id].name for word in words)
            at = max((word.told_at for word in words if word.told_at is not None), default=self._now)
            if rung.step is Step.WARN:
                warned[row.id] = at
            event = LadderStepTaken(rung.cause, rung.step, rung.moment, names or None, at if at > self._now else None)
            events.append({"workspace_id": row.workspace_id, "opportunity_id": row.id, "payload": event.payload()})
        self._write(_recorded, "steps", events)
        return warned

    def _attend(self, comings: dict[int, datetime | None], warned: dict[int, datetime], others: set[int]) -> None:
        """Set the next moments."""
        values = []
        for row in self._rows:
            if row.id in others:
                continue
            coming = comings[row.id]
            if row.id in warned:
                ground, situation = self._ground(row), replace(row.situation, warned_at=warned[row.id])
                rung = next_rung(situation, ground.playbook, ground.calendar, after=self._now)
                coming = None if rung is None else rung.moment
            told = warned.get(row.id, row.situation.warned_at)
            values.append({"number": row.id, "coming": written(coming), "warned": written(told)})
        self._write(_attended, "moments", values)

    def _write(self, statement: Callable[[str], Any], name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection = self._session.connection()
            connection.execute(statement(connection.dialect.name), {name: rows, "now": self._now})


_TEAMS = select(Team).where(Team.id.in_(bindparam("numbers", expanding=True)))
_PEOPLE = select(Member.id, Member.name, Member.zone, Member.away_until, Member.is_active, Member.slack_user_id).where(
    Member.id.in_(bindparam("numbers", expanding=True))
)


def _steps(rungs: tuple[Rung, ...]) -> tuple[list[Rung], tuple[Rung, ...]]:
    """Return what is to be told, and the steps that change whose it is.

    A reminder is left out where its nudge has come as well: after a long silence one message says it all. And who is made
    owner by one step hears nothing of what was the former one's; the manager does.
    """
    seen = {(rung.cause, rung.step) for rung in rungs}
    told, ends, is_given = [], [], False
    for rung in rungs:
        if rung.step in ladder_ends.STEPS:
            if not is_given:
                ends.append(rung)
            is_given = is_given or rung.step is not Step.LAPSE
        elif is_given and rung.step is not Step.ESCALATE:
            continue
        elif not (rung.step is Step.REMIND and (rung.cause, Step.NUDGE) in seen):
            told.append(rung)
    return told, tuple(ends)


def _hears(member: Any, now: datetime) -> bool:
    """Say whether a member is told anything now: not while away, and not before they were seen in Slack."""
    is_here = member.away_until is None or member.away_until <= now
    return is_here and member.is_active and member.slack_user_id is not None


def next_moment(desk: Desk) -> datetime | None:
    """Return when something falls due next, strictly after now: an opportunity, a digest, a list or a promised message."""
    with desk.database.reading(None) as session:
        found: datetime | None = session.scalar(_COMING, {"now": desk.now()})
        return found
