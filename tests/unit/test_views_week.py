"""A manager's week, and what changed since one last looked."""

from datetime import date
from typing import Any

from bot.domain.playbook import Name
from bot.i18n import Translator
from bot.services.briefings import Look, Week
from bot.services.values import Health
from bot.views import week
from tests.unit.figures import LIN, accepted_message, make_change, make_changes, make_late_line, make_team, table, texts

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def make_week(**overrides: Any) -> Week:
    known: dict[str, Any] = {
        "team": make_team(), "monday": date(2026, 3, 9), "health": Health(50, 46), "trend": (80.0,),
        "this": make_changes(won=(make_change(1),), lost=(make_change(2, after=Name("Price", "价格")),)),
        "before": make_changes(new=(make_change(3), make_change(4))),
        "overdue_by_rep": ((LIN, 2),), "neglected": (make_late_line(5),), "neglected_count": 4,
        "overdue_in_pool": 0,
    }  # fmt: skip
    return Week(**{**known, **overrides})


def test_the_week_stands_beside_the_one_before() -> None:
    text, blocks = accepted_message(week.weekly(EN, make_week()))
    assert text == "Your week with North: loop health 92%, 1 won, 1 lost"
    rows = {row[0]: row[1:] for row in table(blocks)}
    assert rows["Won"] == ["1 · CN¥12,000", "0"]
    assert rows["New"] == ["0", "2"]
    assert list(rows) == ["What", "New", "Won", "Lost"], "what happened in neither week is no news"


def test_the_week_says_why_it_was_lost_who_is_late_and_whom_nobody_called() -> None:
    words = texts(accepted_message(week.weekly(EN, make_week()))[1])
    assert "*Why lost* · Price (1)" in words
    assert "Lin Wei 2" in words
    assert "4 not followed up for a week" in words
    assert "Acme 5" in words
    assert "3 more" in words
    assert "80 → *92%*" in words


def test_a_quiet_week_is_health_and_table() -> None:
    quiet = make_week(
        this=make_changes(),
        before=make_changes(),
        overdue_by_rep=(),
        neglected=(),
        neglected_count=0,
        trend=(),
    )
    assert len(accepted_message(week.weekly(ZH, quiet))[1]) == 4


def test_the_week_is_chinese_for_a_chinese_manager() -> None:
    text, blocks = accepted_message(week.weekly(ZH, make_week()))
    assert text == "North 一周回顾：闭环健康度 92%，成交 1 个，流失 1 个"
    assert "*流失原因* · 价格（1）" in texts(blocks)


def test_a_look_tells_what_changed_and_says_so_where_nothing_did() -> None:
    found = Look(make_changes(new=(make_change(1),)), Health(2, 2), is_first=False)
    text, blocks = accepted_message(week.since(EN, found))
    assert text == "Since you last looked, Wed, Mar 4 9:00 AM"
    assert "*🌱 New: 1* · CN¥12,000 – Acme 1 (Lin Wei)" in texts(blocks)
    nothing = week.since(EN, Look(make_changes(), Health(2, 2), is_first=True))
    assert nothing[0] == "Nothing changed since Wed, Mar 4 9:00 AM"
    assert "最近七天" in week.since(ZH, Look(make_changes(new=(make_change(1),)), Health(2, 2), is_first=True))[0]
