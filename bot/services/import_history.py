"""Owns what an imported opportunity looks like: the values of its row, and the events that its file tells of."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, insert

from bot.domain import attention, calendar, grading, health
from bot.domain.attention import Situation
from bot.domain.events import (
    AssignmentAccepted,
    Event,
    Graded,
    LeadCaptured,
    OpportunityLost,
    OpportunityWon,
    PutInPool,
    StageChanged,
)
from bot.domain.playbook import StageKind
from bot.models import EventRow, Opportunity
from bot.services.desk import Actor
from bot.services.import_plan import PlannedRow, PlannedTeam

if TYPE_CHECKING:
    from bot.domain.health import Checked


class HistoryWriter:
    """Makes rows and events of planned rows; what many rows share is computed once.

    Args:
        by: Who imports.
        now: The moment of the import: what lies before it has been attended to.
    """

    def __init__(self, by: Actor, now: datetime) -> None:
        self.by, self.now = by, now
        self._grades: dict[tuple[Any, ...], grading.Grade] = {}
        self._limits: dict[tuple[Any, ...], datetime] = {}
        self._moments: dict[tuple[PlannedTeam, Situation], datetime] = {}

    def values(self, planned: PlannedRow, contact_id: int | None) -> dict[str, Any]:
        """Return the columns of an opportunity's row."""
        row, team, stage = planned.row, planned.team, planned.stage
        grade = self._grade(planned)
        owner_id = planned.owner.id if planned.owner is not None else None
        is_open = planned.closed_at is None
        entered_at = planned.captured_at if planned.closed_at is None else planned.closed_at
        values = {
            **_BLANK,
            "workspace_id": self.by.workspace_id,
            "team_id": team.id,
            "playbook_id": team.playbook_id,
            "customer_id": planned.customer.id,
            "contact_id": contact_id,
            "external_ref": row.ref,
            "need": row.need,
            "amount_minor": row.amount_minor,
            "currency": row.currency or team.playbook.currency,
            "source": row.source,
            "product": row.product,
            "region": row.region or planned.customer.region,
            "industry": row.industry or planned.customer.industry,
            "expected_close_on": planned.expected_close_on,
            "stage_key": stage.key,
            "stage_kind": stage.kind.value,
            "stage_entered_at": entered_at,
            "stage_limit_at": self._limit(planned, entered_at) if is_open else None,
            "grade": grade.letter,
            "score": grade.score,
            "grade_points": [[point.criterion, point.option, point.points] for point in grade.points],
            "owner_id": owner_id,
            "owner_reason": {"key": "assign.imported", "params": {}} if owner_id is not None else None,
            "accepted_at": planned.captured_at if owner_id is not None else None,
            "pooled_at": planned.captured_at if owner_id is None and is_open else None,
            "protected_until": planned.captured_at + timedelta(days=team.playbook.protection_days),
            "has_collision": planned.has_collision,
            "customer_known": planned.customer.is_identified,
            "attention_at": self._attention(planned, grade.letter) if is_open else None,
            "attended_at": self.now,
            "captured_at": planned.captured_at,
            "captured_by_id": self.by.member_id,
            "closed_at": planned.closed_at,
            "closed_from": None if is_open else _former(planned),
            "close_reason": planned.reason,
            "close_note": planned.note,
        }
        values["broken_from"] = health.broken_from(cast("Checked", SimpleNamespace(**values)))
        return values

    def _grade(self, planned: PlannedRow) -> grading.Grade:
        row, playbook = planned.row, planned.team.playbook
        today = calendar.local_day(planned.team.calendar, planned.closed_at or self.now)
        facts, _ = grading.known_facts({}, source=row.source, need=row.need, playbook=playbook)
        key = (
            id(playbook),
            tuple(facts.items()),
            row.amount_minor,
            row.currency,
            planned.expected_close_on,
            today if planned.expected_close_on else None,
        )
        found = self._grades.get(key)
        if found is None:
            found = self._grades[key] = grading.grade(
                facts,
                amount_minor=row.amount_minor,
                currency=row.currency,
                expected_close_on=planned.expected_close_on,
                today=today,
                playbook=playbook,
            )
        return found

    def _limit(self, planned: PlannedRow, entered_at: datetime) -> datetime | None:
        days, worked = planned.stage.limit_days, planned.team.calendar
        if days is None:
            return None
        key = (worked, days, entered_at)
        if key not in self._limits:
            self._limits[key] = calendar.add_days(worked, entered_at, days)
        return self._limits[key]

    def _attention(self, planned: PlannedRow, letter: str) -> datetime:
        has_owner = planned.owner is not None
        situation = Situation(
            stage_key=planned.stage.key,
            stage_entered_at=planned.captured_at,
            grade=letter,
            captured_at=planned.captured_at,
            has_owner=has_owner,
            accepted_at=planned.captured_at if has_owner else None,
            pooled_at=None if has_owner else planned.captured_at,
        )
        key = (planned.team, situation)
        found = self._moments.get(key)
        if found is None:
            team = planned.team
            coming = attention.next_rung(situation, team.playbook, team.calendar, after=self.now)
            # Something open always has a next moment; were it otherwise, it would be looked at right away.
            found = self._moments[key] = coming.moment if coming is not None else self.now
        return found

    def write(self, connection: Connection, rows: list[tuple[int, PlannedRow, dict[str, Any]]]) -> None:
        """Append the events of written rows: number, plan, and the columns of each."""
        events = [
            {
                "workspace_id": self.by.workspace_id,
                "opportunity_id": number,
                "kind": event.kind,
                "at": at,
                "actor_id": self.by.member_id,
                "payload": event.payload(),
            }
            for number, planned, values in rows
            for at, event in _events(planned, values)
        ]
        connection.execute(insert(EventRow), events)


def _events(planned: PlannedRow, values: dict[str, Any]) -> list[tuple[datetime, Event]]:
    """Return what the file tells of an opportunity, in order, each with its moment."""
    row, playbook, began = planned.row, planned.team.playbook, planned.captured_at
    first = playbook.first_stage.key
    found: list[tuple[datetime, Event]] = [
        (
            began,
            LeadCaptured(
                planned.customer.name, row.need, "import", first, row.amount_minor, values["currency"], row.source
            ),
        ),
        (began, Graded(values["grade"], values["score"], values["grade_points"])),
    ]
    if planned.owner is not None and planned.owner.id is not None:
        found.append((began, AssignmentAccepted(planned.owner.id, planned.owner.person.name)))
    elif planned.closed_at is None:
        found.append((began, PutInPool("nobody")))
    reached = planned.stage.key if planned.closed_at is None else _former(planned)
    if reached != first:
        # The file has no date of its own for the move: it is told at the beginning, after no time in the first stage.
        found.append((began, StageChanged(first, reached)))
    if planned.closed_at is not None and planned.reason is not None:
        if planned.stage.kind is StageKind.WON:
            won = OpportunityWon(reached, planned.reason, row.amount_minor, values["currency"], planned.note)
            found.append((planned.closed_at, won))
        else:
            found.append((planned.closed_at, OpportunityLost(reached, planned.reason, note=planned.note)))
    return found


def _former(planned: PlannedRow) -> str:
    said = planned.team.stage(planned.row.closed_from)
    return planned.team.playbook.first_stage.key if said is None or said.kind.is_closed else said.key


# Every column, so that all rows go in with one statement.
_BLANK: dict[str, Any] = {
    column.name: None for column in Opportunity.__table__.columns if column.name not in {"id", "workspace_id"}
} | {"facts": {}, "version": 1, "has_collision": False, "customer_known": True}
