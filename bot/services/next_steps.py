"""Owns the one open next step of an opportunity: setting it, doing it, and what lists read of it."""

from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value

from bot.domain.events import NextStepDone, NextStepSet
from bot.models import NextStep, Opportunity
from bot.services.recording import Recorder


def set_next_step(recorder: Recorder, opportunity: Opportunity, text: str, due_at: datetime) -> int:
    """Make it the open next step; the former one must be done or cancelled by then.

    Returns:
        Its number.
    """
    step_id = _insert(recorder, opportunity, text, due_at)
    opportunity.next_step_id, opportunity.next_text, opportunity.next_due_at = step_id, text, due_at
    opportunity.snoozed_until = None
    return step_id


def set_first_step(recorder: Recorder, opportunity: Opportunity, text: str, due_at: datetime) -> None:
    """Give a new opportunity, whose row says already what comes next, its step."""
    step_id = _insert(recorder, opportunity, text, due_at)
    # One column that nobody looks at yet is no change of the opportunity: its version stays.
    recorder.session.connection().execute(_FIRST, {"number": opportunity.id, "step_id": step_id})
    set_committed_value(opportunity, "next_step_id", step_id)


_FIRST = (
    update(Opportunity)
    .where(Opportunity.id == bindparam("number"))
    .values(next_step_id=bindparam("step_id"))
    .execution_options(synchronize_session=False)
)


_DONE = update(NextStep).where(NextStep.id == bindparam("number")).values(done_at=bindparam("moment"))
_CANCELLED = update(NextStep).where(NextStep.id == bindparam("number")).values(cancelled_at=bindparam("moment"))


def _insert(recorder: Recorder, opportunity: Opportunity, text: str, due_at: datetime) -> int:
    step_id = recorder.insert(
        NextStep,
        opportunity_id=opportunity.id,
        text=text,
        due_at=due_at,
        created_at=recorder.now,
        created_by_id=recorder.by.member_id,
    )
    recorder.event(opportunity, NextStepSet(step_id, text, due_at))
    return step_id


def finish_next_step(recorder: Recorder, opportunity: Opportunity, *, is_done: bool = True) -> int | None:
    """End the open next step, as done or as not needed any more.

    Returns:
        Its number, or None if there was none.
    """
    step_id, text, due_at = opportunity.next_step_id, opportunity.next_text, opportunity.next_due_at
    if step_id is None or due_at is None:
        return None
    opportunity.next_step_id = opportunity.next_text = opportunity.next_due_at = opportunity.snoozed_until = None
    recorder.session.connection().execute(_DONE if is_done else _CANCELLED, {"number": step_id, "moment": recorder.now})
    if is_done:
        recorder.event(opportunity, NextStepDone(step_id, text or "", due_at, recorder.now > due_at))
    return step_id
