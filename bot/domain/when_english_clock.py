"""Owns times of day as English says them: at 3, half past four, noon, tomorrow morning, end of day."""

import re
from dataclasses import replace

from bot.domain.when_days import Context, OnDate
from bot.domain.when_numbers import BEGIN, clock_of
from bot.domain.when_pieces import HOUR, ClockTime, Part, Piece, Rule
from bot.domain.when_text import EN_NUMBER, english_number, goes_on, word_after, words_before

_NOON, _MIDNIGHT = 12, 24


def _hour(text: str) -> int | None:
    value = english_number(text)
    return int(value) if value in range(1, _NOON + 1) else None


def _clock(match: re.Match[str], hour: int | None, minute: int = 0) -> Piece | None:
    return Piece(match.start(), match.end(), clock=ClockTime(hour, minute)) if hour else None


def _oclock(match: re.Match[str], _: Context) -> Piece | None:
    return _clock(match, _hour(match["hour"]))


def _of_part(match: re.Match[str], _: Context) -> Piece | None:
    piece = _oclock(match, _)
    return piece and replace(piece, part=_PARTS[match["part"] or match["late"]])


_FRACTIONS = {"half": 30, "quarter": 15, "a quarter": 15}


def _past(match: re.Match[str], _: Context) -> Piece | None:
    said, hour = match["minutes"], _hour(match["hour"])
    minutes = _FRACTIONS.get(said) or int(english_number(said))
    if hour is None or not 0 < minutes < HOUR:
        return None
    if match["side"] in {"past", "after"}:
        return _clock(match, hour, minutes)
    return _clock(match, hour - 1 or _NOON, HOUR - minutes)


def _half_hour(match: re.Match[str], _: Context) -> Piece | None:
    return _clock(match, _hour(match["hour"]), 30)


_LOSES_AT = frozenset({
    "price", "priced", "discount", "rate", "rated", "stands", "capped", "valued", "stuck", "remains", "sits", "arrived",
})  # fmt: skip
_CHANGES = re.compile(
    r"\b(?:cut|raise|raised|reduce|reduced|drop|dropped|increase|increased|grew|grow|down|up|lower|lowered|extend|extended|multiply|divide)"
    r"\b[^,;.]{0,30}$",
    re.ASCII,
)


def _at(match: re.Match[str], _: Context) -> Piece | None:
    text, end = match.string, match.end()
    rest = text[end : end + 2].strip()
    if not goes_on(word_after(text, end)) or rest[:1] in {"%", "￼", "/", "x", "°"}:
        return None
    before = text[: match.start()]
    if words_before(text, match.start()) in _LOSES_AT:
        return None
    preposition = match["preposition"]
    if preposition in {"by", "until", "till", "before", "after"} and _CHANGES.search(before):
        return None
    weak = preposition in {"around", "about"}
    hour = _hour(match["hour"])
    if hour is None:
        return None
    return Piece(match.start(), match.end(), clock=ClockTime(hour), weak=weak)


def _named(match: re.Match[str], _: Context) -> Piece:
    hour = _MIDNIGHT if "midnight" in match.group() else _NOON
    return Piece(match.start(), match.end(), clock=ClockTime(hour, exact=True))


def _meal(match: re.Match[str], _: Context) -> Piece:
    hour = _NOON + 1 if match["side"] == "after" else _NOON
    return Piece(match.start(), match.end(), clock=ClockTime(hour, exact=True), today_only=False)


_PARTS = {
    "morning": Part.MORNING, "am": Part.MORNING, "afternoon": Part.AFTERNOON, "pm": Part.AFTERNOON, "evening": Part.EVENING, "eve": Part.EVENING,
    "night": Part.EVENING, "lunchtime": Part.NOON, "lunch": Part.NOON,
}  # fmt: skip
_CLOSER = {
    ("early", Part.AFTERNOON): 14 * HOUR, ("late", Part.AFTERNOON): 17 * HOUR, ("late", Part.MORNING): 11 * HOUR,
    ("mid", Part.MORNING): 10 * HOUR, ("early", Part.EVENING): 18 * HOUR, ("late", Part.EVENING): 22 * HOUR,
}  # fmt: skip


def _part(match: re.Match[str], context: Context) -> Piece:
    part = _PARTS[match["part"]]
    closer = (match["closer"] or "").strip(" -")
    minutes = _CLOSER.get((closer, part))
    lead = (match["lead"] or "").strip()
    if lead == "this":
        return Piece(match.start(), match.end(), day=OnDate(context.today), part=part, part_minutes=minutes)
    return Piece(match.start(), match.end(), part=part, part_minutes=minutes, weak=lead not in {"in the", "during the"})


def _greeting(match: re.Match[str], _: Context) -> Piece:
    # A piece that is always alone: it keeps "morning" from being read, and stands for nothing.
    return Piece(match.start(), match.end(), weak=True)


def _first_thing(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), part=Part.MORNING, weak=not match["morning"])


def _closing(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), closing=True)


def _bare_stretch(match: re.Match[str], _: Context) -> Piece | None:
    if not goes_on(word_after(match.string, match.end())):
        return None
    return Piece(match.start(), match.end(), clock=ClockTime(int(match["hour"])), weak=True)


def _bare_half(match: re.Match[str], _: Context) -> Piece | None:
    clock = clock_of(match["hour"], match["minute"], match["half"])
    return Piece(match.start(), match.end(), clock=clock, weak=True) if clock else None


_WORDS = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_MINUTES = "fifteen|thirty|forty[- ]five|twenty|forty|fifty|ten"


def _in_words(match: re.Match[str], _: Context) -> Piece | None:
    said = match["minute"]
    minute = int(english_number(said)) if said and "clock" not in said else 0
    clock = clock_of(str(int(english_number(match["hour"]))), str(minute), match["half"])
    # "three thirty" alone may be an amount.
    return Piece(match.start(), match.end(), clock=clock, weak=not match["half"]) if clock else None


def _rules() -> list[Rule]:
    hour = rf"(?P<hour>{EN_NUMBER})"
    table = (
        (rf"\b{hour} ?o'? ?clock\b", _oclock),
        (rf"\b{hour} (?:o'?clock )?(?:in the (?P<part>morning|afternoon|evening)|at (?P<late>night))\b", _of_part),
        (
            rf"\b(?P<minutes>half|(?:a )?quarter|five|ten|twenty|twenty[- ]five|[0-9]{{1,2}})(?: (?:minutes?|mins?))? (?P<side>past|after) {hour}\b(?!:|%| ?[ap]\.?m)",
            _past,
        ),
        (rf"\b(?P<minutes>(?:a )?quarter) (?P<side>to|till|before|of) {hour}\b(?!:|%|[a-z])", _past),
        (rf"\b(?:at|by|until|before) (?P<minutes>five|ten|twenty|twenty[- ]five) (?P<side>to) {hour}\b(?!:|%)", _past),
        (
            r"\b(?:at )?half (?P<hour>one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[0-9]{1,2})\b(?!:|%|/)",
            _half_hour,
        ),
        (
            (
                rf"(?:\b(?P<preposition>at|by|until|till|before|after|around|about) (?:around |about |approx\.? )?|@ ?){hour}"
                r"(?:ish)?\b(?![:.,/-] ?[0-9])(?!-)(?! ?[ap]\.?m\b)(?!,[0-9])(?! o'?clock)"
            ),
            _at,
        ),
        (rf"\b(?P<hour>{_WORDS})(?: (?P<minute>o'?clock|{_MINUTES}))? ?(?P<half>[ap])(?:\.m\.?|m\b)", _in_words),
        (
            rf"\b(?P<hour>{_WORDS}) (?P<minute>{_MINUTES})(?P<half>)\b(?! (?:minutes?|mins?|days?|hours?|percent|people|seats|users))",
            _in_words,
        ),
        (r"\b(?:12 |twelve |high )?(?:noon|midday)\b|\b(?:12 |twelve )?midnight\b", _named),
        (r"\b(?:(?P<side>after|before|over|at|during)) lunch(?:time)?\b", _meal),
        (
            r"\b(?P<lead>in the |during the |this |at |on the )?(?P<closer>early |late |mid[- ]?(?!night))?(?P<part>morning|afternoon|evening|eve|night|lunchtime|am|pm)\b",
            _part,
        ),
        (r"\bgood ?(?:morning|afternoon|evening|night)\b|\bmorning[,!]", _greeting),
        (r"\bfirst thing(?P<morning> in the morning)?\b", _first_thing),
        (
            (
                r"\b(?:(?:the )?(?:end|close) of (?:the )?(?:business|play|working day|workday|work day|day)|e\.?o\.?d\b|e\.?o\.?b\b|c\.?o\.?b\b|close of business"
                r"|day'?s end|end of business day|close of day)\b(?: (?=on|for))?"
            ),
            _closing,
        ),
        (BEGIN + r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-5][0-9]))?(?P<half>[ap])\b(?!\.)", _bare_half),
        # "thursday 3", at the end of what is said: a number that only a day beside it makes a time.
        (r"(?<=[a-z] )(?P<hour>[1-9]|1[0-2])(?P<minute>)(?P<half>)(?=$|[,)])", _bare_half),
        (r"(?<=[a-z] )(?P<hour>[1-9]|1[0-2]) ?(?:-|to|and) ?(?:[1-9]|1[0-2])(?=$|[ ,)])(?! [ap]\.?m)", _bare_stretch),
        (r"(?<=[a-z0-9] )(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9])(?P<half>)(?=$|[,)])", _bare_half),
        (r"(?<=[a-z0-9] )(?P<hour>[01]?[0-9]|2[0-3])h(?P<minute>)(?P<half>)(?=$|[ ,)])", _bare_half),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
