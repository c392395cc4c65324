"""Owns the keys that are not names: web and mail domain, telephone number, unified social credit code."""

import re
import unicodedata
from functools import lru_cache

from bot.domain.identity_data import mail_tables

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*:/*")
_LONGEST_DOMAIN = 253

# GB 32100-2015: 31 characters without I, O, S, V and Z; the weight of place i is 3**i modulo 31.
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_LENGTH = 18
_CREDIT_MODULUS = 31
_CREDIT_WEIGHTS = tuple(pow(3, place, _CREDIT_MODULUS) for place in range(_CREDIT_LENGTH - 1))


def domain_key(text: str | None) -> str | None:
    """The registered domain behind a domain, a web address or a mail address.

    Args:
        text: Such as ``https://www.acme.co.uk/about`` or ``Jo <jo@mail.acme.co.uk>``.

    Returns:
        Lower case in ASCII (``acme.co.uk``, ``xn--…``); ``None`` for what is no domain, a free-mail provider or a shared platform.
    """
    if not text:
        return None
    host = unicodedata.normalize("NFKC", text).strip().lower().rstrip(">")
    host = re.split(
        r"[/?#\s]",
        _SCHEME.sub("", host).rpartition("@")[2]
        if "@" in host.partition("/")[0] or "//" not in host
        else _SCHEME.sub("", host),
    )[0]
    host = re.sub(r":\d*$", "", host.rpartition("@")[2]).strip(".")
    return _registered(host)


@lru_cache(maxsize=4096)
def _registered(host: str) -> str | None:
    try:
        host = host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = host.split(".")
    if len(host) > _LONGEST_DOMAIN or len(labels) < 2 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):  # noqa: PLR2004 - a name and a top level
        return None
    tables = mail_tables()
    for start in range(len(labels)):
        tail = ".".join(labels[start:])
        if tail in tables.free or tail in tables.platform:
            return None
        if tail in tables.suffixes:
            return ".".join(labels[start - 1 :]) if start else None
    return ".".join(labels[-2:])


@lru_cache(maxsize=4096)
def phone_key(text: str | None, region: str | None = None) -> str | None:
    """A telephone number in E.164, such as ``+862112345678``.

    Args:
        text: As typed.
        region: ISO 3166 code for numbers without a country code, such as ``CN``.

    Returns:
        ``None`` for what is no valid number, or has no country code and no region.
    """
    if not text or not text.strip():
        return None
    import phonenumbers  # noqa: PLC0415 - its metadata is read when the first number comes

    try:
        number = phonenumbers.parse(unicodedata.normalize("NFKC", text), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    number.extension = None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def credit_code_key(text: str | None) -> str | None:
    """A Chinese unified social credit code (统一社会信用代码) whose check digit is right.

    Args:
        text: 18 characters, in any case and width, with or without spaces and hyphens.

    Returns:
        The 18 characters in upper case; ``None`` when length, alphabet or check digit (GB 32100-2015) is wrong.
    """
    if not text:
        return None
    code = re.sub(r"[\s\-‐–]", "", unicodedata.normalize("NFKC", text)).upper()
    if len(code) != _CREDIT_LENGTH or any(char not in _CREDIT_ALPHABET for char in code):
        return None
    total = sum(weight * _CREDIT_ALPHABET.index(char) for weight, char in zip(_CREDIT_WEIGHTS, code, strict=False))
    return code if _CREDIT_ALPHABET[-total % _CREDIT_MODULUS] == code[-1] else None
