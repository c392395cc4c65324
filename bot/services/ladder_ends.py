"""Owns the steps of the ladder that change whose an opportunity is: an offer or a handover lapses, or it is recycled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain.attention import Rung, Step
from bot.domain.events import HandoverDeclined, LadderStepTaken
from bot.models import Assignment, Member, Opportunity, Team
from bot.services import assignments, cooling, departures
from bot.services.desk import Desk, system_actor
from bot.services.reading import pending_assignment
from bot.services.recording import Ground, Recorder, ground_of

STEPS = frozenset({Step.REOFFER, Step.LAPSE, Step.RECYCLE})


def take(
    desk: Desk,
    session: Session,
    ends: Sequence[tuple[Any, tuple[Rung, ...]]],
    changes: dict[int, dict[str, datetime | None]],
) -> None:
    """Take these steps for opportunities that the sweep holds already.

    Args:
        desk: The record and the clock.
        session: The sweep's transaction, over all workspaces.
        ends: Opportunities, as rows with at least id and team, each with its steps in order.
        changes: By opportunity, which of its moments this very sweep changes: when its owner is warned, or nobody was.
    """
    # Who gives to the same people does so one after the other, teams in one order: nobody waits in a circle.
    session.execute(
        select(Team.id)
        .where(Team.id.in_({row.team_id for row, _ in ends}))
        .order_by(Team.id)
        .with_for_update(key_share=True)
    )
    rows = {
        one.id: one
        for one in session.scalars(select(Opportunity).where(Opportunity.id.in_([row.id for row, _ in ends])))
    }
    for row, rungs in ends:
        opportunity = rows[row.id]
        # From here on it is as if somebody of its workspace acted: nothing of another one is seen, and indexes begin with it.
        session.info["workspace_id"] = opportunity.workspace_id
        recorder = Recorder(desk, session, system_actor(opportunity.workspace_id))
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        opportunity.attended_at = recorder.now
        for name, moment in changes.get(row.id, {}).items():
            setattr(opportunity, name, moment)
        for rung in rungs:
            _take(recorder, opportunity, ground, rung)
        recorder.attend(opportunity, ground)
    session.info["workspace_id"] = None


def _take(recorder: Recorder, opportunity: Opportunity, ground: Ground, rung: Rung) -> None:
    if rung.step is Step.RECYCLE:
        _recycle(recorder, opportunity, ground, rung)
        return
    waiting = pending_assignment(recorder.session, opportunity)
    if waiting is not None and waiting.kind == "offer":
        assignments.decline(recorder, opportunity, ground, waiting, None, lapsed=True)
        return
    opportunity.accept_by = None
    if waiting is not None:
        _lapse(recorder, opportunity, ground, waiting)


def _lapse(recorder: Recorder, opportunity: Opportunity, ground: Ground, waiting: Assignment) -> None:
    """Leave it with the one who has it: they are told, and so is the manager."""
    taker = recorder.session.get_one(Member, waiting.member_id)
    waiting.state, waiting.answered_at = "lapsed", recorder.now
    recorder.event(opportunity, HandoverDeclined(taker.id, taker.name, None, lapsed=True))
    for member_id in dict.fromkeys((waiting.from_member_id or opportunity.owner_id, ground.team.manager_id)):
        recorder.tell(member_id, "notice.handover_lapsed", opportunity_id=opportunity.id, member=taker.name)
    recorder.session.flush()
    if opportunity.owner_id is not None and opportunity.accepted_at is None and not departures.is_marked(opportunity):
        # It was offered on before its owner had accepted it: somebody must be asked again.
        resting = cooling.resting_ids(recorder.session, opportunity, recorder.now)
        assignments.offer_by_rules(recorder, opportunity, ground, asked=resting | {taker.id})


def _recycle(recorder: Recorder, opportunity: Opportunity, ground: Ground, rung: Rung) -> None:
    former = recorder.session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    recorder.event(opportunity, LadderStepTaken(rung.cause, rung.step, rung.moment, former.name if former else None))
    assignments.put_in_pool(recorder, opportunity, ground, cause="recycled", former=former)
    if former is not None:
        recorder.tell(former.id, "notice.recycled", opportunity_id=opportunity.id, gathered=ground.calendar)
