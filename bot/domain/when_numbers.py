"""Owns dates and times written in figures, which mean the same in every language: 2026-05-12, 5/12, 15:00, 3 pm, UTC+8."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from bot.domain.when_days import MONTHS, Context, OnDate, OnMonthDay, month_day
from bot.domain.when_pieces import HOUR, ClockTime, Piece, Rule
from bot.domain.when_text import goes_on, word_after, words_before
from bot.domain.worked_year import zone_of

_HOURS, _NOON = 24, 12
_CENTURY = 2000
_SHORT_YEAR = 100
_LAST_OFFSET_HOUR = 14

# A figure that begins an expression is not the tail of another number, of a word or of a price.
BEGIN = r"(?<![a-z0-9_$#+￼])(?<![0-9][.,:/])(?<![a-z0-9][-_])"
DATED = frozenset(
    {"on", "by", "before", "until", "till", "due", "from", "after", "for", "starting", "since", "next", "is", "to"}
)


def _dead(match: re.Match[str]) -> Piece:
    return Piece(match.start(), match.end(), dead=True)


def full_year(text: str) -> int:
    """Return a year of two or four figures."""
    year = int(text)
    return year + _CENTURY if year < _SHORT_YEAR else year


def _iso_moment(match: re.Match[str], context: Context) -> Piece:
    year, month, day, hour, minute, second, zone = match.groups()
    found = month_day(int(year), int(month), int(day))
    if found is None or int(hour) >= _HOURS:
        return _dead(match)
    place: tzinfo = zone_of(context.zone)
    if zone:
        place = UTC if zone.strip() == "z" else _offset(zone)
    moment = datetime(found.year, found.month, found.day, int(hour), int(minute), int(second or 0), tzinfo=place)
    return Piece(match.start(), match.end(), moment=moment.astimezone(UTC))


def _offset(text: str) -> tzinfo:
    sign = -1 if "-" in text else 1
    figures = re.sub(r"[^0-9]", "", text)
    hours, minutes = (int(figures), 0) if len(figures) <= 2 else (int(figures[:-2]), int(figures[-2:]))  # noqa: PLR2004 - hh
    return timezone(sign * timedelta(hours=min(hours, _LAST_OFFSET_HOUR), minutes=minutes))


def _year_first(match: re.Match[str], _: Context) -> Piece:
    found = month_day(int(match["year"]), int(match["month"]), int(match["day"]))
    return Piece(match.start(), match.end(), day=OnDate(found)) if found else _dead(match)


def _year_last(match: re.Match[str], context: Context) -> Piece:
    one, other, year = int(match["one"]), int(match["other"]), full_year(match["year"])
    # With dots the day is first wherever people write so; a thirteenth month turns the order round.
    day_first = one > MONTHS if max(one, other) > MONTHS else context.day_first or match["mark"] == "."
    day, month = (one, other) if day_first else (other, one)
    found = month_day(year, month, day)
    return Piece(match.start(), match.end(), day=OnDate(found)) if found else _dead(match)


_LEAP_YEAR = 2028
_SHARES = frozenset({2, 3, 4, 5, 6, 8, 10})


def _slashed(match: re.Match[str], context: Context) -> Piece | None:
    one, other = int(match["one"]), int(match["other"])
    if max(one, other) > MONTHS:
        day_first = one > MONTHS
    else:
        # Who writes Chinese beside it writes the month first, wherever the program stands.
        around = match.string[max(0, match.start() - 2) : match.end() + 2]
        day_first = context.day_first and not re.search(r"[\u3400-\u9fff]", around)
    day, month = (one, other) if day_first else (other, one)
    if word_after(match.string, match.end()) in {
        "of",
        "th",
        "price",
        "done",
        "way",
        "share",
        "cup",
        "inch",
        "full",
        "time",
    }:
        return None
    if month_day(_LEAP_YEAR, month, day) is None:
        return _dead(match) if words_before(match.string, match.start()) in DATED else None
    looks_like_a_share = one <= other and other in _SHARES
    weak = looks_like_a_share and not _is_dated(match)
    return Piece(match.start(), match.end(), day=OnMonthDay(month, day), weak=weak)


_COUNTED = frozenset({
    "rated", "rate", "rating", "score", "scored", "scores", "about", "only", "got", "get", "gave", "paid", "pay", "of", "is", "was", "need",
    "needs", "used", "uses", "done", "complete", "completed", "finished", "almost", "nearly", "roughly", "over", "under", "than", "a", "the",
    "cut", "owns", "own", "has", "have", "had", "won", "lost", "up", "down", "feedback", "nps", "takes", "spent", "saves", "save", "closed",
})  # fmt: skip


def _is_dated(match: re.Match[str]) -> bool:
    """Tell whether the words around a fraction say that it is a date: a preposition, or that it begins or ends a sentence."""
    text, before = match.string, words_before(match.string, match.start())
    if before in DATED or text[: match.start()].rstrip().endswith(("在", "于", "到", "至", "约", "@")):
        return True
    if re.match(r" ?[前日号之给打去拜联见回发]", text[match.end() :]):
        return True
    if not re.fullmatch(r"[^了占有剩付达过近的]?", text[: match.start()].rstrip()[-1:]):
        return False
    following = text[match.end() :].strip()
    if not text[: match.start()].strip():
        word = word_after(text, match.end())
        return not following or following[0] in ",):" or (goes_on(word) and bool(word))
    return before not in _COUNTED and (not following or following[0] in ",):")


def clock_of(hour: str, minute: str | None, half: str | None) -> ClockTime | None:
    """Return a time from its figures.

    Args:
        hour: One or two figures.
        minute: Two figures, or None.
        half: ``a`` or ``p`` for the half of the day, or None.

    Returns:
        None if there is no such time.
    """
    hours, minutes = int(hour), int(minute or 0)
    if minutes >= HOUR or hours > _HOURS or (hours == _HOURS and minutes):
        return None
    if half and 0 < hours <= _NOON:
        return ClockTime(hours % _NOON + (_NOON if half == "p" else 0), minutes, exact=True)
    return ClockTime(hours, minutes, exact=bool(half) or not 0 < hours <= _NOON or hour.startswith("0"))


_EARLIER_RATIOS = frozenset({"ratio", "score", "scored", "verse", "odds", "scale", "won", "lost"})


def _short_year_first(match: re.Match[str], _: Context) -> Piece | None:
    found = month_day(full_year(match["year"]), int(match["month"]), int(match["day"]))
    return Piece(match.start(), match.end(), day=OnDate(found)) if found else None


def _clock(match: re.Match[str], _: Context) -> Piece | None:
    if words_before(match.string, match.start()) in _EARLIER_RATIOS:
        return None
    half = match["half"]
    clock = clock_of(match["hour"], match["minute"], half and half[0])
    return Piece(match.start(), match.end(), clock=clock) if clock else _dead(match)


def _stretch(match: re.Match[str], _: Context) -> Piece | None:
    last_half = match["last_half"][0]
    first = clock_of(match["hour"], match["minute"], match["half"][0] if match["half"] else last_half)
    last = clock_of(match["last_hour"], match["last_minute"], last_half)
    if first is None or last is None:
        return _dead(match)
    if not match["half"] and first.minutes(None) > last.minutes(None):
        first = clock_of(match["hour"], match["minute"], "a")
    return Piece(match.start(), match.end(), clock=first)


def _bare_stretch(match: re.Match[str], _: Context) -> Piece | None:
    clock = clock_of(match["hour"], match["minute"], None)
    return Piece(match.start(), match.end(), clock=clock) if clock else _dead(match)


_PLACES = {
    "utc": "UTC", "gmt": "UTC", "z": "UTC",
    "et": "America/New_York", "est": "America/New_York", "edt": "America/New_York", "eastern": "America/New_York",
    "ct": "America/Chicago", "cdt": "America/Chicago", "central": "America/Chicago",
    "mt": "America/Denver", "mst": "America/Denver", "mdt": "America/Denver", "mountain": "America/Denver",
    "pt": "America/Los_Angeles", "pst": "America/Los_Angeles", "pdt": "America/Los_Angeles",
    "pacific": "America/Los_Angeles", "cet": "Europe/Berlin", "cest": "Europe/Berlin", "bst": "Europe/London",
    "ist": "Asia/Kolkata", "jst": "Asia/Tokyo", "kst": "Asia/Seoul", "hkt": "Asia/Hong_Kong", "sgt": "Asia/Singapore",
    "aest": "Australia/Sydney", "aedt": "Australia/Sydney",
    "beijing": "Asia/Shanghai", "shanghai": "Asia/Shanghai", "china": "Asia/Shanghai", "london": "Europe/London",
    "uk": "Europe/London", "berlin": "Europe/Berlin", "paris": "Europe/Paris", "new york": "America/New_York",
    "ny": "America/New_York", "chicago": "America/Chicago", "tokyo": "Asia/Tokyo", "singapore": "Asia/Singapore",
    "hong kong": "Asia/Hong_Kong", "sydney": "Australia/Sydney", "india": "Asia/Kolkata", "dubai": "Asia/Dubai",
    "san francisco": "America/Los_Angeles", "la": "America/Los_Angeles",
    "北京": "Asia/Shanghai", "上海": "Asia/Shanghai", "中国": "Asia/Shanghai", "东京": "Asia/Tokyo", "日本": "Asia/Tokyo",
    "纽约": "America/New_York", "美东": "America/New_York", "美西": "America/Los_Angeles", "伦敦": "Europe/London",
    "柏林": "Europe/Berlin", "巴黎": "Europe/Paris", "新加坡": "Asia/Singapore", "香港": "Asia/Hong_Kong",
    "悉尼": "Australia/Sydney", "印度": "Asia/Kolkata", "迪拜": "Asia/Dubai",
}  # fmt: skip
_ABBREVIATED = "utc|gmt|et|est|edt|ct|cst|cdt|mt|mst|mdt|pt|pst|pdt|cet|cest|bst|ist|jst|kst|hkt|sgt|aest|aedt"
_CITIES = "|".join(
    sorted((name for name in _PLACES if name not in _ABBREVIATED.split("|") and name != "z"), key=len, reverse=True)
)


def _place(match: re.Match[str], context: Context) -> Piece:
    name, offset = match["name"], match["offset"]
    if offset:
        place = _offset(offset)
    elif name == "cst":
        # China's and Chicago's have the same letters.
        place = zone_of("Asia/Shanghai" if context.zone.startswith("Asia/") else "America/Chicago")
    else:
        place = zone_of(_PLACES[name])
    return Piece(match.start(), match.end(), place=place, weak=True)


def _city(match: re.Match[str], _: Context) -> Piece:
    return Piece(match.start(), match.end(), place=zone_of(_PLACES[match["name"]]), weak=True)


def _compact(match: re.Match[str], _: Context) -> Piece | None:
    clock = clock_of(match["hour"], match["minute"], None)
    return Piece(match.start(), match.end(), clock=ClockTime(clock.hour, clock.minute, exact=True)) if clock else None


_HALF = r"(?P<half>[ap](?:\.m\.?|m\b))"
_DATE_Y = r"(?P<year>(?:19|20|21)[0-9]{2})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})(?![0-9])(?!(?P=mark)[0-9])"


def _rules() -> list[Rule]:
    table = (
        (
            BEGIN + r"((?:19|20|21)[0-9]{2})-?([0-9]{2})-?([0-9]{2})(?:t| (?=[0-9:]+[z+]|[0-9:.]+ ?[+]))"
            r"([0-9]{2}):?([0-5][0-9])(?::?([0-5][0-9])(?:\.[0-9]+)?)?(z|[+-][0-9]{2}:?(?:[0-5][0-9])?)?(?![0-9a-z:])",
            _iso_moment,
        ),
        (BEGIN + _DATE_Y + r"(?:t(?=[0-9]))?日?", _year_first),
        (
            BEGIN
            + r"(?P<one>[0-9]{1,2})(?P<mark>[-/.])(?P<other>[0-9]{1,2})(?P=mark)(?P<year>(?:20|21)[0-9]{2}|[2-4][0-9])"
            r"(?![0-9])(?!(?P=mark)[0-9])(?!:)",
            _year_last,
        ),
        (
            BEGIN + r"(?P<year>2[4-9]|3[0-9])([-/.])(?P<month>0?[1-9]|1[0-2])\2(?P<day>[0-9]{1,2})(?![0-9/.-])",
            _short_year_first,
        ),
        (BEGIN + r"(?P<one>[0-9]{1,2})/(?P<other>[0-9]{1,2})(?![0-9/%]|[.:][0-9]|[a-z])日?", _slashed),
        (BEGIN + r"(?P<hour>[0-9]{1,2})(?:[:.h](?P<minute>[0-9]{2}))? ?" + _HALF, _clock),
        (
            BEGIN
            + r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::[0-5][0-9])?(?P<half>)(?![0-9:%]|[.][0-9])(?:-?ish\b)?",
            _clock,
        ),
        (
            BEGIN + r"(?P<hour>[0-9]{1,2})(?:[:.](?P<minute>[0-9]{2}))? ?" + _HALF + r"? ?(?:-|~|to|till|until|and) ?"
            r"(?P<last_hour>[0-9]{1,2})(?:[:.](?P<last_minute>[0-9]{2}))? ?(?P<last_half>[ap](?:\.m\.?|m\b))",
            _stretch,
        ),
        (
            BEGIN
            + r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}) ?(?:-|~|to|till|until|到|至) ?[0-9]{1,2}:[0-9]{2}(?![0-9:%])"
            r"(?! ?[ap]\.?m)",
            _bare_stretch,
        ),
        (r"\b(?P<hour>[01][0-9]|2[0-3])(?P<minute>[0-5][0-9]) ?(?:hours|hrs|h)\b", _compact),
        (BEGIN + r"(?P<hour>[01]?[0-9]|2[0-3])h(?P<minute>[0-5][0-9])\b(?! ?m)", _compact),
        (
            rf"(?:(?<![a-z])(?P<name>{_ABBREVIATED})(?![a-z'])(?: time)?)(?P<offset> ?[+-] ?[0-9]{{1,2}}(?::?[0-9]{{2}})?)?",
            _place,
        ),
        (r"(?<=[0-9])(?P<name>)(?P<offset> ?[+-](?:0[0-9]|1[0-4]):?[0-5][0-9])(?![0-9:])", _place),
        (rf"(?<![a-z])(?P<name>{_CITIES})(?: (?:standard |daylight )?time\b|时间)", _city),
    )
    return [(re.compile(pattern, re.ASCII), build) for pattern, build in table]


RULES: list[Rule] = _rules()
