"""Owns rulings: asking a manager whose customer it is, the manager's answer, and what waits for one."""

from datetime import datetime

from sqlalchemy import and_, bindparam, func, literal_column, or_, select, update
from sqlalchemy.orm import Session

from bot.domain.events import RulingAsked, RulingDropped, RulingMade
from bot.domain.rulings import Evidence, Verdict
from bot.errors import Conflict, InvalidInput, NotFound, RuleBroken, Text
from bot.models import Customer, Member, Opportunity, Registration, Ruling, Team
from bot.services import collisions, disputes, verdicts
from bot.services.case_values import Asked, RulingCase
from bot.services.desk import Actor, Desk, system_actor
from bot.services.disputes import Subject
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
        subject = disputes.of_opportunity(session, opportunity)
        if opportunity.closed_at is not None:
            raise RuleBroken("collision.free_now", customer=subject.customer.name)
        recorder = Recorder(desk, session, by)
        asked = _ask(recorder, subject, plea, need)
        opportunity.has_collision = True
        recorder.event(opportunity, RulingAsked(by.member_id or 0, by.name, plea))
        recorder.attend(opportunity, ground_of(session, opportunity.team_id, opportunity.playbook_id))
        return asked


def ask_of_registration(desk: Desk, customer_id: int, plea: str | None, *, by: Actor, need: str | None = None) -> Asked:
    """Ask the registrant's manager whose a registered customer is.

    Args:
        desk: The record and the clock.
        customer_id: The customer whose registration stood in the way.
        plea: Why it should be the asker's.
        by: The refused rep.
        need: What they typed as the customer's need.

    Raises:
        InvalidInput: No plea.
        NotFound: There is no such customer.
        Conflict: They asked already.
        RuleBroken: It is not registered any more, is theirs, or there is nobody to ask.
    """
    plea = _worded("plea", plea, PLEA_MOST)
    with desk.transaction(by) as session:
        customer = disputes.hold_customer(session, customer_id)
        registration = collisions.registration_of(session, customer, desk.now())
        if registration is None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        return _ask(Recorder(desk, session, by), disputes.of_registration(session, registration), plea, need)


def _ask(recorder: Recorder, subject: Subject, plea: str, need: str | None) -> Asked:
    session, by, name = recorder.session, recorder.by, subject.customer.name
    found, registration = subject.opportunity, subject.registration
    if by.member_id is None or subject.owner_id == by.member_id:
        raise RuleBroken("ruling.yours", customer=name)
    if collisions.open_ruling(session, by.member_id, found, registration) is not None:
        raise Conflict("ruling.asked_already", customer=name)
    judges = asked_judges(session, subject.team, {by.member_id, subject.owner_id})
    ruling_id = recorder.insert(
        Ruling,
        opportunity_id=found.id if found is not None else None,
        registration_id=registration.id if registration is not None else None,
        customer_id=subject.customer.id,
        asked_by_id=by.member_id,
        asked_at=recorder.now,
        plea=plea,
        evidence=disputes.evidence(session, subject, by, clean_or_none(need)).to_json(),
        state="open",
    )
    for judge in judges:
        recorder.promise("ruling", f"member:{judge.id}", {"ruling_id": ruling_id}, key=_key(ruling_id, judge.id))
    recorder.promise("ruling_asked", f"member:{by.member_id}", {"ruling_id": ruling_id}, key=_key(ruling_id, "asked"))
    recorder.tell(
        subject.owner_id,
        "notice.ruling_asked",
        opportunity_id=found.id if found is not None else None,
        member=by.name,
        customer=name,
        judges=", ".join(one.name for one in judges),
    )
    return Asked(name, tuple(ref(one) for one in judges))


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
        subject = disputes.held_subject(session, ruling)
        _check_open(session, ruling)
        check_judge(session, subject.team, by, {ruling.asked_by_id, subject.owner_id})
        _settle(session, ruling, state="ruled", verdict=verdict.value, sentence=sentence, by=by, now=desk.now())
        recorder = Recorder(desk, session, by)
        asker = session.get_one(Member, ruling.asked_by_id)
        if subject.opportunity is not None:
            _rule_on_opportunity(recorder, subject, subject.opportunity, ruling, verdict, asker)
        else:
            _rule_on_registration(recorder, subject, ruling, verdict, asker)
        for side in {asker.id, subject.owner_id} - {by.member_id, None}:
            payload = {"ruling_id": ruling.id, "opportunity_id": ruling.opportunity_id}
            recorder.promise("ruled", f"member:{side}", payload, key=f"ruled:{ruling.id}:{side}")
        recorder.renew(_key(ruling.id, ""))
        session.flush()
        return _case(session, ruling)


def withdraw(desk: Desk, ruling_id: int, *, by: Actor) -> RulingCase:
    """Take back one's own request for a ruling; its judges' cards say so, and the owner is told.

    Raises:
        NotFound: There is no such request of theirs.
        Conflict: It is decided already, or over.
    """
    with desk.transaction(by) as session:
        ruling = _ruling(session, ruling_id)
        if ruling.asked_by_id != by.member_id:
            raise NotFound("error.not_found")
        subject = disputes.held_subject(session, ruling)
        _check_open(session, ruling)
        recorder = Recorder(desk, session, by)
        _drop(recorder, ruling, subject, "withdrawn")
        recorder.tell(
            subject.owner_id,
            "notice.ruling_withdrawn",
            opportunity_id=ruling.opportunity_id,
            member=by.name,
            customer=subject.customer.name,
        )
        session.flush()
        return _case(session, ruling)


def lapse(desk: Desk) -> int:
    """End the requests whose reason went away, of all workspaces, and tell who asked; returns how many there were.

    The opportunity closed, went back to the pool or came to the one who asks; the registration is over.
    """
    with desk.database.reading(None) as session:
        rows = session.execute(_DOUBTFUL, {"now": desk.now()}).all()
    return sum(_lapsed(desk, row.id, system_actor(row.workspace_id)) for row in rows)


_DOUBTFUL = (
    disputes.with_subjects(select(Ruling.workspace_id, Ruling.id))
    .join(Customer, Customer.id == Ruling.customer_id)
    .outerjoin(Member, Member.id == Customer.protected_by_id)
    .where(
        # Spelt out, since an index that covers only some states is not found through a bound value.
        Ruling.state == literal_column("'open'"),
        or_(
            Opportunity.closed_at.is_not(None),
            Opportunity.owner_id == Ruling.asked_by_id,
            and_(Ruling.opportunity_id.is_not(None), Opportunity.owner_id.is_(None)),
            and_(
                Ruling.opportunity_id.is_(None),
                or_(
                    Customer.protected_by_id.is_distinct_from(Registration.asked_by_id),
                    Customer.protected_until <= bindparam("now"),
                    Member.is_active.is_(False),
                ),
            ),
        ),
    )
    .order_by(Ruling.id)
)
"""Open requests whose reason may be gone."""


def _lapsed(desk: Desk, ruling_id: int, by: Actor) -> bool:
    with desk.reading(by) as session:
        ruling = _ruling(session, ruling_id)
        if _gone(session, ruling, disputes.subject_of(session, ruling), desk) is None:
            return False
    with desk.transaction(by) as session:
        ruling = _ruling(session, ruling_id)
        subject = disputes.held_subject(session, ruling)
        cause = _gone(session, ruling, subject, desk)
        if cause is None or ruling.state != "open":
            return False
        recorder = Recorder(desk, session, by)
        _drop(recorder, ruling, subject, "lapsed", cause)
        number, name = ruling.opportunity_id, subject.customer.name
        recorder.tell(ruling.asked_by_id, f"notice.ruling_{cause}", opportunity_id=number, customer=name)
        return True


def _gone(session: Session, ruling: Ruling, subject: Subject, desk: Desk) -> str | None:
    """Return why there is nothing to rule on any more; None where there is."""
    found = subject.opportunity
    if found is None:
        current = collisions.registration_of(session, subject.customer, desk.now())
        return None if current is not None and current.id == ruling.registration_id else "free"
    if found.closed_at is not None:
        return "closed"
    if found.owner_id == ruling.asked_by_id:
        return "yours"
    # Who asked about what was in the pool already still wants a ruling.
    return "pooled" if found.owner_id is None and _was(ruling) is not None else None


def _drop(recorder: Recorder, ruling: Ruling, subject: Subject, state: str, cause: str | None = None) -> None:
    """End a request without a ruling."""
    session, found = recorder.session, subject.opportunity
    _settle(session, ruling, state=state, cause=cause)
    if found is not None:
        asker = session.get_one(Member, ruling.asked_by_id)
        recorder.event(found, RulingDropped(asker.id, asker.name, cause or state))
        _settle_collision(recorder, found, ground_of(session, found.team_id, found.playbook_id))
    recorder.renew(_key(ruling.id, ""))


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
        subject = disputes.subject_of(session, ruling)
        parties = {ruling.asked_by_id, subject.owner_id}
        if judging:
            _check_open(session, ruling)
            check_judge(session, subject.team, by, parties)
        elif not by.manages(subject.team.id) and by.member_id not in parties | {ruling.ruled_by_id, _was(ruling)}:
            raise NotFound("error.not_found")
        return _case(session, ruling)


def waiting(desk: Desk, *, by: Actor) -> tuple[RulingCase, ...]:
    """Return the open requests that wait for the actor, the oldest first."""
    if not by.is_admin and not by.managed_team_ids:
        return ()
    with desk.reading(by) as session:
        statement = disputes.with_subjects(select(Ruling)).where(Ruling.state == "open")
        if not by.is_admin:
            statement = statement.where(disputes.team_of().in_(by.managed_team_ids))
        rows = session.scalars(statement.order_by(Ruling.id).limit(_WAITING_MOST)).all()
        return tuple(_case(session, ruling) for ruling in rows if by.member_id in _judge_ids(session, ruling))


def open_count(session: Session, team_id: int) -> int:
    """Return how many requests about a team's opportunities and registrations nobody answered yet; for the digest."""
    counted = disputes.with_subjects(select(Ruling)).where(Ruling.state == "open", disputes.team_of() == team_id)
    return session.scalar(counted.with_only_columns(func.count())) or 0


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


def _judge_ids(session: Session, ruling: Ruling) -> set[int]:
    subject = disputes.subject_of(session, ruling)
    return {one.id for one in judges_of(session, subject.team, {ruling.asked_by_id, subject.owner_id})}


def _check_open(session: Session, ruling: Ruling) -> None:
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


def _settle(
    session: Session, ruling: Ruling, *, by: Actor | None = None, now: datetime | None = None, **values: str | None
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
        _check_open(session, ruling)


def _rule_on_opportunity(
    recorder: Recorder, subject: Subject, opportunity: Opportunity, ruling: Ruling, verdict: Verdict, asker: Member
) -> None:
    owner = subject.owner.name if subject.owner is not None else None
    made = RulingMade(verdict.value, ruling.sentence or "", asker.id, asker.name, owner)
    recorder.event(opportunity, made)
    if verdict is Verdict.GIVE:
        ground = verdicts.give(recorder, opportunity, asker)
    else:
        if verdict is Verdict.SHARE:
            verdicts.check_can_share(opportunity, asker)
        ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    _settle_collision(recorder, opportunity, ground)
    recorder.card(opportunity, ground.team)


def _rule_on_registration(
    recorder: Recorder, subject: Subject, ruling: Ruling, verdict: Verdict, asker: Member
) -> None:
    if verdict is Verdict.KEEP:
        return
    current = collisions.registration_of(recorder.session, subject.customer, recorder.now)
    if current is None or current.id != ruling.registration_id:
        raise RuleBroken("ruling.registration_over", customer=subject.customer.name)
    verdicts.check_can_own(asker)
    if verdict is Verdict.GIVE:
        verdicts.give_registration(recorder, current, subject.customer, asker, ruling)


def _settle_collision(recorder: Recorder, opportunity: Opportunity, ground: Ground) -> None:
    opportunity.has_collision = _is_disputed(recorder.session, opportunity.id)
    recorder.attend(opportunity, ground)


def _is_disputed(session: Session, opportunity_id: int) -> bool:
    statement = select(Ruling.id).where(Ruling.opportunity_id == opportunity_id, Ruling.state == "open").limit(1)
    return session.scalar(statement) is not None


def _evidence_of(ruling: Ruling) -> Evidence:
    return Evidence.from_json(ruling.evidence)


def _was(ruling: Ruling) -> int | None:
    return _evidence_of(ruling).owner_id


def _case(session: Session, ruling: Ruling) -> RulingCase:
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
        judges=tuple(ref(one) for one in judges_of(session, subject.team, {asker.id, subject.owner_id})),
    )
