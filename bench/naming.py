"""Owns the names of very many made-up customers, as skewed as real ones: words that a fifth of them share, and rare ones."""

import random
from collections.abc import Iterator
from functools import cache

_CITIES = ("Shanghai", "Beijing", "Shenzhen", "London", "Berlin", "Madrid", "Lyon", "Osaka")
_TRADES = (
    "Technology",
    "Trading",
    "Logistics",
    "Foods",
    "Media",
    "Energy",
    "Medical",
    "Textiles",
    "Robotics",
    "Optics",
)
_KINDS = ("Group", "Holdings", "International", "Solutions", "Services")
_CITIES_ZH = ("上海", "北京", "深圳", "杭州", "广州", "成都", "南京", "苏州")
_TRADES_ZH = ("科技", "贸易", "物流", "食品", "传媒", "能源", "医疗", "纺织", "软件", "零售")
_CHARACTERS = "晨光云栖鹏程恒瑞海白横琴华美天成金桥长江东方新元宏达明珠星河远景博雅丰泰安和信盛隆兴旺嘉禾"
_CHINESE_SHARE, _CITY_SHARE, _KIND_SHARE, _COMMONEST = 0.4, 0.6, 0.45, 0.4


def names(count: int) -> Iterator[str]:
    """Yield names, the same ones for every count; two in five are Chinese."""
    spread = random.Random(11)
    for _ in range(count):
        yield _chinese(spread) if spread.random() < _CHINESE_SHARE else _latin(spread)


def _of(spread: random.Random, words: tuple[str, ...]) -> str:
    """Return the first word in two of five cases, else any of them."""
    return words[0] if spread.random() < _COMMONEST else words[int(spread.random() * len(words))]


def _latin(spread: random.Random) -> str:
    parts = [_of(spread, _CITIES)] if spread.random() < _CITY_SHARE else []
    parts.append(_word(int(spread.random() ** 2 * 40_000)))
    parts.append(_of(spread, _TRADES))
    if spread.random() < _KIND_SHARE:
        parts.append(_of(spread, _KINDS))
    return f"{' '.join(parts)} Ltd"


@cache
def _word(number: int) -> str:
    spread = random.Random(number)
    syllables = (
        spread.choice("bcdfghjklmnprstvz") + spread.choice("aeiou") for _ in range(spread.choice((2, 3, 3, 4)))
    )
    return "".join(syllables).capitalize()


def _chinese(spread: random.Random) -> str:
    city = _of(spread, _CITIES_ZH) if spread.random() < _CITY_SHARE else ""
    core = "".join(_CHARACTERS[int(spread.random() * len(_CHARACTERS))] for _ in range(2 + (spread.random() < 0.5)))
    return f"{city}{core}{_of(spread, _TRADES_ZH)}有限公司"
