"""Owns the ladder: when the loop next needs somebody for an opportunity, why, and which step of the ladder it is."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.calendar import WorkCalendar, add_days, add_hours, local_day, start_of_day, working_days_between
from bot.domain.playbook import Addressee, Pace, Playbook, Stage

_POOL_DAYS = 5  # a pooled opportunity comes back to the manager's eye every working week


class Cause(StrEnum):
    """Why the loop needs somebody."""

    ACCEPT = "accept"
    HANDOVER = "handover"
    NEXT_STEP = "next_step"
    CADENCE = "cadence"
    STAGE_LIMIT = "stage_limit"
    SILENCE = "silence"
    POOL = "pool"
    REVIEW = "review"
    WIN_BACK = "win_back"


class Step(StrEnum):
    """A step of the ladder."""

    REMIND = "remind"
    NUDGE = "nudge"
    ESCALATE = "escalate"
    WARN = "warn"
    RECYCLE = "recycle"
    REOFFER = "reoffer"
    LAPSE = "lapse"


class Rung(NamedTuple):
    """One step of the ladder at its moment (aware UTC); ``is_repeat`` where it is the same step once more, days later."""

    moment: datetime
    cause: Cause
    step: Step
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class Situation:
    """What the ladder looks at in an opportunity; instants are aware UTC.

    ``accept_by`` is until when the owner may accept, or, once they have, until when somebody else may take over.
    ``warned_at`` is when the owner was last told that it would be taken away.
    """

    has_owner: bool
    stage_key: str
    stage_entered_at: datetime
    grade: str
    captured_at: datetime
    accepted_at: datetime | None = None
    accept_by: datetime | None = None
    next_due_at: datetime | None = None
    snoozed_until: datetime | None = None
    last_follow_up_at: datetime | None = None
    pooled_at: datetime | None = None
    warned_at: datetime | None = None
    closed_at: datetime | None = None
    review_due_at: datetime | None = None
    reviewed_at: datetime | None = None
    win_back_on: date | None = None


def next_rung(situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime) -> Rung | None:
    """Return the first rung strictly after a moment.

    An open opportunity always has one: an owned one is nudged about its next step or about silence, and a pooled one
    comes back to the manager every working week. A closed one has none once its review and its win-back are told.

    Args:
        situation: The opportunity as it stands.
        playbook: The process in force.
        calendar: The team's working hours.
        after: Everything up to here has been dealt with.
    """
    found = [rung for rung in _rungs(situation, playbook, calendar, after) if rung.moment > after]
    return min(found, key=_order, default=None)


def due_rungs(
    situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime, until: datetime
) -> tuple[Rung, ...]:
    """Return the rungs in ``(after, until]``, in order; of a repeated step only the latest."""
    return climb(situation, playbook, calendar, after=after, until=until)[0]


def climb(
    situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime, until: datetime
) -> tuple[tuple[Rung, ...], Rung | None]:
    """Return what ``due_rungs`` returns, and with it the next rung after ``until``, reckoned once."""
    latest: dict[tuple[Cause, Step], Rung] = {}
    coming: Rung | None = None
    for rung in _rungs(situation, playbook, calendar, until):
        if rung.moment > until:
            if coming is None or _order(rung) < _order(coming):
                coming = rung
        elif rung.moment > after:
            known = latest.get((rung.cause, rung.step))
            if known is None or known.moment < rung.moment:
                latest[rung.cause, rung.step] = rung
    return tuple(sorted(latest.values(), key=_order)), coming


def addressee(step: Step, pace: Pace) -> Addressee:
    """Return whom the playbook has told of a step."""
    match step:
        case Step.REMIND:
            return pace.remind_to
        case Step.NUDGE:
            return pace.nudge_to
        case Step.WARN:
            return pace.warn_to
        case _:
            return pace.escalate_to


def _order(rung: Rung) -> tuple[datetime, str]:
    return rung.moment, rung.cause


def _rungs(situation: Situation, playbook: Playbook, calendar: WorkCalendar, around: datetime) -> list[Rung]:
    """Return every single rung, and of repeated ones those next to ``around`` on both sides."""
    if situation.closed_at is not None:
        return _closed_rungs(situation, playbook, calendar)
    found = []
    if situation.accept_by is not None and (situation.accepted_at is not None or not situation.has_owner):
        found.append(Rung(situation.accept_by, Cause.HANDOVER, Step.LAPSE))
    if not situation.has_owner:
        first = Rung(add_days(calendar, situation.pooled_at or situation.captured_at, 1), Cause.POOL, Step.REMIND)
        return [*found, *_repeated(first, _POOL_DAYS, calendar, around)]
    if situation.accepted_at is None and situation.accept_by is not None:
        found.append(Rung(situation.accept_by, Cause.ACCEPT, Step.REOFFER))
    pace = playbook.pace_of(situation.stage_key, situation.grade)
    found += _next_step_rungs(situation, pace, calendar, around)
    found += _standing_rungs(situation, playbook.stage(situation.stage_key), calendar)
    if Step.RECYCLE not in pace.skip:
        found += _silence_rungs(situation, pace, calendar, around)
    return found


def _next_step_rungs(situation: Situation, pace: Pace, calendar: WorkCalendar, around: datetime) -> list[Rung]:
    due = situation.next_due_at
    if due is None:
        # Only a broken record lacks a next step; it is then due at once, so that it cannot stay unseen.
        due = situation.stage_entered_at
    # Snoozing quiets the nudges to the owner; the manager's clock goes on from the promise to the customer.
    base = max(due, situation.snoozed_until) if situation.snoozed_until else due
    found = [] if Step.REMIND in pace.skip else [Rung(base, Cause.NEXT_STEP, Step.REMIND)]
    first = Rung(add_hours(calendar, base, pace.nudge_hours), Cause.NEXT_STEP, Step.NUDGE)
    found += _repeated(first, 1, calendar, around)
    if Step.ESCALATE not in pace.skip:
        found.append(Rung(add_hours(calendar, due, pace.escalate_hours), Cause.NEXT_STEP, Step.ESCALATE))
    return found


def _touched(situation: Situation) -> datetime:
    """Return when somebody last saw to it: a follow-up, an acceptance, or its capture."""
    moments = (situation.last_follow_up_at, situation.accepted_at, situation.captured_at)
    return max(moment for moment in moments if moment is not None)


def _standing_rungs(situation: Situation, stage: Stage, calendar: WorkCalendar) -> list[Rung]:
    due, found = situation.next_due_at, []
    if stage.cadence_days is not None:
        gap = add_days(calendar, _touched(situation), stage.cadence_days)
        if due is None or due > gap:
            found.append(Rung(gap, Cause.CADENCE, Step.REMIND))
    if stage.limit_days is not None:
        limit = add_days(calendar, situation.stage_entered_at, stage.limit_days)
        if due is None or due < limit or due > add_days(calendar, limit, stage.cadence_days or 1):
            found.append(Rung(limit, Cause.STAGE_LIMIT, Step.REMIND))
    return found


def _silence_rungs(situation: Situation, pace: Pace, calendar: WorkCalendar, around: datetime) -> list[Rung]:
    touched, due = _touched(situation), situation.next_due_at
    # A dated next step counts as life: the silence is counted from it, so that "call in March" is not taken away in February.
    silent = due if due is not None and due > touched else touched
    warn = add_days(calendar, silent, pace.warn_days)
    if situation.warned_at is not None and situation.warned_at >= warn:
        # Counted from when the owner was told: nothing is taken away of which nobody was warned in time.
        return [Rung(add_days(calendar, situation.warned_at, pace.recycle_days), Cause.SILENCE, Step.RECYCLE)]
    # A warning that was passed over, as at a change of owner, comes back the next working day.
    return _repeated(Rung(warn, Cause.SILENCE, Step.WARN), 1, calendar, around)


def _closed_rungs(situation: Situation, playbook: Playbook, calendar: WorkCalendar) -> list[Rung]:
    found = []
    if situation.review_due_at is not None and situation.reviewed_at is None:
        pace, due = playbook.pace_of(situation.stage_key, situation.grade), situation.review_due_at
        found += [
            Rung(due, Cause.REVIEW, Step.REMIND),
            Rung(add_hours(calendar, due, pace.nudge_hours), Cause.REVIEW, Step.NUDGE),
            Rung(add_hours(calendar, due, pace.escalate_hours), Cause.REVIEW, Step.ESCALATE),
        ]
    if situation.win_back_on is not None:
        found.append(Rung(start_of_day(calendar, situation.win_back_on), Cause.WIN_BACK, Step.REMIND))
    return found


def _repeated(first: Rung, every_days: int, calendar: WorkCalendar, around: datetime) -> list[Rung]:
    """Return a rung, and of its repetitions every so many working days those next to ``around``."""
    if around < first.moment - timedelta(days=1):
        return [first]
    passed = (
        working_days_between(calendar, local_day(calendar, first.moment), local_day(calendar, around)) // every_days
    )
    return [first] + [
        first._replace(moment=add_days(calendar, first.moment, count * every_days), is_repeat=True)
        for count in range(max(1, passed - 1), passed + 3)
    ]
