import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli.when import when

HERE = ["--now", "2026-05-06T10:00", "--zone", "Asia/Shanghai"]


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(when, arguments, input=given)


def test_a_text_is_shown_as_a_sentence() -> None:
    result = run("next thu 3pm call the CTO", *HERE)
    assert result.exit_code == 0
    assert result.output == "“next thu 3pm” is Thursday 14 May 2026, 15:00, Asia/Shanghai, UTC+08:00.\n"


def test_a_day_without_a_time_says_so() -> None:
    result = run("周四打电话", "--locale", "zh-CN", *HERE)
    assert result.output == (
        "“周四” is Thursday 7 May 2026, 18:00 (no time said: the end of that working day), Asia/Shanghai, UTC+08:00.\n"
    )


def test_the_locale_decides_what_a_slashed_date_is() -> None:
    assert "12 May 2026" in run("5/12", *HERE).output
    assert "5 December 2026" in run("5/12", "--locale", "en-GB", *HERE).output


def test_a_text_without_a_time_fails_with_a_sentence() -> None:
    result = run("no idea", *HERE)
    assert result.exit_code == 1
    assert result.output.startswith("No due time ahead is understood in “no idea”.")


def test_one_text_as_json() -> None:
    result = run("tomorrow 9am", "--json", *HERE)
    assert json.loads(result.output) == {
        "text": "tomorrow 9am",
        "zone": "Asia/Shanghai",
        "locale": "en-US",
        "now": "2026-05-06T10:00:00+08:00",
        "due": "2026-05-07T09:00:00+08:00",
        "has_time": True,
        "read": "tomorrow 9am",
    }
    nothing = run("no idea", "--json", *HERE)
    assert nothing.exit_code == 1
    assert json.loads(nothing.output)["due"] is None


def test_the_machines_clock_is_asked_when_no_moment_is_given() -> None:
    result = run("in 2 hours", "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["due"].endswith("+00:00")


def test_a_moment_with_an_offset_is_kept() -> None:
    result = run("today", "--json", "--now", "2026-05-06T02:00:00Z", "--zone", "Asia/Shanghai")
    assert json.loads(result.output)["due"] == "2026-05-06T18:00:00+08:00"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["thu", "--zone", "Mars/Olympus"], "unknown time zone 'Mars/Olympus'"),
        (["thu", "--now", "yesterday"], "'yesterday' is not a moment in ISO 8601"),
        ([], "Give a TEXT to read, or a --file of texts."),
        (["thu", "--now", "0001-01-01", "--zone", "Asia/Shanghai"], "out of range"),
    ],
)
def test_a_question_that_cannot_be_used_is_refused(arguments: list[str], words: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert words in result.output


def test_a_text_and_a_file_are_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_text("")
    assert run("thu", "--file", str(path)).exit_code == 2


ROWS = (
    "2026-05-06T10:00:00+08:00\tAsia/Shanghai\tzh-CN\t下周四下午3点给总监打电话\r\n"
    "\n"
    "2026-05-06T10:00:00Z\tEurope/Berlin\ten-GB\t12/5 at 3\n"
    "2026-05-06T10:00\tAmerica/New_York\t\tno idea\n"
    "2026-05-06T10:00\tMars/Olympus\ten-US\tthu\n"
    "noon\tUTC\ten-US\tthu\n"
    "\tUTC\ten-US\tthu\n"
    "thu\n"
    "2026-05-06T10:00\tUTC\ten-US\tthu"
).encode()


def lines(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.output.splitlines()]


@pytest.mark.parametrize(
    "lead", [b"", b"\xef\xbb\xbf", b"now\tzone\tlocale\ttext\n", b"\xef\xbb\xbfNow\tZone\tLocale\tText\r\n"]
)
def test_a_file_gives_one_line_for_each_row(tmp_path: Path, lead: bytes) -> None:
    path = tmp_path / "texts.tsv"
    path.write_bytes(lead + ROWS)
    found = lines(run("--file", str(path), "--json"))
    assert [line["due"] for line in found] == [
        "2026-05-14T15:00:00+08:00",
        "2026-05-12T15:00:00+02:00",
        None,
        None,
        None,
        None,
        None,
        "2026-05-07T18:00:00+00:00",
    ]
    assert [line["text"] for line in found[:3]] == ["下周四下午3点给总监打电话", "12/5 at 3", "no idea"]
    assert ["error" in line for line in found] == [False, False, False, True, True, True, True, False]


def test_a_header_may_name_the_columns_in_another_order(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_text("text\tlocale\tzone\tnow\tnote\ntomorrow\ten-US\tUTC\t2026-05-06T10:00\tx\n")
    assert lines(run("--file", str(path)))[0]["due"] == "2026-05-07T18:00:00+00:00"


def test_a_file_can_come_from_standard_input() -> None:
    assert len(lines(run("--file", "-", given=ROWS))) == 8


def test_bytes_that_are_no_text_do_not_stop_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    path.write_bytes(b"2026-05-06T10:00\tUTC\ten-US\t\xff\xfe thu\n" + ROWS)
    assert lines(run("--file", str(path)))[0]["due"] == "2026-05-07T18:00:00+00:00"
