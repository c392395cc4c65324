"""Typing a name in part or whole finds it, however much of its legal form stands there already."""

from pathlib import Path

import pytest

from bot.domain.identity import (
    KeyKind,
    is_like_code,
    product_key,
    query_keys,
    search_keys,
    typed_key,
    website_or_code,
)

NAME = "深圳市鹏程新能源股份有限公司"


@pytest.mark.parametrize("size", range(2, len(NAME) + 1))
def test_every_beginning_of_a_chinese_name_finds_it(size: int) -> None:
    assert set(query_keys(NAME[:size])) <= search_keys(NAME)


@pytest.mark.parametrize("typed", ["鹏程", "鹏程新能源有限公司", "深圳市鹏程", "pengcheng"])
def test_a_part_of_a_chinese_name_finds_it(typed: str) -> None:
    assert set(query_keys(typed)) <= search_keys(NAME)


def test_a_legal_form_alone_still_asks_for_something() -> None:
    assert query_keys("有限公司")


def test_every_name_of_the_corpus_is_found_by_itself() -> None:
    rows = (Path(__file__).parent / "identity_corpus.tsv").read_text("utf-8").splitlines()[1:]
    names = {name for row in rows for name in row.split("\t")[:2]}
    assert [name for name in names if not set(query_keys(name)) <= search_keys(name)] == []


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        ("+86 138 0013 8000", "phone", "+8613800138000"),
        ("138-0013-8000", "phone", "+8613800138000"),
        ("（021）6232 0000", "phone", "+862162320000"),
        ("www.acme.co.uk/about", "domain", "acme.co.uk"),
        ("ann@mail.acme.com", "domain", "acme.com"),
        ("91110000600037341L", "credit_code", "91110000600037341L"),
        ("9111 0000 6000 3734 1l", "credit_code", "91110000600037341L"),
    ],
)
def test_a_phone_an_address_or_a_code_is_told_from_a_name(typed: str, kind: str, value: str) -> None:
    key = typed_key(typed, "CN")
    assert key is not None
    assert (key.kind.value, key.value) == (kind, value)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "Acme",
        "3M",
        "360",
        "Acme Inc.",
        "St. Gallen AG",
        "12345",
        "ann@gmail.com",
        "91110000600037341M",
        "20 seats",
        ".",
    ],
)
def test_names_words_and_what_many_share_are_no_keys(typed: str) -> None:
    assert typed_key(typed, "CN") is None


def test_a_website_or_a_code_is_taken_and_nothing_else() -> None:
    site, code = website_or_code("https://www.acme.com/x"), website_or_code("91110000600037341L")
    assert site is not None
    assert code is not None
    assert (site.kind, site.value) == (KeyKind.DOMAIN, "acme.com")
    assert (code.kind, code.value) == (KeyKind.CREDIT_CODE, "91110000600037341L")
    for wrong in ("Acme", "gmail.com", "ann@acme.com", "91110000600037341M", ""):
        assert website_or_code(wrong) is None
    assert is_like_code("91110000600037341M")
    assert not is_like_code("acme.com")


def test_products_differ_by_more_than_case_width_and_spaces() -> None:
    assert product_key("Pumps") == product_key(" ｐｕｍｐｓ ") == "pumps"
    assert product_key("Pumps") != product_key("Valves")
    assert product_key(None) is product_key(" ") is None
