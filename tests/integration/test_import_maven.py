"""The real export of 8,800 opportunities arrives whole, to the unit, on both databases."""

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from bot.clock import FakeClock
from bot.domain.events import event_from
from bot.models import Customer, EventRow, Member, Opportunity, OutboxRow, Team
from bot.models.session import Database
from bot.services import briefings, imports, members, reports, teams
from bot.services.desk import Actor, Desk, system_actor
from bot.services.import_values import Batch, ImportReport
from bot.services.values import PipelineSummary, TeamRef
from bot.sync.mapping import Place, read_batch
from bot.sync.preset import load_preset
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from tests.conftest import PostgresServer

NOW = datetime(2018, 1, 8, 9, 0, tzinfo=UTC)
BY_REGION = {
    "Central": (1629, 975, 408, 500, 3_346_293),
    "East": (1171, 687, 433, 0, 3_090_594),
    "West": (1438, 811, 748, 0, 3_568_647),
}


@dataclass(frozen=True)
class Imported:
    """A database after the import, with what the import said."""

    desk: Desk
    by: Actor
    batch: Batch
    report: ImportReport

    def count(self, *conditions: Any, of: Any = Opportunity) -> int:
        with self.desk.reading(self.by) as session:
            return session.scalar(select(func.count()).select_from(of).where(*conditions)) or 0

    def rows(self, statement: Any) -> list[Any]:
        with self.desk.reading(self.by) as session:
            return list(session.execute(statement))

    def team(self, name: str) -> TeamRef:
        return next(team for team in teams.all_teams(self.desk, by=self.by) if team.name == name)


def _begin(url: str) -> tuple[Desk, Actor]:
    desk = Desk(Database(url), FakeClock(NOW))
    return desk, system_actor(members.workspace_id_of(desk, members.LOCAL_WORKSPACE))


def _batch(folder: Path) -> Batch:
    return read_batch(folder, load_preset("maven"), Place())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    """The whole export, imported once for all tests of this file."""
    batch = _batch(shared_data("maven_crm"))
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("maven") / "maven.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create("maven", template="template_closeloop")
    desk, by = _begin(url)
    yield Imported(desk, by, batch, imports.run(desk, batch, by=by))
    desk.database.close()
    if request.param == "postgresql":
        server.drop("maven")


def _stages(summary: PipelineSummary) -> dict[str, tuple[int, dict[str, int]]]:
    return {one.stage.key: (one.count, dict(one.amounts)) for one in summary.stages}


def test_every_row_arrives_and_none_is_refused(imported: Imported) -> None:
    report = imported.report
    assert (report.imported, report.present, report.refused, report.remarks) == (8800, 0, (), ())
    assert imported.count() == 8800


def test_stages_and_won_value_are_those_of_the_file_to_the_unit(imported: Imported) -> None:
    summary = reports.pipeline(imported.desk, by=imported.by)
    assert _stages(summary) == {
        "prospecting": (500, {}),
        "engaging": (1589, {}),
        "won": (4238, {"USD": 10_005_534_00}),
        "lost": (2473, {}),
    }
    assert [one.stage.name.en for one in summary.stages] == ["Prospecting", "Engaging", "Won", "Lost"]


def test_win_rate_is_that_of_the_file(imported: Imported) -> None:
    stages = _stages(reports.pipeline(imported.desk, by=imported.by))
    won, lost = stages["won"][0], stages["lost"][0]
    assert round(100 * won / (won + lost), 2) == 63.15


@pytest.mark.parametrize("region", BY_REGION)
def test_each_regional_office_is_a_team_with_its_own_figures(imported: Imported, region: str) -> None:
    won, lost, engaging, prospecting, value = BY_REGION[region]
    summary = reports.pipeline(imported.desk, by=imported.by, team_id=imported.team(region).id)
    assert _stages(summary) == {
        "prospecting": (prospecting, {}),
        "engaging": (engaging, {}),
        "won": (won, {"USD": value * 100}),
        "lost": (lost, {}),
    }


def test_teams_have_the_managers_and_reps_of_the_file(imported: Imported) -> None:
    assert {team.name for team in teams.all_teams(imported.desk, by=imported.by)} == set(BY_REGION)
    led = {name: imported.team(name).manager for name in BY_REGION}
    assert {name: one.name for name, one in led.items() if one} == {
        "Central": "Dustin Brinkmann",
        "East": "Cara Losch",
        "West": "Celia Rouche",
    }
    assert imported.count(Member.role == "rep", of=Member) == 35
    assert imported.count(Member.role == "manager", of=Member) == 6
    assert imported.count(Member.slack_user_id.is_not(None), of=Member) == 0
    sizes = imported.rows(
        select(Team.name, func.count())
        .join(Member, Member.team_id == Team.id)
        .where(Member.role == "rep")
        .group_by(Team.name)
    )
    assert dict(map(tuple, sizes)) == {"Central": 11, "East": 12, "West": 12}


def test_five_of_the_reps_own_nothing(imported: Imported) -> None:
    owning = select(Opportunity.owner_id).where(Opportunity.owner_id.is_not(None))
    assert imported.count(Member.role == "rep", Member.id.not_in(owning), of=Member) == 5


def test_owners_are_those_of_the_file(imported: Imported) -> None:
    with (shared_data("maven_crm") / "sales_pipeline.csv").open(encoding="utf-8", newline="") as file:
        expected = Counter((row["sales_agent"], row["deal_stage"].lower()) for row in csv.DictReader(file))
    found = imported.rows(
        select(Member.name, Opportunity.stage_key, func.count())
        .join(Member, Member.id == Opportunity.owner_id)
        .group_by(Member.name, Opportunity.stage_key)
    )
    assert {(name, stage): count for name, stage, count in found} == dict(expected)


def test_teams_that_an_import_made_are_not_live_and_nothing_is_promised(imported: Imported) -> None:
    assert not any(team.is_live for team in teams.all_teams(imported.desk, by=imported.by))
    assert imported.count(of=OutboxRow) == 0


def test_open_rows_without_an_account_have_a_customer_each_that_is_not_identified(imported: Imported) -> None:
    assert imported.report.not_identified == 1425
    is_open = Opportunity.closed_at.is_(None)
    assert imported.count(is_open) == 2089
    assert imported.count(is_open, Opportunity.customer_known.is_(False)) == 1425
    assert imported.count(Opportunity.customer_known.is_(False)) == 1425
    assert imported.count(Customer.is_identified.is_(False), of=Customer) == 1425
    assert imported.count(Customer.is_identified, of=Customer) == 85


def test_not_identified_customers_count_as_gaps_in_loop_health(imported: Imported) -> None:
    health = reports.pipeline(imported.desk, by=imported.by).health
    assert dict(health.broken)["customer"] == 1425
    assert dict(health.broken)["next_step"] == 2089
    assert dict(health.broken)["collision"] == imported.report.collisions.opportunities


def test_collisions_are_counted_and_not_refused(imported: Imported) -> None:
    met = imported.report.collisions
    assert (met.customers, met.customers_of) == (84, 85)
    assert (met.pairs, met.pairs_of) == (182, 372)
    assert imported.count(Opportunity.has_collision) == met.opportunities
    assert imported.count(Opportunity.has_collision, Opportunity.closed_at.is_not(None)) == 0
    assert imported.count(Opportunity.has_collision, Opportunity.customer_known.is_(False)) == 0


def test_slips_of_the_file_are_put_right(imported: Imported) -> None:
    products = dict(map(tuple, imported.rows(select(Opportunity.product, func.count()).group_by(Opportunity.product))))
    assert "GTXPro" not in products
    assert products["GTX Pro"] == 1480
    assert len(products) == 7
    industries = {row[0] for row in imported.rows(select(Customer.industry).where(Customer.is_identified))}
    assert "technology" in industries
    assert "technolgy" not in industries


def test_every_outcome_has_a_date_and_the_reason_not_recorded(imported: Imported) -> None:
    closed = imported.rows(
        select(Opportunity.stage_kind, Opportunity.close_reason, Opportunity.closed_from, func.count())
        .where(Opportunity.closed_at.is_not(None))
        .group_by(Opportunity.stage_kind, Opportunity.close_reason, Opportunity.closed_from)
    )
    assert sorted(map(tuple, closed)) == [
        ("LOST", "not_recorded", "engaging", 2473),
        ("WON", "not_recorded", "engaging", 4238),
    ]


def test_history_is_dated_as_in_the_file(imported: Imported) -> None:
    first, last = imported.rows(select(func.min(EventRow.at), func.max(EventRow.at)))[0]
    assert (first.date().isoformat(), last.date().isoformat()) == ("2016-10-20", "2017-12-31")
    history = imported.rows(
        select(EventRow.kind, EventRow.at, EventRow.payload)
        .join(Opportunity, Opportunity.id == EventRow.opportunity_id)
        .where(Opportunity.external_ref == "1C1I7A6R")
        .order_by(EventRow.id)
    )
    assert [(kind, at.date().isoformat()) for kind, at, _ in history] == [
        ("LeadCaptured", "2016-10-20"),
        ("Graded", "2016-10-20"),
        ("AssignmentAccepted", "2016-10-20"),
        ("StageChanged", "2016-10-20"),
        ("OpportunityWon", "2017-03-01"),
    ]
    won = event_from(history[-1].kind, history[-1].payload)
    assert won.payload() == {"stage": "engaging", "reason": "not_recorded", "amount_minor": 105_400, "currency": "USD"}


def test_rows_without_a_date_began_on_the_last_day_that_the_file_names(imported: Imported) -> None:
    days = imported.rows(
        select(func.min(Opportunity.captured_at), func.max(Opportunity.captured_at)).where(
            Opportunity.stage_key == "prospecting"
        )
    )[0]
    assert [day.date().isoformat() for day in days] == ["2017-12-31", "2017-12-31"]


def test_open_ones_are_graded_and_have_their_next_moment_of_attention(imported: Imported) -> None:
    is_open = Opportunity.closed_at.is_(None)
    assert imported.count(Opportunity.grade.not_in(("A", "B", "C"))) == 0
    assert imported.count(is_open, Opportunity.attention_at > NOW) == 2089
    assert imported.count(is_open, Opportunity.accepted_at.is_not(None)) == 2089
    assert imported.count(Opportunity.closed_at.is_not(None), Opportunity.attention_at.is_not(None)) == 0


def test_points_of_every_grade_add_up_to_its_score(imported: Imported) -> None:
    rows = imported.rows(select(Opportunity.score, Opportunity.grade_points))
    assert all(score == sum(points for _, _, points in lines) for score, lines in rows)


def test_second_run_changes_nothing(imported: Imported) -> None:
    before = _fingerprint(imported)
    report = imports.run(imported.desk, imported.batch, by=imported.by)
    assert (report.imported, report.present, report.refused) == (0, 8800, ())
    assert (report.new_teams, report.new_members, report.new_customers) == (0, 0, 0)
    assert report.collisions == imported.report.collisions
    assert _fingerprint(imported) == before


def _fingerprint(imported: Imported) -> dict[str, Any]:
    counts = {
        model.__tablename__: imported.count(of=model) for model in (Customer, EventRow, Member, Opportunity, Team)
    }
    versions = imported.rows(select(func.sum(Opportunity.version), func.max(Opportunity.attended_at)))[0]
    return {**counts, "versions": tuple(versions)}


def test_dry_run_says_the_same_and_writes_nothing(database_url: str) -> None:
    desk, by = _begin(database_url)
    batch = _batch(shared_data("maven_crm"))
    report = imports.check(desk, batch, by=by)
    assert (report.is_dry, report.imported, report.not_identified) == (True, 8800, 1425)
    assert (report.collisions.customers, report.collisions.pairs) == (84, 182)
    assert Counter(one.outcome for one in report.verdicts) == {"new": 8800}
    assert sum(one.has_collision for one in report.verdicts) == report.collisions.opportunities
    with desk.reading(by) as session:
        assert session.scalar(select(func.count()).select_from(Opportunity)) == 0
        assert session.scalar(select(func.count()).select_from(Team)) == 0
    desk.database.close()


def test_bad_row_is_told_with_its_line_and_loses_nothing_else(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "maven"
    folder.mkdir()
    for path in shared_data("maven_crm").glob("*.csv"):
        (folder / path.name).write_bytes(path.read_bytes())
    lines = (folder / "sales_pipeline.csv").read_text("utf-8").splitlines()
    # Line 2 is the first row.
    lines[9] = lines[9].replace("Won", "Winning")
    lines[19] = "only,three,values"
    lines[29] = lines[29].replace("2016-", "20l6-")
    (folder / "sales_pipeline.csv").write_text("\n".join(lines), encoding="utf-8")
    desk, by = _begin(sqlite_url)
    report = imports.run(desk, _batch(folder), by=by)
    assert report.imported == 8797
    assert [(told.line, told.why.key) for told in report.refused] == [
        (10, "import.stage"),
        (20, "import.columns"),
        (30, "import.date"),
    ]
    desk.database.close()


def test_broken_off_import_goes_on_where_it_stopped(sqlite_url: str) -> None:
    desk, by = _begin(sqlite_url)
    batch = _batch(shared_data("maven_crm"))
    written = 0

    def stop_after_a_while(count: int) -> None:
        nonlocal written
        written += count
        if written >= 1000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imports.run(desk, batch, by=by, progress=stop_after_a_while)
    report = imports.run(desk, batch, by=by)
    assert (report.imported, report.present) == (7800, 1000)
    assert (report.new_teams, report.new_members) == (0, 0)
    stages = _stages(reports.pipeline(desk, by=by))
    assert stages["won"] == (4238, {"USD": 10_005_534_00})
    with desk.reading(by) as session:
        marked = session.scalar(select(func.count()).select_from(Opportunity).where(Opportunity.has_collision))
    assert marked == report.collisions.opportunities
    desk.database.close()


def test_digest_tells_the_stages_to_the_unit(imported: Imported) -> None:
    team = imported.team("West")
    digest = briefings.daily(imported.desk, team.id, by=imported.by, day=NOW.date())
    assert _stages(digest.summary)["won"] == (1438, {"USD": 3_568_647_00})


def test_first_slack_workspace_takes_the_import_over(sqlite_url: str) -> None:
    desk, by = _begin(sqlite_url)
    assert members.workspace_id_of(desk, "T0REAL", name="Real") == by.workspace_id
    assert members.workspace_id_of(desk, "T0SECOND", name="Second") != by.workspace_id
    desk.database.close()
