"""The benchmarks run: a figure comes out with everything that its line promises."""

import json

import pytest

from bench import checking, clocking, figures, picking, requests
from bench.figures import Figure

KEYS = {"name", "n", "p50_us", "p99_us", "floor_p50_us", "ratio", "goal", "ok"}


def test_capture_is_measured_against_a_floor_of_the_same_run(capsys: pytest.CaptureFixture[str]) -> None:
    for figure in requests.measured("sqlite", 200, ["capture"], n=5):
        figures.say(figure)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    assert [line["name"] for line in lines] == ["capture@200/sqlite"]
    assert lines[0].keys() == KEYS
    assert lines[0]["n"] == 5
    assert lines[0]["ratio"] > 0
    assert lines[0]["p50_us"] > 0
    assert lines[0]["floor_p50_us"] > 0


def test_growth_is_the_largest_size_over_the_smallest() -> None:
    small = Figure("capture@10/sqlite", 5, 100.0, 120.0, 50.0, 2.0, 4.0, ok=True)
    large = Figure("capture@1000/sqlite", 5, 150.0, 190.0, 50.0, 3.0, 4.0, ok=True)
    (found,) = figures.growth([(1000, large), (10, small)])
    assert (found.name, found.ratio) == ("growth:capture/sqlite", 1.5)


def test_a_figure_above_its_goal_is_not_ok() -> None:
    assert not figures.figure_of("x", [500.0], [100.0], goal=4.0).ok
    assert figures.figure_of("x", [300.0], [100.0], goal=4.0).ok


def test_the_picker_is_measured_by_class_of_query_and_as_it_grows() -> None:
    found = [one.name for one in picking.measured("sqlite", ["picker"], n=4, sizes=(60, 120))]
    classes = ("latin", "pinyin", "characters")
    assert found[:6] == [f"picker_{one}@{size}/sqlite" for size in (60, 120) for one in classes]
    assert found[6:] == [f"growth:picker_{one}/sqlite" for one in classes]
    assert not list(picking.measured("sqlite", ["capture"], n=4))


def test_the_identity_check_is_measured_against_a_capture_without_it() -> None:
    (found,) = checking.measured("sqlite", ["capture_check"], n=4, size=60)
    assert (found.name, found.goal) == ("capture_check@60/sqlite", 2.0)
    assert not list(checking.measured("sqlite", ["capture"], n=4))


def test_the_clock_is_measured_against_the_same_statements_said_again() -> None:
    found = {one.name: one for one in clocking.measured("sqlite", 2000, clocking.NAMES, n=5)}
    assert set(found) == {f"{name}@2000/sqlite" for name in clocking.NAMES}
    assert all(one.floor_p50_us > 0 for one in found.values())
    assert found["sweep@2000/sqlite"].goal == 3.0
    assert {one.name for one in clocking.calendar("sqlite", ["calendar_add", "calendar_between"])} == {
        "calendar_add",
        "calendar_between",
    }


def test_growth_beyond_its_goal_is_not_ok() -> None:
    sizes = [
        (size, Figure(f"sweep_find@{size}/sqlite", 5, p50, p50, 10.0, 1.0, None, ok=True))
        for size, p50 in ((1, 10.0), (9, 14.0))
    ]
    (found,) = figures.growth(sizes, clocking.GROWTH_GOALS)
    assert (found.ratio, found.goal, found.ok) == (1.4, 1.3, False)
