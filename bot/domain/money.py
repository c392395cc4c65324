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

_SEPARATORS = re.compile(r"[.,' ]")
# Groups of three, or of two before a last one of three as in India; one kind of separator throughout, then decimals.
_GROUPED = re.compile(r"^[1-9]\d{0,2}(?:(?P<by>[.,' ])(?:\d{2,3}(?P=by))*\d{3})(?:(?!(?P=by))[.,]\d{0,2})?$")
_ONE_POINT = re.compile(r"^\d+\.\d{3}$")
_SIMPLE = re.compile(r"^\d+(?:[.,]\d*)?$")
_DECIMALS = 2


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
    if match["after"] and _CURRENCIES[match["after"]] != code:
        raise ValueError(text)
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
    """Take group separators out of a number.

    A single ``,`` or ``.`` before exactly three digits groups thousands, since no amount has three decimals; before a unit
    (``1.234m``) a point is decimal.

    Raises:
        ValueError: The separators make no sense.
    """
    number = number.strip()
    if _GROUPED.match(number) and not (has_unit and _ONE_POINT.match(number)):
        at = max(number.rfind("."), number.rfind(","))
        first = next(sign for sign in number if not sign.isdigit())
        has_decimals = at >= 0 and number[at] != first
        whole, decimals = (number[:at], number[at + 1 :]) if has_decimals else (number, "")
        return f"{_SEPARATORS.sub('', whole)}.{decimals or 0}"
    if not _SIMPLE.match(number):
        raise ValueError(number)
    whole, _, decimals = number.replace(",", ".").partition(".")
    if len(decimals) > _DECIMALS and not has_unit and int(whole):
        raise ValueError(number)
    return f"{whole}.{decimals or 0}"
