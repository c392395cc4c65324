"""The explanation as it is read: chances in whole percents or none, what is out of reach, the sizes of Slack."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.assignment import Standing
from bot.domain.grading import Grade, Point
from bot.domain.grading_steps import NextGrade, Step
from bot.domain.probability import Chance
from bot.errors import Text
from bot.i18n import Translator
from bot.services.explanations import Decision, Explanation, GradeExplanation, GradeStep
from bot.views import why
from tests.slack.conftest import words
from tests.unit.opportunity_values import HOSTILE, NOW, PLAYBOOK, hostile, opportunity

ENGLISH, CHINESE = Translator("en-US", "Asia/Shanghai"), Translator("zh-CN", "Asia/Shanghai")
_POINTS = (Point("source", "referral", 20), Point("intent", "quote", 25), Point("size", "large", 5))


def explained(**overrides: Any) -> GradeExplanation:
    known: dict[str, Any] = {"grade": Grade("B", 50, _POINTS), "playbook": PLAYBOOK, "following": None}
    return GradeExplanation(**{**known, **overrides})


def test_the_points_stand_one_a_line_and_add_up() -> None:
    lines = why.grade_lines(ENGLISH, explained())
    assert lines[0] == "*Grade B*, 50 points (A from 65, B from 35)"
    assert lines[1:] == [
        "*+20*  Source: Referral",
        "*+25*  Intent: Asked for a quote or trial",
        "*+5*  Size: Large amount",
        "*= 50*",
    ]


def test_what_only_the_words_of_the_need_tell_says_so() -> None:
    found = explained(is_read=frozenset({("intent", "quote")}))
    assert "*+25*  Intent: Asked for a quote or trial – read from the words of the need" in why.grade_lines(
        ENGLISH, found
    )
    assert any("从需求的文字中读出" in line for line in why.grade_lines(CHINESE, found))
    assert "*+20*  Source: Referral" in why.grade_lines(ENGLISH, found)


@pytest.mark.parametrize(
    ("chance", "english", "chinese"),
    [
        (Chance("shown", 48, 200, 92, 80, 97), "about 92% (80 to 97%), closed alike: 48", "约 92%（80～97%）"),
        (Chance("few", 1, 1), "not enough history (closed alike: 1, needed: 30)", "历史数据不足"),
        (Chance("no_better", 40, 1200), "on your 1,200 closed ones", "1,200 个已关闭商机"),
    ],
)
def test_a_chance_is_told_in_whole_percents_or_not_at_all(chance: Chance, english: str, chinese: str) -> None:
    assert english in why.chance_line(ENGLISH, chance)
    assert chinese in why.chance_line(CHINESE, chance)


def test_what_makes_the_next_grade_names_the_amount_in_the_teams_currency() -> None:
    steps = (Step("budget", "likely", 10), Step("size", "large", 5))
    found = explained(following=NextGrade("A", 15, steps))
    assert why.following(ENGLISH, found) == "⬆️ 15 more for A: Budget: Likely (+10) · amount from $50,000 (+5)"
    assert "金额达到" in why.following(CHINESE, found)


def test_a_grade_out_of_reach_says_so() -> None:
    assert "no fact still open" in why.following(ENGLISH, explained(following=NextGrade("A", 90, ())))
    assert why.following(ENGLISH, explained()) == ""


@pytest.mark.parametrize("t", [ENGLISH, CHINESE])
def test_of_many_considered_three_are_shown_and_the_rest_counted(t: Translator) -> None:
    standings = tuple(
        Standing(number, HOSTILE[:255], verdict, 3, 50, 1, away_until=NOW + timedelta(days=1))
        for number, verdict in enumerate(
            ("chosen", "eligible", "away", "full", "asked", "paused", "unseen", "inactive")
        )
    )
    decision = Decision(1, 7, NOW, 0, Text("assign.rule", field=HOSTILE[:60], value=HOSTILE[:120]), standings)
    grade = explained(
        following=NextGrade("A", 90, ()),
        chance=Chance("few", 0, 0),
        history=tuple(GradeStep(NOW, "C", number) for number in range(40)),
    )
    view = why.modal(t, Explanation(hostile(), grade, decision))
    shown = words(view)
    assert t("why.more", count=5) in shown
    assert "<!channel>" not in shown
    assert all(len(block.get("text", {}).get("text", "")) <= 3000 for block in view["blocks"])


def test_without_decision_or_owner_it_is_short() -> None:
    shown = words(why.modal(ENGLISH, Explanation(opportunity(owner=None, owner_reason=None), explained(), None)))
    assert "in the pool" in shown
    assert "Rules decided" not in shown
    assert "Chance" not in shown
