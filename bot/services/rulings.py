"""Owns rulings: asking a manager whose customer it is, the manager's answer, and what waits for one."""

from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from bot.domain.events import RulingAsked, RulingMade
from bot.domain.rulings import Evidence, Verdict
from bot.errors import Conflict, NotFound, RuleBroken
from bot.models import Member, Opportunity, Ruling
from bot.models.questions import Question
from bot.services import brought, collisions, disputes, registration_rows, ruling_rows, second_owners, verdicts
from bot.services.case_values import Asked, RulingCase
from bot.services.desk import Actor, Desk
from bot.services.disputes import Subject
from bot.services.forms import clean_or_none, worded
from bot.services.judges import asked_judges, check_judge, judges_of
from bot.services.members import ref
from bot.services.recording import Recorder, ground_of, load

Typed = dict[str, Any] | None
PLEA_MOST, SENTENCE_MOST = 1000, 300
_WAITING_MOST = 50


def ask(
    desk: Desk, opportunity_id: int, plea: str | None, *, by: Actor, need: str | None = None, typed: Typed = None
) -> Asked:
    """Ask the owner's manager whose customer it is; the opportunity has a collision until somebody rules.

    Args:
        desk: The record and the clock.
        opportunity_id: The opportunity that stood in the way.
        plea: Why the customer should be the asker's.
        by: The refused rep.
        need: What they typed as the customer's need.
        typed: All that they typed, by field, with their answers to grading questions as ``facts``.

    Raises:
        InvalidInput: No plea.
        NotFound: There is no such opportunity, or it never stopped them.
        Conflict: They asked already.
        RuleBroken: It was closed meanwhile, is theirs, or there is nobody to ask.
    """
    plea = worded("plea", plea, PLEA_MOST)
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        collisions.check_concerned(session, opportunity, by)
        subject = disputes.of_opportunity(session, opportunity)
        if opportunity.closed_at is not None:
            raise RuleBroken("collision.free_now", customer=subject.customer.name)
        recorder = Recorder(desk, session, by)
        asked = _ask(recorder, subject, plea, need, typed)
        opportunity.has_collision = True
        recorder.event(opportunity, RulingAsked(by.member_id or 0, by.name, plea))
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        recorder.attend(opportunity, ground)
        recorder.card(opportunity, ground.team)
        return asked


def ask_of_registration(
    desk: Desk, customer_id: int, plea: str | None, *, by: Actor, need: str | None = None, typed: Typed = None
) -> Asked:
    """Ask the registrant's manager whose a registered customer is.

    Args:
        desk: The record and the clock.
        customer_id: The customer whose registration stood in the way.
        plea: Why it should be the asker's.
        by: The refused rep.
        need: What they typed as the customer's need.
        typed: All that they typed, by field.

    Raises:
        InvalidInput: No plea.
        NotFound: There is no such customer.
        Conflict: They asked already.
        RuleBroken: It is not registered any more, is theirs, or there is nobody to ask.
    """
    plea = worded("plea", plea, PLEA_MOST)
    with desk.transaction(by) as session:
        customer = disputes.hold_customer(session, customer_id)
        registration = collisions.registration_of(session, customer, desk.now())
        if registration is None:
            raise RuleBroken("collision.free_now", customer=customer.name)
        return _ask(Recorder(desk, session, by), disputes.of_registration(session, registration), plea, need, typed)


def _ask(recorder: Recorder, subject: Subject, plea: str, need: str | None, typed: Typed) -> Asked:
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
        evidence=replace(disputes.evidence(session, subject, by, clean_or_none(need)), typed=typed).to_json(),
        state="open",
    )
    ruling_rows.ask(recorder, ruling_id, judges)
    recorder.promise(
        "ruling_asked", f"member:{by.member_id}", {"ruling_id": ruling_id}, key=ruling_rows.key(ruling_id, "asked")
    )
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
    sentence = worded("sentence", sentence, SENTENCE_MOST)
    with desk.transaction(by) as session:
        ruling = ruling_rows.found(session, ruling_id)
        if ruling.opportunity_id is not None:
            # The customer before its opportunities, as in a claim. What is ruled may hold for all that both have there.
            disputes.hold_customer(session, ruling.customer_id)
            second_owners.hold_all(session, ruling.customer_id)
        subject = disputes.held_subject(session, ruling)
        ruling_rows.check_open(session, ruling)
        check_judge(session, subject.team, by, {ruling.asked_by_id, subject.owner_id})
        ruling_rows.settle(
            session,
            ruling,
            state="ruled",
            verdict=verdict.value,
            sentence=sentence,
            # Whose it is by now is what is ruled on; it may have changed since it was asked for.
            evidence=disputes.with_owner(ruling.evidence, subject),
            by=by,
            now=desk.now(),
        )
        recorder = Recorder(desk, session, by)
        asker = session.get_one(Member, ruling.asked_by_id)
        if subject.opportunity is not None:
            _rule_on_opportunity(recorder, subject, subject.opportunity, ruling, verdict, asker)
        else:
            _rule_on_registration(recorder, subject, ruling, verdict, asker)
        for side in {asker.id, subject.owner_id} - {by.member_id, None}:
            payload = {"ruling_id": ruling.id, "opportunity_id": ruling.opportunity_id}
            recorder.promise("ruled", f"member:{side}", payload, key=f"ruled:{ruling.id}:{side}")
        recorder.renew(ruling_rows.key(ruling.id, ""))
        session.flush()
        return ruling_rows.case_of(session, ruling)


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
        ruling = ruling_rows.found(session, ruling_id)
        subject = disputes.subject_of(session, ruling)
        parties = {ruling.asked_by_id, subject.owner_id}
        if judging:
            ruling_rows.check_open(session, ruling)
            check_judge(session, subject.team, by, parties)
        elif not by.manages(subject.team.id) and by.member_id not in parties | {
            ruling.ruled_by_id,
            disputes.had_id(ruling.evidence),
        }:
            raise NotFound("ruling.not_found")
        return ruling_rows.case_of(session, ruling)


def waiting(desk: Desk, *, by: Actor) -> tuple[RulingCase, ...]:
    """Return the open requests that wait for the actor, the oldest first."""
    if not by.is_admin and not by.managed_team_ids:
        return ()
    with desk.reading(by) as session:
        statement = disputes.with_subjects(select(Ruling)).where(Ruling.state == "open")
        if not by.is_admin:
            statement = statement.where(disputes.team_of().in_(by.managed_team_ids))
        rows = session.scalars(statement.order_by(Ruling.id).limit(_WAITING_MOST)).all()
        return tuple(
            ruling_rows.case_of(session, ruling) for ruling in rows if by.member_id in _judge_ids(session, ruling)
        )


_OPEN_COUNT = Question(
    disputes.with_subjects(select(Ruling))
    .where(Ruling.state == "open", disputes.team_of() == bindparam("team_id"))
    .with_only_columns(func.count())
)


def open_count(session: Session, team_id: int) -> int:
    """Return how many requests about a team's opportunities and registrations nobody answered yet; for the digest."""
    ((count,),) = _OPEN_COUNT.rows(session.connection(), {"team_id": team_id})
    return int(count)


def _judge_ids(session: Session, ruling: Ruling) -> set[int]:
    subject = disputes.subject_of(session, ruling)
    return {one.id for one in judges_of(session, subject.team, {ruling.asked_by_id, subject.owner_id})}


def _rule_on_opportunity(
    recorder: Recorder, subject: Subject, opportunity: Opportunity, ruling: Ruling, verdict: Verdict, asker: Member
) -> None:
    owner = subject.owner
    made = RulingMade(verdict.value, ruling.sentence or "", asker.id, asker.name, owner.name if owner else None)
    recorder.event(opportunity, made)
    # Where both have something open there, what is ruled holds for all of it.
    theirs, owners = verdicts.sides(recorder, opportunity, asker, owner)
    if verdict is Verdict.GIVE:
        ground = verdicts.give(recorder, opportunity, asker)
        registration_rows.use_up(recorder, subject.customer, opportunity)
        known = Evidence.from_json(ruling.evidence)
        brought.fill(recorder, opportunity, ground, asker, known.need, known.typed or {})
        verdicts.give_all(recorder, owners, asker, made)
    else:
        if verdict is Verdict.SHARE:
            verdicts.check_can_share(opportunity, asker)
        elif owner is not None:
            verdicts.give_all(recorder, theirs, owner, made)
        ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    second_owners.settle(recorder, opportunity, ground)
    recorder.attend(opportunity, ground)
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
    second_owners.settle_customer(recorder, subject.customer.id)
