from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InvalidInput
from bot.services.import_values import Batch, Person
from bot.sync.mapping import Place, read_batch
from bot.sync.preset import Preset, load_preset, preset_names

NORTH = Place("North", "USD")


def batch(tmp_path: Path, text: str, *, place: Place = NORTH, **preset: Any) -> Batch:
    path = tmp_path / "file.csv"
    path.write_text(text, encoding="utf-8")
    columns = {"customer": "Who", "need": "What", **preset.pop("columns", {})}
    return read_batch(path, Preset(columns=columns, **preset), place)


def test_customer_and_need_are_enough(tmp_path: Path) -> None:
    found = batch(tmp_path, "Who,What\nAcme,Chairs\n")
    assert [(row.customer, row.need, row.team, row.line) for row in found.rows] == [("Acme", "Chairs", "North", 2)]


def test_equal_rows_are_told_apart_and_are_the_same_ones_next_time(tmp_path: Path) -> None:
    text = "Who,What\nAcme,Chairs\nAcme,Chairs\nAcme,Tables\n"
    refs = [row.ref for row in batch(tmp_path, text).rows]
    assert len(set(refs)) == 3
    assert [row.ref for row in batch(tmp_path, text).rows] == refs


def test_ref_that_stands_twice_is_refused_the_second_time(tmp_path: Path) -> None:
    found = batch(tmp_path, "Who,What,Id\nA,x,1\nB,y,1\nC,z,2\n", columns={"ref": "Id"})
    assert [row.ref for row in found.rows] == ["1", "2"]
    assert [(told.line, told.why.params) for told in found.refused] == [(3, {"ref": "1", "line": 2})]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-31", date(2026, 3, 31)),
        ("2026/3/31", date(2026, 3, 31)),
        ("31.03.2026", date(2026, 3, 31)),
        ("20260331", date(2026, 3, 31)),
        ("2026年3月31日", date(2026, 3, 31)),
        ("2026-03-31 14:30", datetime(2026, 3, 31, 14, 30)),  # noqa: DTZ001 - as the file has it
        ("2026-03-31T14:30:00+00:00", datetime(2026, 3, 31, 14, 30, tzinfo=UTC)),
        ("03/31/2026", None),
        ("yesterday", None),
    ],
)
def test_dates_are_read_where_they_can_mean_one_thing_only(
    tmp_path: Path, text: str, read: date | datetime | None
) -> None:
    found = batch(tmp_path, f"Who,What,Day\nA,x,{text}\n", columns={"captured": "Day"})
    if read is None:
        assert [told.why.key for told in found.refused] == ["import.date"]
    else:
        assert found.rows[0].captured == read


def test_date_format_of_the_file_can_be_told(tmp_path: Path) -> None:
    columns = {"captured": "Day"}
    found = batch(tmp_path, "Who,What,Day\nA,x,31/12/2025\n", columns=columns, date_format="%d/%m/%Y")
    assert found.rows[0].captured == date(2025, 12, 31)
    found = batch(tmp_path, "Who,What,Day\nA,x,31/12/2025 09:05\n", columns=columns, date_format="%d/%m/%Y %H:%M")
    assert found.rows[0].captured == datetime(2025, 12, 31, 9, 5)  # noqa: DTZ001 - as the file has it


@pytest.mark.parametrize(
    ("amount", "minor", "currency"),
    [("1,234.50", 123_450, "USD"), ("€20", 2000, "EUR"), ("", None, "USD"), ("0", 0, "USD")],
)
def test_amounts_are_in_minor_units(tmp_path: Path, amount: str, minor: int | None, currency: str) -> None:
    row = batch(tmp_path, f'Who,What,Worth\nA,x,"{amount}"\n', columns={"amount": "Worth"}).rows[0]
    assert (row.amount_minor, row.currency) == (minor, currency)


def test_unreadable_values_are_told_and_nothing_else_is_lost(tmp_path: Path) -> None:
    text = f"Who,What,Worth\nA,,1\nB,x,lots\n{'C' * 201},x,1\nD,x,1\n"
    found = batch(tmp_path, text, columns={"amount": "Worth"})
    assert [row.customer for row in found.rows] == ["D"]
    assert [(told.line, told.why.key) for told in found.refused] == [
        (2, "import.no_need"),
        (3, "import.amount"),
        (4, "import.too_long"),
    ]


def test_owner_and_contact_are_people_known_by_name_or_mail(tmp_path: Path) -> None:
    columns = {"owner": "Rep", "owner_email": "Mail", "contact_name": "Person", "contact_phone": "Phone"}
    text = "Who,What,Rep,Mail,Person,Phone\nA,x,Rita,Rita@X.test,,+1 650 253 0000\nB,x,,b@x.test,Ann,\nC,x,,,,\n"
    rows = batch(tmp_path, text, columns=columns).rows
    assert [row.owner for row in rows] == [Person("Rita", "rita@x.test"), Person("b@x.test", "b@x.test"), None]
    assert [row.contact for row in rows] == [Person("+1 650 253 0000"), Person("Ann"), None]


def test_website_and_credit_code_have_columns_of_their_own(tmp_path: Path) -> None:
    columns = {"website": "Web", "credit_code": "Code"}
    (row, bare) = batch(tmp_path, "Who,What,Web,Code\nA,x,a.test,91310000607337890K\nB,x,,\n", columns=columns).rows
    assert (row.website, row.credit_code) == ("a.test", "91310000607337890K")
    assert (bare.website, bare.credit_code) == (None, None)


def _folder(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "deals.csv").write_text(
        "Who,What,Rep,Thing,Phase\nAcme,Chairs,Rita,Char,Hot\nBeta,Beds,Nobody,Bed,Cold\n", encoding="utf-8"
    )
    (tmp_path / "people.csv").write_text("Rep,Boss,Office\nRita,Mona,North\nLin,Omar,North\nIdle,,\n", encoding="utf-8")
    (tmp_path / "firms.csv").write_text("Firm,Trade\nAcme,Toys\n,Nothing\n", encoding="utf-8")
    (tmp_path / "things.csv").write_text("Thing\nBed\n", encoding="utf-8")
    return {
        "file": "deals.csv",
        "columns": {"customer": "Who", "need": "What", "owner": "Rep", "product": "Thing", "stage": "Phase"},
        "stages": {"Hot": "quote"},
        "fixes": {"product": {"Char": "Chair"}},
        "teams": {"file": "people.csv", "team": "Office", "rep": "Rep", "manager": "Boss"},
        "customers": {"file": "firms.csv", "name": "Firm", "industry": "Trade"},
        "products": {"file": "things.csv", "name": "Thing"},
    }


def test_folder_brings_teams_customers_and_a_list_of_products(tmp_path: Path) -> None:
    found = read_batch(tmp_path, Preset(**_folder(tmp_path)), Place(zone="Asia/Shanghai", locale="zh-CN"))
    team = found.teams[0]
    assert (team.name, team.zone, team.locale) == ("North", "Asia/Shanghai", "zh-CN")
    assert [one.name for one in team.managers] == ["Mona", "Omar"]
    assert [one.name for one in team.reps] == ["Rita", "Lin"]
    assert [(one.name, one.industry) for one in found.customers] == [("Acme", "Toys")]
    assert [(row.team, row.product, row.stage) for row in found.rows] == [("North", "Chair", "quote")]
    assert [told.why.key for told in found.remarks] == ["import.product"]
    assert [(told.line, told.why.key) for told in found.refused] == [(3, "import.no_owner_team")]


def test_undated_rows_begin_on_the_last_day_that_the_file_names(tmp_path: Path) -> None:
    text = "Who,What,Day,End\nA,x,2025-01-01,2025-02-03\nB,y,,\nC,z,2025-01-20 10:00,\n"
    columns = {"captured": "Day", "closed": "End"}
    rows = batch(tmp_path, text, columns=columns, undated="last_day").rows
    assert rows[1].captured == date(2025, 2, 3)
    assert batch(tmp_path, text, columns=columns).rows[1].captured is None


def test_maven_is_among_the_presets() -> None:
    assert "maven" in preset_names()
    assert load_preset("maven").currency == "USD"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns: {customer: a, need: b}\nsurprise: 1\n", "surprise"),
        ("columns: {customer: a, need: b}\ncurrency: dollars\n", "currency"),
        ("columns: [", "while parsing"),
    ],
)
def test_preset_of_ones_own_is_checked(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as caught:
        load_preset(str(path))
    assert said in caught.value.params["what"]


def test_preset_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("columns: {customer: a, need: b}\n", encoding="utf-8")
    assert load_preset(str(path)).columns == {"customer": "a", "need": "b"}
