"""Merging two customers in Slack: who may, what they are shown first, what is done, and the way back."""

from datetime import timedelta
from typing import Any

from bot.services import leads
from bot.services.leads import LeadForm
from tests.slack.conftest import CHANNEL, MANAGER, OUTSIDER, REP, REP2, World, words


def confirmed(world: World, first: str, other: str) -> dict[str, Any]:
    """Open ``/opp merge`` as the manager, choose both; returns the question."""
    assert world.sandbox.command(MANAGER, "/opp", "merge", CHANNEL).ok
    world.settle()
    answer = world.sandbox.submit(MANAGER, {"first": first, "other": other})
    assert answer.ok, answer.errors
    return dict(world.sandbox.view(MANAGER) or {})


def test_manager_sees_both_sides_merges_and_undoes(world: World) -> None:
    first, second = world.lead(REP, "Acme Ltd"), world.lead(REP, "Globex")
    shown = words(confirmed(world, "Acme", "Globex"))
    assert "*Acme Ltd*\nWith Rita Reyes · 1 open, 0 closed · contacts: 0" in shown
    assert "It can be undone for 30 days" in shown
    assert "Different owners" not in shown
    assert world.sandbox.submit(MANAGER, {"kept": str(second.customer_id)}).ok
    assert "*Acme Ltd* is *Globex* now" in words(world.sandbox.view(MANAGER))
    assert world.view(REP, first.id).customer == "Globex"
    world.settle()
    assert "Globex" in words(world.card(first.id))
    assert world.sandbox.click_view(MANAGER, "merge.undo").ok
    world.settle()
    assert "*Acme Ltd* is a customer of its own again" in words(world.sandbox.view(MANAGER))
    assert world.view(REP, first.id).customer == "Acme Ltd"
    assert world.kinds(REP, first.id).count("CustomerMergeUndone") == 1


def test_different_owners_are_a_collision_that_the_manager_is_told_about(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    leads.capture(world.bot.desk, LeadForm(customer_name="Globex", need="x"), by=world.actor(OUTSIDER))
    assert "Different owners work on them" in words(confirmed(world, "Acme", "Globex"))
    assert world.sandbox.submit(MANAGER).ok
    assert "marked as a collision" in words(world.sandbox.view(MANAGER))


def test_card_menu_begins_with_its_customer(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    number = world.lead(REP, "Globex").id
    card = world.sandbox.command(MANAGER, "/opp", "globex", CHANNEL)
    world.settle()
    assert card.ts is not None
    assert world.sandbox.select(MANAGER, CHANNEL, card.ts, "card.menu", f"merge:{number}").ok
    world.settle()
    assert "Globex" in words(world.sandbox.view(MANAGER))
    assert world.sandbox.submit(MANAGER, {"other": "Acme"}).ok
    assert world.sandbox.submit(MANAGER).ok
    assert "*Acme Ltd* is *Globex* now" in words(world.sandbox.view(MANAGER))


def test_reps_are_told_who_may_merge(world: World) -> None:
    for text in ("合并", "合并记录", "重复"):
        world.sandbox.command(REP2, "/opp", text, CHANNEL)
        world.settle()
        assert world.sandbox.view(REP2) is None
        assert "只有主管或管理员可以合并客户" in words(world.last(REP2, CHANNEL))


def test_one_customer_twice_or_none_stands_at_its_field(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(MANAGER, "/opp", "merge", CHANNEL)
    world.settle()
    answer = world.sandbox.submit(MANAGER, {"first": "Acme", "other": "Acme"})
    assert answer.errors == {"other": "Choose two different customers."}


def test_list_of_merges_offers_the_way_back_while_there_is_one(world: World) -> None:
    world.sandbox.command(MANAGER, "/opp", "merges", CHANNEL)
    world.settle()
    assert "No customers were merged yet" in words(world.last(MANAGER, CHANNEL))
    world.lead(REP, "Acme Ltd")
    world.lead(REP, "Globex")
    confirmed(world, "Acme", "Globex")
    world.sandbox.submit(MANAGER)
    world.sandbox.close(MANAGER, clear=True)
    listed = world.sandbox.command(MANAGER, "/opp", "merges", CHANNEL)
    world.settle()
    assert "*Globex* → *Acme Ltd*" in words(world.last(MANAGER, CHANNEL))
    assert listed.ts is not None
    assert world.sandbox.click(MANAGER, CHANNEL, listed.ts, "merge.undo").ok
    world.settle()
    assert "is a customer of its own again" in words(world.last(MANAGER, CHANNEL))
    world.sandbox.command(MANAGER, "/opp", "merges", CHANNEL)
    world.settle()
    assert "undone" in words(world.last(MANAGER, CHANNEL))
    assert "Undo the merge" not in words(world.last(MANAGER, CHANNEL))


def test_late_undo_says_that_the_days_are_over(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.lead(REP, "Globex")
    confirmed(world, "Acme", "Globex")
    world.sandbox.submit(MANAGER)
    world.clock.advance(timedelta(days=31))
    assert world.sandbox.click_view(MANAGER, "merge.undo").ok
    world.settle()
    assert "the 30 days are over" in words(world.sandbox.view(MANAGER))


def test_possible_duplicates_are_listed_with_a_way_to_merge_them(world: World) -> None:
    world.sandbox.command(MANAGER, "/opp", "duplicates", CHANNEL)
    world.settle()
    assert "No two customers look like one" in words(world.last(MANAGER, CHANNEL))
    for name in ("北京华星科技有限公司", "华星"):
        form = LeadForm(customer_name=name, need="x", confirmed_new=True)
        leads.capture(world.bot.desk, form, by=world.actor(REP))
    world.settle()
    listed = world.sandbox.command(MANAGER, "/opp", "duplicates", CHANNEL)
    world.settle()
    assert "*北京华星科技有限公司*  ↔  *华星*" in words(world.last(MANAGER, CHANNEL))
    assert listed.ts is not None
    assert world.sandbox.click(MANAGER, CHANNEL, listed.ts, "merge.open").ok
    world.settle()
    assert world.sandbox.submit(MANAGER).ok
    assert "*华星* is *北京华星科技有限公司* now" in words(world.sandbox.view(MANAGER))


def test_pair_is_told_apart_in_its_list_and_comes_back_by_choice(world: World) -> None:
    for name in ("Quillback Logistics", "Quillback Logistics Berlin"):
        leads.capture(world.bot.desk, LeadForm(customer_name=name, need="x", confirmed_new=True), by=world.actor(REP))

    world.settle()
    ts = world.sandbox.command(MANAGER, "/opp", "duplicates", CHANNEL).ts

    def shown() -> dict[str, Any]:
        return next(one for one in world.sandbox.messages(CHANNEL, as_user=MANAGER) if one["ts"] == ts)

    assert "*Quillback Logistics*  ↔  *Quillback Logistics Berlin*" in words(shown())
    world.sandbox.click(MANAGER, CHANNEL, ts, "merge.apart")
    world.settle()
    assert "No two customers look like one" in words(shown())
    world.sandbox.click(MANAGER, CHANNEL, ts, "merge.apart_list")
    world.settle()
    for part in ("Told apart", "Quillback Logistics Berlin", "Mona Mason"):
        assert part in words(shown()), part
    world.sandbox.click(MANAGER, CHANNEL, ts, "merge.apart_undo")
    world.settle()
    assert "Possibly one customer" in words(shown())
    assert "merge.open" in str(shown()["blocks"])
