"""Owns the sweep: finding what is due, taking the steps of the ladder, promising the messages."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, func, insert, literal, select, union_all, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.domain.absence import is_away
from bot.domain.attention import Cause, Rung, Situation, Step, addressee, climb, due_rungs, next_rung
from bot.domain.calendar import WorkCalendar
from bot.domain.events import LadderStepTaken
from bot.domain.playbook import Addressee
from bot.domain.quiet import hours_of, telling
from bot.models import EventRow, Member, Opportunity, OutboxRow, Team
from bot.models.base import BigId, Instant, Json
from bot.models.given import given, written
from bot.models.questions import Question
from bot.services import bundles, heard, ladder_ends, putting_off
from bot.services.bundles import Kind, Reader, Word
from bot.services.choices import lock_team
from bot.services.desk import Desk
from bot.services.digests import digests
from bot.services.member_rows import can_be_told
from bot.services.mornings import focus
from bot.services.playbooks import loaded
from bot.services.reader_hours import hours_in, teams_of
from bot.services.recording import WATCHED, Ground, calendar_of, is_live, promise_cards

log = logging.getLogger(__name__)

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


FOUND = Question(_found())


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
        select(func.min(Member.away_from)).where(Member.away_from > now),
        select(func.min(OutboxRow.due_at)).where(OutboxRow.state == "waiting", OutboxRow.due_at > now),
    ).subquery()
    return select(func.min(later.c.at))


_COMING = _coming()
_TABLE: Any = Opportunity.__table__
_LATER = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("number"), _TABLE.c.attention_at <= bindparam("before", type_=Instant))
    .values(attention_at=bindparam("later", type_=Instant))
)


@cache
def _attended(dialect: str) -> Any:
    """Return how the next moments are set. A look of the clock's is no change that a form could miss: the version stays."""
    one = given(dialect, "moments", number=BigId, coming=Instant(), warned=Instant(), escalated=Instant())
    return (
        update(_TABLE)
        .where(_TABLE.c.id == one.c.number)
        .values(
            attended_at=bindparam("now", type_=Instant),
            attention_at=one.c.coming,
            warned_at=one.c.warned,
            escalated_at=one.c.escalated,
        )
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
    try:
        return _handled(desk, now, limit, [])
    except OperationalError:
        raise  # the database is away, or has somebody else in hand: the next tick tries again
    except Exception:
        # Whatever is wrong with one opportunity must not silence all others, so that one is looked for.
        log.exception("a batch of the sweep failed: its opportunities are handled one by one")
    count = 0
    while count < limit and _handled_alone(desk, now):
        count += 1
    return count


def _handled_alone(desk: Desk, now: datetime) -> int:
    """Act on the opportunity that is overdue for longest; one that cannot be handled is put off."""
    tried: list[int] = []
    try:
        return _handled(desk, now, 1, tried)
    except OperationalError:
        raise
    except Exception as error:
        if not tried:
            raise
        # A broken record, or a defect that only it meets: it is looked at again later, and its steps are taken then.
        putting_off.tell(f"opportunity {tried[0]}", error)
    with desk.database.transaction(None) as session:
        later = {"number": tried[0], "before": now, "later": now + putting_off.WAIT}
        session.connection().execute(_LATER, later)
    return 1


def _handled(desk: Desk, now: datetime, limit: int, tried: list[int]) -> int:
    """Act on a batch in one transaction; ``tried`` takes in the numbers of its opportunities."""
    with desk.database.transaction(None) as session:
        rows = found(session, now, limit)
        tried += [row.id for row in rows]
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
        for row in FOUND.rows(session.connection(), {"now": now, "most": most})
    ]


class _Sweep:
    """One batch in one transaction: everything is read in a few questions and written in a few statements."""

    def __init__(self, desk: Desk, session: Session, rows: Sequence[_Due]) -> None:
        self._desk, self._session, self._rows, self._now = desk, session, rows, desk.now()
        self._grounds: dict[tuple[int, int], Ground] = {}
        self._readers: dict[tuple[int, int], Reader] = {}
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
        found = session.execute(_PEOPLE, {"numbers": list(people - {None})}).all()
        self._people = {row.id: row for row in found}
        self._live = {team.id for team in teams.values() if is_live(team, self._now)}
        self._owners: dict[Any, Any] = {row.id: row for row in found if _hears(row, self._now)}
        self._admins: dict[int, tuple[Any, ...]] = {}
        self._managers = self._deciding(list(teams.values()))
        # A message waits for its reader's own hours: what is dated by those of another team would be told later than it says.
        self._calendars = calendars
        elsewhere = [row.id for row in self._people.values() if row.team_id not in calendars]
        self._reading = teams_of(session, elsewhere) if elsewhere else {}

    def _deciding(self, teams: Sequence[Team]) -> dict[int, tuple[Any, ...]]:
        """Return who is told of what an owner does not see to, by team: its manager, or where none can be told, the admins.

        The admins are read as well where a manager owns something: nobody is told of themselves.
        """
        # A manager's absence stops nothing: there is nobody else.
        found: dict[int, tuple[Any, ...]] = {
            team.id: (self._people[team.manager_id],)
            for team in teams
            if team.manager_id is not None and _is_reached(self._people[team.manager_id])
        }
        headless = [team for team in teams if team.id in self._live and team.id not in found]
        owners = {row.owner_id for row in self._rows} - {None}
        asked = [*headless, *(team for team in teams if team.manager_id in owners and team.id in self._live)]
        if asked:
            workspaces = list({team.workspace_id for team in asked})
            admins = self._session.execute(_ADMINS, {"workspaces": workspaces}).all()
            self._people |= {row.id: row for row in admins}
            self._admins = {number: tuple(row for row in admins if row.workspace_id == number) for number in workspaces}
            found |= {team.id: self._admins[team.workspace_id] for team in headless}
        return found

    def _above(self, row: _Due) -> tuple[Any, ...]:
        """Return who is told of what the owner does not see to: nobody of what is their own."""
        deciding = self._managers.get(row.team_id, ())
        if all(member.id == row.owner_id for member in deciding):
            deciding = self._admins.get(row.workspace_id, ())
        return tuple(member for member in deciding if member.id != row.owner_id)

    def _is_their_own(self, row: _Due, rung: Rung) -> bool:
        """Say whether it would be escalated to nobody but its owner, who hears of it anyway: that is no step."""
        return rung.step is Step.ESCALATE and bool(self._managers.get(row.team_id)) and not self._above(row)

    def work(self) -> None:
        """Take every step."""
        told: list[tuple[_Due, Rung, list[Word]]] = []
        ends: list[tuple[_Due, tuple[Rung, ...]]] = []
        climbed = {row.id: self._climb(row) for row in self._rows}
        live = [row for row in self._rows if row.team_id in self._live]
        unheard = self._unheard([row for row in live if any(map(_is_recycling, climbed[row.id][0]))])
        comings = {number: None if coming is None else coming.moment for number, (_, coming) in climbed.items()}
        for row in live:
            ground, (rungs, _) = self._ground(row), climbed[row.id]
            steps, last = _steps(tuple(one for one in rungs if not (_is_recycling(one) and row.id in unheard)))
            told += [(row, rung, self._words(row, ground, rung)) for rung in steps if not self._is_their_own(row, rung)]
            if last:
                ends.append((row, last))
        bundles.promise(self._session, (word for _, _, words in told for word in words), self._now)
        changes = self._record(told)
        for number, since in unheard.items():
            changes.setdefault(number, {}).setdefault("warned_at", since)
        self._attend(comings, changes, {row.id for row, _ in ends})
        if ends:
            ladder_ends.take(self._desk, self._session, ends, changes)
        shown = [(row, self._ground(row).team) for row, rung, _ in told if rung.step is Step.ESCALATE]
        promise_cards(self._session, [*shown, *((row, self._ground(row).team) for row, _ in ends)], self._now)

    def _climb(self, row: _Due) -> tuple[tuple[Rung, ...], Rung | None]:
        ground = self._ground(row)
        return climb(row.situation, ground.playbook, ground.calendar, after=row.attended_at, until=self._now)

    def _unheard(self, rows: Sequence[_Due]) -> dict[int, datetime | None]:
        """Return what must not be taken away yet, with when it was warned of in truth: later than was promised, or not at all.

        Where it was not at all, the warning comes back the next working day, as one that nobody could be told of.
        """
        told, found = heard.first_told(self._session, rows, self._now), {}
        for row in rows:
            promised, at = row.situation.warned_at, told.get(row.id)
            since = None if at is None or promised is None else max(at, promised)
            ground, situation = self._ground(row), row.situation._replace(warned_at=since)
            due = due_rungs(situation, ground.playbook, ground.calendar, after=row.attended_at, until=self._now)
            if not any(map(_is_recycling, due)):
                found[row.id] = since
        return found

    def _ground(self, row: _Due) -> Ground:
        return self._grounds[row.team_id, row.playbook_id]

    def _words(self, row: _Due, ground: Ground, rung: Rung) -> list[Word]:
        """Return who is told of a step: nobody who is away or not seen in Slack, but of what is lost by silence the manager."""
        owner = self._here(row, ground, self._owners.get(row.owner_id))
        to, kind = Addressee.MANAGER, Kind.POOL if rung.cause is Cause.POOL else Kind.ESCALATION
        if rung.cause is not Cause.POOL:
            to = addressee(rung.step, ground.playbook.pace_of(row.situation.stage_key, row.situation.grade))
        if owner is None and (rung.step is Step.WARN or rung.cause is Cause.WIN_BACK):
            to = Addressee.MANAGER
        item = bundles.item_of(row.id, rung.cause, rung.step, rung.moment, is_repeat=rung.is_repeat)
        above = self._above(row) if to is not Addressee.OWNER else ()
        words = [Word(self._reader(row, ground, manager), item, kind) for manager in above]
        # A playbook may have the manager told instead: who is nobody's but their own hears it as its owner.
        is_theirs = to is not Addressee.MANAGER or not (above or rung.step is Step.ESCALATE)
        if owner is not None and is_theirs:
            words.insert(0, Word(self._reader(row, ground, owner), item, Kind.NUDGE))
        return words

    def _here(self, row: _Due, ground: Ground, owner: Any) -> Any:
        """Return the owner if they will be there when they could be told, or None."""
        if owner is None or owner.away_until is None:
            return owner
        at = telling(self._reader(row, ground, owner).hours, self._now).at
        return None if is_away(owner, at) else owner

    def _reader(self, row: _Due, ground: Ground, member: Any) -> Reader:
        key = (row.team_id, member.id)
        if key not in self._readers:
            hours = self._hours(ground, member)
            # How much one is told is the team's present rule, whatever version an opportunity was captured under.
            budget = loaded(self._session, ground.team.playbook_id or row.playbook_id).nudges_a_day
            self._readers[key] = Reader(row.workspace_id, member.id, hours, budget)
        return self._readers[key]

    def _hours(self, ground: Ground, member: Any) -> WorkCalendar:
        if (own := self._calendars.get(member.team_id)) is not None:
            return hours_of(own, member.zone)
        team = self._reading.get(member.id)
        return hours_of(ground.calendar, member.zone) if team is None else hours_in(team, member.zone)

    def _record(self, told: list[tuple[_Due, Rung, list[Word]]]) -> dict[int, dict[str, datetime | None]]:
        """Append each step to its history; returns which moments of an opportunity it changes: of a warning, of an escalation."""
        events: list[dict[str, Any]] = []
        changes: dict[int, dict[str, datetime | None]] = {}
        for row, rung, words in told:
            names = ", ".join(self._people[word.reader.member_id].name for word in words)
            at = max((word.told_at for word in words if word.told_at is not None), default=self._now)
            # What nobody could be told of does not count: it comes back the next working day.
            if rung.step is Step.WARN and words:
                changes.setdefault(row.id, {})["warned_at"] = at
            elif rung.step is Step.ESCALATE and rung.cause is Cause.NEXT_STEP and words:
                changes.setdefault(row.id, {})["escalated_at"] = self._now
            event = LadderStepTaken(rung.cause, rung.step, rung.moment, names or None, at if at > self._now else None)
            events.append({"workspace_id": row.workspace_id, "opportunity_id": row.id, "payload": event.payload()})
        self._write(_recorded, "steps", events)
        return changes

    def _attend(
        self, comings: dict[int, datetime | None], changes: dict[int, dict[str, datetime | None]], others: set[int]
    ) -> None:
        """Set the next moments."""
        values = []
        for row in self._rows:
            if row.id in others:
                continue
            coming, situation = comings[row.id], row.situation
            if row.id in changes:
                ground, situation = self._ground(row), situation._replace(**changes[row.id])  # type: ignore[arg-type] # named after its fields
                rung = next_rung(situation, ground.playbook, ground.calendar, after=self._now)
                coming = None if rung is None else rung.moment
            told = {"warned": written(situation.warned_at), "escalated": written(situation.escalated_at)}
            values.append({"number": row.id, "coming": written(coming), **told})
        self._write(_attended, "moments", values)

    def _write(self, statement: Callable[[str], Any], name: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            connection = self._session.connection()
            connection.execute(statement(connection.dialect.name), {name: rows, "now": self._now})


_TEAMS = select(Team).where(Team.id.in_(bindparam("numbers", expanding=True)))
_MEMBERS = select(
    Member.id,
    Member.workspace_id,
    Member.team_id,
    Member.name,
    Member.zone,
    Member.away_from,
    Member.away_until,
    Member.is_active,
    Member.slack_user_id,
)
_PEOPLE = _MEMBERS.where(Member.id.in_(bindparam("numbers", expanding=True)))
_ADMINS = _MEMBERS.where(
    Member.workspace_id.in_(bindparam("workspaces", expanding=True)),
    Member.role == "admin",
    *can_be_told(),
).order_by(Member.id)


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


def _is_recycling(rung: Rung) -> bool:
    return rung.step is Step.RECYCLE


def _is_reached(member: Any) -> bool:
    """Say whether a member can be told anything at all: they are active, and were seen in Slack."""
    return member.is_active and member.slack_user_id is not None


def _hears(member: Any, now: datetime) -> bool:
    """Say whether a member is told anything now: not while away."""
    return _is_reached(member) and not is_away(member, now)


def next_moment(desk: Desk) -> datetime | None:
    """Return when something falls due next, strictly after now: an opportunity, a digest, a list or a promised message."""
    with desk.database.reading(None) as session:
        found: datetime | None = session.scalar(_COMING, {"now": desk.now()})
        return found
