"""The pool's list, forms and rows, within Slack's sizes, however long and hostile the words are."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.domain.playbook import default_playbook
from bot.errors import Text
from bot.i18n import Translator
from bot.services.pool import Taker
from bot.services.pool_list import PoolFilter, PoolPage, PoolRow
from bot.services.values import MemberRef
from bot.views import pool_forms
from bot.views.pool_forms import PoolId
from tests.unit.figures import accepted_message, accepted_view, texts, values_of
from tests.unit.opportunity_values import HOSTILE, hostile, opportunity

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
EN, ZH = Translator("en-US", "Asia/Shanghai"), Translator("zh-CN", "Asia/Shanghai")
ANN = MemberRef(3, "Ann Lee", "U3")


def row(number: int = 1, **overrides: Any) -> PoolRow:
    known: dict[str, Any] = {
        "id": number, "customer": "Acme Ltd", "need": "20 seats", "stage": default_playbook().stages[0], "grade": "B", "amount_minor": 3_000_000,
        "currency": "USD", "team": None, "reason": Text("assign.pool_released", reason="Not my region"), "pooled_at": NOW,
        "last_follow_up_at": NOW, "opens_on": None, "may": "claim",
    }  # fmt: skip
    return PoolRow(**{**known, **overrides})


def page(*rows: PoolRow, **overrides: Any) -> PoolPage:
    known: dict[str, Any] = {"asked": PoolFilter(), "total": len(rows), "everything": len(rows), "pages": 1}
    return PoolPage(rows=rows, **{**known, **overrides})


def test_row_says_what_since_when_why_and_last_follow_up() -> None:
    shown = texts([pool_forms.row(EN, row())])
    assert "*Acme Ltd* – 20 seats" in shown
    assert "grade *B* · Lead · $30,000 · last follow-up Mon, Mar 2" in shown
    assert "since Mon, Mar 2 · released: Not my region" in shown
    elsewhere = texts([pool_forms.row(ZH, row(team="South", reason=None, last_follow_up_at=None))])
    assert "来自 South，对所有团队开放" in elsewhere
    assert "导入时没有负责人" in elsewhere
    assert "尚未跟进" in elsewhere
    assert "open to all teams from Mon, Mar 9" in texts([pool_forms.row(EN, row(opens_on=date(2026, 3, 9)))])


def test_button_is_what_the_reader_may_do() -> None:
    found = [
        pool_forms.row(EN, row(may=may)).get("accessory", {}).get("action_id") for may in ("claim", "assign", None)
    ]
    assert found == [PoolId.CLAIM, PoolId.ASSIGN_OPEN, None]


def test_nobody_can_choose_several_at_once() -> None:
    view = pool_forms.listing(EN, page(row(1), row(2)))
    assert not [one for one in ("checkboxes", "multi_static_select") if one in str(view)]
    assert values_of(view["blocks"], PoolId.CLAIM) == ["1", "2"]


@pytest.mark.parametrize("t", [EN, ZH])
def test_the_longest_words_fit_everywhere(t: Translator) -> None:
    long = row(
        customer=HOSTILE[:255], need=HOSTILE, team=HOSTILE[:80], opens_on=date(2026, 3, 9),
        reason=Text("assign.pool_released", reason=HOSTILE[:500]),
    )  # fmt: skip
    asked = PoolFilter("team", "A", "东" * 120, "行" * 120, "x" * 100, 2)
    found = page(
        *[long] * 1, asked=asked, total=99, pages=9, regions=("东" * 120,), subjects=tuple(map(str, range(99)))
    )
    view = accepted_view(pool_forms.listing(t, found, banner="✅ done", opens=7))
    assert "<!channel>" not in str(view)
    assert len(view["private_metadata"]) < 3000
    taker = Taker(MemberRef(1, HOSTILE[:255], "U1"), HOSTILE[:80], 3, 50, NOW, is_self=True)
    accepted_view(pool_forms.assign(t, 7, "*x*", [taker], may_rules=True, asked=asked))
    accepted_view(pool_forms.release(t, hostile(), days=7, is_own=False, metadata={}))
    accepted_message(pool_forms.moved_card(t, hostile()))


def test_empty_pool_and_empty_filter_say_different_things() -> None:
    assert "The pool is empty" in texts(pool_forms.listing(EN, page())["blocks"])
    assert "Nothing in the pool fits" in texts(pool_forms.listing(EN, page(asked=PoolFilter(grade="A")))["blocks"])


def test_last_page_counts_to_the_end() -> None:
    last = pool_forms.listing(EN, page(row(9), row(10), asked=PoolFilter(page=1), total=10, pages=2))
    assert "9–10 of 10" in texts(last["blocks"])
    assert values_of(last["blocks"], PoolId.BACK) == ["0"]
    first = pool_forms.listing(EN, page(*(row(number) for number in range(8)), total=10, pages=2))
    assert "1–8 of 10" in texts(first["blocks"])
    assert values_of(first["blocks"], PoolId.ON) == ["1"]


def test_without_anybody_to_ask_the_form_says_what_to_do() -> None:
    view = accepted_view(pool_forms.assign(EN, 7, "*x*", [], may_rules=False, asked=None))
    assert "Add reps" in texts(view["blocks"])
    assert "submit" not in view


def test_card_that_moved_says_where_even_if_it_is_back_in_a_pool() -> None:
    assert "moved to North <#C1>. Owner: Rita Reyes" in str(pool_forms.moved_card(EN, opportunity(channel_id="C1")))
    assert "moved to North. Owner: Rita Reyes" in str(pool_forms.moved_card(EN, opportunity(channel_id=None)))
    assert "in the pool" in str(pool_forms.moved_card(EN, opportunity(owner=None)))


def test_home_shows_a_few_and_nothing_while_the_pool_is_empty() -> None:
    assert pool_forms.home_part(EN, page()) == []
    blocks = pool_forms.home_part(EN, page(*(row(number) for number in range(3)), everything=12))
    assert "Pool (12)" in texts(blocks)
    assert len(blocks) == 5
