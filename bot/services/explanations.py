"""Owns why an opportunity has its grade and its owner: the points, what is missing, the chance, the decision of the rules."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain import assignment, calendar, grading, probability
from bot.domain.assignment import Standing
from bot.domain.events import Graded, event_from
from bot.domain.grading import Grade, Point
from bot.domain.grading_steps import NextGrade, next_grade
from bot.domain.playbook import Playbook
from bot.domain.probability import Chance, Past
from bot.errors import InvalidInput, Text
from bot.models import Choice, EventRow, Opportunity
from bot.services.access import check_sees
from bot.services.choices import from_json
from bot.services.desk import Actor, Desk
from bot.services.leads import amount_of
from bot.services.playbooks import loaded
from bot.services.reading import read_from_need, view_of
from bot.services.reasons import reason_text
from bot.services.recording import ground_of, load
from bot.services.values import OpportunityView

_PAST_MOST = 5000
# Where a lead came from is as it is: nobody makes it a better one by finding out more.
_FIXED = frozenset({"source"})


@dataclass(frozen=True, slots=True)
class GradeStep:
    """A grade that an opportunity had, and from when."""

    at: datetime
    letter: str
    score: int


@dataclass(frozen=True, slots=True)
class GradeExplanation:
    """A grade with the points that add up to it, the scorecard it comes from, and what the next better one takes.

    ``is_read`` are answers, by criterion, that nobody gave and only the words of the need tell.
    """

    grade: Grade
    playbook: Playbook
    following: NextGrade | None
    chance: Chance | None = None
    history: tuple[GradeStep, ...] = ()
    is_read: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of the rules: when, for whom (None: nobody), why, and where everybody stood, the chosen one first."""

    id: int
    opportunity_id: int
    at: datetime
    member_id: int | None
    reason: Text
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an opportunity has its grade and its owner; ``decision`` is the rules' latest, None where they made none."""

    view: OpportunityView
    grade: GradeExplanation
    decision: Decision | None


def explain(desk: Desk, opportunity_id: int, *, by: Actor) -> Explanation:
    """Return why an opportunity has its grade and its owner.

    Raises:
        NotFound: There is none, or not for the actor.
    """
    with desk.reading(by) as session:
        opportunity = load(session, opportunity_id)
        check_sees(opportunity, by)
        decisions = _decisions(session, opportunity_id, limit=1)
        return Explanation(
            view=view_of(session, opportunity, by, desk.now(), history=0),
            grade=_grade(session, opportunity),
            decision=decisions[0] if decisions else None,
        )


def decisions_of(desk: Desk, opportunity_id: int, *, by: Actor) -> tuple[Decision, ...]:
    """Return every decision of the rules about an opportunity, the latest first.

    Raises:
        NotFound: There is no such opportunity, or not for the actor.
    """
    with desk.reading(by) as session:
        check_sees(load(session, opportunity_id), by)
        return _decisions(session, opportunity_id, limit=None)


def what_if(desk: Desk, team_id: int, facts: dict[str, str], amount: str | None, *, by: Actor) -> GradeExplanation:
    """Return the grade that such facts would make; nothing is kept.

    Raises:
        InvalidInput: A criterion or an answer that the team's scorecard does not have, or an unreadable amount.
    """
    with desk.reading(by) as session:
        ground = ground_of(session, team_id)
        playbook = ground.playbook
        known = {one.key: {option.key for option in one.options} for one in playbook.scorecard.criteria}
        for name, value in facts.items():
            if value not in known.get(name, ()):
                wrong = Text("grade.no_criterion", name=name, known=", ".join(known))
                if name in known:
                    wrong = Text("grade.no_option", name=name, value=value, known=", ".join(sorted(known[name])))
                raise InvalidInput({name: wrong})
        minor, currency = amount_of(amount, playbook.currency)
        found = grading.grade(
            facts,
            amount_minor=minor,
            currency=currency,
            expected_close_on=None,
            today=calendar.local_day(ground.calendar, desk.now()),
            playbook=playbook,
        )
        return GradeExplanation(found, playbook, next_grade(found, playbook, fixed=_FIXED))


def _grade(session: Session, opportunity: Opportunity) -> GradeExplanation:
    playbook = loaded(session, opportunity.playbook_id)
    points = tuple(Point(criterion, option, worth) for criterion, option, worth in opportunity.grade_points)
    found = Grade(opportunity.grade, opportunity.score, points)
    is_open = opportunity.closed_at is None
    return GradeExplanation(
        grade=found,
        playbook=playbook,
        following=next_grade(found, playbook, fixed=_FIXED) if is_open else None,
        chance=_chance(session, opportunity, playbook) if is_open else None,
        history=_history(session, opportunity.id),
        is_read=frozenset(read_from_need(opportunity, playbook)),
    )


def _chance(session: Session, opportunity: Opportunity, playbook: Playbook) -> Chance:
    positions = {stage.key: index for index, stage in enumerate(playbook.open_stages)}
    rows = session.execute(
        select(Opportunity.closed_from, Opportunity.grade, Opportunity.stage_kind, Opportunity.closed_at)
        .where(Opportunity.team_id == opportunity.team_id, Opportunity.closed_at.is_not(None))
        .order_by(Opportunity.closed_at.desc())
        .limit(_PAST_MOST)
    )
    past = [
        Past(positions[reached], grade, kind == "WON", cast("datetime", at))
        for reached, grade, kind, at in rows
        if reached in positions
    ]
    return probability.chance(past, stage=positions.get(opportunity.stage_key, 0), grade=opportunity.grade)


def _history(session: Session, opportunity_id: int) -> tuple[GradeStep, ...]:
    rows = session.scalars(
        select(EventRow)
        .where(EventRow.opportunity_id == opportunity_id, EventRow.kind == Graded.kind)
        .order_by(EventRow.id)
    )
    events = [(row.at, cast("Graded", event_from(row.kind, row.payload))) for row in rows]
    return tuple(GradeStep(at, event.grade, event.score) for at, event in events)


def _decisions(session: Session, opportunity_id: int, *, limit: int | None) -> tuple[Decision, ...]:
    rows = session.scalars(
        select(Choice).where(Choice.opportunity_id == opportunity_id).order_by(Choice.id.desc()).limit(limit)
    )
    return tuple(found for row in rows if (found := _decision(row)) is not None)


def _decision(row: Choice) -> Decision | None:
    """Return a recorded decision as it was made; None where the record cannot be read, which a replay tells of."""
    try:
        state = from_json(row.state)
    except (KeyError, ValueError, TypeError):
        return None
    params = row.reason["params"]
    made = assignment.Choice(row.member_id, row.reason["key"], tuple(params.items()))
    return Decision(
        id=row.id,
        opportunity_id=row.opportunity_id,
        at=row.at,
        member_id=row.member_id,
        reason=reason_text(row.reason["key"], params),
        standings=state.standings(made),
    )
