"""Owns absences: from when to when somebody is given no leads, and what becomes of what waits for them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, not_, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.absence import is_away, last_minute
from bot.domain.events import AssignmentDeclined
from bot.domain.quiet import hours_of
from bot.errors import InvalidInput, NotFound, Text
from bot.models import Assignment, Member, Opportunity, Team
from bot.services import assignments, member_changes
from bot.services.desk import Actor, Desk, system_actor
from bot.services.member_rows import here_at, ref
from bot.services.putting_off import alone
from bot.services.recording import Recorder, ground_of, load
from bot.services.values import MemberRef

_TOUCHING = timedelta(minutes=1)
"""A day ends with its last minute, and the next one begins with its first."""


@dataclass(frozen=True, slots=True)
class Absence:
    """How long somebody is away, and what of theirs needs somebody meanwhile.

    Attributes:
        member: Who.
        until: The end, aware UTC; None for one who is here.
        start: When it begins, aware UTC; None where it has begun.
        manager: Who hears meanwhile what stays undone; None where that is nobody else.
        open_count: Open opportunities they own.
        due_count: Those of them whose next step is due in that time.
        passed_on: Offers that waited for their answer and went to the next one.
        zone: Their IANA zone, in which days end.
        is_changed: They were away already: it is said anew until when.
    """

    member: MemberRef
    until: datetime | None
    start: datetime | None = None
    manager: MemberRef | None = None
    open_count: int = 0
    due_count: int = 0
    passed_on: int = 0
    zone: str = "UTC"
    is_changed: bool = False


def own(desk: Desk, *, by: Actor) -> Absence:
    """Return the actor's own absence, which may begin later.

    Raises:
        NotFound: They are not known here.
    """
    return absence_of(desk, by.member_id or 0, workspace_id=by.workspace_id)


def set_away(desk: Desk, until: datetime | None, *, by: Actor, start: datetime | None = None) -> Absence:
    """Say from when until when the actor is given no leads and no reminders, and tell the manager.

    Offers that wait for them go on: at once, or by the clock when a later absence begins. One that is under way goes on too: what
    touches it makes it longer.

    Args:
        desk: The record and the clock.
        until: The end, aware; None ends it.
        by: Who is away.
        start: The beginning, aware; None for now.

    Raises:
        InvalidInput: The end has passed or is not after the start, at its field; or they would be here between two absences.
    """
    with desk.transaction(by) as session:
        member = session.get(Member, by.member_id)
        if member is None:
            raise NotFound("members.not_found")
        recorder = Recorder(desk, session, by)
        before = member_changes.facts(member)
        was_away = is_away(member, recorder.now)
        passed_on = put_away(recorder, member, until, start)
        member_changes.keep(recorder, member, before)
        session.flush()
        return replace(_absence(session, member, passed_on), is_changed=was_away and until is not None)


def put_away(recorder: Recorder, member: Member, until: datetime | None, start: datetime | None) -> int:
    """Write from when until when a member is away, inside a transaction that changes them; without a start, from now on.

    Returns:
        How many offers that waited for them went on to the next one.

    Raises:
        InvalidInput: The end has passed, at the field ``away_until``; at ``away_from`` it is not after the start, or begins when they
            have been here again for a while: only one absence is kept, and theirs would end without a word.
    """
    if until is not None and until <= recorder.now:
        raise InvalidInput({"away_until": Text("absence.past")})
    if until is None or (start is not None and start <= recorder.now and start != member.away_from):
        start = None
    if start is not None and until is not None and start >= until:
        raise InvalidInput({"away_from": Text("absence.reversed")})
    was_away = is_away(member, recorder.now)
    if was_away and until is not None and member.away_until is not None:
        if start is not None and start > recorder.now:
            _check_touches(recorder, member, member.away_until, start)
            until = max(until, member.away_until)
        start = member.away_from
    if (member.away_from, member.away_until) == (start, until):
        return 0
    member.away_from, member.away_until = start, until
    recorder.session.flush()
    if until is None:
        return 0
    passed_on = pass_on_offers(recorder, member, cause="away") if is_away(member, recorder.now) else 0
    _tell_managers(recorder, member, until, is_changed=was_away)
    return passed_on


def _check_touches(recorder: Recorder, member: Member, end: datetime, start: datetime) -> None:
    """Refuse an absence that begins after the present one has ended, unless nothing is worked between them, as over a weekend."""
    if start - end <= _TOUCHING:
        return
    if member.team_id is not None:
        hours = hours_of(ground_of(recorder.session, member.team_id).calendar, member.zone)
        if timedelta(hours=calendar.hours_between(hours, end, start)) <= _TOUCHING:
            return
    day = end.astimezone(ZoneInfo(member.zone)).date()
    until = day if end == last_minute(day, member.zone) else end
    if member.id == recorder.by.member_id:
        raise InvalidInput({"away_from": Text("absence.under_way", until=until)})
    raise InvalidInput({"away_from": Text("absence.under_way_of", member=member.name, until=until)})


def _tell_managers(recorder: Recorder, member: Member, until: datetime, *, is_changed: bool) -> None:
    manager = _manager_of(recorder.session, member)
    if manager is not None and manager.id != recorder.by.member_id:
        payload = {"member_id": member.id, "until": until.isoformat(), "is_changed": is_changed}
        recorder.promise("absence", f"member:{manager.id}", payload)


def _manager_of(session: Session, member: Member) -> Member | None:
    """Return who else manages a member's team."""
    if member.team_id is None:
        return None
    return session.scalar(
        select(Member).join(Team, Team.manager_id == Member.id).where(Team.id == member.team_id, Member.id != member.id)
    )


_WAITS = exists().where(
    Assignment.member_id == Member.id,
    Assignment.state == "pending",
    Assignment.kind == "offer",
    Opportunity.id == Assignment.opportunity_id,
    Opportunity.owner_id == Member.id,
    Opportunity.closed_at.is_(None),
)


def begin(desk: Desk) -> int:
    """Pass on the offers that wait for those whose absence has begun meanwhile, of all workspaces; returns how many went on.

    Any number of workers may do this at once: an offer that another one passed on is not pending any more.
    """
    now = desk.now()
    with desk.database.reading(None) as session:
        begun = select(Member.workspace_id, Member.id).where(Member.away_from <= now, not_(here_at(now)), _WAITS)
        found = session.execute(begun.order_by(Member.id)).all()
    count = 0
    for row in found:
        pass_on = partial(_begun, desk, row.id, system_actor(row.workspace_id))
        count += alone(f"the absence of member {row.id}", pass_on) or 0
    return count


def _begun(desk: Desk, member_id: int, by: Actor) -> int:
    with desk.transaction(by) as session:
        member = session.get_one(Member, member_id)
        # They may have come back since we looked.
        return pass_on_offers(Recorder(desk, session, by), member, cause="away") if is_away(member, desk.now()) else 0


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
    asked = assignments.asked_before(recorder, opportunity)
    assignments.offer_by_rules(recorder, opportunity, ground, asked=asked | {member.id})
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
            raise NotFound("members.not_found")
        if member.away_until is not None and member.away_until <= desk.now():
            return Absence(ref(member), None, zone=member.zone)
        return _absence(session, member, 0)


def _absence(session: Session, member: Member, passed_on: int) -> Absence:
    own = [Opportunity.owner_id == member.id, Opportunity.closed_at.is_(None)]
    due = 0
    if member.away_until is not None:
        since = [Opportunity.next_due_at >= member.away_from] if member.away_from is not None else []
        due = _count(session, *own, *since, Opportunity.next_due_at <= member.away_until)
    manager = _manager_of(session, member)
    return Absence(
        ref(member),
        member.away_until,
        start=member.away_from,
        manager=ref(manager) if manager is not None and manager.is_active else None,
        open_count=_count(session, *own),
        due_count=due,
        passed_on=passed_on,
        zone=member.zone,
    )


def _count(session: Session, *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Opportunity).where(*conditions)) or 0
