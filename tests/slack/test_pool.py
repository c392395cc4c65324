"""The pool, from a raw payload to what Slack received: the list, the claim and its race, the release, the assignment."""

from datetime import timedelta
from typing import Any

from bot.sandbox.faults import Fault
from bot.services import leads, members, playbooks
from bot.services.leads import LeadForm
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OTHER_CHANNEL, OUTSIDER, REP, REP2, SPECIALIST, World, words

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


def test_filters_words_and_pages_change_the_list_in_place(world: World) -> None:
    desk, specialist = world.bot.desk, world.actor(SPECIALIST)
    for user in (REP, REP2):
        members.set_away(desk, world.clock.now() + timedelta(days=1), by=world.actor(user))
    for number in range(10):
        values = {"customer_name": f"Firm {number + 1}{number}{number}", "need": "n", "confirmed_new": True}
        region = {"region": "East" if number == 4 else "West", "industry": "Optics"}
        leads.capture(desk, LeadForm.read({**values, **region}), by=specialist)
    world.settle()
    assert "1–8 of 10" in open_list(world, REP)
    world.sandbox.click_view(REP, "pool.on")
    world.settle()
    assert "9–10 of 10" in shown(world, REP)
    world.sandbox.click_view(REP, "pool.back")
    world.settle()
    assert "1–8 of 10" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.region", "East")
    world.settle()
    assert "Firm 544" in shown(world, REP)
    assert "1 in the pool" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.grade", "A")
    world.settle()
    assert "Nothing in the pool fits" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.grade", "*")
    world.settle()
    world.sandbox.select_view(REP, "pool.region", "*")
    world.settle()
    assert world.sandbox.submit(REP, {"words": "firm 322"}).ok
    assert "Firm 322" in shown(world, REP)
    assert "1 in the pool" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.scope", "workspace")
    world.settle()
    assert "Nothing in the pool fits" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.subject", "Optics")
    world.settle()
    assert "Firm 322" in open_list(world, REP2, "pool 322")


def test_card_in_the_channel_shows_no_contact_until_the_claim(world: World) -> None:
    number = pooled(world, need="Ask Ann Tolliver about 20 seats")
    assert not [one for one in SECRETS if one in words(world.card(number))]
    assert world.sandbox.command(REP, "/opp", "acme").ok
    assert not [one for one in SECRETS if one in words(world.last(REP, CHANNEL))]
    world.sandbox.select(REP, CHANNEL, world.card(number)["ts"], "card.menu", f"history:{number}")
    world.settle()
    assert not [one for one in SECRETS if one in shown(world, REP)]
    world.sandbox.close(REP, clear=True)
    world.sandbox.click(REP, CHANNEL, world.card(number)["ts"], "pool.claim")
    world.settle()
    assert "Ann Tolliver" in words(world.card(number))


def test_owner_gives_back_with_a_reason_and_the_manager_is_told(world: World) -> None:
    number = world.lead(REP, "Acme Ltd", **CONTACT).id
    world.sandbox.select(REP, CHANNEL, world.card(number)["ts"], "card.menu", f"release:{number}")
    world.settle()
    assert "after 7 days" in shown(world, REP)
    assert not world.sandbox.submit(REP, {}).ok
    answer = world.sandbox.submit(REP, {"reason": "Better with Lin"})
    assert answer.ok, answer.errors
    assert "Back in the pool" in shown(world, REP)
    world.settle()
    assert "Rita Reyes gave *Acme Ltd*" in words(world.dm(MANAGER))
    assert "Better with Lin" in words(world.dm(MANAGER))
    card = words(world.card(number))
    assert "主动退回：Better with Lin" in card
    assert "Tolliver" not in card
    world.sandbox.close(REP, clear=True)
    open_list(world, REP)
    world.sandbox.click_view(REP, "pool.claim_row", value=str(number))
    world.settle()
    assert "rests for others until" in shown(world, REP)


def test_manager_gives_back_for_the_owner_and_nobody_else_may(world: World) -> None:
    number = world.lead(REP, "Acme Ltd").id
    world.sandbox.select(REP2, CHANNEL, world.card(number)["ts"], "card.menu", f"release:{number}")
    world.settle()
    assert world.sandbox.view(REP2) is None
    assert "Rita Reyes" in words(world.last(REP2, CHANNEL))
    world.sandbox.select(MANAGER, CHANNEL, world.card(number)["ts"], "card.menu", f"release:{number}")
    world.settle()
    assert "Rita Reyes is told" in shown(world, MANAGER)
    assert world.sandbox.submit(MANAGER, {"reason": "On leave"}).ok
    world.settle()
    assert "back into the pool for you: On leave" in words(world.dm(REP))


def test_manager_assigns_from_the_list_and_comes_back_to_it(world: World) -> None:
    number = pooled(world)
    open_list(world, MANAGER)
    world.sandbox.click_view(MANAGER, "pool.assign_open", value=str(number))
    world.settle()
    seen = shown(world, MANAGER)
    for part in ("As the team's rules say", "Rita Reyes", "0 of 50 open", "Mona Mason (you)"):
        assert part in seen, part
    chosen = world.actor(REP).member_id
    answer = world.sandbox.submit(MANAGER, {"to": str(chosen), "note": "They know you"})
    assert answer.ok, answer.errors
    assert "Assigned to Rita Reyes" in shown(world, MANAGER)
    assert "The pool is empty" in shown(world, MANAGER)
    world.settle()
    message = world.dm(REP)
    assert "Acme Ltd" in words(message)
    world.sandbox.click(REP, world.sandbox.dm(REP), message["ts"], "handover.accept")
    world.settle()
    assert world.view(REP, number).is_accepted


def test_for_a_manager_the_claim_button_of_the_card_asks_to_whom(world: World) -> None:
    number = pooled(world)
    world.sandbox.click(MANAGER, CHANNEL, world.card(number)["ts"], "pool.claim")
    world.settle()
    assert "To whom?" in shown(world, MANAGER)
    assert world.sandbox.submit(MANAGER, {"to": "rules"}).ok
    assert "Assigned to" in shown(world, MANAGER)
    assert world.view(MANAGER, number).owner is not None


def test_an_assignment_that_comes_too_late_says_who_has_it(world: World) -> None:
    number = pooled(world)
    open_list(world, MANAGER)
    world.sandbox.click(REP, CHANNEL, world.card(number)["ts"], "pool.claim")
    world.settle()
    world.sandbox.click_view(MANAGER, "pool.assign_open", value=str(number))
    world.settle()
    assert "Rita Reyes was faster" in shown(world, MANAGER)
    assert "The pool is empty" in shown(world, MANAGER)


def test_home_shows_the_pool_and_a_claim_there_refreshes_it(world: World) -> None:
    first, second = pooled(world), pooled(world, "Globex")
    for user in (REP, REP2):
        assert world.sandbox.open_home(user).ok
    world.settle()
    assert "Pool (2)" in words(world.sandbox.home(REP))
    assert "Tolliver" not in words(world.sandbox.home(REP))
    world.sandbox.click_home(REP, "pool.claim_row", value=str(first))
    world.settle()
    assert "Claimed, it is yours" in shown(world, REP)
    assert "Pool (1)" in words(world.sandbox.home(REP))
    assert "公海（2）" in words(world.sandbox.home(REP2))
    world.sandbox.click_home(REP2, "pool.claim_row", value=str(first))
    world.settle()
    assert "Rita Reyes 先领取了" in shown(world, REP2)
    assert "公海（1）" in words(world.sandbox.home(REP2))
    world.sandbox.close(REP2, clear=True)
    world.sandbox.click_home(REP2, "pool.open")
    world.settle()
    world.sandbox.click_view(REP2, "pool.claim_row", value=str(second))
    world.settle()
    assert world.view(REP2, second).owner is not None
    assert "公海（" not in words(world.sandbox.home(REP2))


def test_another_teams_rep_claims_what_is_open_to_all_and_the_old_card_says_where_it_went(world: World) -> None:
    number = pooled(world)
    ts = world.card(number)["ts"]
    assert "The pool is empty" in open_list(world, OUTSIDER)
    open_to_all(world)
    seen = open_list(world, OUTSIDER)
    assert "from North, open to all" in seen
    assert "Tolliver" not in seen
    world.sandbox.click_view(OUTSIDER, "pool.claim_row", value=str(number))
    world.settle()
    assert "Acme Ltd* is yours now" in shown(world, OUTSIDER)
    old = next(one for one in world.sandbox.messages(CHANNEL) if one["ts"] == ts)
    assert "已转入" in words(old)
    assert "South" in words(old)
    assert "pool.claim" not in str(old.get("blocks"))
    assert "Otto Olsen" in words(world.sandbox.messages(OTHER_CHANNEL)[-1])
    assert "moved to their team" in words(world.dm(MANAGER))
    assert world.view(ADMIN, number).team_name == "South"


def test_two_presses_in_one_list_end_with_the_later_one(world: World) -> None:
    pooled(world)
    open_list(world, REP)
    world.sandbox.faults.add("views.update", Fault(delay_seconds=0.2))
    world.sandbox.select_view(REP, "pool.grade", "A")
    world.sandbox.select_view(REP, "pool.grade", "*")
    world.settle()
    assert "1 in the pool" in shown(world, REP)


def test_claim_is_told_on_top_where_the_list_was_changed_meanwhile(world: World) -> None:
    number = pooled(world)
    open_list(world, REP)
    world.sandbox.faults.add("views.update", Fault(error="hash_conflict"))
    world.sandbox.click_view(REP, "pool.claim_row", value=str(number))
    world.settle()
    assert "Acme Ltd* is yours now" in shown(world, REP)
    assert "Search" not in shown(world, REP)
    world.sandbox.close(REP)
    # What stood there is still there, and the next press brings it up to date.
    assert "1 in the pool" in shown(world, REP)
    world.sandbox.select_view(REP, "pool.grade", "*")
    world.settle()
    assert "The pool is empty" in shown(world, REP)
