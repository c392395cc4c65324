"""Owns the ladder: when the loop next needs somebody for an opportunity, why, and which step of the ladder it is."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from bot.domain.calendar import (
    WorkCalendar,
    add_days,
    add_hours,
    local_day,
    next_workday,
    start_of_day,
    working_days_between,
)
from bot.domain.playbook import Addressee, Pace, Playbook, Stage

# One that is parked beyond its stage's limit comes back to its owner every working week, and to the manager every four.
_PARKED_DAYS, _PARKED_ESCALATION_DAYS = 5, 20
_WEEK = timedelta(days=7)
_REVIEW_DAYS = 5  # a review that nobody wrote comes back to its owner every working week


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


class Situation(NamedTuple):
    """What the ladder looks at in an opportunity; instants are aware UTC.

    ``accept_by`` is until when the owner may accept, or, once they have, until when somebody else may take over.
    ``warned_at`` is when the owner was last told that it would be taken away, ``escalated_at`` when the manager was last told
    that its next step is overdue.
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
    escalated_at: datetime | None = None
    closed_at: datetime | None = None
    review_due_at: datetime | None = None
    reviewed_at: datetime | None = None
    win_back_on: date | None = None


def next_rung(situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime) -> Rung | None:
    """Return the first rung strictly after a moment.

    An open opportunity always has one: an owned one is nudged about its next step or about silence, and a pooled one
    comes back to the manager when a working week begins. A closed one has none once its review and its win-back are told.

    Args:
        situation: The opportunity as it stands.
        playbook: The process in force.
        calendar: The team's working hours.
        after: Everything up to here has been dealt with.
    """
    return climb(situation, playbook, calendar, after=after, until=after)[1]


def due_rungs(
    situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime, until: datetime
) -> tuple[Rung, ...]:
    """Return the rungs in ``(after, until]``, in order; of a repeated step only the latest."""
    return climb(situation, playbook, calendar, after=after, until=until)[0]


def climb(
    situation: Situation, playbook: Playbook, calendar: WorkCalendar, *, after: datetime, until: datetime
) -> tuple[tuple[Rung, ...], Rung | None]:
    """Return what ``due_rungs`` returns, and with it the next rung after ``until``, reckoned once."""
    ladder = _Ladder(after, until)
    _climb(ladder, situation, playbook, calendar)
    return tuple(sorted(ladder.latest.values(), key=_order)), ladder.coming


class _Ladder:
    """What is found on the way up: of each step that is due the latest rung, and the next one to come.

    When exactly a rung comes is only reckoned where it matters: most lie behind the next one, and that is known by days and
    hours of the clock alone, of which working days and hours have never more than there are.
    """

    def __init__(self, after: datetime, until: datetime) -> None:
        self.after, self.until = after, until
        self.latest: dict[tuple[Cause, Step], Rung] = {}
        self.coming: Rung | None = None

    def take(self, rung: Rung) -> None:
        """Take a rung in."""
        if rung.moment > self.until:
            if self.coming is None or _order(rung) < _order(self.coming):
                self.coming = rung
        elif rung.moment > self.after:
            known = self.latest.get((rung.cause, rung.step))
            if known is None or known.moment < rung.moment:
                self.latest[rung.cause, rung.step] = rung

    def is_beyond(self, start: datetime, *, hours: float = 0.0, days: int = 0) -> bool:
        """Say whether so many working hours, or days, after a moment something else has come first, whatever the calendar."""
        return self.coming is not None and start + _least(hours, days) > self.coming.moment


@lru_cache(maxsize=256)
def _least(hours: float, days: int) -> timedelta:
    """Return what passes at the least on any clock while so many working hours, or days, do."""
    # A working day ends before its clock's day does, and a place that changes its date may skip one.
    return timedelta(hours=hours) if not days else timedelta(days=days - 2)


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


def _climb(ladder: _Ladder, situation: Situation, playbook: Playbook, calendar: WorkCalendar) -> None:
    """Take every single rung, and of repeated ones those next to ``until`` on both sides; the soonest first, as far as that is known."""
    if situation.closed_at is not None:
        _climb_closed(ladder, situation, playbook, calendar)
        return
    if situation.accept_by is not None and (situation.accepted_at is not None or not situation.has_owner):
        ladder.take(Rung(situation.accept_by, Cause.HANDOVER, Step.LAPSE))
    if not situation.has_owner:
        first = Rung(add_days(calendar, situation.pooled_at or situation.captured_at, 1), Cause.POOL, Step.REMIND)
        _take_weekly(ladder, first, calendar)
        return
    if situation.accepted_at is None and situation.accept_by is not None:
        ladder.take(Rung(situation.accept_by, Cause.ACCEPT, Step.REOFFER))
    pace = playbook.pace_of(situation.stage_key, situation.grade)
    stage = playbook.stage(situation.stage_key)
    _climb_next_step(ladder, situation, pace, calendar)
    _climb_cadence(ladder, situation, stage, calendar)
    _climb_stage_limit(ladder, situation, stage, pace, calendar)
    if Step.RECYCLE not in pace.skip:
        _climb_silence(ladder, situation, pace, calendar)


def _climb_next_step(ladder: _Ladder, situation: Situation, pace: Pace, calendar: WorkCalendar) -> None:
    due = situation.next_due_at
    if due is None:
        # Only a broken record lacks a next step; it is then due at once, so that it cannot stay unseen.
        due = situation.stage_entered_at
    # Snoozing quiets the nudges to the owner; the manager's clock goes on from the promise to the customer.
    base = max(due, situation.snoozed_until) if situation.snoozed_until else due
    if Step.REMIND not in pace.skip:
        ladder.take(Rung(base, Cause.NEXT_STEP, Step.REMIND))
    nudged = None
    if not ladder.is_beyond(base, hours=pace.nudge_hours):
        nudged = add_hours(calendar, base, pace.nudge_hours)
        _take_repeated(ladder, Rung(nudged, Cause.NEXT_STEP, Step.NUDGE), 1, calendar)
    if Step.ESCALATE in pace.skip:
        return
    held = _held(situation, due)
    if situation.escalated_at is not None and situation.escalated_at >= held:
        return
    # More hours from no earlier a moment end no sooner: behind a nudge that is still to come the manager is not told first.
    is_after = nudged is not None and nudged > ladder.until and base <= held and pace.nudge_hours <= pace.escalate_hours
    if not is_after and not ladder.is_beyond(held, hours=pace.escalate_hours):
        # One that was passed over, as where a new grade or other hours had it come earlier, comes back the next working day.
        escalation = Rung(add_hours(calendar, held, pace.escalate_hours), Cause.NEXT_STEP, Step.ESCALATE)
        _take_repeated(ladder, escalation, 1, calendar)


def _held(situation: Situation, due: datetime) -> datetime:
    """Return since when the present owner is late with a step: what fell due before it was theirs is not held against them."""
    theirs = situation.accepted_at or situation.accept_by
    return due if theirs is None else max(due, theirs)


def _touched(situation: Situation) -> datetime:
    """Return when somebody last saw to it: a follow-up, an acceptance, or its capture."""
    moments = (situation.last_follow_up_at, situation.accepted_at, situation.captured_at)
    return max(moment for moment in moments if moment is not None)


def _climb_cadence(ladder: _Ladder, situation: Situation, stage: Stage, calendar: WorkCalendar) -> None:
    due, touched = situation.next_due_at, _touched(situation)
    if stage.cadence_days is None or ladder.is_beyond(touched, days=stage.cadence_days):
        return
    if due is not None and due <= touched + _least(0.0, stage.cadence_days):
        return
    gap = add_days(calendar, touched, stage.cadence_days)
    first = max(gap, situation.snoozed_until) if situation.snoozed_until else gap
    if due is None or due > gap:
        # It comes back as often as a word is due, until the step is: one that fell into a leave is told after it.
        _take_repeated(ladder, Rung(first, Cause.CADENCE, Step.REMIND), stage.cadence_days, calendar, before=due)


def _climb_stage_limit(ladder: _Ladder, situation: Situation, stage: Stage, pace: Pace, calendar: WorkCalendar) -> None:
    """Take the rungs of a stage that lasts too long, unless a next step is dated soon after its limit.

    Where the next step is due before, its own ladder reaches the manager. One that is parked far beyond has no other.
    """
    due, entered = situation.next_due_at, situation.stage_entered_at
    if stage.limit_days is None or ladder.is_beyond(entered, days=stage.limit_days):
        return
    limit = add_days(calendar, entered, stage.limit_days)
    is_parked = due is not None and due > limit and due > add_days(calendar, limit, stage.cadence_days or 1)
    if not (is_parked or due is None or due < limit):
        return
    if Step.REMIND not in pace.skip:
        ladder.take(Rung(limit, Cause.STAGE_LIMIT, Step.REMIND))
    if not is_parked:
        return
    if not ladder.is_beyond(limit, hours=pace.nudge_hours):
        nudge = Rung(add_hours(calendar, limit, pace.nudge_hours), Cause.STAGE_LIMIT, Step.NUDGE)
        _take_repeated(ladder, nudge, _PARKED_DAYS, calendar)
    if Step.ESCALATE not in pace.skip and not ladder.is_beyond(limit, hours=pace.escalate_hours):
        escalation = Rung(add_hours(calendar, limit, pace.escalate_hours), Cause.STAGE_LIMIT, Step.ESCALATE)
        _take_repeated(ladder, escalation, _PARKED_ESCALATION_DAYS, calendar)


def _climb_silence(ladder: _Ladder, situation: Situation, pace: Pace, calendar: WorkCalendar) -> None:
    touched, due = _touched(situation), situation.next_due_at
    # A dated next step counts as life: the silence is counted from it, so that "call in March" is not taken away in February.
    silent = due if due is not None and due > touched else touched
    if ladder.is_beyond(silent, days=pace.warn_days):
        return
    warn = add_days(calendar, silent, pace.warn_days)
    if situation.warned_at is not None and situation.warned_at >= warn:
        # Counted from when the owner was told: nothing is taken away of which nobody was warned in time.
        ladder.take(Rung(add_days(calendar, situation.warned_at, pace.recycle_days), Cause.SILENCE, Step.RECYCLE))
        return
    # A warning that was passed over, as at a change of owner, comes back the next working day.
    _take_repeated(ladder, Rung(warn, Cause.SILENCE, Step.WARN), 1, calendar)


def _climb_closed(ladder: _Ladder, situation: Situation, playbook: Playbook, calendar: WorkCalendar) -> None:
    if situation.review_due_at is not None and situation.reviewed_at is None:
        pace, due = playbook.pace_of(situation.stage_key, situation.grade), situation.review_due_at
        ladder.take(Rung(due, Cause.REVIEW, Step.REMIND))
        nudge = Rung(add_hours(calendar, due, pace.nudge_hours), Cause.REVIEW, Step.NUDGE)
        _take_repeated(ladder, nudge, _REVIEW_DAYS, calendar)
        ladder.take(Rung(add_hours(calendar, due, pace.escalate_hours), Cause.REVIEW, Step.ESCALATE))
    if situation.win_back_on is not None:
        ladder.take(Rung(start_of_day(calendar, situation.win_back_on), Cause.WIN_BACK, Step.REMIND))


def _take_weekly(ladder: _Ladder, first: Rung, calendar: WorkCalendar) -> None:
    """Take a rung, and its repetitions at the opening of each later week, so that all that lie in one pool come together."""
    ladder.take(first)
    own = _monday(local_day(calendar, first.moment)) + _WEEK
    monday = max(own, _monday(local_day(calendar, ladder.until)) - _WEEK)
    moment = first.moment
    while moment <= ladder.until:
        # A week without a workday opens with the next one that has any.
        moment = start_of_day(calendar, next_workday(calendar, monday - timedelta(days=1)))
        ladder.take(first._replace(moment=moment, is_repeat=True))
        monday += _WEEK


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _take_repeated(
    ladder: _Ladder, first: Rung, every_days: int, calendar: WorkCalendar, *, before: datetime | None = None
) -> None:
    """Take a rung, and of its repetitions every so many working days those next to ``until``; none from ``before`` on."""
    if before is not None and first.moment >= before:
        return
    ladder.take(first)
    around = ladder.until
    if around < first.moment - timedelta(days=1):
        return
    passed = (
        working_days_between(calendar, local_day(calendar, first.moment), local_day(calendar, around)) // every_days
    )
    for count in range(max(1, passed - 1), passed + 3):
        moment = add_days(calendar, first.moment, count * every_days)
        if before is not None and moment >= before:
            return
        ladder.take(first._replace(moment=moment, is_repeat=True))
