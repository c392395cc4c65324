"""Owns what changed in a stretch of time: new, moved, won, lost, slipped, recycled and collisions, read from the history."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select
from sqlalchemy.orm import Session

from bot.domain import events as ev
from bot.domain.events import event_from
from bot.domain.playbook import Name
from bot.models import Customer, EventRow, Member, Opportunity
from bot.models.base import BigId, Instant
from bot.services.playbooks import loaded
from bot.services.reports import Scope, once
from bot.services.values import Change, Changes

KINDS = ("new", "forward", "back", "won", "lost", "slipped", "recycled", "collision")
_EVENTS = tuple(
    one.kind
    for one in (
        ev.LeadCaptured, ev.StageChanged, ev.OpportunityWon, ev.OpportunityLost, ev.OpportunityEdited, ev.PutInPool,
        ev.CollisionStopped, ev.ActionUndone,
    )
)  # fmt: skip


@once
def _happened(scope: ColumnElement[bool]) -> Any:
    return (
        select(
            EventRow.id.label("event_id"),
            EventRow.kind,
            EventRow.payload,
            Opportunity.id,
            Opportunity.playbook_id,
            Opportunity.stage_kind,
            Opportunity.amount_minor,
            Opportunity.currency,
            Customer.name.label("customer"),
            Member.name.label("owner"),
        )
        .join(Opportunity, Opportunity.id == EventRow.opportunity_id)
        .join(Customer, Customer.id == Opportunity.customer_id)
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(
            EventRow.workspace_id == bindparam("workspace_id", type_=BigId),
            EventRow.kind.in_(_EVENTS),
            EventRow.at > bindparam("since", type_=Instant),
            EventRow.at <= bindparam("until", type_=Instant),
            scope,
        )
        .order_by(EventRow.id)
    )


def changes(session: Session, scope: Scope, *, since: datetime, until: datetime) -> Changes:
    """Return what changed after one moment and up to another; what was undone did not happen.

    Args:
        session: A session of the workspace.
        scope: Which opportunities.
        since: Aware.
        until: Aware.
    """
    rows = scope.rows(session, _happened, since=since, until=until)
    undone = {row.payload.get("event_id") for row in rows if row.kind == ev.ActionUndone.kind}
    reading = _Reading(session)
    for row in rows:
        if row.event_id not in undone:
            reading.take(row)
    found = {kind: tuple(sorted(reading.of(kind), key=_size)) for kind in KINDS}
    return Changes(since, {kind: those for kind, those in found.items() if those})


def _size(change: Change) -> tuple[int, int]:
    return -(change.amount_minor or 0), change.opportunity_id


class _Reading:
    """Reads events in their order; of several moves of one opportunity only where it came from and got to counts."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._rows: dict[int, Any] = {}
        self._once: dict[str, dict[int, tuple[Any, Any]]] = {kind: {} for kind in KINDS}
        self._moves: dict[int, tuple[str, str]] = {}
        self._dates: dict[int, tuple[str, str]] = {}

    def take(self, row: Any) -> None:
        self._rows[row.id] = row
        event = event_from(row.kind, row.payload)
        match event:
            case ev.LeadCaptured():
                self._once["new"][row.id] = (None, None)
            case ev.StageChanged(before=before, after=after):
                self._moves[row.id] = (self._moves.get(row.id, (before, ""))[0], after)
            case ev.OpportunityWon() if row.stage_kind == "WON":
                self._once["won"][row.id] = (None, None)
            case ev.OpportunityLost(reason=reason) if row.stage_kind == "LOST":
                self._once["lost"][row.id] = (None, self._reason(row, reason))
            case ev.PutInPool(cause="recycled"):
                self._once["recycled"][row.id] = (None, None)
            case ev.CollisionStopped(member=member):
                self._once["collision"][row.id] = (None, Name(member, member))
            case ev.OpportunityEdited(changes=edited) if "expected_close_on" in edited:
                before, after = edited["expected_close_on"]
                if before and after:
                    self._dates[row.id] = (self._dates.get(row.id, (before, ""))[0], after)

    def of(self, kind: str) -> Iterable[Change]:
        """Yield the changes of a kind, in no order."""
        for number, (before, after) in self._once[kind].items():
            yield self._change(number, before, after)
        if kind in {"forward", "back"}:
            yield from self._moved(kind)
        if kind == "slipped":
            for number, (was, now) in self._dates.items():
                if now > was:
                    yield self._change(number, date.fromisoformat(was), date.fromisoformat(now))

    def _moved(self, kind: str) -> Iterable[Change]:
        for number, (before, after) in self._moves.items():
            playbook = loaded(self._session, self._rows[number].playbook_id)
            places: Callable[[str], int] = playbook.position
            is_wanted = places(after) > places(before) if kind == "forward" else places(after) < places(before)
            if is_wanted:
                yield self._change(number, playbook.stage(before).name, playbook.stage(after).name)

    def _reason(self, row: Any, key: str) -> Name:
        reasons = loaded(self._session, row.playbook_id).loss_reasons
        return next((one.name for one in reasons if one.key == key), Name(key, key))

    def _change(self, number: int, before: Any, after: Any) -> Change:
        row = self._rows[number]
        return Change(number, row.customer, row.owner, row.amount_minor, row.currency, before, after)
