"""Views of disputes: what they carry fits, what is known is shown, and the fullest Home still fits."""

import json
from dataclasses import replace

import pytest

from bot.domain.rulings import Evidence
from bot.i18n import Translator
from bot.services.case_values import Collision, RegistrationCase, RegistrationLine, RegistrationPage, RulingCase, Told
from bot.services.registered import PAGE
from bot.services.settlements import Side, Standoff
from bot.services.values import MemberRef
from bot.views import collision_forms, home, registration_views, ruling_views, waiting_cases
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
    assert "the longest text ends at “…”" in texts(view["blocks"])
    again = collision_forms.explained(EN, TAKEN, kept, refusal="Not now")
    assert "the longest text ends at “…”" in texts(again["blocks"])
    whole = collision_forms.explained(EN, TAKEN, {"way": "command", "typed": {"need": letter}})
    assert "What you typed is kept.*" in texts(whole["blocks"])
    accepted_view(collision_forms.tell(EN, kept))


@pytest.mark.parametrize(
    ("t", "left", "unseen"), [(EN, "is no longer active", "is not in Slack yet"), (ZH, "账号已停用", "尚未加入")]
)
def test_owner_who_is_not_in_slack_is_said_to_be_so_with_who_hears_instead(
    t: Translator, left: str, unseen: str
) -> None:
    for owner, why in ((RITA, left), (MemberRef(9, "Ida <!here>", None), unseen)):
        view = collision_forms.explained(t, replace(TAKEN, owner=owner, instead=(LIN, RITA)), {})
        for shown in (
            texts(accepted_view(view)["blocks"]),
            collision_forms.told(t, Told(owner, (LIN, RITA)), is_kept=True),
        ):
            assert why in shown
            assert "林伟" in shown
            assert "<!here>" not in shown


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
        *(("lapsed", why) for why in ("pooled", "closed", "yours", "free", "passed", "left")),
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
def test_list_of_registrations_says_each_state_and_offers_what_the_reader_may_do(t: Translator) -> None:
    active = replace(REGISTRATION, state="approved", judge=RITA, protected_until=NOW, is_active=True)
    asked = replace(active, renewal_asked_at=NOW)
    ended = replace(active, state="ended", is_active=False, cause="revoked", ended_by=RITA, ended_why="<!here> no")
    own = [RegistrationLine(one, is_own=True, may_decide=False) for one in (REGISTRATION, active, asked, ended)]
    theirs = [RegistrationLine(replace(one.case, id=one.case.id + 9), is_own=False, may_decide=True) for one in own]
    buttons = [
        [str(one["action_id"]).removeprefix("registration.") for one in block["elements"]]
        for block in accepted_message(registration_views.listing(t, _page([*own, *theirs])))[1]
        if block["type"] == "actions"
    ]
    assert buttons == [
        ["withdraw"],
        ["capture", "renew", "withdraw"],
        ["capture", "withdraw"],
        ["approve", "refuse_open"],
        ["revoke_open"],
        ["approve", "refuse_open", "revoke_open"],
    ]
    shown = read(accepted_message(registration_views.listing(t, _page(own))))
    assert "&lt;!here&gt; no" in shown
    assert t("registration.state.pending") in shown
    assert read(accepted_message(registration_views.listing(t, _page([])))) == t("registration.none")


def _page(lines: list[RegistrationLine], **more: int) -> RegistrationPage:
    numbered = (replace(one, case=replace(one.case, id=number)) for number, one in enumerate(lines))
    return RegistrationPage(tuple(numbered), total=len(lines), **more)


@pytest.mark.parametrize("t", [EN, ZH])
def test_longest_list_of_registrations_fits_a_message(t: Translator) -> None:
    long = replace(REGISTRATION, customer="木" * 200, state="approved", is_active=True, protected_until=NOW)
    page = _page([RegistrationLine(long, is_own=True, may_decide=False)] * PAGE, page=1, pages=3, first=21)
    assert len(accepted_message(registration_views.listing(t, page, said="x"))[1]) == 44


@pytest.mark.parametrize("t", [EN, ZH])
def test_registration_that_is_over_names_no_day_to_come(t: Translator) -> None:
    for over, has_day in (("used", False), ("left", False), ("expired", True)):
        case = replace(REGISTRATION, state="approved", over=over, protected_until=NOW)
        page = _page([RegistrationLine(case, is_own=True, may_decide=False)])
        shown = read(accepted_message(registration_views.listing(t, page)))
        values = {"day": t.local(NOW).date(), "asker": case.asker.name}
        assert t(f"registration.state.{over}", **values) in shown
        assert (t("registration.state.expired", day=t.local(NOW).date()) in shown) is has_day


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


@pytest.mark.parametrize("t", [EN, ZH])
def test_form_that_settles_a_collision_fits_however_many_have_the_customer(t: Translator) -> None:
    hostile = "<!channel> *b* 很长 " * 40
    sides = tuple(
        Side(MemberRef(number, hostile, None), hostile, (hostile,) * 30, may_have_all=True) for number in range(30)
    )
    view = accepted_view(ruling_views.settle_form(t, Standoff(7, hostile, sides, may_share=True)))
    assert "<!channel>" not in texts(view["blocks"][:2])
    # One who decides for a part of it reads who decides the rest; one who decides for nothing has nothing to submit.
    other = accepted_view(ruling_views.settle_form(t, Standoff(7, "Acme", sides[:2], may_share=False)))
    assert t("ruling.settle.other_team") in texts(other["blocks"])
    none = tuple(replace(side, may_have_all=False) for side in sides[:2])
    assert "submit" not in accepted_view(ruling_views.settle_form(t, Standoff(7, "Acme", none, may_share=False)))


def test_collision_says_what_is_left_to_do_where_it_is_free_or_pooled() -> None:
    free = replace(TAKEN, owner=None, state="free")
    shown = texts(
        accepted_view(collision_forms.explained(EN, free, {"way": "command", "typed": {"need": "x"}}))["blocks"]
    )
    assert "Go back to the form and save it again" in shown
    assert "Ask for a ruling" not in shown
    pooled = replace(TAKEN, owner=None, state="pool", may_ask=True, is_elsewhere=True)
    assert "another team's pool" in texts(accepted_view(collision_forms.explained(EN, pooled, {}))["blocks"])
    refused = accepted_view(collision_forms.explained(EN, pooled, {}, refusal="🙏 Not now"))
    assert "Not now" in texts(refused["blocks"])
    assert "You can ask for it all the same" in texts(refused["blocks"])
    own = accepted_view(collision_forms.explained(EN, replace(pooled, is_elsewhere=False), {}))
    assert "You can ask for it all the same" in texts(own["blocks"])


@pytest.mark.parametrize("t", [EN, ZH])
def test_reminder_names_what_waits_and_fits_however_much_it_is(t: Translator) -> None:
    message = accepted_message(waiting_cases.reminder(t, (RULING, REGISTRATION)))
    assert "2" in message[0]
    assert read(message).count("Acme") == 2
    many = [replace(RULING, id=number, plea="字" * 1000, customer="x" * 255) for number in range(50)]
    assert "42" in read(accepted_message(waiting_cases.reminder(t, many)))
