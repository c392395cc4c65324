"""What an opportunity's history alone says of its clock: a second reckoning, to hold the stored one against."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot.domain import events as ev
from bot.domain.attention import Cause, Situation, Step, next_rung
from bot.domain.calendar import WorkCalendar, add_days, add_hours
from bot.domain.events import Event, event_from
from bot.domain.playbook import Playbook, StageKind

_INSTANTS = ("stage_entered_at", "next_due_at", "snoozed_until", "last_follow_up_at", "closed_at", "review_due_at")


@dataclass
class Replay:
    """Reads events in their order; ``situation`` and ``attended_at`` are as they stand after the latest one."""

    playbook: Playbook
    calendar: WorkCalendar
    situation: Situation | None = None
    attended_at: datetime | None = None
    _undo: dict[int, dict[str, Any]] = field(default_factory=dict)

    def read(self, rows: Iterable[Any]) -> "Replay":
        """Read rows of the history: id, kind, at, payload."""
        for row in rows:
            self.take(row.id, row.at, event_from(row.kind, row.payload), row.payload)
        return self

    def attention_at(self) -> datetime | None:
        """Return when the loop next needs somebody."""
        assert self.situation is not None
        assert self.attended_at is not None
        rung = next_rung(self.situation, self.playbook, self.calendar, after=self.attended_at)
        return None if rung is None else rung.moment

    def take(self, number: int, at: datetime, event: Event, payload: dict[str, Any]) -> None:
        """Take the next event."""
        self._undo[number] = payload.get("undo") or {}
        if isinstance(event, ev.LeadCaptured):
            self.situation = Situation(
                has_owner=False, stage_key=event.stage, stage_entered_at=at, grade="C", captured_at=at
            )
            self.attended_at = at
            return
        assert self.situation is not None
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            changed = handler(self, at, event)
            self.situation = self.situation._replace(**changed)

    # What each event changes.

    def _offered(self, at: datetime, event: ev.AssignmentOffered) -> dict[str, Any]:
        return {
            "has_owner": True, "accepted_at": None, "accept_by": event.accept_by, "pooled_at": None, **self._passed_over(at),
        }  # fmt: skip

    def _claimed(self, at: datetime, _event: Event) -> dict[str, Any]:
        return {"has_owner": True, "accepted_at": at, "accept_by": None, "pooled_at": None, **self._passed_over(at)}

    def _passed_over(self, at: datetime) -> dict[str, Any]:
        self.attended_at = at
        now = self.situation
        assert now is not None
        if now.next_due_at is None or now.next_due_at > at:
            return {}
        hours = self.playbook.pace[now.grade].accept_hours
        return {"snoozed_until": add_hours(self.calendar, at, hours)}

    def _declined(self, at: datetime, event: ev.AssignmentDeclined) -> dict[str, Any]:
        self.attended_at = at if event.lapsed else self.attended_at
        return {}

    def _handover_declined(self, at: datetime, event: ev.HandoverDeclined) -> dict[str, Any]:
        self.attended_at = at if event.lapsed else self.attended_at
        return {"accept_by": None}

    def _owner_changed(self, at: datetime, event: ev.OwnerChanged) -> dict[str, Any]:
        if event.how != "handover":
            return {}
        return {"has_owner": True, "accepted_at": at, "accept_by": None, "pooled_at": None}

    def _closed(self, at: datetime, event: ev.OpportunityWon | ev.OpportunityLost) -> dict[str, Any]:
        assert self.situation is not None
        won = isinstance(event, ev.OpportunityWon)
        kind = StageKind.WON if won else StageKind.LOST
        asked = self.playbook.review_won if won else self.playbook.review_lost
        review = add_days(self.calendar, at, self.playbook.review_days) if self.situation.grade in asked else None
        return {
            "closed_at": at,
            "stage_key": self.playbook.closing_stage(kind).key,
            "stage_entered_at": at,
            "next_due_at": None,
            "snoozed_until": None,
            "review_due_at": review or self.situation.review_due_at,
            "win_back_on": event.win_back_on if isinstance(event, ev.OpportunityLost) else self.situation.win_back_on,
        }

    def _reopened(self, at: datetime, event: ev.OpportunityReopened) -> dict[str, Any]:
        self.attended_at = at
        return {
            "closed_at": None, "stage_key": event.stage, "stage_entered_at": at, "review_due_at": None, "win_back_on": None,
        }  # fmt: skip

    def _stepped(self, at: datetime, event: ev.LadderStepTaken) -> dict[str, Any]:
        self.attended_at = at
        if event.step == Step.WARN:
            return {"warned_at": event.told_at or at}
        return (
            {"escalated_at": at} if event.step == Step.ESCALATE and event.cause == Cause.NEXT_STEP and event.to else {}
        )

    def _undone(self, _at: datetime, event: ev.ActionUndone) -> dict[str, Any]:
        former = self._undo.get(event.event_id, {}).get("fields", {})
        found = {
            name: datetime.fromisoformat(value) if isinstance(value, str) else value
            for name, value in former.items()
            if name in _INSTANTS
        }
        found |= {name: former[name] for name in ("stage_key", "grade") if name in former}
        if "win_back_on" in former:
            value = former["win_back_on"]
            found["win_back_on"] = date.fromisoformat(value) if isinstance(value, str) else value
        return found


_HANDLERS: dict[type[Event], Callable[[Replay, datetime, Any], dict[str, Any]]] = {
    ev.Graded: lambda _r, _at, event: {"grade": event.grade},
    ev.AssignmentOffered: Replay._offered,
    ev.AssignmentAccepted: lambda _r, at, _event: {"has_owner": True, "accepted_at": at, "accept_by": None},
    ev.AssignmentDeclined: Replay._declined,
    ev.PutInPool: lambda _r, at, _event: {
        "has_owner": False, "accepted_at": None, "accept_by": None, "pooled_at": at,
    },
    ev.Claimed: Replay._claimed,
    ev.FollowUpLogged: lambda _r, at, _event: {"last_follow_up_at": at},
    ev.NextStepSet: lambda _r, _at, event: {"next_due_at": event.due_at, "snoozed_until": None},
    ev.NextStepDone: lambda _r, _at, _event: {"next_due_at": None, "snoozed_until": None},
    ev.NextStepSnoozed: lambda _r, _at, event: {"snoozed_until": event.until},
    ev.StageChanged: lambda _r, at, event: {"stage_key": event.after, "stage_entered_at": at},
    ev.OpportunityWon: Replay._closed,
    ev.OpportunityLost: Replay._closed,
    ev.OpportunityReopened: Replay._reopened,
    ev.HandoverOffered: lambda _r, _at, event: {"accept_by": event.accept_by},
    ev.HandoverDeclined: Replay._handover_declined,
    ev.OwnerChanged: Replay._owner_changed,
    ev.LadderStepTaken: Replay._stepped,
    ev.ReviewWritten: lambda _r, at, _event: {"reviewed_at": at},
    ev.ActionUndone: Replay._undone,
}  # fmt: skip
