"""Members in Slack: the list and the form for those who decide, absences for everybody, and the handover list."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.services import handovers, imports, members, roster
from bot.services.desk import system_actor
from bot.services.import_values import Batch, OpportunityRow, Person, TeamPlan
from bot.services.roster import MemberForm
from bot.services.values import MemberRef
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, REP, REP2, STRANGER, World, words


def loop(world: World, user: str, text: str) -> None:
    answer = world.sandbox.command(user, "/loop", text, channel=CHANNEL)
    assert answer.ok, (answer.error, answer.errors)
    world.settle()


def number(world: World, user: str) -> int:
    found = world.actor(user).member_id
    assert found is not None
    return found


def open_form(world: World, by: str, of: str, command: str = "members") -> Any:
    loop(world, by, command)
    world.sandbox.click_view(by, "member.open", value=str(number(world, of)))
    world.settle()
    return world.sandbox.view(by)


def test_manager_changes_a_rep_of_their_team_and_the_form_tells_who_did(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    loop(world, MANAGER, "members")
    shown = words(world.sandbox.view(MANAGER))
    assert "Rita Reyes" in shown
    assert "1 open of 50" in shown
    assert "Otto Olsen" not in shown
    world.sandbox.click_view(MANAGER, "member.open", value=str(number(world, REP)))
    world.settle()
    answer = world.sandbox.submit(
        MANAGER, {"capacity": "30", "weight": "2", "territories": "East, 上海， east", "languages": "English, zh"}
    )
    assert answer.ok, answer.errors
    world.settle()
    assert "Rita Reyes* is saved" in words(world.sandbox.view(MANAGER))
    one = roster.details(world.bot.desk, number(world, REP), by=world.actor(MANAGER))
    assert (one.line.capacity, one.line.weight, one.territories, one.languages) == (
        30,
        2,
        ("East", "上海"),
        ("en", "zh"),
    )
    world.sandbox.click_view(MANAGER, "members.open")
    world.settle()
    world.sandbox.click_view(MANAGER, "member.open", value=str(number(world, REP)))
    world.settle()
    assert "Last change: Mona Mason" in words(world.sandbox.view(MANAGER))
    assert "capacity: 50 → 30" in words(world.sandbox.view(MANAGER))


def test_manager_takes_on_one_whom_no_team_has(world: World) -> None:
    world.sandbox.command(STRANGER, "/opp", "", channel=CHANNEL)
    world.settle()
    loop(world, MANAGER, "members")
    assert "王芳* · Rep · no team" in words(world.sandbox.view(MANAGER))
    open_form(world, MANAGER, STRANGER)
    answer = world.sandbox.submit(MANAGER, {"capacity": "20", "weight": "1"})
    assert answer.errors["team_id"] == "Choose your team: nobody has them yet."
    team = world.actor(REP).team_id
    assert world.sandbox.submit(MANAGER, {"team_id": str(team), "capacity": "20", "weight": "1"}).ok
    assert world.actor(STRANGER).team_id == team


def test_one_of_many_is_found_by_typing(world: World) -> None:
    loop(world, ADMIN, "members")
    found = world.sandbox.options(ADMIN, "member.pick", "otto").options
    assert [one["text"]["text"] for one in found] == ["Otto Olsen"]
    world.sandbox.select_view(ADMIN, "member.pick", "otto")
    world.settle()
    assert "Otto Olsen" in words(world.sandbox.view(ADMIN))
    assert "Edit member" in words(world.sandbox.view(ADMIN))


def test_rep_is_told_who_may_look_at_members(world: World) -> None:
    for user, part in ((REP, "Only managers and admins"), (REP2, "只有主管和管理员")):
        loop(world, user, "members")
        assert world.sandbox.view(user) is None
        assert part in words(world.last(user, CHANNEL))


@pytest.mark.parametrize(
    ("values", "field", "part"),
    [
        ({"capacity": "many"}, "capacity", "whole number from 0 to 10"),
        ({"weight": "-1"}, "weight", "whole number from 0 to 100"),
        ({"languages": "Klingonish"}, "languages", "zh, en"),
        ({"territories": "x" * 61}, "territories", "commas"),
        ({"away_until": "2026-02-20"}, "away_until", "passed"),
    ],
)
def test_wrong_input_stands_at_its_field(world: World, values: dict[str, str], field: str, part: str) -> None:
    open_form(world, MANAGER, REP)
    answer = world.sandbox.submit(MANAGER, values)
    assert not answer.ok
    assert part in answer.errors[field]


def test_absence_that_began_meanwhile_survives_and_a_field_that_two_change_is_asked_about(world: World) -> None:
    open_form(world, MANAGER, REP)
    loop(world, REP, "away 2026-03-20")
    roster.update(
        world.bot.desk, MemberForm(member_id=number(world, REP), weight=2, capacity=50), by=world.actor(ADMIN)
    )
    loop(world, REP, "away 2026-03-20")
    answer = world.sandbox.submit(MANAGER, {"weight": "7", "territories": "华东，上海"})
    assert answer.ok, answer.errors
    shown = words(world.sandbox.view(MANAGER))
    for part in ("Somebody changed this member meanwhile: weight, away until", "7", "华东, 上海", "2 → 7"):
        assert (part in shown) == (part != "2 → 7"), part
    assert roster.details(world.bot.desk, number(world, REP), by=world.actor(MANAGER)).line.weight == 2
    assert world.sandbox.submit(MANAGER, {}).ok
    saved = words(world.sandbox.view(MANAGER))
    assert "weight: 2 → 7" in saved
    assert "away until" in saved
    assert roster.details(world.bot.desk, number(world, REP), by=world.actor(ADMIN)).territories == ("华东", "上海")


def test_imported_member_is_tied_to_a_slack_user_whom_nobody_knew_yet(world: World) -> None:
    row = OpportunityRow(2, "r1", "North", "Chairs", "Marigold Soap", owner=Person("Anna <!here>"))
    imports.run(world.bot.desk, Batch((row,), (TeamPlan("North"),)), by=system_actor(world.actor(ADMIN).workspace_id))
    loop(world, MANAGER, "members")
    shown = words(world.sandbox.view(MANAGER))
    assert "Anna &lt;!here&gt;* · not in Slack yet · Rep · North" in shown
    [ghost] = roster.find(world.bot.desk, "anna", by=world.actor(MANAGER))
    world.sandbox.click_view(MANAGER, "member.open", value=str(ghost.member.id))
    world.settle()
    world.sandbox.click_view(MANAGER, "member.tie_open")
    world.settle()
    assert "owns 1 open opportunity" in words(world.sandbox.view(MANAGER))
    assert "slack_user" in world.sandbox.submit(MANAGER, {}).errors
    answer = world.sandbox.submit(MANAGER, {"slack_user": STRANGER})
    assert answer.ok, answer.errors
    world.settle()
    assert "imported as: Anna &lt;!here&gt;" in words(world.sandbox.view(MANAGER))
    assert (number(world, STRANGER), world.actor(STRANGER).name) == (ghost.member.id, "王芳")
    assert world.found(STRANGER, "Marigold").owner == MemberRef(ghost.member.id, "王芳", STRANGER)


def test_only_admin_cannot_step_down_and_reads_why(world: World) -> None:
    open_form(world, ADMIN, ADMIN, "成员")
    answer = world.sandbox.submit(ADMIN, {"role": "rep"})
    assert "Ada Adams is the only admin" in answer.errors["role"]


def test_away_is_understood_repeated_and_told_to_the_manager(world: World) -> None:
    world.lead(REP, "Osprey Textiles", next_step="Call", next_due_at="thursday 10am")
    loop(world, REP, "away friday")
    said = words(world.last(REP, CHANNEL))
    assert "away until *Fri, Mar 6, 2026*" in said
    assert "1 open opportunity · *1* due" in said
    told = world.dm(MANAGER)
    assert "Rita Reyes* is away until *Fri, Mar 6" in words(told)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), told["ts"], "absence.list")
    world.settle()
    assert "Osprey Textiles" in words(world.dm(MANAGER))
    loop(world, REP, "back")
    assert "Welcome back" in words(world.last(REP, CHANNEL))
    assert members.set_away(world.bot.desk, None, by=world.actor(REP)).until is None


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("请假到下周五", datetime(2026, 3, 13, 15, 59, tzinfo=UTC)),
        ("请假两周", datetime(2026, 3, 16, 15, 59, tzinfo=UTC)),
        ("away until 3 Dec", datetime(2026, 12, 3, 15, 59, tzinfo=UTC)),
        ("away for two weeks", datetime(2026, 3, 16, 15, 59, tzinfo=UTC)),
        ("away tomorrow 2pm", datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
        ("away to tomorrow", datetime(2026, 3, 3, 15, 59, tzinfo=UTC)),
        ("请假到明天下午2点", datetime(2026, 3, 3, 6, 0, tzinfo=UTC)),
    ],
)
def test_absences_are_read_as_people_write_them(world: World, text: str, end: datetime) -> None:
    loop(world, REP2, text)
    line = roster.details(world.bot.desk, number(world, REP2), by=world.actor(ADMIN)).line
    assert line.away_until == end
    assert "您休假至" in words(world.last(REP2, CHANNEL))


@pytest.mark.parametrize(
    "text",
    ["请假下周", "下周请假", "away next week", "away mar 9 - mar 13", "3月9日到3月13日请假", "休假3月9日到3月13日"],
)
def test_absence_that_begins_later_leaves_this_week_alone(world: World, text: str) -> None:
    loop(world, REP2, text)
    line = roster.details(world.bot.desk, number(world, REP2), by=world.actor(ADMIN)).line
    assert (line.away_from, line.away_until) == (
        datetime(2026, 3, 8, 16, 0, tzinfo=UTC),
        datetime(2026, 3, 13, 15, 59, tzinfo=UTC),
    )
    said = words(world.last(REP2, CHANNEL))
    assert "*2026年3月9日周一* 至 *2026年3月13日周五*" in said
    assert "也不提醒您；逾期未办的会通知 Mona Mason" in said
    told = words(world.dm(MANAGER))
    assert "from *Mon, Mar 9, 2026* until *Fri, Mar 13, 2026*" in told
    assert "you hear what stays undone" in told
    world.sandbox.open_home(REP2)
    world.settle()
    assert "3月9日周一" in words(world.sandbox.home(REP2))
    loop(world, REP2, "回来")
    assert "已取消休假" in words(world.last(REP2, CHANNEL))


def test_own_form_takes_both_days_and_shows_them_again(world: World) -> None:
    loop(world, REP, "away")
    answer = world.sandbox.submit(REP, {"away_from": "banana", "away_until": "banana"})
    assert set(answer.errors) == {"away_from", "away_until"}
    answer = world.sandbox.submit(REP, {"away_from": "13 mar", "away_until": "mar 9"})
    assert "earlier start" in answer.errors["away_from"]
    answer = world.sandbox.submit(REP, {"away_from": "9 mar", "away_until": "two weeks"})
    assert answer.ok, answer.errors
    assert "from *Mon, Mar 9, 2026* until *Sun, Mar 22, 2026*" in words(world.sandbox.view(REP))
    world.sandbox.close(REP, clear=True)
    loop(world, REP, "away")
    view = world.sandbox.view(REP)
    assert [block["element"]["initial_value"] for block in view["blocks"]] == ["2026-03-09", "2026-03-22"]


def test_later_absence_is_refused_while_one_is_under_way_and_what_touches_it_makes_it_longer(world: World) -> None:
    loop(world, REP, "away friday")
    loop(world, REP, "away 16 mar - 20 mar")
    refusal = "You are away until Fri, Mar 6, and only one absence is kept. Write `/loop back` first"
    assert refusal in words(world.last(REP, CHANNEL))
    loop(world, REP, "away")
    answer = world.sandbox.submit(REP, {"away_from": "16 mar", "away_until": "20 mar"})
    assert "includes both" in answer.errors["away_from"]
    world.sandbox.close(REP, clear=True)
    # Nothing is worked between the two, in the zone of the one who goes.
    loop(world, REP, "away 9 mar - 13 mar")
    said = world.last(REP, CHANNEL)
    assert "You are now away until *Fri, Mar 13, 2026*" in words(said)
    assert "I am back" in words(said)
    assert "Rita Reyes* is now away until *Fri, Mar 13, 2026*" in words(world.dm(MANAGER))
    loop(world, REP2, "请假到周五")
    loop(world, REP2, "请假3月16日到3月20日")
    assert "请先用 `/loop 回来` 结束" in words(world.last(REP2, CHANNEL))


def test_unreadable_absence_says_what_to_write_and_no_time_opens_the_form(world: World) -> None:
    loop(world, REP, "away banana")
    assert "/loop away friday" in words(world.last(REP, CHANNEL))
    loop(world, REP, "away")
    answer = world.sandbox.submit(REP, {"away_until": "banana"})
    assert "I cannot read" in answer.errors["away_until"]
    answer = world.sandbox.submit(REP, {"away_until": "3 Dec"})
    assert answer.ok, answer.errors
    assert "Thu, Dec 3, 2026" in words(world.sandbox.view(REP))


def test_home_says_that_one_is_away_and_brings_one_back(world: World) -> None:
    world.sandbox.open_home(REP)
    world.settle()
    world.sandbox.click_home(REP, "absence.open")
    world.settle()
    assert world.sandbox.submit(REP, {"away_until": "friday"}).ok
    world.settle()
    world.sandbox.close(REP, clear=True)
    assert "You are away until" in words(world.sandbox.home(REP))
    world.sandbox.click_home(REP, "absence.end")
    world.settle()
    assert "You are away until" not in words(world.sandbox.home(REP))


def leave(world: World, user: str) -> None:
    assert world.sandbox.deactivate_member(user).ok
    world.settle()


def test_manager_gets_one_list_and_gives_each_to_somebody(world: World) -> None:
    first, second = world.lead(REP, "Acme Ltd"), world.lead(REP, "Osprey Textiles")
    before = len(world.sandbox.messages(world.sandbox.dm(MANAGER), as_user=MANAGER))
    answer = world.sandbox.deactivate_member(REP)
    world.settle()
    world.sandbox.redeliver(answer)
    world.sandbox.change_member(REP, real_name="Rita R.")
    world.settle()
    dm = world.sandbox.dm(MANAGER)
    assert len(world.sandbox.messages(dm, as_user=MANAGER)) == before + 1
    listed = world.dm(MANAGER)
    assert "2* opportunities need a new owner today" in words(listed)
    assert "owner" in world.view(MANAGER, first.id).broken
    block = f"departure.{first.id}.{number(world, REP)}"
    found = world.sandbox.options(MANAGER, "departure.give", "", channel=dm, ts=listed["ts"], block_id=block).options
    assert "林伟" in [one["text"]["text"] for one in found]
    world.sandbox.select(MANAGER, dm, listed["ts"], "departure.give", "林", block_id=block)
    world.settle()
    owner = world.view(MANAGER, first.id).owner
    assert owner is not None
    assert owner.slack_user_id == REP2
    listed = next(one for one in world.sandbox.messages(dm, as_user=MANAGER) if one["ts"] == listed["ts"])
    assert "1* opportunity needs" in words(listed)
    assert "Acme Ltd" in words(world.dm(REP2))
    world.sandbox.click(MANAGER, dm, listed["ts"], "departure.rules")
    world.settle()
    listed = next(one for one in world.sandbox.messages(dm, as_user=MANAGER) if one["ts"] == listed["ts"])
    assert "1 opportunity was offered" in words(listed)
    assert "has been given to somebody else" in words(listed)
    assert "OwnerLeft" in world.kinds(MANAGER, second.id)
    owner = world.view(MANAGER, second.id).owner
    assert owner is not None
    assert owner.slack_user_id == REP2


def test_admins_get_the_list_of_a_manager_who_left_and_are_asked_for_another(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    handovers.reassign(world.bot.desk, lead.id, MANAGER, None, by=world.actor(ADMIN))
    handovers.accept(world.bot.desk, lead.id, by=world.actor(MANAGER))
    leave(world, MANAGER)
    shown = words(world.dm(ADMIN))
    assert "1* opportunity needs a new owner" in shown
    assert "North* has no active manager" in shown


def test_who_becomes_a_guest_leaves_at_once_though_slack_does_not_tell_their_language(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.change_member(REP, is_guest=True)
    world.settle()
    assert "1* opportunity needs a new owner" in words(world.dm(MANAGER))
    loop(world, REP, "away friday")
    assert "deactivated" in words(world.last(REP, CHANNEL))


def test_card_in_the_channel_tells_that_its_owner_left(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    leave(world, REP)
    assert "*需要新负责人*" in words(world.card(lead.id))
    world.sandbox.change_member(REP, deleted=False)
    world.settle()
    assert "*需要新负责人*" not in words(world.card(lead.id))
    assert "active again and keeps 1" in words(world.dm(MANAGER))
