"""Owns the names of languages that members type: codes such as ``zh``, or names in English and Chinese."""

from collections.abc import Iterable
from functools import cache

from babel import Locale

_SPOKEN = {"mandarin": "zh", "cantonese": "yue", "普通话": "zh", "国语": "zh", "汉语": "zh", "华语": "zh", "粤语": "yue", "广东话": "yue"}  # fmt: skip
_CODE_MOST = 3


def codes_of(texts: Iterable[str]) -> tuple[str, ...] | None:
    """Return the codes of languages, each once, in their order; None where one of them is no language.

    Args:
        texts: Such as ``zh``, ``en-GB``, ``German`` or ``日语``.
    """
    found: dict[str, None] = {}
    for text in texts:
        code = _names().get(text.strip().casefold().replace("_", "-").split("-")[0]) or _names().get(text.casefold())
        if code is None:
            return None
        found[code] = None
    return tuple(found)


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for locale in ("zh_CN", "en"):
        for code, name in Locale.parse(locale).languages.items():
            if len(code) <= _CODE_MOST and code.isalpha():
                names[name.casefold()] = names[code] = code
    return names | _SPOKEN
