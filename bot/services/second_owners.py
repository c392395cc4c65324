"""Owns customers that came to two owners: by rules, when theirs could not take a lead, until a ruling or one owner is left.

A customer's owner stays its owner. Where they are away, full, paused or silent, a new lead of the customer does not wait for
them: the team's rules give it to somebody else, both opportunities are marked as colliding, and the manager is told. An owner
who declined the lead agreed that somebody else takes it, and one who is deactivated is replaced anyway: nothing is marked.
"""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from bot.domain import assignment, health
from bot.domain.events import CollisionMarked
from bot.models import Assignment, Customer, Member, Opportunity
from bot.services.choices import State
from bot.services.recording import Ground, Recorder


def mark_second_owner(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, state: State, chosen: Member
) -> None:
    """Mark both opportunities and tell the manager, where rules gave a customer's lead to another than its owner."""
    session = recorder.session
    owner = session.get(Member, state.customer_owner_id) if state.customer_owner_id is not None else None
    if owner is None or owner.id == chosen.id or not owner.is_active or _declined(session, opportunity, owner):
        return
    theirs = _open_ones(opportunity, ground).where(Opportunity.owner_id == owner.id)
    customer = session.get_one(Customer, opportunity.customer_id)
    if session.scalars(theirs.limit(1)).first() is None and customer.protected_by_id != owner.id:
        return  # of another product, where that is no collision
    # Who works on the other one at this very moment is not waited for: its mark is set when the next one looks.
    others = session.scalars(theirs.with_for_update(skip_locked=True, key_share=True)).all()
    why = _why(state, owner)
    for one, met, member in (
        (opportunity, others[0] if others else None, owner),
        *((o, opportunity, chosen) for o in others),
    ):
        if not one.has_collision:
            one.has_collision = True
            recorder.event(one, CollisionMarked(member.id, member.name, why, met.id if met else None))
            one.broken_from = health.broken_from(one)
    recorder.tell(
        ground.team.manager_id,
        "notice.two_owners",
        opportunity_id=opportunity.id,
        once=f"two_owners:{opportunity.id}:{owner.id}:{chosen.id}",
        customer=customer.name,
        owner=owner.name,
        member=chosen.name,
    )


def settle_second_owner(recorder: Recorder, opportunity: Opportunity, ground: Ground) -> None:
    """Take the marks off where one owner is left, after a change of owner or a close."""
    if not opportunity.has_collision:
        return
    session = recorder.session
    session.flush()
    # Nobody waits here for who works on one of them, who may be waiting for us: that one keeps its mark a while longer.
    found = session.scalars(_open_ones(opportunity, ground).with_for_update(skip_locked=True, key_share=True)).all()
    others = session.scalars(_open_ones(opportunity, ground).with_only_columns(Opportunity.owner_id)).all()
    owners = {*others, opportunity.owner_id if opportunity.closed_at is None else None} - {None}
    settled = [*found, opportunity] if len(owners) <= 1 else [opportunity] if opportunity.closed_at is not None else []
    for one in settled:
        one.has_collision = False
        one.broken_from = health.broken_from(one)


def _open_ones(opportunity: Opportunity, ground: Ground) -> Select[Opportunity]:
    """Return the other open opportunities of the customer that this one can collide with."""
    statement = (
        select(Opportunity)
        .where(
            Opportunity.customer_id == opportunity.customer_id,
            Opportunity.id != opportunity.id,
            Opportunity.closed_at.is_(None),
        )
        .order_by(Opportunity.id)
    )
    if ground.playbook.collision_scope == "customer_product" and opportunity.product:
        statement = statement.where(Opportunity.product == opportunity.product)
    return statement


def _declined(session: Session, opportunity: Opportunity, owner: Member) -> bool:
    statement = select(Assignment.id).where(
        Assignment.opportunity_id == opportunity.id,
        Assignment.member_id == owner.id,
        Assignment.kind == "offer",
        Assignment.state == "declined",
    )
    return session.scalar(statement.limit(1)) is not None


def _why(state: State, owner: Member) -> str:
    if owner.id in state.already_asked:
        return "asked"
    known = state.customer_owner()
    return (assignment.hindrance(known, state.now) or "passed") if known is not None else "elsewhere"
