"""Typing a name in part or whole finds it, however much of its legal form stands there already."""

from pathlib import Path

import pytest

from bot.domain.identity import query_keys, search_keys

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
