"""Who may change whom, what is refused at which field, and what is kept of every change."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.errors import InvalidInput, NotAllowed, NotFound, StaleRecord
from bot.i18n import Translator
from bot.models import Member, MemberChange
from bot.models.session import Database
from bot.services import handovers, members, opportunities, roster, teams
from bot.services.desk import Actor, Desk
from bot.services.members import Profile
from bot.services.roster import MemberForm
from bot.services.teams import TeamForm
from bot.views import setup_forms
from tests.factories import TeamWorld, again, make_lead, make_member


def form(of: Actor, **values: Any) -> MemberForm:
    return MemberForm.read({"member_id": of.member_id, "weight": "1", "capacity": "50", **values})


def refused(desk: Desk, of: Actor, by: Actor, **values: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        roster.update(desk, form(of, **values), by=by)
    return {name: text.key for name, text in caught.value.fields.items()}


def test_reps_and_specialists_neither_see_nor_change_members(team_world: TeamWorld) -> None:
    for who in (team_world.rep, team_world.specialist):
        for act in (
            lambda who=who: roster.roster(team_world.desk, by=who),
            lambda who=who: roster.find(team_world.desk, "", by=who),
            lambda who=who: roster.details(team_world.desk, team_world.rep2.member_id or 0, by=who),
            lambda who=who: roster.update(team_world.desk, form(team_world.rep2), by=who),
            lambda who=who: roster.update(team_world.desk, form(who, capacity="500"), by=who),
        ):
            with pytest.raises(NotAllowed) as caught:
                act()
            assert caught.value.key == "members.who_may"


def test_manager_changes_their_own_team_and_no_other(team_world: TeamWorld) -> None:
    listed = roster.roster(team_world.desk, by=team_world.manager)
    assert {one.member.name for one in listed.lines} == {"Rep", "Rep Two", "Specialist", "Manager"}
    assert {one.member.name for one in roster.find(team_world.desk, "two", by=team_world.manager)} == {"Rep Two"}
    with pytest.raises(NotAllowed) as caught:
        roster.update(team_world.desk, form(team_world.other_rep), by=team_world.manager)
    assert caught.value.key == "members.not_yours"
    with pytest.raises(NotFound):
        roster.details(team_world.desk, 999_999, by=team_world.manager)
    desk, boss = team_world.desk, team_world.manager
    assert refused(desk, team_world.rep, boss, role="manager") == {"role": "members.only_admins"}
    assert refused(desk, team_world.rep, boss, team_id=team_world.other_team.id, asks_team=True) == {
        "team_id": "members.not_your_team"
    }
    assert refused(desk, boss, boss, role="rep") == {"role": "members.only_admins"}
    changed = roster.update(desk, form(team_world.rep, role="specialist", weight="3"), by=boss)
    assert (changed.line.role, changed.line.weight) == ("specialist", 3)


def test_whom_no_team_has_a_manager_may_take_on_and_nothing_else(team_world: TeamWorld) -> None:
    desk, boss = team_world.desk, team_world.manager
    free, gone = make_member(desk, "Free"), make_member(desk, "Gone")
    with desk.transaction(boss) as session:
        session.get_one(Member, gone.member_id).is_active = False
    listed = {one.member.name: one.team for one in roster.roster(desk, by=boss).lines}
    assert listed["Free"] is None
    assert not {"Gone", "Admin", "Other Rep"} & set(listed), "neither who left, nor who decides, nor others' reps"
    assert [name for _, name in roster.details(desk, free.member_id or 0, by=boss).teams] == ["North"]
    assert refused(desk, free, boss, weight="3") == {"team_id": "members.choose_team"}
    assert refused(desk, free, boss, team_id=None, asks_team=True) == {"team_id": "members.choose_team"}
    assert refused(desk, free, boss, team_id=team_world.other_team.id, asks_team=True) == {
        "team_id": "members.not_your_team"
    }
    assert roster.update(desk, form(free, team_id=team_world.team.id, asks_team=True), by=boss).line.team == "North"
    with pytest.raises(NotAllowed):
        roster.details(desk, free.member_id or 0, by=team_world.other_manager)


def test_admin_gives_and_takes_every_role_but_never_the_last_admins(team_world: TeamWorld) -> None:
    desk, admin = team_world.desk, team_world.admin
    assert refused(desk, admin, admin, role="rep") == {"role": "members.last_admin"}
    roster.update(desk, form(team_world.other_rep, role="admin"), by=admin)
    roster.update(desk, form(admin, role="rep"), by=admin)
    assert again(desk, admin).role == "rep"
    assert again(desk, team_world.other_rep).is_admin
    assert refused(desk, team_world.manager, again(desk, team_world.other_rep), role="rep") == {
        "role": "members.manages"
    }


def test_two_admins_cannot_take_the_role_from_each_other_at_once(team_world: TeamWorld) -> None:
    desk, admin = team_world.desk, team_world.admin
    roster.update(desk, form(team_world.other_rep, role="admin"), by=admin)
    second = again(desk, team_world.other_rep)
    gate, outcomes = threading.Barrier(2), []

    def take(of: Actor, by: Actor) -> None:
        gate.wait()
        try:
            roster.update(desk, form(of, role="rep"), by=by)
            outcomes.append("taken")
        except InvalidInput:
            outcomes.append("refused")

    threads = [threading.Thread(target=take, args=pair) for pair in ((admin, second), (second, admin))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken"]
    assert again(desk, admin).is_admin != again(desk, second).is_admin


def opened(world: TeamWorld, of: Actor, by: Actor) -> dict[str, Any]:
    """What the form shows when it is opened, as it comes back with what is typed."""
    return roster.details(world.desk, of.member_id or 0, by=by).shown


def test_saving_another_field_keeps_the_absence_that_began_while_the_form_stood_open(team_world: TeamWorld) -> None:
    shown = opened(team_world, team_world.rep, team_world.manager)
    until = team_world.clock.now() + timedelta(days=5)
    members.set_away(team_world.desk, until, by=team_world.rep)
    saved = roster.update(
        team_world.desk, form(team_world.rep, role="rep", weight="3", shown=shown), by=team_world.manager
    )
    assert (saved.line.weight, saved.line.away_until) == (3, until)


def test_what_two_change_in_different_fields_is_both_kept(team_world: TeamWorld) -> None:
    desk, shown = team_world.desk, opened(team_world, team_world.rep, team_world.manager)
    roster.update(desk, form(team_world.rep, capacity="20", territories="East", shown=shown), by=team_world.admin)
    saved = roster.update(desk, form(team_world.rep, weight="3", shown=shown), by=team_world.manager)
    assert (saved.line.weight, saved.line.capacity, saved.territories) == (3, 20, ("East",))


def test_the_same_field_changed_by_two_is_refused_as_stale_and_nothing_of_it_saved(team_world: TeamWorld) -> None:
    desk, shown = team_world.desk, opened(team_world, team_world.rep, team_world.manager)
    roster.update(desk, form(team_world.rep, weight="2", shown=shown), by=team_world.admin)
    with pytest.raises(StaleRecord) as caught:
        roster.update(desk, form(team_world.rep, weight="3", capacity="9", shown=shown), by=team_world.manager)
    assert (caught.value.key, caught.value.params) == ("members.changed_meanwhile", {"fields": "weight"})
    now = roster.details(desk, team_world.rep.member_id or 0, by=team_world.manager)
    assert (now.line.weight, now.line.capacity) == (2, 50)
    again_shown = form(team_world.rep, weight="3", capacity="9", shown=now.shown)
    assert roster.update(desk, again_shown, by=team_world.manager).line.weight == 3
    # Whoever wanted the same loses nothing.
    assert roster.update(desk, form(team_world.rep, weight="3", shown=shown), by=team_world.manager).line.weight == 3


def test_absence_that_was_shown_is_ended_by_emptying_it_and_moved_by_another_day(team_world: TeamWorld) -> None:
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=5), by=team_world.rep)
    shown = opened(team_world, team_world.rep, team_world.manager)
    assert shown["away_until"] is not None
    saved = roster.update(team_world.desk, form(team_world.rep, shown=shown), by=team_world.manager)
    assert saved.line.away_until is None
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=9), by=team_world.rep)
    with pytest.raises(StaleRecord):
        roster.update(
            team_world.desk, form(team_world.rep, away_until="2026-03-20", shown=shown), by=team_world.manager
        )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"weight": "two"}, {"weight": "members.weight_unclear"}),
        ({"weight": "101"}, {"weight": "members.weight_unclear"}),
        ({"capacity": "-1"}, {"capacity": "members.capacity_unclear"}),
        ({"capacity": None}, {"capacity": "error.required"}),
        ({"territories": ",".join(f"r{n}" for n in range(31))}, {"territories": "members.territories_unclear"}),
        ({"languages": "zh, blah"}, {"languages": "members.languages_unclear"}),
        ({"role": "king"}, {"role": "error.invalid"}),
    ],
)
def test_what_cannot_be_used_stands_at_its_field(values: dict[str, Any], expected: dict[str, str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        MemberForm.read({"member_id": 1, "weight": "1", "capacity": "50", **values})
    assert {name: text.key for name, text in caught.value.fields.items()} == expected


def test_an_absence_ends_with_the_day_where_the_member_is(team_world: TeamWorld) -> None:
    desk = team_world.desk
    members.refresh(desk, team_world.rep.workspace_id, Profile("UREP", "Rep", zone="America/New_York"))
    changed = roster.update(desk, form(team_world.rep, away_until=date(2026, 3, 6)), by=team_world.manager)
    assert changed.line.away_until == datetime(2026, 3, 7, 4, 59, tzinfo=UTC)
    assert refused(desk, team_world.rep, team_world.manager, away_until=date(2026, 2, 1)) == {
        "away_until": "absence.past"
    }
    # Saving the form again changes nothing; emptying it brings them back.
    roster.update(desk, form(team_world.rep, away_until=date(2026, 3, 6)), by=team_world.manager)
    (last,) = roster.details(desk, team_world.rep.member_id or 0, by=team_world.manager).changes
    assert [one.field for one in last.fields] == ["away_until"]
    assert roster.update(desk, form(team_world.rep), by=team_world.manager).line.away_until is None


def test_one_who_owns_something_does_not_become_a_specialist(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep)
    assert refused(team_world.desk, team_world.rep, team_world.manager, role="specialist") == {"role": "members.owns"}


def test_who_leaves_a_team_passes_on_what_waits_for_their_answer(team_world: TeamWorld) -> None:
    desk = team_world.desk
    lead = make_lead(desk, team_world.rep, mine=False).opportunity
    assert lead.owner is not None
    asked = team_world.rep if lead.owner.id == team_world.rep.member_id else team_world.rep2
    roster.update(desk, form(asked, team_id=None, asks_team=True), by=team_world.manager)
    owner = opportunities.view(desk, lead.id, by=team_world.manager).owner
    assert owner is not None
    assert owner.id != asked.member_id
    assert again(desk, asked).team_id is None
    with pytest.raises(InvalidInput) as caught:
        roster.update(desk, form(asked, team_id=999_999, asks_team=True), by=team_world.admin)
    assert caught.value.fields["team_id"].key == "setup.not_found"


def test_every_change_is_kept_with_who_made_it(team_world: TeamWorld, database: Database) -> None:
    desk, rep = team_world.desk, team_world.rep
    roster.update(desk, form(rep, capacity="30", territories="East"), by=team_world.manager)
    members.set_away(desk, datetime(2026, 3, 5, tzinfo=UTC), by=rep)
    members.refresh(desk, rep.workspace_id, Profile("UREP", "Rita", email="urep@team.test", zone="Asia/Shanghai"))
    values = {"team_id": team_world.team.id, "name": "North", "manager": "UMANAGER", "reps": ("UREPTWO",)}
    teams.setup(desk, TeamForm.read(values), by=team_world.admin)
    with database.reading(rep.workspace_id) as session:
        rows = session.query(MemberChange).filter_by(member_id=rep.member_id).order_by(MemberChange.id).all()
        found = [(row.by_id, row.before, row.after) for row in rows if row.by_id != team_world.admin.member_id]
        assert found == [
            (
                team_world.manager.member_id,
                {"capacity": 50, "territories": []},
                {"capacity": 30, "territories": ["East"]},
            ),
            (rep.member_id, {"away_until": None}, {"away_until": "2026-03-05T00:00:00+00:00"}),
            (None, {"name": "Rep"}, {"name": "Rita"}),
        ]
        assert (rows[-1].before, rows[-1].after) == ({"team_id": team_world.team.id}, {"team_id": None})
    (shown,) = roster.details(desk, rep.member_id or 0, by=team_world.admin).changes
    assert shown.by is not None
    assert (shown.by.name, shown.fields[0].before, shown.fields[0].after) == ("Admin", "North", None)


def test_long_lists_have_pages(team_world: TeamWorld) -> None:
    for number in range(20):
        make_member(team_world.desk, f"Extra {number:02}")
    first, second = (roster.roster(team_world.desk, by=team_world.admin, page=page) for page in (0, 9))
    assert (first.page, first.pages, first.count, len(first.lines)) == (0, 2, 27, 15)
    assert (second.page, len(second.lines)) == (1, 12)
    assert not {one.member.id for one in first.lines} & {one.member.id for one in second.lines}


def test_a_team_of_more_than_a_hundred_loses_nobody_when_its_form_is_saved(
    team_world: TeamWorld, database: Database
) -> None:
    desk, team = team_world.desk, team_world.team
    with database.transaction(team_world.rep.workspace_id) as session:
        for number in range(130):
            session.add(
                Member(
                    slack_user_id=f"UX{number:03}", name=f"X {number}", team_id=team.id, zone="UTC", locale="en-US",
                    created_at=desk.now(),
                )
            )  # fmt: skip
    shown = setup_forms.form(Translator("en-US"), teams.team_of(desk, team.id, by=team_world.manager), desk.now())
    import json  # noqa: PLC0415 - used here alone

    carried = json.loads(shown["private_metadata"])
    reps = next(block["element"]["initial_users"] for block in shown["blocks"] if block.get("block_id") == "reps")
    assert len(reps) == 80
    kept = tuple(one for one in reps if one != "UX005")
    values = {"name": "North", "manager": "UMANAGER", "specialists": ("USPECIALIST",), **carried}
    saved = teams.setup(desk, TeamForm.read({**values, "reps": (*kept, "UNEWCOMER")}), by=team_world.manager)
    assert len(saved.reps) == 132
    assert "UX005" not in {one.slack_user_id for one in saved.reps}
    assert {"UX129", "UNEWCOMER"} <= {one.slack_user_id for one in saved.reps}


def test_slack_right_given_makes_an_admin_and_taken_back_unmakes_one(team_world: TeamWorld) -> None:
    desk, workspace_id = team_world.desk, team_world.admin.workspace_id
    make_member(desk, "Root")
    members.refresh(desk, workspace_id, Profile("UROOT", "Root", is_slack_admin=True))
    assert again(desk, make_member(desk, "Root", is_slack_admin=True)).role == "admin"
    members.refresh(desk, workspace_id, Profile("UROOT", "Root"))
    assert again(desk, make_member(desk, "Root")).role == "rep"
    # The manager of a team stays its manager; and what an admin gave here, Slack does not take.
    members.refresh(desk, workspace_id, Profile("UMANAGER", "Manager", is_slack_admin=True))
    assert again(desk, team_world.manager).is_admin
    members.refresh(desk, workspace_id, Profile("UMANAGER", "Manager"))
    assert again(desk, team_world.manager).role == "manager"
    roster.update(desk, form(team_world.other_rep, role="admin"), by=team_world.admin)
    for is_admin in (True, False):
        members.refresh(desk, workspace_id, Profile("UOTHERREP", "Other Rep", is_slack_admin=is_admin))
    assert again(desk, team_world.other_rep).is_admin


def test_an_admin_whom_another_made_a_rep_is_not_made_one_again_by_the_next_sync(team_world: TeamWorld) -> None:
    desk = team_world.desk
    root = make_member(desk, "Root", is_slack_admin=True)
    roster.update(desk, form(root, role="rep"), by=team_world.admin)
    members.refresh(desk, root.workspace_id, Profile("UROOT", "Root", is_slack_admin=True))
    assert again(desk, root).role == "rep"


def test_member_who_is_away_gets_no_offer_until_they_are_back(team_world: TeamWorld) -> None:
    desk = team_world.desk
    roster.update(desk, form(team_world.rep, away_until=date(2026, 3, 6)), by=team_world.manager)
    for _ in range(3):
        owner = make_lead(desk, team_world.rep2, mine=False).opportunity.owner
        assert owner is not None
        assert owner.id == team_world.rep2.member_id
    with pytest.raises(InvalidInput):
        handovers.offer(desk, make_lead(desk, team_world.rep2).opportunity.id, "UREP", None, by=team_world.rep2)
