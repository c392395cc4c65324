"""``closeloop import``, as a person types it."""

import json
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.services.desk import Desk
from tests.factories import make_team_world
from tests.integration.conftest import Run
from tests.shared_data import shared_data

PIPELINE = (
    "Company,Topic,Value,Phase,Rep,Mail,Since,Person,Phone\n"
    'Thistle Optics,Ten lenses,"12,000",Quote,Rita Reyes,rita@x.test,2026-01-05,Ann Lee,+44 20 7946 0958\n'
    "Osprey Textiles GmbH,Looms,€500,,Rita Reyes,rita@x.test,05/01/2026,,\n"
    "Osprey Textiles,More looms,,lead,,,2026-01-06,,\n"
    ",Nobody knows whose,,Lead,,,,,\n"
    "Walnut Robotics,Arms,100,Won,Lin Wei,,2026-01-07,,\n"
)
COLUMNS = {
    "customer": "Company",
    "need": "Topic",
    "amount": "Value",
    "stage": "Phase",
    "owner": "Rep",
    "owner_email": "Mail",
    "captured": "Since",
    "contact_name": "Person",
    "contact_phone": "Phone",
}
MAP = [f"--map={field}={column}" for field, column in COLUMNS.items()]


@pytest.fixture
def file(home: Path, program_desk: Desk) -> Path:
    make_team_world(program_desk, SystemClock())  # type: ignore[arg-type]
    path = home / "deals.csv"
    path.write_text(PIPELINE, encoding="utf-8")
    return path


def test_mapped_file_comes_in_and_bad_rows_are_told_with_their_lines(run: Run, file: Path) -> None:
    output = run("import", str(file), *MAP, "--team", "north").output
    assert "3 imported, 0 here already, 2 refused" in output
    assert "refused: line 3: Since: “05/01/2026” is not a date" in output
    assert "refused: line 6" in output
    assert "no closing date" in output
    assert "without a customer: 1" in output
    report = json.loads(run("report", "pipeline", "--team", "North", "--json").output)
    stages = {one["stage"]: (one["count"], one["amount_minor"]) for one in report["stages"]}
    assert stages["quote"] == (1, {"USD": 1_200_000})
    assert stages["lead"][0] == 2
    assert report["health"]["broken"]["customer"] == 1


def test_second_import_of_a_file_without_names_for_its_rows_changes_nothing(run: Run, file: Path) -> None:
    run("import", str(file), *MAP, "--team", "North")
    again = json.loads(run("import", str(file), *MAP, "--team", "North", "--json").output)
    assert (again["imported"], again["present"], again["new"]) == (
        0,
        3,
        {"teams": 0, "members": 0, "customers": 0},
    )


def test_dry_run_gives_a_verdict_for_each_row_and_writes_nothing(run: Run, file: Path) -> None:
    lines = run("import", str(file), *MAP, "--team", "North", "--dry-run", "--json").output.splitlines()
    *rows, totals = [json.loads(line) for line in lines]
    assert [(row["line"], row["verdict"], row["customer"]) for row in rows] == [
        (2, "new", "new"),
        (3, "refused", None),
        (4, "new", "new"),
        (5, "new", "not_identified"),
        (6, "refused", None),
    ]
    assert rows[1]["why"] == "Since: “05/01/2026” is not a date such as 2026-03-31"
    assert (totals["dry_run"], totals["imported"], len(totals["refused"])) == (True, 3, 2)
    assert json.loads(run("report", "pipeline", "--json").output)["health"]["counted"] == 0
    assert "3 would come in" in run("import", str(file), *MAP, "--team", "North", "--dry-run").output


def test_other_dates_stages_and_currency_can_be_told(run: Run, file: Path) -> None:
    file.write_text("Who,What,Where,When,Worth\nMarigold,Soap,Talking,31/01/2026,9\n", encoding="utf-8")
    options = [
        "--map=customer=Who",
        "--map=need=What",
        "--map=stage=Where",
        "--map=captured=When",
        "--map=amount=Worth",
    ]
    more = ["--stage=Talking=solution", "--date-format=%d/%m/%Y", "--currency=EUR", "--team=North"]
    run("import", str(file), *options, *more)
    report = json.loads(run("report", "pipeline", "--team", "North", "--json").output)
    assert {one["stage"]: one["amount_minor"] for one in report["stages"]}["solution"] == {"EUR": 900}


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        ([], 2, "either --preset or --map"),
        (["--preset=maven", "--map=need=Topic"], 2, "either --preset or --map"),
        (["--map=need"], 2, "NAME=VALUE"),
        (["--map=need=Topic"], 1, "at least customer=COLUMN and need=COLUMN"),
        (["--map=need=Topic", "--map=customer=Who"], 1, "there is no column Who. There are: Company, Topic"),
        (["--map=need=Topic", "--map=customer=Company"], 1, "--team NAME"),
        (["--map=colour=Topic"], 1, "colour is not a field"),
        (["--preset=nope"], 1, "There are: maven"),
        (["--map=need=Topic", "--map=customer=Company", "--team=East"], 2, "There are: North, South"),
        (["--map=need=Topic", "--map=customer=Company", "--currency=dollars"], 2, "ISO 4217"),
    ],
)
def test_wrong_use_is_told(run: Run, file: Path, options: list[str], code: int, said: str) -> None:
    assert said in run("import", str(file), *options, code=code).output


def test_file_that_is_not_there_is_told(run: Run, home: Path) -> None:
    assert "there is no such file" in run("import", "nope.csv", "--preset", "maven", code=1).output


def test_maven_comes_in_by_the_command_and_the_report_shows_it_to_the_unit(run: Run, home: Path) -> None:
    folder = shared_data("maven_crm")
    output = run("import", str(folder), "--preset", "maven").output
    assert "8800 imported" in output
    assert "84 of 85 customers" in output
    assert "182 of 372" in output
    report = json.loads(run("report", "pipeline", "--json").output)
    assert {one["name"]: (one["count"], one["amount_minor"]) for one in report["stages"]} == {
        "Prospecting": (500, {}),
        "Engaging": (1589, {}),
        "Won": (4238, {"USD": 10_005_534_00}),
        "Lost": (2473, {}),
    }
    shown = run("report", "pipeline").output
    assert "$10,005,534" in shown
    assert "customer: 1425" in shown
    again = json.loads(run("import", str(folder), "--preset", "maven", "--json").output)
    assert (again["imported"], again["present"]) == (0, 8800)
    assert "leave --team out" in run("import", str(folder), "--preset", "maven", "--team", "West", code=1).output
