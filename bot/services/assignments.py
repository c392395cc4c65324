"""Owns how an opportunity gets an owner: the rules' choice, the offer, the claim, the pool."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.assignment import Candidate, choose_owner
from bot.domain.events import AssignmentAccepted, AssignmentDeclined, AssignmentOffered, Claimed, PutInPool
from bot.errors import LeadAlreadyClaimed, NotAllowed, RuleBroken, Text
from bot.models import Assignment, Choice, EventRow, Member, Opportunity
from bot.services.access import check_sees, visible_to
from bot.services.desk import Actor, Desk
from bot.services.reading import done, lines, pending_assignment
from bot.services.recording import Ground, Recorder, ground_of, load, open_load
from bot.services.values import Done, OpportunityLine

LIST_MOST = 50


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
    session, now = recorder.session, recorder.now
    candidates = _candidates(session, ground.team.id)
    lead = {name: getattr(opportunity, name) for name in ("region", "industry", "product", "source")}
    customer_owner_id = _customer_owner(session, opportunity)
    choice = choose_owner(
        candidates,
        lead=lead,
        customer_owner_id=customer_owner_id,
        rules=ground.playbook.rules,
        now=now,
        already_asked=asked,
    )
    reason = {"key": choice.reason, "params": dict(choice.params)}
    state = {
        "candidates": [_json(one) for one in candidates],
        "lead": lead,
        "customer_owner_id": customer_owner_id,
        "rules": [asdict(rule) for rule in ground.playbook.rules],
        "already_asked": sorted(asked),
        "now": now.isoformat(),
    }
    session.add(
        Choice(
            workspace_id=opportunity.workspace_id,
            opportunity_id=opportunity.id,
            member_id=choice.member_id,
            reason=reason,
            state=state,
            at=now,
        )
    )
    if choice.member_id is None:
        put_in_pool(recorder, opportunity, ground, cause="nobody")
        return
    chosen = session.get_one(Member, choice.member_id)
    give(recorder, opportunity, ground, chosen, reason)


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
    accept_by = calendar.add_hours(ground.calendar, now, ground.playbook.pace[opportunity.grade].accept_hours)
    opportunity.owner_id, opportunity.owner_reason = member.id, reason
    opportunity.accepted_at, opportunity.accept_by, opportunity.pooled_at = None, accept_by, None
    member.last_assigned_at = now
    _pass_over(opportunity, ground, now)
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
    """Take the owner off; the opportunity can be claimed, and the manager is told."""
    withdraw(recorder, opportunity)
    opportunity.owner_id = opportunity.accepted_at = opportunity.accept_by = None
    opportunity.owner_reason = {"key": f"assign.pool_{cause}", "params": {}}
    opportunity.pooled_at = recorder.now
    recorder.event(
        opportunity, PutInPool(cause, former.id if former else None, former.name if former else None, reason)
    )
    recorder.tell(ground.team.manager_id, f"notice.pool_{cause}", opportunity_id=opportunity.id)


def claim(desk: Desk, opportunity_id: int, *, by: Actor) -> Done:
    """Give a pooled opportunity to the member who asks first.

    Raises:
        LeadAlreadyClaimed: It has an owner, or gets one before this commits.
        NotAllowed: The member does not own opportunities, or holds or claimed as many as the playbook allows.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        check_sees(opportunity, by)
        if by.role not in {"rep", "manager", "admin"} or by.member_id is None:
            raise NotAllowed("error.not_allowed")
        if opportunity.closed_at is not None:
            raise RuleBroken("error.closed")
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        now = desk.now()
        _check_room(session, ground, by, now)
        _check_cooling_off(session, opportunity, ground, by, now)
        # One conditional write decides: whoever changes the row first wins, and everybody else learns who.
        won = session.execute(
            update(Opportunity)
            .where(Opportunity.id == opportunity_id, Opportunity.owner_id.is_(None), Opportunity.closed_at.is_(None))
            .values(owner_id=by.member_id, version=Opportunity.version + 1)
            .returning(Opportunity.id)
            .execution_options(synchronize_session=False)
        ).scalar()
        if won is None:
            owner = session.scalar(
                select(Member.name)
                .join(Opportunity, Opportunity.owner_id == Member.id)
                .where(Opportunity.id == opportunity_id)
            )
            raise LeadAlreadyClaimed("assign.claimed_by", owner=owner or "?")
        session.refresh(opportunity)
        recorder = Recorder(desk, session, by)
        withdraw(recorder, opportunity)
        opportunity.accepted_at, opportunity.accept_by, opportunity.pooled_at = now, None, None
        opportunity.owner_reason = {"key": "assign.claimed", "params": {}}
        opportunity.protected_until = _protection(ground, now)
        _pass_over(opportunity, ground, now)
        recorder.event(opportunity, Claimed(by.member_id, by.name))
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, now, None, Text("assign.claim_done"))


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
    asked = frozenset(
        session.scalars(
            select(Assignment.member_id).where(
                Assignment.opportunity_id == opportunity.id,
                Assignment.kind == "offer",
                Assignment.state.in_(("declined", "lapsed")),
            )
        )
    )
    offer_by_rules(recorder, opportunity, ground, asked=asked)
    if lapsed:
        recorder.tell(ground.team.manager_id, "notice.offer_lapsed", opportunity_id=opportunity.id, member=member.name)


def pool(desk: Desk, *, by: Actor) -> tuple[OpportunityLine, ...]:
    """Return what can be claimed, the oldest first."""
    with desk.reading(by) as session:
        statement = (
            select(Opportunity)
            .where(visible_to(by), Opportunity.owner_id.is_(None), Opportunity.stage_kind.in_(("INTAKE", "OPEN")))
            .order_by(Opportunity.pooled_at)
            .limit(LIST_MOST)
        )
        return lines(session, statement, desk.now())


def _candidates(session: Session, team_id: int) -> list[Candidate]:
    load_of = open_load(session, team_id)
    rows = session.scalars(
        select(Member)
        # Who came with an import and was not yet seen in Slack could not answer an offer.
        .where(Member.team_id == team_id, Member.role != "specialist", Member.slack_user_id.is_not(None))
        .order_by(Member.id)
    )
    return [
        Candidate(
            member_id=row.id,
            name=row.name,
            is_active=row.is_active,
            away_until=row.away_until,
            capacity=row.capacity,
            open_load=load_of.get(row.id, 0),
            weight=row.weight,
            last_assigned_at=row.last_assigned_at,
            slack_user_id=row.slack_user_id,
        )
        for row in rows
    ]


def _json(candidate: Candidate) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(candidate).items()
    }


def _customer_owner(session: Session, opportunity: Opportunity) -> int | None:
    return session.scalar(
        select(Opportunity.owner_id)
        .where(
            Opportunity.customer_id == opportunity.customer_id,
            Opportunity.stage_kind.in_(("INTAKE", "OPEN")),
            Opportunity.owner_id.is_not(None),
            Opportunity.id != opportunity.id,
        )
        .order_by(Opportunity.id)
        .limit(1)
    )


def _check_room(session: Session, ground: Ground, by: Actor, now: datetime) -> None:
    held = open_load(session, by.team_id).get(by.member_id or 0, 0) if by.team_id is not None else 0
    if held >= ground.playbook.pool.held_most:
        raise NotAllowed("assign.held_most", most=ground.playbook.pool.held_most)
    today = calendar.at_local(ground.team.zone, calendar.local_day(ground.calendar, now), 0)
    claimed = session.scalar(
        select(func.count())
        .select_from(EventRow)
        .where(EventRow.kind == Claimed.kind, EventRow.at >= today, EventRow.actor_id == by.member_id)
    )
    if (claimed or 0) >= ground.playbook.pool.claims_a_day:
        raise NotAllowed("assign.claims_most", most=ground.playbook.pool.claims_a_day)


def _check_cooling_off(session: Session, opportunity: Opportunity, ground: Ground, by: Actor, now: datetime) -> None:
    """Let others have their turn before the former owner."""
    pooled = session.scalar(
        select(EventRow)
        .where(EventRow.opportunity_id == opportunity.id, EventRow.kind == PutInPool.kind)
        .order_by(EventRow.id.desc())
        .limit(1)
    )
    if pooled is None or pooled.payload.get("former_id") != by.member_id:
        return
    until = pooled.at + timedelta(days=ground.playbook.pool.cooling_off_days)
    if until > now:
        raise NotAllowed("assign.cooling_off", until=until)


def _protection(ground: Ground, now: datetime) -> datetime:
    return now + timedelta(days=ground.playbook.protection_days)


def _pass_over(opportunity: Opportunity, ground: Ground, now: datetime) -> None:
    """Start the new owner's clock: what fell due before it was theirs is not held against them."""
    opportunity.attended_at = now
    if opportunity.next_due_at is not None and opportunity.next_due_at <= now:
        opportunity.snoozed_until = calendar.add_hours(
            ground.calendar, now, ground.playbook.pace[opportunity.grade].accept_hours
        )
