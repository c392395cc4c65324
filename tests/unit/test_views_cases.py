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


@pytest.mark.parametrize("t", [EN, ZH])
def test_request_that_ended_without_a_ruling_says_why_to_both_sides_and_has_no_button(t: Translator) -> None:
    for state, cause in (
        ("withdrawn", None),
        *(("lapsed", why) for why in ("pooled", "closed", "yours", "free", "passed")),
    ):
        ended = replace(RULING, state=state, cause=cause)
        for message in (ruling_views.card(t, ended), ruling_views.waiting(t, ended)):
            shown = accepted_message(message)
            assert t(f"ruling.cause.{cause or state}") in read(shown)
            assert "button" not in str(shown[1])
    decided = read(accepted_message(ruling_views.waiting(t, replace(RULING, state="ruled", judge=RITA))))
    assert decided == t("ruling.decided", customer="Acme")


@pytest.mark.parametrize("t", [EN, ZH])
def test_card_about_a_registration_shows_it_as_the_evidence_and_no_opportunity_to_open(t: Translator) -> None:
    known = Evidence(registered_at=NOW, approved_at=NOW, approved_by="Mona <!here>", owner="Rita Reyes", owner_id=1)
    about = replace(RULING, opportunity_id=None, need="Met their CTO", evidence=known)
    shown = accepted_message(ruling_views.card(t, about))
    for part in ("Rita Reyes", "Met their CTO", "Mona &lt;!here&gt;", "ruling.share"):
        assert part in str(shown), part
    assert "card.open" not in str(shown[1])


@pytest.mark.parametrize("t", [EN, ZH])
def test_registration_that_yielded_names_the_one_it_yielded_to(t: Translator) -> None:
    for state in ("refused", "ended"):
        case = replace(REGISTRATION, state=state, judge=RITA, yielded_to=MemberRef(3, "Otto", "U3"))
        assert "Otto" in read(accepted_message(registration_views.told(t, case)))


@pytest.mark.parametrize("t", [EN, ZH])
def test_collision_explains_itself_without_a_form_to_go_back_to(t: Translator) -> None:
    registered = replace(TAKEN, opportunity_id=None, state="registered", may_ask=True)
    kept = t("collision.kept")
    shown = accepted_view(collision_forms.explained(t, registered, {}))
    assert kept not in str(shown)
    assert "collision.back" not in str(shown)
    assert "pool.again" in str(accepted_view(collision_forms.explained(t, registered, {"list": {}})))
    typed = {"way": "command", "typed": {"need": "x"}}
    asked = replace(registered, may_ask=False, asked_id=4)
    assert "collision.withdraw" in str(accepted_view(collision_forms.explained(t, asked, typed)))
    assert kept in str(accepted_view(collision_forms.explained(t, registered, typed)))
