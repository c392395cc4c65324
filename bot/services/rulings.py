"""Owns rulings: asking a manager whose customer it is, the manager's answer, and what waits for one."""

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from bot.domain.events import RulingAsked, RulingMade, event_from
from bot.domain.rulings import Evidence, Happening, Verdict, evidence_of
from bot.errors import Conflict, InvalidInput, NotFound, RuleBroken, Text
from bot.models import Customer, EventRow, Member, Opportunity, OutboxRow, Ruling, Team
from bot.services import collisions, verdicts
from bot.services.case_values import Asked, RulingCase
from bot.services.desk import Actor, Desk
from bot.services.forms import clean, clean_or_none
from bot.services.judges import asked_judges, check_judge, judges_of
from bot.services.members import ref, ref_or_none
from bot.services.recording import Ground, Recorder, ground_of, load

PLEA_MOST, SENTENCE_MOST = 1000, 300
_WAITING_MOST = 50


def ask(desk: Desk, opportunity_id: int, plea: str | None, *, by: Actor, need: str | None = None) -> Asked:
    """Ask the owner's manager whose customer it is; the opportunity has a collision until somebody rules.

    Args:
        desk: The record and the clock.
        opportunity_id: The opportunity that stood in the way.
        plea: Why the customer should be the asker's.
        by: The refused rep.
        need: What they typed as the customer's need.

    Raises:
        InvalidInput: No plea.
        NotFound: There is no such opportunity, or it never stopped them.
        Conflict: They asked already.
        RuleBroken: It was closed meanwhile, is theirs, or there is nobody to ask.
    """
    plea = _worded("plea", plea, PLEA_MOST)
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        collisions.check_concerned(session, opportunity, by)
        customer = session.get_one(Customer, opportunity.customer_id)
        if opportunity.closed_at is not None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        if by.member_id is None or opportunity.owner_id == by.member_id:
            raise RuleBroken("ruling.yours", customer=customer.name)
        if collisions.open_ruling(session, opportunity.id, by.member_id) is not None:
            raise Conflict("ruling.asked_already", customer=customer.name)
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        judges = asked_judges(session, ground.team, {by.member_id, opportunity.owner_id})
        recorder = Recorder(desk, session, by)
        ruling_id = recorder.insert(
            Ruling,
            opportunity_id=opportunity.id,
            customer_id=customer.id,
            asked_by_id=by.member_id,
            asked_at=recorder.now,
            plea=plea,
            evidence=_evidence(session, opportunity, by, clean_or_none(need)).to_json(),
            state="open",
        )
        opportunity.has_collision = True
        recorder.event(opportunity, RulingAsked(by.member_id, by.name, plea))
        for judge in judges:
            recorder.promise("ruling", f"member:{judge.id}", {"ruling_id": ruling_id}, key=_key(ruling_id, judge.id))
        recorder.tell(
            opportunity.owner_id,
            "notice.ruling_asked",
            opportunity_id=opportunity.id,
            member=by.name,
            judges=", ".join(one.name for one in judges),
        )
        recorder.attend(opportunity, ground)
        return Asked(customer.name, tuple(ref(one) for one in judges))


def rule(desk: Desk, ruling_id: int, verdict: Verdict, sentence: str | None, *, by: Actor) -> RulingCase:
    """Decide a request for a ruling, once and for all; both sides are told with the sentence.

    Raises:
        InvalidInput: No sentence.
        NotFound: There is no such request.
        NotAllowed: They may not rule here.
        Conflict: Somebody ruled already.
        RuleBroken: It cannot go to the one who asked any more.
    """
    sentence = _worded("sentence", sentence, SENTENCE_MOST)
    with desk.transaction(by) as session:
        ruling = _ruling(session, ruling_id)
        # The opportunity is held before the ruling, here as where one is asked for, so that nobody waits in a circle.
        opportunity = load(session, ruling.opportunity_id, lock=True)
        session.refresh(ruling)
        team = session.get_one(Team, opportunity.team_id)
        _check_open(session, ruling)
        check_judge(session, team, by, {ruling.asked_by_id, opportunity.owner_id})
        _decide(session, ruling, verdict, sentence, desk, by)
        recorder = Recorder(desk, session, by)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        asker = session.get_one(Member, ruling.asked_by_id)
        recorder.event(
            opportunity, RulingMade(verdict.value, sentence, asker.id, asker.name, owner.name if owner else None)
        )
        ground = _carry_out(recorder, opportunity, verdict, asker)
        opportunity.has_collision = _is_disputed(session, opportunity.id)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        for side in {asker.id, *([owner.id] if owner else [])} - {by.member_id}:
            payload = {"ruling_id": ruling.id, "opportunity_id": opportunity.id}
            recorder.promise("ruled", f"member:{side}", payload, key=f"ruled:{ruling.id}:{side}")
        _renew_cards(recorder, ruling.id)
        session.flush()
        return _case(session, ruling)


def case(desk: Desk, ruling_id: int, *, by: Actor, judging: bool = False) -> RulingCase:
    """Return a request for a ruling, or what was ruled.

    Args:
        desk: The record.
        ruling_id: Primary key.
        by: Its judge, or one whose case it is.
        judging: They are about to rule: it must be open, and theirs to decide.

    Raises:
        NotFound: There is no such request, or not for them.
        NotAllowed: They may not rule here.
        Conflict: Somebody ruled already.
    """
    with desk.reading(by) as session:
        ruling = _ruling(session, ruling_id)
        opportunity = load(session, ruling.opportunity_id)
        parties = {ruling.asked_by_id, opportunity.owner_id}
        if judging:
            _check_open(session, ruling)
            check_judge(session, session.get_one(Team, opportunity.team_id), by, parties)
        elif not by.manages(opportunity.team_id) and by.member_id not in parties | {ruling.ruled_by_id, _was(ruling)}:
            raise NotFound("error.not_found")
        return _case(session, ruling)


def waiting(desk: Desk, *, by: Actor) -> tuple[RulingCase, ...]:
    """Return the open requests that wait for the actor, the oldest first."""
    if not by.is_admin and not by.managed_team_ids:
        return ()
    with desk.reading(by) as session:
        statement = select(Ruling, Opportunity).join(Opportunity, Opportunity.id == Ruling.opportunity_id)
        if not by.is_admin:
            statement = statement.where(Opportunity.team_id.in_(by.managed_team_ids))
        rows = session.execute(statement.where(Ruling.state == "open").order_by(Ruling.id).limit(_WAITING_MOST)).all()
        return tuple(
            _case(session, ruling)
            for ruling, opportunity in rows
            if by.member_id in {one.id for one in _judges(session, ruling, opportunity)}
        )


_OPEN_COUNT = (
    select(func.count())
    .select_from(Ruling)
    .join(Opportunity, Opportunity.id == Ruling.opportunity_id)
    .where(Ruling.state == "open", Opportunity.team_id == bindparam("team_id"))
)


def open_count(session: Session, team_id: int) -> int:
    """Return how many requests about a team's opportunities nobody answered yet; for the digest."""
    return session.connection().scalar(_OPEN_COUNT, {"team_id": team_id}) or 0


def _worded(field: str, text: str | None, most: int) -> str:
    words = clean(text or "")
    if not words:
        raise InvalidInput({field: Text("error.required")})
    if len(words) > most:
        raise InvalidInput({field: Text("error.too_long", most=most)})
    return words


def _key(ruling_id: int, member_id: int | str) -> str:
    return f"ruling:{ruling_id}:{member_id}"


def _ruling(session: Session, ruling_id: int) -> Ruling:
    found = session.get(Ruling, ruling_id)
    if found is None:
        raise NotFound("error.not_found")
    return found


def _judges(session: Session, ruling: Ruling, opportunity: Opportunity) -> Sequence[Member]:
    team = session.get_one(Team, opportunity.team_id)
    return judges_of(session, team, {ruling.asked_by_id, opportunity.owner_id})


def _check_open(session: Session, ruling: Ruling) -> None:
    if ruling.state == "open":
        return
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


def _decide(session: Session, ruling: Ruling, verdict: Verdict, sentence: str, desk: Desk, by: Actor) -> None:
    """Write the verdict if nobody did before: one conditional write, and the loser learns what was ruled."""
    won = session.execute(
        update(Ruling)
        .where(Ruling.id == ruling.id, Ruling.state == "open")
        .values(state="ruled", verdict=verdict.value, sentence=sentence, ruled_by_id=by.member_id, ruled_at=desk.now())
        .returning(Ruling.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    session.refresh(ruling)
    if won is None:
        _check_open(session, ruling)


def _carry_out(recorder: Recorder, opportunity: Opportunity, verdict: Verdict, asker: Member) -> Ground:
    if verdict is Verdict.GIVE:
        return verdicts.give(recorder, opportunity, asker)
    if verdict is Verdict.SHARE:
        if opportunity.owner_id is None:
            raise RuleBroken("ruling.nobody_to_share")
        verdicts.check_can_own(asker)
    return ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)


def _is_disputed(session: Session, opportunity_id: int) -> bool:
    statement = select(Ruling.id).where(Ruling.opportunity_id == opportunity_id, Ruling.state == "open").limit(1)
    return session.scalar(statement) is not None


def _renew_cards(recorder: Recorder, ruling_id: int) -> None:
    """Have every judge's card say what was ruled, in its own place."""
    recorder.session.execute(
        update(OutboxRow)
        .where(OutboxRow.kind == "ruling", OutboxRow.key.startswith(_key(ruling_id, "")))
        .values(state="waiting", due_at=recorder.now, attempts=0, retry_at=0.0)
        .execution_options(synchronize_session=False)
    )


def _evidence(session: Session, opportunity: Opportunity, by: Actor, need: str | None) -> Evidence:
    rows = session.scalars(
        select(EventRow).where(EventRow.opportunity_id == opportunity.id).order_by(EventRow.at, EventRow.id)
    ).all()
    actors = {row.actor_id for row in rows if row.actor_id is not None}
    named = session.execute(select(Member.id, Member.name).where(Member.id.in_(actors))).all() if actors else ()
    names = {row.id: row.name for row in named}
    owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    return evidence_of(
        (
            Happening(
                row.id, row.at, names.get(row.actor_id) if row.actor_id else None, event_from(row.kind, row.payload)
            )
            for row in rows
        ),
        asker_id=by.member_id or 0,
        captured_at=opportunity.captured_at,
        next_text=opportunity.next_text,
        next_due_at=opportunity.next_due_at,
        protected_until=opportunity.protected_until,
        need=need,
        owner=owner.name if owner else None,
        owner_id=opportunity.owner_id,
    )


def _evidence_of(ruling: Ruling) -> Evidence:
    return Evidence.from_json(ruling.evidence)


def _was(ruling: Ruling) -> int | None:
    return _evidence_of(ruling).owner_id


def _case(session: Session, ruling: Ruling) -> RulingCase:
    opportunity = session.get_one(Opportunity, ruling.opportunity_id)
    asker = session.get_one(Member, ruling.asked_by_id)
    evidence = _evidence_of(ruling)
    owner_id = opportunity.owner_id if ruling.state == "open" else evidence.owner_id
    asker_team = session.get(Team, asker.team_id) if asker.team_id is not None else None
    return RulingCase(
        id=ruling.id,
        state=ruling.state,
        opportunity_id=opportunity.id,
        customer_id=ruling.customer_id,
        customer=session.get_one(Customer, ruling.customer_id).name,
        need=opportunity.need,
        team=session.get_one(Team, opportunity.team_id).name,
        owner=ref_or_none(session, owner_id),
        asker=ref(asker),
        asker_team=asker_team.name if asker_team else None,
        plea=ruling.plea,
        asked_at=ruling.asked_at,
        evidence=evidence,
        verdict=Verdict(ruling.verdict) if ruling.verdict else None,
        sentence=ruling.sentence,
        judge=ref_or_none(session, ruling.ruled_by_id),
        ruled_at=ruling.ruled_at,
        precedents=collisions.precedents(session, ruling.customer_id, team_id=opportunity.team_id, but=ruling.id),
    )
