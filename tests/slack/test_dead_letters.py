"""Undelivered messages in Slack: the admins learn of the first one, and send it again or put it away."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update

from bot.errors import NotAllowed, StaleRecord
from bot.i18n import Translator
from bot.models import OutboxRow
from bot.reminders import rendering
from bot.sandbox.faults import Fault
from bot.services import dead_letters, opportunities, outbox
from bot.services.edits import EditForm
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OUTSIDER, REP, World, words


def undeliverable(world: World, customer: str, *, times: int = 1) -> None:
    """Capture a lead whose card Slack refuses for good."""
    world.sandbox.faults.add("chat.postMessage", Fault(error="is_archived"), times=times)
    assert world.sandbox.command(REP, "/lead").ok
    world.bot.kit.drain()
    assert world.sandbox.submit(REP, {"customer": customer, "need": "A quote"}).ok
    world.settle()
    world.sandbox.close(REP, clear=True)


def archive(world: World, *channels: str) -> None:
    """Have Slack refuse all that is posted there."""

    def rule(method: str, args: Mapping[str, Any]) -> Fault | None:
        return Fault(error="is_archived") if method == "chat.postMessage" and args["channel"] in channels else None

    world.sandbox.faults.rule = rule


def told(world: World) -> list[dict[str, Any]]:
    world.open_for(ADMIN)
    return [one for one in world.sandbox.messages(world.sandbox.dm(ADMIN)) if "dead_letter" in str(one.get("blocks"))]


def cards(world: World, customer: str) -> list[dict[str, Any]]:
    return [one for one in world.sandbox.messages(CHANNEL) if customer in words(one)]


def numbers(world: World) -> list[int]:
    return [one.id for one in dead_letters.listed(world.bot.desk, by=world.actor(ADMIN))[0]]


def test_admins_are_told_once_however_many_follow(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    told(world)
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


def test_next_one_after_all_are_dealt_with_is_told_of_again(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    assert len(told(world)) == 1
    dead_letters.discard(world.bot.desk, numbers(world)[0], by=world.actor(ADMIN))
    undeliverable(world, "Heron Ceramics")
    assert len(told(world)) == 2


def test_one_that_is_sent_again_in_vain_is_told_of_again_at_once(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    (message,) = told(world)
    world.sandbox.faults.add("chat.postMessage", Fault(error="is_archived"))
    again = {"value": str(numbers(world)[0])}
    world.sandbox.click(ADMIN, world.sandbox.dm(ADMIN), message["ts"], "dead_letter.resend", **again)
    world.settle()
    (second,) = told(world)
    assert second["ts"] != message["ts"], "the first one says that it is sent again"
    assert "1 message could not be delivered" in second["text"]


def test_one_of_several_that_is_sent_again_in_vain_is_told_of_again(world: World) -> None:
    archive(world, CHANNEL)
    for number in range(3):
        world.lead(REP, f"Osprey {number}")
    (message,) = told(world)
    again = {"value": str(numbers(world)[0])}
    world.sandbox.click(ADMIN, world.sandbox.dm(ADMIN), message["ts"], "dead_letter.resend", **again)
    world.settle()
    _, second = told(world)
    assert "3 messages could not be delivered" in second["text"]
    world.lead(REP, "Heron Ceramics")
    assert len(told(world)) == 2, "until somebody acts, what follows is on the Home"


def test_next_one_is_told_of_also_where_the_first_was_mended_without_anybodys_act(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    assert len(told(world)) == 1
    number = world.found(REP, "Osprey").id
    opportunities.edit(world.bot.desk, number, EditForm(need="Something newer"), by=world.actor(REP))
    world.settle()
    assert numbers(world) == []
    world.later(minutes=6)
    undeliverable(world, "Heron Ceramics")
    assert len(told(world)) == 2


def test_all_are_sent_again_with_one_click_and_told_of_once_where_that_fails(world: World) -> None:
    archive(world, CHANNEL)
    for number in range(7):
        world.lead(REP, f"Osprey {number}")
    (message,) = told(world)
    assert "7 messages could not be delivered" in message["text"]
    world.sandbox.click(ADMIN, world.sandbox.dm(ADMIN), message["ts"], "dead_letter.resend_all")
    world.settle()
    said = {one["ts"]: words(one) for one in world.sandbox.messages(world.sandbox.dm(ADMIN))}
    assert "7 messages are being sent again" in said[message["ts"]]
    (again,) = told(world)
    assert again["ts"] != message["ts"]
    world.sandbox.faults.clear()
    world.sandbox.open_home(ADMIN)
    world.settle()
    assert "7 messages could not be delivered" in words(world.sandbox.home(ADMIN))
    world.sandbox.click_home(ADMIN, "dead_letter.resend_all")
    world.settle()
    assert numbers(world) == []
    assert len(cards(world, "Osprey")) == 7


def test_message_to_the_admin_that_cannot_be_delivered_makes_no_further_one(world: World) -> None:
    archive(world, CHANNEL, world.sandbox.dm(ADMIN))
    world.lead(REP, "Osprey Textiles")
    assert told(world) == []
    world.sandbox.faults.clear()
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
    with pytest.raises(NotAllowed):
        dead_letters.resend_all(world.bot.desk, by=world.actor(MANAGER))


def test_of_two_admins_the_second_learns_that_it_is_dealt_with(world: World) -> None:
    undeliverable(world, "Osprey Textiles")
    (number,) = numbers(world)
    dead_letters.resend(world.bot.desk, number, by=world.actor(ADMIN))
    with pytest.raises(StaleRecord):
        dead_letters.discard(world.bot.desk, number, by=world.actor(ADMIN))


def test_digest_that_is_sent_again_too_late_does_not_come_and_the_admin_was_told_so(world: World) -> None:
    world.sandbox.faults.add("chat.postMessage", Fault(error="is_archived"))
    world.later(days=1)
    letters, _ = dead_letters.listed(world.bot.desk, by=world.actor(ADMIN))
    assert [one.kind for one in letters] == ["digest"]
    (message,) = told(world)
    world.later(days=1)
    before = len(world.sandbox.messages(CHANNEL))
    world.sandbox.click(ADMIN, world.sandbox.dm(ADMIN), message["ts"], "dead_letter.resend", value=str(letters[0].id))
    world.settle()
    assert len(world.sandbox.messages(CHANNEL)) == before
    (message,) = [one for one in world.sandbox.messages(world.sandbox.dm(ADMIN)) if one["ts"] == message["ts"]]
    assert "A past one is left out" in words(message)


@pytest.mark.parametrize("locale", ["en-US", "zh-CN"])
def test_every_kind_of_message_has_a_name(locale: str) -> None:
    t = Translator(locale)
    assert [kind for kind in rendering._BY_KIND if not t.has(f"dead_letter.kind.{kind}")] == []


def blocked(world: World, customer: str, code: str) -> None:
    """Capture a lead whose card Slack does not take before an admin has mended something."""
    world.sandbox.faults.add("chat.postMessage", Fault(error=code))
    assert world.sandbox.command(REP, "/lead").ok
    world.bot.kit.drain()
    assert world.sandbox.submit(REP, {"customer": customer, "need": "A quote"}).ok
    world.settle()
    world.sandbox.close(REP, clear=True)


def warnings(world: World) -> list[str]:
    return [one["text"] for one in world.sandbox.messages(world.sandbox.dm(ADMIN)) if one["text"].startswith("⚠️")]


def test_admin_learns_at_once_that_the_bot_is_not_in_a_channel_and_the_message_still_comes(world: World) -> None:
    blocked(world, "Osprey Textiles", "not_in_channel")
    (said,) = warnings(world)
    assert f"<#{CHANNEL}>" in said
    assert "(not_in_channel)" in said
    assert "/invite" in said
    assert numbers(world) == []
    assert world.sandbox.wait_until(lambda: world.settle() or cards(world, "Osprey Textiles"), 10)
    blocked(world, "Heron Ceramics", "not_in_channel")
    assert len(warnings(world)) == 1, "once a day is enough"
    assert world.sandbox.wait_until(lambda: world.settle() or cards(world, "Heron Ceramics"), 10)
    world.later(days=1)
    blocked(world, "Walnut Robotics", "not_in_channel")
    assert len(warnings(world)) == 2


@pytest.mark.parametrize("is_private", [False, True])
def test_what_waits_for_a_channel_comes_as_soon_as_the_app_is_invited_back(world: World, is_private: bool) -> None:
    bot_user = world.sandbox.settings.bot_user
    world.sandbox.make_private(CHANNEL, is_private=is_private)
    world.sandbox.remove_from_channel(CHANNEL, bot_user)
    world.lead(REP, "Osprey Textiles")
    world.settle()
    with world.bot.desk.database.transaction(None) as session:
        # As after a night of vain attempts.
        session.execute(
            update(OutboxRow).where(OutboxRow.state == "waiting").values(retry_at=outbox.real_seconds() + 2_000)
        )
    world.settle()
    assert cards(world, "Osprey Textiles") == []
    assert world.sandbox.add_to_channel(CHANNEL, bot_user).ok
    world.settle()
    assert len(cards(world, "Osprey Textiles")) == 1


@pytest.mark.parametrize(
    ("code", "fix"),
    [("missing_scope", "Reinstall it with the scopes"), ("token_revoked", "SLACK_BOT_TOKEN")],
)
def test_what_concerns_the_whole_workspace_is_told_of_once_whatever_the_channel(
    world: World, code: str, fix: str
) -> None:
    world.sandbox.faults.add("chat.postMessage", Fault(error=code), times=2)
    for user, customer in ((REP, "Osprey Textiles"), (OUTSIDER, "Heron Ceramics")):
        assert world.sandbox.command(user, "/lead").ok
        world.bot.kit.drain()
        assert world.sandbox.submit(user, {"customer": customer, "need": "A quote"}).ok
    world.settle()
    (said,) = warnings(world)
    assert f"({code})" in said
    assert fix in said
