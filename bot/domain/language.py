"""Owns which language a lead's own words are in, and what people call a language."""

import re
import unicodedata
from collections import Counter

_NAMES = {
    "zh": ("chinese", "mandarin", "中文", "汉语", "普通话", "国语"),
    "en": ("english", "英语", "英文"),
    "ja": ("japanese", "日语", "日文", "日本語"),
    "ko": ("korean", "韩语", "韩文", "한국어"),
    "ru": ("russian", "俄语", "俄文", "русский"),
    "ar": ("arabic", "阿拉伯语", "العربية"),
    "th": ("thai", "泰语", "ไทย"),
    "hi": ("hindi", "印地语", "हिन्दी"),
    "de": ("german", "德语", "德文", "deutsch"),
    "fr": ("french", "法语", "法文", "français"),
    "es": ("spanish", "西班牙语", "español"),
    "pt": ("portuguese", "葡萄牙语", "português"),
}
"""Languages that can be recognised, by ISO 639-1 code, with the names people type for them."""

LANGUAGES = frozenset(_NAMES)

_CODES = {name: code for code, names in _NAMES.items() for name in (code, *names)}
_SCRIPTS = {
    "CJK": "han",
    "HIRAGANA": "kana",
    "KATAKANA": "kana",
    "HANGUL": "ko",
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "THAI": "th",
    "DEVANAGARI": "hi",
    "LATIN": "latin",
}
# A Chinese character says about as much as three Latin letters.
_WEIGHT = {"han": 3, "kana": 3, "ko": 2}
# Little words that stand in almost every sentence of one language and in few of another.
_LITTLE = {
    "de": {"und", "der", "die", "das", "für", "mit", "wir", "nicht", "ist", "ein", "eine", "von", "bitte", "brauchen"},
    "fr": {"le", "la", "les", "des", "et", "pour", "nous", "avec", "une", "est", "dans", "sur", "besoin", "devis"},
    "es": {"el", "los", "las", "y", "para", "con", "una", "necesitamos", "nos", "del", "por", "que", "presupuesto"},
    "pt": {"os", "uma", "para", "com", "nós", "não", "precisamos", "do", "da", "em", "orçamento"},
}
_ENOUGH = 2
_WORD = re.compile(r"[^\W\d_]+")


def language_of(*texts: str | None) -> str | None:
    """Return the language that most of the words are in.

    The script decides; among languages of Latin letters the little words do, and English is what remains. The same
    texts always give the same answer.

    Args:
        texts: What was written, such as need, customer and contact; None where there is nothing.

    Returns:
        An ISO 639-1 code such as ``zh``; None where there is not a letter.
    """
    text = unicodedata.normalize("NFKC", " ".join(one for one in texts if one))
    seen: Counter[str] = Counter()
    for letter in text:
        script = _script(letter)
        if script is not None:
            seen[script] += _WEIGHT.get(script, 1)
    if seen["kana"]:
        seen["ja"] = seen.pop("kana") + seen.pop("han", 0)
    if not seen:
        return None
    script = min(seen, key=lambda name: (-seen[name], name))
    return {"han": "zh"}.get(script, script) if script != "latin" else _latin(text)


def language_code(text: str) -> str | None:
    """Return the code of a language as people write it: ``zh``, ``zh-CN``, ``Chinese`` or ``中文``; None if unknown."""
    wanted = unicodedata.normalize("NFKC", text).strip().casefold()
    return _CODES.get(wanted) or _CODES.get(re.split(r"[-_]", wanted, maxsplit=1)[0])


def _script(letter: str) -> str | None:
    if letter.isascii():
        return "latin" if letter.isalpha() else None
    if not letter.isalpha():
        return None
    return _SCRIPTS.get(unicodedata.name(letter, "").split(" ", 1)[0])


def _latin(text: str) -> str:
    words = {word.casefold() for word in _WORD.findall(text)}
    hits = {code: len(words & little) for code, little in _LITTLE.items()}
    best = min(hits, key=lambda code: (-hits[code], code))
    return best if hits[best] >= _ENOUGH else "en"
