"""Owns the reading of a normalised name: which of its words name the customer, and which say trade, place, branch or number."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from bot.domain.identity_data import Role, Word, lexicon
from bot.domain.identity_names import leading_cjk_place
from bot.domain.identity_text import is_cjk, tokens_of

_DIGITS = re.compile(r"\d+")
_SPELLED = {
    word: str(number)
    for number, word in enumerate(
        ["first", "second", "third", "fourth", "fifth", "six", "seven", "eight", "nine", "ten"], 1
    )
} | {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_SHORTEST_CJK_WORD = 2
_SHORTEST_HEAD = 2
# Endings of domains such as "jp" and "ai" are initials where a name begins with them: JP Morgan.
_DOMAIN = 2
_PLACE_ENDINGS = ("市", "省", "区", "县")
_BANK = "银行"
# What a place may have behind it that says no more (广西壮族自治区, 朝阳区), and the district of a city before a name.
_REST_OF_PLACE = re.compile(r"^(?:(?:壮族|回族|维吾尔)?自治区|特别行政区|[区县](?=[^域内][^长]))")
_DISTRICT = re.compile(r"(?:[^小社校园景特地战区县]{2,3}[区县](?!域)|[^区]{2,6}开发区|[^区]{1,3}新区)(?=..)")


@dataclass(frozen=True, slots=True)
class Part:
    """One word of a name.

    Args:
        text: As it stands in the key.
        role: What it tells.
        ident: Equal for words that mean the same.
    """

    text: str
    role: Role
    ident: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A normalised name, read.

    Args:
        key: The normalised name.
        parts: Its words in order.
        promoted: No word was distinctive by itself, so that a decoration, a place or a trade names the customer.
        numbers: All numbers in it, sorted.
        cjk: Whether any word is Chinese or Japanese.
        cores: The words that name the customer.
        closed: All words without spaces and particles.
    """

    key: str
    parts: tuple[Part, ...]
    promoted: bool
    numbers: tuple[str, ...]
    cjk: bool
    cores: tuple[Part, ...] = field(init=False, compare=False)
    closed: str = field(init=False, compare=False)

    def __post_init__(self) -> None:
        # Compared with very many others, so that what each comparison asks for is made once.
        object.__setattr__(self, "cores", self.of(Role.CORE))
        closed = "".join(part.text.replace(" ", "") for part in self.parts if part.role is not Role.STOP)
        object.__setattr__(self, "closed", closed)

    def of(self, *roles: Role) -> tuple[Part, ...]:
        """The words with one of these roles."""
        return tuple(part for part in self.parts if part.role in roles)


@lru_cache(maxsize=16384)
def read(key: str) -> Reading:
    """Read a normalised name.

    Args:
        key: From :func:`bot.domain.identity_names.name_key`.
    """
    tokens = tokens_of(key) or [key]
    parts: list[Part] = []
    start = 0
    while start < len(tokens):
        if is_cjk(tokens[start]):
            parts.extend(_cjk_parts(tokens[start]))
            start += 1
            continue
        size, part = _latin_part(tokens, start)
        if part.role is Role.CORE and len(parts) > 1 and parts[-1].role is Role.BRANCH:
            part = Part(part.text, Role.PLACE, part.ident)  # "Filiale Deutz": what follows tells where
        parts.append(part)
        start += size
    spelled = [
        _SPELLED.get(part.ident, part.ident)
        for part in parts
        if part.role is Role.NUMBER and not _DIGITS.search(part.text)
    ]
    promoted = not any(part.role is Role.CORE for part in parts)
    if promoted:
        parts = _promote(parts)
    numbers = tuple(sorted(_DIGITS.findall(key) + spelled))
    return Reading(key, tuple(parts), promoted, numbers, any(map(is_cjk, tokens)))


def _latin_part(tokens: list[str], start: int) -> tuple[int, Part]:
    for size in range(min(lexicon().longest_latin, len(tokens) - start), 0, -1):
        text = " ".join(tokens[start : start + size])
        word = lexicon().latin.get(text)
        if word is not None and not (start == 0 and len(text) == _DOMAIN and word.role is Role.STRUCTURE):
            return size, Part(text, word.role, word.ident)
    text = tokens[start]
    canonical = lexicon().short.get(text) or _without_gesellschaft(text)
    word = lexicon().latin.get(canonical)
    if word is not None and canonical != text:
        return 1, Part(text, word.role, word.ident)
    role = Role.NUMBER if _DIGITS.search(text) else Role.CORE
    return 1, Part(text, role, canonical)


def _without_gesellschaft(text: str) -> str:
    """The trade in a German compound such as Handelsgesellschaft or Baugesellschaft; any other word as it is."""
    head = text.removesuffix("gesellschaft")
    if head == text:
        return text
    return next((form for form in (head, head.removesuffix("s")) if form in lexicon().latin), text)


def _cjk_parts(text: str) -> list[Part]:
    """A Chinese or Japanese run as places, head, trades and branch; trades are only known by standing at the end."""
    front: list[Part] = []
    while True:
        place, size = leading_cjk_place(text)
        if not place or (size == len(text) and front):
            break
        front.append(Part(place, Role.PLACE, lexicon().cjk[place].ident))
        text = _REST_OF_PLACE.sub("", text[size:])
        district = _DISTRICT.match(text)
        if district:
            front.append(Part(district[0], Role.PLACE, district[0]))
            text = text[district.end() :]
    back: list[Part] = []
    while text:
        known = _at_end(text, branch=bool(back) and back[0].role is Role.BRANCH)
        if known is None:
            break
        ending, word = known
        if word.role is Role.BRANCH and _BANK in text[: -len(ending)]:
            bank, _, where = text.removesuffix(ending).rpartition(_BANK)
            text = bank + _BANK
            back[:0] = [Part(where, Role.PLACE, _place_ident(where))] if where else []
            back.append(Part(ending, word.role, word.ident))
            continue
        back.insert(0, Part(ending, word.role, word.ident))
        text = text.removesuffix(ending)
    head = lexicon().cjk.get(text)
    role = Role.WEAK if head is not None and head.role is Role.WEAK else Role.CORE
    return [*front, *([Part(text, role, text)] if text else []), *back]


def _place_ident(where: str) -> str:
    word = lexicon().cjk.get(where) or lexicon().cjk.get(where[:-1])
    return word.ident if word is not None else where


def _at_end(text: str, *, branch: bool) -> tuple[str, Word] | None:
    """The longest known word at the end that may be taken off."""
    for size in range(min(lexicon().longest_cjk, len(text)), _SHORTEST_CJK_WORD - 1, -1):
        ending = text[-size:]
        word = lexicon().cjk.get(ending)
        if word is None and branch and ending.endswith(_PLACE_ENDINGS):
            word = lexicon().cjk.get(ending[:-1])
            word = word if word is not None and word.role is Role.PLACE else None
        if word is None or word.role in {Role.WEAK, Role.STOP}:
            continue
        if word.role is Role.PLACE and (len(text) - size < _SHORTEST_HEAD):
            continue
        return ending, word
    return None


def _promote(parts: list[Part]) -> list[Part]:
    """Let what is left name the customer: decorations, else the last place before the trade, else everything."""
    weak = [part for part in parts if part.role is Role.WEAK]
    if weak:
        return [Part(part.text, Role.CORE, part.ident) if part.role is Role.WEAK else part for part in parts]
    for roles in ({Role.NUMBER}, {Role.PLACE}, {Role.INDUSTRY, Role.NEUTRAL, Role.STRUCTURE}, set(Role)):
        chosen = [place for place, part in enumerate(parts) if part.role in roles]
        if not chosen:
            continue
        if roles == {Role.PLACE}:
            first_other = next((place for place, part in enumerate(parts) if part.role is not Role.PLACE), len(parts))
            leading = [place for place in chosen if place < first_other]
            chosen = leading[-1:] or chosen[:1]
        return [Part(part.text, Role.CORE, part.ident) if place in chosen else part for place, part in enumerate(parts)]
    return parts


def cjk_wholes(reading: Reading) -> set[str]:
    """The Chinese characters of a name: without places and branch, and with its places."""
    bare = "".join(
        part.text
        for part in reading.of(Role.CORE, Role.WEAK, Role.INDUSTRY, Role.NEUTRAL, Role.STRUCTURE)
        if is_cjk(part.text)
    )
    whole = "".join(part.text for part in reading.parts if is_cjk(part.text) and part.role is not Role.BRANCH)
    return {bare, whole} - {""}
