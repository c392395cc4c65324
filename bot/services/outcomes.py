"""Owns what comes of a try to send a promise, and how it is written: many at once, in the transaction that takes the next ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from sqlalchemy import Double, String, Table, Text, bindparam, case, func, update
from sqlalchemy.orm import Session

from bot.models import Opportunity, OutboxRow
from bot.services import dead_letters, pacing
from bot.services.desk import Desk
from bot.services.pacing import Rates

_ERROR = 2000

State = Literal["sent", "dropped", "dead", "waiting"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try.

    Attributes:
        promise_id: Whose.
        workspace_id: Its workspace.
        state: sent, dropped (no longer true), dead (refused for good), or waiting for another try.
        kind: Of the promise.
        channel: Of the promise: a channel id, or ``member:7``.
        wait_seconds: Until the next try, of the machine's clock.
        error: What went wrong.
        tried_at: When the try began, if Slack may have the message all the same; 0 where it is certain.
        limited_seconds: How long Slack wants the channel left alone.
        slack_channel: Where the message stands.
        slack_ts: And which it is.
        card_of: The opportunity whose card it is.
        payload: What is kept with the promise from now on, if that changed.
        not_begun: It was given back before anything was sent: the try does not count.
    """

    promise_id: int
    workspace_id: int
    state: State
    kind: str = ""
    channel: str = ""
    wait_seconds: float = 0.0
    error: str | None = None
    tried_at: float = 0.0
    limited_seconds: float = 0.0
    slack_channel: str | None = None
    slack_ts: str | None = None
    card_of: int | None = None
    payload: dict[str, Any] | None = None
    not_begun: bool = False


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
        if one.limited_seconds and rates is not None:
            until = real + one.limited_seconds
            pacing.limited(session, one.workspace_id, one.channel, until=until, real=real, rates=rates)
    _tell(desk, session, done, real)


def _tell(desk: Desk, session: Session, done: Sequence[Outcome], real: float) -> None:
    dead: dict[int, list[int]] = {}
    for one in done:
        if one.state == "dead" and one.kind != dead_letters.KIND:
            dead.setdefault(one.workspace_id, []).append(one.promise_id)
    for workspace_id, numbers in dead.items():
        dead_letters.tell_admins(desk, session, workspace_id, numbers, real=real)


def _values(one: Outcome, real: float) -> dict[str, Any]:
    return {
        "number": one.promise_id,
        "new_state": one.state,
        "new_retry_at": real + one.wait_seconds if one.state == "waiting" else 0.0,
        "new_error": one.error[:_ERROR] if one.error else None,
        "new_tried_at": one.tried_at,
        "new_channel": one.slack_channel,
        "new_ts": one.slack_ts,
        "uncounted": int(one.not_begun),
    }


@cache
def _settled() -> Any:
    """Return the update of one promise; one that was armed again while it was on its way stays armed, and only becomes free."""
    table = OutboxRow.__table__
    assert isinstance(table, Table)  # noqa: S101 - for the type checker: it is no subquery
    column = table.c

    def unless_armed(name: str, value: Any) -> Any:
        return case((column.state == "sending", value), else_=column[name])

    values = {
        "state": unless_armed("state", bindparam("new_state", type_=String)),
        "retry_at": unless_armed("retry_at", bindparam("new_retry_at", type_=Double)),
        "error": unless_armed("error", bindparam("new_error", type_=Text)),
        "attempts": unless_armed("attempts", column.attempts - bindparam("uncounted")),
        # Where it stood before is where it is to be changed, however this try went.
        "slack_channel": func.coalesce(bindparam("new_channel", type_=String), column.slack_channel),
        "slack_ts": func.coalesce(bindparam("new_ts", type_=String), column.slack_ts),
        "tried_at": bindparam("new_tried_at", type_=Double),
        "leased_until": 0.0,
    }
    return table.update().where(column.id == bindparam("number")).values(values)
