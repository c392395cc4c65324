"""Imports beside what is here already: the same rules as for every other way in, on both databases."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.domain.events import event_from
from bot.domain.playbook import default_playbook
from bot.errors import InvalidInput, NotAllowed
from bot.models import Contact, Customer, CustomerKey, EventRow, Member, Opportunity, OutboxRow
from bot.services import customers, imports, opportunities, playbooks, registrations, stages
from bot.services.desk import Desk, system_actor
from bot.services.import_values import Batch, CustomerRow, ImportReport, OpportunityRow, Person, TeamPlan
from bot.services.import_write import ImportWriter
from bot.services.registrations import RegisterForm
from tests.factories import TeamWorld, make_lead, make_team_world

NORTH = TeamPlan("North")
ROW = OpportunityRow(line=2, ref="r1", team="North", need="Chairs", customer="Marigold Soap")


def batch(*rows: OpportunityRow, teams: tuple[TeamPlan, ...] = (NORTH,), **more: Any) -> Batch:
    return Batch(rows, teams, **more)


def bring(world: TeamWorld, *rows: OpportunityRow, **more: Any) -> ImportReport:
    return imports.run(world.desk, batch(*rows, **more), by=system_actor(world.admin.workspace_id))


def stored(world: TeamWorld, ref: str = "r1") -> Opportunity:
    with world.desk.reading(world.admin) as session:
        row = session.scalars(select(Opportunity).where(Opportunity.external_ref == ref)).one()
        session.expunge(row)
        return row


def count(world: TeamWorld, model: Any, *conditions: Any) -> int:
    with world.desk.reading(world.admin) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def kinds(world: TeamWorld, ref: str = "r1") -> list[str]:
    with world.desk.reading(world.admin) as session:
        rows = session.scalars(
            select(EventRow).where(EventRow.opportunity_id == stored(world, ref).id).order_by(EventRow.id)
        )
        return [row.kind for row in rows]


def why(report: ImportReport) -> list[str]:
    return [told.why.key for told in report.refused]


def test_imported_opportunity_is_whole_for_its_reader(team_world: TeamWorld) -> None:
    row = replace(
        ROW, owner=Person("Rep"), captured=date(2026, 2, 2), amount_minor=500, stage="Quote", source="referral"
    )
    bring(team_world, row)
    view = opportunities.view(team_world.desk, stored(team_world).id, by=team_world.rep, history=20)
    assert view.owner is not None
    assert (view.owner.name, view.stage.key, view.customer, view.amount_minor) == ("Rep", "quote", "Marigold Soap", 500)
    assert sum(line.points for line in view.points) == view.score
    assert [line.event.kind for line in reversed(view.history)] == [
        "LeadCaptured",
        "Graded",
        "AssignmentAccepted",
        "StageChanged",
    ]
    assert "next_step" in view.broken


def test_owner_goes_on_with_it_like_with_any_other(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, owner=Person("Rep"), amount_minor=100))
    form = stages.WinForm(opportunity_id=stored(team_world).id, reason="fit")
    assert stages.win(team_world.desk, form, by=team_world.rep).opportunity.closed_at is not None


def test_row_without_an_owner_goes_to_the_pool(team_world: TeamWorld) -> None:
    bring(team_world, ROW)
    assert stored(team_world).owner_id is None
    assert stored(team_world).pooled_at == team_world.clock.now()
    assert kinds(team_world) == ["LeadCaptured", "Graded", "PutInPool"]


def test_nothing_is_promised_even_where_the_team_is_live(team_world: TeamWorld) -> None:
    before = count(team_world, OutboxRow)
    bring(team_world, replace(ROW, owner=Person("Rep")))
    assert count(team_world, OutboxRow) == before


def test_owner_is_recognised_by_mail_before_name_and_else_made_a_rep(team_world: TeamWorld) -> None:
    owners = [
        Person("Anybody", "urep@team.test"),
        Person("rep two"),
        Person("Newcomer", "new@team.test"),
        Person("Newcomer"),
    ]
    report = bring(team_world, *(replace(ROW, ref=f"r{n}", line=n, owner=one) for n, one in enumerate(owners)))
    assert report.new_members == 1
    assert stored(team_world, "r0").owner_id == team_world.rep.member_id
    assert stored(team_world, "r1").owner_id == team_world.rep2.member_id
    assert stored(team_world, "r2").owner_id == stored(team_world, "r3").owner_id
    with team_world.desk.reading(team_world.admin) as session:
        made = session.scalars(select(Member).where(Member.name == "Newcomer")).one()
        assert (made.slack_user_id, made.role, made.team_id) == (None, "rep", team_world.team.id)


def test_customer_of_another_team_is_recognised_and_the_collision_counted(team_world: TeamWorld) -> None:
    there = make_lead(team_world.desk, team_world.other_rep, customer_name="Thistle Optics Ltd").opportunity
    report = bring(team_world, replace(ROW, customer="Thistle Optics", product="A", owner=Person("Rep")))
    assert report.new_customers == 0
    met = report.collisions
    assert (met.customers, met.customers_of, met.pairs, met.opportunities) == (1, 1, 0, 2)
    assert stored(team_world).customer_id == there.customer_id
    assert stored(team_world).has_collision
    with team_world.desk.reading(team_world.admin) as session:
        other = session.get_one(Opportunity, there.id)
        assert other.has_collision
        assert other.broken_from == other.captured_at


def test_same_owner_twice_and_closed_ones_do_not_collide(team_world: TeamWorld) -> None:
    won = replace(
        ROW,
        ref="r3",
        owner=Person("Rep Two"),
        stage="won",
        captured=date(2026, 2, 2),
        closed=date(2026, 2, 3),
        amount_minor=1,
    )
    report = bring(
        team_world,
        replace(ROW, owner=Person("Rep")),
        replace(ROW, ref="r2", owner=Person("Rep")),
        won,
        replace(ROW, ref="r4"),
    )
    assert (report.collisions.customers, report.collisions.customers_of) == (0, 1)
    assert count(team_world, Opportunity, Opportunity.has_collision) == 0


def test_scope_of_collisions_is_the_playbooks(team_world: TeamWorld) -> None:
    by = team_world.admin
    data = {**playbooks.export(team_world.desk, team_world.team.id, by=by), "collision_scope": "customer_product"}
    playbooks.publish(team_world.desk, team_world.team.id, data, by=by)
    report = bring(
        team_world,
        replace(ROW, owner=Person("Rep"), product="A"),
        replace(ROW, ref="r2", owner=Person("Rep Two"), product="B"),
    )
    assert (report.collisions.customers, report.collisions.pairs) == (1, 0)
    assert count(team_world, Opportunity, Opportunity.has_collision) == 0


def test_near_name_comes_in_and_is_told_to_be_looked_at(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, customer_name="Vermilion Dairy Research Centre")
    report = bring(team_world, replace(ROW, customer="Vermilion Dairy"))
    assert report.new_customers == 1
    assert [told.why.key for told in report.remarks] == ["import.possible"]
    assert report.verdicts[0].customer == "possible"


def test_spellings_of_one_customer_are_one_customer(team_world: TeamWorld) -> None:
    names = ["Osprey Textiles GmbH", "OSPREY TEXTILES", "osprey  textiles gmbh"]
    report = bring(team_world, *(replace(ROW, ref=name, customer=name) for name in names))
    assert report.new_customers == 1
    assert [one.customer for one in report.verdicts] == ["new", "known", "known"]


def test_two_legal_forms_are_kept_apart(team_world: TeamWorld) -> None:
    report = bring(
        team_world, replace(ROW, customer="Walnut Robotics GmbH"), replace(ROW, ref="r2", customer="Walnut Robotics AG")
    )
    assert report.new_customers == 2
    assert report.verdicts[1].customer == "possible"
    assert count(team_world, CustomerKey, CustomerKey.value.contains("|")) == 1


def test_shared_domain_makes_a_new_name_the_same_customer(team_world: TeamWorld) -> None:
    first = replace(ROW, customer="Quillback Logistics", contact=Person("Ann", "ann@quillback.example"))
    second = replace(first, ref="r2", customer="QBL Holding", contact=Person("Bob", "bob@quillback.example"))
    assert bring(team_world, first, second).new_customers == 1
    assert count(team_world, Contact) == 2


def test_key_that_another_customer_has_is_left_with_it(team_world: TeamWorld) -> None:
    described = (CustomerRow("Marigold Soap"), CustomerRow("Thistle Optics"))
    shared = Person("Ann", "ann@marigold.example")
    rows = [replace(ROW, contact=shared), replace(ROW, ref="r2", customer="Thistle Optics", contact=shared)]
    assert bring(team_world, *rows, customers=described).new_customers == 2


def test_website_and_credit_code_make_rows_one_customer_and_what_is_neither_is_told(team_world: TeamWorld) -> None:
    code = "91310000607337890K"
    known = make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles").opportunity
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="Quillback Logistics", website="https://www.quillback.com", credit_code=code),
        replace(ROW, ref="r2", customer="QBL Holding", website="quillback.com"),
        replace(ROW, ref="r3", customer="Q Freight", credit_code=code),
        replace(ROW, ref="r4", customer="Osprey Textiles", website="osprey-textiles.com"),
        replace(ROW, ref="r5", customer="Thistle Optics", website="gmail.com", credit_code=code[:-1] + "L"),
        customers=(CustomerRow("Walnut Robotics", website="walnut-robotics.com"),),
    )
    assert [one.customer for one in report.verdicts] == ["new", "known", "known", "known", "new"]
    assert [(told.ref, told.why.key) for told in report.remarks] == [("r5", "import.no_key")] * 2
    by = team_world.rep
    for typed, name in (
        (code, "Quillback Logistics"),
        ("quillback.com", "Quillback Logistics"),
        ("osprey-textiles.com", "Osprey Textiles"),
        ("walnut-robotics.com", "Walnut Robotics"),
    ):
        assert [one.name for one in customers.search(team_world.desk, typed, by=by)] == [name]
    assert customers.search(team_world.desk, "osprey-textiles.com", by=by)[0].id == known.customer_id


def test_two_rows_of_near_names_with_one_phone_are_one_customer(team_world: TeamWorld) -> None:
    rows = [
        replace(ROW, ref=form, customer=f"Walnut Robotics {form}", contact=Person("Ann"), contact_phone="+16502530000")
        for form in ("GmbH", "AG")
    ]
    assert bring(team_world, *rows).new_customers == 1


def test_local_number_is_of_the_teams_country_and_meets_what_a_rep_typed(team_world: TeamWorld) -> None:
    known = make_lead(team_world.desk, team_world.rep, customer_name="Osprey Textiles", contact_phone="138 0013 8000")
    report = bring(
        team_world,
        replace(ROW, ref="r1", customer="O. T. Holding", contact_phone="13800138000"),
        replace(ROW, ref="r2", customer="OTH Weavers", contact_phone="+86 138-0013-8000"),
        replace(ROW, ref="r3", customer="Thistle Optics", contact_phone="ask Ann"),
    )
    assert [one.customer for one in report.verdicts] == ["known", "known", "new"]
    assert stored(team_world, "r1").customer_id == known.opportunity.customer_id
    assert [(told.ref, told.why.key) for told in report.remarks if told.why.key == "import.no_key"] == [
        ("r3", "import.no_key")
    ]


def test_contacts_are_written_once(team_world: TeamWorld) -> None:
    named = replace(
        ROW, contact=Person("Ann Lee", "ann@soap.example"), contact_phone="+16502530000", contact_title="CTO"
    )
    bring(team_world, named, replace(named, ref="r2"), replace(named, ref="r3", contact=None))
    bring(team_world, replace(named, ref="r4", contact=Person("ann lee")))
    assert count(team_world, Contact) == 1
    assert stored(team_world, "r4").contact_id == stored(team_world).contact_id
    assert stored(team_world, "r3").contact_id is None


def test_name_of_any_length_and_script_comes_in(team_world: TeamWorld) -> None:
    names = ["ﷺ" * 200, "深圳市华强电子有限公司", "🙂🙂"]
    report = bring(team_world, *(replace(ROW, ref=str(n), customer=name) for n, name in enumerate(names)))
    assert (report.imported, report.refused) == (3, ())
    assert count(team_world, Customer, Customer.name == "深圳市华强电子有限公司") == 1


WON = replace(ROW, stage="Won", captured=date(2026, 1, 5), closed=date(2026, 2, 5), amount_minor=900)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        (replace(ROW, stage="Nope"), "import.stage"),
        (replace(ROW, captured=date(2026, 3, 3)), "import.future"),
        (replace(WON, closed=date(2026, 3, 3)), "import.future"),
        (replace(WON, closed=None), "import.not_closed"),
        (replace(WON, closed=date(2026, 1, 4)), "import.closed_before"),
        (replace(WON, captured=None), "import.closed_before"),
        (replace(WON, amount_minor=None), "import.won_amount"),
    ],
)
def test_row_that_breaks_a_rule_is_refused_with_its_line(team_world: TeamWorld, row: OpportunityRow, key: str) -> None:
    report = bring(team_world, replace(ROW, ref="good"), replace(row, line=7))
    assert [(told.line, told.why.key) for told in report.refused] == [(7, key)]
    assert report.imported == 1


def test_outcome_keeps_its_reason_date_and_former_stage(team_world: TeamWorld) -> None:
    lost = replace(WON, ref="r2", stage="流失", reason="Price", closed_from="quote", amount_minor=None)
    unknown = replace(WON, ref="r3", stage="Lost", reason="They never called back", closed_from="won")
    bring(team_world, WON, lost, unknown)
    assert (stored(team_world).close_reason, stored(team_world).closed_from) == ("not_recorded", "lead")
    second = stored(team_world, "r2")
    assert (second.close_reason, second.close_note, second.closed_from) == ("price", None, "quote")
    third = stored(team_world, "r3")
    assert (third.close_reason, third.close_note, third.closed_from) == (
        "not_recorded",
        "They never called back",
        "lead",
    )
    assert kinds(team_world, "r2")[-2:] == ["StageChanged", "OpportunityLost"]
    # Six in the afternoon in Shanghai: the end of that working day.
    assert second.closed_at == datetime(2026, 2, 5, 10, 0, tzinfo=UTC)
    assert second.attention_at is None


def test_playbook_without_not_recorded_refuses_an_outcome_without_a_reason(team_world: TeamWorld) -> None:
    by = team_world.admin
    data = playbooks.export(team_world.desk, team_world.team.id, by=by)
    data["win_reasons"] = [one for one in data["win_reasons"] if not one["imports_only"]]
    playbooks.publish(team_world.desk, team_world.team.id, data, by=by)
    assert why(bring(team_world, WON)) == ["import.no_reason"]
    assert bring(team_world, replace(WON, reason="fit")).imported == 1


def test_closing_date_of_an_open_one_is_when_it_is_expected(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, closed=date(2026, 3, 20)))
    assert stored(team_world).expected_close_on == date(2026, 3, 20)
    assert ["timing", "1_month", 15] in stored(team_world).grade_points


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (date(2026, 2, 2), datetime(2026, 2, 2, 1, 0, tzinfo=UTC)),
        (datetime(2026, 2, 2, 14, 30), datetime(2026, 2, 2, 6, 30, tzinfo=UTC)),  # noqa: DTZ001 - the team's zone is meant
        (datetime(2026, 2, 2, 14, 30, tzinfo=UTC), datetime(2026, 2, 2, 14, 30, tzinfo=UTC)),
        (date(2026, 3, 2), datetime(2026, 3, 2, 1, 0, tzinfo=UTC)),
        (None, datetime(2026, 3, 2, 1, 0, tzinfo=UTC)),
    ],
)
def test_days_are_the_teams_working_days(team_world: TeamWorld, said: date | datetime | None, at: datetime) -> None:
    bring(team_world, replace(ROW, captured=said))
    assert stored(team_world).captured_at == at


def test_day_that_has_begun_is_not_the_future(team_world: TeamWorld) -> None:
    row = replace(WON, closed=date(2026, 3, 2))
    assert bring(team_world, row).imported == 1
    assert stored(team_world).closed_at == team_world.clock.now()


def test_team_that_is_not_here_is_told(team_world: TeamWorld) -> None:
    with pytest.raises(InvalidInput):
        bring(team_world, replace(ROW, team="East"), teams=(TeamPlan("East"),))


def test_only_who_decides_for_a_team_imports_into_it(team_world: TeamWorld) -> None:
    for by in (team_world.rep, team_world.other_manager):
        with pytest.raises(NotAllowed):
            imports.run(team_world.desk, batch(ROW), by=by)
    with pytest.raises(NotAllowed):
        imports.run(team_world.desk, batch(teams=(TeamPlan("New", default_playbook()),)), by=team_world.manager)
    assert imports.run(team_world.desk, batch(ROW), by=team_world.manager).imported == 1
    with team_world.desk.reading(team_world.admin) as session:
        mine = select(EventRow).where(EventRow.opportunity_id == stored(team_world).id)
        event = session.scalars(mine.order_by(EventRow.id)).first()
        assert event is not None
        assert event.actor_id == team_world.manager.member_id
        assert event_from(event.kind, event.payload).payload()["way"] == "import"


def test_team_of_the_file_that_is_here_keeps_its_settings_and_manager(team_world: TeamWorld) -> None:
    said = TeamPlan("north", default_playbook("EUR"), (Person("Somebody Else"),), (Person("Rep"),))
    report = bring(team_world, replace(ROW, team="north"), teams=(said,))
    assert (report.new_teams, report.new_members) == (0, 1)
    assert stored(team_world).team_id == team_world.team.id
    assert stored(team_world).currency == "USD"


def test_row_that_came_in_meanwhile_is_left_out(team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ImportWriter.rows

    def rows_of_a_plan_made_before(writer: ImportWriter, session: Any, planned: Any) -> int:
        # The same rows a second time, as from another program that planned them when they were not there yet.
        return rows(writer, session, planned) + rows(writer, session, planned)

    monkeypatch.setattr(ImportWriter, "rows", rows_of_a_plan_made_before)
    assert bring(team_world, ROW, replace(ROW, ref="r2")).imported == 2
    assert count(team_world, Opportunity) == 2


def test_import_looks_again_when_somebody_made_the_same_meanwhile(
    team_world: TeamWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ImportWriter.rows
    fallen: list[int] = []

    def rows_once_too_late(writer: ImportWriter, session: Any, planned: Any) -> int:
        if not fallen:
            fallen.append(1)
            raise IntegrityError("insert", {}, Exception("unique"))
        return rows(writer, session, planned)

    monkeypatch.setattr(ImportWriter, "rows", rows_once_too_late)
    assert bring(team_world, ROW).imported == 1


def test_what_came_in_is_nudged_by_the_same_clock(team_world: TeamWorld) -> None:
    bring(team_world, replace(ROW, owner=Person("Rep"), captured=date(2026, 2, 2)))
    moment = stored(team_world).attention_at
    assert moment is not None
    assert team_world.clock.now() < moment <= team_world.clock.now() + timedelta(days=4)


def test_imports_of_two_workspaces_never_meet(desk: Desk, team_world: TeamWorld) -> None:
    other = make_team_world(desk, team_world.clock, slack_team_id="T0OTHER", suffix=" B")
    bring(team_world, replace(ROW, owner=Person("Rep")))
    report = imports.run(
        desk,
        Batch((replace(ROW, team="North B", owner=Person("Rep")),), (TeamPlan("North B"),)),
        by=system_actor(other.admin.workspace_id),
    )
    assert (report.imported, report.new_customers, report.new_members, report.collisions.customers) == (1, 1, 1, 0)


def test_row_of_a_customer_that_somebody_else_registered_collides_and_says_with_whom(team_world: TeamWorld) -> None:
    desk, until = team_world.desk, team_world.clock.now() + timedelta(days=30)
    form = RegisterForm.read({"customer_name": "Marigold Soap", "note": "Met them"})
    case, _ = registrations.register(desk, form, by=team_world.rep)
    registrations.approve(desk, case.id, by=team_world.manager)
    rows = (
        replace(ROW, owner=Person("Rep Two")),
        replace(ROW, line=3, ref="r2", owner=Person("Rep"), product="Soap"),
        replace(ROW, line=4, ref="r3", product="Wax"),
        replace(ROW, line=5, ref="r4", customer="Walnut Robotics", owner=Person("Rep Two")),
    )
    report = imports.check(desk, batch(*rows), by=system_actor(team_world.admin.workspace_id))
    assert [(one.ref, one.has_collision, one.why is not None) for one in report.verdicts] == [
        ("r1", True, True), ("r2", True, False), ("r3", True, False), ("r4", False, False),
    ]  # fmt: skip
    why = report.verdicts[0].why
    assert why is not None
    assert (why.key, why.params) == (
        "import.registered", {"customer": "Marigold Soap", "owner": "Rep", "until": until},
    )  # fmt: skip
    assert [told.ref for told in report.remarks] == ["r1"]
    assert (report.collisions.customers, report.collisions.customers_of) == (1, 2)
    assert (report.collisions.pairs, report.collisions.pairs_of) == (1, 4)
    # It comes in all the same, marked as a collision, and the registration stays.
    bring(team_world, *rows)
    assert stored(team_world).has_collision
    # Once the registration is over there is nothing to say of it.
    team_world.clock.advance(timedelta(days=30))
    late = replace(ROW, line=6, ref="r6", owner=Person("Rep Two"))
    assert imports.check(desk, batch(late), by=system_actor(team_world.admin.workspace_id)).remarks == ()
