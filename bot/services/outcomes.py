"""Owns what comes of a try to send a promise, and how it is written: many at once, in the transaction that takes the next ones."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    Double,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Session

from bot.models import DigestRecord, Opportunity, OutboxRow
from bot.models.base import Instant
from bot.services import dead_letters, pacing
from bot.services.desk import Desk, system_actor
from bot.services.outbox_heads import is_open
from bot.services.pacing import Rates
from bot.services.recording import Recorder

_ERROR = 2000

State = Literal["sent", "dropped", "dead", "waiting"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try.

    Attributes:
        promise_id: Whose.
        workspace_id: Its workspace.
        state: sent, dropped (no longer true), dead (refused for good), or waiting for another try.
        leased_until: Until when the lease lasts under which it was tried, in seconds of the machine's clock: with that lease
            in other hands by now, only a message that was sent is still news.
        attempts: How many tries there had been, with this one.
        kind: Of the promise.
        channel: Of the promise: a channel id, or ``member:7``.
        wait_seconds: Until the next try, of the machine's clock.
        error: What went wrong.
        tried_at: When the try began, if Slack may have the message all the same; 0 where it is certain.
        limited_seconds: How long Slack wants the channel left alone.
        slack_channel: Where the message stands.
        slack_ts: And which it is.
        card_of: The opportunity whose card it is.
        digest_of: The team whose digest it is, and its local day.
        payload: What is kept with the promise from now on, if that changed.
        blocked: Slack's code, where an admin has to mend something first; with the scope, where one is missing.
        not_begun: It was given back before anything was sent: the try does not count.
        due_at: When it is due instead, where its reader is not at work.
        absorbed: Promises that the message told of as well: they are not sent any more.
        unblocks: Slack takes the workspace's token again, which it refused before.
        left: Where a card stands that this one replaces in another channel: it says so from now on.
    """

    promise_id: int
    workspace_id: int
    state: State
    leased_until: float
    attempts: int
    kind: str = ""
    channel: str = ""
    wait_seconds: float = 0.0
    error: str | None = None
    tried_at: float = 0.0
    limited_seconds: float = 0.0
    slack_channel: str | None = None
    slack_ts: str | None = None
    card_of: int | None = None
    digest_of: tuple[int, date] | None = None
    payload: dict[str, Any] | None = None
    blocked: str | None = None
    not_begun: bool = False
    due_at: datetime | None = None
    absorbed: tuple[int, ...] = ()
    left: tuple[str, str] | None = None
    unblocks: bool = False


def write(desk: Desk, session: Session, done: Sequence[Outcome], *, real: float, rates: Rates | None) -> None:
    """Write what came of promises.

    Args:
        desk: The record and the clock.
        session: The transaction.
        done: One for each promise.
        real: Now, in seconds of the machine's clock.
        rates: The rates that are kept, if any are.
    """
    if not done:
        return
    # Opportunities before promises, as whoever changes one and arms its card: nobody waits in a circle.
    for one in sorted((one for one in done if one.card_of is not None), key=lambda one: one.card_of or 0):
        # The version stays: a card in a channel is no change of the opportunity.
        session.execute(
            update(Opportunity)
            .where(Opportunity.id == one.card_of, Opportunity.workspace_id == one.workspace_id)
            .values(card_channel=one.slack_channel, card_ts=one.slack_ts)
            .execution_options(synchronize_session=False)
        )
    session.connection().execute(_settled(), [_values(one, real) for one in done])
    for one in done:
        if one.payload is not None:
            kept = update(OutboxRow).where(OutboxRow.id == one.promise_id).values(payload=one.payload)
            session.execute(kept, execution_options={"synchronize_session": False})
        if one.state == "sent" and one.digest_of is not None:
            _told(session, one.workspace_id, *one.digest_of)
        if one.card_of is not None and one.left is not None:
            by = system_actor(one.workspace_id)
            Recorder(desk, session, by).card_moved(one.card_of, *one.left)
        if one.unblocks:
            hurry(session, dead_letters.BLOCKS_ALL, workspace_id=one.workspace_id)
        if one.absorbed:
            is_waiting = OutboxRow.id.in_(one.absorbed), OutboxRow.state == literal_column("'waiting'")
            told = update(OutboxRow).where(*is_waiting).values(state="dropped")
            session.execute(told, execution_options={"synchronize_session": False})
        if one.limited_seconds and rates is not None:
            until = real + one.limited_seconds
            pacing.limited(session, one.workspace_id, one.channel, until=until, real=real, rates=rates)
    _tell(desk, session, done)


def hurry(
    session: Session, codes: Collection[str], *, workspace_id: int | None = None, channel: str | None = None
) -> None:
    """Have messages that Slack refused with one of these codes tried again at once, instead of after up to three quarters of an hour.

    Args:
        session: The transaction.
        codes: Slack's, such as ``not_in_channel``.
        workspace_id: Whose messages; None for everybody's.
        channel: Where they were to go; None for anywhere.
    """
    is_refused = is_open(OutboxRow), OutboxRow.state == "waiting", OutboxRow.error.in_(codes)
    again = update(OutboxRow).where(*is_refused).values(retry_at=0.0)
    if workspace_id is not None:
        again = again.where(OutboxRow.workspace_id == workspace_id)
    if channel is not None:
        again = again.where(OutboxRow.channel == channel)
    session.execute(again, execution_options={"synchronize_session": False})


def _told(session: Session, workspace_id: int, team_id: int, day: date) -> None:
    """Write that Slack has a team's digest: the next one tells what happened since."""
    session.execute(
        update(DigestRecord)
        .where(
            DigestRecord.workspace_id == workspace_id,
            DigestRecord.team_id == team_id,
            DigestRecord.kind == "daily",
            DigestRecord.day == day,
        )
        .values(is_told=True)
        .execution_options(synchronize_session=False)
    )


def _tell(desk: Desk, session: Session, done: Sequence[Outcome]) -> None:
    dead: dict[int, list[int]] = {}
    for workspace_id, channel, code in sorted(
        {(one.workspace_id, one.channel, one.blocked) for one in done if one.blocked}
    ):
        dead_letters.tell_blocked(desk, session, workspace_id, channel, code)
    for one in done:
        if one.state == "dead" and one.kind != dead_letters.KIND:
            dead.setdefault(one.workspace_id, []).append(one.promise_id)
    for workspace_id, numbers in dead.items():
        # Another worker has by now what was given up here after its lease was lost.
        is_dead = OutboxRow.state == literal_column("'dead'")
        given_up = session.scalars(select(OutboxRow.id).where(OutboxRow.id.in_(numbers), is_dead)).all()
        if given_up:
            dead_letters.tell_admins(desk, session, workspace_id, given_up)


def _values(one: Outcome, real: float) -> dict[str, Any]:
    return {
        "number": one.promise_id,
        "lease": one.leased_until,
        "attempt": one.attempts,
        "new_state": one.state,
        "new_retry_at": real + one.wait_seconds if one.state == "waiting" else 0.0,
        "new_error": one.error[:_ERROR] if one.error else None,
        "new_tried_at": one.tried_at,
        "new_channel": one.slack_channel,
        "new_ts": one.slack_ts,
        "uncounted": int(one.not_begun),
        "refused": int(one.state == "waiting" and one.error is not None),
        "new_due_at": one.due_at,
    }


@cache
def _settled() -> Any:
    """Return the update of one promise; one that was armed again while it was on its way stays armed, and only becomes free.

    Whoever lost the lease has no say in what another worker has in hand, except that the message is in Slack: then nobody
    need send it, unless it was armed again since and has something newer to tell.
    """
    table = OutboxRow.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the type checker: it is no subquery
    column = table.c
    is_sending = column.state == literal_column("'sending'")
    is_ours = column.leased_until == bindparam("lease", type_=Double)
    # Arming begins the count anew; whoever has it in hand after us without that has counted on.
    is_same = column.attempts - case((is_sending, 1), else_=0) >= bindparam("attempt", type_=Integer)
    is_settled = or_(and_(is_ours, is_sending), and_(~is_ours, is_same))
    is_freed = or_(is_ours, is_same)

    def unless_armed(name: str, value: Any) -> Any:
        return case((is_settled, value), else_=column[name])

    values = {
        "state": unless_armed("state", bindparam("new_state", type_=String)),
        "retry_at": unless_armed("retry_at", bindparam("new_retry_at", type_=Double)),
        "due_at": unless_armed("due_at", func.coalesce(bindparam("new_due_at", type_=Instant), column.due_at)),
        "error": unless_armed("error", bindparam("new_error", type_=Text)),
        "attempts": unless_armed("attempts", column.attempts - bindparam("uncounted")),
        "refusals": unless_armed("refusals", column.refusals + bindparam("refused", type_=Integer)),
        # Where it stood before is where it is to be changed, however this try went.
        "slack_channel": func.coalesce(bindparam("new_channel", type_=String), column.slack_channel),
        "slack_ts": func.coalesce(bindparam("new_ts", type_=String), column.slack_ts),
        "tried_at": case((is_freed, bindparam("new_tried_at", type_=Double)), else_=column.tried_at),
        "leased_until": case((is_freed, 0.0), else_=column.leased_until),
    }
    is_news = or_(is_ours, bindparam("new_state", type_=String) == literal_column("'sent'"))
    return table.update().where(column.id == bindparam("number"), is_news).values(values)
