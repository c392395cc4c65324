"""Two workspaces with the same people and customers: nothing of one reaches the other, not by name and not by number."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.clock import FakeClock
from bot.errors import InvalidInput, NotFound
from bot.models import (
    Assignment,
    Base,
    Contact,
    Customer,
    EventRow,
    Member,
    Opportunity,
    OutboxRow,
    Team,
    Workspace,
    WorkspaceOwned,
)
from bot.services import (
    briefings,
    customers,
    follow_ups,
    handovers,
    leads,
    members,
    opportunities,
    playbooks,
    pool,
    reports,
    reviews,
    stages,
    sweep,
    teams,
    workspaces,
)
from bot.services.desk import Actor, Desk, system_actor
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm, WinForm
from bot.services.teams import TeamForm
from tests.factories import TeamWorld, make_lead, make_team_world


@pytest.fixture
def other_world(desk: Desk, clock: FakeClock, team_world: TeamWorld) -> TeamWorld:
    """The same people, teams and customers in a second workspace."""
    return make_team_world(desk, clock, slack_team_id="T0OTHER")


def rows_of(desk: Desk, workspace_id: int) -> dict[str, list[Any]]:
    """Everything that the database holds of one workspace."""
    found = {}
    with desk.database.reading(None) as session:
        for table in Base.metadata.sorted_tables:
            if "workspace_id" in table.c:
                statement = select(table).where(table.c.workspace_id == workspace_id).order_by(table.c.id)
                found[table.name] = [tuple(row) for row in session.execute(statement)]
    return found


def test_the_same_customer_is_free_in_the_other_workspace(team_world: TeamWorld, other_world: TeamWorld) -> None:
    one = make_lead(team_world.desk, team_world.rep, customer_name="Acme", contact_email="a@acme.example").opportunity
    two = make_lead(
        other_world.desk, other_world.rep2, customer_name="Acme", contact_email="a@acme.example"
    ).opportunity
    assert one.customer_id != two.customer_id
    assert two.owner is not None
    assert two.owner.id == other_world.rep2.member_id


def test_lists_searches_and_sums_show_ones_own_only(team_world: TeamWorld, other_world: TeamWorld) -> None:
    desk = team_world.desk
    for number in range(3):
        make_lead(desk, team_world.rep, customer_name=f"Acme {number}", amount="5k", next_due_at=None)
    mine = make_lead(desk, other_world.rep, customer_name="Acme", amount="7k", expected_close_on=date(2026, 4, 1))
    desk.clock.advance(timedelta(days=3))  # type: ignore[attr-defined] # a clock that stands still
    for by in (other_world.admin, other_world.manager, other_world.rep):
        assert {line.id for line in opportunities.find(desk, "acme", by=by)} == {mine.opportunity.id}
        assert {line.id for line in opportunities.find(desk, "", by=by, scope="all")} == {mine.opportunity.id}
        assert {line.id for line in opportunities.options(desk, "", by=by)} == {mine.opportunity.id}
        assert {line.id for line in opportunities.overdue(desk, by=by)} == {mine.opportunity.id}
        assert {line.id for line in opportunities.closing(desk, by=by)} == {mine.opportunity.id}
        assert {line.id for line in opportunities.of_member(desk, "UREP", by=by)} == {mine.opportunity.id}
        assert [one.name for one in customers.search(desk, "acme", by=by)] == ["Acme"]
        assert [one.name for one in customers.search(desk, "", by=by)] == ["Acme"]
        assert [one.name for one in customers.check(desk, "Acme", by=by)] == ["Acme"]
        summary = reports.pipeline(desk, by=by)
        assert sum(row.count for row in summary.stages) == 1
        assert summary.health.counted == 1
    assert len(opportunities.mine(desk, by=other_world.rep)) == 1
    assert len(teams.all_teams(desk, by=other_world.admin)) == 2
    assert reports.day(desk, by=other_world.rep).counts == {"open": 1, "overdue": 1, "today": 0}
    assert opportunities.by_thread(desk, "CNORTH", "1.0", by=other_world.rep) is None


def _attempts(mine: TeamWorld, number: int, event_id: int) -> dict[str, Callable[[Actor], Any]]:
    desk = mine.desk
    soon = desk.now() + timedelta(days=1)
    form = FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=soon)
    return {
        "view": lambda by: opportunities.view(desk, number, by=by),
        "history": lambda by: opportunities.history(desk, number, by=by),
        "note": lambda by: opportunities.note(desk, number, "x", by=by),
        "edit": lambda by: opportunities.edit(desk, number, opportunities.EditForm(need="x"), by=by),
        "undo": lambda by: opportunities.undo(desk, event_id, by=by),
        "reopen": lambda by: stages.reopen(desk, number, "x", by=by),
        "log": lambda by: follow_ups.log(desk, form, by=by),
        "snooze": lambda by: follow_ups.snooze(desk, number, soon, by=by),
        "advance": lambda by: stages.advance(desk, number, "qualified", by=by),
        "win": lambda by: stages.win(desk, WinForm(opportunity_id=number, reason="fit", amount="1"), by=by),
        "lose": lambda by: stages.lose(desk, LossForm(opportunity_id=number, reason="price"), by=by),
        "offer": lambda by: handovers.offer(desk, number, "UREPTWO", None, by=by),
        "reassign": lambda by: handovers.reassign(desk, number, "UREPTWO", None, by=by),
        "accept": lambda by: handovers.accept(desk, number, by=by),
        "decline": lambda by: handovers.decline(desk, number, None, by=by),
        "dossier": lambda by: handovers.dossier(desk, number, by=by),
        "claim": lambda by: pool.claim(desk, number, by=by),
        "review": lambda by: reviews.write(desk, number, "x", by=by),
    }


def test_no_use_case_reaches_the_others_opportunity_by_its_number(
    team_world: TeamWorld, other_world: TeamWorld
) -> None:
    desk = team_world.desk
    done = make_lead(desk, team_world.rep, contact_email="a@acme.example")
    number = done.opportunity.id
    edited = opportunities.edit(desk, number, opportunities.EditForm(need="Newer"), by=team_world.rep)
    before = rows_of(desk, team_world.rep.workspace_id)
    # An actor of the other workspace who forges everything but the workspace: admin, the same member and team numbers.
    forged = replace(team_world.rep, workspace_id=other_world.rep.workspace_id)
    everybody = (
        other_world.admin,
        other_world.manager,
        other_world.rep,
        system_actor(other_world.rep.workspace_id),
        forged,
    )
    for attempt in _attempts(team_world, number, edited.event_id or 0).values():
        for by in everybody:
            with pytest.raises(NotFound):
                attempt(by)
    assert rows_of(desk, team_world.rep.workspace_id) == before


def test_teams_playbooks_members_and_customers_of_the_other_are_out_of_reach(
    team_world: TeamWorld, other_world: TeamWorld
) -> None:
    desk, by = team_world.desk, replace(other_world.admin, managed_team_ids=frozenset({team_world.team.id}))
    make_lead(desk, team_world.rep, customer_name="Acme")
    with desk.database.reading(None) as session:
        customer_id = session.scalar(select(Customer.id)) or 0
    before = rows_of(desk, team_world.rep.workspace_id)
    form = TeamForm(team_id=team_world.team.id, name="Stolen", manager="UMANAGER", reps=("UREP",))
    attempts: list[Callable[[], Any]] = [
        lambda: teams.team_of(desk, team_world.team.id, by=by),
        lambda: teams.setup(desk, form, by=by),
        lambda: playbooks.current(desk, team_world.team.id, by=by),
        lambda: playbooks.export(desk, team_world.team.id, by=by),
        lambda: playbooks.publish(desk, team_world.team.id, playbooks.export(desk, other_world.team.id, by=by), by=by),
        lambda: reports.pipeline(desk, by=by, team_id=team_world.team.id),
        lambda: briefings.daily(desk, team_world.team.id, by=by, day=date(2026, 3, 2)),
        lambda: leads.capture(desk, LeadForm(customer_id=customer_id, need="x"), by=by),
        lambda: members.by_slack_id(desk, "UNOBODY", by=by),
    ]
    for attempt in attempts:
        with pytest.raises((NotFound, InvalidInput)):
            attempt()
    assert rows_of(desk, team_world.rep.workspace_id) == before
    assert members.by_slack_id(desk, "UREP", by=by).id == other_world.rep.member_id


def test_the_session_itself_keeps_every_table_apart(team_world: TeamWorld, other_world: TeamWorld) -> None:
    database = team_world.desk.database
    for world in (team_world, other_world):
        make_lead(world.desk, world.rep, contact_email="a@acme.example")
        form = LeadForm.read({"customer_name": "Ruled", "need": "n", "confirmed_new": True})
        leads.capture(world.desk, form, by=world.specialist)
    theirs = rows_of(team_world.desk, team_world.rep.workspace_id)
    models: list[Any] = [mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, WorkspaceOwned)]
    assert len(models) > 12
    with database.transaction(other_world.rep.workspace_id) as session:
        for model in models:
            ids = [row[0] for row in session.execute(select(model.id))]
            foreign = [row for row in ids if session.get_one(model, row).workspace_id != other_world.rep.workspace_id]
            assert foreign == []
            count = session.scalar(select(func.count()).select_from(model))
            assert count == len(ids)
        for model in (Opportunity, Member, Team, Customer, Contact, EventRow, Assignment, OutboxRow):
            stolen = theirs[model.__tablename__][0][0]
            assert session.get(model, stolen) is None
            assert session.scalar(select(model).where(model.id == stolen)) is None
            changed = session.execute(
                update(model).where(model.id == stolen).values(workspace_id=other_world.rep.workspace_id)
            )
            assert changed.rowcount == 0  # type: ignore[attr-defined] # an UPDATE has it
    assert rows_of(team_world.desk, team_world.rep.workspace_id) == theirs


def test_a_new_row_belongs_to_the_sessions_workspace(team_world: TeamWorld, other_world: TeamWorld) -> None:
    with team_world.desk.database.transaction(other_world.rep.workspace_id) as session:
        made = Member(slack_user_id="UNEW", name="New", zone="UTC", locale="en-US", created_at=team_world.clock.now())
        session.add(made)
        session.flush()
        assert made.workspace_id == other_world.rep.workspace_id


def test_the_sweep_of_all_workspaces_mixes_nothing(team_world: TeamWorld, other_world: TeamWorld) -> None:
    desk = team_world.desk
    made = {}
    for world in (team_world, other_world):
        form = LeadForm.read({"customer_name": "Acme", "need": "n"})
        made[world.rep.workspace_id] = leads.capture(desk, form, by=world.specialist).opportunity
        make_lead(desk, world.rep)
    for _ in range(40):
        moment = sweep.next_moment(desk)
        assert moment is not None
        desk.clock.set(moment)  # type: ignore[attr-defined] # a clock that stands still
        sweep.due(desk)
        sweep.digests(desk)
    with desk.database.reading(None) as session:
        people = {row.id: row.workspace_id for row in session.scalars(select(Member))}
        owned = {row.id: row.workspace_id for row in session.scalars(select(Opportunity))}
        for row in session.scalars(select(OutboxRow)):
            if row.channel.startswith("member:"):
                assert people[int(row.channel.removeprefix("member:"))] == row.workspace_id
            ids = [row.payload.get("opportunity_id"), *(i["opportunity_id"] for i in row.payload.get("items", ()))]
            assert {owned[one] for one in ids if one is not None} <= {row.workspace_id}
        for event in session.scalars(select(EventRow)):
            assert owned[event.opportunity_id] == event.workspace_id
        for assignment in session.scalars(select(Assignment)):
            assert people[assignment.member_id] == assignment.workspace_id == owned[assignment.opportunity_id]


def test_a_request_key_counts_in_its_own_workspace(team_world: TeamWorld, other_world: TeamWorld) -> None:
    for world in (team_world, other_world):
        assert make_lead(world.desk, world.rep.with_key("evt-1")).opportunity.id


def test_workspaces_are_listed_the_oldest_first(team_world: TeamWorld, other_world: TeamWorld) -> None:
    assert [one.slack_team_id for one in workspaces.all_workspaces(team_world.desk)] == ["T0CLOSE", "T0OTHER"]


def test_the_workspace_of_the_command_line_is_taken_over_by_the_first_of_slack(desk: Desk) -> None:
    local = members.workspace_id_of(desk, members.LOCAL_WORKSPACE)
    assert members.workspace_id_of(desk, "TFIRST", enterprise_id="E1", name="First") == local
    assert members.workspace_id_of(desk, "TFIRST", enterprise_id="E1") == local
    assert members.workspace_id_of(desk, "TFIRST") != local
    with desk.database.reading(None) as session:
        assert [row.name for row in session.scalars(select(Workspace).order_by(Workspace.id))] == ["First", "TFIRST"]
