from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import DEFAULT_WEEK, WorkCalendar
from bot.domain.when import FollowUpText, read_when, split_follow_up
from bot.domain.when_reading import is_day_first

SHANGHAI = ZoneInfo("Asia/Shanghai")
# A Wednesday, at ten in the morning.
NOW = datetime(2026, 5, 6, 10, 0, tzinfo=SHANGHAI)

MOMENTS = [
    ("2026-05-07T10:00", "Asia/Shanghai", "zh-CN", "周四", "2026-05-14 18:00"),
    ("2026-05-07T10:00", "Asia/Shanghai", "zh-CN", "这周四", "2026-05-07 18:00"),
    ("2026-05-07T10:00", "Asia/Shanghai", "zh-CN", "这周四下午3点", "2026-05-07 15:00"),
    ("2026-05-07T10:00", "Asia/Shanghai", "en-US", "thu 3pm", "2026-05-14 15:00"),
    ("2026-05-07T10:00", "Asia/Shanghai", "en-US", "next thu", "2026-05-14 18:00"),
    ("2026-05-07T19:00", "Asia/Shanghai", "en-US", "this thu", "2026-05-07 23:59"),
    ("2026-05-07T19:00", "Asia/Shanghai", "en-US", "today", "2026-05-07 23:59"),
    ("2026-05-07T19:00", "Asia/Shanghai", "en-US", "eod", "2026-05-08 18:00"),
    ("2026-05-07T19:00", "Asia/Shanghai", "en-US", "tonight", "2026-05-07 20:00"),
    ("2026-05-07T21:00", "Asia/Shanghai", "en-US", "tonight", "2026-05-07 23:59"),
    ("2026-05-07T16:00", "Asia/Shanghai", "en-US", "this afternoon", "2026-05-07 18:00"),
    ("2026-05-08T19:00", "Asia/Shanghai", "en-US", "end of week", "2026-05-15 18:00"),
    ("2026-05-08T17:00", "Asia/Shanghai", "en-US", "end of week", "2026-05-08 18:00"),
    ("2026-05-09T12:00", "Asia/Shanghai", "en-US", "end of week", "2026-05-15 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "en-US", "next monday", "2026-05-11 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "zh-CN", "下周一", "2026-05-11 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "zh-CN", "周一", "2026-05-11 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "zh-CN", "这周二", None),
    ("2026-05-10T12:00", "Asia/Shanghai", "en-US", "this tuesday", "2026-05-12 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "zh-CN", "周末", "2026-05-10 18:00"),
    ("2026-05-10T12:00", "Asia/Shanghai", "zh-CN", "下周末", "2026-05-16 18:00"),
    ("2026-05-09T12:00", "Asia/Shanghai", "zh-CN", "周末", "2026-05-09 18:00"),
    ("2026-05-29T19:00", "Asia/Shanghai", "zh-CN", "月底", "2026-06-30 18:00"),
    ("2026-05-29T17:00", "Asia/Shanghai", "zh-CN", "月底", "2026-05-29 18:00"),
    ("2026-05-31T10:00", "Asia/Shanghai", "zh-CN", "下个月5号", "2026-06-05 18:00"),
    ("2026-01-31T10:00", "Asia/Shanghai", "zh-CN", "一个月后", "2026-02-28 18:00"),
    ("2026-01-31T10:00", "Asia/Shanghai", "en-US", "in a month", "2026-02-28 18:00"),
    ("2026-01-31T10:00", "Asia/Shanghai", "en-US", "the 30th", "2026-03-30 18:00"),
    ("2028-02-28T10:00", "Asia/Shanghai", "en-US", "tomorrow", "2028-02-29 18:00"),
    ("2028-02-28T10:00", "Asia/Shanghai", "zh-CN", "2月29日", "2028-02-29 18:00"),
    ("2027-03-01T10:00", "Asia/Shanghai", "zh-CN", "2月29日", "2028-02-29 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "en-US", "tomorrow", "2027-01-01 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "en-US", "1/5", "2027-01-05 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "en-US", "on 1/5", "2027-01-05 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "en-US", "by 1/15", "2027-01-15 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "zh-CN", "年底", "2026-12-31 18:00"),
    ("2026-12-31T19:00", "Asia/Shanghai", "zh-CN", "年底", "2027-12-31 18:00"),
    ("2026-12-31T10:00", "Asia/Shanghai", "zh-CN", "明年", "2027-01-01 18:00"),
    ("2026-03-07T10:00", "America/New_York", "en-US", "tomorrow 2:30am", "2026-03-08 03:30"),
    ("2026-03-07T10:00", "America/New_York", "en-US", "tomorrow 3pm", "2026-03-08 15:00"),
    ("2026-03-07T23:00", "America/New_York", "en-US", "in 4 hours", "2026-03-08 04:00"),
    ("2026-10-31T10:00", "America/New_York", "en-US", "tomorrow 1:30am", "2026-11-01 01:30"),
    ("2026-03-28T10:00", "Europe/Berlin", "de-DE", "12/5", "2026-05-12 18:00"),
    ("2026-03-28T10:00", "Europe/Berlin", "en-GB", "12/5 at 3", "2026-05-12 15:00"),
    ("2026-03-28T10:00", "Europe/Berlin", "de-DE", "12.5.2026", "2026-05-12 18:00"),
    ("2026-03-28T10:00", "Europe/Berlin", "en-US", "tomorrow 02:30", "2026-03-29 03:30"),
    ("2026-05-06T10:00", "Asia/Kolkata", "en-IN", "12/5", "2026-05-12 18:00"),
    ("2026-05-06T10:00", "Asia/Kolkata", "en-IN", "tomorrow half past 10", "2026-05-07 10:30"),
    ("2026-05-06T14:59", "Asia/Shanghai", "zh-CN", "3点", "2026-05-06 15:00"),
    ("2026-05-06T15:00", "Asia/Shanghai", "zh-CN", "3点", "2026-05-07 15:00"),
    ("2026-05-06T15:30", "Asia/Shanghai", "zh-CN", "下午3点", "2026-05-07 15:00"),
    ("2026-05-06T15:30", "Asia/Shanghai", "zh-CN", "今天下午3点", None),
    ("2026-05-06T23:30", "Asia/Shanghai", "zh-CN", "明天", "2026-05-07 18:00"),
    ("2026-05-06T00:30", "Asia/Shanghai", "zh-CN", "今晚", "2026-05-06 20:00"),
    ("2026-05-06T23:30", "Asia/Shanghai", "en-US", "midnight", "2026-05-07 00:00"),
    ("2026-05-06T23:30", "Asia/Shanghai", "en-US", "at 8", "2026-05-07 08:00"),
    ("2026-05-12T10:00", "Asia/Shanghai", "en-US", "May 12", "2026-05-12 18:00"),
    ("2026-05-12T10:00", "Asia/Shanghai", "en-US", "May 12 9am", "2027-05-12 09:00"),
    ("2026-05-12T10:00", "Asia/Shanghai", "zh-CN", "12号", "2026-05-12 18:00"),
    ("2026-05-12T10:00", "Asia/Shanghai", "zh-CN", "12号上午9点", "2026-06-12 09:00"),
    ("2026-05-06T10:00Z", "Asia/Shanghai", "zh-CN", "今天", "2026-05-06 23:59"),
    ("2026-11-26T09:00", "America/Los_Angeles", "en-US", "eow", "2026-11-27 18:00"),
    ("2026-06-12T09:00", "UTC", "en-US", "in 3 working days", "2026-06-17 18:00"),
    ("2026-06-13T09:00", "UTC", "en-US", "in 1 working day", "2026-06-15 18:00"),
    ("2026-06-12T17:00", "UTC", "en-US", "in 2 working hours", "2026-06-15 10:00"),
]

FRACTIONS = [
    ("5/10", "2026-05-10 18:00"),
    ("call 5/10", "2026-05-10 18:00"),
    ("5/10 call CTO", "2026-05-10 18:00"),
    ("5/8: send quote", "2026-05-08 18:00"),
    ("send invoice 6/8", "2026-06-08 18:00"),
    ("1/5", "2027-01-05 18:00"),
    ("1/2", "2027-01-02 18:00"),
    ("6/10\u7ed9\u738b\u603b\u6253\u7535\u8bdd", "2026-06-10 18:00"),
    ("\u4e0b\u5468\u56db\uff085/14\uff09", "2026-05-14 18:00"),
    ("\u5b8c\u6210\u4e861/3", None),
    ("\u53601/2", None),
    ("1/3\u7684\u9884\u7b97", None),
    ("rated 9/10", None),
    ("9/10 customers agree", None),
    ("10/10 would buy", None),
    ("1/2 of the budget", None),
    ("we need 2/3 majority", None),
    ("half price, 1/2 off", None),
    ("paid 1/2", None),
    ("1/2 done", None),
    ("5/12 5pm", "2026-05-12 17:00"),
    ("5/12@5pm", "2026-05-12 17:00"),
    ("5/12, 5pm", "2026-05-12 17:00"),
    ("5/12 at 17h", "2026-05-12 17:00"),
    ("on Tue 5/12 at 5", "2026-05-12 17:00"),
]

DAY_FIRST = [
    ("5/12", "2026-12-05 18:00"),
    ("12/5/2026", "2026-05-12 18:00"),
    ("12/05/26", "2026-05-12 18:00"),
    ("12/5 at 3pm", "2026-05-12 15:00"),
    ("Call on 12/5", "2026-05-12 18:00"),
]


def read(text: str, locale: str = "en-US", now: datetime = NOW, calendar: WorkCalendar | None = None) -> str | None:
    reading = read_when(text, now=now, zone="Asia/Shanghai", locale=locale, calendar=calendar)
    return None if reading is None else f"{reading.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(("now", "zone", "locale", "text", "due"), MOMENTS)
def test_the_same_words_mean_another_moment_on_another_day(
    now: str, zone: str, locale: str, text: str, due: str | None
) -> None:
    said = datetime.fromisoformat(now)
    said = said if said.tzinfo else said.replace(tzinfo=ZoneInfo(zone))
    reading = read_when(text, now=said, zone=zone, locale=locale)
    assert (reading and f"{reading.due_at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}") == due


@pytest.mark.parametrize(("text", "due"), FRACTIONS)
def test_a_fraction_is_a_date_only_where_it_stands_like_one(text: str, due: str | None) -> None:
    assert read(text) == due


@pytest.mark.parametrize(("text", "due"), DAY_FIRST)
def test_british_dates_have_the_day_first(text: str, due: str) -> None:
    assert read(text, "en-GB") == due


@pytest.mark.parametrize("locale", ["en-GB", "en_GB.UTF-8", "de-DE", "fr", "en-AU", "es-ES", "EN-in"])
def test_most_locales_write_the_day_first(locale: str) -> None:
    assert is_day_first(locale)
    assert read("12/5 3pm", locale) == "2026-05-12 15:00"


@pytest.mark.parametrize("locale", ["en-US", "en_US.UTF-8", "en", "", "zh-CN", "zh_Hant_TW", "ja-JP", "en-PH"])
def test_some_locales_write_the_month_first(locale: str) -> None:
    assert not is_day_first(locale)
    assert read("12/5 3pm", locale) == "2026-12-05 15:00"


def test_chinese_beside_a_date_puts_the_month_first_whatever_the_locale() -> None:
    assert read("5/12下午3点", "en-GB") == "2026-05-12 15:00"


def test_a_reading_says_which_characters_it_is_from() -> None:
    text = "Sent the quote.  Ｎｅｘｔ　ｔｈｕ ３ｐｍ call the CTO"
    reading = read_when(text, now=NOW, zone="Asia/Shanghai")
    assert reading is not None
    assert text[reading.start : reading.end] == "Ｎｅｘｔ　ｔｈｕ ３ｐｍ"
    assert reading.due_at == datetime(2026, 5, 14, 7, 0, tzinfo=UTC)
    assert reading.due_at.tzinfo is UTC


def test_the_last_of_several_times_counts() -> None:
    assert read("Met them on Monday 4 May 2026; call tomorrow, then visit on 20 May at 10") == "2026-05-20 10:00"
    assert read("call at 3pm; demo on friday") == "2026-05-08 18:00"
    assert read("周五演示，结束后周六上午10点复盘") == "2026-05-09 10:00"


def test_a_time_that_is_about_something_else_counts_less() -> None:
    assert read("call tomorrow, the contract ends on 31 December") == "2026-05-07 18:00"
    assert read("the contract ends on 31 December") == "2026-12-31 18:00"
    assert read("周四打电话，合同12月31日到期") == "2026-05-07 18:00"


def test_working_days_and_ends_of_months_keep_the_teams_calendar() -> None:
    calendar = WorkCalendar("Asia/Shanghai", DEFAULT_WEEK, "CN")
    before_national_day = datetime(2026, 9, 29, 10, 0, tzinfo=SHANGHAI)
    assert read("in 3 working days", now=before_national_day, calendar=calendar) == "2026-10-09 18:00"
    assert read("三个工作日后", now=before_national_day) == "2026-10-02 18:00"
    assert (
        read("2个工作小时后", now=before_national_day.replace(day=30, hour=17), calendar=calendar) == "2026-10-08 10:00"
    )
    assert read("下月初", now=before_national_day, calendar=calendar) == "2026-10-08 18:00"
    assert read("国庆后", now=before_national_day, calendar=calendar) == "2026-10-08 18:00"
    assert read("月底", now=datetime(2026, 2, 2, tzinfo=SHANGHAI), calendar=calendar) == "2026-02-28 18:00"
    assert read("本周内", now=datetime(2026, 2, 11, tzinfo=SHANGHAI), calendar=calendar) == "2026-02-14 18:00"


def test_a_short_day_ends_early() -> None:
    calendar = WorkCalendar(
        "Asia/Shanghai", (*DEFAULT_WEEK[:4], ((540, 720),), (), ()), exceptions=((date(2026, 5, 7), ((600, 660),)),)
    )
    assert read("friday", calendar=calendar) == "2026-05-08 12:00"
    assert read("tomorrow", calendar=calendar) == "2026-05-07 11:00"
    assert read("saturday", calendar=calendar) == "2026-05-09 18:00"
    assert read("cob friday", calendar=calendar) == "2026-05-08 12:00"


def test_the_members_zone_holds_with_the_teams_hours() -> None:
    calendar = WorkCalendar("America/New_York", (((480, 1020),),) * 7)
    assert read("tomorrow", calendar=calendar) == "2026-05-07 17:00"


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="unknown time zone"):
        read_when("tomorrow", now=NOW, zone=zone)


WORDS = [
    *(
        "next",
        "thu",
        "mon",
        "sat",
        "may",
        "12",
        "3pm",
        "3:30",
        "25:00",
        "at",
        "by",
        "in",
        "half",
        "past",
        "to",
        "a",
        "an",
        "two",
        "hours",
        "days",
    ),
    *(
        "week",
        "of",
        "end",
        "month",
        "q3",
        "2026-02-30",
        "5/12",
        "31",
        "april",
        "9999",
        ";",
        ",",
        ".",
        "-",
        "~",
        "@",
        "(",
        ")",
        "/",
        ":",
        "utc+8",
    ),
    *"下周四月底日号点半刻三十廿两个后内前明天晚上午年第每差一分；，。",
    *("工作日", "最后", "个月", "小时", "下个"),
]


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join),
        st.lists(st.sampled_from(WORDS)).map("".join),
    )
)
def test_no_text_breaks_the_reading_and_every_due_time_is_ahead(text: str) -> None:
    reading = read_when(text, now=NOW, zone="Asia/Shanghai")
    if reading is not None:
        assert reading.due_at > NOW
        assert 0 <= reading.start < reading.end <= len(text)
    split = split_follow_up(text, now=NOW, zone="Asia/Shanghai")
    assert split.due_at is None or split.due_at > NOW


def test_only_the_end_of_a_very_long_text_is_read() -> None:
    assert read("tomorrow " + "x" * 7000) is None
    assert read("x " * 7000 + "tomorrow") == "2026-05-07 18:00"


@pytest.mark.parametrize(
    ("text", "said", "next_step", "due"),
    [
        ("sent the quote; next thu 3pm call the CTO", "sent the quote", "call the CTO", "2026-05-14 15:00"),
        ("已发报价；下周四下午3点给总监打电话", "已发报价", "给总监打电话", "2026-05-14 15:00"),
        ("已发报价，下周四下午3点给总监打电话", "已发报价", "给总监打电话", "2026-05-14 15:00"),
        ("发了报价 下周四下午3点给总监打电话", "发了报价", "给总监打电话", "2026-05-14 15:00"),
        ("sent the quote next thu 3pm call the CTO", "sent the quote", "call the CTO", "2026-05-14 15:00"),
        ("sent the quote; call the CTO", "sent the quote", "call the CTO", None),
        ("sent the quote", "sent the quote", None, None),
        ("next thu 3pm call the CTO", "", "call the CTO", "2026-05-14 15:00"),
        ("call the CTO on Thursday about the quote at 3pm", "", "call the CTO about the quote", "2026-05-07 15:00"),
        ("周四给总监打电话，下午3点", "", "给总监打电话", "2026-05-07 15:00"),
        ("Sent the quote. Call the CTO by Friday.", "Sent the quote", "Call the CTO", "2026-05-08 18:00"),
        ("sent the quote -> call the CTO at 3", "sent the quote", "call the CTO", "2026-05-06 15:00"),
        ("sent the quote, next: call CTO tomorrow", "sent the quote", "call CTO", "2026-05-07 18:00"),
        ("客户要求降价。下一步：周五前给新报价", "客户要求降价", "给新报价", "2026-05-08 18:00"),
        ("客户要求降价，下一步给新报价", "客户要求降价", "给新报价", None),
        ("报价已发\n周五回访", "报价已发", "回访", "2026-05-08 18:00"),
        ("call Ann, Bob and Carl on thursday", "", "call Ann, Bob and Carl", "2026-05-07 18:00"),
        ("见了张总；明天再打电话", "见了张总", "打电话", "2026-05-07 18:00"),
        ("sent; next thu", "sent", None, "2026-05-14 18:00"),
        ("sent; call thu; bring samples", "sent", "call; bring samples", "2026-05-07 18:00"),
        ("met on friday; next step: none", "met on friday", "none", None),
        ("", "", None, None),
        ("；", "", None, None),
    ],
)
def test_one_line_says_what_was_done_and_what_comes_next(
    text: str, said: str, next_step: str | None, due: str | None
) -> None:
    split = split_follow_up(text, now=NOW, zone="Asia/Shanghai", locale="en-US")
    due_at = split.due_at and f"{split.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    assert (split.said, split.next_step, due_at) == (said, next_step, due)


def test_a_split_tells_whether_a_time_was_said() -> None:
    assert split_follow_up("met; call friday", now=NOW, zone="UTC") == FollowUpText(
        "met", "call", datetime(2026, 5, 8, 18, 0, tzinfo=UTC), has_time=False
    )
    assert split_follow_up("met; call friday 9:15", now=NOW, zone="UTC").has_time
