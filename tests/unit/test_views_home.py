"""The App Home and the answer to ``/loop``: one's own day, with its buttons."""

import pytest

from bot.i18n import Translator
from bot.services.values import Health
from bot.views import help as help_view
from bot.views import home
from tests.unit.figures import (
    NOW,
    accepted_message,
    accepted_view,
    make_day,
    make_late_line,
    make_line,
    make_team,
    texts,
    values_of,
)

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def lines(first: int, count: int) -> tuple[object, ...]:
    return tuple(make_line(number) for number in range(first, first + count))


def test_home_has_loop_health_on_top_and_then_the_parts_in_order_of_urgency() -> None:
    day = make_day(
        overdue=(make_late_line(1),), today=(make_line(2),), waiting=(make_line(3, accept_by=NOW),), upcoming=(make_line(4),),
        health=Health(4, 3, (("next_step", 1),)), counts={"open": 4, "overdue": 1, "today": 1},
    )  # fmt: skip
    blocks = accepted_view(home.view(EN, day, NOW))["blocks"]
    words = texts(blocks)
    assert blocks[0]["text"]["text"] == "My day · Thu, Mar 5"
    assert "Loop health 75%" in blocks[1]["text"]["text"]
    places = [
        words.index(title) for title in ("Overdue (1)", "Due today (1)", "Waiting for your answer (1)", "🔜 Next")
    ]
    assert places == sorted(places)
    assert "was due Tue, Mar 3 10:00 AM, *2 days late*" in words
    assert "Please answer by Thu, Mar 5 10:00 AM" in words


def test_each_row_has_the_buttons_of_its_part() -> None:
    day = make_day(
        overdue=(make_late_line(1),), today=(make_line(2),), waiting=(make_line(3),), upcoming=(make_line(4),)
    )
    blocks = home.view(EN, day, NOW)["blocks"]
    assert values_of(blocks, "follow_up.open") == ["1", "2"]
    assert values_of(blocks, "next_step.done") == ["1", "2"]
    assert len(values_of(blocks, "snooze.pick")) == 2
    assert values_of(blocks, "handover.accept") == ["3"]
    assert values_of(blocks, "handover.decline") == ["3"]
    assert values_of(blocks, "card.open") == ["1", "2", "3", "4"]


def test_fullest_home_fits_into_a_hundred_blocks_and_counts_what_is_left_out() -> None:
    day = make_day(
        overdue=lines(1, 50), today=lines(100, 50), waiting=lines(200, 20), upcoming=lines(300, 10),
        counts={"open": 400, "overdue": 200, "today": 50},
    )  # fmt: skip
    blocks = accepted_view(home.view(ZH, day, NOW, may_set_up=True, is_outside=True))["blocks"]
    words = texts(blocks)
    assert len(blocks) <= 100
    assert "已逾期（200）" in words
    assert "另有 188 个" in words
    assert "另有 38 个" in words
    assert "另有 12 个" in words
    assert "接下来" in words


@pytest.mark.parametrize(
    ("upcoming", "counts", "expected"),
    [
        ((make_line(1),), {"open": 1}, "🎉"),
        ((), {"open": 3}, "🎉"),
        ((), {"open": 0}, "/lead"),
    ],
)
def test_quiet_day_is_praised_and_an_empty_one_says_how_to_begin(
    upcoming: object, counts: object, expected: str
) -> None:
    blocks = accepted_view(home.view(EN, make_day(upcoming=upcoming, counts=counts), NOW))["blocks"]
    assert expected in texts(blocks)


def test_a_manager_sees_who_is_late_with_what_and_a_way_to_each_card() -> None:
    day = make_day(team_gaps=lines(1, 8), counts={"open": 0, "overdue": 0, "today": 0, "team": 12})
    blocks = accepted_view(home.view(EN, day, NOW, may_set_up=True))["blocks"]
    words = texts(blocks)
    assert "Late in your teams (12)" in words
    assert "Lin Wei" in words
    assert "and 4 more" in words
    assert "/lead" not in words, "who manages is not told to capture a lead"
    assert values_of(blocks, "card.open") == [str(number) for number in range(1, 9)]
    assert values_of(blocks, "follow_up.open") == []
    quiet = accepted_view(home.view(ZH, make_day(), NOW, may_set_up=True))["blocks"]
    assert "您的团队没有逾期" in texts(quiet)


def test_workspace_without_a_team_offers_the_setup_to_those_who_may_and_tells_the_others_who_can() -> None:
    admin = accepted_view(home.view(EN, make_day(), NOW, has_team=False, may_set_up=True))["blocks"]
    member = accepted_view(home.view(ZH, make_day(), NOW, has_team=False))["blocks"]
    assert values_of(admin, "setup.open") == ["new"]
    assert values_of(member, "setup.open") == []
    assert "管理员" in texts(member)


def test_member_outside_every_team_is_told_whom_to_ask() -> None:
    assert "not on a team yet" in texts(accepted_view(home.view(EN, make_day(), NOW, is_outside=True))["blocks"])


def test_opportunity_without_a_next_step_asks_for_one() -> None:
    row = make_line(1, next_text=None, next_due_at=None, amount_minor=None)
    assert home.row_text(EN, row, NOW).splitlines()[1:] == [
        "No next step: log one, so that it does not get lost.",
        "_A · Quote_",
    ]


def test_loop_answers_with_ones_day_and_the_help_in_one_screen() -> None:
    day = make_day(
        overdue=(make_late_line(1), make_late_line(2)), today=lines(3, 2), waiting=lines(9, 1),
        counts={"open": 30, "overdue": 2, "today": 2},
    )  # fmt: skip
    text, blocks = accepted_message(help_view.message(EN, day, NOW))
    assert text == "Your day · Thu, Mar 5: 2 overdue · 2 due today · 1 waiting for your answer · 30 open in all"
    assert values_of(blocks, "follow_up.open") == ["1", "2", "3"]
    words = texts(blocks)
    for command in ("/lead", "/followup", "/won", "/lost", "/handover", "/opp", "/pipeline"):
        assert command in words
    assert len(blocks) <= 8


def test_loop_lets_managers_edit_their_teams_and_admins_add_one() -> None:
    teams = (make_team(id=4), make_team(id=5, channel_id=None))
    _, manager = accepted_message(help_view.message(EN, make_day(), NOW, teams=teams))
    _, admin = accepted_message(help_view.message(ZH, make_day(), NOW, teams=teams, may_add=True))
    assert values_of(manager, "setup.open") == ["4", "5"]
    assert values_of(admin, "setup.open") == ["4", "5", "new"]
    assert "没有频道" in texts(admin)


def test_help_names_what_the_commands_take_in_the_readers_words() -> None:
    english, chinese = (texts(help_view.message(t, make_day(), NOW)[1]) for t in (EN, ZH))
    assert "/lead register acme" in english
    for command in ("/lead 报备", "/opp 我的", "/opp 逾期", "/opp 预计成交", "/opp 公海"):
        assert command in chinese
    assert "/opp mine" not in chinese
    # Who decides that two customers are one hears how.
    deciding = texts(help_view.message(ZH, make_day(), NOW, teams=(make_team(id=4),))[1])
    assert "/opp 重复" in deciding
    assert "/opp 合并" in deciding
    assert "/opp 合并" not in chinese


def test_loop_tells_one_outside_every_team_whom_to_ask() -> None:
    assert "还没有加入团队" in texts(help_view.message(ZH, make_day(), NOW, is_outside=True)[1])
