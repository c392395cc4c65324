"""Owns the normalised name: what is left of a customer's name when legal form, spelling and the place of its city are gone."""

import re
from functools import lru_cache

from bot.domain.identity_data import Role, legal_forms, lexicon
from bot.domain.identity_text import fold, is_cjk, joined, tokens_of

_BRACKETS = re.compile(r"[(\[{〔【〈《]([^()\[\]{}〔〕【】〈〉《》]*)[)\]}〕】〉》]")
_AFTER_CITY = ("市", "省")
# What begins with 市 or 省 itself: 市政, 市场, 市南区, 市立医院, 市民中心; but 佛山市南风 is a name after its city.
_NOT_AFTER_CITY = re.compile(
    "政|场|内(?!蒙)|区|[东西南北中]区|中心|民(?:中心|广场|生活|活动|服务|卡)|立(?:医|病|大|高|中|小|幼|图|美|博|动|体|综|总|第)"
)
_LONGEST_PLACE = 5
_ANYWHERE = 4
_ROUNDS = 6
_FORM_AND_MORE = re.compile(
    r"(.{2,}(?:(?:有限|责任|責任|股份|集团|集團|总|總)公司|(?:株式|有限|合同)(?:会社|會社)))[\s(\[（【·\-]*[^\s)\]）】]{2,}[)\]）】]*\s*"
)

# Forms that say nothing of liability, so that they go with every form that has them as a part.
_OPEN_FORMS = frozenset({"co", "partnership"})

# The place of 分公司 and its like: "公司" there says what the branch is, not what form the company has.
_PARTS = frozenset("分子支母")


def name_key(name: str) -> str:
    """The normalised name: two names with one key, and no conflict of legal forms, are the same customer.

    It has no legal form and no "The"; a city in brackets stands first, where others write it. It is its own key, and never empty.

    Args:
        name: As typed or imported; any text.

    Returns:
        Words parted by single spaces, Chinese characters closed up.
    """
    return _normalised(name)[0]


def legal_form(name: str) -> str | None:
    """The class of the legal form in a name, such as ``gmbh`` or ``co+ltd``; ``None`` without one."""
    return "+".join(sorted(_normalised(name)[1])) or None


def up_to_form(name: str) -> str:
    """A Chinese or Japanese name as far as its legal form, where more stands behind it; empty where nothing does."""
    if "公司" not in name and "会社" not in name and "會社" not in name:
        return ""
    found = _FORM_AND_MORE.fullmatch(name.strip())
    return found[1] if found else ""


def forms_conflict(first: str | None, second: str | None) -> bool:
    """Whether two legal forms exclude each other: Inc and Ltd do; Co and Co Ltd, or one that is absent, do not."""
    if not first or not second or first == second:
        return False
    short, long = sorted((first.split("+"), second.split("+")), key=len)
    return not (len(short) == 1 and short[0] in _OPEN_FORMS and short[0] in long)


@lru_cache(maxsize=16384)
def _normalised(name: str) -> tuple[str, frozenset[str]]:
    key, forms = _round(name)
    seen = [key]
    for _ in range(_ROUNDS):
        again, more = _round(key)
        if again == key:
            break
        key = again
        # A key that two rounds turn into each other has no fixed form: the least of them is as good as any.
        if key in seen:
            return min(seen[seen.index(key) :]), forms
        seen.append(key)
        forms = forms or more
    return key, forms


def _round(name: str) -> tuple[str, frozenset[str]]:
    folded = fold(name)
    forms: set[str] = set()
    places: list[str] = []

    def bracket(match: re.Match[str]) -> str:
        inside = tokens_of(match[1])
        form = legal_forms().cjk_brackets.get(joined(inside)) or legal_forms().trailing.get(tuple(inside))
        if form is not None:
            forms.update(form.split("+"))
            return " "
        found = _all_places(inside)
        if found:
            places.extend(found)
            return " "
        return f" {match[1]} "

    tokens = tokens_of(_BRACKETS.sub(bracket, folded))
    tokens = _stripped(tokens, forms)
    if not tokens:
        rest = tokens_of(folded)
        # Nothing but marks, such as an emoji: they are the name then.
        return (joined(rest) if rest else "".join(folded.split()) or "-"), frozenset(forms)
    tokens = _with_city_first(tokens, places, forms)
    return joined(tokens), frozenset(forms)


def _stripped(tokens: list[str], forms: set[str]) -> list[str]:
    """Tokens without article and legal forms, at both ends; at least one token stays."""
    tokens = _without_cjk_forms(tokens, forms)
    changed = True
    while changed and len(tokens) > 1:
        changed = False
        if tokens[0] == "the" or tokens[-1] == "the":
            tokens = tokens[1:] if tokens[0] == "the" else tokens[:-1]
            changed = True
            continue
        size, form = _form_at_end(tokens)
        if size:
            forms.update(form.split("+"))
            tokens, changed = tokens[:-size], True
        else:
            size, form = _form_at_start(tokens)
            forms.update(form.split("+") if form else ())
            tokens, changed = tokens[size:], size > 0
        while len(tokens) > 1 and tokens[-1] == "and":
            tokens = tokens[:-1]
    return _without_cjk_forms(tokens, forms)


def _form_at_end(tokens: list[str]) -> tuple[int, str]:
    """How many tokens a legal form takes at the end, and its class; 0 for none."""
    if tokens[-1] in legal_forms().last_words:
        for size in range(min(legal_forms().longest, len(tokens) - 1), 0, -1):
            form = legal_forms().trailing.get(tuple(tokens[-size:]))
            if form is not None and not _is_word_after_all(tokens, size):
                return size, form
    return 0, ""


def _form_at_start(tokens: list[str]) -> tuple[int, str]:
    """How many tokens a legal form takes at the start, and its class; 0 for none, or where nobody would be left."""
    if tokens[0] in legal_forms().first_words:
        for size in range(min(legal_forms().longest, len(tokens) - 1), 0, -1):
            form = legal_forms().leading.get(tuple(tokens[:size]))
            if form is not None and _names_someone(tokens[size:]):
                return size, form
    return 0, ""


def _is_word_after_all(tokens: list[str], size: int) -> bool:
    """Whether what looks like a legal form is a word of the name: "Day Spa"."""
    before = tokens[-size - 1]
    if all(
        lexicon().latin.get(token, None) is not None and lexicon().latin[token].role is Role.STOP
        for token in tokens[:-size]
    ):
        return True
    return tokens[-size:] == ["spa"] and (before in legal_forms().spa_after or before in lexicon().latin)


def _names_someone(tokens: list[str]) -> bool:
    """Whether a word is left that is more than a trade, a place or a particle."""
    return any(token not in lexicon().latin and token not in lexicon().cjk and not token.isdigit() for token in tokens)


def _without_cjk_forms(tokens: list[str], forms: set[str]) -> list[str]:
    result: list[str] = []
    for place, token in enumerate(tokens):
        if not is_cjk(token):
            result.append(token)
            continue
        alone = len(tokens) == 1
        text = _cut_forms(token, forms, last=place == len(tokens) - 1, alone=alone)
        if text:
            result.append(text)
    return result or tokens


def _cut_forms(text: str, forms: set[str], *, last: bool, alone: bool) -> str:
    """One Chinese run without legal forms; never emptied when it is all there is."""
    if not legal_forms().cjk_mark.search(text):
        return text
    for pattern, form in legal_forms().cjk:
        if pattern not in text:
            continue
        if len(pattern) < _ANYWHERE and not (last and text.endswith(pattern)):
            continue
        shorter = text.replace(pattern, "")
        if shorter or not alone:
            text = shorter
            forms.update(form.split("+"))
    for pattern in legal_forms().silent_anywhere:
        # A name may begin with it (集团军), but a run of it alone says nothing beside other words.
        text = ("" if text == pattern and not alone else text) and text[0] + text[1:].replace(pattern, "")
    for pattern in legal_forms().silent_ending if last else ():
        head = text.removesuffix(pattern)
        if head != text and (head or not alone) and head[-1:] not in _PARTS:
            return head
    return text


def _all_places(tokens: list[str]) -> list[str]:
    """The places a bracket lists, such as ``["shanghai", "china"]``; empty when it says anything else too."""
    found: list[str] = []
    rest = tokens
    while rest:
        size, place = _place_at_start(rest)
        if not size:
            return []
        found.append(place)
        rest = rest[size:]
    return found


def _place_at_start(tokens: list[str]) -> tuple[int, str]:
    """How many tokens a place takes at the start, and its text; 0 for none."""
    if is_cjk(tokens[0]):
        for name in (tokens[0], tokens[0][:-1] if tokens[0].endswith(_AFTER_CITY) else ""):
            word = lexicon().cjk.get(name)
            if word is not None and word.role is Role.PLACE:
                return 1, name
        return 0, ""
    for size in range(min(lexicon().longest_latin, len(tokens)), 0, -1):
        text = " ".join(tokens[:size])
        word = lexicon().latin.get(text)
        if word is not None and word.role is Role.PLACE:
            return size, text
    return 0, ""


def leading_cjk_place(text: str) -> tuple[str, int]:
    """A known place that a Chinese text begins with, and how many characters it takes with its 市 or 省."""
    for size in range(min(_LONGEST_PLACE, len(text)), 1, -1):
        word = lexicon().cjk.get(text[:size])
        if word is not None and word.role is Role.PLACE:
            follows = text[size : size + 1] in _AFTER_CITY and not _NOT_AFTER_CITY.match(text, size + 1)
            return text[:size], size + (1 if follows and len(text) > size + 1 else 0)
    return "", 0


def _with_city_first(tokens: list[str], places: list[str], forms: set[str]) -> list[str]:
    trailing = _trailing_latin_place(tokens)
    if trailing:
        # "Acme Ltd London": the form goes, the city stays where it is, for "Air France" is not "France Air".
        tokens = [*_stripped(tokens[:-trailing], forms), *tokens[-trailing:]]
    if is_cjk(tokens[0]):
        place, size = leading_cjk_place(tokens[0])
        tokens = [place + tokens[0][size:], *tokens[1:]]
    for place in reversed(places):
        words = place.split(" ")
        already = tokens[0].startswith(place) if is_cjk(place) else tokens[: len(words)] == words
        if not already:
            tokens = [place + tokens[0], *tokens[1:]] if is_cjk(place) and is_cjk(tokens[0]) else [*words, *tokens]
    return tokens


def _trailing_latin_place(tokens: list[str]) -> int:
    """How many tokens a place at the end takes, where something else names the customer; 0 for none."""
    for size in range(min(lexicon().longest_latin, len(tokens) - 1), 0, -1):
        word = lexicon().latin.get(" ".join(tokens[-size:]))
        if word is None or word.role is not Role.PLACE or is_cjk(tokens[-size]):
            continue
        before = lexicon().latin.get(tokens[-size - 1])
        stands_alone = before is None or before.role is not Role.STOP
        return size if stands_alone and _names_someone(tokens[:-size]) else 0
    return 0
