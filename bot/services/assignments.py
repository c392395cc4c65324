"""Owns how an opportunity gets an owner: the rules' choice, the offer, its answer, and the way into the pool."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from bot.domain.events import AssignmentAccepted, AssignmentDeclined, AssignmentOffered, PutInPool
from bot.models import Assignment, Member, Opportunity
from bot.services import cooling
from bot.services.choices import decide
from bot.services.reading import pending_assignment
from bot.services.recording import Ground, Recorder
from bot.services.second_owners import settle, settle_choice


def offer_by_rules(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, *, asked: frozenset[int] = frozenset()
) -> None:
    """Choose an owner and ask them to accept; with nobody eligible it goes to the pool, and the manager is told.

    Args:
        recorder: The transaction.
        opportunity: Its row, already in the session.
        ground: Its team, playbook and calendar.
        asked: Members who declined or let the offer lapse.
    """
    state, choice = decide(recorder, opportunity, ground, asked)
    if choice.member_id is None:
        put_in_pool(recorder, opportunity, ground, cause="nobody")
        return
    chosen = recorder.session.get_one(Member, choice.member_id)
    give(recorder, opportunity, ground, chosen, choice.reason)
    settle_choice(recorder, opportunity, ground, state)


def give(
    recorder: Recorder,
    opportunity: Opportunity,
    ground: Ground,
    member: Member,
    reason: dict[str, Any],
    *,
    note: str | None = None,
) -> None:
    """Make a member the owner and ask them to accept in time; assignment and notice stand or fall together."""
    now = recorder.now
    accept_by = ground.accept_by(opportunity, now)
    opportunity.owner_id, opportunity.owner_reason = member.id, reason
    opportunity.accepted_at, opportunity.accept_by, opportunity.pooled_at = None, accept_by, None
    member.last_assigned_at = now
    pass_over(opportunity, ground, now)
    row = Assignment(
        workspace_id=opportunity.workspace_id,
        opportunity_id=opportunity.id,
        member_id=member.id,
        kind="offer",
        state="pending",
        reason=reason,
        note=note,
        offered_at=now,
        accept_by=accept_by,
    )
    recorder.session.add(row)
    recorder.session.flush()
    recorder.event(opportunity, AssignmentOffered(member.id, member.name, reason["key"], reason["params"], accept_by))
    recorder.promise(
        "offer",
        f"member:{member.id}",
        {"opportunity_id": opportunity.id, "assignment_id": row.id},
        key=f"offer:{row.id}",
    )


def put_in_pool(
    recorder: Recorder,
    opportunity: Opportunity,
    ground: Ground,
    *,
    cause: str,
    former: Member | None = None,
    reason: str | None = None,
) -> None:
    """Take the owner off; the opportunity can be claimed, and the manager is told.

    Args:
        recorder: The transaction.
        opportunity: Its row, already in the session.
        ground: Its team, playbook and calendar.
        cause: ``nobody``, ``released`` or ``recycled``.
        former: Who owned it, and lets others have their turn.
        reason: Why, in the words of the one who released it.
    """
    withdraw(recorder, opportunity)
    why = {"reason": reason} if reason else {}
    opportunity.owner_id = opportunity.accepted_at = opportunity.accept_by = None
    opportunity.owner_reason = {"key": f"assign.pool_{cause}", "params": why}
    opportunity.pooled_at = recorder.now
    recorder.event(
        opportunity, PutInPool(cause, former.id if former else None, former.name if former else None, reason)
    )
    settle(recorder, opportunity, ground)
    who = {"member": former.name} if former and reason else {}
    # What the clock did, or what nobody was free for, may be many at once; a release has a reason to be read.
    gathered = None if cause == "released" else ground.calendar
    recorder.tell(
        ground.team.manager_id, f"notice.pool_{cause}", opportunity_id=opportunity.id, gathered=gathered, **who, **why
    )


def withdraw(recorder: Recorder, opportunity: Opportunity) -> None:
    """Take back an offer or handover that still waits; its message is not sent any more, and its buttons say so."""
    waiting = pending_assignment(recorder.session, opportunity)
    if waiting is not None:
        waiting.state, waiting.answered_at = "withdrawn", recorder.now
        opportunity.accept_by = None
        recorder.session.flush()


def accept_by_acting(recorder: Recorder, opportunity: Opportunity) -> None:
    """Take an offered owner's own work for their acceptance: nobody loses what they are already working on."""
    if opportunity.owner_id != recorder.by.member_id or opportunity.accepted_at is not None:
        return
    waiting = pending_assignment(recorder.session, opportunity)
    if waiting is not None and waiting.kind == "offer":
        accept(recorder, opportunity, waiting)
        recorder.session.flush()


def accept(recorder: Recorder, opportunity: Opportunity, offer: Assignment) -> None:
    """Write that the offered owner accepted; for the use case that answers offers and handovers."""
    member = recorder.session.get_one(Member, offer.member_id)
    offer.state, offer.answered_at = "accepted", recorder.now
    opportunity.accepted_at, opportunity.accept_by = recorder.now, None
    recorder.event(opportunity, AssignmentAccepted(member.id, member.name))


def decline(
    recorder: Recorder,
    opportunity: Opportunity,
    ground: Ground,
    offer: Assignment,
    reason: str | None,
    *,
    lapsed: bool = False,
) -> None:
    """Write that the offered owner declined or was silent, and ask the next one; the manager is told."""
    session = recorder.session
    member = session.get_one(Member, offer.member_id)
    offer.state, offer.answered_at, offer.note = ("lapsed" if lapsed else "declined"), recorder.now, reason
    recorder.event(opportunity, AssignmentDeclined(member.id, member.name, reason, lapsed))
    session.flush()
    offer_by_rules(recorder, opportunity, ground, asked=asked_before(recorder, opportunity))
    # Where nobody was left to ask, the notice of the pool says it all.
    if lapsed and opportunity.owner_id is not None:
        recorder.tell(
            ground.team.manager_id,
            "notice.offer_lapsed",
            opportunity_id=opportunity.id,
            gathered=ground.calendar,
            member=member.name,
        )


def asked_before(recorder: Recorder, opportunity: Opportunity) -> frozenset[int]:
    """Return who is not asked again: who declined or was silent, and the former owner who lets others have their turn."""
    answered = recorder.session.scalars(
        select(Assignment.member_id).where(
            Assignment.opportunity_id == opportunity.id,
            Assignment.kind == "offer",
            Assignment.state.in_(("declined", "lapsed")),
        )
    )
    return frozenset(answered) | cooling.resting_ids(recorder.session, opportunity, recorder.now)


def pass_over(opportunity: Opportunity, ground: Ground, now: datetime) -> None:
    """Start the new owner's clock: what fell due before it was theirs is not held against them."""
    opportunity.attended_at = now
    if opportunity.next_due_at is not None and opportunity.next_due_at <= now:
        opportunity.snoozed_until = ground.accept_by(opportunity, now)
