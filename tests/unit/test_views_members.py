"""Members on screen: pages of the list, the form as a manager and an admin see it, absences, and the handover list."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.i18n import Translator
from bot.services.absences import Absence
from bot.services.departures import Departure, Taker
from bot.services.languages import codes_of
from bot.services.member_changes import FieldChange, MemberChangeLine
from bot.services.roster import MemberDetails, MemberForm, MemberLine, Roster
from bot.services.values import MemberRef
from bot.views import absences, departures, member_forms
from tests.unit.figures import accepted_message, accepted_view, texts

EN, ZH = Translator("en-US", "Asia/Shanghai"), Translator("zh-CN", "Asia/Shanghai")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
RITA = MemberRef(7, "Rita <!channel>", "U1")
LINE = MemberLine(RITA, "rep", "North", 3, 50, 1, None, is_active=True, zone="Asia/Shanghai")
SHOWN = {
    "role": "rep", "team_id": 4, "weight": 1, "capacity": 50, "territories": ["East"], "languages": ["en", "zh"],
    "away_from": None, "away_until": None,
}  # fmt: skip
DETAILS = MemberDetails(LINE, 4, ("East",), ("en", "zh"), ("rep", "specialist"), ((4, "North"),), (), SHOWN)


@pytest.mark.parametrize(("page", "pages", "buttons"), [(0, 1, []), (0, 3, ["1"]), (1, 3, ["0", "2"]), (2, 3, ["1"])])
def test_list_has_the_buttons_of_its_page(page: int, pages: int, buttons: list[str]) -> None:
    away = replace(LINE, away_until=datetime(2026, 3, 6, 15, 59, tzinfo=UTC), member=MemberRef(8, "Lin", "U2"))
    gone = replace(LINE, is_active=False, team=None, is_manager_of=("South", "West"), member=MemberRef(9, "Ada", "U3"))
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
    assert fields == {"capacity", "weight", "territories", "languages", "away_from", "away_until"}
    shown = texts(view["blocks"])
    assert "Only an admin changes it" in shown
    assert "Nothing was changed here yet" in shown


def test_form_carries_what_it_shows_also_where_every_region_is_as_long_as_can_be() -> None:
    regions = [f"{number:02}{'区' * 58}" for number in range(30)]
    view = accepted_view(member_forms.form(ZH, replace(DETAILS, shown={**SHOWN, "territories": regions})))
    assert json.loads(view["private_metadata"])["shown"]["territories"] == regions
    field = next(block for block in view["blocks"] if block.get("block_id") == "territories")
    assert field["element"]["initial_value"] == "、".join(regions)


def test_form_that_is_shown_anew_has_what_was_typed_and_says_what_changed_meanwhile() -> None:
    typed = MemberForm(member_id=7, weight=9, capacity=50, role="specialist", shown={**SHOWN, "weight": 2})
    view = accepted_view(member_forms.form(EN, DETAILS, typed=typed))
    assert "Somebody changed this member meanwhile: weight" in texts(view["blocks"])
    found = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    assert found["weight"]["initial_value"] == "9"
    assert found["role"]["initial_option"]["value"] == "specialist"
    assert found["team_id"]["initial_option"]["value"] == "4"
    assert "initial_value" not in found["territories"]
    assert json.loads(view["private_metadata"])["shown"] == SHOWN


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
    start, end = datetime(2026, 3, 2, 5, 0, tzinfo=UTC), datetime(2026, 3, 7, 4, 59, tzinfo=UTC)
    zone = "America/New_York"
    view = accepted_view(member_forms.absence_form(EN, absences.typed(start, zone), absences.typed(end, zone)))
    assert [block["element"]["initial_value"] for block in view["blocks"]] == ["2026-03-02", "2026-03-06"]
    assert [absences.typed(one, zone) for one in (None, NOW)] == [None, "2026-03-01 20:00"]
    far = Absence(RITA, end, open_count=2, due_count=1, passed_on=3, zone=zone)
    assert "away until *Fri, Mar 6, 2026*, starting now" in accepted_message(absences.notice(EN, far))[0]
    said = accepted_message(absences.gone(EN, far))[0]
    assert "3 leads that waited" in said
    assert "no reminders of what you own" in said
    exact = Absence(MemberRef(1, "Imported", None), NOW)
    text, blocks = accepted_message(absences.notice(ZH, exact))
    assert "2026年3月2日周一 09:00" in text
    assert len(blocks) == 1
    assert "–" in absences.gone(EN, Absence(RITA, None))[0]


def test_later_absence_says_both_days_and_who_hears_meanwhile() -> None:
    start, end = datetime(2026, 3, 8, 16, 0, tzinfo=UTC), datetime(2026, 3, 13, 15, 59, tzinfo=UTC)
    manager = MemberRef(3, "Mona <!here>", "U3")
    later = Absence(RITA, end, start, manager, open_count=1, zone="Asia/Shanghai")
    text, blocks = accepted_message(absences.gone(EN, later))
    assert "from *Mon, Mar 9, 2026* until *Fri, Mar 13, 2026*" in text
    assert "no reminders for you in that time; Mona &lt;!here&gt; hears" in text
    assert "Cancel it" in texts(blocks)
    told = accepted_message(absences.notice(ZH, later))[0]
    assert "*2026年3月9日周一* 至 *2026年3月13日周五*" in told
    assert "会通知您" in told
    assert "Cancelled" in absences.back(EN, has_begun=False)[0]
    line = replace(LINE, away_from=start, away_until=end)
    away = {"away_from": "2026-03-09", "away_until": "2026-03-13"}
    view = accepted_view(member_forms.form(EN, replace(DETAILS, line=line, shown={**SHOWN, **away})))
    picked = {
        one["block_id"]: one["element"]["initial_date"] for one in view["blocks"] if "away" in one.get("block_id", "")
    }
    assert picked == away
    assert "away Mon, Mar 9 – Fri, Mar 13" in texts(view["blocks"])


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
