"""The pipeline summary: figures, loop health, and the select of teams."""

import pytest

from bot.i18n import Translator
from bot.services.values import Health, StageSum
from bot.views import pipeline
from tests.unit.figures import accepted_message, make_summary, make_team, own_stage, stage, table, texts

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def test_table_shows_counts_amounts_and_overdue_by_stage_with_a_sum_of_the_open_ones() -> None:
    _, blocks = accepted_message(pipeline.message(EN, make_summary()))
    assert table(blocks) == [
        ["Stage", "Count", "Overdue", "Amount"],
        ["Lead", "12", "2", "CN¥40,000"],
        ["Quote", "3", "1", "CN¥15,000.50 + $9,000"],
        ["Contract", "0", "–", "–"],
        ["All open", "15", "3", "CN¥55,000.50 + $9,000"],
        ["✅ Won", "4,238", "–", "CN¥10,005,534"],
        ["✖️ Lost", "2,473", "–", "–"],
    ]


def test_chinese_reader_gets_chinese_stage_names_and_columns() -> None:
    text, blocks = accepted_message(pipeline.message(ZH, make_summary()))
    rows = table(blocks)
    assert rows[0] == ["阶段", "数量", "逾期", "金额"]
    assert [row[0] for row in rows[1:]] == ["线索", "报价", "签约", "进行中合计", "✅ 成交", "✖️ 流失"]
    assert text == "North 销售漏斗：进行中 15 个，闭环健康度 92%"


def test_health_tells_numerator_denominator_and_the_worst_clause_first() -> None:
    line = pipeline.health_line(EN, Health(50, 46, (("owner", 1), ("next_step", 3))))
    assert line.splitlines() == [
        "🟡 *Loop health 92%* – 46 of 50 in order",
        "3 with the next step overdue or missing, 1 not accepted in time",
    ]


@pytest.mark.parametrize(("counted", "whole", "shown"), [(1000, 999, "🟡"), (10, 10, "🟢"), (10, 8, "🔴")])
def test_health_is_green_only_when_everything_is_in_order(counted: int, whole: int, shown: str) -> None:
    line = pipeline.health_line(EN, Health(counted, whole))
    assert line.startswith(shown)
    assert ("100%" in line) == (counted == whole)


def test_health_of_nothing_is_not_a_percentage() -> None:
    assert "%" not in pipeline.health_line(EN, Health(0, 0))


@pytest.mark.parametrize(
    "clause", ["owner", "grade", "stage_limit", "next_step", "collision", "customer", "reason", "review"]
)
def test_each_clause_of_the_invariant_has_words_in_both_languages(clause: str) -> None:
    for t in (EN, ZH):
        assert "2" in pipeline.health_line(t, Health(5, 3, ((clause, 2),))).splitlines()[1]


def test_manager_of_many_teams_gets_a_select_with_the_present_team_named() -> None:
    teams = [make_team(id=number, name=f"Team {number}") for number in range(1, 4)]
    _, blocks = accepted_message(pipeline.message(EN, make_summary(team=teams[1]), teams))
    (select,) = blocks[-1]["elements"]
    assert [option["value"] for option in select["options"]] == ["all", "1", "2", "3"]
    assert select["placeholder"]["text"] == "Team 2"
    assert [pipeline.chosen_team(value) for value in ("all", "3")] == [None, 3]


def test_member_of_one_team_gets_no_select() -> None:
    _, blocks = pipeline.message(EN, make_summary(), [make_team()])
    assert not [block for block in blocks if block["type"] == "actions"]


def test_summary_of_all_teams_says_so_and_an_empty_one_says_how_to_begin() -> None:
    _, blocks = accepted_message(pipeline.message(EN, make_summary(team=None, stages=(), health=Health(0, 0))))
    assert "All teams" in texts(blocks)
    assert "/lead" in texts(blocks)


def test_many_currencies_and_long_stage_names_stay_within_slacks_sizes() -> None:
    sums = tuple((code, 10**12) for code in ("CNY", "EUR", "GBP", "USD", "JPY"))
    stages = tuple(StageSum(own_stage(f"Stage {number} {'x' * 60}"), 10**6, sums, 10**6) for number in range(60))
    _, blocks = accepted_message(
        pipeline.message(ZH, make_summary(stages=stages), [make_team(id=n) for n in range(150)])
    )
    assert table(blocks)[1][3].endswith("…")


def test_one_open_stage_needs_no_sum() -> None:
    _, blocks = pipeline.message(EN, make_summary(stages=(StageSum(stage("lead"), 1, (), 0),)))
    assert len(table(blocks)) == 2


def test_unknown_team_is_answered_with_those_that_exist_and_nothing_is_smuggled_in() -> None:
    words = pipeline.no_such_team(EN, "<!channel>", [make_team(name="North"), make_team(name="South")])
    assert "North, South" in words
    assert "<!channel>" not in words
