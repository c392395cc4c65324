"""Owns the rules of assignment: which leads a rule is about, and what is wrong with one that cannot work."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.domain.language import LANGUAGES, language_code
from bot.domain.money import read_amount

FIELDS = ("region", "industry", "product", "source", "language", "amount")
"""What a rule may look at."""

_AMOUNT = re.compile(r"^\s*(?P<sign>>=|<=|≥|≤|>|<|=)\s*(?P<number>.+)$")
_SIGNS = {"≥": ">=", "≤": "<="}
_PARTS = re.compile(r"[,，、;；/]")


class RuleLike(Protocol):
    """A rule, as the playbook holds it."""

    @property
    def field(self) -> str:
        """What it looks at, such as ``region``."""
        ...

    @property
    def value(self) -> str:
        """What must stand there; for ``amount`` a comparison such as ``>= 50000``."""
        ...

    @property
    def members(self) -> tuple[str, ...]:
        """Slack ids of who comes first."""
        ...


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as the choice sees it.

    ``language`` is a code such as ``zh``; ``amount_minor`` is in ``currency``; ``team_currency`` is the playbook's, in
    which rules state amounts.
    """

    region: str | None = None
    industry: str | None = None
    product: str | None = None
    source: str | None = None
    language: str | None = None
    amount_minor: int | None = None
    currency: str = "USD"
    team_currency: str = "USD"


def fits(rule: RuleLike, lead: Lead) -> bool:
    """Say whether a lead is one of those that a rule is about.

    Texts are compared without regard to case, width and the space around them, a region also part by part. An amount in
    another currency than the playbook's fits no rule: nothing is converted.
    """
    if rule.field == "amount":
        return _fits_amount(rule.value, lead)
    if rule.field == "language":
        return lead.language is not None and language_code(rule.value) == lead.language
    found = getattr(lead, rule.field) if rule.field in FIELDS else None
    if not found:
        return False
    return same_region(rule.value, found) if rule.field == "region" else _plain(rule.value) == _plain(found)


def same_region(territory: str, region: str) -> bool:
    """Say whether a lead's region is a territory, or names it among others: ``East China / Shanghai`` is both."""
    wanted = _plain(territory)
    return wanted in {_plain(region), *(_plain(part) for part in _PARTS.split(region))} - {""}


def rule_faults(rules: Sequence[RuleLike], currency: str) -> Iterator[str]:
    """Yield what is wrong with rules, one sentence each, with the place of the rule counted from 0."""
    for index, rule in enumerate(rules):
        where = f"rules.{index}"
        if rule.field not in FIELDS:
            yield f"{where}: field must be one of {', '.join(FIELDS)}, not {rule.field}"
        elif not rule.value.strip():
            yield f"{where}: value is empty"
        elif rule.field == "language" and language_code(rule.value) is None:
            yield f"{where}: language must be one of {', '.join(sorted(LANGUAGES))}, not {rule.value}"
        elif rule.field == "amount":
            yield from _amount_faults(where, rule.value, currency)
        if not rule.members:
            yield f"{where}: members is empty: give the Slack ids of those who come first, such as U012AB3CD"


def _amount_faults(where: str, value: str, currency: str) -> Iterator[str]:
    try:
        _, _, named = _read(value, currency)
    except ValueError:
        yield f"{where}: amount must be a comparison such as >= 50000 or < 1000, not {value}"
        return
    if named != currency:
        yield f"{where}: amount must be in the playbook's currency, {currency}; nothing is converted"


def _fits_amount(value: str, lead: Lead) -> bool:
    if lead.amount_minor is None or lead.currency != lead.team_currency:
        return False
    try:
        sign, limit, _ = _read(value, lead.team_currency)
    except ValueError:
        return False
    amount = lead.amount_minor
    return {">=": amount >= limit, "<=": amount <= limit, ">": amount > limit, "<": amount < limit}.get(
        sign, amount == limit
    )


def _read(value: str, currency: str) -> tuple[str, int, str]:
    """Return sign, amount in minor units and its currency.

    Raises:
        ValueError: It is not a comparison with an amount.
    """
    match = _AMOUNT.match(unicodedata.normalize("NFKC", value))
    if match is None:
        raise ValueError(value)
    minor, named = read_amount(match["number"], currency)
    return _SIGNS.get(match["sign"], match["sign"]), minor, named


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
