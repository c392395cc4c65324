"""Owns the festivals that people date by, in English and Chinese."""

import re

from bot.domain.when_days import Context, DaySpec, OnMonthDay
from bot.domain.when_periods import BesideDay, OnSpringFestival
from bot.domain.when_pieces import Piece, Rule, said

_FESTIVALS: dict[str, DaySpec] = {
    "元旦": OnMonthDay(1, 1), "国庆": OnMonthDay(10, 1), "十一假期": OnMonthDay(10, 1), "五一": OnMonthDay(5, 1), "劳动节": OnMonthDay(5, 1),
    "圣诞": OnMonthDay(12, 25), "平安夜": OnMonthDay(12, 24), "双十一": OnMonthDay(11, 11), "双11": OnMonthDay(11, 11), "双十二": OnMonthDay(12, 12), "双12": OnMonthDay(12, 12), "春节": OnSpringFestival(), "过年": OnSpringFestival(),
    "christmas eve": OnMonthDay(12, 24), "xmas eve": OnMonthDay(12, 24), "christmas": OnMonthDay(12, 25), "xmas": OnMonthDay(12, 25),
    "new year's day": OnMonthDay(1, 1), "new year's eve": OnMonthDay(12, 31), "boxing day": OnMonthDay(12, 26),
}  # fmt: skip


def _festival(match: re.Match[str], _: Context) -> Piece:
    day = _FESTIVALS[match["name"]]
    if match["before"]:
        day = BesideDay(day)
    elif match["after"]:
        day = BesideDay(day, after=True)
    return said(match, day)


RULES: list[Rule] = [
    (re.compile(pattern, re.ASCII), _festival)
    for pattern in (
        r"(?P<name>元旦|国庆|十一假期|五一|劳动节|圣诞|平安夜|双十一|双11|双十二|双12|春节|过年)(?:节)?(?:放?假期?)?(?:(?P<before>之前|以前|前)|(?P<after>之后|以后|后))?",
        r"\b(?:(?P<before>before|ahead of)|(?P<after>after))? ?(?:the )?(?P<name>christmas eve|christmas|xmas eve|xmas|new year's day|new year's eve|boxing day)\b(?: day)?(?!')",
    )
]
