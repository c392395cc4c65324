"""Owns the one open next step of an opportunity: setting it, doing it, and what lists read of it."""

from datetime import datetime

from bot.domain.events import NextStepDone, NextStepSet
from bot.models import NextStep, Opportunity
from bot.services.recording import Recorder


def set_next_step(recorder: Recorder, opportunity: Opportunity, text: str, due_at: datetime) -> NextStep:
    """Make it the open next step; the former one must be done or cancelled by then."""
    step = NextStep(
        workspace_id=opportunity.workspace_id,
        opportunity_id=opportunity.id,
        text=text,
        due_at=due_at,
        created_at=recorder.now,
        created_by_id=recorder.by.member_id,
    )
    recorder.session.add(step)
    recorder.session.flush()
    opportunity.next_step_id, opportunity.next_text, opportunity.next_due_at = step.id, text, due_at
    opportunity.snoozed_until = None
    recorder.event(opportunity, NextStepSet(step.id, text, due_at))
    return step


def finish_next_step(recorder: Recorder, opportunity: Opportunity, *, is_done: bool = True) -> int | None:
    """End the open next step, as done or as not needed any more.

    Returns:
        Its number, or None if there was none.
    """
    if opportunity.next_step_id is None:
        return None
    step = recorder.session.get(NextStep, opportunity.next_step_id)
    opportunity.next_step_id = opportunity.next_text = opportunity.next_due_at = opportunity.snoozed_until = None
    if step is None:
        return None
    if is_done:
        step.done_at = recorder.now
        recorder.event(opportunity, NextStepDone(step.id, step.text, step.due_at, recorder.now > step.due_at))
    else:
        step.cancelled_at = recorder.now
    return step.id
