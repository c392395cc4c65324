"""Messages of the clock: bundles, escalations, notices, and the choices for putting a reminder off."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.attention import Cause, Step
from bot.domain.playbook import default_playbook
from bot.i18n import Translator
from bot.services.bundled import NudgeItem
from bot.services.pool_list import PoolFilter, PoolPage, PoolRow
from bot.views import focus_list, notices, nudges, unclaimed
from bot.views.snooze import CHOICES, DATE, snooze_until
from tests.unit.figures import ANNA, NOW, accepted_message, accepted_view, make_opportunity, texts, values_of

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def make_item(
    number: int = 1, *, cause: Cause = Cause.NEXT_STEP, step: Step = Step.NUDGE, **overrides: object
) -> NudgeItem:
    return NudgeItem(make_opportunity(number, **overrides), cause, step, NOW - timedelta(hours=4))


def test_nudge_says_who_what_and_how_late_and_offers_to_act_at_once() -> None:
    text, blocks = accepted_message(nudges.nudge(EN, [make_item()], NOW, number=7))
    assert text == "1 opportunity needs you: Acme 1"
    assert blocks[1]["text"]["text"].splitlines() == [
        "*Acme 1* – 20 laptops",
        "Call the CTO – due Tue, Mar 3 10:00 AM, *2 days late*",
        "_A · Quote · CN¥12,000_",
    ]
    elements = blocks[2]["elements"]
    assert [one["action_id"] for one in elements] == [
        "follow_up.open", "next_step.done", "snooze.pick", "handover.open", "lose.open",
    ]  # fmt: skip
    assert [option["value"] for option in elements[2]["options"]] == [f"1:{choice}" for choice in (*CHOICES, DATE)]


def test_bundle_is_ranked_by_grade_then_amount_then_lateness() -> None:
    items = [
        make_item(1, grade="C", amount_minor=9_900_000),
        make_item(2, grade="A", amount_minor=None),
        make_item(3, grade="A", amount_minor=5),
        make_item(4, grade="A", amount_minor=5, next_due_at=NOW - timedelta(days=9)),
        make_item(5, grade=""),
    ]
    assert [item.opportunity.id for item in nudges.ranked(items)] == [4, 3, 2, 1, 5]


def test_an_opportunity_stands_in_a_bundle_once_and_the_warning_wins() -> None:
    items = [
        make_item(1),
        make_item(1, cause=Cause.SILENCE, step=Step.WARN),
        make_item(1, cause=Cause.CADENCE, step=Step.REMIND),
    ]
    (only,) = nudges.ranked(items)
    assert only.step is Step.WARN


def test_bundle_shows_ten_and_counts_the_rest() -> None:
    text, blocks = accepted_message(nudges.nudge(EN, [make_item(number) for number in range(1, 14)], NOW, number=7))
    assert len(values_of(blocks, "follow_up.open")) == 10
    assert "and 3 more" in texts(blocks)
    assert values_of(blocks, "nudge.all") == ["all:7:0"]
    assert text.startswith("13 opportunities need you: Acme 1, Acme 2, Acme 3")


@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_what_is_about_to_be_taken_away_or_won_back_is_named_though_there_is_no_room_for_it(t: Translator) -> None:
    items = [make_item(number, cause=Cause.SILENCE, step=Step.WARN, customer=f"Cäsar & Söhne {number} " + "x" * 60) for number in range(101, 181)]  # fmt: skip
    items += [make_item(200, cause=Cause.WIN_BACK, step=Step.REMIND, grade="C", customer="Lost Ltd")]
    items += [make_item(number) for number in range(201, 211)]
    rows = nudges.ranked(items)
    for message in (nudges.nudge(t, rows, NOW, number=7), focus_list.message(t, rows, NOW, total=120, number=7)):
        _, blocks = accepted_message(message)
        read = texts(blocks)
        assert all(f"Söhne {number} " in read for number in range(101, 181))
        assert "Lost Ltd" in read
        assert len(read) < 12_000
    assert values_of(blocks, "nudge.all") == ["all:7:0"]
    # Fifteen are shown, and sixty-six by name.
    assert {EN: "and 39 more", ZH: "另有 39 个"}[t] in read


def test_the_whole_of_a_bundle_is_read_page_by_page() -> None:
    items = [make_item(number, owner=ANNA, step=Step.ESCALATE) for number in range(1, 65)]
    seen: list[str] = []
    for first, back, on in ((0, [], ["all:7:30"]), (30, ["all:7:0"], ["all:7:60"]), (60, ["all:7:30"], [])):
        view = nudges.whole(EN, items, NOW, number=7, first=first, with_owner=True)
        accepted_view(view)
        assert (values_of(view["blocks"], "nudge.back"), values_of(view["blocks"], "nudge.all")) == (back, on)
        seen += values_of(view["blocks"], "card.open")
    assert sorted(int(one) for one in seen) == list(range(1, 65))
    assert "Owner: <@U2>" in texts(view["blocks"])
    assert "61–64 of 64" in texts(view["blocks"])
    none = nudges.whole(ZH, [], NOW, number=7, first=0, with_owner=False)
    assert "都已处理" in texts(none["blocks"])


def test_the_word_about_the_pool_tells_how_much_and_since_when() -> None:
    row = PoolRow(
        id=5, customer="Acme *Ltd*", need="20 laptops", stage=default_playbook().stages[0], grade="B", amount_minor=None,
        currency="USD", team=None, reason=None, pooled_at=NOW - timedelta(days=3), last_follow_up_at=None, opens_on=None,
        may="assign",
    )  # fmt: skip
    page = PoolPage(rows=(row,), asked=PoolFilter(), total=12, everything=12, pages=3)
    text, blocks = accepted_message(unclaimed.message(EN, page))
    assert text == "12 opportunities in the pool that nobody has claimed, the oldest since Mon, Mar 2"
    assert values_of(blocks, "pool.open") == ["all"]
    assert values_of(blocks, "pool.assign_open") == ["5"]
    assert "公海中有 12 个商机" in unclaimed.message(ZH, page)[0]


@pytest.mark.parametrize(
    ("ago", "english", "chinese"),
    [
        (timedelta(0), "now", "就是现在"),
        (timedelta(minutes=1), "1 minute late", "已逾期 1 分钟"),
        (timedelta(minutes=59), "59 minutes late", "已逾期 59 分钟"),
        (timedelta(hours=1), "1 hour late", "已逾期 1 小时"),
        (timedelta(hours=23, minutes=59), "23 hours late", "已逾期 23 小时"),
        (timedelta(days=1), "1 day late", "已逾期 1 天"),
    ],
)
def test_lateness_is_told_as_people_say_it(ago: timedelta, english: str, chinese: str) -> None:
    assert nudges.late(EN, NOW - ago, NOW) == english
    assert nudges.late(ZH, NOW - ago, NOW) == chinese


@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("t", [EN, ZH], ids=["en", "zh"])
def test_each_cause_has_its_sentence(cause: Cause, t: Translator) -> None:
    item = make_item(
        1, cause=cause, step=Step.REMIND, last_follow_up_at=None, accept_by=None, next_text=None, next_due_at=None
    )
    _, blocks = accepted_message(nudges.nudge(t, [item], NOW, number=7))
    lines = blocks[1]["text"]["text"].splitlines()
    assert len(lines) == 3
    assert len(lines[1]) > 5


def test_reader_sees_moments_in_their_own_zone() -> None:
    berlin = Translator("en-US", "Europe/Berlin")
    assert "due Tue, Mar 3 3:00 AM" in texts(nudges.nudge(berlin, [make_item()], NOW, number=7)[1])


def test_escalation_names_the_owner_and_lets_the_manager_open_or_reassign() -> None:
    text, blocks = accepted_message(nudges.escalation(EN, [make_item(owner=ANNA, step=Step.ESCALATE)], NOW, number=7))
    assert text == "1 opportunity of your team needs help: Acme 1"
    assert "Owner: <@U2>" in texts(blocks)
    assert values_of(blocks, "card.open") == ["1"]
    assert values_of(blocks, "handover.open") == ["1"]
    assert "Reassign" in texts(blocks)
    assert values_of(blocks, "follow_up.open") == []


def test_an_admin_who_stands_in_for_a_manager_is_told_why() -> None:
    items = [make_item(owner=ANNA, step=Step.ESCALATE)]
    _, blocks = accepted_message(nudges.escalation(EN, items, NOW, number=7, stands_in=True))
    assert "no manager can be told" in texts(blocks)
    assert "no manager" not in texts(nudges.escalation(EN, items, NOW, number=7)[1])


def test_pooled_opportunity_is_to_be_assigned() -> None:
    _, blocks = nudges.escalation(ZH, [make_item(owner=None, cause=Cause.POOL, step=Step.REMIND)], NOW, number=7)
    assert "负责人：无，在公海" in texts(blocks)
    assert "分派" in texts(blocks)


def test_words_of_people_cannot_mention_anybody() -> None:
    item = make_item(customer="<!channel>", need="<@U9>", next_text="<!here>")
    text, blocks = nudges.nudge(EN, [item], NOW, number=7)
    assert not {"<!channel>", "<@U9>", "<!here>"} & set((text + texts(blocks)).replace("\n", " ").split())


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("1h", datetime(2026, 3, 5, 3, 0, tzinfo=UTC)),
        ("3h", datetime(2026, 3, 5, 5, 0, tzinfo=UTC)),
        ("tomorrow", datetime(2026, 3, 6, 1, 0, tzinfo=UTC)),
        ("2d", datetime(2026, 3, 7, 1, 0, tzinfo=UTC)),
        ("next_week", datetime(2026, 3, 9, 1, 0, tzinfo=UTC)),
    ],
)
def test_snooze_is_hours_from_now_or_nine_in_the_morning_of_the_reader(choice: str, expected: datetime) -> None:
    assert snooze_until(choice, NOW, "Asia/Shanghai") == expected


def test_snooze_to_next_week_is_a_monday_on_every_day_of_the_week() -> None:
    for day in range(14):
        until = snooze_until("next_week", NOW + timedelta(days=day), "Asia/Shanghai")
        assert until.weekday() == 0
        assert timedelta(0) < until - (NOW + timedelta(days=day)) <= timedelta(days=7)


def test_snooze_keeps_nine_oclock_across_a_change_of_the_clocks() -> None:
    saturday = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
    assert snooze_until("tomorrow", saturday, "Europe/Berlin").astimezone(UTC) == datetime(
        2026, 3, 29, 7, 0, tzinfo=UTC
    )


def test_unknown_choice_of_snooze_is_refused() -> None:
    with pytest.raises(ValueError, match="never"):
        snooze_until("never", NOW, "UTC")


def test_notice_fills_in_customer_and_need_and_opens_the_card() -> None:
    text, blocks = accepted_message(notices.notice(EN, "notice.won", {"member": "Anna"}, make_opportunity(4)))
    assert text == "🏆 Anna won Acme 4 (20 laptops)."
    assert values_of(blocks, "card.open") == ["4"]


def test_notice_of_what_one_may_not_see_has_no_button() -> None:
    _, blocks = accepted_message(notices.notice(EN, "notice.recycled", {}, make_opportunity(4), may_open=False))
    assert values_of(blocks, "card.open") == []


def test_win_back_offers_to_reopen() -> None:
    _, blocks = accepted_message(notices.notice(ZH, "notice.win_back", {}, make_opportunity(4)))
    assert values_of(blocks, "reopen.open") == ["4"]


def test_notice_escapes_what_people_wrote() -> None:
    params = {"member": "<!channel>", "reason": "*no*"}
    _, blocks = notices.notice(EN, "notice.handover_declined", params, make_opportunity(4, customer="<@U1>"))
    assert "<!channel>" not in texts(blocks)
    assert "<@U1>" not in texts(blocks)


def test_notice_without_an_opportunity_is_its_sentence() -> None:
    text, blocks = accepted_message(notices.notice(EN, "setup.who_can", {}))
    assert len(blocks) == 1
    assert text.startswith("Nobody has set up a team")
