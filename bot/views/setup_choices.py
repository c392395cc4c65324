"""Owns what the setup form offers: time zones, countries, currencies and languages, and which of them go together."""

from functools import lru_cache

from babel import Locale
from holidays import list_supported_countries

from bot.clock import zones
from bot.i18n import Translator
from bot.views import elements
from bot.views.elements import Option

LANGUAGES = (("en-US", "English"), ("zh-CN", "简体中文"))
_CURRENCIES = (
    "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "SGD", "KRW", "INR", "AUD", "CAD", "NZD", "CHF", "SEK", "NOK", "DKK", "PLN",
    "CZK", "HUF", "RON", "TRY", "ILS", "AED", "SAR", "ZAR", "EGP", "NGN", "KES", "BRL", "MXN", "ARS", "CLP", "COP", "THB", "VND",
    "IDR", "MYR", "PHP", "PKR", "BDT", "UAH", "KZT",
)  # fmt: skip
_ZONE_COUNTRIES = {
    "Asia/Shanghai": "CN", "Asia/Hong_Kong": "HK", "Asia/Taipei": "TW", "Asia/Singapore": "SG", "Asia/Tokyo": "JP", "Asia/Seoul": "KR",
    "Asia/Kolkata": "IN", "Asia/Dubai": "AE", "Australia/Sydney": "AU", "Europe/London": "GB", "Europe/Berlin": "DE",
    "Europe/Paris": "FR", "Europe/Madrid": "ES", "Europe/Rome": "IT", "Europe/Amsterdam": "NL", "Europe/Zurich": "CH",
    "America/New_York": "US", "America/Chicago": "US", "America/Denver": "US", "America/Los_Angeles": "US", "America/Toronto": "CA",
    "America/Sao_Paulo": "BR", "America/Mexico_City": "MX",
}  # fmt: skip
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
    """Return the countries whose name or code has what was typed, in the reader's language."""
    wanted = typed.strip().casefold()
    names = _countries(t.locale)
    found = [code for code, name in names.items() if wanted in name.casefold() or wanted == code.casefold()]
    found.sort(key=lambda code: (wanted != code.casefold(), not names[code].casefold().startswith(wanted), names[code]))
    return [elements.option(f"{names[code]} ({code})", code) for code in found[: elements.OPTIONS]]


def country_option(t: Translator, code: str | None) -> Option | None:
    """Return the option of one country, or None where there is no such one."""
    name = _countries(t.locale).get(code or "")
    return elements.option(f"{name} ({code})", code) if name and code else None


def currency_options(t: Translator) -> list[Option]:
    """Return the currencies by code and name."""
    names = Locale.parse(t.locale.replace("-", "_")).currencies
    return [elements.option(f"{code} · {names.get(code, code)}", code) for code in _CURRENCIES]


def country_of(zone: str) -> str | None:
    """Return the country to propose for a zone, or None where it is not obvious."""
    return _ZONE_COUNTRIES.get(zone)


def currency_of(country: str | None) -> str:
    """Return the currency to propose for a country."""
    return _COUNTRY_CURRENCIES.get(country or "", "USD")


@lru_cache
def _zones() -> tuple[str, ...]:
    return ("UTC", *sorted(zone for zone in zones() if "/" in zone and not zone.startswith(_ODD_ZONES)))


@lru_cache
def _countries(locale: str) -> dict[str, str]:
    names = Locale.parse(locale.replace("-", "_")).territories
    return {code: names[code] for code in list_supported_countries() if code in names}
