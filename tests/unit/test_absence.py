"""Absences as people write them, and whether somebody is away."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from bot.domain.absence import first_minute, is_away, last_minute, read_absence, read_start
from bot.domain.calendar import DEFAULT_WEEK, WorkCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Wednesday, at ten in the morning.
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=SHANGHAI)
CHINA = WorkCalendar("Asia/Shanghai", DEFAULT_WEEK, country="CN")

SAID = [
    ("next week", "03-09 00:00", "03-13 23:59"),
    ("all of next week", "03-09 00:00", "03-13 23:59"),
    ("下周请假", "03-09 00:00", "03-13 23:59"),
    ("下周", "03-09 00:00", "03-13 23:59"),
    ("the week after next", "03-16 00:00", "03-20 23:59"),
    ("the week of mar 16", "03-16 00:00", "03-20 23:59"),
    ("this week", None, "03-06 23:59"),
    ("until next week", None, "03-08 23:59"),
    ("through next week", None, "03-13 23:59"),
    ("next month", "04-01 00:00", "04-30 23:59"),
    ("mar 9 - mar 13", "03-09 00:00", "03-13 23:59"),
    ("Mar 9 to Mar 13", "03-09 00:00", "03-13 23:59"),
    ("mar 9-13", "03-09 00:00", "03-13 23:59"),
    ("9-13 mar", "03-09 00:00", "03-13 23:59"),
    ("2026-03-09 - 2026-03-13", "03-09 00:00", "03-13 23:59"),
    ("3月9日到3月13日", "03-09 00:00", "03-13 23:59"),
    ("3月9日至13日请假", "03-09 00:00", "03-13 23:59"),
    ("从下周一请假到下周三", "03-09 00:00", "03-11 23:59"),
    ("下周三至周五外出", "03-11 00:00", "03-13 23:59"),
    ("monday to wednesday", "03-09 00:00", "03-11 23:59"),
    ("mon-fri", "03-09 00:00", "03-13 23:59"),
    ("next week - mar 20", "03-09 00:00", "03-20 23:59"),
    ("monday through next week", "03-09 00:00", "03-13 23:59"),
    ("next monday for two weeks", "03-09 00:00", "03-22 23:59"),
    ("3月9日起5天", "03-09 00:00", "03-13 23:59"),
    ("from today to friday", None, "03-06 23:59"),
    ("wed to fri", None, "03-06 23:59"),
    ("mar 2 - mar 6", None, "03-06 23:59"),
    ("2pm - 5pm", "03-04 14:00", "03-04 17:00"),
    ("tomorrow 2pm to friday", "03-05 14:00", "03-06 23:59"),
    ("friday", None, "03-06 23:59"),
    ("tomorrow", None, "03-05 23:59"),
    ("请假到周五", None, "03-06 23:59"),
    ("until 3 Dec", None, "12-03 23:59"),
    ("tomorrow 2pm", None, "03-05 14:00"),
    ("on friday", "03-06 00:00", "03-06 23:59"),
    ("明天请假", "03-05 00:00", "03-05 23:59"),
    ("two weeks", None, "03-18 23:59"),
    ("for 3 days", None, "03-07 23:59"),
    ("两周", None, "03-18 23:59"),
]  # fmt: skip


def local(moment: datetime | None) -> str | None:
    return moment.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if moment is not None else None


@pytest.mark.parametrize(("text", "start", "end"), SAID)
def test_days_away_are_read_with_their_beginning(text: str, start: str | None, end: str) -> None:
    found = read_absence(text, now=NOW, zone="Asia/Shanghai")
    assert found is not None
    assert (local(found.start), local(found.end)) == (start, end)


@pytest.mark.parametrize(
    "text",
    ["banana", "", "from mar 9", "从3月9日", "banana to mar 9", "mar 9 to banana", "mar 20 - mar 10", "from next week"],
)
def test_what_is_not_understood_is_not_half_understood(text: str) -> None:
    assert read_absence(text, now=NOW, zone="Asia/Shanghai") is None


def test_a_week_over_the_turn_of_the_year_and_a_week_of_holidays() -> None:
    found = read_absence("Dec 28 - Jan 4", now=NOW, zone="Asia/Shanghai")
    assert found is not None
    assert (found.end - (found.start or NOW)).days == 7
    # The week before National Day's has a Sunday that is worked; in its own week Thursday is the first day worked.
    late = datetime(2026, 9, 30, 10, tzinfo=SHANGHAI)
    found = read_absence("next week", now=late, zone="Asia/Shanghai", calendar=CHINA)
    assert found is not None
    assert (local(found.start), local(found.end)) == ("10-08 00:00", "10-10 23:59")


def test_days_begin_and_end_where_the_member_is() -> None:
    found = read_absence("next week", now=NOW, zone="America/New_York")
    assert found is not None
    # The clocks change on the eighth.
    assert (found.start, found.end) == (
        datetime(2026, 3, 9, 4, 0, tzinfo=UTC),
        datetime(2026, 3, 14, 3, 59, tzinfo=UTC),
    )


def test_a_beginning_that_was_said_apart_goes_before() -> None:
    since = read_start("next monday", now=NOW, zone="Asia/Shanghai")
    assert local(since) == "03-09 00:00"
    ends = {
        text: local(found.end if (found := read_absence(text, now=NOW, zone="Asia/Shanghai", since=since)) else None)
        for text in ("friday", "13 mar", "two weeks", "banana")
    }
    assert ends == {"friday": "03-13 23:59", "13 mar": "03-13 23:59", "two weeks": "03-22 23:59", "banana": None}
    assert [read_start(text, now=NOW, zone="Asia/Shanghai") for text in ("today", "现在", "banana")] == [NOW, NOW, None]
    assert local(read_start("friday 3pm", now=NOW, zone="Asia/Shanghai")) == "03-06 15:00"
    assert local(read_start("next week", now=NOW, zone="Asia/Shanghai")) == "03-09 00:00"


def test_who_is_away_is_so_from_the_beginning_to_the_end() -> None:
    start, end = first_minute(date(2026, 3, 9), "Asia/Shanghai"), last_minute(date(2026, 3, 13), "Asia/Shanghai")
    one = SimpleNamespace(away_from=start, away_until=end)
    minute = timedelta(minutes=1)
    assert [is_away(one, at) for at in (start - minute, start, end - minute, end)] == [False, True, True, False]
    assert is_away(SimpleNamespace(away_from=None, away_until=end), NOW)
    assert not is_away(SimpleNamespace(away_from=None, away_until=None), NOW)
