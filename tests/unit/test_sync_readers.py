from pathlib import Path

import pytest

from bot.errors import InvalidInput
from bot.sync.readers import Table, decoded, read_table


def table(tmp_path: Path, content: bytes | str) -> Table:
    path = tmp_path / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_table(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_read(tmp_path: Path, end: str) -> None:
    found = table(tmp_path, f"a,b{end}1,2{end}3,4{end}")
    assert [record.values for record in found.records] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_usual_separator_is_read(tmp_path: Path, separator: str) -> None:
    assert table(tmp_path, f"a{separator}b\n1{separator}2\n").records[0].values == {"a": "1", "b": "2"}


def test_one_column_needs_no_separator(tmp_path: Path) -> None:
    assert table(tmp_path, "a\n1\n").records[0].values == {"a": "1"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_is_read_in_every_usual_encoding(encoding: str) -> None:
    assert (
        decoded("客户,需求\n深圳华强电子,二十台服务器\n".encode(encoding)) == "客户,需求\n深圳华强电子,二十台服务器\n"
    )


def test_accented_letters_of_an_old_file_are_read() -> None:
    assert decoded("Société Générale,Müller\n".encode("cp1252")) == "Société Générale,Müller\n"


def test_lines_are_those_of_the_file_even_after_a_value_of_several_lines(tmp_path: Path) -> None:
    found = table(tmp_path, 'a,b\n"one\ntwo",2\n\n3,4\n')
    assert [(record.line, record.values["a"]) for record in found.records] == [(2, "one\ntwo"), (5, "3")]


def test_rows_of_another_width_are_kept_with_their_fault(tmp_path: Path) -> None:
    found = table(tmp_path, "a,b\n1\n1,2,3\n1,2\n")
    assert [record.fault.params if record.fault else None for record in found.records] == [
        {"count": 1, "expected": 2},
        {"count": 3, "expected": 2},
        None,
    ]


def test_row_that_is_no_csv_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    found = table(tmp_path, "a\n" + "x" * 200_000 + "\n1\n")
    assert [record.fault.key if record.fault else None for record in found.records] == ["import.unreadable", None]


def test_null_bytes_and_space_around_values_are_left_out(tmp_path: Path) -> None:
    assert table(tmp_path, b" a , b \n 1\x00 ,2\n").records[0].values == {"a": "1", "b": "2"}


@pytest.mark.parametrize("content", ["", "a,b\n", "\n\n", ",,\n1,2,3\n"])
def test_file_without_rows_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        table(tmp_path, content)
    assert caught.value.key == "import.empty"


def test_missing_file_and_missing_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_table(tmp_path / "nope.csv")
    assert caught.value.key == "import.no_file"
    with pytest.raises(InvalidInput) as caught:
        table(tmp_path, "a\n1\n").require("b")
    assert caught.value.params["columns"] == "a"
