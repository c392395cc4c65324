"""Owns the change of owner: offered with the whole history, accepted or declined; stage, next steps and history stay."""

from datetime import timedelta

from sqlalchemy.orm import Session

from bot.domain.absence import is_away
from bot.domain.events import HandoverDeclined, HandoverOffered, OwnerChanged
from bot.errors import InvalidInput, NotAllowed, RuleBroken, Text
from bot.models import Assignment, Member, Opportunity
from bot.services import assignments
from bot.services.access import SELLS, check_acts, check_sees
from bot.services.desk import Actor, Desk
from bot.services.forms import clean_or_none
from bot.services.members import member_by_slack_id
from bot.services.reading import done, pending_assignment, view_of
from bot.services.recording import Ground, Recorder, ground_of, load
from bot.services.second_owners import beside, settle
from bot.services.values import Done, OpportunityView

_HISTORY_MOST = 200


def offer(desk: Desk, opportunity_id: int, to_slack_user_id: str, note: str | None, *, by: Actor) -> Done:
    """Ask another member to take an opportunity over; the present owner stays accountable until they accept.

    Raises:
        InvalidInput: The member cannot take it, with what to do at the field ``to``.
        NotAllowed: It belongs to somebody else.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder, owner, taker = _begin(desk, session, opportunity_id, to_slack_user_id, by)
        note = clean_or_none(note)
        assignments.accept_by_acting(recorder, opportunity)
        assignments.withdraw(recorder, opportunity)
        accept_by = ground.accept_by(opportunity, recorder.now)
        row = Assignment(
            workspace_id=opportunity.workspace_id,
            opportunity_id=opportunity.id,
            member_id=taker.id,
            from_member_id=opportunity.owner_id,
            kind="handover",
            state="pending",
            note=note,
            offered_at=recorder.now,
            accept_by=accept_by,
        )
        session.add(row)
        # Nobody else's silence keeps it in the air: at that time it stays where it is, and all are told.
        opportunity.accept_by = accept_by
        recorder.attend(opportunity, ground)
        session.flush()
        recorder.event(
            opportunity,
            HandoverOffered(
                owner.id if owner else None, owner.name if owner else None, taker.id, taker.name, note, accept_by
            ),
        )
        recorder.promise(
            "handover",
            f"member:{taker.id}",
            {"opportunity_id": opportunity.id, "assignment_id": row.id},
            key=f"handover:{row.id}",
        )
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("handover.offered", member=taker.name))


def reassign(desk: Desk, opportunity_id: int, to_slack_user_id: str, note: str | None, *, by: Actor) -> Done:
    """Make another member the owner at once, to be accepted; for managers and admins, such as when a rep is absent.

    Raises:
        NotAllowed: The actor does not manage the team.
        InvalidInput: The member cannot take it.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder, owner, taker = _begin(
            desk, session, opportunity_id, to_slack_user_id, by, manager=True
        )
        assignments.withdraw(recorder, opportunity)
        recorder.event(
            opportunity,
            OwnerChanged(
                owner.id if owner else None, owner.name if owner else None, taker.id, taker.name, "reassigned"
            ),
        )
        assignments.give(
            recorder,
            opportunity,
            ground,
            taker,
            {"key": "assign.by_manager", "params": {"name": by.name}},
            note=clean_or_none(note),
        )
        others = settle(recorder, opportunity, ground)
        if owner is not None:
            recorder.tell(
                owner.id, "notice.reassigned", opportunity_id=opportunity.id, member=taker.name, manager=by.name
            )
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        said = Text("handover.reassigned", member=taker.name)
        return done(session, opportunity, by, recorder.now, None, beside(said, others))


def accept(desk: Desk, opportunity_id: int, *, by: Actor) -> Done:
    """Accept what was offered to the actor: a lead that was assigned, or a handover.

    Raises:
        RuleBroken: Nothing waits for them here any more.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder, waiting = _waiting(desk, session, opportunity_id, by)
        others: tuple[str, ...] = ()
        if waiting.kind == "offer":
            assignments.accept(recorder, opportunity, waiting)
        else:
            _take_over(recorder, opportunity, ground, waiting)
            others = settle(recorder, opportunity, ground)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, beside(Text("handover.accepted"), others))


def decline(desk: Desk, opportunity_id: int, reason: str | None, *, by: Actor) -> Done:
    """Decline what was offered to the actor; a lead goes to the next eligible member, a handover stays where it was.

    Raises:
        RuleBroken: Nothing waits for them here any more.
    """
    with desk.transaction(by) as session:
        opportunity, ground, recorder, waiting = _waiting(desk, session, opportunity_id, by)
        reason = clean_or_none(reason)
        if waiting.kind == "offer":
            assignments.decline(recorder, opportunity, ground, waiting, reason)
        else:
            waiting.state, waiting.answered_at = "declined", recorder.now
            opportunity.accept_by = None
            recorder.event(opportunity, HandoverDeclined(waiting.member_id, by.name, reason))
            recorder.tell(
                waiting.from_member_id,
                "notice.handover_declined",
                opportunity_id=opportunity.id,
                member=by.name,
                reason=reason or "–",
            )
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("handover.declined"))


def dossier(desk: Desk, opportunity_id: int, *, by: Actor) -> tuple[OpportunityView, str | None, str | None]:
    """Return everything a new owner needs: the opportunity with its history and contacts, the note, and who hands over.

    Raises:
        NotFound: There is none, or it is not for the actor.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        waiting = pending_assignment(session, opportunity)
        if waiting is None or waiting.member_id != by.member_id:
            check_sees(opportunity, by)
        giver = session.get(Member, waiting.from_member_id) if waiting is not None and waiting.from_member_id else None
        shown = view_of(session, opportunity, by, desk.now(), history=_HISTORY_MOST, contacts=True)
        return shown, waiting.note if waiting else None, giver.name if giver else None


def _begin(
    desk: Desk, session: Session, opportunity_id: int, to_slack_user_id: str, by: Actor, *, manager: bool = False
) -> tuple[Opportunity, Ground, Recorder, Member | None, Member]:
    opportunity = load(session, opportunity_id, lock=True)
    owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    if not manager or not by.manages(opportunity.team_id):
        check_acts(opportunity, by, owner)
    if manager and not by.manages(opportunity.team_id):
        raise NotAllowed("error.not_allowed")
    if opportunity.closed_at is not None:
        raise RuleBroken("error.closed")
    taker = member_by_slack_id(session, to_slack_user_id)
    if not taker.is_active:
        raise InvalidInput({"to": Text("handover.inactive", member=taker.name)})
    if taker.id == opportunity.owner_id:
        raise InvalidInput({"to": Text("handover.same_owner", member=taker.name)})
    if taker.role not in SELLS or (taker.team_id is None and taker.role == "rep"):
        raise InvalidInput({"to": Text("handover.not_a_rep", member=taker.name)})
    if is_away(taker, desk.now()):
        raise InvalidInput({"to": Text("handover.away", member=taker.name, until=taker.away_until)})
    return (
        opportunity,
        ground_of(session, opportunity.team_id, opportunity.playbook_id),
        Recorder(desk, session, by),
        owner,
        taker,
    )


def _waiting(
    desk: Desk, session: Session, opportunity_id: int, by: Actor
) -> tuple[Opportunity, Ground, Recorder, Assignment]:
    opportunity = load(session, opportunity_id, lock=True)
    waiting = pending_assignment(session, opportunity)
    if waiting is None or waiting.member_id != by.member_id or opportunity.closed_at is not None:
        raise RuleBroken("handover.nothing_waits")
    return (
        opportunity,
        ground_of(session, opportunity.team_id, opportunity.playbook_id),
        Recorder(desk, session, by),
        waiting,
    )


def _take_over(recorder: Recorder, opportunity: Opportunity, ground: Ground, waiting: Assignment) -> None:
    session, now = recorder.session, recorder.now
    before = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    taker = session.get_one(Member, waiting.member_id)
    waiting.state, waiting.answered_at = "accepted", now
    opportunity.owner_id, opportunity.accepted_at, opportunity.accept_by, opportunity.pooled_at = (
        taker.id,
        now,
        None,
        None,
    )
    opportunity.owner_reason = {"key": "assign.handed_over", "params": {"name": before.name if before else "–"}}
    opportunity.protected_until = now + timedelta(days=ground.playbook.protection_days)
    taker.last_assigned_at = now
    recorder.event(
        opportunity, OwnerChanged(before.id if before else None, before.name if before else None, taker.id, taker.name)
    )
    if before is not None:
        recorder.tell(before.id, "notice.handover_accepted", opportunity_id=opportunity.id, member=taker.name)
