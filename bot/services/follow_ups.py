"""Owns follow-ups: what was said, what the customer answered, and what comes next."""

from datetime import datetime, timedelta
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from bot.domain.events import FollowUpLogged, NextStepSnoozed
from bot.errors import NextStepRequired, RuleBroken, Text
from bot.models import FollowUp, Member
from bot.services.access import check_acts
from bot.services.assignments import accept_by_acting
from bot.services.desk import Actor, Desk
from bot.services.forms import check_future, read_form
from bot.services.next_steps import finish_next_step, set_next_step
from bot.services.reading import done as outcome
from bot.services.recording import Recorder, changed, ground_of, load, snapshot
from bot.services.values import Done

Way = Literal["call", "visit", "meeting", "wechat", "mail", "other"]


class FollowUpForm(BaseModel):
    """What is typed for a follow-up; the next step and its due time are demanded by the loop, not by the form."""

    model_config = ConfigDict(frozen=True)

    opportunity_id: int
    way: Way = "other"
    said: str = Field(min_length=1, max_length=3000)
    answered: str | None = Field(default=None, max_length=3000)
    next_step: str | None = Field(default=None, max_length=500)
    next_due_at: AwareDatetime | None = None
    permalink: str | None = Field(default=None, max_length=500)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)


def log(desk: Desk, form: FollowUpForm, *, by: Actor) -> Done:
    """Record a follow-up, end the former next step and set the new one.

    Args:
        desk: The record and the clock.
        form: What was typed.
        by: The owner; a manager or admin acts for an absent owner, and is shown as such.

    Raises:
        NextStepRequired: The opportunity stays open, so something must come next, with a time.
        InvalidInput: The time has passed.
        NotAllowed: It belongs to somebody else.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, form.opportunity_id, lock=True)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        check_acts(opportunity, by, owner)
        recorder = Recorder(desk, session, by)
        if form.next_step is None or form.next_due_at is None:
            raise NextStepRequired("follow_up.next_step_required")
        check_future("next_due_at", form.next_due_at, recorder.now)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        before = snapshot(opportunity)
        accept_by_acting(recorder, opportunity)
        row_id = recorder.insert(
            FollowUp,
            opportunity_id=opportunity.id,
            member_id=by.member_id,
            way=form.way,
            said=form.said,
            answered=form.answered,
            permalink=form.permalink,
            at=recorder.now,
        )
        event = recorder.event(
            opportunity,
            FollowUpLogged(
                follow_up_id=row_id,
                way=form.way,
                said=form.said,
                answered=form.answered,
                for_member=owner.name if owner is not None and owner.id != by.member_id else None,
                permalink=form.permalink,
            ),
        )
        finished = finish_next_step(recorder, opportunity)
        step_id = set_next_step(recorder, opportunity, form.next_step, form.next_due_at)
        opportunity.last_follow_up_at = recorder.now
        opportunity.protected_until = recorder.now + timedelta(days=ground.playbook.protection_days)
        if form.way in {"meeting", "visit"}:
            opportunity.facts = {**opportunity.facts, "meeting": form.way}
        recorder.regrade(opportunity, ground)
        recorder.attend(opportunity, ground)
        undo = {"fields": changed(opportunity, before), "follow_up": row_id, "finished": finished, "set": step_id}
        event.payload = {**event.payload, "undo": undo}
        recorder.card(opportunity, ground.team)
        said = Text("follow_up.done", next_step=form.next_step, due=form.next_due_at)
        return outcome(session, opportunity, by, recorder.now, event, said)


def snooze(desk: Desk, opportunity_id: int, until: datetime, *, by: Actor) -> Done:
    """Keep quiet about the next step until a time; its due time, and the manager's clock, stay as they are.

    Raises:
        InvalidInput: The time has passed.
        RuleBroken: There is no next step to snooze.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        check_acts(opportunity, by, owner)
        recorder = Recorder(desk, session, by)
        check_future("until", until, recorder.now)
        if opportunity.next_step_id is None:
            raise RuleBroken("follow_up.no_next_step")
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        before = snapshot(opportunity)
        opportunity.snoozed_until = until
        recorder.attend(opportunity, ground)
        event = recorder.event(opportunity, NextStepSnoozed(opportunity.next_step_id, until))
        event.payload = {**event.payload, "undo": {"fields": changed(opportunity, before)}}
        return outcome(session, opportunity, by, recorder.now, event, Text("follow_up.snoozed", until=until))
