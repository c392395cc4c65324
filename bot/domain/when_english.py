"""Owns days and stretches of the calendar as English says them: next thu, 12 May, end of month, in 3 working days."""

import re
from datetime import datetime, timedelta

from bot.domain.calendar import add_days, add_hours, local_day
from bot.domain.when_days import (
    DAY,
    WEEK_DAYS,
    Context,
    DaySpec,
    Edge,
    InPeriod,
    NthInPeriod,
    OnDate,
    OnDayOfMonth,
    OnMonthDay,
    OnWeekday,
    OnWeekend,
    Unit,
    add_months,
    month_day,
)
from bot.domain.when_numbers import BEGIN, DATED, full_year
from bot.domain.when_pieces import Part, Piece, Rule
from bot.domain.when_text import EN_NUMBER, english_number, goes_on, word_after, words_before

_LEAP_YEAR = 2028
_WEEKDAY_NAMES = {
    "monday": 0, "mon": 0, "tuesday": 1, "tues": 1, "tue": 1, "wednesday": 2, "wensday": 2, "wednsday": 2, "weds": 2,
    "wed": 2, "thursday": 3, "thrusday": 3, "thursady": 3, "thurs": 3, "thur": 3, "thu": 3, "friday": 4, "fri": 4,
    "saturday": 5, "sat": 5, "sunday": 6, "sun": 6,
}  # fmt: skip
WEEKDAY = "(?:" + "|".join(sorted(_WEEKDAY_NAMES, key=len, reverse=True)) + r")(?:\.(?= ))?"
_MONTH_NAMES = {
    "january": 1, "jan": 1, "february": 2, "febuary": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4, "may": 5,
    "june": 6, "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9, "october": 10,
    "oct": 10, "november": 11, "nov": 11, "december": 12, "dec": 12,
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTH_NAMES, key=len, reverse=True)) + r")\b\.?"
_UNITS = {
    "week": Unit.WEEK,
    "wk": Unit.WEEK,
    "month": Unit.MONTH,
    "quarter": Unit.QUARTER,
    "qtr": Unit.QUARTER,
    "year": Unit.YEAR,
}
_UNIT = "(?P<unit>week|wk|month|quarter|qtr|year)"
_EDGES = {
    "end": Edge.END, "close": Edge.END, "last day": Edge.LAST_DAY, "last work day": Edge.END, "late": Edge.END, "later": Edge.END, "start": Edge.START,
    "beginning": Edge.START, "first day": Edge.FIRST_DAY, "first work day": Edge.START, "early": Edge.START, "middle": Edge.MIDDLE, "mid": Edge.MIDDLE,
}  # fmt: skip
_EDGE = r"(?P<edge>end|close|last (?:working |business )?day|late|later|start|beginning|first (?:working |business )?day|early|middle|mid)"
_STEPS = {
    "this": 0,
    "the": None,
    "current": 0,
    "next": 1,
    "nxt": 1,
    "following": 1,
    "coming": 1,
    "last": -1,
    "past": -1,
    "previous": -1,
}
_WHICH = r"(?P<which>this|current|next|nxt|following|coming)"


def weekday_of(text: str) -> int:
    """Return the number of a weekday's name, 0 for Monday."""
    return _WEEKDAY_NAMES[text.rstrip(".")]


def _piece(match: re.Match[str], day: DaySpec, *, weak: bool = False) -> Piece:
    return Piece(match.start(), match.end(), day=day, weak=weak)


def _dead(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), dead=True)


_RELATIVE = {"today": 0, "tonight": 0, "tonite": 0, "overmorrow": 2}


def _relative(match: re.Match[str], context: Context) -> Piece:
    said = match["day"]
    days = 2 if "after" in said else _RELATIVE.get(said, 1)
    days += WEEK_DAYS * int(_count(match["weeks"])) if match["weeks"] else 0
    part = Part.EVENING if said in {"tonight", "tonite"} else None
    return Piece(match.start(), match.end(), day=OnDate(context.today + days * DAY), part=part)


def _count(text: str) -> float:
    said = text.strip()
    return 2.0 if said == "fortnight" else english_number(said)


# "He sat down", "mon ami", "in the sun", "they wed": short names that are words.
_SHORT = frozenset({"sat", "sun", "mon", "wed"})
_NOT_BEFORE = frozenset({
    "i", "he", "she", "it", "we", "they", "you", "who", "the", "a", "just", "also", "have", "has", "had", "to", "our", "my", "in", "of",
    "full", "newly",
})  # fmt: skip
_NOT_AFTER = frozenset({
    "down", "in", "with", "through", "there", "here", "up", "ami", "dieu", "cher", "amour", "is", "was", "next", "beside", "around",
    "to", "tight", "still", "idle", "together", "on", "over", "shines", "shone", "light", "set", "his", "her", "microsystems", "life",
})  # fmt: skip


def _weekday(match: re.Match[str], _: Context) -> Piece | None:
    which, name = match["which"], match["name"].rstrip(".")
    weekday = weekday_of(name)
    if which in {"last", "past", "every", "each", "previous"} or match["plural"]:
        return Piece(match.start(), match.end(), dead=True)
    if which in {"next", "nxt"}:
        return _piece(match, OnWeekday(weekday, week=1))
    if which == "this":
        return _piece(match, OnWeekday(weekday, week=0, soft=True))
    if which or name not in _SHORT:
        return _piece(match, OnWeekday(weekday))
    before, following = words_before(match.string, match.start()), word_after(match.string, match.end())
    sure = before in DATED or (before not in _NOT_BEFORE and goes_on(following) and following not in _NOT_AFTER)
    return _piece(match, OnWeekday(weekday), weak=not sure)


def _weekday_of_week(match: re.Match[str], _: Context) -> Piece:
    weekday = weekday_of(match["name"])
    tail = match["tail"]
    if tail == "after next":
        return _piece(match, OnWeekday(weekday, week=2))
    return _piece(match, OnWeekday(weekday, more_weeks=1))


def _weeks_from(match: re.Match[str], context: Context) -> Piece | None:
    unit = match["unit"]
    if not match["count"] and not unit.startswith("fortnight"):
        return None
    weeks = int(_count(match["count"] or "a")) * (2 if unit.startswith("fortnight") else 1)
    name, which = match["name"], match["which"]
    days = {"today": 0, "now": 0, "tomorrow": 1}
    if name in days:
        return _piece(match, OnDate(context.today + (days[name] + weeks * WEEK_DAYS) * DAY))
    return _piece(match, OnWeekday(weekday_of(name), week=1 if which else None, more_weeks=weeks))


def _period(match: re.Match[str], _: Context) -> Piece | None:
    unit = _UNITS[match["unit"]]
    steps = _STEPS[match["which"]]
    if match.string[match.end() : match.end() + 2] == "'s":
        return None
    return _piece(match, InPeriod(unit, steps=steps), weak=unit is Unit.YEAR and not steps)


def _after_next(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(_UNITS[match["unit"]], steps=2))


def _edge_of(text: str) -> Edge:
    return _EDGES[re.sub("working|business", "work", text)]


def _period_edge(match: re.Match[str], _: Context) -> Piece:
    steps = _STEPS[match["which"]] if match["which"] else None
    return _piece(match, InPeriod(_UNITS[match["unit"]], steps=steps, edge=_edge_of(match["edge"])))


_SHORT_ENDS = {"w": Unit.WEEK, "m": Unit.MONTH, "q": Unit.QUARTER, "y": Unit.YEAR}


def _short_end(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(_SHORT_ENDS[match["unit"]], edge=Edge.END))


def _unit_end(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(_UNITS[match["unit"]], edge=Edge.END))


def _midweek(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(Unit.WEEK, edge=Edge.MIDDLE))


def _before_weekend(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(Unit.WEEK, steps=1 if match["which"] == "next" else None, edge=Edge.END))


def _weekend(match: re.Match[str], _: Context) -> Piece:
    week = {"this": 0, "next": 1, "nxt": 1}.get(match["which"] or "")
    return _piece(match, OnWeekend(week))


def _quarter(match: re.Match[str], _: Context) -> Piece:
    year = full_year(match["year"]) if match["year"] else None
    return _piece(match, InPeriod(Unit.QUARTER, edge=_edge_of(match["edge"]), number=int(match["number"]), year=year))


def _year_edge(match: re.Match[str], _: Context) -> Piece:
    return _piece(match, InPeriod(Unit.YEAR, edge=_edge_of(match["edge"]), year=int(match["year"])))


_WE = frozenset({
    "i", "we", "they", "you", "he", "she", "it", "who", "that", "which", "this", "there", "customer", "client", "and", "or",
})  # fmt: skip
_AUXILIARY = frozenset({
    "be", "not", "have", "need", "want", "come", "also", "still", "get", "go", "take", "well", "sign", "join", "attend", "decide",
    "change", "of", "people", "or", "seem", "become", "say", "users", "seats", "steps", "licences", "licenses", "customers",
})  # fmt: skip


def _is_verb(match: re.Match[str]) -> bool:
    """Tell whether "may" or "march" is what somebody does."""
    if match["month"] not in {"may", "march", "mar"}:
        return False
    before = words_before(match.string, match.start())
    return before in _WE or word_after(match.string, match.end()) in _AUXILIARY


def _month_and_day(match: re.Match[str], _: Context) -> Piece | None:
    if _is_verb(match):
        return None
    month, day = _MONTH_NAMES[match["month"]], int(match["day"])
    year = full_year(match["year"].lstrip("'")) if match["year"] else None
    if month_day(year or _LEAP_YEAR, month, day) is None:
        return Piece(match.start(), match.end(), dead=True)
    return _piece(match, OnMonthDay(month, day, year))


_MONTH_EDGES = {"early": Edge.TENTH, "first half": Edge.MIDDLE}


def _month_only(match: re.Match[str], _: Context) -> Piece | None:
    edge = match["edge"]
    year = full_year(match["year"].lstrip("'")) if match["year"] else None
    which = match["which"]
    if _is_verb(match) or (edge is None and year is None and which is None):
        return None
    place = None if edge is None else _MONTH_EDGES.get(edge) or _edge_of(edge)
    number = _MONTH_NAMES[match["month"]]
    return _piece(match, InPeriod(Unit.MONTH, edge=place, number=number, year=year))


_NOUNS_AFTER = frozenset({
    "floor", "time", "anniversary", "meeting", "draft", "party", "round", "quarter", "avenue", "street", "st", "ave", "edition",
    "generation", "place", "grade", "year", "month", "week", "day", "visit", "call", "offer", "version", "proposal", "quote", "customer",
    "client", "point", "item", "step", "stage", "half", "century", "person", "option", "line", "reminder", "attempt", "contact", "order",
    "one", "division", "birthday", "biggest", "largest", "best", "most", "phase", "installment", "payment", "invoice", "deal", "try",
})  # fmt: skip


def _ordinal_day(match: re.Match[str], _: Context) -> Piece | None:
    day = int(match["day"])
    after = word_after(match.string, match.end())
    if not 1 <= day <= 31 or after in _NOUNS_AFTER:  # noqa: PLR2004 - the days of a month
        return None
    dated = match["article"] or words_before(match.string, match.start()) in DATED
    return _piece(match, OnDayOfMonth(day), weak=not dated)


def _day_of_period(match: re.Match[str], _: Context) -> Piece:
    steps = _STEPS[match["which"]]
    return _piece(match, OnDayOfMonth(int(match["day"] or 1), months=steps))


_NTHS = {
    "first": 1,
    "1st": 1,
    "second": 2,
    "2nd": 2,
    "third": 3,
    "3rd": 3,
    "fourth": 4,
    "4th": 4,
    "last": -1,
    "final": -1,
}


def _nth(match: re.Match[str], _: Context) -> Piece:
    weekday = weekday_of(match["name"]) if match["name"] else None
    if match["month"]:
        period = InPeriod(
            Unit.MONTH,
            number=_MONTH_NAMES[match["month"]],
            year=full_year(match["year"].lstrip("'")) if match["year"] else None,
        )
    else:
        period = InPeriod(_UNITS[match["unit"]], steps=_STEPS[match["which"]])
    return _piece(match, NthInPeriod(_NTHS[match["nth"]], weekday, period))


_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_SPANS = {"min": _MINUTE, "minute": _MINUTE, "h": _HOUR, "hr": _HOUR, "hour": _HOUR}
_DAYS = {"day": 1, "week": 7, "wk": 7, "fortnight": 14}
_MONTHS = {"month": 1, "mth": 1, "quarter": 3, "year": 12, "yr": 12}


def after(context: Context, count: float, unit: str) -> Piece | None:
    """Return the moment or the day that is so far away.

    Args:
        context: Who says it, and when.
        count: How many.
        unit: In the singular: min, hour, day, week, month, year, working day, working hour …

    Returns:
        A piece without a place in the text; None if nobody means it.
    """
    if unit in _SPANS:
        return Piece(0, 0, moment=context.now + count * _SPANS[unit])
    if unit == "working hour":
        return Piece(0, 0, moment=add_hours(context.calendar, context.now, count))
    if unit == "working day":
        moment: datetime = add_days(context.calendar, context.now, int(count))
        return Piece(0, 0, day=OnDate(local_day(context.calendar, moment)))
    if unit in _DAYS:
        days = round(count * _DAYS[unit])
        weeks = days // WEEK_DAYS if _DAYS[unit] > 1 and days % WEEK_DAYS == 0 else None
        return Piece(0, 0, day=OnDate(context.today + days * DAY, weeks=weeks)) if days else None
    whole, rest = divmod(count * _MONTHS[unit], 1)
    return Piece(0, 0, day=OnDate(add_months(context.today, int(whole)) + round(rest * 30) * DAY))


def _unit_of(text: str) -> str:
    if text.startswith(("work", "business", "bday", "trading")):
        return "working hour" if "h" in text.rsplit(maxsplit=1)[-1].replace("hour", "h")[:1] else "working day"
    return text if text == "h" else text.rstrip("s")


_QUANTITY = (
    rf"(?:about |around |approx\.? |roughly |another )?(?:(?P<low>{EN_NUMBER}) ?(?:-|to|or) ?)?(?P<count>{EN_NUMBER})(?P<half> and a half)? ?-?"
    r"(?P<unit>(?:working|business|work|trading)[ -]?(?:days?|hours?|hrs?)|bdays?|workdays?|minutes?|mins?|hours?|hrs?|h|days?|weeks?|wks?|"
    r"fortnights?|months?|mths?|quarters?|years?|yrs?)\b'?(?P<more> and a half)?(?P<two> or (?:two|so))?"
    rf"(?:(?: and|,)? ?(?P<minutes>{EN_NUMBER}) ?(?:minutes?|mins?|m)\b)?"
)


def _offset(match: re.Match[str], context: Context) -> Piece | None:
    count = english_number(match["count"]) + (0.5 if match["half"] or match["more"] else 0)
    count += 1 if match["two"] == " or two" else 0
    if words_before(match.string, match.start()) in {"for", "every", "than", "last", "past", "took", "over"}:
        return None
    found = after(context, count, _unit_of(match["unit"]))
    if found is None:
        return None
    moment = found.moment
    if match["minutes"] and moment is not None:
        moment += english_number(match["minutes"]) * _MINUTE
    return Piece(match.start(), match.end(), day=found.day, moment=moment)


def _hours_and_minutes(match: re.Match[str], context: Context) -> Piece:
    moment = context.now + int(match["hours"]) * _HOUR + int(match["minutes"]) * _MINUTE
    return Piece(match.start(), match.end(), moment=moment)


def _rules() -> list[Rule]:
    tomorrow = "tomorrow|tommorow|tommorrow|tomorow|tmrw|tmr|tmw|tmrow|2moro|2morrow"
    day = rf"(?P<day>(?:the )?day after (?:{tomorrow})|today|tonight|tonite|overmorrow|{tomorrow})"
    weeks = r"(?:(?P<weeks>a|one|two|three) (?:weeks?) )?"
    counted = rf"(?:(?P<count>{EN_NUMBER}) )?(?P<unit>weeks?|wks?|fortnights?)"
    year = r"(?P<year>(?:19|20|21)[0-9]{2}(?![0-9:])|'[0-9]{2}\b)"
    ordinal = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
    first_day = r"(?:[0-9]{1,2}(?:st|nd|rd|th)? ?(?:-|to|&|and|until|through) ?)?"
    month_tail = rf"(?:,? ?{year})?"
    table = (
        (rf"\b{weeks}{day}\b", _relative),
        (
            rf"\b(?:{tomorrow}|today) week\b",
            lambda m, c: _piece(m, OnDate(c.today + (7 if m.group().startswith("today") else 8) * DAY)),
        ),
        (
            r"\b(?:the )?(?:day before )?yesterday\b(?: (?:morning|afternoon|evening|night))?|\blast night\b|\bearlier (?:today|this \w+)\b",
            _dead,
        ),
        (
            rf"\b{EN_NUMBER} (?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)(?: and a half)? (?:ago|earlier|old|before)\b",
            _dead,
        ),
        (r"\b(?:last|past|previous) (?:week|month|quarter|year|weekend|time|few \w+)\b(?! of)", _dead),
        (
            (
                rf"\b(?:(?P<which>this coming|this|next|nxt|coming|upcoming|following|last|past|previous|every|each) )?(?P<name>{WEEKDAY})"
                r"(?P<plural>s)?\b(?!')"
            ),
            _weekday,
        ),
        (rf"\b(?:the )?(?P<name>{WEEKDAY}) (?P<tail>week|after next)\b", _weekday_of_week),
        (
            rf"\b{counted} (?:from|on|after) (?:(?P<which>next) )?(?P<name>{WEEKDAY}|today|now|{tomorrow})\b",
            _weeks_from,
        ),
        (rf"\b(?:the )?{_WHICH} {_UNIT}\b", _period),
        (rf"\b(?:the )?{_UNIT} after next\b", _after_next),
        (
            rf"\b(?:the )?{_EDGE}[ -](?:of[ -])?(?:the )?(?:(?P<which>this|current|next|nxt|following|coming)[ -])?{_UNIT}\b(?!')",
            _period_edge,
        ),
        (r"\be\.?o\.?(?P<unit>[wmqy])\b", _short_end),
        (r"\b(?P<unit>week|month|quarter|year)[ -]?end\b(?<!weekend)", _unit_end),
        (r"\bmid-?week\b", _midweek),
        (r"\b(?:(?:the|over the) )?(?:(?P<which>this|next|nxt|coming) )?weekend\b", _weekend),
        (r"\b(?:before|by) (?:the )?(?:(?P<which>this|next) )?weekend\b", _before_weekend),
        (r"\bq(?P<number>[1-4])[ -](?P<edge>end|close|start)(?P<year>(?!))?\b", _quarter),
        (rf"\b(?:the )?{_EDGE}[ -](?:of )?q(?P<number>[1-4])(?:[ -]?(?P<year>20[0-9]{{2}}))?\b", _quarter),
        (rf"\b(?:the )?{_EDGE}[ -](?:of )?(?P<year>20[0-9]{{2}})\b", _year_edge),
        (rf"{BEGIN}(?:the )?{first_day}{ordinal}(?: of)?[ -]?{_MONTH}(?:[ ,-]+{year})?", _month_and_day),
        (
            rf"\b{_MONTH}[ -]?(?:the )?{first_day}{ordinal}(?![0-9a-z])(?! ?(?:[ap]\.?m\b|:|%|o'clock))(?!\.[0-9])(?:(?:, ?| )(?P<year>(?:19|20|21)[0-9]{{2}}(?![0-9:])))?",
            _month_and_day,
        ),
        (
            rf"\b(?:the )?(?:{_EDGE}|(?P<which>in|by|until|till|before|next|this|during))?[ -]?(?:of )?{_MONTH}(?![ -][0-9]{{1,2}}(?![0-9])){month_tail}(?![a-z'])",
            _month_only,
        ),
        (r"\b(?P<article>the )?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)\b(?!-)(?! ?(?:of|q))", _ordinal_day),
        (
            rf"\b(?:the )?(?:(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)|first)(?: day)? of (?:the )?{_WHICH} month\b",
            _day_of_period,
        ),
        (
            (
                rf"\b(?:the )?(?P<nth>first|1st|second|2nd|third|3rd|fourth|4th|last|final) (?:(?P<name>{WEEKDAY})|(?:working|business|work) ?-?day) "
                rf"(?:of|in) (?:(?P<which>this|the|next|nxt|following)(?: current)? (?P<unit>week|month|quarter|year)\b|{_MONTH}{month_tail})"
            ),
            _nth,
        ),
        (
            rf"\b(?:in|within|after|give it|next|wait)(?: the next| the coming| next)? {_QUANTITY}(?: time)?(?! (?:ago|earlier|of experience|notice|free))",
            _offset,
        ),
        (
            r"\b(?:in|within|after) (?P<hours>[0-9]{1,2})h ?(?P<minutes>[0-9]{1,2})(?: ?m(?:in)?s?)?\b",
            _hours_and_minutes,
        ),
        (rf"\b{_QUANTITY}(?: time)? (?:from (?:now|today)|later|hence|time)\b", _offset),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
