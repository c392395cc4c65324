"""Owns the rows of rulings: whether a request is open, how it ends once, and what its readers see of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.domain.rulings import Evidence, Verdict
from bot.errors import Conflict, NotFound, Text
from bot.models import Member, Opportunity, Ruling, Team
from bot.services import collisions, disputes
from bot.services.case_values import RulingCase
from bot.services.desk import Actor
from bot.services.judges import judges_of
from bot.services.member_rows import ref, ref_or_none
from bot.services.recording import Recorder, ground_of
from bot.services.second_owners import is_same_matter


def key(ruling_id: int, member_id: int | str) -> str:
    """Return the key of a promised message about a request; with an empty member, how all of them begin."""
    return f"ruling:{ruling_id}:{member_id}"


def ask(recorder: Recorder, ruling_id: int, judges: Iterable[Member]) -> None:
    """Promise a request's card to those who are to decide; who was asked before has it show the present state."""
    for judge in judges:
        name = key(ruling_id, judge.id)
        if not recorder.promise("ruling", f"member:{judge.id}", {"ruling_id": ruling_id}, key=name):
            recorder.renew(name)


def found(session: Session, ruling_id: int) -> Ruling:
    """Return a request's row.

    Raises:
        NotFound: There is none.
    """
    found = session.get(Ruling, ruling_id)
    if found is None:
        raise NotFound("ruling.not_found")
    return found


def check_open(session: Session, ruling: Ruling) -> None:
    """Refuse one that ended, with how.

    Raises:
        Conflict: Somebody ruled already, or there is nothing left to rule on.
    """
    if ruling.state == "open":
        return
    if ruling.state != "ruled":
        raise Conflict("ruling.over", cause=Text(f"ruling.cause.{ruling.cause or ruling.state}"))
    judge = session.get(Member, ruling.ruled_by_id) if ruling.ruled_by_id is not None else None
    raise Conflict(
        "ruling.ruled_already",
        judge=judge.name if judge else "–",
        verdict=Text(f"ruling.verdict.{ruling.verdict}", **_names(session, ruling)),
        sentence=ruling.sentence or "–",
    )


def _names(session: Session, ruling: Ruling) -> dict[str, str]:
    asker = session.get(Member, ruling.asked_by_id)
    return {"asker": asker.name if asker else "–", "owner": _evidence_of(ruling).owner or "–"}


def settle(
    session: Session, ruling: Ruling, *, by: Actor | None = None, now: datetime | None = None, **values: Any
) -> None:
    """End a request if it is open still: one conditional write, and who comes too late learns what was ruled."""
    won = session.execute(
        update(Ruling)
        .where(Ruling.id == ruling.id, Ruling.state == "open")
        .values(**values, ruled_by_id=by.member_id if by is not None else None, ruled_at=now)
        .returning(Ruling.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    session.refresh(ruling)
    if won is None:
        check_open(session, ruling)


def _evidence_of(ruling: Ruling) -> Evidence:
    return Evidence.from_json(ruling.evidence)


def _beside(session: Session, ruling: Ruling, found: Opportunity | None) -> int:
    """Return how much of the same matter the asker has open at the customer, beside the owner."""
    if ruling.state != "open" or found is None or found.closed_at is not None or found.owner_id is None:
        return 0
    ground = ground_of(session, found.team_id, found.playbook_id)
    rows = session.scalars(
        select(Opportunity).where(
            Opportunity.customer_id == found.customer_id,
            Opportunity.owner_id == ruling.asked_by_id,
            Opportunity.closed_at.is_(None),
        )
    )
    return sum(is_same_matter(found, row, ground) for row in rows)


def case_of(session: Session, ruling: Ruling) -> RulingCase:
    """Return a request as its judges and sides see it."""
    subject = disputes.subject_of(session, ruling)
    asker = session.get_one(Member, ruling.asked_by_id)
    evidence = _evidence_of(ruling)
    found, registration = subject.opportunity, subject.registration
    asker_team = session.get(Team, asker.team_id) if asker.team_id is not None else None
    return RulingCase(
        id=ruling.id,
        state=ruling.state,
        cause=ruling.cause,
        opportunity_id=ruling.opportunity_id,
        customer_id=subject.customer.id,
        customer=subject.customer.name,
        need=found.need if found is not None else registration.note if registration is not None else "",
        team=subject.team.name,
        owner=ref_or_none(session, subject.owner_id if ruling.state == "open" else evidence.owner_id),
        asker=ref(asker),
        asker_team=asker_team.name if asker_team else None,
        plea=ruling.plea,
        asked_at=ruling.asked_at,
        evidence=evidence,
        verdict=Verdict(ruling.verdict) if ruling.verdict else None,
        sentence=ruling.sentence,
        judge=ref_or_none(session, ruling.ruled_by_id),
        ruled_at=ruling.ruled_at,
        precedents=collisions.precedents(session, ruling.customer_id, team_id=subject.team.id, but=ruling.id),
        beside=_beside(session, ruling, found),
        judges=tuple(ref(one) for one in judges_of(session, subject.team, {asker.id, subject.owner_id})),
    )
