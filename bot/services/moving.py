"""Owns the way of an opportunity into another team: its stage and grade there, its card in the other channel, who is told."""

from bot.domain import calendar
from bot.domain.events import TeamChanged
from bot.domain.pooling import stage_in
from bot.errors import RuleBroken
from bot.models import Opportunity
from bot.services.recording import Ground, Recorder, enter_stage, ground_of


def move(recorder: Recorder, opportunity: Opportunity, team_id: int, *, taker: str, notice: str) -> Ground:
    """Take an opportunity into a team, if it is of another one.

    It keeps its stage, and the time it has been there, where that team's playbook has it; else it enters the first stage of
    the same kind. The former card says where it went, the former team's manager is told, and the new team gets a card of its own.

    Args:
        recorder: The transaction.
        opportunity: Its row.
        team_id: The team that it comes into.
        taker: The name of its new owner.
        notice: What the former team's manager is told, by key.

    Returns:
        The ground on which it stands from now on.

    Raises:
        RuleBroken: The other team has no playbook yet.
    """
    session = recorder.session
    former = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    if team_id == opportunity.team_id:
        return former
    ground = ground_of(session, team_id)
    if ground.team.playbook_id is None:
        raise RuleBroken("ruling.no_playbook", team=ground.team.name)
    opportunity.team_id, opportunity.playbook_id = ground.team.id, ground.team.playbook_id
    stage = stage_in(ground.playbook, former.playbook.stage(opportunity.stage_key))
    if stage.key != opportunity.stage_key:
        enter_stage(opportunity, stage.key, ground, recorder.now)
    elif stage.limit_days is not None:
        entered = opportunity.stage_entered_at
        opportunity.stage_limit_at = calendar.add_days(ground.calendar, entered, stage.limit_days)
    recorder.event(opportunity, TeamChanged(former.team.name, ground.team.name, stage.key))
    # The points are another scorecard's now, even where they add up to the same.
    opportunity.score = -1
    recorder.regrade(opportunity, ground)
    channel, ts = opportunity.card_channel, opportunity.card_ts
    opportunity.card_channel = opportunity.card_ts = None
    if channel and ts:
        recorder.card_moved(opportunity.id, channel, ts)
    manager_id = former.team.manager_id
    # A manager who owned it is told of that anyway.
    if manager_id != opportunity.owner_id:
        recorder.tell(
            manager_id,
            notice,
            opportunity_id=opportunity.id,
            member=taker,
            team=ground.team.name,
            manager=recorder.by.name,
        )
    return ground
