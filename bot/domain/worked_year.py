"""Owns the layout of a working calendar: its settings, and the table of one year's worked instants."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from bot.domain.holiday_days import HolidayYear, holiday_year, require_known

Spans = tuple[tuple[int, int], ...]
Week = tuple[Spans, ...]

DAY_MINUTES = 24 * 60
HOUR_US = 3_600_000_000
_WEEKDAYS = 7
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OFFICE_HOURS: Spans = ((9 * 60, 12 * 60), (13 * 60, 18 * 60))

DEFAULT_WEEK: Week = (_OFFICE_HOURS, _OFFICE_HOURS, _OFFICE_HOURS, _OFFICE_HOURS, _OFFICE_HOURS, (), ())
"""Monday to Friday 9–12 and 13–18."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises:
        ValueError: There is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone {name!r}; give an IANA name such as 'Asia/Shanghai'") from error


def at_local(zone: str, day: date, minutes: int) -> datetime:
    """Return the instant at which a place's clocks show a time of a day.

    Args:
        zone: IANA name.
        day: Local date.
        minutes: Of the local day as its clocks show them; 1440 is the midnight that ends it.

    Returns:
        Aware, in UTC. A time that the clocks skip becomes as much later as they skip; of a time that they show twice, the
        first.

    Raises:
        ValueError: The zone is unknown.
        OverflowError: The instant is outside the years 1 to 9999.
    """
    shown = datetime(day.year, day.month, day.day) + timedelta(minutes=minutes)  # noqa: DTZ001 - the zone follows
    return shown.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)


def to_us(moment: datetime) -> int:
    """Return an aware moment as microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def from_us(instant: int) -> datetime:
    """Return microseconds since 1970 as an aware moment in UTC."""
    return _EPOCH + timedelta(microseconds=instant)


def _check_spans(spans: Spans) -> None:
    before = 0
    for start, end in spans:
        if not before <= start < end <= DAY_MINUTES:
            raise ValueError(f"working spans must be in order, apart, and within 0 to {DAY_MINUTES} minutes: {spans}")
        before = end


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """When a team works. A value: equal settings are the same calendar, whoever built it.

    Args:
        zone: IANA name of the team's time zone.
        week: Seven entries, Monday to Sunday; each a tuple of spans in minutes of the local day, such as
            ``((540, 720), (780, 1080))``, empty for a day off.
        country: ISO 3166-1 alpha-2 code whose public holidays are kept, or None for no holidays.
        region: Subdivision with holidays of its own, such as ``BY``, or None.
        exceptions: Local dates with the spans that hold instead of everything else; empty spans are a day off.

    Raises:
        ValueError: The zone, country or region is unknown, or the spans are not in order.
    """

    zone: str
    week: Week = DEFAULT_WEEK
    country: str | None = None
    region: str | None = None
    exceptions: tuple[tuple[date, Spans], ...] = ()
    years: "dict[int, WorkedYear]" = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if len(self.week) != _WEEKDAYS or not any(self.week):
            raise ValueError("a week has seven entries, Monday to Sunday, and somebody works on one of them")
        for spans in self.week:
            _check_spans(spans)
        for _, spans in self.exceptions:
            _check_spans(spans)
        if self.country is not None:
            require_known(self.country, self.region)

    def __hash__(self) -> int:
        # A long list of exceptions must not make this slow, and two calendars that differ in nothing else may well share a
        # bucket.
        return hash((self.zone, self.week, self.country, self.region, len(self.exceptions)))

    @property
    def ordinary_spans(self) -> Spans:
        """The spans of the first weekday that is worked at all."""
        return next(spans for spans in self.week if spans)


@dataclass(frozen=True, slots=True)
class WorkedYear:
    """One local year of a calendar, laid out for binary search. Instants are microseconds since 1970 in UTC.

    Args:
        year: Local.
        spans: For each day of the year, its working spans in local minutes.
        workdays: Ordinals of the days that are worked, rising.
        starts: Where each worked span begins, rising.
        ends: Where each worked span ends.
        sums: Time worked before each span; one entry more than there are spans, the last is the whole year.
        first_span: For each workday, where its spans begin in ``starts``; one entry more at the end.
        surely_from: From here on, whatever clocks did on New Year's Day, it is this year.
        surely_until: Up to here it still is.
    """

    year: int
    spans: tuple[Spans, ...]
    workdays: tuple[int, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    sums: tuple[int, ...]
    first_span: tuple[int, ...]
    surely_from: int
    surely_until: int

    @property
    def total(self) -> int:
        """Microseconds worked in the whole year."""
        return self.sums[-1]

    def worked_until(self, instant: int) -> int:
        """Return the microseconds worked in this year before an instant."""
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.sums[index] + min(instant, self.ends[index]) - self.starts[index]

    def days_until(self, day: date, instant: int) -> tuple[int, float]:
        """Return the workdays of this year before a day, and the share of that day's work done before an instant in it."""
        index = bisect_left(self.workdays, day.toordinal())
        if index == len(self.workdays) or self.workdays[index] != day.toordinal():
            return index, 0.0
        before, after = self.sums[self.first_span[index]], self.sums[self.first_span[index + 1]]
        if before == after:
            return index, 0.0
        return index, (self.worked_until(instant) - before) / (after - before)


def _spans_on(calendar: WorkCalendar, day: date, law: HolidayYear | None) -> Spans:
    ordinary = calendar.week[day.weekday()]
    if law is None:
        return ordinary
    if day in law.off:
        return ()
    if not ordinary and day in law.made_up:
        return calendar.week[0] or calendar.ordinary_spans
    return ordinary


def worked_year(calendar: WorkCalendar, year: int) -> WorkedYear:
    """Return the layout of one local year of a calendar; it is made once."""
    found = calendar.years.get(year)
    if found is None:
        found = calendar.years[year] = _laid_out(calendar, year)
    return found


@lru_cache(maxsize=256)
def _laid_out(calendar: WorkCalendar, year: int) -> WorkedYear:
    """Lay a year out, for all calendars that are equal."""
    law = None if calendar.country is None else holiday_year(calendar.country, calendar.region, year)
    exceptions = dict(calendar.exceptions)
    spans_by_day: list[Spans] = []
    workdays: list[int] = []
    starts: list[int] = []
    ends: list[int] = []
    sums: list[int] = [0]
    first_span: list[int] = []
    for ordinal in range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1):
        day = date.fromordinal(ordinal)
        spans = exceptions[day] if day in exceptions else _spans_on(calendar, day, law)
        spans_by_day.append(spans)
        if not spans:
            continue
        workdays.append(ordinal)
        first_span.append(len(starts))
        for first, last in spans:
            start, end = (to_us(at_local(calendar.zone, day, minutes)) for minutes in (first, last))
            # Where the clocks jump over working time (Samoa dropped a whole day), no instant may count twice.
            start = max(start, ends[-1]) if ends else start
            if start < end:
                starts.append(start)
                ends.append(end)
                sums.append(sums[-1] + end - start)
    first_span.append(len(starts))
    first_midnight, last_midnight = (to_us(at_local(calendar.zone, date(year, *one), 0)) for one in ((1, 1), (12, 31)))
    return WorkedYear(
        year,
        tuple(spans_by_day),
        tuple(workdays),
        tuple(starts),
        tuple(ends),
        tuple(sums),
        tuple(first_span),
        first_midnight + 3 * HOUR_US,
        last_midnight + 21 * HOUR_US,
    )
