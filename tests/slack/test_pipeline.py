"""``/pipeline``: whose figures one sees, by name, by choice, and in which language."""

from typing import Any

from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OUTSIDER, REP, REP2, STRANGER, World, words


def pipeline(world: World, user: str, text: str = "") -> dict[str, Any]:
    """Return what the member sees after the command."""
    answer = world.sandbox.command(user, "/pipeline", text, channel=CHANNEL)
    assert answer.ok
    world.settle()
    return world.last(user, CHANNEL)


def test_rep_sees_their_teams_stages_in_their_language(world: World) -> None:
    world.lead(REP, "Osprey Textiles", amount="12000")
    english, chinese = pipeline(world, REP), pipeline(world, REP2)
    assert english["ephemeral"]
    assert "Pipeline · North" in words(english)
    assert "$12,000" in words(english)
    assert "Loop health 100%" in words(english)
    assert "销售漏斗 · North" in words(chinese)
    assert "线索" in words(chinese)


def test_admin_sees_all_teams_and_chooses_one_in_place(world: World) -> None:
    world.lead(OUTSIDER, "Quillback Logistics", amount="777")
    shown = pipeline(world, ADMIN)
    assert "All teams" in words(shown)
    assert "$777" in words(shown)
    north = str(world.actor(REP).team_id)
    world.sandbox.select(ADMIN, CHANNEL, shown["ts"], "pipeline.team", north)
    world.settle()
    replaced = world.last(ADMIN, CHANNEL)
    assert "Pipeline · North" in words(replaced)
    assert "$777" not in words(replaced)


def test_team_is_found_by_the_beginning_of_its_name(world: World) -> None:
    assert "Pipeline · South" in words(pipeline(world, ADMIN, "sou"))
    assert "Pipeline · North" in words(pipeline(world, ADMIN, "NORTH"))
    assert "Pipeline · All teams" in words(pipeline(world, ADMIN, "all"))
    assert "Pipeline · North" in words(pipeline(world, MANAGER))


def test_unknown_or_ambiguous_name_is_answered_with_the_teams_there_are(world: World) -> None:
    assert "There is: North, South" in words(pipeline(world, ADMIN, "west"))
    assert "There is: North, South" in words(pipeline(world, ADMIN, "o"))


def test_nobody_sees_another_teams_figures(world: World) -> None:
    assert "There is: North" in words(pipeline(world, REP, "South"))
    assert "pipeline.team" not in str(pipeline(world, REP)["blocks"])


def test_stranger_is_told_whom_to_ask(world: World) -> None:
    assert "还没有加入团队" in words(pipeline(world, STRANGER))


def test_what_changed_since_one_last_looked_is_told_on_demand(world: World) -> None:
    world.lead(REP, "Osprey Textiles", amount="12000")
    world.later(minutes=1)
    first = pipeline(world, MANAGER, "since")
    assert "In the last seven days" in words(first)
    assert "New: 1" in words(first)
    assert "Osprey Textiles" in words(first)
    assert "Nothing changed since" in words(pipeline(world, MANAGER, "Since"))
    assert "以来没有变化" in words(pipeline(world, REP2, "最近")), "a rep reads of their own only"


def test_what_changed_is_a_button_of_the_home(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    world.later(minutes=1)
    world.sandbox.open_home(MANAGER)
    world.settle()
    assert world.sandbox.click_home(MANAGER, "pipeline.since").ok
    world.settle()
    assert "Osprey Textiles" in words(world.sandbox.view(MANAGER))
