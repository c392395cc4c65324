"""Owns the tables of words, places, legal forms and mail domains, read once from the packaged files."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from bot.domain.identity_text import fold, is_cjk, joined, tokens_of

_WRITTEN_OUT = 3


class Role(StrEnum):
    """What a word of a name tells."""

    CORE = "core"
    INDUSTRY = "industry"
    NEUTRAL = "neutral"
    STRUCTURE = "structure"
    WEAK = "weak"
    PLACE = "place"
    BRANCH = "branch"
    NUMBER = "number"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Word:
    """A known word or phrase.

    Args:
        role: What it tells.
        ident: What it means, equal for its synonyms, such as ``munich``; of a trade its group too, ``food.bakery``.
    """

    role: Role
    ident: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Known words by spelling, apart for spaced words (tokens joined by a space) and for Chinese and Japanese."""

    latin: dict[str, Word]
    cjk: dict[str, Word]
    longest_latin: int
    longest_cjk: int
    short: dict[str, str]
    real: frozenset[str]
    alias: dict[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class LegalForms:
    """Spellings of legal forms to their class; Latin ones as tuples of tokens.

    ``last_words``, ``first_words`` and ``cjk_mark`` say quickly that a name has none.
    """

    trailing: dict[tuple[str, ...], str]
    leading: dict[tuple[str, ...], str]
    cjk: tuple[tuple[str, str], ...]
    cjk_mark: re.Pattern[str]
    cjk_brackets: dict[str, str]
    silent_anywhere: tuple[str, ...]
    silent_ending: tuple[str, ...]
    spa_after: frozenset[str]
    last_words: frozenset[str]
    first_words: frozenset[str]
    longest: int


@dataclass(frozen=True, slots=True)
class MailTables:
    """Domains that identify nobody, and suffixes under which anybody registers."""

    free: frozenset[str]
    platform: frozenset[str]
    suffixes: frozenset[str]


def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(files("bot.domain").joinpath(f"data/identity/{name}.toml").read_text(encoding="utf-8"))


def spelling(text: str) -> str:
    """The spelling under which a word of a table is found: folded, tokens joined as in a name."""
    return joined(tokens_of(fold(text)))


@cache
def lexicon() -> Lexicon:
    """The words of names, read once; where a word has two meanings, the first of :func:`_meanings` counts."""
    words = _table("words")
    short = {spelling(one): spelling(group[0]) for group in words["short"]["words"] for one in group}
    latin: dict[str, Word] = {}
    cjk: dict[str, Word] = {}
    for text, role, ident in _meanings(words, _table("places")):
        key = spelling(text)
        (cjk if is_cjk(key) else latin).setdefault(key, Word(role, ident or short.get(key, key)))
    alias: dict[str, frozenset[int]] = {}
    for number, group in enumerate(words["alias"]["names"]):
        for key in map(spelling, group):
            alias[key] = alias.get(key, frozenset()) | {number}
    real = frozenset(words["real"]["words"].split()) | latin.keys()
    return Lexicon(latin, cjk, max(key.count(" ") for key in latin) + 1, max(map(len, cjk)), short, real, alias)


def _meanings(words: dict[str, Any], places: dict[str, Any]) -> Iterator[tuple[str, Role, str]]:
    """Word, role and meaning (empty: the word itself), the stronger meanings first."""
    for role in (Role.STOP, Role.BRANCH):
        yield from ((text, role, role.value) for text in words[role.value]["words"])
    for ident, spellings in places["spellings"].items():
        yield from ((text, Role.PLACE, ident) for text in spellings)
    names = places["cjk"].split() + places["latin"].replace("\n", ",").split(",")
    yield from ((text, Role.PLACE, "") for text in names if text.strip())
    for group, trades in words["industry"].items():
        for trade, texts in trades.items():
            yield from ((text, Role.INDUSTRY, f"{group}.{trade}") for text in texts)
    yield from ((text, Role.STRUCTURE, "") for text in words["neutral"]["structure"])
    for role in (Role.NEUTRAL, Role.WEAK):
        yield from ((text, role, "") for text in words[role.value]["words"])
    for ident, texts in words["number"].items():
        yield from ((text, Role.NUMBER, ident) for text in texts)


@cache
def legal_forms() -> LegalForms:
    """The legal forms, read once."""
    table = _table("legal")

    def by_tokens(section: dict[str, list[str]]) -> dict[tuple[str, ...], str]:
        return {tuple(tokens_of(fold(text))): form for form, texts in section.items() for text in texts}

    trailing = by_tokens(table["trailing"])
    # A form written out in many words may stand in front as well.
    written_out = {
        words: form for words, form in trailing.items() if len(words) >= _WRITTEN_OUT and len(words[0]) > _WRITTEN_OUT
    }
    leading = written_out | by_tokens(table["leading"])
    cjk = {spelling(text): form for form, texts in table["cjk"].items() for text in texts}
    silent_anywhere = tuple(map(spelling, table["cjk_silent"]["anywhere"]))
    silent_ending = tuple(sorted(map(spelling, table["cjk_silent"]["ending"]), key=len, reverse=True))
    return LegalForms(
        trailing=trailing,
        leading=leading,
        cjk=tuple(sorted(cjk.items(), key=lambda item: -len(item[0]))),
        cjk_mark=re.compile("|".join((*map(re.escape, cjk), *silent_anywhere, *silent_ending))),
        cjk_brackets={spelling(text): form for form, texts in table["cjk_brackets"].items() for text in texts},
        silent_anywhere=silent_anywhere,
        silent_ending=silent_ending,
        spa_after=frozenset(table["guards"]["spa_after"]),
        last_words=frozenset(words[-1] for words in trailing),
        first_words=frozenset(words[0] for words in leading),
        longest=max(map(len, trailing)),
    )


@cache
def mail_tables() -> MailTables:
    """The mail domains, read once."""
    table = _table("mail")
    return MailTables(frozenset(table["free"]), frozenset(table["platform"]), frozenset(table["suffixes"]))
