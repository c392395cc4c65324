"""Owns the verdict on two names: same, possible or different, with what decided."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from bot.domain.identity_data import Role
from bot.domain.identity_names import forms_conflict, legal_form, name_key, up_to_form
from bot.domain.identity_near import is_alias, katakana, latin_of, without_umlauts
from bot.domain.identity_nearness import nearness_of
from bot.domain.identity_parts import Reading, read
from bot.domain.identity_text import is_cjk

_SHORTEST_JOINED = 5
_SHORTEST_TURNED = 3
_BRANCH_ENDINGS = ("店", "部", "处", "分院", "分校", "校区")


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


@lru_cache(maxsize=16_384)
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
    if verdict == Verdict.DIFFERENT and (_follows_form(a, b) or _follows_form(b, a)):
        verdict, *deciding = _possible("branch")
    return Comparison(Verdict(verdict), tuple(dict.fromkeys(deciding)))


def _follows_form(branch: str, whole: str) -> bool:
    """Whether one name has something after the legal form, and is the other or near it up to there (有限公司第二门市部)."""
    head = up_to_form(branch)
    return bool(head) and compare(head, whole).verdict is not Verdict.DIFFERENT


def _possible(*reasons: str) -> tuple[str, ...]:
    return (Verdict.POSSIBLE, *reasons)


def _different(*reasons: str) -> tuple[str, ...]:
    return (Verdict.DIFFERENT, *reasons)


def _decide(one: Reading, other: Reading, a: str, b: str) -> tuple[str, ...]:
    early = _alike_as_written(one, other)
    if early:
        return _possible(early)
    one, other, closed = _closed_up(one, other)
    if one.numbers != other.numbers:
        return _different("number")
    places = _places(one, other)
    if places == "city":
        return _different("city")
    nearness = nearness_of(one, other, a, b)
    if nearness in {"distinctive_word", "generic_only"}:
        return _different(nearness)
    trades = _trades(one, other)
    if trades == "industry" and nearness != "abbreviation":
        return _different("industry")
    branch = "branch" if one.of(Role.BRANCH) != other.of(Role.BRANCH) else ""
    reasons = [reason for reason in (closed, nearness, places, trades, branch) if reason]
    return _possible(*(reasons or ["words"]))


def _alike_as_written(one: Reading, other: Reading) -> str:
    """A nearness that needs no reading of the words: spaces, umlauts, kana, a known short name, the order, a branch."""
    if one.closed == other.closed or (without_umlauts(one.closed) == without_umlauts(other.closed)):
        return "joined" if one.closed == other.closed else "umlaut"
    if is_alias(one.key, other.key):
        return "well_known_name"
    if one.cjk and other.cjk:
        if katakana(one.closed) == katakana(other.closed):
            return "kana"
        if len(one.closed) == len(other.closed) > _SHORTEST_TURNED and other.closed in one.closed * 2:
            return "word_order"
        if _is_branch_of(one, other) or _is_branch_of(other, one):
            return "branch"
    return ""


def _is_branch_of(branch: Reading, whole: Reading) -> bool:
    """Whether a Chinese name is the other one with a branch at its end, wherever that is."""
    if whole.promoted or whole.of(Role.BRANCH) or not branch.closed.startswith(whole.closed):
        return False
    return bool(branch.of(Role.BRANCH)) or branch.closed.endswith(_BRANCH_ENDINGS)


def _closed_up(one: Reading, other: Reading) -> tuple[Reading, Reading, str]:
    """Both names with words that the other writes as one closed up: ``blue finch`` beside ``bluefinch``."""
    ours, theirs = _close(one, other), _close(other, one)
    return ours, theirs, "joined" if ours is not one or theirs is not other else ""


def _close(split: Reading, whole: Reading) -> Reading:
    wanted = {part.text for part in whole.cores if len(part.text) >= _SHORTEST_JOINED and not is_cjk(part.text)}
    words = split.key.split(" ")
    for size in (2, 3):
        for start in range(len(words) - size + 1):
            if "".join(words[start : start + size]) in wanted:
                return read(" ".join([*words[:start], "".join(words[start : start + size]), *words[start + size :]]))
    return split


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
    """Whether the descriptive words conflict (``industry``), or some are missing on one side."""
    # Where a decoration or a place has to name the customer, every other word of the name counts as it is written.
    exact = (one.promoted or other.promoted) and one.cjk == other.cjk
    roles = (
        {Role.INDUSTRY, Role.NEUTRAL, Role.STRUCTURE}
        if exact
        else {Role.INDUSTRY, Role.NEUTRAL}
        if one.cjk == other.cjk
        else {Role.INDUSTRY}
    )

    def ids(reading: Reading, wanted: set[Role]) -> set[str]:
        return {part.text if exact else part.ident for part in reading.parts if part.role in wanted}

    ours, theirs = ids(one, roles), ids(other, roles)
    if one.cjk != other.cjk:
        # Translations choose their words freely: one group of trades in common is enough.
        ours, theirs = ({trade.partition(".")[0] for trade in side} for side in (ours, theirs))
        conflict = bool(ours and theirs) and ours.isdisjoint(theirs)
    else:
        conflict = bool(ours - theirs and theirs - ours)
    if conflict:
        return "industry"
    structure = ids(one, {Role.STRUCTURE}) != ids(other, {Role.STRUCTURE})
    return "descriptive_word" if ours != theirs or structure else ""
