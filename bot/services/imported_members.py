"""Owns tying a member who came with an import to the Slack user they are: two rows of one person become one."""

from typing import Any

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from bot.domain.events import MEMBER_NUMBERS
from bot.errors import InvalidInput, NotAllowed, NotFound, Text
from bot.models import (
    Assignment,
    Customer,
    CustomerMerge,
    Distinction,
    EventRow,
    FollowUp,
    Member,
    MemberChange,
    NextStep,
    Opportunity,
    OutboxRow,
    Registration,
    Review,
    Ruling,
    Team,
)
from bot.services import absences, departures, member_changes, members, second_owners
from bot.services.desk import Actor, Desk
from bot.services.member_rows import ref
from bot.services.recording import Recorder, ground_of
from bot.services.roster import MemberLine, check_decides, check_owns_nothing, line_of, manager_may_give
from bot.services.values import MemberRef

HOLDING: tuple[tuple[Any, str], ...] = (
    (Assignment, "member_id"),
    (Assignment, "from_member_id"),
    (Customer, "protected_by_id"),
    (CustomerMerge, "by_id"),
    (Distinction, "by_id"),
    (EventRow, "actor_id"),
    (FollowUp, "member_id"),
    (MemberChange, "by_id"),
    (MemberChange, "member_id"),
    (NextStep, "created_by_id"),
    (Opportunity, "captured_by_id"),
    (Registration, "asked_by_id"),
    (Registration, "decided_by_id"),
    (Registration, "ended_by_id"),
    (Registration, "renewed_by_id"),
    (Review, "done_by_id"),
    (Ruling, "asked_by_id"),
    (Ruling, "ruled_by_id"),
    (Team, "manager_id"),
)
"""Every column that holds a member's number and follows the person; owners go by themselves, since more hangs on them."""

# As a member is written who was only seen in Slack so far: what still stands so is not anybody's wish.
_PLAIN = {"weight": 1, "capacity": 50, "territories": [], "languages": [], "email": None}


def who(desk: Desk, member_id: int, *, by: Actor) -> MemberLine:
    """Return an imported member whom the actor may tie to a Slack user.

    Raises:
        NotFound: There is none.
        NotAllowed: They do not decide for them, or the member is known in Slack.
    """
    with desk.reading(by) as session:
        return line_of(session, desk, _ghost(session, member_id, by))


def tie(desk: Desk, member_id: int, slack_user_id: str | None, *, by: Actor) -> MemberRef:
    """Take it that an imported member is a Slack user: all that is the former's is the latter's from now on.

    One who was never seen here simply gets the imported row. Of two rows the Slack user's stays; role, team, weight and the like
    come from the imported one where the Slack user has none of their own. What was offered, followed up and decided under the
    imported number, in the history too, goes under theirs. Decisions of the assignment rules stay as they were recorded: they
    name their candidates themselves, and nobody is chosen who was not seen in Slack.

    Args:
        desk: The record and the clock.
        member_id: Our number of the imported member.
        slack_user_id: Such as ``U012AB3CD``.
        by: An admin, or the manager of the imported member's team.

    Raises:
        NotFound: There is no such member.
        NotAllowed: They do not decide for them, or the member is known in Slack.
        InvalidInput: Nobody was chosen, or one who cannot be that person; at the field ``slack_user``.
    """
    if not slack_user_id:
        raise InvalidInput({"slack_user": Text("error.required")})
    try:
        return _tie(desk, member_id, slack_user_id, by)
    except IntegrityError:
        # Slack made the user known here between our look and our write: now there are two rows to make one.
        return _tie(desk, member_id, slack_user_id, by)


def _tie(desk: Desk, member_id: int, slack_user_id: str, by: Actor) -> MemberRef:
    with desk.transaction(by) as session:
        # Nothing is offered to one who was not seen in Slack, so that nobody who holds an opportunity waits for this row.
        ghost = _ghost(session, member_id, by, lock=True)
        recorder = Recorder(desk, session, by)
        member = session.scalar(select(Member).where(Member.slack_user_id == slack_user_id))
        if member is None:
            return ref(_claimed(recorder, ghost, slack_user_id))
        owned = departures.hold_both(session, ghost, member)
        _check(session, by, ghost, member)
        _merge(recorder, ghost, member, owned)
        return ref(member)


def _ghost(session: Session, member_id: int, by: Actor, *, lock: bool = False) -> Member:
    check_decides(by)
    found = session.get(Member, member_id, with_for_update=lock)
    if found is None:
        raise NotFound("members.not_found")
    if not by.manages(found.team_id):
        raise NotAllowed("members.not_yours", member=found.name)
    if found.slack_user_id is not None:
        raise NotAllowed("members.tied_already", member=found.name)
    return found


def _claimed(recorder: Recorder, ghost: Member, slack_user_id: str) -> Member:
    """Give the imported row to a Slack user who has none; their profile is read afterwards."""
    before = member_changes.facts(ghost)
    name = ghost.name
    ghost.imported_as = members.known_as(ghost)
    ghost.slack_user_id = slack_user_id
    member_changes.keep(recorder, ghost, before, tied=name)
    recorder.session.flush()
    return ghost


def _check(session: Session, by: Actor, ghost: Member, member: Member) -> None:
    if not member.is_active:
        raise InvalidInput({"slack_user": Text("setup.member_inactive", member=member.name)})
    if not by.is_admin and member.team_id is not None and member.team_id not in by.managed_team_ids:
        raise InvalidInput({"slack_user": Text("members.not_yours", member=member.name)})
    if _role(session, by, ghost, member) == "specialist":
        check_owns_nothing(session, ghost, at="slack_user")


def _role(session: Session, by: Actor, ghost: Member, member: Member) -> str:
    """Return the role of the one person: a role of their own stays, but who manages a team is a manager."""
    manages = session.scalar(select(Team.id).where(Team.manager_id == ghost.id).limit(1)) is not None
    if member.role == "admin":
        return "admin"
    if manages and by.is_admin:
        return "manager"
    is_theirs_to_give = by.is_admin or manager_may_give(ghost.role)
    return ghost.role if member.role == "rep" and member.team_id is None and is_theirs_to_give else member.role


def _merge(recorder: Recorder, ghost: Member, member: Member, owned: list[Opportunity]) -> None:
    session, before, name = recorder.session, member_changes.facts(member), ghost.name
    member.role = _role(session, recorder.by, ghost, member)
    member.team_id = member.team_id if member.team_id is not None else ghost.team_id
    for field, plain in _PLAIN.items():
        if getattr(member, field) == plain:
            setattr(member, field, getattr(ghost, field))
    _take_absence(recorder, ghost, member)
    member.imported_as = [*members.known_as(ghost), *(member.imported_as or [])]
    member.last_assigned_at = max(filter(None, (member.last_assigned_at, ghost.last_assigned_at)), default=None)
    for row in owned:
        row.owner_id = member.id
    session.flush()
    for model, column in HOLDING:
        change = update(model).where(getattr(model, column) == ghost.id).values({column: member.id})
        session.execute(change, execution_options={"synchronize_session": False})
    _rename_in_json(session, ghost.id, member.id)
    session.execute(
        update(OutboxRow)
        .where(OutboxRow.channel == f"member:{ghost.id}", OutboxRow.state == "waiting")
        .values(channel=f"member:{member.id}"),
        execution_options={"synchronize_session": False},
    )
    member_changes.keep(recorder, member, before, tied=name)
    session.flush()
    session.delete(ghost)
    session.flush()
    _settle(recorder, owned)
    departures.leave_teams(recorder, member, {row.team_id for row in owned if row.closed_at is None})
    open_count = sum(row.closed_at is None for row in owned)
    if open_count:
        recorder.tell(member.id, "notice.tied", who=recorder.by.name, name=name, count=open_count)


def _take_absence(recorder: Recorder, ghost: Member, member: Member) -> None:
    """Have an absence of the imported row go on, where the person has none of their own."""
    if member.away_until is not None and member.away_until > recorder.now:
        return
    if ghost.away_until is not None and ghost.away_until > recorder.now:
        absences.put_away(recorder, member, ghost.away_until, ghost.away_from)


def _settle(recorder: Recorder, owned: list[Opportunity]) -> None:
    """Take off the marks of two owners who were one person, and have the cards that stand show who owns them."""
    for row in owned:
        if row.closed_at is not None:
            continue
        ground = ground_of(recorder.session, row.team_id, row.playbook_id)
        second_owners.settle(recorder, row, ground)
        if row.card_ts is not None:
            recorder.card(row, ground.team)


def _rename_in_json(session: Session, ghost_id: int, member_id: int) -> None:
    """Write the number of the one person into what is kept as JSON: events, the evidence of rulings, what merges moved."""
    naming = [EventRow.payload[name].as_integer() == ghost_id for name in sorted(MEMBER_NUMBERS)]
    for model, column, rows in (
        (EventRow, "payload", session.execute(select(EventRow.id, EventRow.payload).where(or_(*naming))).all()),
        (Ruling, "evidence", session.execute(select(Ruling.id, Ruling.evidence)).all()),
        (CustomerMerge, "moved", session.execute(select(CustomerMerge.id, CustomerMerge.moved)).all()),
    ):
        changed = [
            {"row_id": number, "fresh": fresh}
            for number, kept in rows
            if (fresh := _renamed(kept, ghost_id, member_id)) != kept
        ]
        if changed:
            table: Any = model.__table__
            session.connection().execute(
                update(table).where(table.c.id == bindparam("row_id")).values({column: bindparam("fresh")}), changed
            )


def _renamed(kept: Any, ghost_id: int, member_id: int) -> Any:
    """Return JSON with one number for the other under the names that hold a member's."""
    names = {*MEMBER_NUMBERS, "owner_id", "protection"}
    if isinstance(kept, dict):
        return {name: member_id if name in names and value == ghost_id else value for name, value in kept.items()}
    # Evidence is pairs of name and value.
    return [[pair[0], member_id] if pair[0] in names and pair[1] == ghost_id else pair for pair in kept]
