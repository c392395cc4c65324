"""Owns the pool's ways in and out: the claim, the release, what a manager assigns, the move from team to team."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.events import Claimed, OwnerChanged, PutInPool
from bot.domain.pooling import opened_before
from bot.errors import InvalidInput, LeadAlreadyClaimed, NotAllowed, NotFound, RuleBroken, Text
from bot.models import Customer, EventRow, Member, Opportunity, Team
from bot.services import assignments, collisions, customers, protection
from bot.services.access import check_acts, may_see
from bot.services.desk import Actor, Desk
from bot.services.forms import clean_or_none
from bot.services.moving import move
from bot.services.protection import Taken
from bot.services.reading import done
from bot.services.recording import Ground, Recorder, calendar_of, ground_of, load, open_load
from bot.services.values import Done, MemberRef

BY_RULES = "rules"
_REASON_MOST = 500
_SELLS = frozenset({"rep", "manager", "admin"})


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody to whom a manager may assign; ``load`` of ``capacity`` open opportunities, away until a moment."""

    member: MemberRef
    team: str
    load: int
    capacity: int
    away_until: datetime | None
    is_self: bool


def claim(desk: Desk, opportunity_id: int, *, by: Actor) -> Done:
    """Give a pooled opportunity to the rep who asks first; one of another team takes it along to their team.

    Raises:
        CustomerProtected: Its customer is registered by somebody else; the attempt is in its history.
        LeadAlreadyClaimed: It has an owner, or gets one before this commits.
        NotAllowed: They assign instead, hold or claimed as many as the playbook allows, or owned it a short while ago.
        NotFound: There is none, or it is not open to their team.
        RuleBroken: It is closed.
    """
    with collisions.recorded(desk, by):
        try:
            return _claim(desk, opportunity_id, by)
        except customers.CustomerMoved:
            # Its customer was merged between our look and our hold: now we see into which.
            return _claim(desk, opportunity_id, by)


def _claim(desk: Desk, opportunity_id: int, by: Actor) -> Done:
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        _check_open_to(session, opportunity, by, desk.now())
        if by.role in {"manager", "admin"}:
            raise NotAllowed("pool.assign_instead")
        if by.role != "rep" or by.member_id is None or by.team_id is None:
            raise NotAllowed("error.not_allowed")
        # The customer before the opportunity, as everywhere: an approval of a registration waits for the same row.
        customer = customers.held(session, opportunity.customer_id)
        protection.check_unregistered(session, customer, by.member_id, desk.now(), wanted_id=opportunity.id)
        _take(session, opportunity, by)
        recorder = Recorder(desk, session, by)
        former_team = session.get_one(Team, opportunity.team_id)
        _check_cooling_off(session, opportunity, by.member_id, recorder.now)
        _check_room(session, by, recorder.now)
        ground = move(recorder, opportunity, by.team_id)
        assignments.withdraw(recorder, opportunity)
        opportunity.owner_id, opportunity.accepted_at = by.member_id, recorder.now
        opportunity.accept_by = opportunity.pooled_at = None
        opportunity.owner_reason = {"key": "assign.claimed", "params": {}}
        opportunity.protected_until = recorder.now + timedelta(days=ground.playbook.protection_days)
        assignments.pass_over(opportunity, ground, recorder.now)
        protection.use_up(recorder, customer, opportunity)
        is_moved = former_team.id != ground.team.id
        recorder.event(opportunity, Claimed(by.member_id, by.name))
        if is_moved:
            recorder.tell(
                former_team.manager_id,
                "notice.pool_moved",
                opportunity_id=opportunity.id,
                member=by.name,
                team=ground.team.name,
            )
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("assign.claim_done"))


def release(desk: Desk, opportunity_id: int, reason: str | None, *, by: Actor) -> Done:
    """Put an opportunity back into the pool; its next step and history stay, and its owner lets others have their turn.

    Args:
        desk: The record and the clock.
        opportunity_id: Primary key.
        reason: Why, as typed; demanded.
        by: Its owner, or the team's manager for them.

    Raises:
        InvalidInput: No reason was given.
        NotAllowed: It belongs to somebody else.
        RuleBroken: It is closed, or in the pool already.
    """
    said = clean_or_none(reason)
    if said is None:
        raise InvalidInput({"reason": Text("pool.reason_required")})
    if len(said) > _REASON_MOST:
        raise InvalidInput({"reason": Text("error.too_long", most=_REASON_MOST)})
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        check_acts(opportunity, by, owner)
        if owner is None:
            raise RuleBroken("pool.there_already")
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        recorder = Recorder(desk, session, by)
        assignments.put_in_pool(recorder, opportunity, ground, cause="released", former=owner, reason=said)
        recorder.tell(owner.id, "notice.pool_released_for", opportunity_id=opportunity.id, manager=by.name, reason=said)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("pool.released"))


def takers(desk: Desk, opportunity_id: int, *, by: Actor) -> tuple[tuple[Taker, ...], bool]:
    """Return to whom the actor may assign a pooled opportunity, the least loaded first, and whether the rules may choose.

    Raises:
        LeadAlreadyClaimed: It has an owner by now.
        NotAllowed: They manage no team that it is open to.
        NotFound: There is none, or not for them.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        _check_assigns(session, opportunity, by, desk.now())
        if opportunity.owner_id is not None:
            _refuse_taken(session, opportunity_id)
        return _takers(session, opportunity, by), by.manages(opportunity.team_id)


def assign(desk: Desk, opportunity_id: int, to: str | None, note: str | None, *, by: Actor) -> Done:
    """Give a pooled opportunity to a rep, who is asked to accept; for managers, who may take one themselves.

    Args:
        desk: The record and the clock.
        opportunity_id: Primary key.
        to: Our number of a member, such as ``"7"``, or ``rules``.
        note: A sentence for the new owner.
        by: Who manages the team, or one of the teams that it is open to.

    Raises:
        InvalidInput: They cannot take it, with what to do at the field ``to``.
        LeadAlreadyClaimed: It has an owner, or gets one before this commits.
        NotAllowed: The actor does not assign here.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        _check_assigns(session, opportunity, by, desk.now())
        if opportunity.owner_id is not None:
            _refuse_taken(session, opportunity_id)
        recorder = Recorder(desk, session, by)
        if to == BY_RULES and by.manages(opportunity.team_id):
            taker, ground = _by_rules(recorder, opportunity)
        else:
            taker, ground = _by_choice(recorder, opportunity, to, clean_or_none(note))
        _check_registrant(recorder, opportunity, taker)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        said = Text("assign.claim_done") if taker.id == by.member_id else Text("pool.assigned", member=taker.name)
        return done(session, opportunity, by, recorder.now, None, said)


def _check_registrant(recorder: Recorder, opportunity: Opportunity, taker: Member) -> None:
    """Let what a registration protects go to nobody but its rep."""
    session, now = recorder.session, recorder.now
    customer = session.get_one(Customer, opportunity.customer_id)
    try:
        protection.check_unregistered(session, customer, taker.id, now)
    except Taken as taken:
        values = {name: taken.params[name] for name in ("owner", "until")}
        raise InvalidInput({"to": Text("pool.registered_by", **values)}) from None
    protection.use_up(recorder, customer, opportunity)


def _by_rules(recorder: Recorder, opportunity: Opportunity) -> tuple[Member, Ground]:
    session = recorder.session
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    resting = _resting(session, opportunity, recorder.now)
    assignments.offer_by_rules(recorder, opportunity, ground, asked=frozenset({resting[0]} if resting else ()))
    if opportunity.owner_id is None:
        # It stays as it was, where it was: what was written on the way is undone.
        raise InvalidInput({"to": Text("pool.nobody_free")})
    return session.get_one(Member, opportunity.owner_id), ground


def _by_choice(recorder: Recorder, opportunity: Opportunity, to: str | None, note: str | None) -> tuple[Member, Ground]:
    session, by = recorder.session, recorder.by
    known = {str(one.member.id): one for one in _takers(session, opportunity, by)}
    chosen = known.get(to or "")
    if chosen is None:
        raise InvalidInput({"to": Text("error.required")})
    if chosen.away_until is not None and chosen.away_until > recorder.now:
        raise InvalidInput({"to": Text("handover.away", member=chosen.member.name, until=chosen.away_until)})
    taker = session.get_one(Member, chosen.member.id)
    ground = move(recorder, opportunity, taker.team_id or opportunity.team_id)
    assignments.withdraw(recorder, opportunity)
    recorder.event(opportunity, OwnerChanged(None, None, taker.id, taker.name, "assigned"))
    reason = {"key": "assign.from_pool", "params": {"name": by.name}}
    assignments.give(recorder, opportunity, ground, taker, reason, note=note)
    if taker.id == by.member_id:
        assignments.accept_by_acting(recorder, opportunity)
    return taker, ground


def _takers(session: Session, opportunity: Opportunity, by: Actor) -> tuple[Taker, ...]:
    """Return the reps of the teams that the actor manages; of the opportunity's own team where it is one of them."""
    teams = {opportunity.team_id} if by.manages(opportunity.team_id) else set(by.managed_team_ids)
    names = {team.id: team.name for team in session.scalars(select(Team).where(Team.id.in_(teams)))}
    found = []
    for team_id, name in names.items():
        loads = open_load(session, team_id)
        rows = session.scalars(
            select(Member).where(
                Member.is_active,
                Member.role.in_(_SELLS),
                Member.slack_user_id.is_not(None),
                (Member.team_id == team_id) | (Member.id == (by.member_id or 0)),
            )
        )
        for row in rows:
            ref = MemberRef(row.id, row.name, row.slack_user_id)
            is_self = row.id == by.member_id
            found.append(Taker(ref, name, loads.get(row.id, 0), row.capacity, row.away_until, is_self))
    unique = {one.member.id: one for one in reversed(found)}
    return tuple(sorted(unique.values(), key=lambda one: (one.is_self, one.load, one.member.id)))


def _take(session: Session, opportunity: Opportunity, by: Actor) -> None:
    """Take it by one conditional write, and hold the claimer's row so that their caps count one claim after the other.

    Always in this order, as an offer does it too: whoever has the opportunity waits for the member, never the other way.
    """
    # Whoever changes the row first wins, and everybody else learns who.
    won = session.execute(
        update(Opportunity)
        .where(Opportunity.id == opportunity.id, Opportunity.owner_id.is_(None), Opportunity.closed_at.is_(None))
        .values(owner_id=by.member_id, version=Opportunity.version + 1)
        .returning(Opportunity.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if won is None:
        _refuse_taken(session, opportunity.id)
    # Foreign keys hold the row too while an owner is written: the weaker lock does not wait for those.
    session.execute(select(Member.id).where(Member.id == by.member_id).with_for_update(key_share=True))
    session.refresh(opportunity)


def _refuse_taken(session: Session, opportunity_id: int) -> NoReturn:
    owner, closed_at = session.execute(
        select(Member.name, Opportunity.closed_at)
        .select_from(Opportunity)
        .outerjoin(Member, Opportunity.owner_id == Member.id)
        .where(Opportunity.id == opportunity_id)
    ).one()
    if closed_at is not None:
        raise RuleBroken("error.closed")
    raise LeadAlreadyClaimed("assign.claimed_by", owner=owner or "?")


def is_open_to_all(session: Session, opportunity: Opportunity, now: datetime) -> bool:
    """Say whether a pooled opportunity is in the workspace pool: every team's reps may claim it."""
    team = session.get_one(Team, opportunity.team_id)
    before = opened_before(calendar_of(team), now, ground_of(session, team.id).playbook.pool.to_all_days)
    return before is not None and opportunity.pooled_at is not None and opportunity.pooled_at < before


def _check_open_to(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> None:
    """Refuse one to whom the opportunity is not offered; a loser of the race is told who was faster, whatever their team."""
    if opportunity.owner_id is not None:
        if may_see(opportunity, by) or _was_pooled(session, opportunity) is not None:
            _refuse_taken(session, opportunity.id)
        raise NotFound("error.not_found")
    if not may_see(opportunity, by) and not is_open_to_all(session, opportunity, now):
        raise NotFound("error.not_found")
    if opportunity.closed_at is not None:
        raise RuleBroken("error.closed")


def _check_assigns(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> None:
    _check_open_to(session, opportunity, by, now)
    if not by.manages(opportunity.team_id) and not by.managed_team_ids:
        raise NotAllowed("pool.only_managers_assign")


def _was_pooled(session: Session, opportunity: Opportunity) -> EventRow | None:
    return session.scalar(
        select(EventRow)
        .where(EventRow.opportunity_id == opportunity.id, EventRow.kind == PutInPool.kind)
        .order_by(EventRow.id.desc())
        .limit(1)
    )


def _resting(session: Session, opportunity: Opportunity, now: datetime) -> tuple[int, datetime] | None:
    """Return the former owner who lets others have their turn, and until when; None where nobody does."""
    pooled = _was_pooled(session, opportunity)
    if pooled is None or pooled.payload.get("former_id") is None:
        return None
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    until = pooled.at + timedelta(days=ground.playbook.pool.cooling_off_days)
    return (int(pooled.payload["former_id"]), until) if until > now else None


def _check_cooling_off(session: Session, opportunity: Opportunity, member_id: int, now: datetime) -> None:
    resting = _resting(session, opportunity, now)
    if resting is not None and resting[0] == member_id:
        raise NotAllowed("assign.cooling_off", until=resting[1])


def _check_room(session: Session, by: Actor, now: datetime) -> None:
    """Refuse a claim beyond the caps of the claimer's team; the claim itself is among what they hold already."""
    ground = ground_of(session, by.team_id or 0)
    held = session.scalar(
        select(func.count())
        .select_from(Opportunity)
        .where(Opportunity.owner_id == by.member_id, Opportunity.closed_at.is_(None))
    )
    if (held or 0) > ground.playbook.pool.held_most:
        raise NotAllowed("assign.held_most", most=ground.playbook.pool.held_most)
    today = calendar.at_local(ground.team.zone, calendar.local_day(ground.calendar, now), 0)
    claimed = session.scalar(
        select(func.count())
        .select_from(EventRow)
        .where(EventRow.kind == Claimed.kind, EventRow.at >= today, EventRow.actor_id == by.member_id)
    )
    if (claimed or 0) >= ground.playbook.pool.claims_a_day:
        raise NotAllowed("assign.claims_most", most=ground.playbook.pool.claims_a_day)
