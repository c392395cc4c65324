"""The daily digest: loop health first, readable in a minute, in the team's language."""

from bot.i18n import Translator
from bot.services.values import Health, MemberRef
from bot.views import digest
from tests.unit.figures import (
    LIN,
    accepted_message,
    make_digest,
    make_late_line,
    make_line,
    make_summary,
    table,
    texts,
)

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def test_loop_health_stands_above_everything_else() -> None:
    text, blocks = accepted_message(digest.message(EN, make_digest()))
    assert blocks[0]["text"]["text"] == "North · Thu, Mar 5"
    assert "Loop health 92 %" in blocks[1]["text"]["text"]
    assert blocks[2]["type"] == "table"
    assert text == "Daily digest of North: loop health 92 %, 15 open, 3 overdue"


def test_digest_tells_what_was_won_lost_captured_and_waits_in_the_pool() -> None:
    _, blocks = digest.message(EN, make_digest())
    words = texts(blocks)
    assert "*Won since the last digest: 1* (CN¥12,000) – Acme 7 (Lin Wei)" in words
    assert "*Lost since the last digest:* none" in words
    assert "*New leads:* 3" in words
    assert "*Waiting in the pool:* 4" in words


def test_overdue_is_told_by_rep_and_nobody_is_rung_up() -> None:
    _, blocks = digest.message(EN, make_digest())
    words = texts(blocks)
    assert "*⏰ Overdue next steps:* Lin Wei 2, Anna Berg 1" in words
    assert "<@" not in words


def test_at_risk_names_owner_step_and_lateness_of_at_most_five() -> None:
    rows = tuple(make_late_line(number) for number in range(1, 9))
    _, blocks = digest.message(EN, make_digest(at_risk=rows))
    words = texts(blocks)
    assert "*Acme 1* – Lin Wei · A · Quote · CN¥12,000\n🔴 Call the CTO – was due Tue, Mar 3 10:00 AM" in words
    assert "Acme 5" in words
    assert "Acme 6" not in words


def test_at_risk_covers_stalled_stepless_and_ownerless_ones() -> None:
    rows = (make_line(1, amount_minor=None), make_line(2, next_text=None, next_due_at=None), make_line(3, owner=None))
    words = texts(accepted_message(digest.message(EN, make_digest(at_risk=rows)))[1])
    assert "*Acme 1* – Lin Wei · A · Quote\n🐢 Too long in this stage; next: Call the CTO" in words
    assert "*Acme 2* – Lin Wei · A · Quote · CN¥12,000\n🔴 No next step" in words
    assert "*Acme 3* – nobody · A" in words


def test_quiet_day_is_short() -> None:
    quiet = make_digest(
        summary=make_summary(stages=(), health=Health(0, 0)),
        won=(),
        captured=0,
        overdue_by_rep=(),
        at_risk=(),
        in_pool=0,
    )
    _, blocks = accepted_message(digest.message(EN, quiet))
    assert len(blocks) == 4
    assert "pool" not in texts(blocks)


def test_chinese_digest_is_chinese_throughout() -> None:
    text, blocks = accepted_message(digest.message(ZH, make_digest()))
    words = texts(blocks)
    assert text == "North 日报：闭环健康度 92%，进行中 15 个，逾期 3 个"
    assert "*新成交 1 个* · ¥12,000 – Acme 7（Lin Wei）" in words
    assert "*⏰ 下一步逾期：* Lin Wei 2、Anna Berg 1" in words
    assert "应于 3月3日周二 10:00 完成" in words
    assert table(blocks)[0][0] == "阶段"


def test_many_wins_and_many_late_reps_are_cut_with_their_number() -> None:
    won = tuple(make_line(number) for number in range(1, 9))
    late = tuple((MemberRef(number, f"Rep {number}", None), number) for number in range(1, 15))
    words = texts(accepted_message(digest.message(EN, make_digest(won=won, overdue_by_rep=late)))[1])
    assert "3 more" in words
    assert "4 more" in words
    assert "Rep 11" not in words


def test_names_of_people_and_customers_cannot_mention_the_channel() -> None:
    hostile = make_late_line(1, customer="<!channel> *Acme*", need="<!here>", next_text="<@U1>")
    words = texts(digest.message(EN, make_digest(won=(hostile,), at_risk=(hostile,), overdue_by_rep=((LIN, 1),)))[1])
    assert "<!channel>" not in words
    assert "<!here>" not in words
    assert "<@U1>" not in words
