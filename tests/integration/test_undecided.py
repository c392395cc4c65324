"""What waits for a decision, on both databases: who gets it when a judge changes, and when judges are reminded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.rulings import Verdict
from bot.models import OutboxRow
from bot.models.session import Database
from bot.reminders.rendering import Parcel, render
from bot.services import members, outbox, registered, registrations, rulings, sweep, teams
from bot.services.members import Profile
from bot.services.outbox import Promise
from bot.services.teams import TeamForm
from tests.factories import TeamWorld, again, make_member, make_team
from tests.integration.disputing import ACME, approved, asked, at, disable, notices, promised, taken
from tests.integration.disputing import registered as registers

GLOBEX = "Globex Foundry"
CARDS = ("ruling", "registration")


def change_manager(world: TeamWorld) -> None:
    values = {"name": "North", "channel_id": "CNORTH", "manager": "UADMIN", "reps": ("UREP", "UREPTWO")}
    form = TeamForm.read({"team_id": world.team.id, "zone": "Asia/Shanghai", **values})
    teams.setup(world.desk, form, by=world.admin)


def said(world: TeamWorld, database: Database, kind: str) -> list[str]:
    """Return what the promised messages of a kind say by now, in their order."""
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == kind).order_by(OutboxRow.id)).all()
        promises = [
            Promise(row.id, row.workspace_id, kind, row.channel, row.payload, row.due_at, 0, row.created_at)
            for row in rows
        ]
    found = [render(world.desk, one, outbox.address(world.desk, one)) for one in promises]
    return [str(one.message) for one in found if isinstance(one, Parcel)]


def open_promises(database: Database, kind: str) -> list[str]:
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == kind, OutboxRow.state == "waiting"))
        return [row.channel for row in rows]


def all_sent(database: Database) -> None:
    with database.transaction(None) as session:
        for row in session.scalars(select(OutboxRow)):
            row.state = "sent"


@pytest.mark.parametrize("happens", [change_manager, lambda world: disable(world, world.manager)])
def test_what_waits_for_a_manager_who_is_gone_goes_to_who_decides_now(
    team_world: TeamWorld, database: Database, happens: Callable[[TeamWorld], None]
) -> None:
    world = team_world
    number = asked(world, taken(world).id, world.other_rep)
    waits = registers(world, world.rep2, GLOBEX)
    renewed = approved(world, world.rep2, name="Initech")
    registered.ask_renewal(world.desk, renewed.id, by=world.rep2)
    before = promised(database, *CARDS)
    all_sent(database)
    happens(world)
    assert promised(database, *CARDS)[len(before) :] == [(kind, at(world.admin)) for kind in (*CARDS, CARDS[1])]
    assert open_promises(database, "ruling_asked") == [at(world.other_rep)]
    assert ["Admin" in text for text in said(world, database, "ruling_asked")] == [True]
    told = [one for one in notices(database, world.rep2) if one["key"] == "notice.registration_judges"]
    assert [one["params"] for one in told] == [
        {"customer": GLOBEX, "judges": "Admin"},
        {"customer": "Initech", "judges": "Admin"},
    ]
    by = again(world.desk, world.admin)
    rulings.rule(world.desk, number, Verdict.KEEP, "First come", by=by)
    assert not registrations.approve(world.desk, waits.id, by=by).is_open
    assert not registered.renew(world.desk, renewed.id, by=by).is_open


def test_manager_who_comes_back_has_the_cards_in_their_own_places(team_world: TeamWorld, database: Database) -> None:
    world = team_world
    asked(world, taken(world).id, world.other_rep)
    registers(world, world.rep2, GLOBEX)
    disable(world, world.manager)
    all_sent(database)
    members.refresh(world.desk, world.rep.workspace_id, Profile("UMANAGER", "Manager"))
    assert [open_promises(database, kind) for kind in CARDS] == [[at(world.manager)]] * 2
    assert len(promised(database, *CARDS)) == 4, "nobody gets a second one"
    assert ["Manager" in text for text in said(world, database, "ruling_asked")] == [True]


def test_saving_a_team_with_the_same_manager_asks_nobody_again(team_world: TeamWorld, database: Database) -> None:
    registers(team_world, team_world.rep2, GLOBEX)
    all_sent(database)
    before = promised(database, *CARDS)
    values: dict[str, Any] = {"name": "North", "manager": "UMANAGER", "reps": ("UREP", "UREPTWO")}
    form = TeamForm.read({"team_id": team_world.team.id, "zone": "Asia/Shanghai", **values})
    teams.setup(team_world.desk, form, by=team_world.manager)
    assert promised(database, *CARDS) == before
    assert notices(database, team_world.rep2) == []


def reminders_by_day(world: TeamWorld, database: Database, days: int) -> list[int]:
    """Return how many reminders there are in all after each of so many mornings; 2 March is a Monday."""
    counts = []
    for _ in range(days):
        world.clock.advance(timedelta(days=1))
        sweep.digests(world.desk)
        counts.append(len(promised(database, "undecided")))
    return counts


def test_judge_is_reminded_after_two_working_days_and_then_weekly(team_world: TeamWorld, database: Database) -> None:
    world = team_world
    number = asked(world, taken(world).id, world.other_rep)
    waits = registers(world, world.rep2, GLOBEX)
    # From Tuesday on: Wednesday the first, and a week after that the second; a weekend is silent.
    assert reminders_by_day(world, database, 9) == [0, 1, 1, 1, 1, 1, 1, 1, 2]
    assert promised(database, "undecided") == [("undecided", at(world.manager))] * 2
    assert all(ACME in text and GLOBEX in text and "(2)" in text for text in said(world, database, "undecided"))
    rulings.rule(world.desk, number, Verdict.KEEP, "First come", by=world.manager)
    assert [ACME in text for text in said(world, database, "undecided")] == [False, False]
    registrations.refuse(world.desk, waits.id, "No", by=world.manager)
    assert said(world, database, "undecided") == []
    assert reminders_by_day(world, database, 9)[-1] == 2


def test_what_falls_due_between_two_reminders_has_one_of_its_own(team_world: TeamWorld, database: Database) -> None:
    registers(team_world, team_world.rep2, GLOBEX)
    team_world.clock.advance(timedelta(days=1))
    registers(team_world, team_world.rep, "Initech")
    assert reminders_by_day(team_world, database, 7) == [1, 2, 2, 2, 2, 2, 2]
    assert reminders_by_day(team_world, database, 2) == [2, 3], "a week after the last one, of both"


def test_judge_of_two_teams_is_reminded_once_a_day_and_the_present_one(
    team_world: TeamWorld, database: Database
) -> None:
    world = team_world
    third = make_member(world.desk, "Third")
    make_team(world.desk, by=world.admin, manager=world.manager, name="West", reps=(third,))
    registers(world, again(world.desk, third), "Initech")
    registers(world, world.rep2, GLOBEX)
    assert reminders_by_day(world, database, 2) == [0, 1]
    disable(world, world.manager)
    assert reminders_by_day(world, database, 1) == [2]
    assert promised(database, "undecided")[-1] == ("undecided", at(world.admin))


def test_reminder_waits_for_the_judges_own_hours(team_world: TeamWorld, database: Database) -> None:
    world = team_world
    registers(world, world.rep2, GLOBEX)
    reminders_by_day(world, database, 2)
    world.clock.advance(timedelta(hours=12))
    assert said(world, database, "undecided") == []
