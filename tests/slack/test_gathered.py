"""What may come for many at once is told in one message: the first of a kind at once, what follows within two hours then."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bot.models import OutboxRow
from bot.services import leads, members, pool
from bot.services.leads import LeadForm
from tests.slack.conftest import MANAGER, REP, REP2, SPECIALIST, World, words

NAMES = ["Osprey", "Heron", "Kestrel", "Marigold", "Saffron", "Juniper", "Cobalt", "Basalt", "Quartz", "Thistle", "Larkspur", "Obsidian", "Fennel", "Hazel"]  # fmt: skip


def pooled(world: World, names: list[str], *, minutes: float = 0.0) -> list[int]:
    """Capture leads that nobody is free to take, so many minutes apart."""
    for user in (REP, REP2):
        members.set_away(world.bot.desk, world.clock.now() + timedelta(days=9), by=world.actor(user))
    found = []
    for name in names:
        form = LeadForm.read({"customer_name": f"{name} Works", "need": "Looms & dyes", "confirmed_new": True})
        found.append(leads.capture(world.bot.desk, form, by=world.actor(SPECIALIST)).opportunity.id)
        world.clock.advance(timedelta(minutes=minutes))
    return found


def told(world: World, user: str, sign: str) -> list[dict[str, Any]]:
    return [one for one in world.sandbox.messages(world.sandbox.dm(user)) if one["text"].startswith(sign)]


def left(world: World, user: str) -> set[str]:
    """Return how the notices for a person stand in the outbox."""
    with world.bot.desk.database.reading(None) as session:
        channel = f"member:{world.actor(user).member_id}"
        wanted = select(OutboxRow.state).where(OutboxRow.channel == channel, OutboxRow.kind == "notice")
        return set(session.scalars(wanted))


def test_many_that_nobody_was_free_for_are_one_message_with_a_button_each(world: World) -> None:
    numbers = pooled(world, NAMES)
    world.settle()
    (message,) = told(world, MANAGER, "🏊")
    assert "14 opportunities are in the pool" in message["text"]
    buttons = [one["accessory"] for one in message["blocks"] if "accessory" in one]
    assert len(buttons) == 10
    assert {one["action_id"] for one in buttons} == {"handover.open"}
    assert "and 4 more" in words(message)
    # All of them are in the pool's list, one press away.
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), message["ts"], "pool.open")
    world.settle()
    view = world.sandbox.view(MANAGER)
    assert view is not None
    assert "14" in words(view)
    assert left(world, MANAGER) == {"sent", "dropped"}
    world.sandbox.close(MANAGER, clear=True)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), message["ts"], "handover.open", value=str(numbers[0]))
    world.settle()
    assert "Osprey Works" in words(world.sandbox.view(MANAGER))


def test_the_first_is_told_at_once_and_what_follows_within_two_hours_together(world: World) -> None:
    for name in NAMES[:5]:
        pooled(world, [name])
        world.settle()
        world.later(minutes=10)
    assert len(told(world, MANAGER, "🏊")) == 1
    assert "Osprey" in told(world, MANAGER, "🏊")[0]["text"]
    world.later(hours=2)
    assert len(told(world, MANAGER, "🏊")) == 2
    assert "4 opportunities are in the pool" in told(world, MANAGER, "🏊")[1]["text"]


def test_what_was_claimed_meanwhile_is_not_told(world: World) -> None:
    numbers = pooled(world, NAMES[:3])
    members.set_away(world.bot.desk, None, by=world.actor(REP))
    pool.claim(world.bot.desk, numbers[0], by=world.actor(REP))
    world.settle()
    (message,) = told(world, MANAGER, "🏊")
    assert "2 opportunities" in message["text"]
    assert "Osprey" not in words(message)


def test_all_of_them_claimed_means_no_message(world: World) -> None:
    numbers = pooled(world, NAMES[:2])
    members.set_away(world.bot.desk, None, by=world.actor(REP))
    for number in numbers:
        pool.claim(world.bot.desk, number, by=world.actor(REP))
    world.settle()
    assert told(world, MANAGER, "🏊") == []
    world.later(hours=3)
    assert told(world, MANAGER, "🏊") == []
    assert left(world, MANAGER) == {"dropped"}


def test_an_owner_hears_once_of_all_that_was_taken_back(world: World) -> None:
    for name in NAMES[:4]:
        world.lead(REP2, f"{name} Works")
    world.later(days=60)
    shown = told(world, REP2, "♻️")
    assert [one["text"] for one in shown] == ["♻️ 您的 4 个商机 因长时间没有跟进记录，已回收到公海。"]
    assert [one["action_id"] for block in shown[0]["blocks"] if (one := block.get("accessory"))] == ["card.open"] * 4
    (message,) = told(world, MANAGER, "♻️")
    assert "4 opportunities went back to the pool" in message["text"]
