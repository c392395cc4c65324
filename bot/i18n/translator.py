"""Owns the translator: catalogue keys, amounts, dates and counts as a reader of one locale and zone expects them."""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from datetime import date as Day  # noqa: N812 - inside the class, `date` is a method
from datetime import time as Time  # noqa: N812 - inside the class, `time` is a method
from functools import lru_cache
from importlib import resources
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_currency_precision

from bot.errors import Text

LOCALES = ("en-US", "zh-CN")
_NEAR = {-1: "day.yesterday", 0: "day.today", 1: "day.tomorrow"}
_PLURALS = {"zero", "one", "two", "few", "many", "other"}


@lru_cache
def catalogue(language: str) -> Mapping[str, str | Mapping[str, str]]:
    """Return all texts of a language (``en`` or ``zh``): a template, or templates by plural form."""
    found: dict[str, str | Mapping[str, str]] = {}
    folder = resources.files("bot.i18n") / "catalogues" / language
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.name.endswith(".toml"):
            for key, value in _flatten(tomllib.loads(entry.read_text("utf-8")), ""):
                if key in found:
                    raise ValueError(f"the text {key} stands twice in {language}")
                found[key] = value
    return found


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str | Mapping[str, str]]]:
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        if isinstance(value, str) or (value.keys() <= _PLURALS and "other" in value):
            yield key, value
        else:
            yield from _flatten(value, key)


class Translator:
    """Speaks one language in one time zone.

    Args:
        locale: ``en-US`` or ``zh-CN``; anything else is read as the nearest of them.
        zone: IANA zone in which moments are told.
    """

    def __init__(self, locale: str, zone: str = "UTC") -> None:
        self.is_chinese = locale.lower().startswith("zh")
        self.locale = "zh-CN" if self.is_chinese else "en-US"
        self.zone = zone
        self._texts = catalogue("zh" if self.is_chinese else "en")
        self._babel = _babel_locale(self.locale)

    def __call__(self, key: str, **params: Any) -> str:
        """Return the text of a key; ``count`` chooses the plural form.

        Raises:
            KeyError: The catalogue has no such key, or the text wants a value that was not given.
        """
        template = self._texts[key]
        if not isinstance(template, str):
            form = self._babel.plural_form(params.get("count", 0))
            template = template.get(form, template["other"])
        values = {name: self.value(value) for name, value in params.items()}
        return _spaced(template, values) if self.is_chinese else template.format_map(values)

    def has(self, key: str) -> bool:
        """Say whether the catalogue has that key."""
        return key in self._texts

    def text(self, text: Text) -> str:
        """Return a text that was made elsewhere."""
        return self(text.key, **text.params)

    def value(self, value: Any) -> str:
        """Return any value as this reader would write it: texts, names, moments, dates and numbers."""
        if isinstance(value, str):
            return value
        if isinstance(value, Text):
            return self.text(value)
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.date(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            in_locale = getattr(value, "in_locale", None)
            return in_locale(self.locale) if in_locale else str(value)
        return str(format_decimal(value, locale=self._babel))

    def money(self, amount_minor: int | None, currency: str) -> str:
        """Return an amount, without cents where there are none; a dash where it is not known."""
        if amount_minor is None:
            return "–"
        digits = get_currency_precision(currency)
        whole = amount_minor % 10**digits == 0
        return str(
            format_currency(
                amount_minor / 10**digits,
                currency,
                locale=self._babel,
                currency_digits=not whole,
                format="¤#,##0" if whole else None,
            )
        )

    def date(self, day: date) -> str:
        """Return a day with its weekday, such as ``Thu, Mar 5`` or ``3月5日周四``."""
        return _day(day, "M月d日EEE" if self.is_chinese else "EEE, MMM d", self._babel)

    def full_date(self, day: Day) -> str:
        """Return a day with its year."""
        return _day(day, "y年M月d日EEE" if self.is_chinese else "EEE, MMM d, y", self._babel)

    def time(self, moment: datetime) -> str:
        """Return the time of day in the reader's zone."""
        return self._time_of(self.local(moment))

    def moment(self, moment: datetime) -> str:
        """Return weekday, date and time in the reader's zone."""
        local = self.local(moment)
        return f"{self.date(local.date())} {self._time_of(local)}"

    def _time_of(self, local: datetime) -> str:
        minute = local.replace(second=0, microsecond=0).time()
        return _time(minute, "HH:mm" if self.is_chinese else "h:mm a", self._babel)

    def near(self, moment: datetime, now: datetime) -> str:
        """Return a moment as people say it: of yesterday, today and tomorrow the word and the time, else as ``moment``.

        Args:
            moment: What is told, aware.
            now: The present moment, aware.
        """
        days = (self.local(moment).date() - self.local(now).date()).days
        word = _NEAR.get(days)
        return self(word, time=self.time(moment)) if word else self.moment(moment)

    def local(self, moment: datetime) -> datetime:
        """Return the moment in the reader's zone."""
        return moment.astimezone(ZoneInfo(self.zone))


def _spaced(template: str, values: Mapping[str, str]) -> str:
    """Fill a Chinese template in, with a space wherever a Chinese character meets a Latin letter or a digit of a value."""
    found = ""
    for literal, name in _pieces(template):
        for part in (literal, values[name] if name else ""):
            meets = found and part and (_meets(found[-1], part[0]) or _meets(part[0], found[-1]))
            found += f" {part}" if meets else part
    return found


def _meets(one: str, other: str) -> bool:
    return "\u4e00" <= one <= "\u9fff" and other.isascii() and other.isalnum()


@lru_cache(maxsize=2048)
def _pieces(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _, _ in Formatter().parse(template))


@lru_cache(maxsize=4096)
def _day(day: Day, pattern: str, locale: Locale) -> str:
    # A page of history names the same few days again and again.
    return str(format_date(day, pattern, locale=locale))


@lru_cache(maxsize=4096)
def _time(time: Time, pattern: str, locale: Locale) -> str:
    return str(format_time(time, pattern, locale=locale))


@lru_cache
def _babel_locale(locale: str) -> Locale:
    return Locale.parse(locale.replace("-", "_"))
