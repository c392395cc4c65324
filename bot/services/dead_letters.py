"""Owns messages that could not be delivered: telling the admins once, sending them again, putting them away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column, select, update
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, StaleRecord
from bot.models import Customer, Member, Opportunity, OutboxRow
from bot.services.desk import Actor, Desk, system_actor
from bot.services.member_rows import admins_of
from bot.services.outbox_heads import is_settled
from bot.services.recording import Recorder

KIND = "dead_letter"
"""Kind of the promise that tells an admin; one that is undeliverable itself is not told of."""

_SHOWN = 5
# Workers that give up at the same time tell of it once.
_SAME_TIME = timedelta(minutes=5)
_AGAIN = {"state": "waiting", "attempts": 0, "refusals": 0, "retry_at": 0.0, "leased_until": 0.0}
_OF_CHANNEL = "notice.blocked_channel"
_MENDING = {
    "not_in_channel": _OF_CHANNEL,
    # What Slack says of a private channel in which the app is not.
    "channel_not_found": _OF_CHANNEL,
    "missing_scope": "notice.blocked_scope",
    "no_permission": "notice.blocked_scope",
}
BLOCKS_ALL = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "not_authed",
        "org_login_required",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
    }
)
"""Slack's codes that concern all of a workspace: once one call succeeds, what was refused with them may be tried at once."""

BLOCKS = BLOCKS_ALL | _MENDING.keys()
"""Slack's codes for what an admin mends: what was promised meanwhile must still arrive, so that it is tried again."""

_IS_DEAD = OutboxRow.state == literal_column("'dead'")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that Slack refused, or that was given up.

    Attributes:
        id: The promise's number.
        kind: What it was, such as ``digest``.
        channel: Slack id of the channel it was for; None for a member's.
        member: Slack id of the member it was for; None for a channel's.
        customer: Whom it was about, if it was about one opportunity.
        error: Slack's code, or what went wrong.
        due_at: When it was to be sent.
    """

    id: int
    kind: str
    channel: str | None
    member: str | None
    customer: str | None
    error: str
    due_at: datetime


def listed(desk: Desk, *, by: Actor, limit: int = _SHOWN) -> tuple[tuple[DeadLetter, ...], int]:
    """Return the undelivered messages, the oldest first, and how many there are in all; none for who is no admin."""
    if not by.is_admin:
        return (), 0
    with desk.reading(by) as session:
        count = session.scalar(select(func.count()).select_from(OutboxRow).where(_IS_DEAD)) or 0
        rows = session.scalars(select(OutboxRow).where(_IS_DEAD).order_by(OutboxRow.id).limit(limit)).all()
        return tuple(_letter(session, row) for row in rows), count


def resend(desk: Desk, number: int, *, by: Actor) -> str:
    """Have an undelivered message tried again; it is still dropped if it is no longer true.

    Args:
        desk: The record and the clock.
        number: The promise's number.
        by: An admin.

    Returns:
        What kind of message it is, such as ``digest``.

    Raises:
        NotAllowed: Not an admin.
        StaleRecord: Somebody dealt with it before.
    """
    return _settle(desk, number, by, **_AGAIN)


def resend_all(desk: Desk, *, by: Actor) -> int:
    """Have all undelivered messages tried again, in the order in which they were due.

    Returns:
        How many there were.

    Raises:
        NotAllowed: Not an admin.
    """
    if not by.is_admin:
        raise NotAllowed("dead_letter.admins_only")
    with desk.transaction(by) as session:
        again = update(OutboxRow).where(_IS_DEAD).values(**_AGAIN).returning(OutboxRow.id)
        count = len(session.scalars(again, execution_options={"synchronize_session": False}).all())
        _forget_told(session, by.workspace_id)
        return count


def discard(desk: Desk, number: int, *, by: Actor) -> None:
    """Put an undelivered message away; arguments and errors as for ``resend``."""
    _settle(desk, number, by, state="dropped")


def _settle(desk: Desk, number: int, by: Actor, **values: object) -> str:
    if not by.is_admin:
        raise NotAllowed("dead_letter.admins_only")
    with desk.transaction(by) as session:
        found = session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == number, _IS_DEAD)
            .values(**values)
            .returning(OutboxRow.kind)
            .execution_options(synchronize_session=False)
        ).scalar()
        if found is None:
            raise StaleRecord("dead_letter.dealt_with")
        _forget_told(session, by.workspace_id)
        return found


def _forget_told(session: Session, workspace_id: int, *, before: datetime | None = None) -> None:
    """Let what is undelivered next be told of anew; what has not been sent yet tells of it anyway.

    Args:
        session: The transaction.
        workspace_id: Whose.
        before: Only what was told before; None for all, because an admin has acted on it.
    """
    names = [_name(member_id) for member_id in admins_of(session, workspace_id)]
    told = update(OutboxRow).where(OutboxRow.workspace_id == workspace_id, OutboxRow.key.in_(names))
    if before is not None:
        told = told.where(OutboxRow.created_at < before)
    forgotten = told.where(is_settled(OutboxRow)).values(key=None)
    session.execute(forgotten, execution_options={"synchronize_session": False})


def _name(member_id: int) -> str:
    """Return the name of the promise that tells an admin, while it is in force."""
    return f"{KIND}:{member_id}"


def tell_admins(desk: Desk, session: Session, workspace_id: int, numbers: Iterable[int]) -> None:
    """Promise each admin one message of what could not be delivered; until they act on it, what follows is on their Home.

    Args:
        desk: The record and the clock.
        session: The transaction in which they became undeliverable.
        workspace_id: Whose.
        numbers: The promises' numbers.
    """
    others = session.scalar(
        select(OutboxRow.id)
        .where(_IS_DEAD, OutboxRow.workspace_id == workspace_id, OutboxRow.id.not_in(list(numbers)))
        .limit(1)
    )
    if others is None:
        # What was told of is over without anybody's act, such as a card that changed and was posted after all.
        _forget_told(session, workspace_id, before=desk.now() - _SAME_TIME)
    recorder = Recorder(desk, session, system_actor(workspace_id))
    for member_id in admins_of(session, workspace_id):
        recorder.promise(KIND, f"member:{member_id}", {}, key=_name(member_id))


def tell_blocked(desk: Desk, session: Session, workspace_id: int, channel: str, code: str) -> None:
    """Promise each admin one sentence a day about what they have to mend before Slack takes messages again.

    Args:
        desk: The record and the clock.
        session: The transaction that gives the message back for a later try.
        workspace_id: Whose.
        channel: Where the message was to go: a channel id, or ``member:7``.
        code: Slack's, such as ``not_in_channel``; with the scope, as in ``missing_scope: im:history``.
    """
    text = _MENDING.get(code.partition(":")[0], "notice.blocked_token")
    # Only a channel's own trouble is told of for each channel.
    where = channel if text == _OF_CHANNEL else ""
    recorder = Recorder(desk, session, system_actor(workspace_id))
    for member_id in admins_of(session, workspace_id):
        once = f"blocked:{code}:{where}:{member_id}:{desk.now():%Y-%m-%d}"
        recorder.tell(member_id, text, once=once, code=code, channel=channel)


def _letter(session: Session, row: OutboxRow) -> DeadLetter:
    member_id = row.channel.removeprefix("member:")
    is_member = member_id != row.channel
    member = session.get(Member, int(member_id)) if is_member else None
    about = row.payload.get("opportunity_id")
    customer = about and session.scalar(
        select(Customer.name)
        .join(Opportunity, Opportunity.customer_id == Customer.id)
        .where(Opportunity.id == int(about))
    )
    return DeadLetter(
        row.id,
        row.kind,
        None if is_member else row.channel,
        member.slack_user_id if member else None,
        customer or None,
        row.error or "",
        row.due_at,
    )
