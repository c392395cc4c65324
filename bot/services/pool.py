"""Owns the pool's ways in and out: the claim, the release, what a manager assigns, the move from team to team."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.absence import is_away
from bot.domain.events import Claimed, OwnerChanged, PutInPool
from bot.errors import InvalidInput, LeadAlreadyClaimed, NotAllowed, NotFound, RuleBroken, Text
from bot.models import Customer, EventRow, Member, Opportunity, Team
from bot.services import assignments, collisions, cooling, customers, protection, registration_rows, second_owners
from bot.services.access import SELLS, check_acts, claims, is_open_to_all, may_see
from bot.services.brought import Brought
from bot.services.brought import write as write_brought
from bot.services.desk import Actor, Desk
from bot.services.forms import clean_or_none
from bot.services.moving import move
from bot.services.protection import Taken
from bot.services.reading import done
from bot.services.recording import Ground, Recorder, ground_of, load, open_load
from bot.services.values import Done, MemberRef

BY_RULES = "rules"
_REASON_MOST = 500


@dataclass(frozen=True, slots=True)
class Taker:
    """Somebody to whom a manager may assign; ``load`` of ``capacity`` open opportunities, away until a moment."""

    member: MemberRef
    team: str
    load: int
    capacity: int
    away_until: datetime | None
    is_self: bool


def claim(desk: Desk, opportunity_id: int, *, by: Actor, brought: Brought | None = None) -> Done:
    """Give a pooled opportunity to the rep who asks first; one of another team takes it along to their team.

    Args:
        desk: The record and the clock.
        opportunity_id: Primary key.
        by: Who claims.
        brought: What they typed of the customer before they were told that it is in the pool.

    Raises:
        InvalidInput: What they bring cannot be used; nothing was claimed.
        CustomerProtected: Its customer is registered by somebody else, or they work on it; the attempt is in the history.
        LeadAlreadyClaimed: It has an owner, or gets one before this commits.
        NotAllowed: They assign instead, hold or claimed as many as the playbook allows, or owned it a short while ago.
        NotFound: There is none, or it is not open to their team.
        RuleBroken: It is closed.
    """
    with collisions.recorded(desk, by):
        try:
            return _claim(desk, opportunity_id, by, brought)
        except customers.CustomerMoved:
            # Its customer was merged between our look and our hold: now we see into which.
            return _claim(desk, opportunity_id, by, brought)


def _claim(desk: Desk, opportunity_id: int, by: Actor, brought: Brought | None) -> Done:
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        _check_open_to(session, opportunity, by, desk.now())
        if by.decides:
            raise NotAllowed("pool.assign_instead")
        if not claims(by) or by.member_id is None or by.team_id is None:
            raise NotAllowed("error.not_allowed")
        # The customer before the opportunity, as everywhere: an approval of a registration waits for the same row.
        customer = customers.held(session, opportunity.customer_id)
        protection.check_unregistered(session, customer, by.member_id, desk.now(), wanted_id=opportunity.id)
        here = ground_of(session, by.team_id)
        protection.check_unowned(session, customer, here, opportunity, by.member_id, desk.now())
        _take(session, opportunity, by)
        recorder = Recorder(desk, session, by)
        _check_cooling_off(session, opportunity, by.member_id, recorder.now)
        _check_room(session, by, recorder.now)
        ground = move(recorder, opportunity, by.team_id, taker=by.name, notice="notice.pool_moved")
        assignments.withdraw(recorder, opportunity)
        opportunity.owner_id, opportunity.accepted_at = by.member_id, recorder.now
        opportunity.accept_by = opportunity.pooled_at = None
        opportunity.owner_reason = {"key": "assign.claimed", "params": {}}
        opportunity.protected_until = recorder.now + timedelta(days=ground.playbook.protection_days)
        assignments.pass_over(opportunity, ground, recorder.now)
        registration_rows.use_up(recorder, customer, opportunity)
        recorder.event(opportunity, Claimed(by.member_id, by.name))
        second_owners.settle(recorder, opportunity, ground)
        if brought is not None:
            write_brought(recorder, opportunity, ground, brought)
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
            _refuse_taken(session, opportunity_id, by)
        return _takers(session, opportunity, by, desk.now()), by.manages(opportunity.team_id)


def assign(
    desk: Desk,
    opportunity_id: int,
    to: str | None,
    note: str | None,
    *,
    by: Actor,
    brought: Brought | None = None,
) -> Done:
    """Give a pooled opportunity to a rep, who is asked to accept; for managers, who may take one themselves.

    Args:
        desk: The record and the clock.
        opportunity_id: Primary key.
        to: Our number of a member, such as ``"7"``, or ``rules``.
        note: A sentence for the new owner.
        by: Who manages the team, or one of the teams that it is open to.
        brought: What they typed of the customer before they were told that it is in the pool.

    Raises:
        InvalidInput: They cannot take it, with what to do at the field ``to``; or what is brought cannot be used.
        LeadAlreadyClaimed: It has an owner, or gets one before this commits.
        NotAllowed: The actor does not assign here.
    """
    try:
        return _assign(desk, opportunity_id, to, clean_or_none(note), by, brought)
    except customers.CustomerMoved:
        # Its customer was merged between our look and our hold: now we see into which.
        return _assign(desk, opportunity_id, to, clean_or_none(note), by, brought)


def _assign(
    desk: Desk, opportunity_id: int, to: str | None, note: str | None, by: Actor, brought: Brought | None
) -> Done:
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id)
        _check_assigns(session, opportunity, by, desk.now())
        # The customer before the opportunity, as in a claim: who claims another one of the customer waits for the same row.
        customer = customers.held(session, opportunity.customer_id)
        second_owners.hold_all(session, customer.id)
        session.refresh(opportunity, with_for_update=True)
        _check_assigns(session, opportunity, by, desk.now())
        if opportunity.owner_id is not None:
            _refuse_taken(session, opportunity_id, by)
        recorder = Recorder(desk, session, by)
        if to == BY_RULES and by.manages(opportunity.team_id):
            taker, ground = _by_rules(recorder, opportunity, customer, brought)
        else:
            taker, ground = _by_choice(recorder, opportunity, to, note, brought)
        _check_registrant(recorder, opportunity, customer, taker)
        others = second_owners.settle(recorder, opportunity, ground)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        said = Text("assign.claim_done") if taker.id == by.member_id else Text("pool.assigned", member=taker.name)
        return done(session, opportunity, by, recorder.now, None, second_owners.beside(said, others))


def _check_registrant(recorder: Recorder, opportunity: Opportunity, customer: Customer, taker: Member) -> None:
    """Let what a registration protects go to nobody but its rep."""
    try:
        protection.check_unregistered(recorder.session, customer, taker.id, recorder.now)
    except Taken as taken:
        values = {name: taken.params[name] for name in ("owner", "until")}
        raise InvalidInput({"to": Text("pool.registered_by", **values)}) from None
    registration_rows.use_up(recorder, customer, opportunity)


def _by_rules(
    recorder: Recorder, opportunity: Opportunity, customer: Customer, brought: Brought | None
) -> tuple[Member, Ground]:
    session = recorder.session
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    if brought is not None:
        # Rules choose by what is known, and the grade says until when there is time to accept.
        write_brought(recorder, opportunity, ground, brought)
    asked = cooling.resting_ids(session, opportunity, recorder.now)
    assignments.offer_by_rules(recorder, opportunity, ground, asked=asked)
    if opportunity.owner_id is None:
        # It stays as it was, where it was: what was written on the way is undone.
        raise InvalidInput({"to": Text("pool.nobody_free")})
    try:
        protection.check_unowned(session, customer, ground, opportunity, opportunity.owner_id, recorder.now)
    except Taken as taken:
        # Rules do not give a customer a second owner where somebody is there to decide it.
        raise InvalidInput({"to": Text("pool.owned_by", owner=taken.params["owner"])}) from None
    return session.get_one(Member, opportunity.owner_id), ground


def _by_choice(
    recorder: Recorder, opportunity: Opportunity, to: str | None, note: str | None, brought: Brought | None
) -> tuple[Member, Ground]:
    session, by = recorder.session, recorder.by
    known = {str(one.member.id): one for one in _takers(session, opportunity, by, recorder.now)}
    chosen = known.get(to or "")
    if chosen is None:
        raise InvalidInput({"to": Text("error.required")})
    if chosen.away_until is not None:
        raise InvalidInput({"to": Text("handover.away", member=chosen.member.name, until=chosen.away_until)})
    taker = session.get_one(Member, chosen.member.id)
    team_id = taker.team_id or opportunity.team_id
    ground = move(recorder, opportunity, team_id, taker=taker.name, notice="notice.moved_assigned")
    assignments.withdraw(recorder, opportunity)
    if brought is not None:
        write_brought(recorder, opportunity, ground, brought)
    recorder.event(opportunity, OwnerChanged(None, None, taker.id, taker.name, "assigned"))
    reason = {"key": "assign.from_pool", "params": {"name": by.name}}
    assignments.give(recorder, opportunity, ground, taker, reason, note=note)
    if taker.id == by.member_id:
        assignments.accept_by_acting(recorder, opportunity)
    return taker, ground


def _takers(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> tuple[Taker, ...]:
    """Return the reps of the teams that the actor manages; of the opportunity's own team where it is one of them."""
    teams = {opportunity.team_id} if by.manages(opportunity.team_id) else set(by.managed_team_ids)
    names = {team.id: team.name for team in session.scalars(select(Team).where(Team.id.in_(teams)))}
    found = []
    for team_id, name in names.items():
        loads = open_load(session, team_id)
        rows = session.scalars(
            select(Member).where(
                Member.is_active,
                Member.role.in_(SELLS),
                Member.slack_user_id.is_not(None),
                (Member.team_id == team_id) | (Member.id == (by.member_id or 0)),
            )
        )
        for row in rows:
            ref = MemberRef(row.id, row.name, row.slack_user_id)
            is_self = row.id == by.member_id
            away_until = row.away_until if is_away(row, now) else None
            found.append(Taker(ref, name, loads.get(row.id, 0), row.capacity, away_until, is_self))
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
        _refuse_taken(session, opportunity.id, by)
    # Foreign keys hold the row too while an owner is written: the weaker lock does not wait for those.
    session.execute(select(Member.id).where(Member.id == by.member_id).with_for_update(key_share=True))
    session.refresh(opportunity)


def _refuse_taken(session: Session, opportunity_id: int, by: Actor) -> NoReturn:
    owner_id, owner, closed_at = session.execute(
        select(Member.id, Member.name, Opportunity.closed_at)
        .select_from(Opportunity)
        .outerjoin(Member, Opportunity.owner_id == Member.id)
        .where(Opportunity.id == opportunity_id)
    ).one()
    if closed_at is not None:
        raise RuleBroken("error.closed")
    if owner_id is not None and owner_id == by.member_id:
        raise LeadAlreadyClaimed("assign.yours_already")
    raise LeadAlreadyClaimed("assign.claimed_by", owner=owner or "?")


def _check_open_to(session: Session, opportunity: Opportunity, by: Actor, now: datetime) -> None:
    """Refuse one to whom the opportunity is not offered; a loser of the race is told who was faster, whatever their team."""
    if opportunity.owner_id is not None:
        if may_see(opportunity, by) or _was_pooled(session, opportunity) is not None:
            _refuse_taken(session, opportunity.id, by)
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


def _check_cooling_off(session: Session, opportunity: Opportunity, member_id: int, now: datetime) -> None:
    resting = cooling.resting(session, opportunity, now)
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
