"""Owns messages that could not be delivered: telling the admins once, sending them again, putting them away."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal_column, select, update
from sqlalchemy.orm import Session

from bot.errors import NotAllowed, StaleRecord
from bot.models import Customer, Member, Opportunity, OutboxRow
from bot.services.desk import Actor, Desk, system_actor
from bot.services.recording import Recorder

KIND = "dead_letter"
"""Kind of the promise that tells an admin; one that is undeliverable itself is not told of."""

_SHOWN = 5
# Workers that give up at the same time tell of it once.
_SAME_SECONDS = 300
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


def resend(desk: Desk, number: int, *, by: Actor) -> None:
    """Have an undelivered message tried again; it is still dropped if it is no longer true.

    Args:
        desk: The record and the clock.
        number: The promise's number.
        by: An admin.

    Raises:
        NotAllowed: Not an admin.
        StaleRecord: Somebody dealt with it before.
    """
    _settle(desk, number, by, state="waiting", attempts=0, retry_at=0.0, leased_until=0.0)


def discard(desk: Desk, number: int, *, by: Actor) -> None:
    """Put an undelivered message away; arguments and errors as for ``resend``."""
    _settle(desk, number, by, state="dropped")


def _settle(desk: Desk, number: int, by: Actor, **values: object) -> None:
    if not by.is_admin:
        raise NotAllowed("dead_letter.admins_only")
    with desk.transaction(by) as session:
        found = session.execute(
            update(OutboxRow)
            .where(OutboxRow.id == number, _IS_DEAD)
            .values(**values)
            .returning(OutboxRow.id)
            .execution_options(synchronize_session=False)
        ).scalar()
        if found is None:
            raise StaleRecord("dead_letter.dealt_with")


def tell_admins(desk: Desk, session: Session, workspace_id: int, numbers: Iterable[int], *, real: float) -> None:
    """Promise each admin one message when there were no undelivered ones before; those that follow are on their Home.

    Args:
        desk: The record and the clock.
        session: The transaction in which they became undeliverable.
        workspace_id: Whose.
        numbers: The promises' numbers.
        real: Now, in seconds of the machine's clock.
    """
    others = session.scalar(
        select(OutboxRow.id)
        .where(_IS_DEAD, OutboxRow.workspace_id == workspace_id, OutboxRow.id.not_in(list(numbers)))
        .limit(1)
    )
    if others is not None:
        return
    recorder = Recorder(desk, session, system_actor(workspace_id))
    admins = session.scalars(
        select(Member.id).where(
            Member.workspace_id == workspace_id,
            Member.role == "admin",
            Member.is_active,
            Member.slack_user_id.is_not(None),
        )
    )
    for member_id in admins.all():
        key = f"{KIND}:{member_id}:{int(real // _SAME_SECONDS)}"
        recorder.promise(KIND, f"member:{member_id}", {}, key=key)


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
