"""Owns promised messages between the transaction that made them and Slack: leases, outcomes, addresses."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, literal_column, or_, select, update
from sqlalchemy.orm import Session

from bot.clock import SystemClock
from bot.domain.calendar import WorkCalendar
from bot.models import Assignment, Member, OutboxRow, ProcessedRequest, Team
from bot.services import dead_letters, outbox_heads, outcomes, pacing
from bot.services.desk import Actor, Desk, system_actor
from bot.services.members import actor_of
from bot.services.outbox_heads import is_open, is_settled
from bot.services.outcomes import Outcome, State
from bot.services.pacing import Rates
from bot.services.reader_hours import hours_in, teams_of

_REQUEST_DAYS = 1
_DEAD_DAYS = 90
# A batch is a transaction: nobody waits long for it, whatever there is.
_FORGOTTEN_AT_ONCE = 1000

SENT_DAYS = 30
"""So long a message that was sent is remembered."""

LANDING_SECONDS = 3.0
"""A message of which no answer came is in Slack's history by then, or never."""

MOST_IN_HAND_SECONDS = 60.0
"""A message begins to be sent within so long of its being leased, or is given back: its history is short then."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A leased message: ``channel`` is a Slack channel id, or ``member:7``; ``payload`` has ids only.

    ``leased_until`` is in seconds of the machine's clock. ``tried_at``, in the same seconds, is when an earlier try began
    that nobody saw the end of, so that Slack may have the message; 0 where there was none. ``stands_at`` is channel and ts of the
    message that it was sent as before, where it is to be sent anew. ``leased_at``, in the same seconds, is when it was leased.
    ``refusals`` is how often Slack refused it so far, or did not answer; a worker that died with it is not counted.
    """

    id: int
    workspace_id: int
    kind: str
    channel: str
    payload: dict[str, Any]
    due_at: datetime
    attempts: int
    created_at: datetime
    leased_until: float = 0.0
    tried_at: float = 0.0
    stands_at: tuple[str, str] | None = None
    leased_at: float = 0.0
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a promise goes and how its reader reads: a member (``actor``), or a channel with its team's language.

    ``hours`` are a member's working hours in their zone; they are away from ``away_from`` until ``away_until``.
    """

    slack_id: str | None
    locale: str
    zone: str
    actor: Actor
    is_member: bool
    is_active: bool = True
    hours: WorkCalendar | None = None
    away_from: datetime | None = None
    away_until: datetime | None = None


def lease(
    desk: Desk,
    *,
    limit: int = 50,
    seconds: float = 60.0,
    rates: Rates | None = None,
    done: Sequence[Outcome] = (),
) -> tuple[Promise, ...]:
    """Take due messages for sending: of each channel only the oldest one, so that order is kept there.

    Any number of workers may do this at once. What a lease takes is booked on the channel's and the workspace's pace in the
    same transaction, so that all workers together keep to the rates.

    Args:
        desk: The record and the clock.
        limit: At most so many.
        seconds: After so many seconds of the machine's clock another worker may take them.
        rates: How fast Slack takes messages; None for no limit.
        done: What came of earlier ones, written in the same transaction.
    """
    if limit < 1 and not done:
        return ()
    with desk.database.transaction(None) as session:
        real = real_seconds()
        outcomes.write(desk, session, done, real=real, rates=rates)
        found = outbox_heads.ready(session, now=desk.now(), real=real, limit=limit) if limit > 0 else []
        if rates is not None and found:
            until = pacing.booked(session, {row.workspace_id for row in found})
            found = _within({one: pacing.room(at, rates, real) for one, at in until.items()}, found)
        if rates is not None and found:
            pacing.taken(session, [(row.workspace_id, row.channel) for row in found], until, rates, real)
        return _take(session, [row.id for row in found], real, seconds) if found else ()


def _within(room: dict[int, int], rows: Sequence[Any]) -> list[Any]:
    """Return the first rows of each workspace for which there is room."""
    found = []
    for row in rows:
        if room[row.workspace_id] > 0:
            room[row.workspace_id] -= 1
            found.append(row)
    return found


def _take(session: Session, numbers: Sequence[int], real: float, seconds: float) -> tuple[Promise, ...]:
    rows = session.scalars(
        update(OutboxRow)
        .where(OutboxRow.id.in_(numbers))
        .values(
            state="sending",
            leased_until=real + seconds,
            attempts=OutboxRow.attempts + 1,
            tried_at=case((OutboxRow.tried_at > 0.0, OutboxRow.tried_at), else_=real),
        )
        .returning(OutboxRow)
        .execution_options(synchronize_session=False)
    ).all()
    found = [
        Promise(
            row.id,
            row.workspace_id,
            row.kind,
            row.channel,
            row.payload,
            row.due_at,
            row.attempts,
            row.created_at,
            row.leased_until,
            0.0 if row.tried_at == real else row.tried_at,
            (row.slack_channel, row.slack_ts) if row.slack_channel and row.slack_ts else None,
            real,
            row.refusals,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda promise: (promise.due_at, promise.id)))


def renew(desk: Desk, leases: Mapping[int, float], *, seconds: float) -> dict[int, float]:
    """Keep what is still in work.

    Args:
        desk: The record and the clock.
        leases: Promises' numbers, with what their leases last until.
        seconds: How long they last from now.

    Returns:
        The leases that are still ours, with their new ends; what is missing was taken by another worker.
    """
    if not leases:
        return {}
    until = real_seconds() + seconds
    with desk.database.transaction(None) as session:
        kept = session.scalars(
            update(OutboxRow)
            .where(OutboxRow.id.in_(leases), OutboxRow.leased_until.in_(set(leases.values())))
            .values(leased_until=until)
            .returning(OutboxRow.id)
            .execution_options(synchronize_session=False)
        ).all()
    return dict.fromkeys(kept, until)


def not_arrived(desk: Desk, promise: Promise) -> None:
    """Write that an earlier try did not bring the message to Slack: it may have it from now on, by the try that begins now."""
    with desk.database.transaction(None) as session:
        session.execute(
            update(OutboxRow)
            # Who has it in hand after us has counted on.
            .where(OutboxRow.id == promise.id, OutboxRow.attempts <= promise.attempts, OutboxRow.tried_at > 0.0)
            .values(tried_at=real_seconds())
            .execution_options(synchronize_session=False)
        )


def wait_seconds(desk: Desk, rates: Rates | None = None) -> float | None:
    """Return how long until the next message that is due may be sent, in seconds; None where nothing is due."""
    real = real_seconds()
    with desk.database.reading(None) as session:
        heads = outbox_heads.waiting(session, now=desk.now())
    moments = [
        max(retry_at, leased_until, free_at, pacing.opens_at(booked, rates) if rates else 0.0)
        for retry_at, leased_until, free_at, booked in heads
    ]
    return max(0.0, min(moments) - real) if moments else None


def settle(desk: Desk, done: Sequence[Outcome], rates: Rates | None = None) -> None:
    """Write what came of promises."""
    if done:
        with desk.database.transaction(None) as session:
            outcomes.write(desk, session, done, real=real_seconds(), rates=rates)


def ended(promise: Promise, state: State, **values: Any) -> Outcome:
    """Return what came of a promise, under the lease that it was taken with."""
    common: dict[str, Any] = {"kind": promise.kind, "channel": promise.channel}
    if promise.kind == "digest":
        common["digest_of"] = int(promise.payload["team_id"]), date.fromisoformat(promise.payload["day"])
    return Outcome(
        promise.id, promise.workspace_id, state, promise.leased_until, promise.attempts, **{**common, **values}
    )


def sent(desk: Desk, promise: Promise, *, channel: str, ts: str) -> None:
    """Write that Slack has the message."""
    settle(desk, [ended(promise, "sent", slack_channel=channel, slack_ts=ts)])


def dropped(desk: Desk, promise: Promise) -> None:
    """Write that it is no longer true and was not sent."""
    settle(desk, [ended(promise, "dropped")])


def dead(desk: Desk, promise: Promise, error: str) -> None:
    """Write that Slack refused it for good; it stays for the admin to see."""
    settle(desk, [ended(promise, "dead", error=error)])


def retry(desk: Desk, promise: Promise, *, in_seconds: float, error: str) -> None:
    """Give it back for another try after some seconds of the machine's clock."""
    settle(desk, [ended(promise, "waiting", wait_seconds=in_seconds, error=error)])


def card_posted(desk: Desk, promise: Promise, opportunity_id: int, channel: str, ts: str) -> None:
    """Remember where the card stands, and that this promise is kept."""
    settle(desk, [ended(promise, "sent", slack_channel=channel, slack_ts=ts, card_of=opportunity_id)])


def address(desk: Desk, promise: Promise) -> Address:
    """Return where a promise goes and how its reader reads.

    Raises:
        KeyError: There is no such member.
    """
    return addresses(desk, (promise,))[promise.id]


def addresses(desk: Desk, promises: Collection[Promise]) -> dict[int, Address]:
    """Return where promises go and how their readers read, by the promises' numbers; a member who is not there is left out."""
    with desk.database.reading(None) as session:
        teams = _teams(session, promises)
        people = _members(session, promises)
        found = {}
        for promise in promises:
            member_id = _member_id(promise)
            if member_id is None:
                found[promise.id] = _of_channel(promise, teams.get((promise.workspace_id, promise.channel)))
            elif (promise.workspace_id, member_id) in people:
                found[promise.id] = people[promise.workspace_id, member_id]
        return found


def _member_id(promise: Promise) -> int | None:
    return int(promise.channel.removeprefix("member:")) if promise.channel.startswith("member:") else None


def _of_channel(promise: Promise, team: tuple[str, str] | None) -> Address:
    locale, zone = team or ("en-US", "UTC")
    return Address(promise.channel, locale, zone, system_actor(promise.workspace_id), is_member=False)


def _teams(session: Session, promises: Collection[Promise]) -> dict[tuple[int, str], tuple[str, str]]:
    channels = {promise.channel for promise in promises if _member_id(promise) is None}
    if not channels:
        return {}
    rows = session.execute(
        select(Team.workspace_id, Team.channel_id, Team.locale, Team.zone)
        .where(Team.channel_id.in_(channels))
        .order_by(Team.id.desc())
    )
    # The last one stays: of teams that share a channel, the oldest.
    return {(row.workspace_id, row.channel_id): (row.locale, row.zone) for row in rows}


def _members(session: Session, promises: Collection[Promise]) -> dict[tuple[int, int], Address]:
    numbers = {number for promise in promises if (number := _member_id(promise)) is not None}
    if not numbers:
        return {}
    teams = teams_of(session, numbers)
    return {
        (member.workspace_id, member.id): Address(
            member.slack_user_id,
            member.locale,
            member.zone,
            actor_of(session, member),
            is_member=True,
            is_active=member.is_active,
            hours=hours_in(teams.get(member.id), member.zone),
            away_from=member.away_from,
            away_until=member.away_until,
        )
        for member in session.scalars(select(Member).where(Member.id.in_(numbers)))
    }


def is_pending(desk: Desk, promise: Promise, assignment_id: int) -> bool:
    """Say whether an offer or handover still waits for an answer."""
    with desk.reading(system_actor(promise.workspace_id)) as session:
        row = session.get(Assignment, assignment_id)
        return row is not None and row.state == "pending"


def release(desk: Desk) -> None:
    """End all leases; for a program that knows itself to be the only one, so that a crash holds nothing up for long.

    What was on its way to Slack when the program ended gets a moment to arrive, before it is looked for.
    """
    arrived = real_seconds() + LANDING_SECONDS
    with desk.database.transaction(None) as session:
        session.execute(
            update(OutboxRow)
            .where(is_open(OutboxRow), OutboxRow.leased_until > 0.0)
            .values(
                state="waiting",
                leased_until=case((OutboxRow.leased_until < arrived, OutboxRow.leased_until), else_=arrived),
            )
        )


def hurry(desk: Desk) -> None:
    """Have what waits for an admin tried again at once; for a program that starts, as it does with a new token."""
    with desk.database.transaction(None) as session:
        outcomes.hurry(session, dead_letters.BLOCKS)


def purge(desk: Desk) -> None:
    """Forget requests older than a day, messages settled a month ago, and undelivered ones that nobody acted on for three."""
    now = desk.now()
    with desk.database.transaction(None) as session:
        session.execute(delete(ProcessedRequest).where(ProcessedRequest.at < now - timedelta(days=_REQUEST_DAYS)))
    is_old = and_(
        is_settled(OutboxRow),
        OutboxRow.due_at < now - timedelta(days=SENT_DAYS),
        or_(OutboxRow.state != literal_column("'dead'"), OutboxRow.due_at < now - timedelta(days=_DEAD_DAYS)),
    )
    some = select(OutboxRow.id).where(is_old).order_by(OutboxRow.due_at).limit(_FORGOTTEN_AT_ONCE)
    # Asked of the row itself once more: a card that is armed again at this moment is not forgotten.
    forgotten = delete(OutboxRow).where(OutboxRow.id.in_(some), is_old).returning(OutboxRow.id)
    while True:
        with desk.database.transaction(None) as session:
            count = len(session.scalars(forgotten, execution_options={"synchronize_session": False}).all())
        if count < _FORGOTTEN_AT_ONCE:
            return


def real_seconds() -> float:
    """Return the machine's clock, in seconds since 1970: what leases and rates are told in."""
    return SystemClock().now().timestamp()
