"""The veil: contacts of what nobody owns are not read anywhere, and everything else is."""

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_type_hints

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


SECRET = "Daniel Ong"
# What no contact can stand in: names of members, teams and customers, keys of the playbook, words of the program.
HARMLESS = {
    "LeadCaptured": "customer way stage currency source",
    "Graded": "grade points before",
    "AssignmentOffered": "member",
    "AssignmentAccepted": "member",
    "AssignmentDeclined": "member cause",
    "PutInPool": "cause former",
    "Claimed": "member",
    "FollowUpLogged": "way for_member",
    "StageChanged": "before after",
    "OpportunityWon": "stage currency",
    "OpportunityLost": "stage",
    "OpportunityReopened": "stage",
    "HandoverOffered": "from_member to_member",
    "HandoverDeclined": "to_member",
    "OwnerChanged": "before after how",
    "OwnerLeft": "member",
    "OwnerReturned": "member",
    "LadderStepTaken": "cause step to",
    "CollisionStopped": "member customer verdict",
    "CollisionMarked": "member why",
    "CustomerMerged": "kept merged",
    "CustomerMergeUndone": "kept merged",
    "OwnerTold": "member",
    "RulingAsked": "member",
    "RulingMade": "verdict asker owner",
    "RulingDropped": "asker cause",
    "TeamChanged": "before after stage",
    "NoteAdded": "source",
    "ActionUndone": "what",
}


def secret(hint: Any) -> Any:
    """A value of that type that names a contact, if it can."""
    if "dict" in str(hint):
        return {"text": [SECRET, SECRET] if "list" in str(hint) else SECRET}
    if "list" in str(hint):
        return [[SECRET]]
    return SECRET if "str" in str(hint) else None


@pytest.mark.parametrize("kind", sorted(ev.event_kinds()))
def test_every_text_of_every_event_is_veiled_or_known_to_name_no_contact(kind: str) -> None:
    event = getattr(ev, kind)
    hints = get_type_hints(event)
    seen = VEIL.event(event(**{one.name: secret(hints[one.name]) for one in fields(event)}))
    shown = {one.name for one in fields(event) if SECRET in repr(getattr(seen, one.name))}
    assert shown == set(HARMLESS.get(kind, "").split())


def test_what_was_told_pleaded_and_ruled_is_read_without_the_contact() -> None:
    assert VEIL.event(ev.OwnerTold(1, "Rep", "Ask Daniel", "Jo Craig · jo@craig.test")) == ev.OwnerTold(
        1, "Rep", "Ask •••", HIDDEN
    )
    assert VEIL.event(ev.RulingAsked(1, "Rep", "Met Daniel, +65 6123 4567")) == ev.RulingAsked(1, "Rep", "Met •••, •••")
    assert VEIL.event(ev.RulingMade("keep", "Daniel says no", 1, "Rep")) == ev.RulingMade(
        "keep", "••• says no", 1, "Rep"
    )
