"""Owns what becomes of the opportunities of one who left the workspace or a team: marked, listed for the manager, given to others, or kept on return."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, false, func, literal_column, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.events import OwnerChanged, OwnerLeft, OwnerReturned
from bot.errors import NotAllowed, NotFound
from bot.models import Assignment, EventRow, Member, Opportunity, OutboxRow, Team
from bot.services import absences, assignments, cooling, undecided
from bot.services.desk import Actor, Desk
from bot.services.member_changes import Facts
from bot.services.member_rows import admins_of, can_be_told, here_at, ref
from bot.services.reading import lines, pending_assignment
from bot.services.recording import Ground, Recorder, ground_of, is_live, load
from bot.services.second_owners import settle
from bot.services.values import MemberRef, OpportunityLine

REASON = "assign.owner_left"
"""Stands as the reason for the owner while the owner is gone."""
_LISTED = 50


@dataclass(frozen=True, slots=True)
class Departure:
    """What one who left the workspace or a team leaves to be handed over, as a manager or admin sees it.

    Attributes:
        member: Who left.
        count: Open opportunities that still have them as owner.
        rows: The first of them, by grade, amount and lateness.
        teams: Names and numbers of the teams that are without their manager now.
        is_here: They are active, only not on the team any more; until somebody takes over they go on as the owner.
    """

    member: MemberRef
    count: int
    rows: tuple[OpportunityLine, ...]
    teams: tuple[tuple[int, str], ...] = ()
    is_here: bool = False


def hold(session: Session, member: Member) -> None:
    """Lock what a member owns and then their row, in the order in which assignments do, and read the row again."""
    session.scalars(_owned(member).with_for_update()).all()
    session.refresh(member, with_for_update=True)


def hold_both(session: Session, one: Member, other: Member) -> list[Opportunity]:
    """Lock all that a member has owned and then both rows, in the order in which assignments do; returns what it is."""
    rows = session.scalars(
        select(Opportunity).where(Opportunity.owner_id == one.id).order_by(Opportunity.id).with_for_update()
    ).all()
    for row in sorted((one, other), key=lambda row: row.id):
        session.refresh(row, with_for_update=True)
    return list(rows)


def leave(recorder: Recorder, member: Member) -> None:
    """Take note that a member is gone: offers go on to others, what they own needs an owner, and the manager gets the list.

    Args:
        recorder: The transaction, which has locked the member by ``hold`` and written that they are not active.
        member: Their row.
    """
    session = recorder.session
    absences.pass_on_offers(recorder, member, cause="left")
    _withdraw_handovers(recorder, member)
    session.flush()
    team_ids = _managed(session, member)
    hand_on(recorder, team_ids)
    for opportunity in session.scalars(_owned(member)).all():
        mark_gone(recorder, opportunity, member)
        team_ids.add(opportunity.team_id)
    promise_lists(recorder, member, team_ids)


def move(recorder: Recorder, member: Member, before: Facts) -> None:
    """See to what a change of role or team leaves behind: offers go on to others, the former manager hears what stays theirs.

    Args:
        recorder: The transaction, which has written the change.
        member: Their row.
        before: The facts as they were.
    """
    if (member.role, member.team_id) != (before["role"], before["team_id"]):
        absences.pass_on_offers(recorder, member, cause="moved")
    if before["team_id"] not in {None, member.team_id}:
        leave_teams(recorder, member, {before["team_id"]})


def leave_teams(recorder: Recorder, member: Member, team_ids: Collection[int]) -> None:
    """Have the managers of teams get the list of what a member owns there who is not on them any more.

    Nothing changes for the owner: nobody is let off before somebody else has taken over.

    Args:
        recorder: The transaction, which has written where the member is now.
        member: Their row.
        team_ids: Those which they were taken off; where they own nothing nobody is told.
    """
    session = recorder.session
    session.flush()
    left = _outside(session, member).where(Opportunity.team_id.in_(team_ids))
    promise_lists(recorder, member, set(session.scalars(left.with_only_columns(Opportunity.team_id))))


def _outside(session: Session, member: Member) -> Select[Opportunity]:
    """Return what an active member owns in teams that they neither belong to nor decide for."""
    if member.role == "admin":
        return _owned(member).where(false())
    places = {member.team_id, *_managed(session, member)} - {None}
    return _owned(member).where(Opportunity.team_id.not_in(places))


def _managed(session: Session, member: Member) -> set[int]:
    return set(session.scalars(select(Team.id).where(Team.manager_id == member.id)))


def _owned(member: Member) -> Select[Opportunity]:
    return (
        select(Opportunity)
        .where(Opportunity.owner_id == member.id, Opportunity.closed_at.is_(None))
        .order_by(Opportunity.id)
    )


def mark_gone(recorder: Recorder, opportunity: Opportunity, member: Member, *, shows: bool = True) -> None:
    """Write that the owner who accepted is gone, so that the invariant shows the gap from now on.

    Args:
        recorder: The transaction.
        opportunity: Its row.
        member: The owner.
        shows: Whether its card says so at once; what is imported gets its card when it changes next.
    """
    ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    recorder.event(
        opportunity, OwnerLeft(member.id, member.name, opportunity.accepted_at, opportunity.owner_reason or {})
    )
    waiting = pending_assignment(recorder.session, opportunity)
    # What they handed over before they left stays with whom they gave it to, until that one answers or the time is up.
    is_given = waiting is not None and waiting.kind == "handover"
    opportunity.accepted_at = None
    opportunity.accept_by = opportunity.accept_by if is_given else recorder.now
    opportunity.owner_reason = {"key": REASON, "params": {}}
    settle(recorder, opportunity, ground)
    recorder.attend(opportunity, ground)
    if shows:
        recorder.card(opportunity, ground.team)


def check_owner(recorder: Recorder, opportunity: Opportunity) -> None:
    """See to it that an opportunity which is opened again tells whether its owner is still here."""
    owner = recorder.session.get(Member, opportunity.owner_id) if opportunity.owner_id is not None else None
    if owner is None or opportunity.closed_at is not None:
        return
    if not owner.is_active and not is_marked(opportunity):
        mark_gone(recorder, opportunity, owner)
    elif owner.is_active and is_marked(opportunity):
        _give_back(recorder, opportunity, owner)


def _withdraw_handovers(recorder: Recorder, member: Member) -> None:
    waiting = recorder.session.scalars(
        select(Assignment).where(
            Assignment.member_id == member.id, Assignment.state == "pending", Assignment.kind == "handover"
        )
    )
    for one in waiting.all():
        one.state, one.answered_at = "withdrawn", recorder.now
        recorder.tell(
            one.from_member_id, "departure.handover_ended", opportunity_id=one.opportunity_id, member=member.name
        )


def promise_lists(recorder: Recorder, member: Member, team_ids: set[int]) -> None:
    """Promise one list to each manager concerned; where there is none who could act, to every admin."""
    session = recorder.session
    wanted: dict[int, datetime] = {}
    for team_id in sorted(team_ids):
        ground = ground_of(session, team_id)
        if not is_live(ground.team, recorder.now):
            continue
        for reader_id in _deciding(session, ground.team, member):
            wanted.setdefault(reader_id, _today(ground, recorder.now))
    for reader_id, at in wanted.items():
        key = f"departure:{member.id}:{reader_id}:{recorder.now.isoformat()}"
        recorder.promise("departure", f"member:{reader_id}", {"member_id": member.id}, key=key, due_at=at)


def hand_on(recorder: Recorder, team_ids: Collection[int]) -> None:
    """Give what waits for the managers of teams to those who decide there by now: cases, escalations, and lists of who left.

    Args:
        recorder: The transaction, which has written who manages the teams.
        team_ids: Those whose manager changed, left or came back.
    """
    if not team_ids:
        return
    undecided.hand_on(recorder, team_ids)
    _hand_escalations_on(recorder, team_ids)
    _hand_lists_on(recorder, team_ids)


def _hand_escalations_on(recorder: Recorder, team_ids: Collection[int]) -> None:
    """Have what nobody has read of yet come back the next working day, to whoever decides then."""
    session = recorder.session
    waiting = _waiting(recorder, "escalation")
    asked = {int(item["opportunity_id"]) for _, payload in waiting for item in payload["items"]}
    untold = select(Opportunity).where(
        Opportunity.id.in_(asked),
        Opportunity.team_id.in_(team_ids),
        Opportunity.closed_at.is_(None),
        Opportunity.escalated_at.is_not(None),
    )
    # Who works on one of them may wait for the team that we hold; theirs needs nobody's help at this moment.
    held = untold.order_by(Opportunity.id).with_for_update(skip_locked=True)
    for opportunity in session.scalars(held).all() if asked else ():
        opportunity.escalated_at = None
        recorder.attend(opportunity, ground_of(session, opportunity.team_id, opportunity.playbook_id))


def _hand_lists_on(recorder: Recorder, team_ids: Collection[int]) -> None:
    session = recorder.session
    readers: dict[int, set[str]] = defaultdict(set)
    for channel, payload in _waiting(recorder, "departure"):
        readers[int(payload["member_id"])].add(channel)
    for gone_id, known in readers.items():
        gone = session.get_one(Member, gone_id)
        theirs = _owned(gone).where(Opportunity.team_id.in_(team_ids)).order_by(None)
        for team_id in set(session.scalars(theirs.with_only_columns(Opportunity.team_id))):
            deciding = _deciding(session, session.get_one(Team, team_id), gone)
            if not {f"member:{number}" for number in deciding} <= known:
                promise_lists(recorder, gone, {team_id})


def _waiting(recorder: Recorder, kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return where, and with what, messages of a kind still wait."""
    found = select(OutboxRow.channel, OutboxRow.payload).where(
        OutboxRow.workspace_id == recorder.by.workspace_id,
        OutboxRow.kind == kind,
        OutboxRow.state == literal_column("'waiting'"),
    )
    return [(row.channel, row.payload) for row in recorder.session.execute(found)]


def _deciding(session: Session, team: Team, gone: Member) -> list[int]:
    manager = session.get(Member, team.manager_id) if team.manager_id is not None else None
    if manager is not None and manager.is_active and manager.id != gone.id:
        return [manager.id]
    return [number for number in admins_of(session, team.workspace_id) if number != gone.id]


def _today(ground: Ground, now: datetime) -> datetime:
    """Return the opening of the working day if it is still to come today, otherwise now: it is told the same day."""
    opens, zone = calendar.next_open(ground.calendar, now), ZoneInfo(ground.team.zone)
    return opens if opens.astimezone(zone).date() == now.astimezone(zone).date() else now


def come_back(recorder: Recorder, member: Member) -> int:
    """Give one who is active again back what nobody else has taken meanwhile.

    Returns:
        How many opportunities they still own.
    """
    session = recorder.session
    hand_on(recorder, _managed(session, member))
    kept = [one for one in session.scalars(_owned(member)).all() if is_marked(one)]
    for opportunity in kept:
        _give_back(recorder, opportunity, member)
    if member.team_id is not None and kept:
        manager_id = session.scalar(select(Team.manager_id).where(Team.id == member.team_id))
        if manager_id != member.id:
            recorder.tell(manager_id, "departure.returned", member=member.name, count=len(kept))
    return len(kept)


def _give_back(recorder: Recorder, opportunity: Opportunity, member: Member) -> None:
    ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    left = _left(recorder.session, opportunity.id)
    opportunity.accepted_at, opportunity.accept_by = left.accepted_at or recorder.now, None
    opportunity.owner_reason = left.reason or None
    recorder.event(opportunity, OwnerReturned(member.id, member.name))
    settle(recorder, opportunity, ground)
    recorder.attend(opportunity, ground)
    recorder.card(opportunity, ground.team)


def is_marked(opportunity: Opportunity) -> bool:
    """Say whether it stands there that the owner is gone."""
    return (opportunity.owner_reason or {}).get("key") == REASON


def _left(session: Session, opportunity_id: int) -> OwnerLeft:
    row = session.scalars(
        select(EventRow)
        .where(EventRow.opportunity_id == opportunity_id, EventRow.kind == OwnerLeft.kind)
        .order_by(EventRow.id.desc())
        .limit(1)
    ).one()
    return OwnerLeft.from_payload(row.payload)


def departure(desk: Desk, member_id: int, *, by: Actor) -> Departure:
    """Return what of a member who left is still to be handed over in the teams that the actor decides for.

    Raises:
        NotFound: There is no such member.
        NotAllowed: The actor decides for no team.
    """
    with desk.reading(by) as session:
        member = session.get(Member, member_id)
        if member is None:
            raise NotFound("members.not_found")
        if not (by.is_admin or by.managed_team_ids):
            raise NotAllowed("members.who_may")
        gaps = _gaps(session, member, by)
        ranked = gaps.order_by(None).order_by(
            Opportunity.grade,
            func.coalesce(Opportunity.amount_minor, 0).desc(),
            Opportunity.next_due_at,
            Opportunity.id,
        )
        count = session.scalar(select(func.count()).select_from(gaps.subquery())) or 0
        teams = select(Team.id, Team.name).where(Team.manager_id == member_id).order_by(Team.name)
        is_headless = by.is_admin and not member.is_active
        headless = tuple((row.id, row.name) for row in session.execute(teams)) if is_headless else ()
        rows = lines(session, ranked.limit(_LISTED), desk.now())
        return Departure(ref(member), count, rows, headless, is_here=member.is_active)


def _gaps(session: Session, member: Member, by: Actor) -> Select[Opportunity]:
    statement = _outside(session, member) if member.is_active else _owned(member)
    return statement if by.is_admin else statement.where(Opportunity.team_id.in_(sorted(by.managed_team_ids)))


@dataclass(frozen=True, slots=True)
class GivenByRules:
    """How many opportunities were offered to somebody by the rules, and how many went to the pool since nobody was free."""

    offered: int
    pooled: int


def give_by_rules(desk: Desk, member_id: int, *, by: Actor) -> GivenByRules:
    """Have the rules choose a new owner for each opportunity of one who left; each is a change of its own.

    A stop in the middle loses nothing: what was not reached is still on the list.

    Raises:
        NotAllowed: The actor decides for no team.
    """
    by = by.with_key(None)  # many changes come of one press of a button; each can only happen once by itself
    if not (by.is_admin or by.managed_team_ids):
        raise NotAllowed("members.who_may")
    with desk.reading(by) as session:
        gaps = _gaps(session, session.get_one(Member, member_id), by)
        wanted = session.scalars(gaps.order_by(None).order_by(Opportunity.grade, Opportunity.id)).all()
        ids = [one.id for one in wanted]
    owners = [_give_by_rules(desk, number, member_id, by) for number in ids]
    given = [one for one in owners if one is not None]
    return GivenByRules(sum(given), len(given) - sum(given))


def _give_by_rules(desk: Desk, opportunity_id: int, member_id: int, by: Actor) -> bool | None:
    """Return whether somebody was asked; None where it was not theirs any more."""
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        gone = session.get_one(Member, member_id)
        if session.scalar(_gaps(session, gone, by).where(Opportunity.id == opportunity_id)) is None:
            return None
        recorder = Recorder(desk, session, by)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        assignments.withdraw(recorder, opportunity)
        resting = cooling.resting_ids(session, opportunity, recorder.now)
        assignments.offer_by_rules(recorder, opportunity, ground, asked=resting | {member_id})
        if opportunity.owner_id is not None:
            taker = session.get_one(Member, opportunity.owner_id)
            recorder.event(opportunity, OwnerChanged(gone.id, gone.name, taker.id, taker.name, "rules"))
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return opportunity.owner_id is not None


@dataclass(frozen=True, slots=True)
class Taker:
    """One who could take an opportunity over, with what they have and could have."""

    member: MemberRef
    open_count: int
    capacity: int


def takers(desk: Desk, opportunity_id: int, typed: str, *, by: Actor, limit: int = 100) -> tuple[Taker, ...]:
    """Return who of an opportunity's team could take it now, those with the least to do first.

    Raises:
        NotFound: There is no such opportunity for the actor.
    """
    now = desk.now()
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        if not by.manages(opportunity.team_id):
            raise NotFound("error.not_found")
        load_ = (
            select(func.count())
            .select_from(Opportunity)
            .where(Opportunity.owner_id == Member.id, Opportunity.closed_at.is_(None))
            .scalar_subquery()
        )
        statement = (
            select(Member, load_.label("open"))
            .where(
                Member.team_id == opportunity.team_id,
                Member.role != "specialist",
                *can_be_told(),
                Member.id != (opportunity.owner_id or 0),
                here_at(now),
            )
            .order_by(load_, Member.id)
        )
        wanted = typed.strip().casefold()
        found = [
            Taker(ref(member), count, member.capacity)
            for member, count in session.execute(statement)
            if wanted in member.name.casefold()
        ]
        return tuple(found[:limit])
