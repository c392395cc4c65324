"""Owns what the setup form offers: time zones, countries, currencies and languages, and which of them go together."""

from functools import lru_cache

import holidays
from babel import Locale
from holidays import list_supported_countries

from bot.clock import zones
from bot.i18n import Translator
from bot.services.calendars import place_of
from bot.views import elements
from bot.views.elements import Option

LANGUAGES = (("en-US", "English"), ("zh-CN", "简体中文"))
_CURRENCIES = (
    "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "SGD", "KRW", "INR", "AUD", "CAD", "NZD", "CHF", "SEK", "NOK", "DKK", "PLN",
    "CZK", "HUF", "RON", "TRY", "ILS", "AED", "SAR", "ZAR", "EGP", "NGN", "KES", "BRL", "MXN", "ARS", "CLP", "COP", "THB", "VND",
    "IDR", "MYR", "PHP", "PKR", "BDT", "UAH", "KZT",
)  # fmt: skip
_COUNTRY_CURRENCIES = {
    "CN": "CNY", "HK": "HKD", "TW": "TWD", "SG": "SGD", "JP": "JPY", "KR": "KRW", "IN": "INR", "AE": "AED", "AU": "AUD", "GB": "GBP",
    "DE": "EUR", "FR": "EUR", "ES": "EUR", "IT": "EUR", "NL": "EUR", "CH": "CHF", "US": "USD", "CA": "CAD", "BR": "BRL", "MX": "MXN",
}  # fmt: skip
# Names without a place are leftovers of other systems, and Etc/GMT+8 is eight hours behind: neither is offered.
_ODD_ZONES = ("Etc/", "SystemV/", "US/", "Canada/", "Mexico/", "Chile/", "Brazil/")


def zone_options(typed: str) -> list[Option]:
    """Return the zones whose name has what was typed, such as ``shang``; places that begin with it first."""
    wanted = typed.strip().casefold().replace(" ", "_")
    found = [zone for zone in _zones() if wanted in zone.casefold()]
    found.sort(key=lambda zone: (not zone.casefold().split("/")[-1].startswith(wanted), zone))
    return [elements.option(zone, zone) for zone in found[: elements.OPTIONS]]


def country_options(t: Translator, typed: str) -> list[Option]:
    """Return the countries whose name or code has what was typed, in the reader's language, and then parts of countries."""
    wanted = typed.strip().casefold()
    names = _countries(t.locale)
    found = [code for code, name in names.items() if wanted in name.casefold() or wanted == code.casefold()]
    found.sort(key=lambda code: (wanted != code.casefold(), not names[code].casefold().startswith(wanted), names[code]))
    if wanted:
        # The parts of a country that is found come after those that are meant themselves.
        named = {code for code in found if wanted in {code.casefold(), names[code].casefold()}}
        within = named or set(found if len(found) == 1 else ())
        parts = [
            (code[:2] not in within, not any(one.casefold().startswith(wanted) for one in (code, *called)), code)
            for code, called in _parts().items()
            if code[:2] in within or any(wanted in one.casefold() for one in (code, *called))
        ]
        found += [code for *_, code in sorted(parts)]
    return [one for code in found[: elements.OPTIONS] if (one := country_option(t, code)) is not None]


def country_option(t: Translator, code: str | None) -> Option | None:
    """Return the option of one country, or of a part such as ``DE-BY``; None where there is no such one."""
    nation, region = place_of(code)
    name = _countries(t.locale).get(nation or "")
    if code is None or name is None:
        return None
    if region is None:
        return elements.option(f"{name} ({code})", code)
    called = _parts().get(code)
    return elements.option(f"{name} · {called[0]} ({code})", code) if called else None


def currency_options(t: Translator) -> list[Option]:
    """Return the currencies by code and name."""
    names = Locale.parse(t.locale.replace("-", "_")).currencies
    return [elements.option(f"{code} · {names.get(code, code)}", code) for code in _CURRENCIES]


def currency_of(country: str | None) -> str:
    """Return the currency to propose for a country, or a part of it."""
    return _COUNTRY_CURRENCIES.get(place_of(country)[0] or "", "USD")


@lru_cache
def _zones() -> tuple[str, ...]:
    return ("UTC", *sorted(zone for zone in zones() if "/" in zone and not zone.startswith(_ODD_ZONES)))


@lru_cache
def _countries(locale: str) -> dict[str, str]:
    names = Locale.parse(locale.replace("-", "_")).territories
    return {code: names[code] for code in list_supported_countries() if code in names}


@lru_cache
def _parts() -> dict[str, tuple[str, ...]]:
    """Return the parts of countries that have holidays of their own, such as ``DE-BY``, each with what it is called there.

    babel has no names of them in the reader's language; those in the country's own, or the code, are in the holidays.
    """
    found = {}
    for nation, regions in list_supported_countries(include_aliases=False).items():
        aliases = getattr(getattr(holidays, nation), "subdivisions_aliases", {})
        for region in regions:
            found[f"{nation}-{region}"] = tuple(name for name, code in aliases.items() if code == region) or (region,)
    return found
