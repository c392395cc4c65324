"""Owns what a ruling does: an opportunity goes to the one who asked, with its whole history, into their team; or a registration."""

from collections.abc import Iterable
from datetime import timedelta

from bot.domain.events import OwnerChanged, RulingMade
from bot.errors import RuleBroken
from bot.models import Customer, Member, Opportunity, Registration, Ruling
from bot.services import assignments, registration_rows
from bot.services.access import SELLS
from bot.services.moving import move
from bot.services.recording import Ground, Recorder, ground_of
from bot.services.second_owners import hold_all, is_same_matter


def check_can_own(member: Member) -> None:
    """Refuse to give an opportunity to one who cannot own it.

    Raises:
        RuleBroken: They are deactivated, or on no team.
    """
    if not member.is_active:
        raise RuleBroken("ruling.asker_gone", asker=member.name)
    if not can_own(member):
        raise RuleBroken("ruling.asker_cannot_own", asker=member.name)


def can_own(member: Member) -> bool:
    """Say whether a member can own opportunities: they sell, and are here."""
    is_placed = member.team_id is not None or member.role != "rep"
    return member.is_active and member.role in SELLS and is_placed


def check_can_share(opportunity: Opportunity, member: Member) -> None:
    """Refuse to share what nobody has, or with one who cannot own it.

    Raises:
        RuleBroken: It is in the pool, or they are deactivated or on no team.
    """
    if opportunity.owner_id is None:
        raise RuleBroken("ruling.nobody_to_share")
    check_can_own(member)


def give_registration(
    recorder: Recorder, registration: Registration, customer: Customer, taker: Member, ruling: Ruling
) -> None:
    """End a registration and register the customer for the taker instead, protected anew by their team's playbook."""
    team_id = taker.team_id or registration.team_id
    ground = ground_of(recorder.session, team_id)
    until = recorder.now + timedelta(days=ground.playbook.protection_days)
    registration.state, registration.renewal_asked_at = "ended", None
    registration.ended_at, registration.ended_by_id = recorder.now, recorder.by.member_id
    registration.yielded_to_id = recorder.insert(
        Registration,
        team_id=team_id,
        customer_id=customer.id,
        asked_by_id=taker.id,
        asked_at=ruling.asked_at,
        note=ruling.plea,
        state="approved",
        sentence=ruling.sentence,
        decided_by_id=recorder.by.member_id,
        decided_at=recorder.now,
        protected_until=until,
    )
    customer.protected_by_id, customer.protected_until = taker.id, until
    registration_rows.promise_ending(recorder, registration.yielded_to_id, ground, taker.id, until)


def sides(
    recorder: Recorder, opportunity: Opportunity, asker: Member, owner: Member | None
) -> tuple[list[Opportunity], list[Opportunity]]:
    """Return what else the asker and the owner have open at the customer, about the same matter, where both do; all of it is held."""
    if owner is None or not owner.is_active or opportunity.closed_at is not None:
        return [], []
    ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    others = [
        one
        for one in hold_all(recorder.session, opportunity.customer_id)
        if one.id != opportunity.id and is_same_matter(opportunity, one, ground)
    ]
    theirs = [one for one in others if one.owner_id == asker.id]
    return theirs, [one for one in others if one.owner_id == owner.id] if theirs else []


def give_all(recorder: Recorder, opportunities: Iterable[Opportunity], taker: Member, made: RulingMade) -> None:
    """Make the taker the owner of all that the judge decides for; what another team has stays there, and stays marked."""
    for one in opportunities:
        if not recorder.by.manages(one.team_id):
            continue
        recorder.event(one, made)
        ground = give(recorder, one, taker)
        recorder.attend(one, ground)
        recorder.card(one, ground.team)


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
        ground = move(recorder, opportunity, taker.team_id, taker=taker.name, notice="notice.moved_ruled")
    else:
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
        opportunity.snoozed_until = ground.accept_by(opportunity, now)
    return ground
