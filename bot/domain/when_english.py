"""Owns days as English says them: today, next thu, 12 May, the 12th, a week from Monday."""

import re

from bot.domain.calendar import next_workday
from bot.domain.when_days import DAY, WEEK_DAYS, Context, OnDate, OnDayOfMonth, OnMonthDay, OnWeekday, month_day
from bot.domain.when_numbers import BEGIN, DATED, full_year
from bot.domain.when_pieces import ClockTime, Part, Piece, Rule, dead, said
from bot.domain.when_text import EN_NUMBER, english_number, goes_on, word_after, words_before
from bot.domain.worked_year import zone_of

_LEAP_YEAR = 2028

_WEEKDAY_NAMES = {
    "monday": 0, "mon": 0, "tuesday": 1, "tues": 1, "tue": 1, "wednesday": 2, "wensday": 2, "wednsday": 2, "weds": 2,
    "wed": 2, "thursday": 3, "thrusday": 3, "thursady": 3, "thurs": 3, "thur": 3, "thu": 3, "friday": 4, "fri": 4,
    "saturday": 5, "sat": 5, "sunday": 6, "sun": 6,
}  # fmt: skip

WEEKDAY = "(?:" + "|".join(sorted(_WEEKDAY_NAMES, key=len, reverse=True)) + r")(?:\.(?= ))?"

MONTH_NAMES = {
    "january": 1, "jan": 1, "february": 2, "febuary": 2, "feb": 2, "march": 3, "mar": 3, "april": 4, "apr": 4, "may": 5,
    "june": 6, "jun": 6, "july": 7, "jul": 7, "august": 8, "aug": 8, "september": 9, "sept": 9, "sep": 9, "october": 10,
    "oct": 10, "november": 11, "nov": 11, "december": 12, "dec": 12,
}  # fmt: skip

MONTH = "(?P<month>" + "|".join(sorted(MONTH_NAMES, key=len, reverse=True)) + r")\b\.?"


def weekday_of(text: str) -> int:
    """Return the number of a weekday's name, 0 for Monday."""
    return _WEEKDAY_NAMES[text.rstrip(".")]


_RELATIVE = {"today": 0, "tonight": 0, "tonite": 0, "overmorrow": 2}


def _next_workday(match: re.Match[str], context: Context) -> Piece:
    return said(match, OnDate(next_workday(context.calendar, context.today)))


_SAME_TIME = {"tomorrow": 1, "next week": 7, "in a week": 7}


def _same_time(match: re.Match[str], context: Context) -> Piece:
    local = context.now.astimezone(zone_of(context.zone))
    day = OnDate(context.today + _SAME_TIME.get(match["day"], 1) * DAY)
    return Piece(match.start(), match.end(), day=day, clock=ClockTime(local.hour, local.minute, exact=True))


def _relative(match: re.Match[str], context: Context) -> Piece:
    words = match["day"]
    days = 2 if "after" in words else _RELATIVE.get(words, 1)
    days += WEEK_DAYS * int(_count(match["weeks"])) if match["weeks"] else 0
    part = Part.EVENING if words in {"tonight", "tonite"} else None
    return Piece(match.start(), match.end(), day=OnDate(context.today + days * DAY), part=part)


def _count(text: str) -> float:
    return english_number(text.strip())


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
        return said(match, OnWeekday(weekday, week=1))
    if which == "this":
        return said(match, OnWeekday(weekday, week=0, soft=True))
    if which or name not in _SHORT:
        return said(match, OnWeekday(weekday))
    before, following = words_before(match.string, match.start()), word_after(match.string, match.end())
    sure = before in DATED or (before not in _NOT_BEFORE and goes_on(following) and following not in _NOT_AFTER)
    return said(match, OnWeekday(weekday), weak=not sure)


def _weekday_of_week(match: re.Match[str], _: Context) -> Piece:
    weekday = weekday_of(match["name"])
    tail = match["tail"]
    if tail == "after next":
        return said(match, OnWeekday(weekday, week=2))
    return said(match, OnWeekday(weekday, more_weeks=1))


def _weeks_from(match: re.Match[str], context: Context) -> Piece | None:
    unit = match["unit"]
    if not match["count"] and not unit.startswith("fortnight"):
        return None
    weeks = int(_count(match["count"] or "a")) * (2 if unit.startswith("fortnight") else 1)
    name, which = match["name"], match["which"]
    days = {"today": 0, "now": 0, "tomorrow": 1}
    if name in days:
        return said(match, OnDate(context.today + (days[name] + weeks * WEEK_DAYS) * DAY))
    return said(match, OnWeekday(weekday_of(name), week=1 if which else None, more_weeks=weeks))


_WE = frozenset({
    "i", "we", "they", "you", "he", "she", "it", "who", "that", "which", "this", "there", "customer", "client", "and", "or",
})  # fmt: skip

_AUXILIARY = frozenset({
    "be", "not", "have", "need", "want", "come", "also", "still", "get", "go", "take", "well", "sign", "join", "attend", "decide",
    "change", "of", "people", "or", "seem", "become", "say", "users", "seats", "steps", "licences", "licenses", "customers",
})  # fmt: skip


def is_verb(match: re.Match[str]) -> bool:
    """Tell whether "may" or "march" is what somebody does."""
    if match["month"] not in {"may", "march", "mar"}:
        return False
    before = words_before(match.string, match.start())
    return before in _WE or word_after(match.string, match.end()) in _AUXILIARY


def _month_and_day(match: re.Match[str], _: Context) -> Piece | None:
    if is_verb(match):
        return None
    month, day = MONTH_NAMES[match["month"]], int(match["day"])
    year = full_year(match["year"].lstrip("'")) if match["year"] else None
    if month_day(year or _LEAP_YEAR, month, day) is None:
        return Piece(match.start(), match.end(), dead=True)
    return said(match, OnMonthDay(month, day, year))


_UP_TO_TWENTIETH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth",
    "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth",
)  # fmt: skip
_ORDINALS = {word: number for number, word in enumerate(_UP_TO_TWENTIETH, start=1)}
_ORDINALS |= {f"twenty-{word}": 20 + number for word, number in list(_ORDINALS.items())[:9]}
_ORDINALS |= {"thirtieth": 30, "thirty-first": 31}
_ORDINAL_WORDS = "|".join(sorted((word.replace("-", "[- ]") for word in _ORDINALS), key=len, reverse=True))


def _day_in_words(match: re.Match[str], _: Context) -> Piece | None:
    month, day = MONTH_NAMES[match["month"]], _ORDINALS[match["day"].replace(" ", "-")]
    if is_verb(match) or month_day(_LEAP_YEAR, month, day) is None:
        return None
    return said(match, OnMonthDay(month, day))


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
    return said(match, OnDayOfMonth(day), weak=not dated)


def _rules() -> list[Rule]:
    tomorrow = "tomorrow|tommorow|tommorrow|tomorow|tmrw|tmr|tmw|tmrow|2moro|2morrow"
    day = rf"(?P<day>(?:the )?day after (?:{tomorrow})|today|tonight|tonite|overmorrow|{tomorrow})"
    weeks = r"(?:(?P<weeks>a|one|two|three) (?:weeks?) )?"
    counted = rf"(?:(?P<count>{EN_NUMBER}) )?(?P<unit>weeks?|wks?|fortnights?)"
    year = r"(?P<year>(?:19|20|21)[0-9]{2}(?![0-9:])|'[0-9]{2}\b)"
    ordinal = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
    first_day = r"(?:[0-9]{1,2}(?:st|nd|rd|th)? ?(?:-|to|&|and|until|through) ?)?"
    table = (
        (rf"\b{weeks}{day}\b", _relative),
        (r"\b(?:the )?(?:next|following) (?:business|working|work) ?-?day\b", _next_workday),
        (rf"\b(?:at )?(?:the )?(?:same|this) time (?P<day>{tomorrow}|next week|in a week)\b", _same_time),
        (
            rf"\b(?:{tomorrow}|today) week\b",
            lambda m, c: said(m, OnDate(c.today + (7 if m.group().startswith("today") else 8) * DAY)),
        ),
        (
            r"\b(?:the )?(?:day before )?yesterday\b(?: (?:morning|afternoon|evening|night))?|\blast night\b|\bearlier (?:today|this \w+)\b",
            dead,
        ),
        (
            rf"\b{EN_NUMBER} (?:minutes?|mins?|hours?|hrs?|days?|weeks?|months?|years?)(?: and a half)? (?:ago|earlier|old|before)\b",
            dead,
        ),
        (r"\b(?:last|past|previous) (?:week|month|quarter|year|weekend|time|few \w+)\b(?! of)", dead),
        (
            (
                rf"\b(?:(?P<which>this coming|this|next|nxt|coming|upcoming|following|last|past|previous|every|each) )?(?P<name>{WEEKDAY})"
                r"(?P<plural>s)?\b(?!'s)"
            ),
            _weekday,
        ),
        (rf"\b(?:the )?(?P<name>{WEEKDAY}) (?P<tail>week|after next)\b", _weekday_of_week),
        (
            rf"\b{counted} (?:from|on|after) (?:(?P<which>next) )?(?P<name>{WEEKDAY}|today|now|{tomorrow})\b",
            _weeks_from,
        ),
        (rf"{BEGIN}(?:the )?{first_day}{ordinal}(?: of)?[ -]?{MONTH}(?:[ ,-]+{year})?", _month_and_day),
        (
            rf"\b{MONTH}[ -]?(?:the )?{first_day}{ordinal}(?![0-9a-z])(?! ?(?:[ap]\.?m\b|:|%|o'clock))(?!\.[0-9])(?:(?:, ?| )(?P<year>(?:19|20|21)[0-9]{{2}}(?![0-9:])))?",
            _month_and_day,
        ),
        (rf"\b(?:the )?(?P<day>{_ORDINAL_WORDS}) (?:of )?{MONTH}(?![a-z])", _day_in_words),
        (rf"\b{MONTH} (?:the )?(?P<day>{_ORDINAL_WORDS})\b(?! (?:half|week|draft|quarter))", _day_in_words),
        (r"\b(?P<article>the )?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)\b(?!-)(?! ?(?:of|q))", _ordinal_day),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
