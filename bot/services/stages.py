"""Owns the way through the stages, to won or lost, and back."""

from datetime import date, datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.events import OpportunityLost, OpportunityReopened, OpportunityWon, StageChanged
from bot.domain.pipeline import missing_facts
from bot.domain.playbook import Stage, StageKind
from bot.errors import CustomerProtected, ExitCriteriaUnmet, InvalidInput, LossReasonRequired, RuleBroken, Text
from bot.i18n import Translator
from bot.models import Customer, EventRow, Member, Opportunity, Review
from bot.services import departures, product_scope
from bot.services.access import check_acts
from bot.services.assignments import accept_by_acting
from bot.services.desk import Actor, Desk
from bot.services.edits import EditForm, apply_edit, contact_way, undo_of
from bot.services.forms import check_future_day, clean, read_form
from bot.services.leads import amount_of
from bot.services.next_steps import finish_next_step, set_next_step
from bot.services.protection import check_unregistered, is_shared
from bot.services.reading import done
from bot.services.recording import Ground, Recorder, changed, enter_stage, ground_of, load, snapshot
from bot.services.second_owners import settle
from bot.services.values import Done

_REASON_MOST = 500


class WinForm(BaseModel):
    """What is typed for a win; ``amount`` as typed, demanded where none is known."""

    model_config = ConfigDict(frozen=True)

    opportunity_id: int
    reason: str | None = None
    amount: str | None = Field(default=None, max_length=40)
    note: str | None = Field(default=None, max_length=2000)

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)


class LossForm(BaseModel):
    """What is typed for a loss; ``win_back`` asks for the playbook's win-back date where none is given."""

    model_config = ConfigDict(frozen=True)

    opportunity_id: int
    reason: str | None = None
    competitor: str | None = Field(default=None, max_length=200)
    note: str | None = Field(default=None, max_length=2000)
    win_back: bool = False
    win_back_on: date | None = None

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)


def advance(
    desk: Desk, opportunity_id: int, to_key: str, *, by: Actor, edit: EditForm | None = None, version: int | None = None
) -> Done:
    """Move an opportunity to another open stage.

    Args:
        desk: The record and the clock.
        opportunity_id: Primary key.
        to_key: Key of the stage.
        by: Its owner, or who may act for them.
        edit: Facts typed in the same form, such as those the exit criteria demand.
        version: The version the member looked at.

    Raises:
        ExitCriteriaUnmet: Facts are missing; ``params["missing"]`` are the criteria.
        RuleBroken: The playbook does not allow to skip or to go back.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder = _begin(desk, session, opportunity_id, by, version)
        stage = _target(ground, to_key)
        before = snapshot(opportunity)
        edited = apply_edit(recorder, opportunity, ground, edit) if edit is not None else None
        _check_move(session, opportunity, ground, stage)
        event = _move(recorder, opportunity, ground, stage)
        recorder.regrade(opportunity, ground)
        recorder.attend(opportunity, ground)
        fields = changed(opportunity, before)
        event.payload = {**event.payload, "undo": undo_of(edited, fields) if edited else {"fields": fields}}
        recorder.card(opportunity, ground.team)
        said = Text("stage.done", stage=stage.name)
        return done(session, opportunity, by, recorder.now, event, said, remarks=recorder.remarks)


def win(desk: Desk, form: WinForm, *, by: Actor) -> Done:
    """Close an opportunity as won.

    Raises:
        RuleBroken: No reason from the team's list.
        InvalidInput: The amount is missing or unreadable.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder = _begin(desk, session, form.opportunity_id, by, None)
        reason = ground.playbook.reason(StageKind.WON, form.reason)
        if reason is None or reason.imports_only:
            raise RuleBroken("close.win_reason_required")
        if reason.needs_note and not form.note:
            raise InvalidInput({"note": Text("close.note_required")})
        before = snapshot(opportunity)
        if form.amount is not None:
            opportunity.amount_minor, opportunity.currency = amount_of(form.amount, opportunity.currency)
        if opportunity.amount_minor is None:
            raise InvalidInput({"amount": Text("close.amount_required")})
        recorder.regrade(opportunity, ground)
        event = recorder.event(
            opportunity,
            OpportunityWon(
                opportunity.stage_key, reason.key, opportunity.amount_minor, opportunity.currency, form.note
            ),
        )
        finished = _close(recorder, opportunity, ground, StageKind.WON, reason.key, form.note)
        event.payload = {**event.payload, "undo": {"fields": changed(opportunity, before), "finished": finished}}
        recorder.tell(ground.team.manager_id, "notice.won", opportunity_id=opportunity.id, member=by.name)
        return done(session, opportunity, by, recorder.now, event, Text("close.won"))


def lose(desk: Desk, form: LossForm, *, by: Actor) -> Done:
    """Close an opportunity as lost; the stage it was in is kept.

    Raises:
        LossReasonRequired: No reason from the team's list.
        InvalidInput: The reason wants a note, or the win-back date has passed.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder = _begin(desk, session, form.opportunity_id, by, None)
        reason = ground.playbook.reason(StageKind.LOST, form.reason)
        if reason is None or reason.imports_only:
            raise LossReasonRequired("close.loss_reason_required")
        if reason.needs_note and not form.note:
            raise InvalidInput({"note": Text("close.note_required")})
        today = calendar.local_day(ground.calendar, recorder.now)
        check_future_day("win_back_on", form.win_back_on, today)
        win_back_on = form.win_back_on or (
            today + timedelta(days=ground.playbook.win_back_days) if form.win_back else None
        )
        before = snapshot(opportunity)
        opportunity.competitor, opportunity.win_back_on = form.competitor, win_back_on
        event = recorder.event(
            opportunity, OpportunityLost(opportunity.stage_key, reason.key, form.competitor, form.note, win_back_on)
        )
        finished = _close(recorder, opportunity, ground, StageKind.LOST, reason.key, form.note)
        event.payload = {**event.payload, "undo": {"fields": changed(opportunity, before), "finished": finished}}
        return done(session, opportunity, by, recorder.now, event, Text("close.lost"))


def reopen(desk: Desk, opportunity_id: int, reason: str | None, *, by: Actor) -> Done:
    """Open a closed opportunity again, in the stage it was closed from.

    Raises:
        InvalidInput: No reason.
        RuleBroken: It is open.
        CustomerProtected: Somebody else has the customer by now.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        check_acts(opportunity, by, _owner(session, opportunity), open_only=False)
        if opportunity.closed_at is None:
            raise RuleBroken("error.not_closed")
        why = clean(reason or "")[:_REASON_MOST]
        if not why:
            raise InvalidInput({"reason": Text("error.required")})
        recorder = Recorder(desk, session, by)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        check_customer_free(session, opportunity, ground, recorder.now)
        stage = opportunity.closed_from or ground.playbook.first_stage.key
        enter_stage(opportunity, stage, ground, recorder.now)
        opportunity.closed_at = opportunity.closed_from = opportunity.close_reason = opportunity.close_note = None
        opportunity.competitor = opportunity.win_back_on = opportunity.review_due_at = None
        opportunity.attended_at = recorder.now
        recorder.event(opportunity, OpportunityReopened(stage, why))
        recorder.regrade(opportunity, ground)
        text = Translator(ground.team.locale)("close.first_step")
        set_next_step(recorder, opportunity, text, ground.accept_by(opportunity, recorder.now))
        departures.check_owner(recorder, opportunity)
        settle(recorder, opportunity, ground)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("close.reopened"))


def check_customer_free(session: Session, opportunity: Opportunity, ground: Ground, now: datetime) -> None:
    """Refuse to open an opportunity again whose customer went to somebody else while it was closed.

    Raises:
        CustomerProtected: It did.
    """
    # Captures of this customer wait for the same row, so that none can come between the look and the write.
    customer = session.scalar(
        select(Customer).where(Customer.id == opportunity.customer_id).with_for_update(key_share=True)
    )
    statement = select(Opportunity).where(
        Opportunity.customer_id == opportunity.customer_id,
        Opportunity.id != opportunity.id,
        Opportunity.closed_at.is_(None),
        Opportunity.owner_id.is_distinct_from(opportunity.owner_id),
    )
    about = product_scope.about(session, opportunity.customer_id, opportunity.product, ground.playbook)
    statement = statement.where(*about)
    if customer is not None:
        check_unregistered(session, customer, opportunity.owner_id, now)
    others = session.scalars(statement.order_by(Opportunity.id))
    mine = opportunity.owner_id
    other = next((one for one in others if not is_shared(session, one.customer_id, mine, one.owner_id, now)), None)
    if other is None or customer is None:
        return
    owner = _owner(session, other)
    if owner is None:
        raise CustomerProtected("lead.capture.in_pool", customer=customer.name)
    raise CustomerProtected("lead.capture.taken", customer=customer.name, owner=owner.name)


def _begin(
    desk: Desk, session: Session, opportunity_id: int, by: Actor, version: int | None
) -> tuple[Opportunity, Ground, Recorder]:
    opportunity = load(session, opportunity_id, version=version, lock=True)
    check_acts(opportunity, by, _owner(session, opportunity))
    recorder = Recorder(desk, session, by)
    accept_by_acting(recorder, opportunity)
    return opportunity, ground_of(session, opportunity.team_id, opportunity.playbook_id), recorder


def _owner(session: Session, opportunity: Opportunity) -> Member | None:
    return session.get(Member, opportunity.owner_id) if opportunity.owner_id else None


def _target(ground: Ground, to_key: str) -> Stage:
    for stage in ground.playbook.open_stages:
        if stage.key == to_key:
            return stage
    raise InvalidInput({"stage": Text("stage.unknown")})


def _check_move(session: Session, opportunity: Opportunity, ground: Ground, stage: Stage) -> None:
    playbook = ground.playbook
    if stage.key == opportunity.stage_key:
        raise InvalidInput({"stage": Text("stage.same")})
    at, to = playbook.position(opportunity.stage_key), playbook.position(stage.key)
    if to < at:
        if not playbook.may_reverse:
            raise InvalidInput({"stage": Text("stage.no_reverse")})
        return
    if to > at + 1 and not playbook.may_skip:
        raise InvalidInput({"stage": Text("stage.no_skip")})
    # Skipping is allowed; leaving out what each skipped stage would have asked for is not.
    demanded = [one for left in playbook.stages[at:to] for one in left.criteria]
    missing = missing_facts(
        demanded,
        has_contact_way=contact_way(session, opportunity),
        need=opportunity.need,
        facts=opportunity.facts,
        amount_minor=opportunity.amount_minor,
        expected_close_on=opportunity.expected_close_on,
    )
    if missing:
        raise ExitCriteriaUnmet("stage.criteria_unmet", missing=missing)


def _move(recorder: Recorder, opportunity: Opportunity, ground: Ground, stage: Stage) -> EventRow:
    playbook = ground.playbook
    hours = calendar.hours_between(ground.calendar, opportunity.stage_entered_at, recorder.now)
    former = opportunity.stage_key
    forward = playbook.position(stage.key) > playbook.position(former)
    enter_stage(opportunity, stage.key, ground, recorder.now)
    return recorder.event(opportunity, StageChanged(former, stage.key, round(hours, 2), forward))


def _close(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, kind: StageKind, reason: str, note: str | None
) -> int | None:
    now = recorder.now
    opportunity.closed_from = opportunity.stage_key
    enter_stage(opportunity, ground.playbook.closing_stage(kind).key, ground, now)
    opportunity.closed_at, opportunity.close_reason, opportunity.close_note = now, reason, note
    finished = finish_next_step(recorder, opportunity, is_done=False)
    graded = ground.playbook.review_won if kind is StageKind.WON else ground.playbook.review_lost
    if opportunity.grade in graded:
        opportunity.review_due_at = calendar.add_days(ground.calendar, now, ground.playbook.review_days)
        recorder.session.add(
            Review(
                workspace_id=opportunity.workspace_id, opportunity_id=opportunity.id, due_at=opportunity.review_due_at
            )
        )
    settle(recorder, opportunity, ground)
    recorder.attend(opportunity, ground)
    recorder.card(opportunity, ground.team)
    return finished
