"""The pool, from a raw payload to what Slack received: the list, the claim and its race, the release, the assignment."""

from datetime import timedelta
from typing import Any

from bot.services import members, playbooks
from tests.slack.conftest import MANAGER, REP, REP2, SPECIALIST, World, words

CONTACT = {"contact_name": "Ann Tolliver", "contact_phone": "+1 212 555 0188", "contact_email": "ann@tolliver.test"}
SECRETS = ("Ann", "Tolliver", "555 0188", "ann@tolliver.test")


def pooled(world: World, customer: str = "Acme Ltd", **more: Any) -> int:
    """A lead in the pool of the north, since nobody was there when it came."""
    for user in (REP, REP2):
        members.set_away(world.bot.desk, world.clock.now() + timedelta(days=1), by=world.actor(user))
    number = world.lead(SPECIALIST, customer, **({**CONTACT, **more} if customer == "Acme Ltd" else more)).id
    for user in (REP, REP2):
        members.set_away(world.bot.desk, None, by=world.actor(user))
    assert world.view(MANAGER, number).owner is None
    return number


def shown(world: World, user: str) -> str:
    view = world.sandbox.view(user)
    assert view is not None
    return words(view)


def open_list(world: World, user: str, text: str = "pool") -> str:
    assert world.sandbox.command(user, "/opp", text).ok
    world.settle()
    return shown(world, user)


def open_to_all(world: World) -> None:
    """Let a pool of the north be everybody's at once."""
    manager = world.actor(MANAGER)
    team = next(iter(manager.managed_team_ids))
    data = playbooks.export(world.bot.desk, team, by=manager)
    data["pool"]["to_all_days"] = 0
    playbooks.publish(world.bot.desk, team, data, by=manager)


def test_list_shows_what_waits_and_why_and_claims_in_place(world: World) -> None:
    number = pooled(world, need="Call Ann Tolliver, +1 212 555 0188, about 20 seats", amount="30k")
    seen = open_list(world, REP)
    for part in ("Acme Ltd", "20 seats", "grade *C*", "Lead", "$30,000", "since Sun, Mar 1", "nobody in the team"):
        assert part in seen, part
    assert not [one for one in SECRETS if one in seen]
    world.sandbox.click_view(REP, "pool.claim_row", value=str(number))
    world.settle()
    assert "Acme Ltd* is yours now" in shown(world, REP)
    assert "The pool is empty" in shown(world, REP)
    assert world.view(REP, number).owner == members.by_slack_id(world.bot.desk, REP, by=world.actor(REP))
    world.sandbox.click_view(REP, "card.open", value=str(number))
    world.settle()
    assert "Ann Tolliver" in shown(world, REP)


def test_loser_learns_in_the_list_who_won_and_sees_what_is_left(world: World) -> None:
    first, second = pooled(world), pooled(world, "Globex")
    open_list(world, REP)
    open_list(world, REP2, "公海")
    world.sandbox.click_view(REP, "pool.claim_row", value=str(first))
    world.sandbox.click_view(REP2, "pool.claim_row", value=str(first))
    world.settle()
    seen = shown(world, REP2)
    assert "Rita Reyes 先领取了" in seen
    assert "Globex" in seen
    assert "Acme" not in seen
    world.sandbox.click_view(REP2, "pool.claim_row", value=str(second))
    world.settle()
    assert "现在由您负责" in shown(world, REP2)
    assert world.kinds(MANAGER, first).count("Claimed") == 1
