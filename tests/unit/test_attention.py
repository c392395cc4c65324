"""The ladder: exact moments of the default pace, what silences what, and that nothing open is ever forgotten."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.attention import Cause, Rung, Situation, Step, _Ladder, addressee, climb, due_rungs, next_rung
from bot.domain.calendar import WorkCalendar, local_day, working_days_between
from bot.domain.playbook import Addressee, Pace, Playbook, default_playbook

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


def coming(
    situation: Situation, *, after: datetime, playbook: Playbook = PLAYBOOK, calendar: WorkCalendar = CALENDAR
) -> Rung:
    rung = next_rung(situation, playbook, calendar, after=after)
    assert rung is not None, "something open has a next moment"
    return rung


def ladder(situation: Situation, *, after: datetime, until: datetime) -> list[tuple[datetime, str, str]]:
    found: list[tuple[datetime, str, str]] = []
    while True:
        rung = next_rung(situation, PLAYBOOK, CALENDAR, after=after)
        if rung is None or rung.moment > until:
            return found
        steps = due_rungs(situation, PLAYBOOK, CALENDAR, after=after, until=rung.moment)
        found += [(one.moment, one.cause.value, one.step.value) for one in steps]
        after = rung.moment
        for one in steps:
            if one.step is Step.WARN:
                situation = situation._replace(warned_at=one.moment)
            if (one.cause, one.step) == (Cause.NEXT_STEP, Step.ESCALATE):
                situation = situation._replace(escalated_at=one.moment)


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
    assert coming(owned(snoozed_until=at(4, 9)), after=at(4, 13)).moment == at(4, 14)


def escalations(situation: Situation, *, after: datetime, until: datetime) -> list[datetime]:
    return [moment for moment, _, step in ladder(situation, after=after, until=until) if step == "escalate"]


def test_who_became_its_owner_late_has_the_whole_time_before_the_manager_is_told() -> None:
    # Due on Monday at eleven; reassigned and accepted on Thursday at ten: eight working hours from then.
    taken = owned(stage_key="contract", accepted_at=at(5, 10), escalated_at=at(3, 11))
    assert escalations(taken, after=at(5, 10), until=at(13, 18)) == [at(6, 10)]
    offered = owned(stage_key="contract", accepted_at=None, accept_by=at(5, 10), escalated_at=at(3, 11))
    assert escalations(offered, after=at(5, 9), until=at(13, 18)) == [at(6, 10)]


def test_an_escalation_that_a_new_grade_would_have_had_earlier_comes_the_next_working_day() -> None:
    # As a C it would have been told of on Monday the 9th; on Friday at noon it becomes an A.
    regraded = owned(stage_key="contract", grade="A")
    assert escalations(regraded, after=at(6, 12), until=at(20, 9)) == [at(9, 11)]


@pytest.mark.parametrize("grade", ["A", "B", "C"])
def test_the_manager_is_told_once_of_an_overdue_step_whatever_grade_it_gets(grade: str) -> None:
    told = owned(stage_key="contract", grade=grade, escalated_at=at(3, 11))
    assert escalations(told, after=at(3, 11), until=at(20, 9)) == []
    moved = told._replace(next_due_at=at(10, 11))
    assert len(escalations(moved, after=at(4, 9), until=at(20, 9))) == 1


def test_a_snoozed_word_in_between_comes_when_it_was_put_off_to_and_again_at_its_cadence() -> None:
    silent = owned(stage_key="qualified", stage_entered_at=at(20, 9), next_due_at=at(31, 9), snoozed_until=at(6, 9))
    steps = ladder(silent, after=at(5, 10), until=at(16, 10))
    assert [moment for moment, cause, _ in steps if cause == "cadence"] == [at(6, 9), at(11, 9), at(16, 9)]
    assert "cadence" not in {cause for _, cause, _ in ladder(silent, after=at(31, 8), until=at(31, 18))}


def test_an_offer_lapses_at_accept_by() -> None:
    waiting = owned(accepted_at=None, accept_by=at(2, 10, 30))
    assert coming(waiting, after=at(2, 9)) == Rung(at(2, 10, 30), Cause.ACCEPT, Step.REOFFER)


def test_an_accepted_owner_is_not_asked_again_and_a_handover_lapses() -> None:
    assert [step for _, _, step in ladder(owned(), after=at(2, 9), until=at(2, 12))] == ["remind"]
    handed = ladder(owned(accept_by=at(2, 10, 30)), after=at(2, 9), until=at(2, 12))
    assert handed == [(at(2, 10, 30), "handover", "lapse"), (at(2, 11), "next_step", "remind")]
    pooled = owned(has_owner=False, accepted_at=None, pooled_at=at(2, 9), accept_by=at(2, 10, 30))
    assert coming(pooled, after=at(2, 9)) == Rung(at(2, 10, 30), Cause.HANDOVER, Step.LAPSE)


def test_a_dated_next_step_within_the_cadence_keeps_the_cadence_quiet() -> None:
    inside = owned(stage_key="qualified", next_due_at=at(5, 9))
    beyond = owned(stage_key="qualified", next_due_at=at(6, 9))
    assert coming(inside, after=at(2, 9)).cause is Cause.NEXT_STEP
    assert coming(beyond, after=at(2, 9)) == Rung(at(5, 9), Cause.CADENCE, Step.REMIND)


def test_the_stage_limit_speaks_unless_a_next_step_is_dated_soon_after_it() -> None:
    base = owned(stage_key="quote", last_follow_up_at=at(13, 9))  # limit: ten working days, so Monday the 16th
    speaking = {
        rung.cause
        for rung in due_rungs(
            base._replace(next_due_at=at(16, 8)), PLAYBOOK, CALENDAR, after=at(13, 10), until=at(16, 10)
        )
    }
    quiet = {
        rung.cause
        for rung in due_rungs(
            base._replace(next_due_at=at(18, 10)), PLAYBOOK, CALENDAR, after=at(13, 10), until=at(16, 10)
        )
    }
    assert Cause.STAGE_LIMIT in speaking
    assert Cause.STAGE_LIMIT not in quiet


def test_one_parked_beyond_its_stage_limit_reaches_the_manager_and_comes_back_for_as_long_as_it_is_parked() -> None:
    parked = owned(stage_key="quote", next_due_at=at(1, 9, month=3).replace(year=2028))
    steps = ladder(parked, after=at(2, 9), until=at(1, 9, month=3).replace(year=2027))
    found = [(moment, step) for moment, cause, step in steps if cause == "stage_limit"]
    # Ten working days after the 2nd; the nudge four hours later (noon is lunch), and every working week.
    assert found[:6] == [
        (at(16, 9), "remind"),
        (at(16, 14), "nudge"),
        (at(16, 18), "escalate"),
        (at(23, 14), "nudge"),
        (at(30, 14), "nudge"),
        (at(6, 14, month=4), "nudge"),
    ]
    assert [moment for moment, step in found if step == "escalate"][:3] == [
        at(16, 18),
        at(13, 18, month=4),
        at(11, 18, month=5),
    ]
    nudges = [moment for moment, step in found if step == "nudge"]
    assert max(later - earlier for earlier, later in itertools.pairwise(nudges)) == timedelta(weeks=1)
    assert nudges[-1] > at(20, 9, month=2).replace(year=2027)


def test_an_overdue_step_reaches_the_manager_by_its_own_ladder_and_the_stage_adds_its_reminder_only() -> None:
    steps = ladder(owned(stage_key="quote"), after=at(2, 9), until=at(16, 10))
    assert [(moment, step) for moment, cause, step in steps if cause == "stage_limit"] == [(at(16, 9), "remind")]


def test_of_a_stage_that_lasts_too_long_the_same_steps_can_be_left_out() -> None:
    bare = paced(skip=("remind", "escalate", "recycle"))
    parked = owned(stage_key="quote", next_due_at=at(1, 9, month=3).replace(year=2028))
    rungs = due_rungs(parked, bare, CALENDAR, after=at(2, 9), until=at(31, 9))
    assert {rung.step for rung in rungs if rung.cause is Cause.STAGE_LIMIT} == {Step.NUDGE}
    before = coming(parked._replace(last_follow_up_at=at(13, 9)), after=at(13, 9), playbook=bare)
    assert (before.cause, before.step) == (Cause.STAGE_LIMIT, Step.NUDGE)


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


def test_what_lies_in_the_pool_comes_back_after_a_day_and_then_when_each_week_begins() -> None:
    pooled = owned(has_owner=False, accepted_at=None, pooled_at=at(2, 10))
    steps = ladder(pooled, after=at(2, 10), until=at(24, 12))
    assert [(moment, cause) for moment, cause, _ in steps] == [
        (at(3, 10), "pool"),
        (at(9, 9), "pool"),
        (at(16, 9), "pool"),
        (at(23, 9), "pool"),
    ]


def test_the_pool_counts_from_the_capture_where_nothing_else_is_known() -> None:
    assert coming(owned(has_owner=False, pooled_at=None), after=at(2, 9)).moment == at(3, 9)


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
    warned_at=_MAYBE,
    escalated_at=_MAYBE,
    closed_at=st.none(),
    review_due_at=st.none(),
    reviewed_at=st.none(),
    win_back_on=st.none(),
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
    rung = coming(situation, after=after, calendar=calendar)
    assert rung.moment > after
    # Climbing on from there never stops either.
    assert coming(situation, after=rung.moment, calendar=calendar).moment > rung.moment


@settings(deadline=None)
@given(_SITUATIONS, _CALENDARS, _INSTANTS)
def test_what_is_due_at_the_next_rung_is_that_rung(
    situation: Situation, calendar: WorkCalendar, after: datetime
) -> None:
    rung = coming(situation, after=after, calendar=calendar)
    due = due_rungs(situation, PLAYBOOK, calendar, after=after, until=rung.moment)
    assert rung in due
    assert {one.moment for one in due} == {rung.moment}
    assert due_rungs(situation, PLAYBOOK, calendar, after=after, until=rung.moment - timedelta(microseconds=1)) == ()


@pytest.mark.parametrize("weeks", [1, 4, 26])
def test_however_long_nobody_looked_the_next_nudge_is_at_most_one_working_day_away(weeks: int) -> None:
    after = at(2, 9) + timedelta(weeks=weeks)
    rung = coming(owned(), after=after)
    assert rung.moment - after < timedelta(days=1, hours=12)


@settings(deadline=None)
@given(_SITUATIONS, _CALENDARS, _INSTANTS, st.integers(0, 60 * 24 * 60))
def test_one_climb_finds_what_is_due_and_what_comes_next(
    situation: Situation, calendar: WorkCalendar, after: datetime, minutes: int
) -> None:
    until = after + timedelta(minutes=minutes)
    due, rung = climb(situation, PLAYBOOK, calendar, after=after, until=until)
    assert due == due_rungs(situation, PLAYBOOK, calendar, after=after, until=until)
    assert rung == next_rung(situation, PLAYBOOK, calendar, after=until)


@settings(deadline=None, max_examples=300)
@given(_SITUATIONS, _CALENDARS, _INSTANTS, st.integers(0, 60 * 24 * 60))
def test_what_is_not_reckoned_because_something_else_comes_first_changes_nothing(
    situation: Situation, calendar: WorkCalendar, after: datetime, minutes: int
) -> None:
    until = after + timedelta(minutes=minutes)
    found = climb(situation, PLAYBOOK, calendar, after=after, until=until)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_Ladder, "is_beyond", lambda *_, **__: False)
        assert climb(situation, PLAYBOOK, calendar, after=after, until=until) == found


@settings(deadline=None)
@given(_SITUATIONS, _CALENDARS, _INSTANTS, st.integers(0, 3 * 365))
def test_however_long_the_program_stood_nothing_is_recycled_before_its_warning_is_old_enough(
    situation: Situation, calendar: WorkCalendar, after: datetime, days: int
) -> None:
    now = after + timedelta(days=days)
    rungs = due_rungs(situation, PLAYBOOK, calendar, after=after, until=now)
    steps = [rung.step for rung in rungs if rung.cause is Cause.SILENCE]
    assert len(steps) <= 1, "a warning and its recycling never come together"
    if steps == [Step.RECYCLE]:
        assert situation.warned_at is not None
        recycled = next(rung.moment for rung in rungs if rung.step is Step.RECYCLE)
        warned = local_day(calendar, situation.warned_at)
        assert working_days_between(calendar, warned, local_day(calendar, recycled)) >= 3


def test_a_warning_that_came_late_makes_the_recycling_as_much_later() -> None:
    late = owned(warned_at=at(25, 15))
    assert [(rung.moment, rung.step) for rung in due_rungs(late, PLAYBOOK, CALENDAR, after=at(25, 15), until=at(31, 9))
            if rung.cause is Cause.SILENCE] == [(at(30, 15), Step.RECYCLE)]  # fmt: skip


def test_a_warning_that_was_passed_over_comes_back_the_next_working_day() -> None:
    steps = ladder(owned(), after=at(18, 12), until=at(20, 12))
    assert [(moment, step) for moment, cause, step in steps if cause == "silence"] == [(at(19, 11), "warn")]


def test_a_follow_up_makes_an_old_warning_void() -> None:
    saved = owned(warned_at=at(16, 11), last_follow_up_at=at(18, 10), next_due_at=at(20, 10))
    assert not [one for one in ladder(saved, after=at(18, 10), until=at(25, 9)) if one[2] == "recycle"]


# --- what the playbook changes


def paced(**changes: object) -> Playbook:
    return replace(PLAYBOOK, pace={**PLAYBOOK.pace, "A": replace(PLAYBOOK.pace["A"], **changes)})  # type: ignore[arg-type] # fields of it


def test_a_stage_has_a_pace_of_its_own_before_the_playbooks() -> None:
    own = Pace(1, 1, 2, 4, 1)
    stages = tuple(replace(one, pace={"A": own}) if one.key == "quote" else one for one in PLAYBOOK.stages)
    playbook = replace(PLAYBOOK, stages=stages)
    quote, contract = owned(stage_key="quote"), owned(stage_key="contract")
    assert coming(quote, after=at(2, 11), playbook=playbook).moment == at(2, 12)
    assert coming(contract, after=at(2, 11), playbook=playbook).moment == at(2, 16)
    assert playbook.pace_of("quote", "B") == PLAYBOOK.pace["B"]
    assert playbook.pace_of("no such stage", "A") == PLAYBOOK.pace["A"]


def test_steps_can_be_left_out_but_not_the_nudges() -> None:
    bare = paced(skip=("remind", "escalate", "recycle"))
    rungs = due_rungs(owned(stage_key="contract"), bare, CALENDAR, after=at(2, 9), until=at(31, 9))
    assert {rung.step for rung in rungs if rung.cause in {Cause.NEXT_STEP, Cause.SILENCE}} == {Step.NUDGE}
    assert paced(skip=("nudge",)).faults() == ("pace.A.skip: only escalate, recycle, remind can be left out",)


def test_each_step_has_its_addressee() -> None:
    pace = Pace(1, 1, 1, 1, 1, Addressee.BOTH, Addressee.OWNER, Addressee.MANAGER, Addressee.BOTH)
    assert [addressee(step, pace) for step in (Step.REMIND, Step.NUDGE, Step.ESCALATE, Step.WARN)] == [
        "both", "owner", "manager", "both",
    ]  # fmt: skip


# --- what is closed


def closed(**overrides: object) -> Situation:
    return owned(closed_at=at(2, 10), next_due_at=None, stage_key="lost", **overrides)


def test_a_closed_one_without_a_review_is_heard_of_no_more() -> None:
    assert next_rung(closed(), PLAYBOOK, CALENDAR, after=at(2, 10)) is None
    assert ladder(closed(review_due_at=at(5, 10), reviewed_at=at(3, 9)), after=at(2, 10), until=at(31, 9)) == []


def test_a_review_is_asked_for_then_nudged_then_escalated_and_asked_for_again_each_week() -> None:
    steps = ladder(closed(review_due_at=at(5, 10)), after=at(2, 10), until=at(20, 9))
    assert steps == [
        (at(5, 10), "review", "remind"),
        (at(5, 15), "review", "nudge"),
        (at(6, 10), "review", "escalate"),
        (at(12, 15), "review", "nudge"),
        (at(19, 15), "review", "nudge"),
    ]


def test_a_loss_to_be_won_back_is_a_reminder_on_its_day() -> None:
    steps = ladder(closed(win_back_on=date(2026, 3, 20)), after=at(2, 10), until=at(31, 9))
    assert steps == [(at(20, 9), "win_back", "remind")]
