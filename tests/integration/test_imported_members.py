"""A member who came with an import and the Slack user they are become one, with all that either had, on both databases."""

import dataclasses
import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import BigInteger, Integer, func, select

from bot.domain import events
from bot.domain.events import AssignmentAccepted, HandoverDeclined, PutInPool, event_from
from bot.errors import InvalidInput, NotAllowed, NotFound
from bot.models import Base, EventRow, Member, MemberChange, Opportunity, Ruling, Team
from bot.models.session import Database
from bot.services import imported_members, imports, members, opportunities, pool, roster, rulings
from bot.services.desk import Actor, Desk, system_actor
from bot.services.import_values import Batch, OpportunityRow, Person, TeamPlan
from bot.services.imported_members import HOLDING
from bot.services.members import Profile
from bot.services.roster import MemberForm
from tests.factories import WORKSPACE, ZONE, TeamWorld, again, make_lead, make_member, slack_id
from tests.integration.disputing import ACME, notices, refused

ANNA = "Anna Snelling"
ROW = OpportunityRow(2, "r1", "North", "Chairs", "Marigold Soap", owner=Person(ANNA), captured=date(2026, 2, 2))

# Numbers in columns that mean something else than a member.
_OTHERS = {
    "channel_id", "contact_id", "customer_id", "first_id", "kept_id", "merged_id", "merged_into_id", "next_step_id",
    "opportunity_id", "playbook_id", "registration_id", "second_id", "team_id", "workspace_id", "yielded_to_id",
}  # fmt: skip


def bring(world: TeamWorld, *rows: OpportunityRow) -> None:
    batch = Batch(rows, (TeamPlan("North"),))
    imports.run(world.desk, batch, by=system_actor(world.admin.workspace_id))


def ghost(world: TeamWorld, name: str = ANNA) -> int:
    with world.desk.reading(world.admin) as session:
        found = select(Member.id).where(Member.name == name, Member.slack_user_id.is_(None))
        return session.scalars(found.order_by(Member.id)).first() or 0


def tied(world: TeamWorld, to: str, *, by: Actor | None = None, name: str = ANNA) -> int:
    return imported_members.tie(world.desk, ghost(world, name), to, by=by or world.admin).id


def owners(world: TeamWorld) -> dict[str, str]:
    with world.desk.reading(world.admin) as session:
        rows = session.execute(
            select(Opportunity.external_ref, Member.name).join(Member, Member.id == Opportunity.owner_id)
        )
        return {row.external_ref: row.name for row in rows if row.external_ref}


def test_every_column_that_holds_a_number_is_decided() -> None:
    # Choices of the rules stay as they were recorded: they never choose one who was not seen in Slack.
    left = {("opportunity", "owner_id"), ("choice", "member_id")}
    decided = {(model.__tablename__, name) for model, name in HOLDING} | left
    found = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_id") and isinstance(column.type, BigInteger | Integer)
    }
    assert sorted(decided - found) == []
    assert sorted(one for one in found - decided if one[1] not in _OTHERS) == []


def test_every_field_of_an_event_that_names_a_member_is_decided() -> None:
    kinds = [events.event_from(kind, {}) for kind in events.event_kinds()]
    fields = {one.name for kind in kinds for one in dataclasses.fields(kind) if one.name.endswith("_id")}
    assert fields - events.MEMBER_NUMBERS == {"event_id", "follow_up_id", "next_step_id", "other_id"}


def test_all_that_the_imported_one_had_is_the_slack_users(team_world: TeamWorld, database: Database) -> None:
    world = team_world
    bring(world, ROW, replace(ROW, ref="r2", customer="Quillback Logistics", stage="Quote"))
    anna = make_member(world.desk, "Anna S.")
    old = ghost(world)
    imported_members.who(world.desk, old, by=world.manager)
    number = tied(world, slack_id("Anna S."), by=world.manager)
    assert number == anna.member_id
    assert owners(world) == {"r1": "Anna S.", "r2": "Anna S."}
    anna = again(world.desk, anna)
    assert (anna.team_id, anna.role) == (world.team.id, "rep")
    [first] = [one for one in opportunities.find(world.desk, "marigold", by=anna) if one.owner is not None]
    shown = opportunities.view(world.desk, first.id, by=anna, history=20)
    assert "follow_up" in shown.may
    assert any(one.event == AssignmentAccepted(number, ANNA) for one in shown.history)
    with world.desk.reading(world.admin) as session:
        assert session.get(Member, old) is None
        [change] = session.scalars(select(MemberChange).where(MemberChange.member_id == number)).all()
        assert (change.by_id, change.after) == (world.manager.member_id, {"team_id": world.team.id, "tied": ANNA})
    told = notices(database, anna)[-1]
    assert (told["key"], told["params"]) == ("notice.tied", {"who": "Manager", "name": ANNA, "count": 2})
    [line] = roster.details(world.desk, number, by=world.manager).changes
    assert ("tied", ANNA) in {(one.field, one.after) for one in line.fields}


def test_history_and_json_that_name_the_imported_one_name_the_slack_user(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    old = ghost(world)
    anna = make_member(world.desk, "Anna S.")
    mine = make_lead(world.desk, world.rep, customer_name=ACME).opportunity
    with world.desk.transaction(world.admin) as session:
        for event in (PutInPool("released", old, ANNA, "x"), HandoverDeclined(old, ANNA), PutInPool("nobody")):
            session.add(
                EventRow(
                    workspace_id=world.admin.workspace_id, opportunity_id=mine.id, kind=event.kind, at=world.clock.now(),
                    actor_id=old, payload=event.payload(),
                )
            )  # fmt: skip
        session.get_one(Team, world.other_team.id).manager_id = old
    refused(world, world.other_rep)
    rulings.ask(world.desk, mine.id, "Mine", by=world.other_rep)
    with world.desk.transaction(world.admin) as session:
        ruling = session.scalars(select(Ruling)).one()
        ruling.evidence = [["owner_id", old], ["follow_ups", old], ["owner", ANNA]]
    number = tied(world, slack_id("Anna S."))
    with world.desk.reading(world.admin) as session:
        assert session.scalars(select(Ruling)).one().evidence == [
            ["owner_id", number], ["follow_ups", old], ["owner", ANNA],
        ]  # fmt: skip
        theirs = select(EventRow).where(EventRow.opportunity_id == mine.id, EventRow.actor_id == number)
        rows = session.scalars(theirs.order_by(EventRow.id))
        found = [event_from(row.kind, row.payload) for row in rows.all()]
        assert found == [PutInPool("released", number, ANNA, "x"), HandoverDeclined(number, ANNA), PutInPool("nobody")]
        assert session.get_one(Team, world.other_team.id).manager_id == number
    assert again(world.desk, anna).managed_team_ids == {world.other_team.id}


def test_one_who_was_never_here_simply_gets_the_row_and_the_next_file_still_finds_them(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    old = ghost(world)
    assert tied(world, "UNEW") == old
    members.refresh(world.desk, world.admin.workspace_id, Profile("UNEW", "安娜", "anna@x.test", ZONE))
    assert owners(world) == {"r1": "安娜"}
    bring(world, replace(ROW, ref="r2", customer="Quillback Logistics"))
    assert owners(world) == {"r1": "安娜", "r2": "安娜"}


def test_next_file_finds_the_one_person_by_the_name_it_knows(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    make_member(world.desk, "Anna S.")
    tied(world, slack_id("Anna S."))
    bring(world, replace(ROW, ref="r2", customer="Quillback Logistics"))
    assert owners(world) == {"r1": "Anna S.", "r2": "Anna S."}
    assert ghost(world) == 0


def test_one_claimed_by_mail_is_found_by_the_files_name_too(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, replace(ROW, owner=Person(ANNA, "anna@x.test")))
    members.remember(world.desk, WORKSPACE, Profile("UANNA", "安娜", "anna@x.test", ZONE))
    bring(world, replace(ROW, ref="r2", customer="Quillback Logistics"))
    assert owners(world) == {"r1": "安娜", "r2": "安娜"}


def test_what_the_slack_user_has_of_their_own_stays(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    old = ghost(world)
    kept = {"member_id": old, "weight": 3, "capacity": 80, "territories": "East", "languages": "zh"}
    roster.update(world.desk, MemberForm.read(kept), by=world.admin)
    theirs = {"member_id": world.other_rep.member_id, "weight": 5, "capacity": 50, "territories": "West"}
    roster.update(world.desk, MemberForm.read(theirs), by=world.admin)
    number = tied(world, slack_id("Other Rep"))
    one = roster.details(world.desk, number, by=world.admin)
    assert (one.line.weight, one.line.capacity, one.territories, one.languages) == (5, 80, ("West",), ("zh",))
    assert (one.team_id, one.line.role) == (world.other_team.id, "rep")
    assert owners(world) == {"r1": "Other Rep"}


def test_an_absence_of_the_imported_one_that_begins_later_still_begins_later(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    away = {
        "member_id": ghost(world),
        "weight": 1,
        "capacity": 50,
        "away_from": "2026-03-09",
        "away_until": "2026-03-13",
    }
    roster.update(world.desk, MemberForm.read(away), by=world.admin)
    before = roster.details(world.desk, ghost(world), by=world.admin).line
    after = roster.details(world.desk, tied(world, slack_id("Other Rep")), by=world.admin).line
    assert after.away_from is not None
    assert after.away_from > world.clock.now()
    assert (after.away_from, after.away_until) == (before.away_from, before.away_until)


def test_marks_of_two_owners_who_are_one_person_go(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW, replace(ROW, ref="r2", need="Tables", owner=Person("Rep")))
    with world.desk.reading(world.admin) as session:
        marked = session.scalar(select(func.count()).select_from(Opportunity).where(Opportunity.has_collision))
    assert marked == 2
    tied(world, slack_id("Rep"))
    with world.desk.reading(world.admin) as session:
        assert session.scalars(select(Opportunity).where(Opportunity.has_collision)).all() == []


def test_who_may_tie_and_what_cannot_be_that_person(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    old = ghost(world)
    for by, key in ((world.rep, "members.who_may"), (world.other_manager, "members.not_yours")):
        with pytest.raises(NotAllowed) as caught:
            imported_members.tie(world.desk, old, slack_id("Rep"), by=by)
        assert caught.value.key == key
    with pytest.raises(NotAllowed) as known:
        imported_members.tie(world.desk, world.rep.member_id or 0, slack_id("Rep Two"), by=world.admin)
    assert known.value.key == "members.tied_already"
    with pytest.raises(NotFound) as nobody:
        imported_members.tie(world.desk, 999_999, slack_id("Rep"), by=world.admin)
    assert nobody.value.key == "members.not_found"
    gone = make_member(world.desk, "Gone")
    with world.desk.transaction(world.admin) as session:
        session.get_one(Member, gone.member_id).is_active = False
    cases: tuple[tuple[str | None, Actor, str], ...] = (
        (None, world.admin, "error.required"),
        (slack_id("Gone"), world.admin, "setup.member_inactive"),
        (slack_id("Other Rep"), world.manager, "members.not_yours"),
        (slack_id("Specialist"), world.manager, "members.owns"),
    )
    for to, by, key in cases:
        with pytest.raises(InvalidInput) as refusal:
            imported_members.tie(world.desk, old, to, by=by)
        assert {name: text.key for name, text in refusal.value.fields.items()} == {"slack_user": key}
    assert owners(world) == {"r1": ANNA}


def test_of_two_who_tie_the_same_one_at_once_the_second_learns_that_it_is_done(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    old, gate, outcomes = ghost(world), threading.Barrier(2), []

    def act(to: str, by: Actor) -> None:
        gate.wait()
        try:
            imported_members.tie(world.desk, old, to, by=by)
            outcomes.append("tied")
        except (NotFound, NotAllowed) as error:
            outcomes.append(error.key)

    threads = [
        threading.Thread(target=act, args=pair)
        for pair in ((slack_id("Rep"), world.admin), (slack_id("Rep Two"), world.manager))
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert sorted(outcomes) == ["members.not_found", "tied"]
    assert set(owners(world).values()) <= {"Rep", "Rep Two"}


def test_manager_who_ties_gives_no_role_that_only_an_admin_gives(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    with world.desk.transaction(world.admin) as session:
        session.get_one(Member, ghost(world)).role = "manager"
    free = make_member(world.desk, "Free")
    tied(world, slack_id("Free"), by=world.manager)
    assert again(world.desk, free).role == "rep"


def test_former_owner_still_rests_after_they_were_tied(team_world: TeamWorld) -> None:
    world = team_world
    bring(world, ROW)
    [line] = opportunities.find(world.desk, "marigold", by=world.admin)
    pool.release(world.desk, line.id, "Not ours", by=world.manager)
    anna = make_member(world.desk, "Anna S.")
    tied(world, slack_id("Anna S."))
    with pytest.raises(NotAllowed) as caught:
        pool.claim(world.desk, line.id, by=again(world.desk, anna))
    assert caught.value.key == "assign.cooling_off"


def test_other_workspaces_tie_nobody_of_this_one(desk: Desk, team_world: TeamWorld) -> None:
    bring(team_world, ROW)
    stranger: Any = make_member(desk, "Stranger", slack_team_id="T0ELSE", is_slack_admin=True)
    stranger = again(desk, stranger, slack_team_id="T0ELSE")
    with pytest.raises(NotFound):
        imported_members.tie(desk, ghost(team_world), slack_id("Stranger"), by=stranger)
    handed = opportunities.find(desk, "marigold", by=team_world.admin)
    assert [one.owner.name for one in handed if one.owner] == [ANNA]
