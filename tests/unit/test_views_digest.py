"""The daily digest: loop health first, readable in a minute, in the team's language."""

from datetime import date

import pytest

from bot.domain.playbook import Name
from bot.i18n import Translator
from bot.services.values import Health, MemberRef
from bot.views import digest
from tests.unit.figures import (
    LIN,
    STAGES,
    accepted_message,
    make_change,
    make_changes,
    make_digest,
    make_late_line,
    make_line,
    make_summary,
    table,
    texts,
)

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def test_loop_health_and_its_trend_stand_above_everything_else() -> None:
    text, blocks = accepted_message(digest.message(EN, make_digest()))
    assert blocks[0]["text"]["text"] == "North · Thu, Mar 5"
    assert "Loop health 92%" in blocks[1]["text"]["text"]
    assert "Before and now: 86 → 90 → *92%*" in blocks[1]["text"]["text"]
    assert blocks[2]["type"] == "table"
    assert text == "Daily digest of North: loop health 92%, 15 open, 3 overdue"


def test_digest_tells_what_changed_by_kind_the_sum_first_and_then_names() -> None:
    _, blocks = digest.message(EN, make_digest(collisions=2))
    words = texts(blocks)
    assert "*Since Wed, Mar 4 9:00 AM*" in words
    assert "*🏆 Won: 1* · CN¥12,000 – Acme 7 (Lin Wei)" in words
    assert "*🌱 New: 3* · CN¥36,000 – Acme 1 (Lin Wei), Acme 2 (Lin Wei), Acme 3 (Lin Wei)" in words
    assert "Lost" not in words.replace("✖️ Lost\n", ""), "what did not happen is not told"
    assert "*Waiting in the pool: 4*" in words
    assert "*Customers fought over: 2*" in words


def test_moves_slips_losses_and_collisions_say_from_where_to_where_why_and_who() -> None:
    changes = make_changes(
        forward=(make_change(1, before=STAGES[0].name, after=STAGES[3].name),),
        slipped=(make_change(2, before=date(2026, 3, 12), after=date(2026, 3, 30)),),
        lost=(make_change(3, after=Name("Price", "价格")),),
        collision=(make_change(4, after=Name("Anna", "Anna")),),
        recycled=(make_change(5, owner=None),),
    )
    english = texts(accepted_message(digest.message(EN, make_digest(changes=changes)))[1])
    assert "*⏩ Moved on: 1* – Acme 1 (Lead → Quote)" in english
    assert "*📅 Close date slipped: 1* – Acme 2 (Thu, Mar 12 → Mon, Mar 30)" in english
    assert "*✖️ Lost: 1* · CN¥12,000 – Acme 3 (Price)" in english
    assert "*⚔️ Collisions stopped: 1* – Acme 4 (Anna)" in english
    assert "*♻️ Back to the pool: 1* – Acme 5 (nobody)" in english
    chinese = texts(accepted_message(digest.message(ZH, make_digest(changes=changes)))[1])
    assert "*⏩ 推进 1 个* · Acme 1（线索 → 报价）" in chinese
    assert "Acme 3（价格）" in chinese


def test_overdue_is_told_by_rep_and_nobody_is_rung_up() -> None:
    _, blocks = digest.message(EN, make_digest())
    words = texts(blocks)
    assert "*⏰ Overdue* · Lin Wei 2, Anna Berg 1" in words
    assert "<@" not in words


def test_at_risk_names_owner_step_and_lateness_of_at_most_five() -> None:
    rows = tuple(make_late_line(number) for number in range(1, 9))
    _, blocks = digest.message(EN, make_digest(at_risk=rows))
    words = texts(blocks)
    assert "*Acme 1* · Lin Wei · A · CN¥12,000\n🔴 Call the CTO – was due Tue, Mar 3" in words
    assert "Acme 5" in words
    assert "Acme 6" not in words


def test_at_risk_covers_stalled_stepless_and_ownerless_ones() -> None:
    rows = (make_line(1, amount_minor=None), make_line(2, next_text=None, next_due_at=None), make_line(3, owner=None))
    words = texts(accepted_message(digest.message(EN, make_digest(at_risk=rows)))[1])
    assert "*Acme 1* · Lin Wei · A\n🐢 Too long in its stage – next: Call the CTO" in words
    assert "*Acme 2* · Lin Wei · A · CN¥12,000\n🔴 No next step" in words
    assert "*Acme 3* · in the pool · A" in words


def test_health_that_stayed_the_same_has_no_trend_to_read() -> None:
    same = make_digest(trend=(92.0, 92.4), summary=make_summary(health=Health(50, 46)))
    assert "Before and now" not in texts(digest.message(EN, same)[1])


def test_quiet_day_is_short() -> None:
    quiet = make_digest(
        summary=make_summary(stages=(), health=Health(0, 0)),
        changes=make_changes(),
        overdue_by_rep=(),
        at_risk=(),
        in_pool=0,
    )
    _, blocks = accepted_message(digest.message(EN, quiet))
    assert len(blocks) == 4
    assert "Nothing moved since Wed, Mar 4 9:00 AM" in texts(blocks)
    assert "pool" not in texts(blocks)


def test_chinese_digest_is_chinese_throughout() -> None:
    text, blocks = accepted_message(digest.message(ZH, make_digest()))
    words = texts(blocks)
    assert text == "North 日报：闭环健康度 92%，进行中 15 个，逾期 3 个"
    assert "*🏆 成交 1 个* · ¥12,000 · Acme 7（Lin Wei）" in words
    assert "此前与现在：86 → 90 → *92%*" in words
    assert "*⏰ 逾期* · Lin Wei 2、Anna Berg 1" in words
    assert "应于 3月3日周二完成" in words
    assert table(blocks)[0][0] == "阶段"


@pytest.mark.parametrize(
    ("t", "late", "owner"),
    [(EN, "Lin Wei 2, in the pool 3", "in the pool · A"), (ZH, "Lin Wei 2、在公海 3", "在公海 · A")],
)
def test_what_is_late_in_the_pool_is_told_beside_the_reps(t: Translator, late: str, owner: str) -> None:
    pooled = make_late_line(1, owner=None, grade="A")
    made = make_digest(overdue_by_rep=((LIN, 2),), overdue_in_pool=3, at_risk=(pooled,))
    words = texts(accepted_message(digest.message(t, made))[1])
    assert late in words
    assert owner in words
    alone = make_digest(overdue_by_rep=(), overdue_in_pool=3)
    assert f"{t('card.pool')} 3" in texts(digest.message(t, alone)[1])


def test_many_wins_and_many_late_reps_are_cut_with_their_number() -> None:
    won = make_changes(won=tuple(make_change(number) for number in range(1, 9)))
    late = tuple((MemberRef(number, f"Rep {number}", None), number) for number in range(1, 15))
    words = texts(accepted_message(digest.message(EN, make_digest(changes=won, overdue_by_rep=late)))[1])
    assert "5 more" in words
    assert "9 more" in words
    assert "Rep 6" not in words


def test_names_of_people_and_customers_cannot_mention_the_channel() -> None:
    hostile = make_late_line(1, customer="<!channel> *Acme*", need="<!here>", next_text="<@U1>")
    won = make_changes(won=(make_change(customer="<!channel>"),), lost=(make_change(after=Name("<!here>", "")),))
    words = texts(digest.message(EN, make_digest(changes=won, at_risk=(hostile,), overdue_by_rep=((LIN, 1),)))[1])
    assert "<!channel>" not in words
    assert "<!here>" not in words
    assert "<@U1>" not in words
