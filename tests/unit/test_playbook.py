"""The playbook: the default one as the design states it, its questions, and what is refused."""

from dataclasses import replace

import pytest

from bot.domain.playbook import (
    NOT_RECORDED,
    Name,
    Playbook,
    Reason,
    Scoring,
    Stage,
    StageKind,
    default_playbook,
)

PLAYBOOK = default_playbook("EUR")


def test_the_default_one_has_no_fault_and_the_teams_currency() -> None:
    assert PLAYBOOK.faults() == ()
    assert PLAYBOOK.currency == "EUR"


def test_the_default_stages_are_those_of_the_design() -> None:
    assert [
        (one.key, one.kind.value, one.probability, one.limit_days, one.cadence_days) for one in PLAYBOOK.stages
    ] == [
        ("lead", "INTAKE", 5, 3, 1),
        ("qualified", "OPEN", 15, 10, 3),
        ("solution", "OPEN", 35, 15, 5),
        ("quote", "OPEN", 55, 10, 3),
        ("contract", "OPEN", 80, 15, 3),
        ("won", "WON", 100, None, None),
        ("lost", "LOST", 0, None, None),
    ]


def test_the_default_pace_is_that_of_the_design() -> None:
    assert {
        grade: (pace.accept_hours, pace.nudge_hours, pace.escalate_hours, pace.warn_days, pace.recycle_days)
        for grade, pace in PLAYBOOK.pace.items()
    } == {"A": (2, 4, 8, 10, 3), "B": (4, 8, 16, 15, 3), "C": (8, 16, 40, 20, 3)}


def test_names_are_read_in_the_readers_language() -> None:
    name = PLAYBOOK.first_stage.name
    assert (name.in_locale("zh-CN"), name.in_locale("en-US"), name.in_locale("fr")) == ("线索", "Lead", "Lead")


def test_stages_are_found_by_key_and_kind() -> None:
    assert PLAYBOOK.stage("quote").name.en == "Quote"
    assert PLAYBOOK.position("quote") == 3
    assert PLAYBOOK.closing_stage(StageKind.LOST).key == "lost"
    assert [one.key for one in PLAYBOOK.open_stages] == ["lead", "qualified", "solution", "quote", "contract"]
    with pytest.raises(KeyError):
        PLAYBOOK.stage("nowhere")


def test_the_next_stage_ends_before_the_closed_ones() -> None:
    following = PLAYBOOK.next_stage("lead")
    assert following is not None
    assert following.key == "qualified"
    assert PLAYBOOK.next_stage("contract") is None
    assert PLAYBOOK.next_stage("won") is None


def test_reasons_belong_to_their_list() -> None:
    assert PLAYBOOK.reason(StageKind.LOST, "unreachable") is not None
    assert PLAYBOOK.reason(StageKind.WON, "unreachable") is None
    assert PLAYBOOK.reason(StageKind.WON, None) is None
    assert PLAYBOOK.reason(StageKind.LOST, "not_recorded") is NOT_RECORDED


def _with_stage(which: str, **changes: object) -> Playbook:
    stages = tuple(replace(one, **changes) if one.key == which else one for one in PLAYBOOK.stages)  # type: ignore[arg-type] # fields
    return replace(PLAYBOOK, stages=stages)


_PACE = PLAYBOOK.pace["A"]


@pytest.mark.parametrize(
    ("playbook", "words"),
    [
        (_with_stage("quote", key="lead"), "stands twice"),
        (_with_stage("won", kind=StageKind.OPEN), "exactly one stage of kind WON"),
        (_with_stage("quote", kind=StageKind.LOST), "exactly one stage of kind LOST"),
        (replace(PLAYBOOK, stages=PLAYBOOK.stages[::-1]), "the first stage"),
        (replace(PLAYBOOK, stages=()), "the first stage"),
        (
            replace(PLAYBOOK, stages=(*PLAYBOOK.stages[:4], *PLAYBOOK.stages[5:], PLAYBOOK.stages[4])),
            "must be the last two",
        ),
        (_with_stage("lead", probability=101), "0 to 100"),
        (_with_stage("lead", limit_days=-1), "at least 1"),
        (_with_stage("lead", limit_days=0), "at least 1"),
        (_with_stage("lead", cadence_days=0), "at least 1"),
        (replace(PLAYBOOK, pace={"A": _PACE, "B": _PACE}), "grade C is missing"),
        (replace(PLAYBOOK, pace={**PLAYBOOK.pace, "A": replace(_PACE, accept_hours=-1)}), "pace.A"),
        (replace(PLAYBOOK, pace={**PLAYBOOK.pace, "B": replace(_PACE, nudge_hours=float("nan"))}), "pace.B"),
        (replace(PLAYBOOK, pace={**PLAYBOOK.pace, "C": replace(_PACE, recycle_days=0)}), "pace.C"),
        (replace(PLAYBOOK, scorecard=replace(PLAYBOOK.scorecard, b_from=65)), "below a_from"),
        (
            replace(
                PLAYBOOK, scorecard=replace(PLAYBOOK.scorecard, criteria=(Scoring("source", Name("S", "来"), ()),))
            ),
            "has no options",
        ),
        (replace(PLAYBOOK, loss_reasons=(NOT_RECORDED,)), "at least one reason"),
        (replace(PLAYBOOK, win_reasons=(Reason("fit", Name("Fit", "合")),) * 2), "stands twice"),
        (replace(PLAYBOOK, collision_scope="galaxy"), "collision_scope"),
    ],
)
def test_what_cannot_work_is_named(playbook: Playbook, words: str) -> None:
    assert any(words in fault for fault in playbook.faults()), playbook.faults()


def test_a_stage_without_limit_or_cadence_is_no_fault() -> None:
    bare = Stage("parked", Name("Parked", "搁置"), StageKind.OPEN, 10)
    assert replace(PLAYBOOK, stages=(*PLAYBOOK.stages[:5], bare, *PLAYBOOK.stages[5:])).faults() == ()


@pytest.mark.parametrize("a_day", [0, 2001])
def test_a_number_of_old_ones_a_day_that_cannot_be_is_refused(a_day: int) -> None:
    assert replace(default_playbook(), backlog_a_day=a_day).faults() == ("backlog_a_day: must be from 1 to 2000",)
