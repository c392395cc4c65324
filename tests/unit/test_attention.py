"""The ladder: exact moments of the default pace, what silences what, and that nothing open is ever forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.attention import Cause, Rung, Situation, Step, due_rungs, next_rung
from bot.domain.calendar import WorkCalendar
from bot.domain.playbook import default_playbook

PLAYBOOK = default_playbook()
CALENDAR = WorkCalendar("Asia/Shanghai")
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(day: int, hour: int, minute: int = 0, *, month: int = 3) -> datetime:
    """A moment of March 2026 on the wall clock of Shanghai; the 2nd is a Monday."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


def owned(**overrides: object) -> Situation:
    known: dict[str, object] = {
        "stage_key": "lead",
        "stage_entered_at": at(2, 9),
        "grade": "A",
        "captured_at": at(2, 9),
        "has_owner": True,
        "accepted_at": at(2, 9),
        "next_due_at": at(2, 11),
    }
    return Situation(**{**known, **overrides})  # type: ignore[arg-type] # the overrides are fields of it


def ladder(situation: Situation, *, after: datetime, until: datetime) -> list[tuple[datetime, str, str]]:
    found: list[tuple[datetime, str, str]] = []
    while True:
        rung = next_rung(situation, PLAYBOOK, CALENDAR, after=after)
        if rung.moment > until:
            return found
        found += [
            (one.moment, one.cause.value, one.step.value)
            for one in due_rungs(situation, PLAYBOOK, CALENDAR, after=after, until=rung.moment)
        ]
        after = rung.moment


def test_a_grade_a_next_step_is_reminded_nudged_and_escalated_in_its_pace() -> None:
    # Two hours on Monday, then four working hours (lunch at noon), then eight.
    assert ladder(owned(), after=at(2, 9), until=at(4, 12)) == [
        (at(2, 11), "next_step", "remind"),
        (at(2, 16), "next_step", "nudge"),
        (at(3, 11), "next_step", "escalate"),
        (at(3, 16), "next_step", "nudge"),
    ]


def test_after_the_first_nudge_one_comes_each_working_day_and_none_on_a_weekend() -> None:
    steps = ladder(owned(stage_key="contract"), after=at(2, 9), until=at(11, 9))
    assert [moment for moment, _, step in steps if step == "nudge"] == [
        at(2, 16),
        at(3, 16),
        at(4, 16),
        at(5, 16),
        at(6, 16),
        at(9, 16),
        at(10, 16),
    ]


def test_snooze_quiets_the_owner_and_not_the_managers_clock() -> None:
    assert ladder(owned(snoozed_until=at(4, 9)), after=at(2, 9), until=at(4, 13)) == [
        (at(3, 11), "next_step", "escalate"),
        (at(4, 9), "next_step", "remind"),
        # Four hours from nine: noon is lunch.
        # (the nudge at 14:00 is beyond this test's end)
    ]
    assert next_rung(owned(snoozed_until=at(4, 9)), PLAYBOOK, CALENDAR, after=at(4, 13)).moment == at(4, 14)


def test_an_offer_lapses_at_accept_by() -> None:
    waiting = owned(accepted_at=None, accept_by=at(2, 10, 30))
    assert next_rung(waiting, PLAYBOOK, CALENDAR, after=at(2, 9)) == Rung(at(2, 10, 30), Cause.ACCEPT, Step.REOFFER)


def test_an_accepted_owner_is_not_asked_again() -> None:
    steps = ladder(owned(accept_by=at(2, 10, 30)), after=at(2, 9), until=at(2, 12))
    assert [step for _, _, step in steps] == ["remind"]


def test_a_dated_next_step_within_the_cadence_keeps_the_cadence_quiet() -> None:
    inside = owned(stage_key="qualified", next_due_at=at(5, 9))
    beyond = owned(stage_key="qualified", next_due_at=at(6, 9))
    assert next_rung(inside, PLAYBOOK, CALENDAR, after=at(2, 9)).cause is Cause.NEXT_STEP
    assert next_rung(beyond, PLAYBOOK, CALENDAR, after=at(2, 9)) == Rung(at(5, 9), Cause.CADENCE, Step.REMIND)


def test_the_stage_limit_speaks_unless_a_next_step_is_dated_soon_after_it() -> None:
    base = owned(stage_key="quote", last_follow_up_at=at(13, 9))  # limit: ten working days, so Monday the 16th
    speaking = {
        rung.cause
        for rung in due_rungs(
            replace(base, next_due_at=at(16, 8)), PLAYBOOK, CALENDAR, after=at(13, 10), until=at(16, 10)
        )
    }
    quiet = {
        rung.cause
        for rung in due_rungs(
            replace(base, next_due_at=at(18, 10)), PLAYBOOK, CALENDAR, after=at(13, 10), until=at(16, 10)
        )
    }
    assert Cause.STAGE_LIMIT in speaking
    assert Cause.STAGE_LIMIT not in quiet


def test_silence_is_warned_of_after_ten_working_days_and_recycled_three_later() -> None:
    steps = ladder(owned(), after=at(2, 9), until=at(20, 9))
    silence = [(moment, step) for moment, cause, step in steps if cause == "silence"]
    # Counted from Monday 11:00, when the next step was promised: the 16th, then the 19th.
    assert silence == [(at(16, 11), "warn"), (at(19, 11), "recycle")]


def test_a_promise_far_ahead_is_not_taken_for_silence() -> None:
    steps = ladder(owned(next_due_at=at(30, 10)), after=at(2, 9), until=at(31, 9))
    assert [step for _, cause, step in steps if cause == "silence"] == []


def test_each_grade_has_its_own_pace() -> None:
    for grade, nudge in (("A", at(2, 16)), ("B", at(3, 11)), ("C", at(4, 11))):
        steps = ladder(owned(grade=grade, stage_key="solution"), after=at(2, 9), until=at(6, 18))
        assert next(moment for moment, _, step in steps if step == "nudge") == nudge


def test_what_lies_in_the_pool_comes_back_after_a_day_and_then_each_working_week() -> None:
    pooled = owned(has_owner=False, accepted_at=None, pooled_at=at(2, 10))
    steps = ladder(pooled, after=at(2, 10), until=at(24, 12))
    assert [(moment, cause) for moment, cause, _ in steps] == [
        (at(3, 10), "pool"),
        (at(10, 10), "pool"),
        (at(17, 10), "pool"),
        (at(24, 10), "pool"),
    ]


def test_the_pool_counts_from_the_capture_where_nothing_else_is_known() -> None:
    assert next_rung(owned(has_owner=False, pooled_at=None), PLAYBOOK, CALENDAR, after=at(2, 9)).moment == at(3, 9)


def test_a_record_without_a_next_step_is_due_at_once() -> None:
    rungs = due_rungs(owned(next_due_at=None), PLAYBOOK, CALENDAR, after=at(2, 8), until=at(2, 9))
    assert Rung(at(2, 9), Cause.NEXT_STEP, Step.REMIND) in rungs


def test_of_a_long_absence_each_step_is_told_once() -> None:
    rungs = due_rungs(owned(stage_key="contract"), PLAYBOOK, CALENDAR, after=at(2, 9), until=at(13, 17))
    assert [(rung.step, rung.moment) for rung in rungs if rung.step is Step.NUDGE] == [(Step.NUDGE, at(13, 16))]
    assert len({(rung.cause, rung.step) for rung in rungs}) == len(rungs)


_INSTANTS = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
_MAYBE = st.none() | _INSTANTS
_SITUATIONS = st.builds(
    Situation,
    stage_key=st.sampled_from([stage.key for stage in PLAYBOOK.open_stages]),
    stage_entered_at=_INSTANTS,
    grade=st.sampled_from("ABC"),
    captured_at=_INSTANTS,
    has_owner=st.booleans(),
    accepted_at=_MAYBE,
    accept_by=_MAYBE,
    next_due_at=_MAYBE,
    snoozed_until=_MAYBE,
    last_follow_up_at=_MAYBE,
    pooled_at=_MAYBE,
)
_CALENDARS = st.sampled_from(
    [
        CALENDAR,
        WorkCalendar("America/New_York"),
        WorkCalendar("Asia/Shanghai", country="CN"),
        WorkCalendar("Europe/Berlin", week=(((1320, 1440),), (), (), (), (), (), ((0, 60),))),
    ]
)


@settings(deadline=None)
@given(_SITUATIONS, _CALENDARS, _INSTANTS)
def test_nothing_open_is_ever_without_a_next_rung_strictly_later(
    situation: Situation, calendar: WorkCalendar, after: datetime
) -> None:
    rung = next_rung(situation, PLAYBOOK, calendar, after=after)
    assert rung.moment > after
    # Climbing on from there never stops either.
    later = next_rung(situation, PLAYBOOK, calendar, after=rung.moment)
    assert later.moment > rung.moment


@settings(deadline=None)
@given(_SITUATIONS, _CALENDARS, _INSTANTS)
def test_what_is_due_at_the_next_rung_is_that_rung(
    situation: Situation, calendar: WorkCalendar, after: datetime
) -> None:
    rung = next_rung(situation, PLAYBOOK, calendar, after=after)
    due = due_rungs(situation, PLAYBOOK, calendar, after=after, until=rung.moment)
    assert rung in due
    assert {one.moment for one in due} == {rung.moment}
    assert due_rungs(situation, PLAYBOOK, calendar, after=after, until=rung.moment - timedelta(microseconds=1)) == ()


@pytest.mark.parametrize("weeks", [1, 4, 26])
def test_however_long_nobody_looked_the_next_nudge_is_at_most_one_working_day_away(weeks: int) -> None:
    after = at(2, 9) + timedelta(weeks=weeks)
    rung = next_rung(owned(), PLAYBOOK, CALENDAR, after=after)
    assert rung.moment - after < timedelta(days=1, hours=12)
