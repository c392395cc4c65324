"""Owns what makes two words or phrases near each other: typing slips, initials, short forms, pinyin."""

from functools import lru_cache

from rapidfuzz.distance import OSA, Hamming

from bot.domain.identity_data import Role, lexicon
from bot.domain.identity_text import is_cjk, is_kana, pinyin_of

_SLIP_OF_ONE, _SUBSTITUTION, _SLIP_OF_TWO, _SLIPS_IN_PLACE = 5, 6, 9, 12
# Letters taken for each other: neighbours on the keyboard, vowels, and consonants that sound alike.
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "qaz", "wsx", "edc", "rfv", "tgb", "yhn", "ujm", "aeiouy")
_ALIKE = (
    "sz",
    "ck",
    "cs",
    "mn",
    "dt",
    "bp",
    "vw",
    "fv",
    "gj",
    "lr",
    "gk",
    "kq",
    "il",
    "yi",
    "td",
    "ei",
    "ou",
    "eo",
    "au",
    "ai",
    "ao",
    "eu",
    "uv",
)
_LIKELY = frozenset(frozenset(row[place : place + 2]) for row in _ROWS for place in range(len(row) - 1)) | frozenset(
    map(frozenset, _ALIKE)
)
_KANA_SLIP = 5
_LONGEST_INITIALS = 6
_LOOSE_INITIALS = 4
_SHORTEST_CJK_SHORT, _LONGEST_CJK_SHORT = 2, 4

_KANA_ROWS = {
    "": "アイウエオ", "k": "カキクケコ", "s": "サシスセソ", "t": "タチツテト", "n": "ナニヌネノ", "h": "ハヒフヘホ", "m": "マミムメモ",
    "y": "ヤ ユ ヨ", "r": "ラリルレロ", "w": "ワ   ヲ", "g": "ガギグゲゴ", "z": "ザジズゼゾ", "d": "ダヂヅデド", "b": "バビブベボ", "p": "パピプペポ",
}  # fmt: skip
_KANA_ODD = {
    "シ": "shi",
    "チ": "chi",
    "ツ": "tsu",
    "フ": "fu",
    "ジ": "ji",
    "ヂ": "ji",
    "ヅ": "zu",
    "ヲ": "o",
    "ン": "n",
    "ヴ": "vu",
}
_KANA = {
    kana: row + vowel
    for row, text in _KANA_ROWS.items()
    for kana, vowel in zip(text, "aiueo", strict=False)
    if kana != " "
} | _KANA_ODD
_SMALL_VOWEL = dict(zip("ァィゥェォ", "aiueo", strict=True))
_SMALL_Y = {"ャ": "a", "ュ": "u", "ョ": "o"}

# Latin spellings that kana do not tell apart, the pairs of letters first.
_SOUNDS = tuple(
    zip(
        ["ph", "sh", "ch", "ts", "th", "ck", "l", "v", "c", "q", "x", "z", "j", "y", "f"],
        ["f", "s", "t", "t", "t", "k", "r", "b", "k", "k", "k", "s", "s", "i", "h"],
        strict=True,
    )
)


def is_slip(one: str, other: str) -> bool:
    """Whether two different words are one word with one or two letters mistyped.

    Short words and words that are both known to be others are not: every letter of them distinguishes.
    """
    if len(one) > len(other):
        one, other = other, one
    if is_cjk(one) or is_cjk(other):
        return (
            is_kana(one)
            and is_kana(other)
            and len(other) >= _KANA_SLIP
            and OSA.distance(one, other, score_cutoff=1) <= 1
        )
    if any(char.isdigit() for char in one + other) or (one in lexicon().real and other in lexicon().real):
        return False
    if without_umlauts(one) == without_umlauts(other):
        return True
    if len(other) < _SLIP_OF_ONE:
        return False
    distance = OSA.distance(one, other, score_cutoff=2)
    if distance == 1:
        return _is_slip_of_one(one, other)
    # Two letters put in place of two others are another word more often than two slips.
    few = len(one) == len(other) and Hamming.distance(one, other) == 2 and len(other) < _SLIPS_IN_PLACE  # noqa: PLR2004 - two letters
    return distance == 2 and len(other) >= _SLIP_OF_TWO and one[0] == other[0] and not few  # noqa: PLR2004 - two letters


def _is_slip_of_one(one: str, other: str) -> bool:
    if len(one) < len(other):
        return one[0] == other[0] or len(other) > _SUBSTITUTION
    place = next(place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b)
    if sorted(one) == sorted(other):
        return True
    likely = frozenset((one[place], other[place])) in _LIKELY
    return (likely and place > 0 and len(other) >= _SUBSTITUTION) or (
        len(other) >= _SLIP_OF_TWO and (place > 0 or likely)
    )


def without_umlauts(word: str) -> str:
    """A word with ae, oe and ue as German keyboards without umlauts do not mean them."""
    return word.replace("ae", "a").replace("oe", "o").replace("ue", "u")


def may_be_initials(word: str) -> bool:
    """Whether a word is as short as initials are, and of plain letters."""
    return 2 <= len(word) <= _LONGEST_INITIALS and word.isalpha() and word.isascii()  # noqa: PLR2004 - two letters


def is_initials(short: str, words: tuple[str, ...]) -> bool:
    """Whether a word is made of the first letters of others, particles counted or not (``ibm``)."""
    if not may_be_initials(short) or len(words) < 2:  # noqa: PLR2004 - two words
        return False
    heads = [word for word in words if word and not is_cjk(word)]
    known = lexicon().latin
    strong = [word for word in heads if not (word in known and known[word].role is Role.STOP)]
    initials = ["".join(word[0] for word in chosen) for chosen in (heads, strong)]
    if len(strong) < 2:  # noqa: PLR2004 - initials of one word are no abbreviation
        return False
    # One word may go without its letter in a longer abbreviation, as "fer" does in SNCF.
    return short in initials or (
        len(short) >= _LOOSE_INITIALS and any(_lacks_one(short, letters) for letters in initials)
    )


def _lacks_one(short: str, letters: str) -> bool:
    rest = iter(letters)
    return len(letters) == len(short) + 1 and letters[0] == short[0] and all(char in rest for char in short)


def is_cjk_short(short: str, long: str, place: str = "") -> bool:
    """Whether a short Chinese name picks its characters, in order and from the first on, out of a long one (工行, 工商银行).

    Args:
        short: Two to four characters.
        long: At least two more, or one more when it begins with a place that the short name has one character of (中移动).
        place: The place that the long name begins with, if any.
    """
    fits = _SHORTEST_CJK_SHORT <= len(short) <= _LONGEST_CJK_SHORT and not is_kana(short)
    if not fits or not long or short[0] != long[0] or long.startswith(short):
        return False
    if place and long.startswith(place) and short[1:] == long[len(place) :]:
        return True
    rest = iter(long)
    return len(long) >= len(short) + 2 and all(char in rest for char in short)


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


def katakana(text: str) -> str:
    """Text with hiragana as katakana."""
    return "".join(chr(ord(char) + 0x60) if "ぁ" <= char <= "ゖ" else char for char in text)


def romaji_of(text: str) -> str:
    """Kana in Hepburn letters, long vowels written once."""
    letters = ""
    double = False
    for char in katakana(text):
        if char == "ッ":
            double = True
            continue
        if char in _SMALL_Y and letters.endswith("i"):
            letters = letters[:-1] + ("" if letters[:-1].endswith(("sh", "ch", "j")) else "y") + _SMALL_Y[char]
        elif char in _SMALL_VOWEL:
            letters = (letters[:-1] if letters.endswith(("i", "u", "e", "o")) else letters) + _SMALL_VOWEL[char]
        else:
            sound = _KANA.get(char, "")
            letters += (sound[:1] if double and sound else "") + sound
        double = False
    return letters


@lru_cache(maxsize=4096)
def sounds_alike(latin: str, kana: str) -> bool:
    """Whether a Latin word is how a kana word is written abroad (``sony``, ソニー), by its consonants and first vowel."""
    return len(kana) > 1 and _skeleton(latin) == _skeleton(romaji_of(kana)) != ""


def _skeleton(word: str) -> str:
    for pair, letter in _SOUNDS:
        word = word.replace(pair, letter)
    text = ""
    for place, char in enumerate(word):
        if (char not in "aeiou" or place == 0) and text[-1:] != char:
            text += char
    return text
