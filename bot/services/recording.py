"""Owns what every change of an opportunity has in common: its ground, its events, its promises and its attention."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from bot.domain import attention, calendar, grading, health
from bot.domain.calendar import WorkCalendar
from bot.domain.events import Event, Graded
from bot.domain.playbook import Playbook
from bot.domain.quiet import gathering, next_gathering, telling
from bot.errors import NotFound, StaleRecord, Text
from bot.models import Contact, Customer, EventRow, Member, Opportunity, OutboxRow, Team, WorkspaceOwned
from bot.models.session import append, insert_one
from bot.services.calendars import numbers_country, work_calendar
from bot.services.desk import Actor, Desk
from bot.services.playbooks import loaded

# Fields that an action may change and Undo may put back.
UNDOABLE = (
    "need", "amount_minor", "currency", "source", "product", "region", "industry", "expected_close_on", "facts", "contact_id",
    "stage_key", "stage_kind", "stage_entered_at", "stage_limit_at", "grade", "score", "grade_points",
    "next_step_id", "next_text", "next_due_at", "snoozed_until", "last_follow_up_at", "protected_until",
    "closed_at", "closed_from", "close_reason", "close_note", "competitor", "win_back_on", "review_due_at",
)  # fmt: skip


# How a former value comes back from JSON, by the last word of its field: names tell instants and dates apart.
_READERS: dict[str, Callable[[str], date]] = {
    "at": datetime.fromisoformat,
    "until": datetime.fromisoformat,
    "on": date.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Ground:
    """A team with the playbook an opportunity is under and the team's calendar."""

    team: Team
    playbook: Playbook
    calendar: WorkCalendar

    @property
    def numbers_country(self) -> str:
        """In which country a telephone number is that is typed here without a country code."""
        return numbers_country(self.calendar, self.team.zone)

    def accept_by(self, opportunity: Opportunity, now: datetime) -> datetime:
        """Return until when an answer, or a first contact, is due: by grade, and by stage where that has a pace of its own."""
        pace = self.playbook.pace_of(opportunity.stage_key, opportunity.grade)
        return calendar.add_hours(self.calendar, now, pace.accept_hours)


def calendar_of(team: Team) -> WorkCalendar:
    """Return a team's working calendar."""
    return work_calendar(team.zone, team.country, team.hours, team.exceptions)


def ground_of(session: Session, team_id: int, playbook_id: int | None = None) -> Ground:
    """Return the ground of an opportunity; without a playbook id, the version now in force.

    Raises:
        NotFound: The workspace has no such team.
    """
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound("setup.not_found")
    return Ground(team, loaded(session, cast("int", playbook_id or team.playbook_id)), calendar_of(team))


# What almost every use case looks at next comes along in one question: an opportunity with what is around it.
_READ = (
    select(Opportunity, Team, Customer, Contact, Member)
    .join(Team, Team.id == Opportunity.team_id)
    .join(Customer, Customer.id == Opportunity.customer_id)
    .outerjoin(Contact, Contact.id == Opportunity.contact_id)
    .outerjoin(Member, Member.id == Opportunity.owner_id)
    .where(Opportunity.id == bindparam("opportunity_id"))
)
_LOCKED = _READ.with_for_update(of=Opportunity)


def load(session: Session, opportunity_id: int, *, version: int | None = None, lock: bool = False) -> Opportunity:
    """Return an opportunity's row.

    Args:
        session: The transaction.
        opportunity_id: Primary key.
        version: The version the member looked at, if they changed what they saw.
        lock: Hold it against others until the end of the transaction.

    Raises:
        NotFound: There is none in this workspace.
        StaleRecord: It changed since that version.
    """
    found = session.execute(_LOCKED if lock else _READ, {"opportunity_id": opportunity_id}).first()
    if found is None and lock:
        # PostgreSQL drops a row that went to another team while we waited for it: it no longer meets the join that found it.
        found = session.execute(_LOCKED, {"opportunity_id": opportunity_id}).first()
    if found is None:
        raise NotFound("error.not_found")
    # The session forgets what nobody holds; whoever asks it for the team or the customer next finds them here.
    session.info["around"] = found
    row: Opportunity = found[0]
    if version is not None and row.version != version:
        raise StaleRecord("error.stale")
    return row


class Recorder:
    """Writes what happens in one transaction; ``remarks`` is what the one who acts should know besides the outcome.

    Args:
        desk: The record and the clock.
        session: The transaction.
        by: Who acts.
    """

    def __init__(self, desk: Desk, session: Session, by: Actor) -> None:
        self.desk = desk
        self.session = session
        self.by = by
        self.now = desk.now()
        self.remarks: list[Text] = []

    def event(self, opportunity: Opportunity, event: Event, *, at: datetime | None = None) -> EventRow:
        """Append an event to the opportunity's history; it has its number once the change is complete."""
        row = EventRow(
            workspace_id=opportunity.workspace_id,
            opportunity_id=opportunity.id,
            kind=event.kind,
            at=at or self.now,
            actor_id=self.by.member_id,
            payload=event.payload(),
        )
        append(self.session, row)
        return row

    def insert(self, model: type[WorkspaceOwned], **values: Any) -> int:
        """Write a row at once, without the rest of the session, and return its number."""
        return insert_one(self.session, model, {"workspace_id": self.by.workspace_id, **values})

    def promise(
        self,
        kind: str,
        channel: str,
        payload: Mapping[str, Any],
        *,
        key: str | None = None,
        due_at: datetime | None = None,
        workspace_id: int | None = None,
    ) -> bool:
        """Promise a message; with a key, once only, and False where it was promised already.

        Args:
            kind: What the delivery renders, such as ``offer``.
            channel: Slack channel id, or ``member:7``.
            payload: Ids only; the text is made when it is sent.
            key: Unique name of the promise.
            due_at: When to send it; at once if not given.
            workspace_id: Where the transaction is not bound to a workspace.
        """
        values = {
            "workspace_id": workspace_id or self.by.workspace_id,
            "kind": kind,
            "channel": channel,
            "payload": dict(payload),
            "key": key,
            "due_at": due_at or self.now,
            "created_at": self.now,
            "state": "waiting",
            "attempts": 0,
            "refusals": 0,
            "retry_at": 0.0,
            "leased_until": 0.0,
        }
        return self.session.connection().execute(_promise(_dialect(self.session)), values).first() is not None

    def renew(self, prefix: str) -> None:
        """Have messages that were promised say the present state, in their own places.

        Args:
            prefix: With which their keys begin.
        """
        self.session.execute(
            update(OutboxRow)
            .where(OutboxRow.key.startswith(prefix, autoescape=True))
            .values(state="waiting", due_at=self.now, attempts=0, refusals=0, retry_at=0.0)
            .execution_options(synchronize_session=False)
        )

    def tell(
        self,
        member_id: int | None,
        key: str,
        *,
        opportunity_id: int | None = None,
        once: str | None = None,
        gathered: WorkCalendar | None = None,
        **params: Any,
    ) -> None:
        """Promise a member one sentence; nobody is told about their own action.

        Args:
            member_id: Whom; None for nobody.
            key: Of the catalogue.
            opportunity_id: What it is about.
            once: Unique name of the promise.
            gathered: The hours in which what is alike is told together: the first at once, what follows within two hours then.
            **params: The sentence's values.
        """
        if member_id is None or member_id == self.by.member_id:
            return
        payload = {"key": key, "params": params, "opportunity_id": opportunity_id}
        channel = f"member:{member_id}"
        if gathered is None:
            self.promise("notice", channel, payload, key=once)
            return
        at = telling(gathered, self.now).at
        if not self.promise("notice", channel, payload, key=f"{key}:{member_id}:{gathering(gathered, at).isoformat()}"):
            self.promise("notice", channel, payload, due_at=next_gathering(gathered, at))

    def card(self, opportunity: Opportunity, team: Team) -> None:
        """Promise that the team channel's card shows the present state; many changes make one update."""
        promise_cards(self.session, [(opportunity, team)], self.now)

    def card_moved(self, opportunity_id: int, channel: str, ts: str) -> None:
        """Promise that a former card says where the opportunity went."""
        payload = {"opportunity_id": opportunity_id, "channel": channel, "ts": ts}
        self.promise("card_moved", channel, payload, key=f"card_moved:{opportunity_id}:{ts}")

    def regrade(
        self, opportunity: Opportunity, ground: Ground, *, was: tuple[str, int, list[Any]] | None = None
    ) -> None:
        """Compute the grade from the facts as they stand; a change, also of its points alone, is kept in the history.

        Args:
            opportunity: Its row.
            ground: Its team, playbook and calendar.
            was: Grade, score and points before, where the row does not hold them any more.
        """
        before, score_before, points_before = was or (opportunity.grade, opportunity.score, opportunity.grade_points)
        graded = self.grade(opportunity, ground)
        if points_before == graded.points and before == graded.grade:
            return
        self.event(opportunity, replace(graded, before=before, score_before=score_before) if before else graded)

    def grade(self, opportunity: Opportunity, ground: Ground) -> Graded:
        """Write the grade that the facts make into the row, and return what is to be said of it."""
        facts, _ = grading.known_facts(
            opportunity.facts, source=opportunity.source, need=opportunity.need, playbook=ground.playbook
        )
        result = grading.grade(
            facts,
            amount_minor=opportunity.amount_minor,
            currency=opportunity.currency,
            expected_close_on=opportunity.expected_close_on,
            today=calendar.local_day(ground.calendar, self.now),
            playbook=ground.playbook,
        )
        points = [[point.criterion, point.option, point.points] for point in result.points]
        opportunity.grade, opportunity.score, opportunity.grade_points = result.letter, result.score, points
        return Graded(result.letter, result.score, points)

    def attend(self, opportunity: Opportunity, ground: Ground) -> None:
        """Set when the loop next needs somebody, and from when on the opportunity is in a gap; the last thing a change does."""
        # What waited for its day after a go-live is in somebody's hands now.
        opportunity.attended_at = min(opportunity.attended_at, self.now)
        self.reckon(opportunity, ground)

    def reckon(self, opportunity: Opportunity, ground: Ground) -> None:
        """Set both from ``attended_at`` as it stands, which may be ahead."""
        opportunity.attention_at = attention_of(opportunity, ground)
        opportunity.broken_from = health.broken_from(opportunity)


def promise_cards(session: Session, changed: Iterable[tuple[Any, Team]], now: datetime) -> None:
    """Promise the cards of opportunities that changed, where their team is live and has a channel; in the order of their keys."""
    values = [
        {
            "workspace_id": opportunity.workspace_id,
            "kind": "card",
            "channel": team.channel_id,
            "payload": {"opportunity_id": opportunity.id},
            "key": f"card:{opportunity.id}",
            "due_at": now,
            "created_at": now,
            "state": "waiting",
            "attempts": 0,
            "refusals": 0,
            "retry_at": 0.0,
            "leased_until": 0.0,
        }
        for opportunity, team in changed
        if team.channel_id is not None and is_live(team, now)
    ]
    if values:
        # One order for everybody: two that hold what the other wants would wait for ever.
        session.connection().execute(_card(_dialect(session)), sorted(values, key=lambda one: one["key"]))


WATCHED = attention.Situation._fields[1:]
"""What the ladder looks at besides whether there is an owner, as its columns are called, in the order of ``Situation``."""

_watched = attrgetter(*WATCHED)


def attention_of(opportunity: Opportunity, ground: Ground) -> datetime | None:
    """Return when the loop next needs somebody; None for a closed one whose review and win-back are done with."""
    coming = coming_rung(opportunity, ground, after=opportunity.attended_at)
    return None if coming is None else coming.moment


def coming_rung(opportunity: Opportunity, ground: Ground, *, after: datetime) -> attention.Rung | None:
    """Return the first step of the ladder strictly after a moment."""
    situation = attention.Situation(opportunity.owner_id is not None, *_watched(opportunity))
    return attention.next_rung(situation, ground.playbook, ground.calendar, after=after)


def is_live(team: Team, now: datetime) -> bool:
    """Say whether the team gets cards and nudges; one that was imported does not before its go-live date."""
    return team.live_from is not None and team.live_from <= now


def enter_stage(opportunity: Opportunity, key: str, ground: Ground, now: datetime) -> None:
    """Put an opportunity into a stage, with the moment at which it will have been there too long."""
    stage = ground.playbook.stage(key)
    opportunity.stage_key, opportunity.stage_kind, opportunity.stage_entered_at = stage.key, stage.kind.value, now
    opportunity.stage_limit_at = (
        calendar.add_days(ground.calendar, now, stage.limit_days) if stage.limit_days is not None else None
    )


def snapshot(opportunity: Opportunity) -> dict[str, Any]:
    """Return the fields that Undo may put back, as they are now."""
    return {name: getattr(opportunity, name) for name in UNDOABLE}


def changed(opportunity: Opportunity, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the former values of what changed since the snapshot, as JSON values."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in before.items()
        if getattr(opportunity, name) != value
    }


def restore(opportunity: Opportunity, former: Mapping[str, Any]) -> None:
    """Put former values back, as ``changed`` gave them."""
    for name, value in former.items():
        reader = _READERS.get(name.rpartition("_")[2])
        setattr(opportunity, name, reader(value) if reader is not None and isinstance(value, str) else value)


def open_load(session: Session, team_id: int) -> dict[int, int]:
    """Return how many open opportunities each member of a team owns."""
    rows = session.execute(
        select(Opportunity.owner_id, func.count())
        .where(
            Opportunity.owner_id.in_(select(Member.id).where(Member.team_id == team_id)),
            Opportunity.closed_at.is_(None),
        )
        .group_by(Opportunity.owner_id)
    )
    return {cast("int", owner): count for owner, count in rows}


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name


# Putting a statement together takes longer than the database takes for it: each of these is made once.


def _outbox(dialect: str) -> Any:
    return sqlite.insert(OutboxRow) if dialect == "sqlite" else postgresql.insert(OutboxRow)


@cache
def _promise(dialect: str) -> Any:
    made = _outbox(dialect).on_conflict_do_nothing(index_elements=["workspace_id", "key"])
    return made.returning(OutboxRow.id)


@cache
def _card(dialect: str) -> Any:
    """Return the upsert of a card: one row an opportunity, which a further change arms again.

    A lease in force stays, so that nobody posts it twice.
    """
    made = _outbox(dialect)
    armed = {name: made.excluded[name] for name in ("state", "due_at", "attempts", "refusals", "retry_at", "channel")}
    return made.on_conflict_do_update(index_elements=["workspace_id", "key"], set_=armed)
