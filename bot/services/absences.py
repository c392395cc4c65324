"""Owns absences: from when to when somebody is given no leads, and what becomes of what waits for them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from bot.domain.events import AssignmentDeclined
from bot.errors import InvalidInput, NotFound, Text
from bot.models import Assignment, Member, Opportunity, Team
from bot.services import assignments, member_changes
from bot.services.desk import Actor, Desk, system_actor
from bot.services.member_rows import ref
from bot.services.recording import Recorder, ground_of, load
from bot.services.values import MemberRef


@dataclass(frozen=True, slots=True)
class Absence:
    """How long somebody is away, and what of theirs needs somebody meanwhile.

    Attributes:
        member: Who.
        until: The end, aware UTC; None for one who is here.
        open_count: Open opportunities they own.
        due_count: Those of them whose next step is due before they are back.
        passed_on: Offers that waited for their answer and went to the next one.
        zone: Their IANA zone, in which days end.
    """

    member: MemberRef
    until: datetime | None
    open_count: int = 0
    due_count: int = 0
    passed_on: int = 0
    zone: str = "UTC"


def set_away(desk: Desk, until: datetime | None, *, by: Actor) -> Absence:
    """Say until when the actor is given no leads; None ends it. Offers that wait for them go on, and the manager is told.

    Raises:
        InvalidInput: The end has passed, at the field ``away_until``.
    """
    with desk.transaction(by) as session:
        member = session.get(Member, by.member_id)
        if member is None:
            raise NotFound("error.not_found")
        recorder = Recorder(desk, session, by)
        before = member_changes.facts(member)
        passed_on = put_away(recorder, member, until)
        member_changes.keep(recorder, member, before)
        session.flush()
        return _absence(session, member, passed_on)


def put_away(recorder: Recorder, member: Member, until: datetime | None) -> int:
    """Write until when a member is away, inside a transaction that changes them.

    Returns:
        How many offers that waited for them went on to the next one.

    Raises:
        InvalidInput: The end has passed, at the field ``away_until``.
    """
    if until is not None and until <= recorder.now:
        raise InvalidInput({"away_until": Text("absence.past")})
    if member.away_until == until:
        return 0
    member.away_until = until
    recorder.session.flush()
    if until is None:
        return 0
    passed_on = pass_on_offers(recorder, member, cause="away")
    _tell_managers(recorder, member, until)
    return passed_on


def _tell_managers(recorder: Recorder, member: Member, until: datetime) -> None:
    if member.team_id is None:
        return
    manager_id = recorder.session.scalar(select(Team.manager_id).where(Team.id == member.team_id))
    if manager_id is not None and manager_id not in {member.id, recorder.by.member_id}:
        payload = {"member_id": member.id, "until": until.isoformat()}
        recorder.promise("absence", f"member:{manager_id}", payload)


def pass_on_offers(recorder: Recorder, member: Member, *, cause: str) -> int:
    """Ask the next eligible one about every offer that waits for a member's answer.

    Args:
        recorder: The transaction.
        member: Who cannot answer; already not eligible any more.
        cause: away, left or moved; kept in the history.

    Returns:
        How many went on.
    """
    session = recorder.session
    waiting = session.scalars(
        select(Assignment)
        .where(Assignment.member_id == member.id, Assignment.state == "pending", Assignment.kind == "offer")
        .order_by(Assignment.id)
    ).all()
    return sum(_pass_on(recorder, member, offer, cause) for offer in waiting)


def _pass_on(recorder: Recorder, member: Member, offer: Assignment, cause: str) -> bool:
    session = recorder.session
    opportunity = load(session, offer.opportunity_id, lock=True)
    session.refresh(offer)
    if offer.state != "pending" or opportunity.closed_at is not None or opportunity.owner_id != member.id:
        return False  # it was answered, or went elsewhere, while we waited for the row
    ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
    offer.state, offer.answered_at = "withdrawn", recorder.now
    recorder.event(opportunity, AssignmentDeclined(member.id, member.name, cause=cause))
    session.flush()
    asked = session.scalars(
        select(Assignment.member_id).where(
            Assignment.opportunity_id == opportunity.id,
            Assignment.kind == "offer",
            Assignment.state.in_(("declined", "lapsed")),
        )
    )
    assignments.offer_by_rules(recorder, opportunity, ground, asked=frozenset(asked) | {member.id})
    recorder.attend(opportunity, ground)
    recorder.card(opportunity, ground.team)
    session.flush()
    return True


def absence_of(desk: Desk, member_id: int, *, workspace_id: int) -> Absence:
    """Return how a member's absence stands now, for the message that tells of it.

    Raises:
        NotFound: There is no such member.
    """
    with desk.reading(system_actor(workspace_id)) as session:
        member = session.get(Member, member_id)
        if member is None:
            raise NotFound("error.not_found")
        if member.away_until is not None and member.away_until <= desk.now():
            return Absence(ref(member), None)
        return _absence(session, member, 0)


def _absence(session: Session, member: Member, passed_on: int) -> Absence:
    own = (Opportunity.owner_id == member.id, Opportunity.closed_at.is_(None))
    due = _count(session, *own, Opportunity.next_due_at <= member.away_until) if member.away_until else 0
    return Absence(ref(member), member.away_until, _count(session, *own), due, passed_on, member.zone)


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Opportunity).where(*conditions)) or 0
