"""Owns the reading of amounts as people type them, in English and Chinese; no floats anywhere."""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

_UNITS = {
    "k": 1_000, "千": 1_000, "m": 1_000_000, "mio": 1_000_000, "million": 1_000_000, "百万": 1_000_000, "w": 10_000, "万": 10_000,
    "萬": 10_000, "千万": 10_000_000, "十万": 100_000, "亿": 100_000_000, "億": 100_000_000, "bn": 1_000_000_000, "b": 1_000_000_000,
    "thousand": 1_000, "": 1,
}  # fmt: skip
_CURRENCIES = {
    "$": "USD", "us$": "USD", "usd": "USD", "€": "EUR", "eur": "EUR", "£": "GBP", "gbp": "GBP", "¥": "CNY", "rmb": "CNY", "cny": "CNY",
    "元": "CNY", "人民币": "CNY", "块": "CNY", "chf": "CHF", "jpy": "JPY", "円": "JPY", "日元": "JPY", "hkd": "HKD", "hk$": "HKD", "港币": "HKD",
    "美元": "USD", "美金": "USD", "欧元": "EUR", "inr": "INR", "₹": "INR", "sgd": "SGD", "aud": "AUD", "cad": "CAD",
}  # fmt: skip
_NO_CENTS = frozenset({"JPY", "KRW", "VND", "CLP"})
_MOST = 10**15

_WORDS = "|".join(sorted((re.escape(one) for one in _CURRENCIES), key=len, reverse=True))
_UNIT_WORDS = "|".join(sorted((re.escape(one) for one in _UNITS if one), key=len, reverse=True))
_AMOUNT = re.compile(
    rf"^(?P<before>{_WORDS})?\s*(?P<number>\d[\d.,' ]*)\s*(?P<unit>{_UNIT_WORDS})?\s*(?P<after>{_WORDS})?$"
)


def minor_digits(currency: str) -> int:
    """Return how many digits the currency's smallest unit has."""
    return 0 if currency in _NO_CENTS else 2


def read_amount(text: str, currency: str) -> tuple[int, str]:
    """Read an amount such as ``12,000``, ``50k``, ``€1.5m`` or ``1.2万``.

    Args:
        text: What was typed.
        currency: The team's ISO 4217 code, for amounts that name none.

    Returns:
        The amount in the smallest unit, and its currency.

    Raises:
        ValueError: It is not an amount, or beyond any sale.
    """
    match = _AMOUNT.match(unicodedata.normalize("NFKC", text).strip().lower())
    if match is None:
        raise ValueError(text)
    named = match["before"] or match["after"]
    code = _CURRENCIES[named] if named else currency
    # A yen sign means the team's own currency where that one is written with it too.
    if named == "¥" and currency in {"JPY", "CNY"}:
        code = currency
    try:
        number = Decimal(_plain(match["number"], has_unit=bool(match["unit"])))
    except InvalidOperation as error:
        raise ValueError(text) from error
    minor = number * _UNITS[match["unit"] or ""] * 10 ** minor_digits(code)
    if minor > _MOST:
        raise ValueError(text)
    return int(minor.to_integral_value()), code


def _plain(number: str, *, has_unit: bool) -> str:
    """Take group separators out: the last of ``.`` and ``,`` is decimal unless exactly three digits follow it."""
    number = number.strip().replace(" ", "").replace("'", "")
    at = max(number.rfind("."), number.rfind(","))
    if at < 0:
        return number
    sign, tail = number[at], number[at + 1 :]
    is_group = len(tail) == 3 and (sign == "," or number.count(".") > 1) and not (has_unit and sign == ".")  # noqa: PLR2004 - thousands
    whole = number[:at].replace(".", "").replace(",", "")
    return whole + tail if is_group else f"{whole}.{tail or 0}"
