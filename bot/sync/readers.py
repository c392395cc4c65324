"""Owns the reading of CSV files as other programs write them: any usual encoding, separator and line end."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import InvalidInput, Text

if TYPE_CHECKING:
    import _csv

_SEPARATORS = ",;\t|"
_HIGH = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Record:
    """One row; ``line`` is where it begins in the file, ``fault`` why it cannot be used."""

    line: int
    values: dict[str, str]
    fault: Text | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file's columns and rows."""

    path: Path
    columns: tuple[str, ...]
    records: tuple[Record, ...]

    def require(self, column: str) -> None:
        """Make sure that a column is there.

        Raises:
            InvalidInput: It is not; the text lists those that are.
        """
        if column not in self.columns:
            raise InvalidInput(
                {column: Text("import.no_column", path=self.path.name, column=column, columns=", ".join(self.columns))}
            )


def read_table(path: Path) -> Table:
    """Read a CSV file whose first line names the columns.

    Raises:
        InvalidInput: There is no such file, or nothing in it.
    """
    if not path.is_file():
        raise InvalidInput({"path": Text("import.no_file", path=str(path))})
    # PostgreSQL takes no null bytes, and no person types one.
    text = decoded(path.read_bytes()).replace("\x00", "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    columns = tuple(name.strip() for name in next(reader, []))
    records = tuple(_records(reader, columns))
    if not any(columns) or not records:
        raise InvalidInput({"path": Text("import.empty", path=path.name)})
    return Table(path, columns, records)


def _records(reader: "_csv.Reader", columns: tuple[str, ...]) -> Iterator[Record]:
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(line, {}, Text("import.unreadable", what=str(error)))
            continue
        if not any(value.strip() for value in values):
            continue
        row = {column: value.strip() for column, value in zip(columns, values, strict=False)}
        fault = None
        if len(values) != len(columns):
            fault = Text("import.columns", count=len(values), expected=len(columns))
        yield Record(line, row, fault)


def decoded(data: bytes) -> str:
    """Return the text of a file in UTF-8, UTF-16 with its mark, GB 18030 or Windows-1252.

    Chinese characters of GB 18030 are pairs of high bytes; an accented letter of Windows-1252 mostly stands alone.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        runs = [len(run) for run in _HIGH.findall(data)]
        paired = sum(length for length in runs if length % 2 == 0)
        encoding = "gb18030" if paired * 2 > sum(runs) else "cp1252"
        return data.decode(encoding, errors="replace")


def _separator(text: str) -> str:
    first = text.split("\n", 1)[0]
    return max(_SEPARATORS, key=first.count) if any(one in first for one in _SEPARATORS) else ","
