"""Undelivered messages in Slack: the admins learn of the first one, and send it again or put it away."""

from typing import Any

import pytest

from bot.errors import NotAllowed, StaleRecord
from bot.sandbox.faults import Fault
from bot.services import dead_letters
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, REP, World, words


def undeliverable(world: World, customer: str, *, times: int = 1) -> None:
    """Capture a lead whose card Slack refuses for good."""
    world.sandbox.faults.add("chat.postMessage", Fault(error="is_archived"), times=times)
    assert world.sandbox.command(REP, "/lead").ok
    world.bot.kit.drain()
    assert world.sandbox.submit(REP, {"customer": customer, "need": "A quote"}).ok
    world.settle()
    world.sandbox.close(REP, clear=True)


def told(world: World) -> list[dict[str, Any]]:
    return [one for one in world.sandbox.messages(world.sandbox.dm(ADMIN)) if "dead_letter" in str(one.get("blocks"))]


def cards(world: World, customer: str) -> list[dict[str, Any]]:
    return [one for one in world.sandbox.messages(CHANNEL) if customer in words(one)]


def numbers(world: World) -> list[int]:
    return [one.id for one in dead_letters.listed(world.bot.desk, by=world.actor(ADMIN))[0]]


def test_admins_are_told_once_however_many_follow(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    undeliverable(world, "Heron Ceramics")
    (message,) = told(world)
    assert "1 message could not be delivered" in message["text"]
    assert "Osprey Textiles" in words(message)
    assert "archived" in words(message)
    assert f"<#{CHANNEL}>" in words(message)
    assert len(numbers(world)) == 2


def test_admin_sends_it_again_from_the_message_which_says_so(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    (message,) = told(world)
    (number,) = numbers(world)
    world.sandbox.click(ADMIN, world.sandbox.dm(ADMIN), message["ts"], "dead_letter.resend", value=str(number))
    world.settle()
    assert len(cards(world, "Osprey Textiles")) == 1
    (message,) = [one for one in world.sandbox.messages(world.sandbox.dm(ADMIN)) if one["ts"] == message["ts"]]
    assert "sent again" in words(message)
    assert "dead_letter.resend" not in str(message["blocks"])


def test_admin_puts_it_away_on_the_home_which_then_shows_the_others(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    undeliverable(world, "Heron Ceramics")
    world.sandbox.open_home(ADMIN)
    world.settle()
    assert "2 messages could not be delivered" in words(world.sandbox.home(ADMIN))
    first, second = numbers(world)
    world.sandbox.click_home(ADMIN, "dead_letter.discard", value=str(first))
    world.settle()
    assert "1 message could not be delivered" in words(world.sandbox.home(ADMIN))
    assert numbers(world) == [second]
    assert cards(world, "Osprey Textiles") == []


def test_next_one_after_all_are_dealt_with_is_told_of_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "_SAME_SECONDS", 0.000001)
    undeliverable(world, "Osprey Textiles")
    dead_letters.discard(world.bot.desk, numbers(world)[0], by=world.actor(ADMIN))
    undeliverable(world, "Heron Ceramics")
    assert len(told(world)) == 2


def test_message_to_the_admin_that_cannot_be_delivered_makes_no_further_one(world: World) -> None:
    undeliverable(world, "Osprey Textiles", times=2)
    assert told(world) == []
    assert [one.kind for one in dead_letters.listed(world.bot.desk, by=world.actor(ADMIN))[0]] == [
        "card",
        "dead_letter",
    ]


def test_nobody_else_sees_or_decides(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    (number,) = numbers(world)
    assert dead_letters.listed(world.bot.desk, by=world.actor(MANAGER)) == ((), 0)
    world.sandbox.open_home(MANAGER)
    world.settle()
    assert "could not be delivered" not in words(world.sandbox.home(MANAGER))
    for act in (dead_letters.resend, dead_letters.discard):
        with pytest.raises(NotAllowed):
            act(world.bot.desk, number, by=world.actor(MANAGER))


def test_of_two_admins_the_second_learns_that_it_is_dealt_with(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    (number,) = numbers(world)
    dead_letters.resend(world.bot.desk, number, by=world.actor(ADMIN))
    with pytest.raises(StaleRecord):
        dead_letters.discard(world.bot.desk, number, by=world.actor(ADMIN))
