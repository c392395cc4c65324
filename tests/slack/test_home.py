"""The App Home: published when opened, and again after what one does there."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.models import Workspace
from bot.services import handovers
from tests.slack.conftest import ADMIN, MANAGER, REP, REP2, STRANGER, World, words


def open_home(world: World, user: str) -> str:
    assert world.sandbox.open_home(user).ok
    world.settle()
    return home(world, user)


def home(world: World, user: str) -> str:
    return words(world.sandbox.home(user))


def test_home_shows_loop_health_and_what_is_overdue_in_the_members_language(world: World) -> None:
    world.lead(REP, "Osprey Textiles")
    world.lead(REP2, "华星科技")
    world.later(days=2)
    mine, theirs = open_home(world, REP), open_home(world, REP2)
    assert "Overdue (1)" in mine
    assert "Osprey Textiles" in mine
    assert "Loop health 0%" in mine
    assert "已逾期（1）" in theirs
    assert "华星科技" in theirs


def test_home_is_published_again_after_a_snooze_and_after_a_form(world: World) -> None:
    number = world.lead(REP, "Osprey Textiles").id
    world.later(days=2)
    open_home(world, REP)
    world.sandbox.select_home(REP, "snooze.pick", f"{number}:tomorrow")
    world.settle()
    assert "NextStepSnoozed" in world.kinds(REP, number)
    world.sandbox.close(REP, clear=True)
    before = len(world.sandbox.calls_of("views.publish"))
    world.sandbox.click_home(REP, "home.refresh")
    world.settle()
    assert len(world.sandbox.calls_of("views.publish")) == before + 1


def test_waiting_handover_is_accepted_in_the_home_and_moves_to_ones_own(world: World) -> None:
    number = world.lead(REP, "Osprey Textiles").id
    handovers.offer(world.bot.desk, number, REP2, None, by=world.actor(REP))
    assert "等您答复（1）" in open_home(world, REP2)
    world.sandbox.click_home(REP2, "handover.accept", value=str(number))
    world.settle()
    assert "等您答复" not in home(world, REP2)
    assert "Osprey Textiles" in home(world, REP2)


def test_stranger_is_met_with_their_own_language_and_told_whom_to_ask(world: World) -> None:
    shown = open_home(world, STRANGER)
    assert "还没有加入团队" in shown


def test_managers_find_their_teams_in_the_home(world: World) -> None:
    open_home(world, MANAGER)
    world.sandbox.click_home(MANAGER, "setup.team")
    world.settle()
    view = world.sandbox.view(MANAGER)
    assert "North" in words(view)
    assert "South" not in words(view)
    world.sandbox.click_view(MANAGER, "setup.open")
    world.settle()
    assert "Edit team" in words(world.sandbox.view(MANAGER))
    assert "Add a team" not in words(view)


def test_admin_is_asked_to_rewrite_keys_of_older_rules_at_home_and_in_the_log(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert "identity rekey" not in open_home(world, ADMIN)
    with world.bot.desk.transaction(world.actor(ADMIN)) as session:
        session.execute(update(Workspace).values(key_rules=0))
    assert "On the server, run `closeloop identity rekey`" in open_home(world, ADMIN)
    assert "identity rekey" not in open_home(world, REP)
    replace(world.bot, role="web").start()
    assert "run: closeloop identity rekey" in caplog.text
