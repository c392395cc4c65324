"""The setup in Slack: the first team by an admin, everybody else told who can, later changes."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from bot import app as program
from bot.app import Bot
from bot.clock import FakeClock
from bot.config import Settings
from bot.models import Member
from bot.models.session import Database
from bot.reminders.pace import Pace
from bot.sandbox import Sandbox, SandboxSettings
from bot.services import teams
from bot.services.desk import system_actor
from bot.services.teams import TeamForm
from bot.services.values import TeamRef
from tests.conftest import Closing
from tests.slack.conftest import CHANNEL, MANAGER, OTHER_CHANNEL, OUTSIDER, REP, REP2, STRANGER, Connect, World, words

BOSS, WANG, LENA, GUEST = "UBOSS", "UWANG", "ULENA", "UGUEST"
SALES, SECRET = "CSALES", "CSECRET"


@pytest.fixture
def empty(sqlite_url: str, clock: FakeClock, transport: str, connected: Connect, closing: Closing) -> Iterator[World]:
    """A workspace in which nobody has set anything up, and nobody is known."""
    with closing(Sandbox(SandboxSettings(messages_per_second=None), clock=clock)) as sandbox:
        sandbox.add_member(BOSS, "Bo Boss", real_name="Bo Boss", locale="en-US", zone="Europe/Berlin", is_admin=True)
        sandbox.add_member(WANG, "王芳", real_name="王芳", locale="zh-CN", zone="Asia/Shanghai")
        sandbox.add_member(LENA, "Lena Lang", real_name="Lena Lang", locale="en-US", zone="Europe/Berlin")
        sandbox.add_member(GUEST, "Gus Guest", real_name="Gus Guest", is_guest=True)
        sandbox.add_channel(SALES, "sales", [BOSS, WANG, LENA], app_in=False)
        sandbox.add_channel(SECRET, "secret", [BOSS, WANG], app_in=False, private=True)
        for command in ("/loop", "/lead", "/pipeline"):
            sandbox.add_command(command)
        settings = Settings(
            _env_file=None,
            slack_bot_token=SecretStr(sandbox.settings.bot_token),
            slack_app_token=SecretStr(sandbox.settings.app_token),
            slack_signing_secret=SecretStr(sandbox.settings.signing_secret),
            slack_api_url=sandbox.base_url,
            database_url=sqlite_url,
        )
        bot = program.build(settings, clock=clock, database=Database(sqlite_url, durable=False), pace=Pace(None))
        with connected(sandbox, bot):
            yield World(sandbox, bot, clock, transport)
            bot.kit.drain()
        bot.close()
        assert not sandbox.violations, sandbox.violations


def all_teams(bot: Bot) -> tuple[TeamRef, ...]:
    return teams.all_teams(bot.desk, by=system_actor(1))


def loop(world: World, user: str, channel: str = SALES) -> None:
    assert world.sandbox.command(user, "/loop", channel=channel).ok
    world.settle()


def test_admin_of_the_workspace_sets_the_first_team_up_with_one_command(empty: World) -> None:
    loop(empty, BOSS)
    view = empty.sandbox.view(BOSS)
    assert view is not None
    assert "Set up a team" in words(view)
    answer = empty.sandbox.submit(
        BOSS, {"name": "Sales", "reps": [WANG, LENA], "hours": "8-17", "zone": "shanghai", "country": "china"}
    )
    assert answer.ok, answer.errors
    assert "is ready" in words(empty.sandbox.view(BOSS))
    empty.settle()
    (team,) = all_teams(empty.bot)
    assert (team.name, team.channel_id, team.zone, team.country, team.currency) == (
        "Sales",
        SALES,
        "Asia/Shanghai",
        "CN",
        "EUR",
    )
    assert team.hours[0] == ((480, 1020),)
    assert team.hours[5] == ()
    assert team.manager is not None
    assert team.manager.name == "Bo Boss"
    # Members are known with their own names before their first action, and the app went into the channel by itself.
    assert {one.name for one in team.reps} == {"王芳", "Lena Lang"}
    assert [call.answer["ok"] for call in empty.sandbox.calls_of("conversations.join")] == [True]


def test_everybody_else_is_told_who_can_set_it_up(empty: World) -> None:
    loop(empty, WANG)
    assert empty.sandbox.view(WANG) is None
    assert "请工作区管理员" in words(empty.last(WANG, SALES))


def test_one_who_was_made_an_admin_meanwhile_gets_the_form(empty: World) -> None:
    loop(empty, LENA)
    empty.sandbox.change_member(LENA, is_admin=True)
    loop(empty, LENA)
    assert "Set up a team" in words(empty.sandbox.view(LENA))


@pytest.mark.parametrize(
    ("values", "field", "expected"),
    [
        ({"hours": "whenever"}, "hours", "9:00-12:00"),
        ({"hours": "9-12 11-15"}, "hours", "overlap"),
        ({"digest_time": "soon"}, "digest_time", "9:00"),
        ({"exceptions": "2026-12-24 off\nchristmas off"}, "exceptions", "“christmas off”"),
        ({"specialists": [LENA], "reps": [LENA]}, "specialists", "both"),
    ],
)
def test_wrong_input_comes_back_at_its_field(
    empty: World, values: dict[str, object], field: str, expected: str
) -> None:
    loop(empty, BOSS)
    answer = empty.sandbox.submit(BOSS, {"name": "Sales", "reps": [WANG], **values})
    assert not answer.ok
    assert expected in answer.errors[field]
    assert all_teams(empty.bot) == ()


def test_what_the_app_cannot_do_by_itself_is_told_to_the_admin(empty: World) -> None:
    loop(empty, BOSS)
    answer = empty.sandbox.submit(BOSS, {"name": "Sales", "channel_id": SECRET, "reps": [WANG, GUEST]})
    assert answer.ok, answer.errors
    empty.settle()
    told = words(empty.dm(BOSS))
    assert "/invite @Closeloop" in told
    assert "deactivated or a guest" in told
    (team,) = all_teams(empty.bot)
    assert [one.slack_user_id for one in team.reps] == [WANG]


def test_first_home_of_an_admin_offers_the_setup(empty: World) -> None:
    empty.sandbox.open_home(BOSS)
    empty.settle()
    empty.sandbox.click_home(BOSS, "setup.open")
    empty.settle()
    assert "Set up a team" in words(empty.sandbox.view(BOSS))


def test_days_that_differ_are_typed_a_line_each_and_taken_out_again(world: World) -> None:
    def edit(values: dict[str, object]) -> None:
        loop(world, MANAGER, CHANNEL)
        world.sandbox.click(MANAGER, CHANNEL, world.last(MANAGER, CHANNEL)["ts"], "setup.open")
        world.settle()
        answer = world.sandbox.submit(MANAGER, values)
        assert answer.ok, answer.errors
        world.sandbox.close(MANAGER, clear=True)

    def days() -> list[str]:
        found = next(team for team in all_teams(world.bot) if team.name == "North")
        return [f"{day} {len(spans)}" for day, spans in found.exceptions]

    edit({"exceptions": "2026-12-24 off\n2026年10月10日 上班", "country": "DE-BY"})
    assert days() == ["2026-10-10 2", "2026-12-24 0"]
    edit({"name": "North"})
    assert days() == ["2026-10-10 2", "2026-12-24 0"]
    assert next(team for team in all_teams(world.bot) if team.name == "North").country == "DE-BY"
    edit({"exceptions": ""})
    assert days() == []


def test_manager_edits_their_team_from_the_help_and_joiners_are_on_it(world: World) -> None:
    loop(world, MANAGER, CHANNEL)
    shown = world.last(MANAGER, CHANNEL)
    assert "Add a team" not in words(shown)
    world.sandbox.click(MANAGER, CHANNEL, shown["ts"], "setup.open")
    world.settle()
    view = world.sandbox.view(MANAGER)
    assert view is not None
    assert "North" in words(view)
    answer = world.sandbox.submit(
        MANAGER, {"reps": [REP, REP2, STRANGER], "hours": "10:00-16:00", "digest_time": "8:30"}
    )
    assert answer.ok, answer.errors
    world.settle()
    team = next(one for one in all_teams(world.bot) if one.name == "North")
    assert {one.name for one in team.reps} == {"Rita Reyes", "林伟", "王芳"}
    assert team.digest_minute == 510
    assert team.hours[0] == ((600, 960),)
    assert world.actor(STRANGER).team_id == team.id


def test_what_only_an_admin_or_nobody_may_do_is_refused_at_its_field_and_nothing_typed_is_lost(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    loop(world, MANAGER, CHANNEL)
    world.sandbox.click(MANAGER, CHANNEL, world.last(MANAGER, CHANNEL)["ts"], "setup.open")
    world.settle()
    for values, field, expected in (
        ({"hours": "10-16", "reps": [REP, REP2, OUTSIDER]}, "reps", "Otto Olsen"),
        ({"reps": [REP, REP2], "manager": REP2}, "manager", "Only an admin"),
        ({"manager": MANAGER, "reps": [REP2], "specialists": [REP]}, "specialists", "Rita Reyes owns 1 open"),
    ):
        answer = world.sandbox.submit(MANAGER, values)
        assert expected in answer.errors[field]
    assert world.sandbox.submit(MANAGER, {"reps": [REP, REP2], "specialists": []}).ok
    team = next(one for one in all_teams(world.bot) if one.name == "North")
    assert team.hours[0] == ((600, 960),)


def test_admin_adds_a_second_team_and_its_name_must_be_new(world: World) -> None:
    loop(world, "U4", CHANNEL)
    shown = world.last("U4", CHANNEL)
    world.sandbox.click("U4", CHANNEL, shown["ts"], "setup.open", value="new")
    world.settle()
    refused = world.sandbox.submit("U4", {"name": "north", "channel_id": OTHER_CHANNEL, "reps": [STRANGER]})
    assert "team called north" in refused.errors["name"]
    answer = world.sandbox.submit("U4", {"name": "West"})
    assert answer.ok, answer.errors
    world.settle()
    assert [one.name for one in all_teams(world.bot)] == ["North", "South", "West"]


def test_button_of_a_message_does_not_outlive_the_right_to_use_it(world: World) -> None:
    loop(world, MANAGER, CHANNEL)
    shown = world.last(MANAGER, CHANNEL)
    values = {**north(world), "manager": REP}
    teams.setup(world.bot.desk, TeamForm.read(values), by=world.actor("U4"))
    world.sandbox.click(MANAGER, CHANNEL, shown["ts"], "setup.open")
    world.settle()
    assert world.sandbox.view(MANAGER) is None
    assert "Your role does not allow this" in words(world.last(MANAGER, CHANNEL))


def north(world: World) -> dict[str, object]:
    team = next(one for one in all_teams(world.bot) if one.name == "North")
    return {"team_id": team.id, "name": "North", "channel_id": CHANNEL, "reps": (REP, REP2), "zone": "Asia/Shanghai"}


def test_only_admins_add_teams_whatever_button_is_pressed(world: World) -> None:
    loop(world, "U4", CHANNEL)
    shown = world.last("U4", CHANNEL)
    world.sandbox.change_member("U4", is_admin=False)
    with world.bot.desk.database.transaction(world.actor("U4").workspace_id) as session:
        session.execute(update(Member).where(Member.slack_user_id == "U4").values(role="rep"))
    world.sandbox.click("U4", CHANNEL, shown["ts"], "setup.open", value="new")
    world.settle()
    assert world.sandbox.view("U4") is None


def test_team_works_on_at_least_one_day(empty: World) -> None:
    loop(empty, BOSS)
    answer = empty.sandbox.submit(BOSS, {"name": "Sales", "reps": [WANG], "workdays": []})
    assert not answer.ok
    assert all_teams(empty.bot) == ()


def test_rep_gets_help_and_their_day_and_no_button_for_teams(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    loop(world, REP, CHANNEL)
    shown = words(world.last(REP, CHANNEL))
    assert "1 open in all" in shown
    assert "/followup" in shown
    assert "Edit team" not in shown


def test_typeaheads_of_zone_and_country_answer_in_the_readers_language(empty: World) -> None:
    loop(empty, BOSS)
    zones = empty.sandbox.options(BOSS, "setup.zone", "berl").options
    countries = empty.sandbox.options(BOSS, "setup.country", "germany").options
    assert [one["value"] for one in zones] == ["Europe/Berlin"]
    assert countries[0]["text"]["text"] == "Germany (DE)"
