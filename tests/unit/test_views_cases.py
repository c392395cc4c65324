"""Views of disputes: what they carry fits, what is known is shown, and the fullest Home still fits."""

import json
from dataclasses import replace

import pytest

from bot.domain.rulings import Evidence
from bot.i18n import Translator
from bot.services.case_values import Collision, RegistrationCase, RulingCase
from bot.services.values import MemberRef
from bot.views import collision_forms, home, registration_views, ruling_views
from bot.views.elements import Message
from tests.unit.figures import NOW, accepted_message, accepted_view, make_day, make_late_line, make_line, texts

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")
RITA, LIN = MemberRef(1, "Rita Reyes", "U1"), MemberRef(2, "林伟", "U2")
TAKEN = Collision(3, "Acme", 7, RITA, "owned", NOW, None, NOW)
RULING = RulingCase(
    id=5, state="open", opportunity_id=7, customer_id=3, customer="Acme", need="Seats", team="North", owner=RITA, asker=LIN,
    asker_team=None, plea="Mine", asked_at=NOW, evidence=Evidence(NOW), verdict=None, sentence=None, judge=None, ruled_at=None,
)  # fmt: skip
REGISTRATION = RegistrationCase(6, "pending", 3, "Acme", LIN, "North", "Met them", NOW, 30)


def read(message: Message) -> str:
    return texts(message[1])


@pytest.mark.parametrize("letter", ["x", "字", '"', "👍"])
def test_what_was_typed_is_cut_rather_than_refused_where_it_does_not_fit(letter: str) -> None:
    typed = {"need": letter * 2000, "next_step": letter * 500, "contact_name": "Bo", "confirmed_new": ["yes"]}
    view = collision_forms.explained(EN, TAKEN, {"way": "command", "permalink": "p" * 500, "typed": typed})
    packed = view["private_metadata"]
    assert len(packed) <= 3000
    kept = json.loads(packed)
    assert (kept["id"], kept["customer_id"], kept["way"]) == (7, 3, "command")
    assert kept["typed"]["contact_name"] == "Bo"
    assert len(kept["typed"]["need"]) > 300
    accepted_view(collision_forms.tell(EN, kept))


def test_card_without_a_plan_or_attempts_shows_only_what_is_known() -> None:
    shown = read(accepted_message(ruling_views.card(EN, RULING)))
    assert "No follow-up yet" in shown
    for absent in ("Next:", "Protected", "stopped", "told the owner", "heard"):
        assert absent not in shown
    many = Evidence(NOW, attempts=tuple(NOW.replace(day=day) for day in range(1, 9)))
    assert "…" in read(accepted_message(ruling_views.card(ZH, replace(RULING, evidence=many))))


def test_managers_own_registration_is_answered_with_its_protection() -> None:
    done = replace(REGISTRATION, state="approved", judge=RITA, protected_until=NOW)
    assert "is protected for 林伟 until" in read(accepted_message(registration_views.answer(EN, done, "")))
    assert "is sent to Mona for approval" in read(accepted_message(registration_views.answer(EN, REGISTRATION, "Mona")))


def test_rivals_of_a_registration_are_named() -> None:
    shown = read(accepted_message(registration_views.card(ZH, replace(REGISTRATION, rivals=("Rita", "<!here>")))))
    assert "Rita、&lt;!here&gt;也申请了报备" in shown.replace("Rita 、", "Rita、")


def test_fullest_home_with_cases_to_decide_fits() -> None:
    lines = tuple(make_line(number) for number in range(40))
    day = make_day(
        overdue=tuple(make_late_line(number) for number in range(100, 140)),
        today=tuple(replace(one, id=one.id + 200) for one in lines),
        waiting=tuple(replace(one, id=one.id + 300) for one in lines),
        upcoming=tuple(replace(one, id=one.id + 400) for one in lines),
    )
    view = accepted_view(home.view(EN, day, NOW, cases=(RULING,) * 6 + (REGISTRATION,) * 6))
    shown = texts(view["blocks"])
    assert "For you to decide (12)" in shown
    assert "and 4 more, once these are decided" in shown
    assert "🔜 Next" in shown
