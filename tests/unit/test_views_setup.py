"""The setup form: fields of a team, prefilled, and its type-aheads."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from bot.i18n import Translator
from bot.services.calendars import country_of
from bot.services.teams import TeamForm
from bot.services.values import MemberRef
from bot.views import setup_choices, setup_forms
from tests.unit.figures import NOW, accepted_message, accepted_view, make_team, texts, values_of

EN = Translator("en-US", "Asia/Shanghai")
ZH = Translator("zh-CN", "Asia/Shanghai")


def element_of(view: dict[str, Any], block_id: str) -> dict[str, Any]:
    return next(dict(block["element"]) for block in view["blocks"] if block.get("block_id") == block_id)


def test_fields_of_the_form_are_those_of_the_service() -> None:
    view = accepted_view(setup_forms.form(EN, None, NOW))
    fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    assert fields == set(TeamForm.model_fields) - set(setup_forms.CARRIED)


def test_new_team_is_proposed_with_the_channel_zone_country_and_currency_of_the_one_who_asks() -> None:
    view = accepted_view(setup_forms.form(ZH, None, NOW, channel_id="C7", manager="U7", zone="Asia/Shanghai"))
    assert view["title"]["text"] == "设置团队"
    assert element_of(view, "channel_id")["initial_conversation"] == "C7"
    assert element_of(view, "manager")["initial_user"] == "U7"
    assert element_of(view, "zone")["initial_option"]["value"] == "Asia/Shanghai"
    assert element_of(view, "country")["initial_option"]["text"]["text"] == "中国 (CN)"
    assert element_of(view, "currency")["initial_option"]["value"] == "CNY"
    assert element_of(view, "locale")["initial_option"]["value"] == "zh-CN"
    assert element_of(view, "hours")["initial_value"] == "9:00-12:00 13:00-18:00"
    assert [one["value"] for one in element_of(view, "workdays")["initial_options"]] == ["0", "1", "2", "3", "4"]


def test_zone_of_no_country_proposes_none() -> None:
    view = accepted_view(setup_forms.form(EN, None, NOW, zone="UTC"))
    assert "initial_option" not in element_of(view, "country")
    assert element_of(view, "currency")["initial_option"]["value"] == "USD"


def test_team_is_edited_from_what_it_is_and_its_currency_stays() -> None:
    week = ((), ((480, 1020),), ((480, 1020),), (), (), (), ((480, 1020),))
    team = make_team(
        id=4, name="Süd", hours=week, digest_minute=510, zone="Europe/Berlin", country="DE", currency="EUR",
        reps=(MemberRef(1, "Lin", "U1"), MemberRef(2, "Imported", None)), specialists=(MemberRef(3, "Sam", "U3"),),
    )  # fmt: skip
    view = accepted_view(setup_forms.form(EN, team, NOW))
    carried = {"team_id": 4, "reps_shown_to": 1, "specialists_shown_to": 3, "days_shown_to": "9999-12-31"}
    assert json.loads(view["private_metadata"]) == carried
    assert view["title"]["text"] == "Edit team"
    assert element_of(view, "name")["initial_value"] == "Süd"
    assert element_of(view, "reps")["initial_users"] == ["U1"]
    assert element_of(view, "specialists")["initial_users"] == ["U3"]
    assert element_of(view, "manager")["initial_user"] == "U9"
    assert element_of(view, "hours")["initial_value"] == "8:00-17:00"
    assert element_of(view, "digest_time")["initial_value"] == "8:30"
    assert [one["value"] for one in element_of(view, "workdays")["initial_options"]] == ["1", "2", "6"]
    assert "Amounts without a currency are in EUR." in texts(view["blocks"])


def test_team_without_manager_or_people_can_be_edited_too() -> None:
    view = accepted_view(setup_forms.form(EN, make_team(manager=None, reps=(), hours=((),) * 7, channel_id=None), NOW))
    assert "initial_user" not in element_of(view, "manager")
    assert "initial_users" not in element_of(view, "reps")
    assert element_of(view, "hours")["initial_value"] == "9:00-12:00 13:00-18:00"


@pytest.mark.parametrize("typed", ["shang", "Shang", "asia/shang"])
def test_zone_is_found_by_its_city(typed: str) -> None:
    assert setup_choices.zone_options(typed)[0]["value"] == "Asia/Shanghai"


def test_zones_are_at_most_a_hundred_and_have_no_leftovers() -> None:
    shown = [one["value"] for one in setup_choices.zone_options("a")]
    assert len(shown) == 100
    assert setup_choices.zone_options("Etc/GMT") == []
    assert setup_choices.zone_options("new york")[0]["value"] == "America/New_York"
    assert setup_choices.zone_options("utc")[0]["value"] == "UTC"


def test_country_is_found_by_name_in_the_readers_language_and_by_code() -> None:
    assert setup_choices.country_options(EN, "germ")[0]["value"] == "DE"
    assert setup_choices.country_options(ZH, "德国")[0]["value"] == "DE"
    assert setup_choices.country_options(EN, "cn")[0]["value"] == "CN"
    assert setup_choices.country_options(EN, "nowhere at all") == []


def test_a_part_of_a_country_is_found_by_what_it_is_called_there_and_by_code() -> None:
    for typed in ("bayern", "DE-BY", "de-by"):
        shown = setup_choices.country_options(ZH, typed)[0]
        assert (shown["value"], shown["text"]["text"]) == ("DE-BY", "德国 · Bayern (DE-BY)")
    assert setup_choices.country_options(EN, "calif")[0]["value"] == "US-CA"
    german = [one["value"] for one in setup_choices.country_options(EN, "Germany")]
    assert german[0] == "DE"
    assert {"DE-BY", "DE-BE"} < set(german)
    assert [one["value"] for one in setup_choices.country_options(EN, "DE")][:2] == ["DE", "DK"]
    view = accepted_view(setup_forms.form(EN, make_team(country="DE-BY"), NOW))
    assert element_of(view, "country")["initial_option"]["value"] == "DE-BY"
    assert setup_choices.country_option(EN, "DE-XX") is setup_choices.country_option(EN, None) is None
    assert setup_choices.currency_of("DE-BY") == "EUR"


def test_days_that_differ_are_shown_from_today_on_as_they_are_typed() -> None:
    today = NOW.date()
    days = (
        (today - timedelta(days=1), ()),
        (today, ((540, 720),)),
        (date(2026, 10, 10), ((540, 720), (780, 1080))),
        (date(2026, 12, 24), ()),
    )
    for t, shown in (
        (EN, "2026-03-05 9:00-12:00\n2026-10-10 work\n2026-12-24 off"),
        (ZH, "2026-03-05 9:00-12:00\n2026-10-10 上班\n2026-12-24 休"),
    ):
        view = accepted_view(setup_forms.form(t, make_team(exceptions=days), NOW))
        assert element_of(view, "exceptions")["initial_value"] == shown
    many = tuple((today + timedelta(days=number), ()) for number in range(200))
    view = accepted_view(setup_forms.form(EN, make_team(exceptions=many), NOW))
    lines = element_of(view, "exceptions")["initial_value"].splitlines()
    assert json.loads(view["private_metadata"])["days_shown_to"] == lines[-1].split()[0]
    assert "2026-12-24 off" in texts(accepted_view(setup_forms.form(EN, None, NOW))["blocks"]), "the hint is an example"


def test_every_country_offered_has_known_holidays() -> None:
    from bot.domain.holiday_days import holiday_year  # noqa: PLC0415 - only this test needs it
    from bot.services.calendars import place_of  # noqa: PLC0415 - only this test needs it

    for typed in ("a", "b", "united"):
        for one in setup_choices.country_options(EN, typed)[:5]:
            assert holiday_year(*place_of(one["value"]), 2026) is not None


@pytest.mark.parametrize(
    ("zone", "country"), [("Asia/Shanghai", "CN"), ("Asia/Chongqing", "CN"), ("Europe/Vienna", "AT"), ("UTC", None)]
)
def test_the_form_proposes_the_country_of_the_zone(zone: str, country: str | None) -> None:
    assert country_of(zone) == country


def test_saved_team_shows_who_and_where_and_what_to_do_next() -> None:
    view = accepted_view(setup_forms.saved(EN, make_team(), is_new=True))
    words = texts(view["blocks"])
    assert "*North* is ready" in words
    assert "<#C1>" in words
    assert "<@U9>" in words
    assert "<@U1> <@U2>" in words
    assert "/lead" in words


def test_saved_team_without_people_says_so() -> None:
    view = accepted_view(setup_forms.saved(ZH, make_team(reps=(), manager=None, channel_id=None), is_new=False))
    assert "团队里还没有人" in texts(view["blocks"])
    assert "<#" not in texts(view["blocks"])


def test_list_of_teams_has_a_button_for_each() -> None:
    _, blocks = accepted_message(setup_forms.teams_message(EN, [make_team(id=4), make_team(id=5)], may_add=True))
    assert values_of(blocks, "setup.open") == ["4", "5", "new"]
    _, blocks = accepted_message(setup_forms.teams_message(EN, [], may_add=False))
    assert values_of(blocks, "setup.open") == []
