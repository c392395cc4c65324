"""Owns the tables of words, places, legal forms and mail domains, read once from the packaged files."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from bot.domain.identity_text import fold, is_cjk, joined, tokens_of


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
        ident: What it means, equal for its synonyms, such as ``bank`` or ``munich``.
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
    """Spellings of legal forms to their class; Latin ones as tuples of tokens."""

    trailing: dict[tuple[str, ...], str]
    leading: dict[tuple[str, ...], str]
    cjk: tuple[tuple[str, str], ...]
    cjk_brackets: dict[str, str]
    silent_anywhere: tuple[str, ...]
    silent_ending: tuple[str, ...]
    spa_after: frozenset[str]
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
    """The words of names, read once."""
    latin: dict[str, Word] = {}
    cjk: dict[str, Word] = {}

    def know(text: str, role: Role, ident: str) -> None:
        key = spelling(text)
        (cjk if is_cjk(key) else latin).setdefault(key, Word(role, ident))

    words, places = _table("words"), _table("places")
    for text in words["stop"]["words"]:
        know(text, Role.STOP, "stop")
    for text in words["branch"]["words"]:
        know(text, Role.BRANCH, "branch")
    for ident, spellings in places["spellings"].items():
        for text in spellings:
            know(text, Role.PLACE, ident)
    for text in places["cjk"].split() + places["latin"].replace("\n", ",").split(","):
        if text.strip():
            know(text, Role.PLACE, spelling(text))
    for ident, spellings in words["industry"].items():
        for text in spellings:
            know(text, Role.INDUSTRY, ident)
    for role, texts in ((Role.STRUCTURE, words["neutral"]["structure"]), (Role.NEUTRAL, words["neutral"]["words"]), (Role.WEAK, words["weak"]["words"])):
        for text in texts:
            know(text, role, spelling(text))
    for ident, spellings in words["number"].items():
        for text in spellings:
            know(text, Role.NUMBER, ident)
    short = {spelling(one): spelling(group[0]) for group in words["short"]["words"] for one in group}
    alias: dict[str, frozenset[int]] = {}
    for number, group in enumerate(words["alias"]["names"]):
        for text in group:
            alias[spelling(text)] = alias.get(spelling(text), frozenset()) | {number}
    real = frozenset(words["real"]["words"].split()) | latin.keys()
    return Lexicon(latin, cjk, max(key.count(" ") for key in latin) + 1, max(map(len, cjk)), short, real, alias)


@cache
def legal_forms() -> LegalForms:
    """The legal forms, read once."""
    table = _table("legal")

    def by_tokens(section: dict[str, list[str]]) -> dict[tuple[str, ...], str]:
        return {tuple(tokens_of(fold(text))): form for form, texts in section.items() for text in texts}

    trailing = by_tokens(table["trailing"])
    cjk = {spelling(text): form for form, texts in table["cjk"].items() for text in texts}
    return LegalForms(
        trailing=trailing,
        leading=by_tokens(table["leading"]),
        cjk=tuple(sorted(cjk.items(), key=lambda item: -len(item[0]))),
        cjk_brackets={spelling(text): form for form, texts in table["cjk_brackets"].items() for text in texts},
        silent_anywhere=tuple(map(spelling, table["cjk_silent"]["anywhere"])),
        silent_ending=tuple(sorted(map(spelling, table["cjk_silent"]["ending"]), key=len, reverse=True)),
        spa_after=frozenset(table["guards"]["spa_after"]),
        longest=max(map(len, trailing)),
    )


@cache
def mail_tables() -> MailTables:
    """The mail domains, read once."""
    table = _table("mail")
    return MailTables(frozenset(table["free"]), frozenset(table["platform"]), frozenset(table["suffixes"]))
