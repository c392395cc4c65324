"""Owns stretches of the calendar and of time as English says them: next week, end of month, in 3 working days."""

import re
from dataclasses import replace

from bot.domain.when_days import Context, OnDayOfMonth
from bot.domain.when_english import MONTH, MONTH_NAMES, WEEKDAY, is_verb, weekday_of
from bot.domain.when_numbers import full_year
from bot.domain.when_offsets import HOUR, MINUTE, after
from bot.domain.when_periods import BesideDay, Edge, InPeriod, NthInPeriod, OnWeekend, Unit
from bot.domain.when_pieces import Piece, Rule, said
from bot.domain.when_text import EN_NUMBER, english_number, words_before

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


def _period(match: re.Match[str], _: Context) -> Piece | None:
    unit = _UNITS[match["unit"]]
    steps = _STEPS[match["which"]]
    if match.string[match.end() : match.end() + 2] == "'s":
        return None
    return said(match, InPeriod(unit, steps=steps), weak=unit is Unit.YEAR and not steps)


def _after_next(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(_UNITS[match["unit"]], steps=2))


def _edge_of(text: str) -> Edge:
    return _EDGES[re.sub("working|business", "work", text)]


def _period_edge(match: re.Match[str], _: Context) -> Piece:
    steps = _STEPS[match["which"]] if match["which"] else None
    return said(match, InPeriod(_UNITS[match["unit"]], steps=steps, edge=_edge_of(match["edge"])))


_SHORT_ENDS = {"w": Unit.WEEK, "m": Unit.MONTH, "q": Unit.QUARTER, "y": Unit.YEAR}


def _short_end(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(_SHORT_ENDS[match["unit"]], edge=Edge.END))


def _unit_end(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(_UNITS[match["unit"]], edge=Edge.END))


def _midweek(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(Unit.WEEK, edge=Edge.MIDDLE))


def _before_weekend(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(Unit.WEEK, steps=1 if match["which"] == "next" else None, edge=Edge.END))


def _weekend(match: re.Match[str], _: Context) -> Piece:
    week = {"this": 0, "next": 1, "nxt": 1}.get(match["which"] or "")
    return said(match, OnWeekend(week))


def _quarter(match: re.Match[str], _: Context) -> Piece:
    year = full_year(match["year"]) if match["year"] else None
    return said(match, InPeriod(Unit.QUARTER, edge=_edge_of(match["edge"]), number=int(match["number"]), year=year))


def _year_edge(match: re.Match[str], _: Context) -> Piece:
    return said(match, InPeriod(Unit.YEAR, edge=_edge_of(match["edge"]), year=int(match["year"])))


_MONTH_EDGES = {"early": Edge.TENTH, "first half": Edge.MIDDLE}


def _month_only(match: re.Match[str], _: Context) -> Piece | None:
    edge = match["edge"]
    year = full_year(match["year"].lstrip("'")) if match["year"] else None
    which = match["which"]
    if is_verb(match) or (edge is None and year is None and which is None):
        return None
    if which == "before":
        month = InPeriod(Unit.MONTH, edge=Edge.FIRST_DAY, number=MONTH_NAMES[match["month"]], year=year)
        return said(match, BesideDay(month))
    place = None if edge is None else _MONTH_EDGES.get(edge) or _edge_of(edge)
    number = MONTH_NAMES[match["month"]]
    return said(match, InPeriod(Unit.MONTH, edge=place, number=number, year=year))


def _day_of_period(match: re.Match[str], _: Context) -> Piece:
    steps = _STEPS[match["which"]]
    return said(match, OnDayOfMonth(int(match["day"] or 1), months=steps))


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
            number=MONTH_NAMES[match["month"]],
            year=full_year(match["year"].lstrip("'")) if match["year"] else None,
        )
    else:
        period = InPeriod(_UNITS[match["unit"]], steps=_STEPS[match["which"]])
    return said(match, NthInPeriod(_NTHS[match["nth"]], weekday, period))


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
        moment += english_number(match["minutes"]) * MINUTE
    return Piece(match.start(), match.end(), day=found.day, moment=moment)


_SHORT_UNITS = {"m": "min", "h": "hour", "d": "day", "w": "week"}


def _short_offset(match: re.Match[str], context: Context) -> Piece | None:
    found = after(context, float(match["count"]), _SHORT_UNITS[match["unit"]])
    return found and replace(found, start=match.start(), end=match.end())


def _within_the_hour(match: re.Match[str], context: Context) -> Piece:
    return Piece(match.start(), match.end(), moment=context.now + HOUR)


def _hours_and_minutes(match: re.Match[str], context: Context) -> Piece:
    moment = context.now + int(match["hours"]) * HOUR + int(match["minutes"]) * MINUTE
    return Piece(match.start(), match.end(), moment=moment)


def _rules() -> list[Rule]:
    year = r"(?P<year>(?:19|20|21)[0-9]{2}(?![0-9:])|'[0-9]{2}\b)"
    month_tail = rf"(?:,? ?{year})?"
    table = (
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
        (
            rf"\b(?:the )?(?:{_EDGE}|(?P<which>in|by|until|till|before|next|this|during))?[ -]?(?:of )?{MONTH}(?![ -][0-9]{{1,2}}(?![0-9])){month_tail}(?![a-z'])",
            _month_only,
        ),
        (
            rf"\b(?:the )?(?:(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)|first)(?: day)? of (?:the )?{_WHICH} month\b",
            _day_of_period,
        ),
        (
            (
                rf"\b(?:the )?(?P<nth>first|1st|second|2nd|third|3rd|fourth|4th|last|final) (?:(?P<name>{WEEKDAY})|(?:working|business|work) ?-?day) "
                rf"(?:of|in) (?:(?P<which>this|the|next|nxt|following)(?: current)? (?P<unit>week|month|quarter|year)\b|{MONTH}{month_tail})"
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
        (r"\b(?:in|within|after) (?P<count>[0-9]{1,3}) ?(?P<unit>[mdw])\b", _short_offset),
        (r"(?<![0-9a-z])\+ ?(?P<count>[0-9]{1,3}) ?(?P<unit>[hdw])\b", _short_offset),
        (r"\b(?:within|in) the (?:next )?hour\b", _within_the_hour),
        (rf"\b{_QUANTITY}(?: time)? (?:from (?:now|today)|later|hence|time)\b", _offset),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
