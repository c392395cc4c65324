"""Owns who is who among customers: keys that are equal for one customer, and the verdict on two names.

The work is done by neighbours: ``identity_names`` (normalised name), ``identity_contacts`` (domain, phone, credit code),
``identity_search`` (near and type-ahead keys) and ``identity_compare`` (verdicts by name).
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.identity_compare import Comparison, Verdict, compare
from bot.domain.identity_contacts import credit_code_key, domain_key, phone_key
from bot.domain.identity_names import forms_conflict, legal_form, name_key
from bot.domain.identity_search import near_keys, pinyin_key, query_key, query_keys, search_keys
from bot.domain.identity_text import fold

__all__ = [
    "KEY_RULES",
    "STRONG",
    "Comparison",
    "CustomerFacts",
    "Key",
    "KeyKind",
    "Verdict",
    "compare",
    "compare_customers",
    "credit_code_key",
    "domain_key",
    "forms_conflict",
    "is_like_code",
    "keys_of",
    "legal_form",
    "name_key",
    "near_keys",
    "phone_key",
    "product_key",
    "query_key",
    "query_keys",
    "search_keys",
    "typed_key",
    "website_or_code",
]


KEY_RULES = 1
"""Version of the rules by which a name makes keys: raised by every change after which some name has others.

Keys in the record are of the rules they were made by, until ``closeloop identity rekey`` rewrites them.
"""


class KeyKind(StrEnum):
    """What a key was made of."""

    NAME = "name"
    DOMAIN = "domain"
    PHONE = "phone"
    CREDIT_CODE = "credit_code"
    PINYIN = "pinyin"


# Customers with an equal key of one of these kinds are the same; an equal pinyin only makes them possible.
STRONG = frozenset({KeyKind.NAME, KeyKind.DOMAIN, KeyKind.PHONE, KeyKind.CREDIT_CODE})


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a customer.

    Args:
        kind: What it was made of.
        value: Normalised text, such as ``acme.co.uk`` or ``+862112345678``.
    """

    kind: KeyKind
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """What is known of a customer, as it was typed.

    Args:
        name: The name.
        domain: A domain.
        email: A mail address there.
        website: A web address.
        phone: A telephone number.
        credit_code: Unified social credit code.
        country: ISO 3166 code, for telephone numbers without a country code.
    """

    name: str
    domain: str | None = None
    email: str | None = None
    website: str | None = None
    phone: str | None = None
    credit_code: str | None = None
    country: str | None = None


def keys_of(
    name: str,
    *,
    domain: str | None = None,
    email: str | None = None,
    website: str | None = None,
    phone: str | None = None,
    credit_code: str | None = None,
    country: str | None = None,
) -> frozenset[Key]:
    """All keys of a customer.

    Args:
        name: The name; always gives a key of kind NAME, and one of kind PINYIN when it has Chinese characters.
        domain: A domain; free-mail providers and shared platforms give no key.
        email: A mail address; only its domain counts.
        website: A web address.
        phone: A telephone number; an invalid one gives no key.
        credit_code: Unified social credit code; one with a wrong check digit gives no key.
        country: ISO 3166 code, for telephone numbers without a country code.
    """
    keys = {Key(KeyKind.NAME, name_key(name))}
    keys.update(Key(KeyKind.DOMAIN, value) for text in (domain, email, website) if (value := domain_key(text)))
    number, code, sound = phone_key(phone, country), credit_code_key(credit_code), pinyin_key(name)
    if number:
        keys.add(Key(KeyKind.PHONE, number))
    if code:
        keys.add(Key(KeyKind.CREDIT_CODE, code))
    if sound:
        keys.add(Key(KeyKind.PINYIN, sound))
    return frozenset(keys)


_CODE = re.compile(r"(?:[\s\-‐–]*[0-9A-Za-z]){18}[\s\-‐–]*")
_PHONE = re.compile(r"[+＋(（]?(?:[\s().（）\-/+]*\d){6,}[\s)）]*")


def product_key(product: str | None) -> str | None:
    """A product as it is compared: case, width, accents and spaces make no other one."""
    return " ".join(fold(product).split()) or None if product else None


def website_or_code(text: str) -> Key | None:
    """The key of a website or a unified social credit code, whichever was typed.

    Returns:
        None for what is neither, for a mail provider or a platform that many share, and for a code with a mistyped character.
    """
    code = credit_code_key(text)
    if code is not None:
        return Key(KeyKind.CREDIT_CODE, code)
    domain = None if "@" in text else domain_key(text)
    return Key(KeyKind.DOMAIN, domain) if domain is not None else None


def is_like_code(text: str) -> bool:
    """Say whether something was meant as a credit code: eighteen letters and digits, right or wrong."""
    return _CODE.fullmatch(text) is not None


def typed_key(typed: str, country: str | None = None) -> Key | None:
    """The strong key that a search is: a telephone number, a web or mail address, a credit code; None for names and words.

    Args:
        typed: As much as was typed.
        country: ISO 3166 code, for telephone numbers without a country code.
    """
    text = typed.strip()
    if _PHONE.fullmatch(text):
        number = phone_key(text, country)
        if number is not None:
            return Key(KeyKind.PHONE, number)
    if ("." in text or "@" in text) and len(text.split()) == 1:
        domain = domain_key(text)
        return Key(KeyKind.DOMAIN, domain) if domain is not None else None
    code = credit_code_key(text) if is_like_code(text) else None
    return Key(KeyKind.CREDIT_CODE, code) if code is not None else None


def compare_customers(a: CustomerFacts, b: CustomerFacts) -> Comparison:
    """The verdict on two customers: an equal strong key is the same customer, otherwise their names decide.

    Returns:
        ``deciding`` names the kinds of the equal keys, or the reasons of :func:`compare`. ``credit_code_differs`` is
        added when both have a valid code and the codes differ: a warning for the person who reads the verdict.
    """
    by_name = compare(a.name, b.name)
    ours, theirs = _other_keys(a), _other_keys(b)
    equal = tuple(sorted({key.kind.value for key in ours & theirs}))
    codes = [{key.value for key in keys if key.kind is KeyKind.CREDIT_CODE} for keys in (ours, theirs)]
    warning = ("credit_code_differs",) if all(codes) and codes[0] != codes[1] else ()
    if equal:
        name = by_name.deciding if by_name.verdict is Verdict.SAME else ()
        return Comparison(Verdict.SAME, (*equal, *name, *warning))
    return Comparison(by_name.verdict, (*by_name.deciding, *warning))


def _other_keys(facts: CustomerFacts) -> frozenset[Key]:
    keys = keys_of(
        facts.name,
        domain=facts.domain,
        email=facts.email,
        website=facts.website,
        phone=facts.phone,
        credit_code=facts.credit_code,
        country=facts.country,
    )
    return frozenset(key for key in keys if key.kind in STRONG and key.kind is not KeyKind.NAME)
