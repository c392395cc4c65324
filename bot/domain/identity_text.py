"""Owns how text of any script becomes comparable: width, case, accents, invisible characters, traditional and simplified."""

import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files

CJK = r"\u3005-\u3007\u3021-\u3029\u3040-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TOKEN = re.compile(rf"[{CJK}]+|(?:(?![{CJK}])[^\W_]|[\u0900-\u109f])+")
_CJK_ONLY = re.compile(rf"[{CJK}]+")
_KANA_ONLY = re.compile(r"[\u3040-\u30ff]+")
_AFTER_INITIAL = re.compile(r"(?<![^\W_])([^\W\d_])\.(?=[^\W_])")
_SHARP = re.compile(r"(?<=[^\W\d_])#(?![^\W_])")
_PLUS_BETWEEN = re.compile(r"(?<=[^\W_])\s*\+\s*(?=[^\W_])")

# Marks of ownership are decoration; apostrophes join ("McDonald's", "L'Oréal"); what NFKC would turn into letters or spaces goes first.
_BEFORE = str.maketrans(dict.fromkeys("™℠®©'’‘`´ʼ′ʹ＇", ""))
_SPECIAL = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ŧ": "t",
        "ħ": "h",
        "&": " and ",
        "'": "",
    }
)
# Characters that count as letters or marks and are seen by nobody.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u3164\uffa0\u2800")
_FIRST_ACCENT, _LAST_ACCENT = "\u0300", "\u036f"
_FIRST_SELECTOR, _LAST_SELECTOR = "\ufe00", "\ufe0f"

# Japanese forms that are words of their own in Chinese stay as they are.
_NOT_VARIANTS = frozenset("欠缶予弁")
# Where names keep what dictionaries simplify: 乾坤 is not 干坤, and 鉅 is 钜 in names. Rare second forms follow the usual ones.
_IN_NAMES = {"乾": "乾", "鉅": "钜", "锺": "钟", "馀": "余", "缐": "线", "讬": "托", "谘": "咨"}
_CONJUNCTIONS = frozenset({"and", "und", "et", "y", "e", "og", "och"})


@cache
def _simplified() -> dict[int, str]:
    """Character table, traditional and Japanese to simplified.

    Characters and not phrases: a character must fold alike wherever it stands, or moving a city would change the rest.
    """
    from opencc import OpenCC  # noqa: PLC0415 - its dictionaries are read when the first Chinese name comes

    to_simplified = OpenCC("t2s")
    to_simplified.convert("")
    table = {
        key: value
        for _, _, entries in to_simplified.dict_cache.values()
        for key, value in entries.items()
        if len(key) == 1
    }
    # Of several simplified characters the first is the usual one ("钟 锺"); a character may be its own (覆).
    single = {key: value.split(" ")[0] for key, value in table.items()} | _IN_NAMES
    single = {key: value for key, value in single.items() if len(value) == 1}
    known = set(single.values())
    variants = files("opencc").joinpath("dictionary/JPVariants.txt").read_text(encoding="utf-8")
    for line in variants.splitlines():
        old, _, modern = line.partition("\t")
        if len(modern) == 1 and modern not in known and modern not in single and modern not in _NOT_VARIANTS:
            single[modern] = single.get(old, old)
    # Old and printed forms that neither table has.
    single |= dict(zip("髙﨑濵邉邊辺徳黒呉戸歩澁眞芸蕓", "高崎滨边边边德黑吴户步涩真艺艺", strict=True))
    return {ord(key): value for key, value in single.items() if key != value}


class _Visible(dict[int, str]):
    """A table for ``str.translate`` that drops what nobody sees and makes every kind of space one; filled as characters come."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        category = unicodedata.category(char)
        mark = _FIRST_ACCENT <= char <= _LAST_ACCENT or _FIRST_SELECTOR <= char <= _LAST_SELECTOR
        unseen = mark or char in _UNSEEN or category == "Cf"
        self[code] = "" if unseen else " " if category[0] in "CZ" else char
        return self[code]


_VISIBLE = _Visible()


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Fold case, width, accents, invisible characters, traditional characters, ``&`` and dots of abbreviations.

    Brackets and other punctuation stay, because brackets have a meaning for names.
    """
    if text.isascii():
        text = text.lower().replace("'", "").replace("`", "")
        text = text if text.isprintable() else text.translate(_VISIBLE)
    else:
        # Twice: what one step reveals (a capital with a dot, a compatibility letter) the next must still fold.
        for _ in range(2):
            text = unicodedata.normalize("NFKC", text.translate(_BEFORE)).casefold()
            text = unicodedata.normalize("NFD", text).translate(_VISIBLE)
            text = unicodedata.normalize("NFC", text).translate(_SPECIAL)
        if _CJK_ONLY.search(text):
            text = text.translate(_simplified())
    if "&" in text:
        text = text.replace("&amp;", "&").replace("&", " and ")
    if "#" in text:
        text = _SHARP.sub(" sharp ", text)
    if "+" in text:
        text = _PLUS_BETWEEN.sub(" and ", text).replace("+", " plus ")
    return _AFTER_INITIAL.sub(r"\1", text) if "." in text else text


def is_cjk(token: str) -> bool:
    """Whether a token of :func:`tokens_of` is written in Chinese characters or kana."""
    return _CJK_ONLY.match(token) is not None


def is_kana(token: str) -> bool:
    """Whether a token is written in kana alone."""
    return _KANA_ONLY.fullmatch(token) is not None


def tokens_of(folded: str) -> list[str]:
    """Words and Chinese runs of a folded text, in order.

    Initials that stand one by one become one word (``j p`` as ``jp``), neighbouring Chinese runs one run, and the
    words for "and" between two words become ``and``.
    """
    raw = _TOKEN.findall(folded)
    last = len(raw) - 1
    words = [
        "and" if 0 < place < last and word in _CONJUNCTIONS and _joins(raw, place) else word
        for place, word in enumerate(raw)
    ]
    merged: list[str] = []
    initials = False
    for word in words:
        single = len(word) == 1 and word.isalpha() and not is_cjk(word)
        if merged and ((initials and single) or (is_cjk(word) and is_cjk(merged[-1]))):
            merged[-1] += word
        else:
            merged.append(word)
        initials = single
    return merged


def _joins(words: list[str], place: int) -> bool:
    """Whether a short word at this place stands between two names, and is not one initial among others."""
    return len(words[place]) > 1 or min(len(words[place - 1]), len(words[place + 1])) > 1


def joined(tokens: list[str] | tuple[str, ...]) -> str:
    """One line of tokens: a space between two words, none beside Chinese."""
    text = ""
    chinese = True
    for token in tokens:
        now = is_cjk(token)
        text += token if chinese or now else f" {token}"
        chinese = now
    return text


@lru_cache(maxsize=16384)
def pinyin_of(text: str) -> tuple[str, ...]:
    """Syllables of a Chinese text without tones, such as ``("hua", "wei")``; kana and letters stay as they are."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - its dictionaries take a fifth of a second, paid by the first Chinese name

    return tuple(part.replace("ü", "v") for part in lazy_pinyin(text))
