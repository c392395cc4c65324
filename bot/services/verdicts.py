"""Owns what a ruling does: an opportunity goes to the one who asked, with its whole history, into their team."""

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.events import OwnerChanged, TeamChanged
from bot.domain.playbook import Playbook, Stage, StageKind
from bot.errors import RuleBroken
from bot.models import Member, Opportunity, Team
from bot.services import assignments
from bot.services.recording import Ground, Recorder, enter_stage, ground_of

_OWNERS = frozenset({"rep", "manager", "admin"})


def check_can_own(member: Member) -> None:
    """Refuse to give an opportunity to one who cannot own it.

    Raises:
        RuleBroken: They are deactivated, or on no team.
    """
    if not member.is_active:
        raise RuleBroken("ruling.asker_gone", asker=member.name)
    if member.role not in _OWNERS or (member.team_id is None and member.role == "rep"):
        raise RuleBroken("ruling.asker_cannot_own", asker=member.name)


def give(recorder: Recorder, opportunity: Opportunity, taker: Member) -> Ground:
    """Make the taker the accepted owner; stage, next step, protection and history go along.

    Returns:
        The ground on which the opportunity stands now: the taker's team, if it is another.

    Raises:
        RuleBroken: The opportunity is closed, or the taker cannot own it.
    """
    session, now = recorder.session, recorder.now
    if opportunity.closed_at is not None:
        raise RuleBroken("ruling.closed_meanwhile")
    check_can_own(taker)
    before = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    assignments.withdraw(recorder, opportunity)
    if taker.team_id is not None and taker.team_id != opportunity.team_id:
        move(recorder, opportunity, session.get_one(Team, taker.team_id))
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    if before is None or before.id != taker.id:
        recorder.event(
            opportunity,
            OwnerChanged(before.id if before else None, before.name if before else None, taker.id, taker.name, "ruled"),
        )
    opportunity.owner_id, opportunity.accepted_at = taker.id, now
    opportunity.accept_by = opportunity.pooled_at = None
    opportunity.owner_reason = {"key": "assign.ruled", "params": {"name": recorder.by.name}}
    opportunity.protected_until = now + timedelta(days=ground.playbook.protection_days)
    taker.last_assigned_at = now
    # What fell due before it was theirs is not held against the new owner.
    opportunity.attended_at = now
    if opportunity.next_due_at is not None and opportunity.next_due_at <= now:
        pace = ground.playbook.pace[opportunity.grade]
        opportunity.snoozed_until = calendar.add_hours(ground.calendar, now, pace.accept_hours)
    return ground


def move(recorder: Recorder, opportunity: Opportunity, team: Team) -> None:
    """Take an opportunity into another team: its stage there, its grade by that team's playbook, its card in that channel."""
    session, now = recorder.session, recorder.now
    before = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    kind, key = StageKind(opportunity.stage_kind), opportunity.stage_key
    opportunity.team_id, opportunity.playbook_id = team.id, _playbook_id(team)
    ground = ground_of(session, team.id, opportunity.playbook_id)
    stage = stage_there(ground.playbook, key, kind)
    entered = opportunity.stage_entered_at if stage.key == key else now
    enter_stage(opportunity, stage.key, ground, entered)
    recorder.event(opportunity, TeamChanged(before.team.name, team.name, stage.key))
    # The points are another scorecard's now, even where they add up to the same.
    opportunity.score = -1
    recorder.regrade(opportunity, ground)
    _leave_channel(session, recorder, opportunity)


def stage_there(playbook: Playbook, key: str, kind: StageKind) -> Stage:
    """Return the stage in which an open opportunity goes on under another playbook: the same, else the first of its kind."""
    stages = playbook.open_stages
    same = next((stage for stage in stages if stage.key == key), None)
    return same or next((stage for stage in stages if stage.kind is kind), playbook.first_stage)


def _playbook_id(team: Team) -> int:
    if team.playbook_id is None:
        raise RuleBroken("ruling.no_playbook", team=team.name)
    return team.playbook_id


def _leave_channel(session: Session, recorder: Recorder, opportunity: Opportunity) -> None:
    """Have the card in the former channel say where it went; the next one is posted in the new team's channel."""
    channel, ts = opportunity.card_channel, opportunity.card_ts
    opportunity.card_channel = opportunity.card_ts = None
    if channel and ts:
        payload = {"opportunity_id": opportunity.id, "channel": channel, "ts": ts, "team_id": opportunity.team_id}
        session.flush()
        recorder.promise("moved", channel, payload, key=f"moved:{opportunity.id}:{ts}")
