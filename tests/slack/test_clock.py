"""The clock in Slack: reminders with buttons, escalations, digests, offers; through the whole program."""

from datetime import timedelta
from typing import Any

import pytest

from bot.errors import NotFound
from bot.sandbox.faults import Fault
from bot.services import bundled, follow_ups, handovers
from bot.services.follow_ups import FollowUpForm
from tests.slack.conftest import CHANNEL, MANAGER, OTHER_CHANNEL, REP, REP2, World, words


def due_soon(world: World, user: str = REP, customer: str = "Osprey Textiles") -> int:
    """Capture a lead of grade C: its first contact is due at the end of this Monday, told on Tuesday at nine."""
    return world.lead(user, customer).id


def reminders(world: World, user: str) -> list[dict[str, Any]]:
    """Return the reminders that were posted, whatever became of their buttons since."""
    stamps = [
        call.answer["ts"]
        for call in world.sandbox.calls_of("chat.postMessage")
        if call.args["channel"] == world.sandbox.dm(user)
        and ("needs you" in call.args["text"] or "Today" in call.args["text"])
    ]
    return [one for one in world.sandbox.messages(world.sandbox.dm(user)) if one["ts"] in stamps]


def digests(world: World, channel: str = CHANNEL) -> list[dict[str, Any]]:
    return [
        one
        for one in world.sandbox.messages(channel)
        if any(block["type"] == "table" for block in one.get("blocks", ()))
    ]


def test_owner_is_reminded_when_the_step_falls_due_and_acts_from_the_message(world: World) -> None:
    number = due_soon(world)
    world.later(days=2)
    reminder = reminders(world, REP)[0]
    assert "Osprey Textiles" in words(reminder)
    assert "First contact" in words(reminder)
    answer = world.sandbox.click(REP, world.sandbox.dm(REP), reminder["ts"], "follow_up.open", value=str(number))
    assert answer.ok
    world.settle()
    view = world.sandbox.view(REP)
    assert view is not None
    assert "Osprey Textiles" in words(view)


def test_snoozed_owner_is_left_alone_until_then_and_reminded_again(world: World) -> None:
    number = due_soon(world)
    world.later(hours=21)
    first = reminders(world, REP)
    assert len(first) == 1
    world.sandbox.select(REP, world.sandbox.dm(REP), first[0]["ts"], "snooze.pick", f"{number}:next_week")
    world.settle()
    world.later(days=5)
    assert len(reminders(world, REP)) == 1
    world.later(days=2)
    assert len(reminders(world, REP)) == 2
    assert "NextStepSnoozed" in world.kinds(REP, number)


def test_manager_is_told_once_when_that_does_not_help(world: World) -> None:
    due_soon(world)
    world.later(days=12)
    told = [one for one in world.sandbox.messages(world.sandbox.dm(MANAGER)) if "needs help" in one["text"]]
    assert len(told) == 1
    assert f"<@{REP}>" in words(told[0])


def test_digest_is_posted_in_the_teams_language_once_a_day_and_never_twice_after_a_restart(world: World) -> None:
    due_soon(world)
    world.later(days=2)
    north, south = digests(world), digests(world, OTHER_CHANNEL)
    assert len(north) == 2
    assert "闭环健康度" in words(north[0])
    assert "Loop health" in words(south[0])
    world.bot.ticker.run_once()
    assert len(digests(world)) == 2


def test_handover_reaches_the_new_owner_with_buttons_to_answer(world: World) -> None:
    number = due_soon(world)
    handovers.offer(world.bot.desk, number, REP2, "Please go on", by=world.actor(REP))
    world.settle()
    message = world.dm(REP2)
    assert "handover.accept" in str(message["blocks"])
    world.sandbox.click(REP2, world.sandbox.dm(REP2), message["ts"], "handover.accept", value=str(number))
    world.settle()
    owner = world.view(REP2, number).owner
    assert owner is not None
    assert owner.slack_user_id == REP2
    assert "accepted" in words(world.dm(REP))


def test_message_that_slack_put_off_arrives_later_and_only_once(world: World) -> None:
    number = due_soon(world)
    world.sandbox.faults.add("chat.postMessage", Fault(status=503), times=1)
    handovers.offer(world.bot.desk, number, REP2, None, by=world.actor(REP))
    assert world.sandbox.wait_until(lambda: bool(world.bot.ticker.run_once()) and "handover" in str(handed(world)), 10)
    assert len(handed(world)) == 1


def handed(world: World) -> list[dict[str, Any]]:
    return [
        one for one in world.sandbox.messages(world.sandbox.dm(REP2)) if "handover.accept" in str(one.get("blocks"))
    ]


def test_every_message_of_the_clock_has_a_text_beside_its_blocks(world: World) -> None:
    due_soon(world)
    world.later(days=12)
    posted = [call.args for call in world.sandbox.calls_of("chat.postMessage")]
    assert posted
    assert all(args["text"].strip() for args in posted)


def test_snooze_to_a_day_of_ones_own_asks_which_and_settles_the_message(world: World) -> None:
    number = due_soon(world)
    world.later(hours=21)
    reminder = reminders(world, REP)[0]
    world.sandbox.select(REP, world.sandbox.dm(REP), reminder["ts"], "snooze.pick", f"{number}:date")
    world.settle()
    refused = world.sandbox.submit(REP, {"until": "2026-03-01"})
    assert "until" in (refused.errors or {})
    assert world.sandbox.submit(REP, {"until": "2026-03-20"}).ok
    world.settle()
    until = world.view(REP, number).snoozed_until
    assert until is not None
    assert until.isoformat() == "2026-03-20T13:00:00+00:00", "nine in New York"
    settled = next(one for one in world.sandbox.messages(world.sandbox.dm(REP)) if one["ts"] == reminder["ts"])
    assert "Quiet until" in words(settled)


def test_the_morning_list_is_acted_on_in_its_own_place(world: World) -> None:
    numbers = [due_soon(world, REP, name) for name in ("Osprey Textiles", "Quillback Logistics")]
    world.later(hours=21)
    morning = reminders(world, REP)[0]
    assert "Today these 2, because" in words(morning)
    world.sandbox.select(REP, world.sandbox.dm(REP), morning["ts"], "snooze.pick", f"{numbers[0]}:1h")
    world.settle()
    settled = next(one for one in world.sandbox.messages(world.sandbox.dm(REP)) if one["ts"] == morning["ts"])
    assert "Quiet until" in words(settled)
    assert f"'value': '{numbers[1]}'" in str(settled)


def test_an_owner_reaches_all_that_the_morning_list_has_no_room_for(world: World) -> None:
    numbers = {due_soon(world, REP, f"{name} {what}") for name in _NAMES for what in _WHATS}
    later = due_soon(world, REP, "Vermilion Dairy")
    due = world.clock.now() + timedelta(hours=18)
    form = {"opportunity_id": later, "way": "call", "said": "s", "next_step": "Call them", "next_due_at": due}
    follow_ups.log(world.bot.desk, FollowUpForm.read(form), by=world.actor(REP))
    world.later(hours=21)
    morning = reminders(world, REP)[0]
    assert "Today these 5 first, of 17" in words(morning)
    assert world.sandbox.click(REP, world.sandbox.dm(REP), morning["ts"], "nudge.all").ok
    world.settle()
    view = world.sandbox.view(REP)
    assert view is not None
    shown = {int(block["accessory"]["value"]) for block in view["blocks"] if "accessory" in block}
    assert shown == {*numbers, later}, "what falls due in the course of the day as well"


def test_a_manager_reaches_all_that_an_escalation_has_no_room_for(world: World) -> None:
    numbers = {
        due_soon(world, REP, f"{name} {what}") for name in _NAMES for what in ("Textiles", "Logistics", "Foundry")
    }
    world.later(days=12)
    dm = world.sandbox.dm(MANAGER)
    message = next(one for one in world.sandbox.messages(dm) if "nudge.all" in str(one.get("blocks")))
    assert world.sandbox.click(MANAGER, dm, message["ts"], "nudge.all").ok
    world.settle()
    view = world.sandbox.view(MANAGER)
    assert view is not None
    shown = {int(block["accessory"]["value"]) for block in view["blocks"] if "accessory" in block}
    assert shown == numbers, "those with buttons and the others"
    # Somebody else's message shows nothing.
    with pytest.raises(NotFound):
        bundled.sent(world.bot.desk, _place_of(message), by=world.actor(REP))


_NAMES = ("Osprey", "Quillback", "Marigold", "Thistle")
_WHATS = ("Textiles", "Logistics", "Foundry", "Optics")


def _place_of(message: dict[str, Any]) -> int:
    buttons = [one for block in message["blocks"] for one in block.get("elements", ()) if "value" in one]
    return int(next(one["value"] for one in buttons if one["action_id"] == "nudge.all").split(":")[1])
