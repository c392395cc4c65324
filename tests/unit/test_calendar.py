from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import (
    DEFAULT_WEEK,
    WorkCalendar,
    _year_at,
    add_days,
    add_hours,
    at_local,
    days_between,
    end_of_day,
    hours_between,
    is_workday,
    is_working,
    last_workday_of_month,
    local_day,
    minutes_between,
    next_open,
    next_workday,
    previous_workday,
    spans_of,
    start_of_day,
    working_days_between,
)

OFFICE = ((540, 720), (780, 1080))
NIGHTS = ((0, 360), (1320, 1440))
SHANGHAI = WorkCalendar("Asia/Shanghai", DEFAULT_WEEK, "CN")
NEW_YORK = WorkCalendar("America/New_York", DEFAULT_WEEK, "US")
BERLIN = WorkCalendar("Europe/Berlin", DEFAULT_WEEK, "DE", "BE")
KOLKATA = WorkCalendar("Asia/Kolkata", DEFAULT_WEEK, None)
ROUND_THE_CLOCK = WorkCalendar("America/New_York", (((0, 1440),),) * 7, None)
BERLIN_NIGHTS = WorkCalendar("Europe/Berlin", (NIGHTS,) * 7, None)
SATURDAYS = WorkCalendar("Asia/Shanghai", (*((OFFICE,) * 5), ((600, 720),), ()), "CN")
CALENDARS = (SHANGHAI, NEW_YORK, BERLIN, KOLKATA, ROUND_THE_CLOCK, BERLIN_NIGHTS, SATURDAYS)


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def at(calendar: WorkCalendar, text: str) -> datetime:
    return local(calendar.zone, text)


def shown(calendar: WorkCalendar, moment: datetime) -> str:
    assert moment.tzinfo is UTC
    return moment.astimezone(ZoneInfo(calendar.zone)).strftime("%Y-%m-%d %H:%M")


calendars = st.sampled_from(CALENDARS)
moments = st.datetimes(datetime(2023, 6, 1), datetime(2029, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
hours = st.one_of(st.integers(0, 3000), st.floats(0, 3000))


@given(calendars, moments, hours)
def test_hours_added_are_the_hours_between(calendar: WorkCalendar, start: datetime, amount: float) -> None:
    assert hours_between(calendar, start, add_hours(calendar, start, amount)) == pytest.approx(amount, abs=1e-9)


APIA = WorkCalendar("Pacific/Apia", DEFAULT_WEEK, None)
HONOLULU = WorkCalendar("Pacific/Honolulu", DEFAULT_WEEK, None)


@given(st.sampled_from((*CALENDARS, APIA, HONOLULU)), st.integers(2010, 2030), st.integers(-30 * 3600, 30 * 3600))
def test_a_moment_around_new_year_lies_in_the_year_that_its_place_writes(
    calendar: WorkCalendar, year: int, seconds: int
) -> None:
    moment = datetime(year, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert _year_at(calendar, moment).year == local_day(calendar, moment).year


@given(calendars, moments, st.integers(1, 3000), st.integers(0, 3000))
def test_hours_added_in_two_parts_are_the_hours_added_at_once(
    calendar: WorkCalendar, start: datetime, first: int, second: int
) -> None:
    assert add_hours(calendar, add_hours(calendar, start, first), second) == add_hours(calendar, start, first + second)


@given(calendars, moments, moments, hours)
def test_a_later_start_never_ends_earlier(calendar: WorkCalendar, one: datetime, two: datetime, amount: float) -> None:
    earlier, later = sorted((one, two))
    assert add_hours(calendar, earlier, amount) <= add_hours(calendar, later, amount)


@given(calendars, moments, hours, hours)
def test_more_hours_never_end_earlier(calendar: WorkCalendar, start: datetime, one: float, two: float) -> None:
    fewer, more = sorted((one, two))
    assert add_hours(calendar, start, fewer) <= add_hours(calendar, start, more)


@given(calendars, moments, moments, moments)
def test_time_between_adds_up(calendar: WorkCalendar, one: datetime, two: datetime, three: datetime) -> None:
    first, middle, last = sorted((one, two, three))
    parts = hours_between(calendar, first, middle) + hours_between(calendar, middle, last)
    assert parts == pytest.approx(hours_between(calendar, first, last))
    parts = days_between(calendar, first, middle) + days_between(calendar, middle, last)
    assert parts == pytest.approx(days_between(calendar, first, last))
    assert hours_between(calendar, first, last) <= (last - first) / timedelta(hours=1) + 1e-9


@given(calendars, moments)
def test_the_next_opening_is_worked_and_nothing_is_worked_before_it(calendar: WorkCalendar, moment: datetime) -> None:
    opening = next_open(calendar, moment)
    assert opening >= moment
    assert is_working(calendar, opening)
    assert hours_between(calendar, moment, opening) == 0
    assert (opening == moment) is is_working(calendar, moment)


@given(calendars, moments, st.integers(0, 300))
def test_days_added_are_workdays_later(calendar: WorkCalendar, start: datetime, days: int) -> None:
    end = add_days(calendar, start, days)
    first, last = local_day(calendar, start), local_day(calendar, end - timedelta(microseconds=1))
    assert is_workday(calendar, last) or end == start_of_day(calendar, local_day(calendar, end))
    if days:
        assert working_days_between(calendar, first, local_day(calendar, end)) in {days, days + 1}


@given(calendars, st.dates(date(2023, 1, 1), date(2028, 12, 31)), st.integers(0, 900))
def test_workdays_are_counted_as_one_by_one(calendar: WorkCalendar, first: date, length: int) -> None:
    days = [first + timedelta(days=step) for step in range(1, length + 1)]
    counted = sum(is_workday(calendar, day) for day in days)
    assert working_days_between(calendar, first, first + timedelta(days=length)) == counted


@given(calendars, moments, st.integers(0, 6 * 24 * 60))
def test_minutes_between_are_as_counted_minute_by_minute(calendar: WorkCalendar, start: datetime, length: int) -> None:
    start = start.replace(second=0, microsecond=0)
    counted = sum(is_working(calendar, start + timedelta(minutes=step)) for step in range(length))
    assert minutes_between(calendar, start, start + timedelta(minutes=length)) == counted


@pytest.mark.parametrize(
    ("calendar", "start", "amount", "end"),
    [
        (SHANGHAI, "2026-03-02 09:00", 6, "2026-03-02 16:00"),  # the break does not count
        (SHANGHAI, "2026-03-02 09:00", 8, "2026-03-02 18:00"),  # a full day ends at its end
        (SHANGHAI, "2026-03-02 12:00", 1, "2026-03-02 14:00"),
        (SHANGHAI, "2026-03-06 17:00", 2, "2026-03-09 10:00"),  # over a weekend
        (SHANGHAI, "2026-03-07 11:00", 2, "2026-03-09 11:00"),  # from a weekend
        (SHANGHAI, "2026-02-13 17:00", 2, "2026-02-14 10:00"),  # Saturday, made up for Spring Festival
        (SHANGHAI, "2026-02-14 17:00", 2, "2026-02-24 10:00"),  # Spring Festival, 15 to 23 February
        (SHANGHAI, "2026-02-27 17:00", 2, "2026-02-28 10:00"),
        (SHANGHAI, "2026-09-30 17:00", 2, "2026-10-08 10:00"),  # National Day, 1 to 7 October
        (SHANGHAI, "2026-10-09 17:00", 2, "2026-10-10 10:00"),  # a Saturday made up for it
        (SHANGHAI, "2025-12-31 17:00", 2, "2026-01-04 10:00"),  # over the turn of the year, to a Sunday that is worked
        (NEW_YORK, "2026-03-06 17:00", 2, "2026-03-09 10:00"),  # clocks forward on the 8th
        (NEW_YORK, "2026-10-30 17:00", 2, "2026-11-02 10:00"),  # clocks back on 1 November
        (NEW_YORK, "2026-11-25 17:00", 2, "2026-11-27 10:00"),  # Thanksgiving
        (
            NEW_YORK,
            "2021-12-30 17:00",
            2,
            "2022-01-03 10:00",
        ),  # New Year on a Saturday is kept on Friday, the year before
        (BERLIN, "2026-03-27 17:00", 2, "2026-03-30 10:00"),  # clocks forward on the 29th
        (BERLIN, "2026-10-23 17:00", 2, "2026-10-26 10:00"),  # clocks back on the 25th
        (BERLIN, "2026-03-06 17:00", 2, "2026-03-09 10:00"),
        (BERLIN, "2027-03-05 17:00", 2, "2027-03-09 10:00"),  # Women's Day is Berlin's alone
        (KOLKATA, "2026-03-02 17:45", 0.5, "2026-03-03 09:15"),
        (KOLKATA, "2024-02-28 17:00", 9, "2024-02-29 18:00"),
        (KOLKATA, "2024-02-28 17:00", 10, "2024-03-01 10:00"),
        (KOLKATA, "2023-02-28 17:00", 2, "2023-03-01 10:00"),
        (ROUND_THE_CLOCK, "2026-03-08 01:00", 2, "2026-03-08 04:00"),  # the hour from 2 to 3 does not exist
        (ROUND_THE_CLOCK, "2026-11-01 00:00", 4, "2026-11-01 03:00"),  # the hour from 1 to 2 is there twice
        (BERLIN_NIGHTS, "2026-03-29 00:00", 5, "2026-03-29 06:00"),
        (BERLIN_NIGHTS, "2026-10-25 00:00", 7, "2026-10-25 06:00"),
        (SATURDAYS, "2026-03-07 11:00", 2, "2026-03-09 10:00"),
        (SATURDAYS, "2026-02-14 11:00", 2, "2026-02-24 10:00"),  # worked anyway: its own hours hold
    ],
)
def test_working_hours_end_where_a_person_would_say(
    calendar: WorkCalendar, start: str, amount: float, end: str
) -> None:
    assert shown(calendar, add_hours(calendar, at(calendar, start), amount)) == end
    assert hours_between(calendar, at(calendar, start), at(calendar, end)) == amount


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-01-02", False),
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-15", False),
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-04-06", False),
        ("2026-05-05", False),
        ("2026-05-09", True),
        ("2026-06-19", False),
        ("2026-09-20", True),
        ("2026-09-25", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),
    ],
)
def test_china_in_2026_works_as_announced(day: str, worked: bool) -> None:
    assert is_workday(SHANGHAI, date.fromisoformat(day)) is worked


def test_weekend_days_of_a_chinese_break_are_off_for_a_team_that_works_on_saturdays() -> None:
    weekends = tuple(day for day in (date(2026, 1, 1) + timedelta(n) for n in range(365)) if day.weekday() == 5)
    off = [day.isoformat() for day in weekends if not is_workday(SATURDAYS, day)]
    assert off == [
        "2026-01-03",
        "2026-02-21",
        "2026-04-04",
        "2026-05-02",
        "2026-06-20",
        "2026-09-26",
        "2026-10-03",
    ]


def test_a_made_up_day_has_mondays_hours() -> None:
    half_mondays = WorkCalendar("Asia/Shanghai", (((540, 720),), *((OFFICE,) * 4), (), ()), "CN")
    assert spans_of(half_mondays, date(2026, 10, 10)) == ((540, 720),)
    free_mondays = WorkCalendar("Asia/Shanghai", ((), *((OFFICE,) * 4), (), ()), "CN")
    assert spans_of(free_mondays, date(2026, 10, 10)) == OFFICE
    assert spans_of(SATURDAYS, date(2026, 10, 10)) == ((600, 720),)


def test_exceptions_stand_above_week_and_holidays() -> None:
    calendar = WorkCalendar(
        "Asia/Shanghai",
        DEFAULT_WEEK,
        "CN",
        exceptions=((date(2026, 2, 17), ((600, 660),)), (date(2026, 10, 10), ()), (date(2026, 3, 7), OFFICE)),
    )
    assert spans_of(calendar, date(2026, 2, 17)) == ((600, 660),)
    assert not is_workday(calendar, date(2026, 10, 10))
    assert is_workday(calendar, date(2026, 3, 7))
    assert shown(calendar, add_hours(calendar, at(calendar, "2026-02-14 18:00"), 2)) == "2026-02-24 10:00"


def test_a_team_that_changes_zone_and_hours_gets_other_answers() -> None:
    start = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    later_hours = WorkCalendar("Asia/Shanghai", (((600, 1140),),) * 5 + ((), ()), "CN")
    assert add_hours(SHANGHAI, start, 2) == datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
    assert add_hours(later_hours, start, 2) == datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
    assert add_hours(NEW_YORK, start, 2) == datetime(2026, 3, 2, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "start", "days", "end"),
    [
        (SHANGHAI, "2026-03-02 10:30", 1, "2026-03-03 10:30"),
        (SHANGHAI, "2026-03-06 10:30", 1, "2026-03-09 10:30"),
        (SHANGHAI, "2026-03-07 10:30", 1, "2026-03-09 10:30"),
        (SHANGHAI, "2026-03-07 10:30", 0, "2026-03-09 10:30"),
        (SHANGHAI, "2026-03-02 10:30", 0, "2026-03-02 10:30"),
        (SHANGHAI, "2026-03-02 22:00", 1, "2026-03-03 18:00"),
        (SHANGHAI, "2026-03-02 07:00", 1, "2026-03-03 09:00"),
        (SHANGHAI, "2026-03-02 12:30", 1, "2026-03-03 13:00"),
        (SHANGHAI, "2026-02-14 10:30", 3, "2026-02-26 10:30"),
        (SHANGHAI, "2026-03-09 10:30", -1, "2026-03-06 10:30"),
        (SHANGHAI, "2026-03-07 10:30", -1, "2026-03-06 10:30"),
        (SHANGHAI, "2025-12-31 10:30", 1, "2026-01-04 10:30"),
        (SHANGHAI, "2026-01-04 10:30", -1, "2025-12-31 10:30"),
        (SHANGHAI, "2026-01-05 10:30", -245, "2025-01-08 10:30"),
        (NEW_YORK, "2026-03-06 10:30", 1, "2026-03-09 10:30"),
        (SATURDAYS, "2026-03-06 15:00", 1, "2026-03-07 12:00"),
    ],
)
def test_working_days_keep_the_local_time(calendar: WorkCalendar, start: str, days: int, end: str) -> None:
    assert shown(calendar, add_days(calendar, at(calendar, start), days)) == end


def test_seconds_survive_added_days() -> None:
    start = at(SHANGHAI, "2026-03-02 10:30:15.000250")
    assert add_days(SHANGHAI, start, 1) == at(SHANGHAI, "2026-03-03 10:30:15.000250")


def test_days_between_count_shares_of_a_day() -> None:
    monday = at(SHANGHAI, "2026-03-02 09:00")
    assert days_between(SHANGHAI, monday, at(SHANGHAI, "2026-03-02 14:00")) == 0.5
    assert days_between(SHANGHAI, monday, at(SHANGHAI, "2026-03-09 09:00")) == 5.0
    assert days_between(SHANGHAI, at(SHANGHAI, "2026-02-14 14:00"), at(SHANGHAI, "2026-02-24 14:00")) == 1.0
    assert days_between(SHANGHAI, at(SHANGHAI, "2025-12-31 09:00"), at(SHANGHAI, "2027-01-01 09:00")) == 249.0
    assert days_between(SHANGHAI, monday, monday) == 0.0


def test_nothing_lies_between_an_end_and_an_earlier_moment() -> None:
    start, end = at(SHANGHAI, "2026-03-03 09:00"), at(SHANGHAI, "2026-03-02 09:00")
    assert hours_between(SHANGHAI, start, end) == 0.0
    assert minutes_between(SHANGHAI, start, end) == 0
    assert days_between(SHANGHAI, start, end) == 0.0
    assert working_days_between(SHANGHAI, start.date(), end.date()) == 0


def test_days_have_a_beginning_and_an_end_even_when_off() -> None:
    assert shown(SHANGHAI, end_of_day(SHANGHAI, date(2026, 3, 2))) == "2026-03-02 18:00"
    assert shown(SHANGHAI, end_of_day(SHANGHAI, date(2026, 3, 1))) == "2026-03-01 18:00"
    assert shown(SHANGHAI, start_of_day(SHANGHAI, date(2026, 3, 1))) == "2026-03-01 09:00"
    assert shown(SATURDAYS, end_of_day(SATURDAYS, date(2026, 3, 7))) == "2026-03-07 12:00"
    assert shown(ROUND_THE_CLOCK, end_of_day(ROUND_THE_CLOCK, date(2026, 3, 8))) == "2026-03-09 00:00"


def test_workdays_have_neighbours() -> None:
    assert next_workday(SHANGHAI, date(2026, 2, 14)) == date(2026, 2, 24)
    assert previous_workday(SHANGHAI, date(2026, 2, 24)) == date(2026, 2, 14)
    assert next_workday(SHANGHAI, date(2025, 12, 31)) == date(2026, 1, 4)
    assert previous_workday(SHANGHAI, date(2026, 1, 1)) == date(2025, 12, 31)
    assert last_workday_of_month(SHANGHAI, date(2026, 2, 3)) == date(2026, 2, 28)
    assert last_workday_of_month(NEW_YORK, date(2026, 5, 31)) == date(2026, 5, 29)
    assert last_workday_of_month(NEW_YORK, date(2026, 12, 31)) == date(2026, 12, 31)


def test_local_day_is_the_teams() -> None:
    moment = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
    assert local_day(SHANGHAI, moment) == date(2026, 3, 3)
    assert local_day(NEW_YORK, moment) == date(2026, 3, 2)


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "instant"),
    [
        ("America/New_York", date(2026, 3, 8), 150, datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),  # 2:30 is skipped: 3:30
        (
            "America/New_York",
            date(2026, 11, 1),
            90,
            datetime(2026, 11, 1, 5, 30, tzinfo=UTC),
        ),  # 1:30 comes twice: first
        ("Europe/Berlin", date(2026, 3, 29), 150, datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("Europe/Berlin", date(2026, 10, 25), 150, datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("Asia/Kolkata", date(2026, 3, 2), 540, datetime(2026, 3, 2, 3, 30, tzinfo=UTC)),
        ("Asia/Shanghai", date(2026, 3, 2), 1440, datetime(2026, 3, 2, 16, 0, tzinfo=UTC)),
    ],
)
def test_local_times_survive_changing_clocks(zone: str, day: date, minutes: int, instant: datetime) -> None:
    assert at_local(zone, day, minutes) == instant


def test_a_day_that_a_zone_dropped_counts_no_instant_twice() -> None:
    samoa = WorkCalendar("Pacific/Apia", (((0, 1440),),) * 7, None)  # 30 December 2011 did not exist there
    start = at(samoa, "2011-12-29 00:00")
    assert hours_between(samoa, start, at(samoa, "2012-01-01 00:00")) == 48
    assert days_between(samoa, start, at(samoa, "2011-12-29 12:00")) == 0.5
    assert days_between(samoa, start, datetime.combine(date(2011, 12, 31), time(12), ZoneInfo("Pacific/Apia"))) >= 1


def test_a_week_without_weekdays_is_found_over_years() -> None:
    once_a_year = WorkCalendar(
        "UTC",
        ((), (), (), (), (), (), OFFICE),
        exceptions=tuple((date(2026, 1, 4) + timedelta(7 * n), ()) for n in range(104)),
    )
    assert shown(once_a_year, next_open(once_a_year, datetime(2026, 1, 1, tzinfo=UTC))) == "2028-01-02 09:00"
    assert shown(once_a_year, add_hours(once_a_year, datetime(2026, 1, 1, tzinfo=UTC), 1)) == "2028-01-02 10:00"
    assert next_workday(once_a_year, date(2026, 1, 1)) == date(2028, 1, 2)


def test_equal_settings_are_one_calendar() -> None:
    twin = WorkCalendar("Asia/Shanghai", DEFAULT_WEEK, "CN")
    assert twin == SHANGHAI
    assert hash(twin) == hash(SHANGHAI)
    assert twin != WorkCalendar("Asia/Shanghai", DEFAULT_WEEK, None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"zone": "Mars/Olympus"}, "unknown time zone 'Mars/Olympus'"),
        ({"zone": ""}, "unknown time zone"),
        ({"zone": "../etc"}, "unknown time zone"),
        ({"zone": "UTC", "country": "ZZ"}, "no holidays are known for 'ZZ'"),
        ({"zone": "UTC", "country": "DE", "region": "ZZ"}, "no holidays are known for 'DE-ZZ'"),
        ({"zone": "UTC", "week": ((),) * 7}, "somebody works"),
        ({"zone": "UTC", "week": (OFFICE,) * 6}, "seven entries"),
        ({"zone": "UTC", "week": (((720, 540),),) * 7}, "in order"),
        ({"zone": "UTC", "exceptions": ((date(2026, 1, 1), ((0, 1500),)),)}, "in order"),
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        WorkCalendar(**settings)  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf"), 1e9])
def test_impossible_hours_are_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="working hours to add"):
        add_hours(SHANGHAI, datetime(2026, 3, 2, tzinfo=UTC), amount)
