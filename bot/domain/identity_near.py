"""Owns what makes two words or phrases near each other: typing slips, initials, short forms, pinyin."""

from functools import lru_cache

from rapidfuzz.distance import OSA

from bot.domain.identity_data import Role, lexicon
from bot.domain.identity_text import is_cjk, is_kana, pinyin_of

_SLIP_OF_ONE, _SUBSTITUTION, _SLIP_OF_TWO = 5, 6, 9
_KANA_SLIP = 5
_LONGEST_INITIALS = 6
_LONGEST_CJK_SHORT = 4

_KANA_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ", "m": "マミムメモ",
    "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワ   ヲ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_KANA_ODD = {"シ": "shi", "チ": "chi", "ツ": "tsu", "フ": "fu", "ジ": "ji", "ヂ": "ji", "ヅ": "zu", "ヲ": "o", "ン": "n", "ヴ": "vu"}
_KANA = {kana: row + vowel for row, text in _KANA_ROWS.items() for kana, vowel in zip(text, "aiueo", strict=False) if kana != " "} | _KANA_ODD
_SMALL_VOWEL = dict(zip("ァィゥェォ", "aiueo", strict=True))
_SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}


def is_slip(one: str, other: str) -> bool:
    """Whether two different words are one word with one or two letters mistyped.

    Short words and words that are both known to be others are not: every letter of them distinguishes.
    """
    if len(one) > len(other):
        one, other = other, one
    if is_cjk(one) or is_cjk(other):
        return is_kana(one) and is_kana(other) and len(other) >= _KANA_SLIP and OSA.distance(one, other, score_cutoff=1) <= 1
    if len(other) < _SLIP_OF_ONE or any(char.isdigit() for char in one + other):
        return False
    words = lexicon().latin
    if one in words and other in words:
        return False
    distance = OSA.distance(one, other, score_cutoff=2)
    if distance == 1:
        if len(one) < len(other):
            return one[0] == other[0] or len(other) > _SUBSTITUTION
        swapped = sorted(one) == sorted(other)
        return swapped or (len(other) >= _SUBSTITUTION and one[0] == other[0])
    return distance == 2 and len(other) >= _SLIP_OF_TWO and one[0] == other[0]  # noqa: PLR2004 - the two of "one or two letters"


def is_initials(short: str, words: tuple[str, ...]) -> bool:
    """Whether a word is made of the first letters of others, particles counted or not (``ibm``)."""
    if not 2 <= len(short) <= _LONGEST_INITIALS or not short.isalpha() or not short.isascii() or len(words) < 2:  # noqa: PLR2004 - two letters, two words
        return False
    heads = [word for word in words if word and not is_cjk(word)]
    known = lexicon().latin
    strong = [word for word in heads if not (word in known and known[word].role is Role.STOP)]
    return any("".join(word[0] for word in chosen) == short for chosen in (heads, strong)) and len(strong) > 1


def is_cjk_short(short: str, long: str) -> bool:
    """Whether a short Chinese name picks its characters, in order and from the first on, out of a long one (工行, 工商银行)."""
    if not 2 <= len(short) <= _LONGEST_CJK_SHORT or len(long) < len(short) + 2 or short[0] != long[0]:  # noqa: PLR2004 - at least two characters left out
        return False
    rest = iter(long)
    return not is_kana(short) and all(char in rest for char in short)


def is_alias(one: str, other: str) -> bool:
    """Whether two names are in one entry of the well-known short names."""
    table = lexicon().alias
    return not table.get(one, frozenset()).isdisjoint(table.get(other, frozenset()))


@lru_cache(maxsize=4096)
def latin_of(text: str) -> str:
    """A Chinese text in pinyin or a kana text in Hepburn letters, closed up; letters stay."""
    if is_kana(text):
        return romaji_of(text)
    return "".join(pinyin_of(text))


def romaji_of(text: str) -> str:
    """Kana in Hepburn letters, long vowels written once."""
    letters = ""
    double = False
    for char in text:
        katakana = chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char
        if katakana == "ッ":
            double = True
            continue
        if katakana in _SMALL_Y and letters.endswith("i"):
            letters = letters[:-1] + ("" if letters[:-1].endswith(("sh", "ch", "j")) else "y") + _SMALL_Y[katakana]
        elif katakana in _SMALL_VOWEL:
            letters = (letters[:-1] if letters[-1:] in "iueo" and letters else letters) + _SMALL_VOWEL[katakana]
        else:
            sound = _KANA.get(katakana, "")
            letters += (sound[:1] if double and sound else "") + sound
        double = False
    return letters


@lru_cache(maxsize=4096)
def sounds_alike(latin: str, kana: str) -> bool:
    """Whether a Latin word is how a kana word is written abroad (``sony``, ソニー), by its consonants and first vowel."""
    return len(kana) > 1 and _skeleton(latin) == _skeleton(romaji_of(kana)) != ""


def _skeleton(word: str) -> str:
    word = word.replace("ph", "f").replace("sh", "s").replace("ch", "t").replace("ts", "t").replace("th", "t").replace("ck", "k")
    word = word.translate(str.maketrans({"l": "r", "v": "b", "c": "k", "q": "k", "x": "k", "z": "s", "j": "s", "y": "i", "f": "h"}))
    text = ""
    for place, char in enumerate(word):
        if (char not in "aeiou" or place == 0) and text[-1:] != char:
            text += char
    return text
