"""Owns absences: whether somebody is away at a moment, and the days away as people write them in English and Chinese.

A day alone is the last one away, from now on: "friday", 到周五. Said as the time itself it is that day only: "on friday",
周五请假. A week or month is all its workdays: "next week" begins on its first and ends on its last; "until next week" ends
before it. From one day to another both are away.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from bot.domain.calendar import WorkCalendar, at_local
from bot.domain.when import Reading, read_when
from bot.domain.when_periods import Edge, InPeriod, Unit
from bot.domain.when_reading import context_of
from bot.domain.worked_year import zone_of

_DAY, _WEEK, _HALF_A_YEAR, _YEAR = (timedelta(days=days) for days in (1, 7, 183, 366))


class Leaver(Protocol):
    """Whoever may be away; both are aware, ``away_from`` is None where it has begun."""

    @property
    def away_from(self) -> datetime | None:
        """When the absence begins."""

    @property
    def away_until(self) -> datetime | None:
        """When it ends; None for one who is here."""


def is_away(one: Leaver, now: datetime) -> bool:
    """Say whether somebody is away at a moment."""
    if one.away_until is None or one.away_until <= now:
        return False
    return one.away_from is None or one.away_from <= now


def first_minute(day: date, zone: str) -> datetime:
    """Return the beginning of a local day; aware, in UTC."""
    return at_local(zone, day, 0)


def last_minute(day: date, zone: str) -> datetime:
    """Return the last minute of a local day; aware, in UTC."""
    return at_local(zone, day, 24 * 60 - 1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days away: ``start`` is None for now; both aware."""

    start: datetime | None
    end: datetime


_LEAVE = re.compile(r"(?:我?要?想?)(?:请假|休假|外出)")
_ON = re.compile(r"^(?:just |only )?on\s+", re.IGNORECASE)
_UNTIL = re.compile(r"^(?:(?:for|until|till|to|up to|through|thru)\b|直到|到|至)\s*", re.IGNORECASE)
_THROUGH = re.compile(r"^(?:through|thru)\b", re.IGNORECASE)
_FOR = re.compile(r"^for\b", re.IGNORECASE)
_FROM = re.compile(r"^(?:(?:from|starting|beginning|between|as of)\b|从|自)\s*", re.IGNORECASE)
_NOW = re.compile(r"(?:right )?now|today|现在|今天|今日|即日", re.IGNORECASE)
_JOINTS = (
    re.compile(r"\s*(?:\b(?:up to|to|until|till|through|thru)\b|直到|到|至)\s*", re.IGNORECASE),
    re.compile(r"\s*[–—~]+\s*|\s+-+\s+"),
    # Nothing of a date that is itself written with hyphens.
    re.compile(r"(?<=[^\s-])-(?=[^\s-][^-]*$)(?<!\d{4}-)(?<!\d{4}-\d-)(?<!\d{4}-\d\d-)"),
)
_NEXT = re.compile(r"\bnext\b|下", re.IGNORECASE)
_LASTING = re.compile(r"\s+for\s+|起|开始", re.IGNORECASE)
_FIRST_NUMBER = re.compile(r"\d+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ALL_OF = re.compile(
    r"^(?:(?:for|in|during|all of|all|the whole of|the whole|the)\s+)*|(?:全周|整周|都)$", re.IGNORECASE
)
_PERIODS = tuple(
    (re.compile(words, re.IGNORECASE), unit, steps)
    for words, unit, steps in (
        (r"this week|[这本]个?(?:周|星期|礼拜)", Unit.WEEK, 0),
        (r"next week|下个?(?:周|星期|礼拜)", Unit.WEEK, 1),
        (r"week after next|下下个?(?:周|星期|礼拜)", Unit.WEEK, 2),
        (r"this month|这个月|本月", Unit.MONTH, 0),
        (r"next month|下个?月", Unit.MONTH, 1),
    )
)
_WEEK_OF = re.compile(r"week of (.+)|(.+)那一?周", re.IGNORECASE)


def read_absence(
    text: str,
    *,
    now: datetime,
    zone: str,
    locale: str = "en-US",
    calendar: WorkCalendar | None = None,
    since: datetime | None = None,
) -> Stretch | None:
    """Read the days away out of what a member typed.

    Args:
        text: Such as ``friday``, ``next week``, ``mar 9 - mar 13``, 下周请假, ``two weeks``.
        now: The moment at which it was said, aware.
        zone: IANA name of the member's zone, in which days begin and end.
        locale: Of the member; it decides what 5/12 is.
        calendar: The team's; None is Monday to Friday without holidays.
        since: When it begins, where that was said apart; aware.

    Returns:
        None if no end was understood, or a start that was typed was not: nothing typed is thrown away.
    """
    found = _Reader(now, zone, locale, calendar).read(unicodedata.normalize("NFKC", text).strip(" \t。.,!"), since)
    if found is None:
        return None
    start = since or found.start
    return replace(found, start=start if start is not None and start > now else None)


def read_start(
    text: str, *, now: datetime, zone: str, locale: str = "en-US", calendar: WorkCalendar | None = None
) -> datetime | None:
    """Read when an absence begins: a day from its beginning; the present moment for today.

    Returns:
        None if no time was understood.
    """
    found = _Reader(now, zone, locale, calendar).start(unicodedata.normalize("NFKC", text).strip())
    return max(found, now) if found is not None else None


class _Reader:
    """Reads what one member said at one moment."""

    def __init__(self, now: datetime, zone: str, locale: str, calendar: WorkCalendar | None) -> None:
        self._now, self._zone, self._locale, self._calendar = now, zone, locale, calendar
        self._context = context_of(now, zone, locale, calendar)

    def read(self, text: str, since: datetime | None) -> Stretch | None:
        """Return what a text says; a stretch in it goes before a single day."""
        leave = _LEAVE.search(text)
        # 周五请假 is on Friday, and 请假到周五 until then.
        is_on = bool(_ON.match(text)) or (leave is not None and leave.start() > 0 and leave.end() == len(text))
        text = _ON.sub("", _LEAVE.sub("", text, count=1).strip())
        for way in (self._period, self._range, self._lasting):
            found = way(text)
            if found is not None:
                return found
        if _FROM.match(text) or self._split(text) is not None:
            return None
        return self._single(text, since, is_on=is_on)

    def start(self, text: str) -> datetime | None:
        """Return when it begins; a moment that has passed for what began already, None if nothing was understood."""
        text = _FROM.sub("", text).strip()
        if _NOW.fullmatch(text):
            return self._now
        period = self._period(text)
        if period is not None:
            return period.start or self._now
        found = self._when(text)
        return None if found is None else found.due_at if found.has_time else first_minute(self._day(found), self._zone)

    def _when(self, text: str, now: datetime | None = None) -> Reading | None:
        return read_when(text, now=now or self._now, zone=self._zone, locale=self._locale, calendar=self._calendar)

    def _day(self, found: Reading) -> date:
        return self._local(found.due_at)

    def _end(self, found: Reading) -> datetime:
        return found.due_at if found.has_time else last_minute(self._day(found), self._zone)

    def _period(self, text: str) -> Stretch | None:
        """Read a whole week or month; with "until" before it, what lies before it."""
        led = _UNTIL.match(text)
        named = self._named(_ALL_OF.sub("", text[led.end() :] if led else text).strip())
        if named is None:
            return None
        first, last = named
        if led and not _FOR.match(text):
            if _THROUGH.match(text) or first <= self._context.today:
                return Stretch(None, last_minute(last, self._zone))
            return Stretch(None, last_minute(first - _DAY, self._zone))
        return Stretch(first_minute(first, self._zone), last_minute(last, self._zone))

    def _named(self, text: str) -> tuple[date, date] | None:
        for words, unit, steps in _PERIODS:
            if words.fullmatch(text):
                return self._workdays(unit, steps)
        week = _WEEK_OF.fullmatch(text)
        found = self._when(week[1] or week[2]) if week else None
        if found is None:
            return None
        today, day = self._context.today, self._day(found)
        steps = ((day - day.weekday() * _DAY) - (today - today.weekday() * _DAY)) // _WEEK
        return self._workdays(Unit.WEEK, steps)

    def _workdays(self, unit: Unit, steps: int) -> tuple[date, date]:
        """Return the first and last workday of a stretch of the calendar; all of one that has none."""
        first, last = (next(InPeriod(unit, steps, edge).days(self._context)) for edge in (Edge.START, Edge.END))
        return (first, last) if first <= last else next(InPeriod(unit, steps).stretches(self._context))

    def _split(self, text: str) -> tuple[str, str] | None:
        for joint in _JOINTS:
            found = joint.search(text)
            if found is not None and found.start() > 0:
                return text[: found.start()], text[found.end() :]
        return None

    def _range(self, text: str) -> Stretch | None:
        """Read from one day to another: the whole says the last day, what stands before the joint the first."""
        sides = self._split(text)
        if sides is None:
            return None
        left, right = (_FROM.sub("", side).strip() for side in sides)
        # 9-13 mar: the first day has its month from the last one.
        start = self.start(_FIRST_NUMBER.sub(left, right, count=1) if left.isdigit() else left)
        if start is None:
            return None
        through = self._named(_ALL_OF.sub("", right).strip())
        if through is not None:
            return Stretch(start, last_minute(through[1], self._zone))
        whole = self._when(text)
        if whole is not None and self._has_begun(left, start) and self._now < self._end(whole) < start:
            return Stretch(None, self._end(whole))
        if whole is not None and self._end(whole) > start and self._day(whole) != self._local(start):
            return Stretch(start, self._end(whole))
        last = self._when(right, max(start, self._now))
        is_after = last is not None and start < self._end(last) < start + _HALF_A_YEAR
        return Stretch(start, self._end(last)) if last is not None and is_after else None

    def _has_begun(self, said: str, start: datetime) -> bool:
        """Say whether a day that was read as one to come may be today, or one that was: of a weekday or of a date."""
        first, today = self._local(start), self._context.today
        is_today = first - _WEEK == today and _NEXT.search(said) is None
        return is_today or today + _HALF_A_YEAR < first <= today + _YEAR

    def _local(self, moment: datetime) -> date:
        return moment.astimezone(zone_of(self._zone)).date()

    def _lasting(self, text: str) -> Stretch | None:
        """Read a start and how long: "monday for two weeks", 下周一起3天."""
        found = _LASTING.search(text)
        if found is None or found.start() == 0:
            return None
        start = self.start(text[: found.start()])
        rest = text[found.end() :].strip()
        if start is None or not rest:
            return None
        single = self._single(rest, start, is_on=False)
        return Stretch(start, single.end) if single is not None and single.end > start else None

    def _single(self, text: str, since: datetime | None, *, is_on: bool) -> Stretch | None:
        text = _UNTIL.sub("", text).strip()
        found = self._when(text)
        if found is not None and since is not None and self._end(found) <= since:
            later = self._when(text, since)
            # A date that lies before the beginning is a slip, and not next year's.
            found = later if later is not None and self._end(later) < since + _HALF_A_YEAR else found
        if found is not None:
            starts = is_on and not found.has_time
            return Stretch(first_minute(self._day(found), self._zone) if starts else None, self._end(found))
        # A stretch of time is read where it says from when: "in two weeks", 两周后.
        found = self._when(f"{text}后" if _HAN.search(text) else f"in {text}", since)
        if found is None:
            return None
        if since is None or found.has_time:
            return Stretch(None, self._end(found))
        return Stretch(None, last_minute(self._day(found) - _DAY, self._zone))
