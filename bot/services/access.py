"""Owns who may see and do what."""

from sqlalchemy import ColumnElement, false, or_, true

from bot.domain.playbook import StageKind
from bot.errors import NotAllowed, NotFound, RuleBroken
from bot.models import Member, Opportunity
from bot.services.desk import Actor


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
