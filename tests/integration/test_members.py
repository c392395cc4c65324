"""Members: known from their first action on, claimed from an import by mail address, and powerless once deactivated."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import NotAllowed, NotFound
from bot.models import Member
from bot.models.session import Database
from bot.services import leads, members, opportunities, teams
from bot.services.desk import Desk
from bot.services.leads import LeadForm
from bot.services.members import Profile
from bot.services.teams import TeamForm
from tests.factories import WORKSPACE, TeamWorld, again, make_lead, make_member, make_workspace


def row(database: Database, slack_user_id: str) -> dict[str, Any]:
    with database.reading(None) as session:
        found = session.scalars(select(Member).where(Member.slack_user_id == slack_user_id)).one()
        return {name: getattr(found, name) for name in ("id", "name", "email", "zone", "locale", "role", "is_active")}


def test_nobody_is_known_before_their_first_action(desk: Desk) -> None:
    assert members.resolve(desk, WORKSPACE, "UREP") is None
    make_workspace(desk)
    assert members.resolve(desk, WORKSPACE, "UREP") is None
    made = make_member(desk, "Rep")
    assert members.resolve(desk, WORKSPACE, "UREP") == made
    assert members.resolve(desk, "TELSE", "UREP") is None
    assert members.resolve(desk, WORKSPACE, "UREP", enterprise_id="E1") is None


def test_what_slack_says_is_kept_in_our_terms(desk: Desk, database: Database) -> None:
    profile = Profile("U1", "n" * 400, "Ada@Example.TEST", "Mars/Olympus", "zh-TW")
    members.remember(desk, WORKSPACE, profile)
    kept = row(database, "U1")
    assert (len(kept["name"]), kept["email"], kept["zone"], kept["locale"], kept["role"]) == (
        255,
        "ada@example.test",
        "UTC",
        "zh-CN",
        "rep",
    )
    members.remember(desk, WORKSPACE, Profile("U1", "Ada", None, "Europe/Berlin", "de-DE"))
    kept = row(database, "U1")
    assert (kept["name"], kept["email"], kept["zone"], kept["locale"]) == (
        "Ada",
        "ada@example.test",
        "Europe/Berlin",
        "en-US",
    )


def test_an_admin_of_slack_is_an_admin_here_unless_they_sell(desk: Desk, team_world: TeamWorld) -> None:
    assert make_member(desk, "Root", is_slack_admin=True).role == "admin"
    assert make_member(desk, "Rep", is_slack_admin=True).role == "rep"
    assert make_member(desk, "Manager", is_slack_admin=True).role == "admin"
    assert again(desk, team_world.manager).managed_team_ids == {team_world.team.id}


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_guest": True}])
def test_who_is_deactivated_or_a_guest_can_do_nothing(team_world: TeamWorld, change: dict[str, Any]) -> None:
    desk = team_world.desk
    number = make_lead(desk, team_world.rep2).opportunity.id
    for who, slack_id in ((team_world.rep, "UREP"), (team_world.manager, "UMANAGER")):
        members.refresh(desk, who.workspace_id, Profile(slack_id, who.name, **change))
        gone = again(desk, who)
        assert (gone.role, gone.team_id, gone.managed_team_ids) == ("inactive", None, frozenset())
        with pytest.raises(NotAllowed):
            leads.capture(desk, LeadForm(customer_name="Acme", need="n"), by=gone)
        with pytest.raises(NotFound):
            opportunities.view(desk, number, by=gone)
        assert opportunities.find(desk, "", by=gone) == ()


def test_one_who_came_with_an_import_is_claimed_by_mail_address(desk: Desk, database: Database) -> None:
    workspace_id = make_workspace(desk)
    with database.transaction(workspace_id) as session:
        imported = Member(name="Ada L.", email="ada@example.test", zone="UTC", locale="en-US", created_at=desk.now())
        session.add(imported)
        session.flush()
        number = imported.id
    assert members.remember(desk, WORKSPACE, Profile("U1", "Ada", "ADA@example.test")).member_id == number
    # Once claimed, nobody else of that address takes it over.
    assert members.remember(desk, WORKSPACE, Profile("U2", "Eve", "ada@example.test")).member_id != number


def test_a_change_of_somebody_unknown_is_left_alone(desk: Desk, database: Database) -> None:
    members.refresh(desk, make_workspace(desk), Profile("UGHOST", "Ghost"))
    with database.reading(None) as session:
        assert session.query(Member).count() == 0


def test_of_many_first_actions_at_once_one_member_comes(desk: Desk, database: Database) -> None:
    found: list[Any] = []
    gate = threading.Barrier(8)

    def act() -> None:
        gate.wait()
        found.append(members.remember(desk, WORKSPACE, Profile("U1", "Ada")))

    threads = [threading.Thread(target=act) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({(one.workspace_id, one.member_id) for one in found}) == 1
    with database.reading(None) as session:
        assert session.query(Member).count() == 1


def test_members_are_found_by_their_slack_id(team_world: TeamWorld) -> None:
    assert members.by_slack_id(team_world.desk, "UREP", by=team_world.rep2).name == "Rep"
    with pytest.raises(NotFound) as caught:
        members.by_slack_id(team_world.desk, "UNOBODY", by=team_world.rep)
    assert caught.value.key == "error.member_not_known"


def test_away_is_said_and_taken_back(team_world: TeamWorld, database: Database) -> None:
    until = team_world.clock.now() + timedelta(days=1)
    for moment in (until, None):
        members.set_away(team_world.desk, moment, by=team_world.rep)
        with database.reading(None) as session:
            assert session.get_one(Member, team_world.rep.member_id).away_until == moment


def test_a_manager_of_one_team_who_sells_in_another_keeps_both(team_world: TeamWorld) -> None:
    form = {"team_id": team_world.other_team.id, "name": "South", "manager": "UOTHERMANAGER"}
    teams.setup(team_world.desk, TeamForm.read({**form, "reps": ("UOTHERREP", "UMANAGER")}), by=team_world.admin)
    boss = again(team_world.desk, team_world.manager)
    assert (boss.team_id, boss.managed_team_ids) == (team_world.other_team.id, frozenset({team_world.team.id}))
