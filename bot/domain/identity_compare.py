"""Owns the verdict on two names: same, possible or different, with what decided."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.identity_data import Role, lexicon
from bot.domain.identity_names import forms_conflict, legal_form, name_key
from bot.domain.identity_near import is_alias, is_cjk_short, is_initials, is_slip, latin_of, sounds_alike
from bot.domain.identity_parts import Part, Reading, read
from bot.domain.identity_text import fold, is_cjk, is_kana, pinyin_of, tokens_of

_SHORTEST_JOINED = 4
_CJK_EXTRA = 2


class Verdict(StrEnum):
    """What two names say about being one customer."""

    SAME = "same"
    POSSIBLE = "possible"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A verdict and what decided it.

    Args:
        verdict: The verdict.
        deciding: Machine keys of the reasons, such as ``name_key``, ``legal_form``, ``city_one_side``, ``number``.
    """

    verdict: Verdict
    deciding: tuple[str, ...]


def compare(a: str, b: str) -> Comparison:
    """The verdict on two names alone.

    Same exactly when their :func:`name_key` is equal and their legal forms do not exclude each other. Symmetric.
    """
    one, other = name_key(a), name_key(b)
    if one == other:
        forms = legal_form(a), legal_form(b)
        if forms_conflict(*forms):
            return Comparison(Verdict.POSSIBLE, ("name_key", "legal_form_conflict"))
        return Comparison(Verdict.SAME, ("name_key",) if forms[0] == forms[1] else ("name_key", "legal_form"))
    if (other, b) < (one, a):
        a, b, one, other = b, a, other, one
    verdict, *deciding = _decide(read(one), read(other), a, b)
    return Comparison(Verdict(verdict), tuple(dict.fromkeys(deciding)))


def _possible(*reasons: str) -> tuple[str, ...]:
    return (Verdict.POSSIBLE, *reasons)


def _different(*reasons: str) -> tuple[str, ...]:
    return (Verdict.DIFFERENT, *reasons)


def _decide(one: Reading, other: Reading, a: str, b: str) -> tuple[str, ...]:
    if one.closed == other.closed and len(one.closed) >= _SHORTEST_JOINED:
        return _possible("joined")
    if is_alias(one.key, other.key):
        return _possible("abbreviation")
    if one.numbers != other.numbers:
        return _different("number")
    places = _places(one, other)
    if places == "city":
        return _different("city")
    trades = _trades(one, other)
    nearness = _nearness(one, other, a, b)
    if nearness is None:
        return _different("distinctive_word")
    if nearness == "generic":
        return _different("generic_only")
    if trades == "industry" and nearness not in {"typo", "abbreviation", "joined"}:
        return _different("industry")
    reasons = [reason for reason in (nearness if nearness != "core" else "", places, trades) if reason]
    if one.of(Role.BRANCH) != other.of(Role.BRANCH):
        reasons.append("branch")
    return _possible(*(reasons or ["words"]))


def _place_ids(reading: Reading) -> set[str]:
    return {part.ident for part in reading.parts if part.role is Role.PLACE}


def _places(one: Reading, other: Reading) -> str:
    ours, theirs = _place_ids(one), _place_ids(other)
    if one.cjk != other.cjk:
        ours, theirs = {_latin_place(place) for place in ours}, {_latin_place(place) for place in theirs}
    cores = {part.ident for part in one.cores + other.cores}
    only_ours, only_theirs = ours - theirs - cores, theirs - ours - cores
    if only_ours and only_theirs:
        return "city"
    return "city_one_side" if only_ours or only_theirs else ""


def _latin_place(place: str) -> str:
    return latin_of(place) if is_cjk(place) else place


def _trades(one: Reading, other: Reading) -> str:
    exact = (one.promoted or other.promoted) and one.cjk == other.cjk

    def ids(reading: Reading, role: Role) -> set[str]:
        return {part.text if exact else part.ident for part in reading.parts if part.role is role}

    ours, theirs = ids(one, Role.INDUSTRY), ids(other, Role.INDUSTRY)
    only_ours, only_theirs = ours - theirs, theirs - ours
    if only_ours and only_theirs:
        return "industry"
    if only_ours or only_theirs or ids(one, Role.NEUTRAL) != ids(other, Role.NEUTRAL):
        return "descriptive_word"
    return ""


def _nearness(one: Reading, other: Reading, a: str, b: str) -> str | None:
    """How near the distinctive words are; ``None`` for not at all, ``generic`` when nothing distinctive is shared."""
    left, right = _leftovers(one.parts, other.parts)
    if _abbreviated(one, other, left, right, a, b):
        return "abbreviation"
    if one.cjk != other.cjk and _sounds(one, other):
        return "pinyin"
    left_cores, right_cores = _cores(left), _cores(right)
    shared = Counter(part.ident for part in one.cores) & Counter(part.ident for part in other.cores)
    if not left_cores and not right_cores:
        return "core" if shared else "generic"
    if _slipped(left, right):
        return "typo"
    if left_cores and right_cores:
        if "".join(left_cores) == "".join(right_cores):
            return "joined"
        return _cjk_near(left_cores, right_cores, one, other)
    if not shared:
        return "generic"
    extra, missing = (left, right) if left_cores else (right, left)
    if any(part.role is Role.INDUSTRY for part in missing) and any(part.role is Role.CORE for part in extra):
        return None
    return "short_name"


def _cores(parts: list[Part]) -> list[str]:
    return [part.text for part in parts if part.role is Role.CORE]


def _leftovers(one: tuple[Part, ...], other: tuple[Part, ...]) -> tuple[list[Part], list[Part]]:
    """What each side has and the other has not, particles apart; a place on both sides counts once."""
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
    ours, theirs = [[part.text for part in side if part.role is not Role.PLACE or len(side) == 1] for side in (left, right)]
    if not ours or not theirs:
        return False
    if len(ours) == len(theirs) == 1:
        return is_slip(ours[0], theirs[0])
    cores = _cores(left), _cores(right)
    if len(cores[0]) == len(cores[1]) == 1 and is_slip(cores[0][0], cores[1][0]):
        return True
    return is_slip("".join(ours).replace(" ", ""), "".join(theirs).replace(" ", ""))


def _abbreviated(one: Reading, other: Reading, left: list[Part], right: list[Part], a: str, b: str) -> bool:
    ours, theirs = [[word for part in side for word in part.text.split(" ")] for side in (left, right)]
    for short, long, long_name, whole in ((ours, theirs, b, other), (theirs, ours, a, one)):
        if len(short) != 1:
            cores = [word for word in short if word not in lexicon().latin]
            short = cores if len(cores) == 1 else short  # noqa: PLW2901 - the rest are trades and legal words
        if len(short) != 1:
            continue
        if is_initials(short[0], tuple(long)) or is_initials(short[0], tuple(tokens_of(fold(long_name)))):
            return True
        if is_initials(short[0], tuple(word for part in whole.parts for word in part.text.split(" "))):
            return True
        if len(long) == 1 and (len(short[0]) == 1 or len(long[0]) == 1) and short[0][0] == long[0][0] and short[0].isalpha() and not is_cjk(short[0] + long[0]):
            return True
    return _aliased(one, other)


def _aliased(one: Reading, other: Reading) -> bool:
    def names(reading: Reading) -> list[str]:
        cores = [part.text for part in reading.cores]
        with_trade = "".join(part.text for part in reading.of(Role.CORE, Role.INDUSTRY) if is_cjk(part.text))
        return [*cores, " ".join(cores), with_trade]

    return any(is_alias(ours, theirs) for ours in names(one) for theirs in names(other) if ours != theirs)


def _cjk_near(ours: list[str], theirs: list[str], one: Reading, other: Reading) -> str | None:
    if len(ours) != 1 or len(theirs) != 1 or not is_cjk(ours[0]) or not is_cjk(theirs[0]):
        return None
    short, long = sorted((ours[0], theirs[0]), key=len)
    if len(long) - len(short) >= _CJK_EXTRA and len(short) > 1 and long.startswith(short):
        return "short_name"
    for core, whole in ((ours[0], other), (theirs[0], one)):
        for text in _cjk_wholes(whole):
            if is_cjk_short(core, text):
                return "abbreviation"
    return None


def _cjk_wholes(reading: Reading) -> set[str]:
    bare = "".join(part.text for part in reading.of(Role.CORE, Role.INDUSTRY, Role.NEUTRAL) if is_cjk(part.text))
    parts = [part.text for part in reading.parts if is_cjk(part.text) and part.role is not Role.BRANCH]
    return {bare, "".join(parts)}


def _sounds(one: Reading, other: Reading) -> bool:
    """Whether the Latin name is how the Chinese or Japanese name sounds."""
    chinese, latin = (one, other) if one.cjk else (other, one)
    spoken = {"".join(part.text for part in latin.cores), latin.closed}
    core = "".join(part.text for part in chinese.cores)
    whole = "".join(part.text for part in chinese.parts)
    sounds = {latin_of(text) for text in (core, whole)} | {"".join(pinyin_of(part.text)) for part in chinese.cores}
    if spoken & sounds:
        return True
    return any(sounds_alike(part.text, ja.text) for ja in chinese.cores if is_kana(ja.text) for part in latin.cores)
