"""Owns how near the distinctive words of two names are: abbreviations, well-known names, sounds, slips, short names."""

import re
from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.identity_data import Role, lexicon
from bot.domain.identity_near import (
    is_alias,
    is_cjk_short,
    is_initials,
    is_slip,
    latin_of,
    may_be_initials,
    sounds_alike,
)
from bot.domain.identity_parts import Part, Reading, cjk_wholes
from bot.domain.identity_search import alias_ids
from bot.domain.identity_text import fold, is_cjk, is_kana, tokens_of

if TYPE_CHECKING:
    from collections.abc import Callable

_SHORTEST_CJK, _SHORTEST_KANA, _CJK_EXTRA = 2, 3, 2
_SHORTEST_INITIALS = 3
# "L&T", where one letter alone could be a particle.
_LETTERS_JOINED = re.compile(r"^[a-z](?= and [a-z]$)|(?<=^[a-z] and )[a-z]$")
_SHORTEST_SOUND = 5
# What a Chinese or Japanese name may have at its end and its short form has not.
_SHOP_ENDINGS = ("所", "社", "店", "厂", "场", "馆", "坊")

# Roles of words that tell what a business is, beside the words that name it.
_TELLING = (Role.INDUSTRY, Role.NEUTRAL, Role.WEAK)
_NAMING = (Role.CORE, Role.NUMBER, *_TELLING, Role.STRUCTURE, Role.PLACE)


def nearness_of(one: Reading, other: Reading, a: str, b: str) -> str:
    """How near the distinctive words are.

    Returns:
        Empty when they are equal, ``distinctive_word`` or ``generic_only`` when they are not near.
    """
    left, right = _leftovers(one.parts, other.parts)
    reasons: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("abbreviation", lambda: _abbreviated(one, other, left, right, a, b)),
        ("well_known_name", lambda: _aliased(one, other)),
        ("pinyin", lambda: one.cjk != other.cjk and _sounds(one, other)),
        ("typo", lambda: _slipped(left, right)),
    )
    for reason, holds in reasons:
        if holds():
            return reason
    if _texts(left, Role.CORE) and _texts(right, Role.CORE):
        return _cjk_near(left, right)
    if not Counter(part.ident for part in one.cores) & Counter(part.ident for part in other.cores):
        return "generic_only"
    return _one_sided(left, right)


def _one_sided(left: list[Part], right: list[Part]) -> str:
    """What it means that at most one side has distinctive words more.

    A decoration or a distinctive word more on one side, and another word on the other, is a word exchanged.
    """
    ours, theirs = _texts(left, Role.CORE), _texts(right, Role.CORE)
    if ours or theirs:
        return "distinctive_word" if _texts(right if ours else left, *_TELLING, Role.PLACE) else "short_name"
    exchanged = _texts(left, *_TELLING) and _texts(right, *_TELLING) and _texts(left + right, Role.WEAK)
    return "distinctive_word" if exchanged else ""


def _texts(parts: list[Part], *roles: Role) -> list[str]:
    return [part.text for part in parts if part.role in roles]


def _leftovers(one: tuple[Part, ...], other: tuple[Part, ...]) -> tuple[list[Part], list[Part]]:
    """What each side has and the other has not, particles apart."""
    ours, theirs = Counter(part.ident for part in one), Counter(part.ident for part in other)

    def rest(parts: tuple[Part, ...], count: Counter[str]) -> list[Part]:
        left = []
        for part in parts:
            if part.role is Role.STOP:
                continue
            if count[part.ident] > 0:
                count[part.ident] -= 1
            else:
                left.append(part)
        return left

    return rest(one, theirs), rest(other, ours)


def _slipped(left: list[Part], right: list[Part]) -> bool:
    """Whether what is left is one word mistyped; a trade or place that only one side has does not matter."""
    ours, theirs = ([part.text for part in side] for side in (left, right))
    if len(ours) == len(theirs) == 1:
        return is_slip(ours[0], theirs[0])
    cores = _texts(left, Role.CORE), _texts(right, Role.CORE)
    if len(cores[0]) == len(cores[1]) == 1 and is_slip(cores[0][0], cores[1][0]):
        return True
    return bool(ours and theirs) and is_slip("".join(ours).replace(" ", ""), "".join(theirs).replace(" ", ""))


def _abbreviated(one: Reading, other: Reading, left: list[Part], right: list[Part], a: str, b: str) -> bool:
    ours, theirs = (
        _LETTERS_JOINED.findall(reading.key) or [word for part in side for word in part.text.split(" ")]
        for reading, side in ((one, left), (other, right))
    )
    return _is_short(ours, theirs, other, b) or _is_short(theirs, ours, one, a) or _cjk_abbreviated(one, other)


def _is_short(short: list[str], long: list[str], whole: Reading, written: str) -> bool:
    """Whether the one word left on this side stands for the words left, or all words, of the other."""
    unknown = [word for word in short if word not in lexicon().latin]
    word = short[0] if len(short) == 1 else unknown[0] if len(unknown) == 1 else ""
    if len(short) > 1 and all(len(letter) == 1 for letter in short):
        word = "".join(short)  # "M&S"
    if not word or is_cjk(word):
        return False
    if may_be_initials(word):
        every = tuple(text for part in whole.parts for text in part.text.split(" "))
        # Two letters beside a word that both have ("AC Consulting", "AB Consulting") are initials of what is left at most.
        alone = len(word) >= _SHORTEST_INITIALS or len(long) >= len(whole.of(*_NAMING))
        if is_initials(word, tuple(long)) or (
            alone and any(is_initials(word, words) for words in (every, tuple(tokens_of(fold(written)))))
        ):
            return True
    # An initial for a given name: J. Tamworth.
    return len(long) == 1 and min(len(word), len(long[0])) == 1 and word[0] == long[0][0] and word.isalpha()


def _aliased(one: Reading, other: Reading) -> bool:
    if not alias_ids(one) & alias_ids(other):
        return False

    def names(reading: Reading) -> list[str]:
        cores = [part.text for part in reading.cores]
        with_trade = "".join(part.text for part in reading.of(Role.CORE, Role.INDUSTRY) if is_cjk(part.text))
        return [*cores, " ".join(cores), with_trade]

    known = lexicon().alias
    ours, theirs = ([name for name in names(reading) if name in known] for reading in (one, other))
    return any(is_alias(left, right) for left in ours for right in theirs if left != right)


def _cjk_abbreviated(one: Reading, other: Reading) -> bool:
    if not (one.cjk and other.cjk):
        return False
    return any(_stands_for(short, long) for short, long in ((one, other), (other, one)) if not short.promoted)


def _stands_for(short: Reading, long: Reading) -> bool:
    places = [part.text for part in long.parts if part.role is Role.PLACE] + [part.text for part in long.cores]
    first = next((place for place in places if long.closed.startswith(place)), "") if long.promoted or places else ""
    wholes = cjk_wholes(long)
    after_place = {whole.removeprefix(first) for whole in wholes}
    if any(part.role is Role.PLACE and part.text == first for part in short.parts):
        wholes = after_place  # the place stands for itself in both: 中铁 is not taken out of 中国铁建
    elif long.promoted:
        wholes |= after_place
    return any(is_cjk_short(ours, theirs, first) for ours in cjk_wholes(short) for theirs in wholes)


def _cjk_near(left: list[Part], right: list[Part]) -> str:
    """Chinese names are near when one is the other with at least two characters more at its end, and nothing else instead."""
    short, long = sorted((left, right), key=lambda side: sum(len(part.text) for part in side if part.role is Role.CORE))
    ours, theirs = _texts(short, Role.CORE), _texts(long, Role.CORE)
    if len(ours) == len(theirs) == 1 and is_cjk(ours[0]) and is_cjk(theirs[0]) and not _texts(short, *_TELLING):
        shortest = _SHORTEST_KANA if is_kana(ours[0]) else _SHORTEST_CJK
        extra = theirs[0].removeprefix(ours[0])
        if extra != theirs[0] and (
            (len(extra) >= _CJK_EXTRA and len(ours[0]) >= shortest)
            or (extra in _SHOP_ENDINGS and len(ours[0]) > _SHORTEST_CJK)
        ):
            return "short_name"
    return "distinctive_word"


def _sounds(one: Reading, other: Reading) -> bool:
    """Whether the Latin name is how the Chinese or Japanese name sounds."""
    chinese, latin = (one, other) if one.cjk else (other, one)
    no_place = "".join(part.text for part in latin.parts if part.role not in {Role.PLACE, Role.STOP})
    spoken = {
        text.replace(" ", "").replace("v", "u")
        for text in ("".join(part.text for part in latin.cores), latin.closed, no_place)
    }
    core = "".join(part.text for part in chinese.cores)
    sounds = {latin_of(text).replace("v", "u") for text in (core, *cjk_wholes(chinese))}
    if spoken & sounds or _sounds_at_first(chinese, latin):
        return True
    return any(sounds_alike(part.text, ja.text) for ja in chinese.cores if is_kana(ja.text) for part in latin.cores)


def _sounds_at_first(chinese: Reading, latin: Reading) -> bool:
    """Whether a Latin name begins as the Chinese core sounds; words behind it may translate the Chinese trade."""
    sound = latin_of("".join(part.text for part in chinese.cores)).replace("v", "u")
    trade = chinese.of(Role.INDUSTRY, Role.NEUTRAL)
    if chinese.promoted or latin.promoted or not trade or len(sound) < _SHORTEST_SOUND:
        return False
    words = [part.text.replace("v", "u") for part in latin.cores]
    return any("".join(words[:size]) == sound for size in range(1, len(words)))
