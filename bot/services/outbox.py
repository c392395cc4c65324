"""Owns promised messages between the transaction that made them and Slack: leases, outcomes, addresses."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, Select, bindparam, delete, func, select, update

from bot.clock import SystemClock
from bot.models import Assignment, Member, Opportunity, OutboxRow, ProcessedRequest, Team
from bot.models.base import Instant
from bot.services.desk import Actor, Desk, system_actor
from bot.services.members import actor_of

_REQUEST_DAYS = 1
_SENT_DAYS = 30


def _heads() -> Select[int]:
    """Return the query for the head of each channel, if nobody is at it.

    A channel that waits for a retry holds up its own messages and no others.
    """
    place = func.row_number().over(
        partition_by=(OutboxRow.workspace_id, OutboxRow.channel), order_by=(OutboxRow.due_at, OutboxRow.id)
    )
    due = (
        select(OutboxRow.id, OutboxRow.due_at, OutboxRow.retry_at, OutboxRow.leased_until, place.label("place"))
        .where(OutboxRow.state.in_(("waiting", "sending")), OutboxRow.due_at <= bindparam("now", type_=Instant))
        .subquery()
    )
    return (
        select(due.c.id)
        .where(due.c.place == 1, due.c.leased_until <= bindparam("real"), due.c.retry_at <= bindparam("real"))
        .order_by(due.c.due_at, due.c.id)
        .limit(bindparam("most", type_=Integer))
    )


# Every tick asks this, mostly in vain: it is put together once.
_HEADS = _heads()


@dataclass(frozen=True, slots=True)
class Promise:
    """A leased message: ``channel`` is a Slack channel id, or ``member:7``; ``payload`` has ids only.

    ``stands_at`` is channel and ts of the message that it was sent as before, where it is to be sent anew.
    """

    id: int
    workspace_id: int
    kind: str
    channel: str
    payload: dict[str, Any]
    due_at: datetime
    attempts: int
    created_at: datetime
    stands_at: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """Where a promise goes and how its reader reads: a member (``actor``), or a channel with its team's language."""

    slack_id: str | None
    locale: str
    zone: str
    actor: Actor
    is_member: bool
    is_active: bool = True


def lease(desk: Desk, *, limit: int = 50, seconds: float = 60.0) -> tuple[Promise, ...]:
    """Take due messages for sending: of each channel only the oldest one, so that order is kept there.

    Args:
        desk: The record and the clock.
        limit: At most so many.
        seconds: After so many seconds of the machine's clock another worker may take them.
    """
    now, real = desk.now(), _real()
    with desk.database.reading(None) as session:
        wanted = session.scalars(_HEADS, {"now": now, "real": real, "most": limit}).all()
    if not wanted:
        return ()
    with desk.database.transaction(None) as session:
        taken = session.scalars(
            update(OutboxRow)
            .where(
                OutboxRow.id.in_(wanted),
                OutboxRow.leased_until <= real,
                OutboxRow.retry_at <= real,
                OutboxRow.state.in_(("waiting", "sending")),
            )
            .values(state="sending", leased_until=real + seconds, attempts=OutboxRow.attempts + 1)
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
                (row.slack_channel, row.slack_ts) if row.slack_channel and row.slack_ts else None,
            )
            for row in taken
        ]
    return tuple(sorted(found, key=lambda promise: (promise.due_at, promise.id)))


def sent(desk: Desk, promise: Promise, *, channel: str, ts: str) -> None:
    """Write that Slack has the message."""
    _settle(desk, promise, {"state": "sent", "slack_channel": channel, "slack_ts": ts, "error": None})


def dropped(desk: Desk, promise: Promise) -> None:
    """Write that it is no longer true and was not sent."""
    _settle(desk, promise, {"state": "dropped"})


def dead(desk: Desk, promise: Promise, error: str) -> None:
    """Write that Slack refused it for good; it stays for the admin to see."""
    _settle(desk, promise, {"state": "dead", "error": error[:2000]})


def retry(desk: Desk, promise: Promise, *, in_seconds: float, error: str) -> None:
    """Give it back for another try after some seconds of the machine's clock."""
    _settle(desk, promise, {"state": "waiting", "retry_at": _real() + in_seconds, "error": error[:2000]})


def card_posted(desk: Desk, promise: Promise, opportunity_id: int, channel: str, ts: str) -> None:
    """Remember where the card stands, and that this promise is kept."""
    with desk.database.transaction(promise.workspace_id) as session:
        # The version stays: a card in a channel is no change of the opportunity.
        session.execute(
            update(Opportunity)
            .where(Opportunity.id == opportunity_id)
            .values(card_channel=channel, card_ts=ts)
            .execution_options(synchronize_session=False)
        )
    sent(desk, promise, channel=channel, ts=ts)


def _settle(desk: Desk, promise: Promise, values: dict[str, Any]) -> None:
    with desk.database.transaction(promise.workspace_id) as session:
        settled = session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == promise.id, OutboxRow.state == "sending")
            .values(leased_until=0.0, **values)
            .returning(OutboxRow.id)
            .execution_options(synchronize_session=False)
        ).scalar()
        if settled is None:
            # It was armed again while it was on its way: free it, so that the newer state follows where this one stands.
            standing = {name: values[name] for name in ("slack_channel", "slack_ts") if name in values}
            session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == promise.id)
                .values(leased_until=0.0, **standing)
                .execution_options(synchronize_session=False)
            )


def address(desk: Desk, promise: Promise) -> Address:
    """Return where a promise goes and how its reader reads."""
    by = system_actor(promise.workspace_id)
    with desk.reading(by) as session:
        if promise.channel.startswith("member:"):
            member = session.get_one(Member, int(promise.channel.removeprefix("member:")))
            return Address(
                member.slack_user_id,
                member.locale,
                member.zone,
                actor_of(session, member),
                is_member=True,
                is_active=member.is_active,
            )
        team = session.scalar(select(Team).where(Team.channel_id == promise.channel).order_by(Team.id))
        return Address(
            promise.channel, team.locale if team else "en-US", team.zone if team else "UTC", by, is_member=False
        )


def is_pending(desk: Desk, promise: Promise, assignment_id: int) -> bool:
    """Say whether an offer or handover still waits for an answer."""
    with desk.reading(system_actor(promise.workspace_id)) as session:
        row = session.get(Assignment, assignment_id)
        return row is not None and row.state == "pending"


def release(desk: Desk) -> None:
    """End all leases; for a program that knows itself to be the only one, so that a crash holds nothing up."""
    with desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.state == "sending").values(state="waiting", leased_until=0.0))


def purge(desk: Desk) -> None:
    """Forget requests older than a day, and messages settled a month ago."""
    now = desk.now()
    with desk.database.transaction(None) as session:
        session.execute(delete(ProcessedRequest).where(ProcessedRequest.at < now - timedelta(days=_REQUEST_DAYS)))
        session.execute(
            delete(OutboxRow).where(
                OutboxRow.state.in_(("sent", "dropped")), OutboxRow.due_at < now - timedelta(days=_SENT_DAYS)
            )
        )


def _real() -> float:
    return SystemClock().now().timestamp()
