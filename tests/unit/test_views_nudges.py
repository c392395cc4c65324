"""Messages of the clock: bundles, escalations, notices, and the choices for putting a reminder off."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.attention import Cause, Step
from bot.i18n import Translator
from bot.views import notices, nudges
from bot.views.nudges import NudgeItem
from bot.views.snooze import CHOICES, DATE, snooze_until
from tests.unit.figures import ANNA, NOW, accepted_message, make_opportunity, texts, values_of

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def make_item(
    number: int = 1, *, cause: Cause = Cause.NEXT_STEP, step: Step = Step.NUDGE, **overrides: object
) -> NudgeItem:
    return NudgeItem(make_opportunity(number, **overrides), cause, step, NOW - timedelta(hours=4))


def test_nudge_says_who_what_and_how_late_and_offers_to_act_at_once() -> None:
    text, blocks = accepted_message(nudges.nudge(EN, [make_item()], NOW))
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
    text, blocks = accepted_message(nudges.nudge(EN, [make_item(number) for number in range(1, 14)], NOW))
    assert len(values_of(blocks, "follow_up.open")) == 10
    assert "and 3 more" in texts(blocks)
    assert text.startswith("13 opportunities need you: Acme 1, Acme 2, Acme 3")


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
    _, blocks = accepted_message(nudges.nudge(t, [item], NOW))
    lines = blocks[1]["text"]["text"].splitlines()
    assert len(lines) == 3
    assert len(lines[1]) > 5


def test_reader_sees_moments_in_their_own_zone() -> None:
    berlin = Translator("en-US", "Europe/Berlin")
    assert "due Tue, Mar 3 3:00 AM" in texts(nudges.nudge(berlin, [make_item()], NOW)[1])


def test_escalation_names_the_owner_and_lets_the_manager_open_or_reassign() -> None:
    text, blocks = accepted_message(nudges.escalation(EN, [make_item(owner=ANNA, step=Step.ESCALATE)], NOW))
    assert text == "1 opportunity of your team needs help: Acme 1"
    assert "Owner: <@U2>" in texts(blocks)
    assert values_of(blocks, "card.open") == ["1"]
    assert values_of(blocks, "handover.open") == ["1"]
    assert "Reassign" in texts(blocks)
    assert values_of(blocks, "follow_up.open") == []


def test_pooled_opportunity_is_to_be_assigned() -> None:
    _, blocks = nudges.escalation(ZH, [make_item(owner=None, cause=Cause.POOL, step=Step.REMIND)], NOW)
    assert "负责人：无，在公海" in texts(blocks)
    assert "分派" in texts(blocks)


def test_words_of_people_cannot_mention_anybody() -> None:
    item = make_item(customer="<!channel>", need="<@U9>", next_text="<!here>")
    text, blocks = nudges.nudge(EN, [item], NOW)
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
