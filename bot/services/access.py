"""Owns who may see and do what."""

from datetime import datetime

from sqlalchemy import ColumnElement, false, or_, true
from sqlalchemy.orm import Session

from bot.domain.playbook import StageKind
from bot.domain.pooling import opened_before
from bot.errors import NotAllowed, NotFound, RuleBroken
from bot.models import Member, Opportunity, Team
from bot.services.desk import Actor
from bot.services.recording import calendar_of, ground_of


def visible_to(by: Actor) -> ColumnElement[bool]:
    """Return the condition for opportunities that the actor may see: their team's, those they manage, their own."""
    if by.is_admin:
        return true()
    teams = set(by.managed_team_ids) | ({by.team_id} if by.team_id is not None else set())
    conditions: list[ColumnElement[bool]] = []
    if teams:
        conditions.append(Opportunity.team_id.in_(sorted(teams)))
    if by.member_id is not None:
        conditions.append(Opportunity.owner_id == by.member_id)
    return or_(*conditions) if conditions else false()


def may_see(opportunity: Opportunity, by: Actor) -> bool:
    """Say whether the actor may see it."""
    return by.manages(opportunity.team_id) or opportunity.team_id == by.team_id or opportunity.owner_id == by.member_id


def check_sees(opportunity: Opportunity, by: Actor) -> None:
    """Refuse one who may not see it, without telling that it exists.

    Raises:
        NotFound: The actor may not see it.
    """
    if not may_see(opportunity, by):
        raise NotFound("error.not_found")


def may_act(opportunity: Opportunity, by: Actor) -> bool:
    """Say whether the actor may change it: its owner, the team's manager, an admin."""
    return (opportunity.owner_id is not None and opportunity.owner_id == by.member_id) or by.manages(
        opportunity.team_id
    )


def check_acts(opportunity: Opportunity, by: Actor, owner: Member | None, *, open_only: bool = True) -> None:
    """Refuse one who may not change it.

    Args:
        opportunity: What is to be changed.
        by: Who wants to.
        owner: Its owner's row, for the answer.
        open_only: Refuse a closed one too.

    Raises:
        NotFound: The actor may not even see it.
        NotAllowed: It belongs to somebody else.
        RuleBroken: It is closed.
    """
    check_sees(opportunity, by)
    if not may_act(opportunity, by):
        if owner is None:
            raise NotAllowed("error.in_pool")
        raise NotAllowed("error.not_yours", owner=owner.name)
    if open_only and StageKind(opportunity.stage_kind).is_closed:
        raise RuleBroken("error.closed")


def is_open_to_all(session: Session, opportunity: Opportunity, now: datetime) -> bool:
    """Say whether a pooled opportunity is in the workspace pool: every team's reps may claim it."""
    team = session.get_one(Team, opportunity.team_id)
    before = opened_before(calendar_of(team), now, ground_of(session, team.id).playbook.pool.to_all_days)
    return before is not None and opportunity.pooled_at is not None and opportunity.pooled_at < before


SELLS = frozenset({"rep", "manager", "admin"})
"""Roles whose members can own an opportunity."""


def claims(by: Actor) -> bool:
    """Say whether the actor is one who claims from the pool: one who sells in a team, and who does not assign instead."""
    return by.role in SELLS and not by.decides and by.member_id is not None and by.team_id is not None


def may_claim(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> bool:
    """Say whether a pooled opportunity is open to the actor's claim: it is of their team, or of any once it is open to all."""
    return claims(by) and _is_offered(session, opportunity, by, now)


def may_assign(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> bool:
    """Say whether the actor assigns a pooled opportunity: who manages its team, or any once it is open to all."""
    return by.decides and _is_offered(session, opportunity, by, now)


def _is_offered(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> bool:
    return may_see(opportunity, by) or is_open_to_all(session, opportunity, now)
