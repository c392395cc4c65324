"""When a team's pool opens to all, and the stage an opportunity has in another team's playbook."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import calendar
from bot.domain.calendar import WorkCalendar
from bot.domain.playbook import Name, Pool, Stage, StageKind, default_playbook
from bot.domain.pooling import opened_before, opens_on, stage_in
from bot.services.playbooks import dump, parse

_DAY = ((540, 720), (780, 1080))
WORK = WorkCalendar("Asia/Shanghai", (_DAY, _DAY, _DAY, _DAY, _DAY, (), ()))
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_five_working_days_are_a_week() -> None:
    assert str(opens_on(WORK, MONDAY, 5)) == "2026-03-09"
    opening = MONDAY + timedelta(days=7)
    before, after = opened_before(WORK, opening - timedelta(seconds=1), 5), opened_before(WORK, opening, 5)
    assert before is not None
    assert after is not None
    assert before <= MONDAY < after


def test_at_once_and_never() -> None:
    assert opened_before(WORK, MONDAY, None) is None
    assert opens_on(WORK, MONDAY, None) is None
    at_once = opened_before(WORK, MONDAY, 0)
    assert at_once is not None
    assert at_once > MONDAY


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40), st.integers(1, 12))
def test_what_is_open_is_what_the_day_that_is_told_says(pooled: int, later: int, days: int) -> None:
    pooled_at = MONDAY + timedelta(minutes=pooled)
    now = pooled_at + timedelta(minutes=later)
    day, before = opens_on(WORK, pooled_at, days), opened_before(WORK, now, days)
    assert day is not None
    assert before is not None
    assert (pooled_at < before) == (now >= calendar.start_of_day(WORK, day))


def test_stage_is_kept_by_its_key_or_by_its_kind() -> None:
    known = default_playbook()
    short = replace(
        known,
        stages=(
            Stage("first", Name("First", "一"), StageKind.INTAKE, 5),
            Stage("quote", Name("Quote", "报价"), StageKind.OPEN, 50),
            *known.stages[-2:],
        ),
    )
    assert [stage_in(short, known.stage(key)).key for key in ("lead", "qualified", "quote")] == [
        "first",
        "quote",
        "quote",
    ]
    no_intake = replace(known, stages=known.stages[1:])
    assert stage_in(no_intake, known.stage("lead")).key == "qualified"


@pytest.mark.parametrize("days", [None, 0, 5, 12])
def test_pool_settings_come_back_as_they_went_out(days: int | None) -> None:
    playbook = replace(default_playbook(), pool=Pool(20, 3, 10, days))
    assert parse(dump(playbook)) == playbook


def test_pool_settings_that_cannot_be_meant_are_faults() -> None:
    assert default_playbook().pool.to_all_days == 5
    for pool in (Pool(0), Pool(claims_a_day=0), Pool(cooling_off_days=-1), Pool(to_all_days=-1)):
        assert [one for one in replace(default_playbook(), pool=pool).faults() if one.startswith("pool")]
