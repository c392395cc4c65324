"""Owns the keys by which customers are found: near names by an index lookup, and names while they are typed."""

import re
from functools import lru_cache
from itertools import chain, zip_longest

from bot.domain.identity_data import Role, lexicon
from bot.domain.identity_names import legal_form, name_key
from bot.domain.identity_near import latin_of, romaji_of
from bot.domain.identity_parts import Reading, cjk_wholes, read
from bot.domain.identity_text import fold, is_cjk, is_kana, pinyin_of, tokens_of

LONGEST_PREFIX = 12
MOST_SEARCH_KEYS = 60
_SKELETON = 5
_EDGE = 4
_LONGEST_INITIALS = 6
# Of a very long name the last pairs of characters are not among the search keys any more.
_MOST_PAIRS = 8


def pinyin_key(name: str) -> str | None:
    """The pinyin of a Chinese name without its trade, closed up, such as ``huawei``; ``None`` without Chinese characters."""
    reading = read(name_key(name))
    sound = "".join(latin_of(part.text) for part in reading.cores if is_cjk(part.text))
    return sound or None


@lru_cache(maxsize=16384)
def near_keys(name: str) -> frozenset[str]:
    """Weak keys: two names that could be a possible match share at least one, as a rule.

    Args:
        name: A customer's name.

    Returns:
        At most some twenty short texts, each with a letter for its kind: ``w:`` a distinctive word, ``s:`` its consonants,
        ``e:`` its edges, ``j:`` the name closed up, ``a:`` initials, ``p:`` pinyin or romaji, ``c:`` first two Chinese
        characters, ``k:`` first character of a short Chinese name, ``n:`` an entry of the well-known short names.
    """
    reading = read(name_key(name))
    keys = {f"j:{reading.closed}"}
    cores = [part.text for part in reading.cores]
    for text in cores:
        keys.update(_cjk_near(text) if is_cjk(text) else _latin_near(text))
    keys.update(_initial_near(name, reading))
    latin = [text for text in cores if not is_cjk(text)]
    if len(latin) > 1:
        keys.update((f"p:{''.join(latin)}", f"w:{''.join(latin)}"))
        keys.update(_latin_near("".join(latin)))
    keys.update(f"n:{number}" for number in alias_ids(reading))
    if reading.cjk:
        keys.update(_whole_cjk_near(reading))
    elif cores:
        keys.add(f"p:{reading.closed}")
    return frozenset(keys)


def _latin_near(text: str) -> set[str]:
    keys = {f"w:{lexicon().short.get(text, text)}", f"p:{text}"}
    if len(text) > _EDGE:
        skeleton = "".join(
            char for place, char in enumerate(text) if place == 0 or (char not in "aeiouy" and char != text[place - 1])
        )
        keys.update((f"s:{skeleton[:_SKELETON]}", f"e:{text[:_EDGE]}", f"e:-{text[-_EDGE:]}"))
    return keys


def _cjk_near(text: str) -> set[str]:
    keys = {f"c:{text[:2]}", f"c:{text[-2:]}", f"p:{latin_of(text)}", f"k:{text[0]}{text[-1]}"}
    if is_kana(text):
        keys.update(_latin_near(romaji_of(text)))
    return keys


def _whole_cjk_near(reading: Reading) -> set[str]:
    """Keys over core and trade together, where short names take their characters from (工行, 工商银行)."""
    keys = {f"p:{latin_of(text)}" for text in cjk_wholes(reading)}
    for text in cjk_wholes(reading):
        keys.update(f"k:{text[0]}{char}" for char in text[1:7])
    return keys


def _initial_near(name: str, reading: Reading) -> set[str]:
    """The initials of a name of several words; of a short word, the word itself."""
    every = [word for word in tokens_of(fold(name)) if not is_cjk(word)]
    words = [word for part in reading.parts for word in part.text.split(" ") if not is_cjk(word)]
    strong = [
        word
        for part in reading.parts
        if part.role is not Role.STOP
        for word in part.text.split(" ")
        if not is_cjk(word)
    ]
    keys = {
        f"a:{''.join(word[0] for word in chosen)[:_LONGEST_INITIALS]}"
        for chosen in (every, words, strong)
        if len(chosen) > 1
    }
    keys.update(f"a:{word}" for word in words if 1 < len(word) <= _LONGEST_INITIALS)
    # A longer abbreviation may lack a letter, but hardly among its first three.
    return keys | {f"a:{key[2:5]}-" for key in keys if len(key) > 5}  # noqa: PLR2004 - "a:" and at least four letters


@lru_cache(maxsize=16_384)
def alias_ids(reading: Reading) -> frozenset[int]:
    """The well-known names that a reading may stand for, by number; two of one organisation share one."""
    table = lexicon().alias
    texts = [
        reading.key,
        "".join(part.text for part in reading.of(Role.CORE, Role.INDUSTRY)),
        *(part.text for part in reading.cores),
    ]
    texts.append(" ".join(part.text for part in reading.cores))
    return frozenset(chain.from_iterable(table.get(text, ()) for text in texts))


@lru_cache(maxsize=16384)
def search_keys(name: str) -> frozenset[str]:
    """Keys for the type-ahead: what somebody may have typed so far when they mean this name.

    Args:
        name: A customer's name.

    Returns:
        At most 60: prefixes (up to 12 characters) of each word, of the words closed up, of pinyin and of its initials;
        Chinese characters and pairs of them.
    """
    key = name_key(name)
    words = tokens_of(key) or [key]
    extra = [word for word in tokens_of(fold(name)) if word not in words and not is_cjk(word)]
    latin = [word for word in words if not is_cjk(word)]
    rows: list[list[str]] = []
    for word in words:
        rows.extend(_cjk_rows(word) if is_cjk(word) else [_prefixes(word)])
    if len(latin) > 1:
        rows.append(_prefixes("".join(latin)))
    rows.extend(_prefixes(word) for word in extra[:2])
    # Round by round, so that a long first word leaves room for the others.
    keys = dict.fromkeys(one for row in zip_longest(*rows) for one in row if one is not None)
    return frozenset(list(keys)[:MOST_SEARCH_KEYS])


def _prefixes(word: str) -> list[str]:
    return [word[:size] for size in range(1, min(len(word), LONGEST_PREFIX) + 1)]


def _cjk_rows(text: str) -> list[list[str]]:
    rows = [[text[place : place + 2] for place in range(len(text) - 1)], list(text)]
    starts = {0}
    reading = read(text)
    if reading.parts and reading.parts[0].role is Role.PLACE:
        starts.add(len(reading.parts[0].text))
    for start in sorted(starts):
        syllables = [romaji_of(text)] if is_kana(text) else list(pinyin_of(text[start:]))
        rows.extend((_prefixes("".join(syllables)), _prefixes("".join(part[0] for part in syllables if part))))
    return rows


# Names are stored without their legal form: whoever types it, in part or whole, must find them all the same.
_LEGAL_END = re.compile(r"(?<=..)[省市]?(?:股份?|有限?责?任?|集团?)*(?:公司?)?$")


def query_keys(typed: str) -> tuple[str, ...]:
    """The keys that a name must all have to match what was typed; the most selective first.

    Args:
        typed: At least one visible character, or the answer is empty.
    """
    folded = fold(typed)
    words = tokens_of(folded) or ["".join(folded.split())]
    if any(is_cjk(word) for word in words) or (len(words) > 1 and legal_form(typed)):
        words = tokens_of(name_key(_LEGAL_END.sub("", folded.strip()) or folded)) or words
    if len(words) > 1:
        words = [word for word in words if word not in {"the", "and"}] or words
    # Letters closed up ("R U") may be the beginning of longer words ("R Us"): where there is more to go by, they are left out.
    written = folded.split()
    words = [word for word in words if is_cjk(word) or word in written] or words
    keys: list[str] = []
    for word in words:
        if is_cjk(word):
            pairs = [word[place : place + 2] for place in range(min(len(word) - 1, _MOST_PAIRS))]
            keys.extend(pairs or [word])
        elif word:
            keys.append(word[:LONGEST_PREFIX])
    return tuple(sorted(dict.fromkeys(keys), key=lambda key: (-2 if is_cjk(key) and len(key) > 1 else 0, -len(key))))


def query_key(typed: str) -> str:
    """The single most selective of :func:`query_keys`; empty when nothing visible was typed."""
    return next(iter(query_keys(typed)), "")
