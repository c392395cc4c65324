"""The veil: contacts of what nobody owns are not read anywhere, and everything else is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import events as ev
from bot.domain.veil import HIDDEN, Veil

VEIL = Veil.over(
    ["Daniel Ong", "+65 6123 4567", "daniel@marinabay.example", "周敏", "Dr. Farah Aziz", "May Lin", None, " "]
)


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("Walked Daniel through the map", "Walked ••• through the map"),
        ("call DANIEL ONG on +65 6123 4567", "call ••• on •••"),
        ("mail to daniel@marinabay.example today", "mail to ••• today"),
        ("or to info@elsewhere.example", "or to •••"),
        ("138 1600 2211 周敏说可以", "••• •••说可以"),
        ("电话１３８１６００２２１１", "电话•••"),
        ("电话13816002211周敏", "电话••••••"),
        ("邮箱zhou@chenguang.example，请联系", "邮箱•••，请联系"),
        ("报价1200000元，有效期30天", "报价1200000元，有效期30天"),
        ("(021) 6234-5678", "•••"),
        ("微信：zhoumin_88 加我", "微信：••• 加我"),
        ("WeChat: zhou.min", "WeChat: •••"),
        ("WeChat demo on 2026-03-02, 400 trucks for 1,200,000", "WeChat demo on 2026-03-02, 400 trucks for 1,200,000"),
        ("Farah decides, it may be in May", "••• decides, it may be in •••"),
        ("Danielle from the fair", "Danielle from the fair"),
    ],
)
def test_names_and_addresses_are_hidden_and_the_rest_is_read(text: str, seen: str) -> None:
    assert VEIL.text(text) == seen


def test_without_known_contacts_addresses_are_hidden_all_the_same() -> None:
    assert Veil().text("Ann, ann@acme.test, +1 212 555 0188") == f"Ann, {HIDDEN}, {HIDDEN}"


@given(st.text(), st.lists(st.text(min_size=1)))
def test_any_text_and_any_names_are_taken(text: str, names: list[str]) -> None:
    veil = Veil.over(names)
    seen = veil.text(text)
    assert not [name for name in veil.names if name.isalpha() and name.isascii() and name == seen.strip()]


def test_events_lose_texts_links_and_contact_changes_and_keep_what_happened() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    log = VEIL.event(ev.FollowUpLogged(1, "call", "Met Daniel", "周敏 agreed", permalink="https://x", undo={"a": 1}))
    assert log == ev.FollowUpLogged(1, "call", "Met •••", "••• agreed", undo={})
    changed = {"contact_phone": [None, "+65 6123 4567"], "need": ["x", "ask Daniel"], "amount_minor": [1, 2]}
    assert VEIL.event(ev.OpportunityEdited(changed)) == ev.OpportunityEdited(
        {"contact_phone": [None, HIDDEN], "need": ["x", "ask •••"], "amount_minor": [1, 2]}
    )
    step = ev.NextStepSet(1, "Call Daniel", at)
    assert VEIL.event(step) == ev.NextStepSet(1, "Call •••", at)
    claimed = ev.Claimed(1, "Daniel Ong")
    assert VEIL.event(claimed) is claimed
    assert VEIL.event(ev.PutInPool("released", 1, "Rep", "Daniel is on leave")).reason == "••• is on leave"  # type: ignore[attr-defined]
