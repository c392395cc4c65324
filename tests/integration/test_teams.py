"""Teams: setting one up, changing it, and what is refused at which field."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.domain.calendar import is_workday
from bot.errors import InvalidInput, NotAllowed, NotFound, Text
from bot.i18n import Translator
from bot.services import appointments, members, opportunities, playbooks, stages, teams
from bot.services.desk import Desk
from bot.services.members import Profile
from bot.services.stages import LossForm
from bot.services.teams import TeamForm
from bot.services.working_hours import read_days, read_hours, read_week
from bot.views import setup_forms
from tests.factories import TeamWorld, again, make_lead, make_member

NINE_TO_SIX = ((540, 720), (780, 1080))


def form(world: TeamWorld, **values: Any) -> TeamForm:
    known = {"team_id": world.team.id, "name": "North", "channel_id": "CNORTH", "manager": "UMANAGER"}
    people = {"reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",), "zone": "Asia/Shanghai"}
    return TeamForm.read({**known, **people, **values})


def test_the_first_team_has_its_people_its_hours_and_a_playbook(desk: Desk) -> None:
    admin = make_member(desk, "Root", is_slack_admin=True)
    assert not teams.has_team(desk, by=admin)
    made = teams.setup(
        desk,
        TeamForm.read(
            {
                "name": "Ost",
                "channel_id": "C1",
                "manager": "UBOSS",
                "reps": ("UONE", "UTWO"),
                "specialists": ("UTHREE",),
                "zone": "Europe/Berlin",
                "country": "DE",
                "locale": "zh-CN",
                "hours": "8:30-12，13：00～17:00",
                "workdays": (0, 1, 2, 3),
                "digest_time": "8:15",
                "currency": "EUR",
            }
        ),
        by=admin,
    )
    assert teams.has_team(desk, by=admin)
    assert made.manager is not None
    assert (made.manager.slack_user_id, made.zone, made.country, made.locale) == (
        "UBOSS",
        "Europe/Berlin",
        "DE",
        "zh-CN",
    )
    assert made.hours == (((510, 720), (780, 1020)),) * 4 + ((),) * 3
    assert (made.digest_minute, made.currency, made.is_live) == (495, "EUR", True)
    assert [one.slack_user_id for one in made.reps] == ["UONE", "UTWO"]
    assert [one.slack_user_id for one in made.specialists] == ["UTHREE"]
    assert teams.team_of(desk, made.id, by=admin) == made
    assert teams.all_teams(desk, by=admin) == (made,)
    assert playbooks.current(desk, made.id, by=admin).currency == "EUR"
    # People whom Slack has not described yet are known by their id, and become themselves with their first action.
    assert members.remember(desk, "T0CLOSE", Profile("UONE", "Ada")).team_id == made.id


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("9:00-12:00 13:00-18:00", NINE_TO_SIX),
        ("13-18, 9-12", NINE_TO_SIX),
        ("9:00至12:00，13:00到18:00", NINE_TO_SIX),
        ("0:00-24:00", ((0, 1440),)),
        ("9-12 12-18", ((540, 720), (720, 1080))),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, spans: tuple[tuple[int, int], ...]) -> None:
    assert read_hours(text) == spans


SATURDAY = ((540, 720),)
DAYS = (NINE_TO_SIX,) * 5


@pytest.mark.parametrize(
    ("text", "workdays", "week"),
    [
        ("9-12 13-18", (0, 1, 2, 3, 4), (*DAYS, (), ())),
        ("9-12 13-18; Sat 9-12", (0, 1, 2, 3, 4), (*DAYS, SATURDAY, ())),
        ("Mon-Fri 9:00-12:00 13:00-18:00; Sat 9-12", (0, 1, 2, 3, 4), (*DAYS, SATURDAY, ())),
        ("周一至周五 9-12 13-18；周六 9：00-12：00", (0, 1, 2, 3, 4), (*DAYS, SATURDAY, ())),
        ("周一至五 9-12，13-18；星期天 9-12", (), (*DAYS, (), SATURDAY)),
        ("9-12 and 13-18; Monday, Wed: 9-12", (0, 1, 2), (SATURDAY, NINE_TO_SIX, SATURDAY, (), (), (), ())),
        ("sat to mon 9-12", (), (SATURDAY, (), (), (), (), SATURDAY, SATURDAY)),
    ],
)
def test_days_may_have_hours_of_their_own(text: str, workdays: tuple[int, ...], week: Any) -> None:
    assert read_week(text, workdays) == week


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Sat 9-12", "setup.hours_missing"),
        ("Sst 9-12", "setup.hours_unclear"),
        ("9-12; Sat", "setup.hours_unclear"),
        ("9-12; Sat 12-9", "setup.hours_unclear"),
        ("9-18; 10-12", "setup.hours_unclear"),
        (";", "setup.hours_unclear"),
    ],
)
def test_hours_that_cannot_be_read_are_refused(text: str, key: str) -> None:
    with pytest.raises(ValueError, match=key):
        read_week(text, (0, 1, 2, 3, 4))


WORKED = [[540, 720], [780, 1080]]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("2026-12-24 off", {"2026-12-24": []}),
        ("2026-10-10 9-12 13-18\n\n 2026-12-24 closed ", {"2026-10-10": WORKED, "2026-12-24": []}),
        ("2026-10-10 work\n2026/10/11：上班", {"2026-10-10": WORKED, "2026-10-11": WORKED}),
        ("2026年12月24日 休\n2026.12.25休息", {"2026-12-24": [], "2026-12-25": []}),
        ("2026-03-04 work", {"2026-03-04": [[540, 720]]}),
        ("", {}),
    ],
)
def test_days_that_differ_are_read_a_line_each(text: str, days: Any) -> None:
    week = read_week("9-12 13-18; Wed 9-12", (0, 1, 3, 4))
    assert read_days(text, week) == days


def test_a_line_that_cannot_be_read_is_quoted_at_the_field() -> None:
    with pytest.raises(InvalidInput) as caught:
        TeamForm.read({"name": "North", "manager": "UM", "exceptions": "2026-12-24 off\nchristmas off"})
    assert caught.value.fields["exceptions"].params == {"line": "christmas off"}


def test_days_that_differ_and_holidays_of_a_part_of_a_country_count(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.manager

    def save(**values: Any) -> Any:
        return teams.setup(desk, form(team_world, zone="Europe/Berlin", country="DE-BY", **values), by=by)

    save(exceptions="2026-03-06 off\n2026-03-07 work")
    worktime = again(desk, team_world.rep).calendar
    assert worktime is not None
    days = {
        day: is_workday(worktime, date.fromisoformat(day))
        for day in ("2026-01-06", "2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08")
    }
    # Epiphany is a holiday in Bavaria, and not in all of Germany.
    assert list(days.values()) == [False, True, False, True, False]
    assert is_workday(replace(worktime, region=None), date(2026, 1, 6))
    assert [day.isoformat() for day, _ in save().exceptions] == ["2026-03-06", "2026-03-07"], "nobody asked for them"
    team_world.clock.set(datetime(2026, 3, 7, 12, tzinfo=UTC))
    saved = save(exceptions="2026-12-24 off", days_shown_to=date.max)
    assert [day.isoformat() for day, _ in saved.exceptions] == ["2026-03-06", "2026-12-24"], "what is past is kept"
    saved = save(exceptions=None, days_shown_to=date(2026, 12, 23))
    assert [day.isoformat() for day, _ in saved.exceptions] == ["2026-03-06", "2026-12-24"], "it was not shown"
    saved = save(exceptions=None, days_shown_to=date.max)
    assert [day.isoformat() for day, _ in saved.exceptions] == ["2026-03-06"]


def test_form_shows_the_hours_of_each_day_as_it_takes_them(team_world: TeamWorld) -> None:
    saved = teams.setup(
        team_world.desk, form(team_world, hours="9-12 13-18; Sat 9-12; Fri 9-17"), by=team_world.manager
    )
    for locale, shown in (
        ("en-US", "9:00-12:00 13:00-18:00; Fri 9:00-17:00; Sat 9:00-12:00"),
        ("zh-CN", "9:00-12:00 13:00-18:00; 周五 9:00-17:00; 周六 9:00-12:00"),
    ):
        blocks = {
            one.get("block_id"): one
            for one in setup_forms.form(Translator(locale), saved, team_world.clock.now())["blocks"]
        }
        assert blocks["hours"]["element"]["initial_value"] == shown
        ticked = tuple(int(one["value"]) for one in blocks["workdays"]["element"]["initial_options"])
        assert ticked == (0, 1, 2, 3)
        assert read_week(shown, ticked) == saved.hours


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("name", " ", "error.required"),
        ("name", "x" * 81, "error.too_long"),
        ("manager", None, "error.required"),
        ("zone", "Mars/Olympus", "setup.zone_unknown"),
        ("country", "XX", "setup.country_unknown"),
        ("country", "DE-XX", "setup.country_unknown"),
        ("country", "-BY", "setup.country_unknown"),
        ("exceptions", "2026-12-24", "setup.exception_unclear"),
        ("exceptions", "2026-13-24 off", "setup.exception_unclear"),
        ("exceptions", "2026-12-24 12-9", "setup.exception_unclear"),
        ("exceptions", "2026-12-24 off\n2026-12-24 work", "setup.exception_twice"),
        ("workdays", (), "setup.workdays_required"),
        ("workdays", (7,), "setup.workdays_required"),
        ("hours", "all day", "setup.hours_unclear"),
        ("hours", "12-9", "setup.hours_unclear"),
        ("hours", "9-12 11-18", "setup.hours_unclear"),
        ("hours", "9:75-12", "setup.hours_unclear"),
        ("hours", "9-25", "setup.hours_unclear"),
        ("digest_time", "noon", "setup.time_unclear"),
        ("digest_time", "24:00", "setup.time_unclear"),
        ("currency", "euro", "error.invalid"),
    ],
)
def test_what_cannot_be_used_comes_back_at_its_field(field: str, value: Any, key: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        TeamForm.read({"name": "North", "manager": "UM", field: value})
    assert {name: text.key for name, text in caught.value.fields.items()} == {field: key}


def test_who_may_set_up_and_change_a_team(team_world: TeamWorld) -> None:
    for who in (team_world.rep, team_world.specialist, team_world.other_manager):
        with pytest.raises(NotAllowed):
            teams.setup(team_world.desk, form(team_world), by=who)
    with pytest.raises(NotAllowed):
        teams.setup(team_world.desk, form(team_world, team_id=None, name="New"), by=team_world.manager)
    teams.setup(team_world.desk, form(team_world), by=team_world.manager)
    with pytest.raises(NotFound):
        teams.setup(team_world.desk, form(team_world, team_id=999_999, name="New"), by=team_world.admin)
    with pytest.raises(NotFound):
        teams.team_of(team_world.desk, 999_999, by=team_world.admin)


def test_a_name_is_taken_once_in_whatever_case(team_world: TeamWorld) -> None:
    for values in ({"name": "SOUTH"}, {"team_id": None, "name": "north"}):
        with pytest.raises(InvalidInput) as caught:
            teams.setup(team_world.desk, form(team_world, **values), by=team_world.admin)
        assert caught.value.fields["name"].key == "setup.name_taken"


def test_people_who_cannot_be_on_a_team_are_named(team_world: TeamWorld) -> None:
    make_member(team_world.desk, "Gone", is_active=False)
    for field, value in (("manager", "UGONE"), ("reps", ("UGONE",)), ("specialists", ("UGONE",))):
        with pytest.raises(InvalidInput) as caught:
            teams.setup(team_world.desk, form(team_world, **{field: value}), by=team_world.admin)
        assert {one: text.params for one, text in caught.value.fields.items()} == {field: {"member": "Gone"}}
    with pytest.raises(InvalidInput) as caught:
        teams.setup(team_world.desk, form(team_world, specialists=("UREP",)), by=team_world.admin)
    assert caught.value.fields["specialists"].key == "setup.member_twice"


def test_an_owner_is_made_no_specialist_until_what_they_own_is_handed_over(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.manager
    lead = make_lead(desk, team_world.rep).opportunity
    wanted = form(team_world, reps=("UREPTWO",), specialists=("USPECIALIST", "UREP"))
    with pytest.raises(InvalidInput) as caught:
        teams.setup(desk, wanted, by=by)
    assert caught.value.fields == {"specialists": Text("members.owns", member="Rep", count=1)}
    assert again(desk, team_world.rep).role == "rep"
    stages.lose(desk, LossForm(opportunity_id=lead.id, reason="price"), by=team_world.rep)
    teams.setup(desk, wanted, by=by)
    assert again(desk, team_world.rep).role == "specialist"
    # Who is one already is no news, and a name that is new here owns nothing.
    teams.setup(desk, form(team_world, reps=("UREPTWO",), specialists=("UREP", "UNEW")), by=by)
    assert again(desk, team_world.specialist).team_id is None


def test_offers_go_on_when_a_rep_becomes_the_manager(team_world: TeamWorld) -> None:
    desk = team_world.desk
    offered = make_lead(desk, team_world.manager, assign="rules").opportunity
    assert offered.owner is not None
    assert offered.owner.name == "Rep"
    teams.setup(desk, form(team_world, manager="UREP"), by=team_world.admin)
    owner = opportunities.view(desk, offered.id, by=team_world.admin).owner
    assert owner is not None
    assert owner.name == "Rep Two"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"reps": ("UREP", "UOTHERREP", "UOTHERMANAGER"), "specialists": ()},
            {"reps": Text("setup.not_yours", members="Other Rep, Other Manager")},
        ),
        ({"specialists": ("UADMIN",)}, {"specialists": Text("setup.not_yours", members="Admin")}),
        ({"manager": "UREPTWO"}, {"manager": Text("setup.manager_by_admins", manager="Manager")}),
        ({"manager": "UNEW"}, {"manager": Text("setup.manager_by_admins", manager="Manager")}),
    ],
)
def test_manager_takes_nobody_from_others_and_makes_nobody_manager(
    team_world: TeamWorld, values: dict[str, Any], expected: dict[str, Text]
) -> None:
    with pytest.raises(InvalidInput) as caught:
        teams.setup(team_world.desk, form(team_world, **values), by=team_world.manager)
    assert caught.value.fields == expected
    teams.setup(team_world.desk, form(team_world, **values), by=team_world.admin)


def test_manager_takes_on_who_has_no_team_and_who_is_on_another_of_theirs(team_world: TeamWorld) -> None:
    desk = team_world.desk
    free = make_member(desk, "Free")
    south = form(team_world, team_id=team_world.other_team.id, name="South", reps=("UOTHERREP",), specialists=())
    teams.setup(desk, south, by=team_world.admin)
    by = again(desk, team_world.manager)
    teams.setup(desk, form(team_world, reps=("UREP", "UFREE", "UOTHERREP", "UNEW", "UMANAGER")), by=by)
    assert {again(desk, one).team_id for one in (free, team_world.other_rep, by)} == {team_world.team.id}


def test_joiners_come_leavers_go_and_what_they_own_stays(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep2).opportunity
    changed = teams.setup(
        team_world.desk, form(team_world, reps=("UREP", "UNEW"), hours="10-16"), by=team_world.manager
    )
    assert [one.slack_user_id for one in changed.reps] == ["UREP", "UNEW"]
    assert changed.hours[0] == ((600, 960),)
    assert again(team_world.desk, team_world.rep2).team_id is None
    owner = opportunities.view(team_world.desk, lead.id, by=team_world.manager).owner
    assert owner is not None
    assert owner.name == "Rep Two"


def test_a_new_manager_takes_the_place_of_the_former(team_world: TeamWorld) -> None:
    teams.setup(team_world.desk, form(team_world, manager="UREP"), by=team_world.admin)
    assert again(team_world.desk, team_world.rep).managed_team_ids == {team_world.team.id}
    assert again(team_world.desk, team_world.manager).managed_team_ids == frozenset()


def test_the_next_digest_is_strictly_later_also_where_the_clocks_change() -> None:
    from bot.models import Team  # noqa: PLC0415 - used here alone

    team = Team(zone="America/New_York", digest_minute=150)
    for after, expected in (
        (datetime(2026, 3, 7, 7, 30, tzinfo=UTC), datetime(2026, 3, 8, 7, 30, tzinfo=UTC)),
        (datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 9, 6, 30, tzinfo=UTC)),
        (datetime(2026, 11, 1, 5, 0, tzinfo=UTC), datetime(2026, 11, 1, 7, 30, tzinfo=UTC)),
    ):
        assert appointments.next_digest(team, after).astimezone(UTC) == expected
