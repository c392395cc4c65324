"""Lines of the log: as text and as JSON, with the id of the work they belong to."""

import json
import logging
from collections.abc import Callable, Iterator
from contextvars import copy_context

import pytest

from bot import logs


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[logs.Format], logging.Logger]]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level

    def configured(form: logs.Format) -> logging.Logger:
        for handler in list(root.handlers):
            root.removeHandler(handler)
        logs.configure("INFO", form)
        return logging.getLogger("lines.of.the.log")

    yield configured
    for handler in list(root.handlers):
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)


def test_json_lines_carry_the_id_of_their_work(
    logged: Callable[[logs.Format], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    log = logged("json")
    with logs.work() as number:
        log.info("one %s", "word")
        copy_context().run(log.info, "later")
    log.info("apart")
    first, second, third = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (first["message"], first["level"], first["logger"]) == ("one word", "INFO", "lines.of.the.log")
    assert first["request"] == second["request"] == number
    assert len(number) == 8
    assert "request" not in third


def test_json_line_has_the_trace_in_it(
    logged: Callable[[logs.Format], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    log = logged("json")
    try:
        int("broken")
    except ValueError:
        log.exception("it failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError: invalid literal" in json.loads(line)["trace"]


def test_text_lines_end_with_the_id(
    logged: Callable[[logs.Format], logging.Logger], capsys: pytest.CaptureFixture[str]
) -> None:
    log = logged("text")
    with logs.work("promise-7"):
        log.warning("slow")
    log.warning("apart")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("WARNING lines.of.the.log: slow [promise-7]")
    assert second.endswith("apart")


def test_work_without_a_name_has_a_fresh_id_for_whoever_asks() -> None:
    assert len(logs.current_id()) == 8
    with logs.work("outer"):
        with logs.work("inner"):
            assert logs.current_id() == "inner"
        assert logs.current_id() == "outer"
