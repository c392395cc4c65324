"""The translator: two languages that say the same, and values as their reader writes them."""

import string
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.playbook import Name
from bot.errors import Text
from bot.i18n import LOCALES, Translator, catalogue
from bot.i18n.translator import _flatten

EN, ZH = Translator("en-US", "America/New_York"), Translator("zh-CN", "Asia/Shanghai")
MOMENT = datetime(2026, 3, 5, 7, 5, tzinfo=UTC)


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}


def _forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else list(text.values())  # type: ignore[attr-defined] # a table of plural forms


def test_both_languages_have_the_same_keys() -> None:
    assert set(catalogue("en")) == set(catalogue("zh"))


@pytest.mark.parametrize("key", sorted(set(catalogue("en")) & set(catalogue("zh"))))
def test_both_languages_have_the_same_placeholders(key: str) -> None:
    found = [set().union(*map(_placeholders, _forms(catalogue(language)[key]))) for language in ("en", "zh")]
    assert found[0] == found[1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_plural_texts_have_a_form_for_all_other_counts(language: str) -> None:
    for text in catalogue(language).values():
        assert isinstance(text, str) or "other" in text


def test_any_locale_is_read_as_the_nearest_of_the_two() -> None:
    assert {Translator(one).locale for one in ("zh", "zh-TW", "ZH-cn")} == {"zh-CN"}
    assert {Translator(one).locale for one in ("en-GB", "de-DE", "")} == {"en-US"}
    assert LOCALES == ("en-US", "zh-CN")


def test_a_missing_key_or_value_is_a_defect() -> None:
    with pytest.raises(KeyError):
        EN("no.such.key")
    with pytest.raises(KeyError):
        EN("error.not_yours")
    assert EN.has("error.not_yours")
    assert not EN.has("no.such.key")


def test_peoples_braces_are_not_placeholders() -> None:
    assert "{owner} {0}" in EN("error.not_yours", owner="{owner} {0}")


def test_texts_inside_texts_are_translated() -> None:
    assert ZH("error.not_yours", owner=Text("error.required")) == ZH("error.not_yours", owner=ZH("error.required"))
    assert ZH.text(Text("error.required")) == ZH("error.required") != EN("error.required")


def test_values_are_written_as_their_reader_does() -> None:
    assert (EN.value(Name("Lead", "线索")), ZH.value(Name("Lead", "线索"))) == ("Lead", "线索")
    assert EN.value(1234567) == "1,234,567"
    assert EN.value(True) == "True"
    assert EN.value(date(2026, 3, 5)) == "Thu, Mar 5"
    assert ZH.value(date(2026, 3, 5)) == "3月5日周四"
    assert EN.value(None) == "None"


def test_moments_are_told_in_the_readers_zone() -> None:
    assert EN.moment(MOMENT).replace("\u202f", " ") == "Thu, Mar 5 2:05 AM"
    assert ZH.moment(MOMENT) == "3月5日周四 15:05"
    assert ZH.value(MOMENT) == ZH.moment(MOMENT)
    assert EN.time(MOMENT).replace("\u202f", " ") == "2:05 AM"


def test_a_full_date_has_its_year() -> None:
    assert EN.full_date(date(2026, 3, 5)) == "Thu, Mar 5, 2026"
    assert ZH.full_date(date(2026, 3, 5)) == "2026年3月5日周四"


@pytest.mark.parametrize(
    ("minor", "currency", "english"),
    [
        (None, "USD", "–"),
        (0, "USD", "$0"),
        (1_234_500, "USD", "$12,345"),
        (1_234_550, "USD", "$12,345.50"),
        (500, "JPY", "¥500"),
        (150_000_000, "EUR", "€1,500,000"),
    ],
)
def test_amounts_have_cents_only_where_there_are_some(minor: int | None, currency: str, english: str) -> None:
    assert EN.money(minor, currency) == english


@given(st.integers(0, 10**15))
def test_amounts_are_exact_to_the_cent(minor: int) -> None:
    digits = EN.money(minor, "USD").lstrip("$").replace(",", "")
    whole, _, cents = digits.partition(".")
    assert int(whole) * 100 + int(cents or 0) == minor


def test_counts_choose_the_plural_form() -> None:
    plural = next((key for key, text in catalogue("en").items() if not isinstance(text, str) and "one" in text), None)
    assert plural is not None
    text = catalogue("en")[plural]
    assert not isinstance(text, str)
    names = set().union(*map(_placeholders, text.values()))
    for count, form in ((1, "one"), (2, "other"), (0, "other")):
        values = {name: count if name == "count" else "x" for name in names | {"count"}}
        assert EN(plural, **values) == text[form].format(**{k: str(v) for k, v in values.items()})


def test_tables_become_dotted_keys_and_plural_tables_stay_whole() -> None:
    found = dict(_flatten({"a": {"b": "x", "n": {"one": "1", "other": "2"}}}, ""))
    assert found == {"a.b": "x", "a.n": {"one": "1", "other": "2"}}


def test_a_text_that_stands_twice_is_a_defect(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "catalogues" / "xx"
    folder.mkdir(parents=True)
    (folder / "a.toml").write_text('[one]\ntext = "x"\n', "utf-8")
    (folder / "b.toml").write_text('[one]\ntext = "y"\n', "utf-8")
    (folder / "readme.md").write_text("not a catalogue", "utf-8")
    monkeypatch.setattr("bot.i18n.translator.resources.files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="twice"):
        catalogue("xx")


def test_chinese_keeps_a_space_between_characters_and_latin_words_of_a_value() -> None:
    chinese = Translator("zh-CN")
    assert chinese("lead.capture.taken", owner="Maya Chen", customer="Sunrise Solar").startswith(
        "Sunrise Solar 已由 Maya Chen 跟进。"
    )
    assert chinese("lead.capture.taken", owner="李雷", customer="晨光").startswith("晨光已由李雷跟进。")


@pytest.mark.parametrize(
    ("due", "english", "chinese"),
    [
        (datetime(2026, 3, 5, 4, 0, tzinfo=UTC), "yesterday 11:00 PM", "今天 12:00"),
        (datetime(2026, 3, 5, 20, 0, tzinfo=UTC), "today 3:00 PM", "明天 04:00"),
        (datetime(2026, 3, 6, 20, 0, tzinfo=UTC), "tomorrow 3:00 PM", "3月7日周六 04:00"),
        (datetime(2026, 3, 9, 20, 0, tzinfo=UTC), "Mon, Mar 9 4:00 PM", "3月10日周二 04:00"),
    ],
)
def test_a_near_day_is_told_by_its_word_in_the_readers_own_zone(due: datetime, english: str, chinese: str) -> None:
    assert (EN.near(due, MOMENT), ZH.near(due, MOMENT)) == (english, chinese)
