"""Members on screen: pages of the list, the form as a manager and an admin see it, absences, and the handover list."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.i18n import Translator
from bot.services.absences import Absence
from bot.services.departures import Departure, Taker
from bot.services.languages import codes_of
from bot.services.member_changes import FieldChange, MemberChangeLine
from bot.services.roster import MemberDetails, MemberLine, Roster
from bot.services.values import MemberRef
from bot.views import absences, departures, member_forms
from tests.unit.figures import accepted_message, accepted_view, texts

EN, ZH = Translator("en-US", "Asia/Shanghai"), Translator("zh-CN", "Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RITA = MemberRef(7, "Rita <!channel>", "U1")
LINE = MemberLine(RITA, "rep", "North", 3, 50, 1, None, is_active=True, zone="Asia/Shanghai")
DETAILS = MemberDetails(LINE, 4, ("East",), ("en", "zh"), ("rep", "specialist"), ((4, "North"),), ())


@pytest.mark.parametrize(("page", "pages", "buttons"), [(0, 1, []), (0, 3, ["1"]), (1, 3, ["0", "2"]), (2, 3, ["1"])])
def test_list_has_the_buttons_of_its_page(page: int, pages: int, buttons: list[str]) -> None:
    away = replace(LINE, away_until=datetime(2026, 3, 6, 15, 59, tzinfo=UTC), member=MemberRef(8, "Lin", "U2"))
    gone = replace(LINE, is_active=False, team=None, is_manager_of=("South", "West"), member=MemberRef(9, "Ada", None))
    view = accepted_view(member_forms.listing(EN, Roster((LINE, away, gone), page, pages, 40)))
    found = [block for block in view["blocks"] if block.get("block_id") == "members.pages"]
    assert [one["value"] for block in found for one in block["elements"]] == buttons
    shown = texts(view["blocks"])
    assert "&lt;!channel&gt;" in shown
    assert "away until Fri, Mar 6" in shown
    assert "deactivated · Rep" in shown
    assert "manages South, West" in shown


def test_form_of_one_whose_role_and_team_are_not_the_readers_business_says_so() -> None:
    view = accepted_view(member_forms.form(EN, replace(DETAILS, roles=(), teams=())))
    fields = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    assert fields == {"capacity", "weight", "territories", "languages", "away_until"}
    shown = texts(view["blocks"])
    assert "Only an admin changes it" in shown
    assert "Nothing was changed here yet" in shown


def test_last_change_is_told_field_by_field_in_the_readers_language() -> None:
    change = MemberChangeLine(
        NOW,
        None,
        (
            FieldChange("role", "rep", "manager"),
            FieldChange("is_active", before=True, after=False),
            FieldChange("territories", ["East"], []),
            FieldChange("away_until", None, "2026-03-06T15:59:00+00:00"),
            FieldChange("weight", 1, 2),
        ),
    )
    shown = texts(accepted_view(member_forms.form(EN, replace(DETAILS, changes=(change,))))["blocks"])
    expected = (
        f"Slack, {EN.moment(NOW)} · role: Rep → Manager, account: active → deactivated, regions: no longer East, "
    )
    assert expected + "away until: Fri, Mar 6, weight: 1 → 2" in shown
    zh = texts(accepted_view(member_forms.saved(ZH, replace(DETAILS, changes=(change,))))["blocks"])
    assert "角色：销售 → 主管" in zh


def test_absence_is_prefilled_and_reads_as_a_day_where_the_member_is() -> None:
    view = accepted_view(member_forms.absence_form(EN, date(2026, 3, 6)))
    assert view["blocks"][0]["element"]["initial_value"] == "2026-03-06"
    end = datetime(2026, 3, 7, 4, 59, tzinfo=UTC)
    far = Absence(RITA, end, 2, 1, 3, "America/New_York")
    assert "away until *Fri, Mar 6, 2026*" in accepted_message(absences.notice(EN, far))[0]
    said = accepted_message(absences.gone(EN, far))[0]
    assert "3 leads that waited" in said
    exact = Absence(MemberRef(1, "Imported", None), NOW, 0, 0, 0, "UTC")
    text, blocks = accepted_message(absences.notice(ZH, exact))
    assert "2026年3月2日周一 09:00" in text
    assert len(blocks) == 1
    assert "–" in absences.gone(EN, Absence(RITA, None))[0]


def test_handover_list_of_one_who_owned_nothing_names_the_teams_without_a_manager() -> None:
    text, blocks = accepted_message(departures.message(EN, Departure(RITA, 0, (), ((4, "North"),)), NOW))
    assert "no longer active in Slack" in text
    assert blocks[-1]["accessory"]["value"] == "4"
    (option,) = departures.options(ZH, [Taker(MemberRef(2, "林伟", "U2"), 3, 50)], 9, 7)
    assert (option["value"], option["description"]["text"]) == ("9:U2:7", "在跟 3 / 上限 50")


@pytest.mark.parametrize(
    ("texts_", "codes"),
    [
        (("zh", "English", "en-GB"), ("zh", "en")),
        (("日语", "Mandarin", "粤语"), ("ja", "zh", "yue")),
        ((), ()),
        (("zh", "klingonish"), None),
    ],
)
def test_languages_are_known_by_code_and_by_name(texts_: tuple[str, ...], codes: tuple[str, ...] | None) -> None:
    assert codes_of(texts_) == codes
