"""Owns reviews: what a closed opportunity taught, where the playbook asks for it."""

from sqlalchemy import select

from bot.domain.events import ReviewWritten
from bot.errors import InvalidInput, RuleBroken, Text
from bot.models import Member, Review
from bot.services.access import check_acts
from bot.services.desk import Actor, Desk
from bot.services.forms import clean
from bot.services.reading import done
from bot.services.recording import Recorder, ground_of, load
from bot.services.values import Done

_MOST = 3000


def write(desk: Desk, opportunity_id: int, lesson: str, *, by: Actor) -> Done:
    """Write what a closed opportunity taught.

    Raises:
        InvalidInput: Nothing was written, at the field ``lesson``.
        RuleBroken: It is open.
    """
    with desk.transaction(by) as session:
        opportunity = load(session, opportunity_id, lock=True)
        owner = session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
        check_acts(opportunity, by, owner, open_only=False)
        if opportunity.closed_at is None:
            raise RuleBroken("review.still_open")
        if not clean(lesson):
            raise InvalidInput({"lesson": Text("error.required")})
        recorder = Recorder(desk, session, by)
        lesson = clean(lesson)[:_MOST]
        asked = session.scalar(
            select(Review)
            .where(Review.opportunity_id == opportunity.id, Review.done_at.is_(None))
            .order_by(Review.id.desc())
            .limit(1)
        )
        if asked is None:
            asked = Review(workspace_id=opportunity.workspace_id, opportunity_id=opportunity.id, due_at=recorder.now)
            session.add(asked)
        asked.done_at, asked.done_by_id, asked.lesson = recorder.now, by.member_id, lesson
        opportunity.reviewed_at = recorder.now
        ground = ground_of(session, opportunity.team_id, opportunity.playbook_id)
        recorder.attend(opportunity, ground)
        recorder.event(opportunity, ReviewWritten(lesson))
        recorder.card(opportunity, ground.team)
        return done(session, opportunity, by, recorder.now, None, Text("review.done"))
