"""Owns the sweep: finding what is due, taking the steps of the ladder, promising the messages."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.domain.attention import Cause, Rung, Step, due_rungs
from bot.domain.events import LadderStepTaken
from bot.models import Member, Opportunity, OutboxRow, Team
from bot.models.base import Instant
from bot.services import assignments
from bot.services.choices import lock_team
from bot.services.desk import Desk, system_actor
from bot.services.reading import pending_assignment
from bot.services.recording import Ground, Recorder, ground_of, is_live, situation_of
from bot.services.teams import next_digest

_BATCH = 200
_GRACE = timedelta(minutes=10)

# Every tick asks these, mostly in vain: they are put together once, and only read.
_ANY_DUE = select(Opportunity.id).where(Opportunity.attention_at <= bindparam("now", type_=Instant)).limit(1)
_ANY_DIGEST = (
    select(Team.id)
    .where(Team.live_from <= bindparam("now", type_=Instant), Team.digest_next_at <= bindparam("now", type_=Instant))
    .limit(1)
)


def _is_any(desk: Desk, query: Select[int]) -> bool:
    with desk.database.reading(None) as session:
        return session.scalar(query, {"now": desk.now()}) is not None


Bundles = dict[tuple[int, str, int], tuple[Ground, list[dict[str, Any]]]]


def due(desk: Desk, *, limit: int = _BATCH) -> int:
    """Act on opportunities whose moment has come: record each step of the ladder, promise bundles, set the next moment.

    Any number of workers may do this at once; each opportunity is handled by one of them.

    Returns:
        How many opportunities were handled; fewer than ``limit`` means that nothing is left.
    """
    now = desk.now()
    if not _is_any(desk, _ANY_DUE):
        return 0
    with desk.database.transaction(None) as session:
        rows = session.scalars(
            select(Opportunity)
            .where(Opportunity.attention_at <= now)
            .order_by(Opportunity.attention_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        # Always in the same order, or two sweeps that ask members of the same two teams would wait for each other.
        for team_id in sorted({row.team_id for row in rows if row.accept_by is not None and row.accept_by <= now}):
            lock_team(session, team_id)
        bundles: Bundles = {}
        recorders: dict[int, Recorder] = {}
        for row in rows:
            recorder = recorders.setdefault(row.workspace_id, Recorder(desk, session, system_actor(row.workspace_id)))
            _handle(recorder, row, bundles)
        for (workspace_id, kind, member_id), (ground, items) in bundles.items():
            _promise_bundle(recorders[workspace_id], kind, member_id, ground, items)
        return len(rows)


def _handle(recorder: Recorder, opportunity: Opportunity, bundles: Bundles) -> None:
    ground = ground_of(recorder.session, opportunity.team_id, opportunity.playbook_id)
    rungs = due_rungs(
        situation_of(opportunity), ground.playbook, ground.calendar, after=opportunity.attended_at, until=recorder.now
    )
    opportunity.attended_at = recorder.now
    if is_live(ground.team, recorder.now):
        owner_id = opportunity.owner_id
        for rung in _worth_telling(rungs):
            # Who was made owner a moment ago hears nothing of what was the former one's.
            if opportunity.owner_id == owner_id or rung.step is Step.ESCALATE:
                _take(recorder, opportunity, ground, rung, bundles)
    recorder.attend(opportunity, ground)


def _worth_telling(rungs: tuple[Rung, ...]) -> list[Rung]:
    """Leave out a reminder where its nudge has come as well: after a long silence one message says it all."""
    steps = {(rung.cause, rung.step) for rung in rungs}
    return [rung for rung in rungs if not (rung.step is Step.REMIND and (rung.cause, Step.NUDGE) in steps)]


def _take(recorder: Recorder, opportunity: Opportunity, ground: Ground, rung: Rung, bundles: Bundles) -> None:
    if rung.step is Step.REOFFER:
        waiting = pending_assignment(recorder.session, opportunity)
        if waiting is not None and waiting.kind == "offer":
            assignments.decline(recorder, opportunity, ground, waiting, None, lapsed=True)
            recorder.card(opportunity, ground.team)
        return
    if rung.step is Step.RECYCLE:
        _recycle(recorder, opportunity, ground, rung)
        return
    to_manager = rung.step is Step.ESCALATE or rung.cause is Cause.POOL
    member_id = ground.team.manager_id if to_manager else opportunity.owner_id
    if member_id is None:
        # A team without a manager still has its record of the step; the digest shows what is overdue.
        recorder.event(opportunity, LadderStepTaken(rung.cause, rung.step, rung.moment))
        return
    member = recorder.session.get_one(Member, member_id)
    recorder.event(opportunity, LadderStepTaken(rung.cause, rung.step, rung.moment, member.name))
    kind = "escalation" if to_manager else "nudge"
    item = {"opportunity_id": opportunity.id, "cause": rung.cause, "step": rung.step, "moment": rung.moment.isoformat()}
    _, items = bundles.setdefault((opportunity.workspace_id, kind, member_id), (ground, []))
    items.append(item)
    if rung.step is Step.ESCALATE:
        recorder.card(opportunity, ground.team)


def _recycle(recorder: Recorder, opportunity: Opportunity, ground: Ground, rung: Rung) -> None:
    former = recorder.session.get(Member, opportunity.owner_id) if opportunity.owner_id else None
    recorder.event(opportunity, LadderStepTaken(rung.cause, rung.step, rung.moment, former.name if former else None))
    assignments.put_in_pool(recorder, opportunity, ground, cause="recycled", former=former)
    if former is not None:
        recorder.tell(former.id, "notice.recycled", opportunity_id=opportunity.id)
    recorder.card(opportunity, ground.team)


def _promise_bundle(recorder: Recorder, kind: str, member_id: int, ground: Ground, items: list[dict[str, Any]]) -> None:
    """Promise one message a member and moment; what falls due overnight waits, together, for the morning."""
    # What is due "by the end of the day" is told at that end, not the next morning.
    at = (
        recorder.now
        if calendar.is_working(ground.calendar, recorder.now - _GRACE)
        else calendar.next_open(ground.calendar, recorder.now)
    )
    key = f"{kind}:{member_id}:{at.isoformat()}"
    row = recorder.session.scalar(
        select(OutboxRow)
        .where(OutboxRow.workspace_id == recorder.by.workspace_id, OutboxRow.key == key, OutboxRow.state == "waiting")
        .with_for_update()
    )
    if row is not None:
        row.payload = {"items": [*row.payload["items"], *items]}
        return
    # A bundle of this very moment may be on its way already; the second one has a name of its own.
    taken = recorder.session.scalar(
        select(func.count())
        .select_from(OutboxRow)
        .where(OutboxRow.workspace_id == recorder.by.workspace_id, OutboxRow.key.startswith(key))
    )
    recorder.promise(kind, f"member:{member_id}", {"items": items}, key=f"{key}:{taken}" if taken else key, due_at=at)


def digests(desk: Desk) -> int:
    """Promise each team's digest whose hour has come; the promise's key makes it one a local day, whoever asks.

    Returns:
        How many were promised.
    """
    now = desk.now()
    if not _is_any(desk, _ANY_DIGEST):
        return 0
    promised = 0
    with desk.database.transaction(None) as session:
        teams = session.scalars(
            select(Team).where(Team.live_from <= now, Team.digest_next_at <= now).with_for_update(skip_locked=True)
        ).all()
        for team in teams:
            recorder = Recorder(desk, session, system_actor(team.workspace_id))
            promised += _promise_digest(session, recorder, team)
            team.digest_next_at = next_digest(team, now)
    return promised


def _promise_digest(session: Session, recorder: Recorder, team: Team) -> int:
    ground = ground_of(session, team.id)
    local = recorder.now.astimezone(ZoneInfo(team.zone))
    is_past_hour = local.hour * 60 + local.minute >= team.digest_minute
    if team.channel_id is None or not is_past_hour or not calendar.is_workday(ground.calendar, local.date()):
        return 0
    payload = {"team_id": team.id, "day": local.date().isoformat()}
    recorder.promise("digest", team.channel_id, payload, key=f"digest:{team.id}:{local.date()}")
    return 1


def next_moment(desk: Desk) -> datetime | None:
    """Return when something falls due next, strictly after now: an opportunity, a digest or a promised message."""
    now = desk.now()
    with desk.database.reading(None) as session:
        live = select(Team.id).where(Team.live_from.is_not(None))
        moments = [
            session.scalar(
                select(Opportunity.attention_at)
                .where(Opportunity.attention_at > now, Opportunity.team_id.in_(live))
                .order_by(Opportunity.attention_at)
                .limit(1)
            ),
            session.scalar(
                select(func.min(Team.digest_next_at)).where(Team.live_from.is_not(None), Team.digest_next_at > now)
            ),
            session.scalar(
                select(func.min(OutboxRow.due_at)).where(OutboxRow.state == "waiting", OutboxRow.due_at > now)
            ),
        ]
    return min((moment for moment in moments if moment is not None), default=None)
