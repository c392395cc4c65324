"""Registrations, from a raw payload to what Slack received."""

from datetime import timedelta

from bot.services import members, registrations
from bot.services.registrations import RegisterForm
from tests.slack.conftest import CHANNEL, MANAGER, REP, REP2, World, words
from tests.slack.disputing import approved, press_in_dm, registered


def test_rep_registers_with_the_command_and_the_manager_approves_with_one_click(world: World) -> None:
    world.sandbox.command(REP, "/lead", "register Zephyr Robotics, met their CTO")
    world.settle()
    form = words(world.sandbox.view(REP))
    assert "Register a customer" in form
    assert "new: Zephyr Robotics" in form
    assert "met their CTO" in form
    world.sandbox.close(REP, clear=True)
    registered(world)
    card = world.dm(MANAGER)
    for part in ("林伟", "珠海海风机器人有限公司", "&lt;!channel&gt; 👍", "30 days"):
        assert part in words(card), part
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), card["ts"], "registration.approve")
    world.settle()
    settled = next(one for one in world.sandbox.messages(world.sandbox.dm(MANAGER)) if one["ts"] == card["ts"])
    assert "Mona Mason* approved" in words(settled)
    assert "registration.approve" not in str(settled["blocks"])
    told = world.dm(REP2)
    assert "已批准" in words(told)


def test_capture_by_its_rep_takes_a_registration_that_waits_off_the_managers_list(world: World) -> None:
    registered(world, REP2, "register Zephyr Robotics, met their CTO")
    assert "registration.approve" in str(world.dm(MANAGER)["blocks"])
    world.lead(REP2, "Zephyr Robotics")
    card = words(world.sandbox.messages(world.sandbox.dm(MANAGER)))
    assert "林伟 has an open opportunity with *Zephyr Robotics* now" in card
    assert "registration.approve" not in str(world.sandbox.messages(world.sandbox.dm(MANAGER)))
    world.sandbox.command(REP2, "/lead", "已报备")
    world.settle()
    assert "不再需要报备" in words(world.last(REP2, CHANNEL))


def test_registered_customer_is_explained_while_typing_and_refused_with_a_way_on(world: World) -> None:
    registered(world)
    card = world.dm(MANAGER)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), card["ts"], "registration.approve")
    world.settle()
    world.sandbox.command(REP, "/lead")
    world.settle()
    found = world.sandbox.options(REP, "customer.pick", "海风").options
    assert "With 林伟, protected until" in found[1]["description"]["text"]
    answer = world.sandbox.submit(REP, {"customer": "珠海海风机器人有限公司", "need": "Ten robots"})
    assert answer.ok, answer.errors
    shown = words(world.sandbox.view(REP))
    assert "registered by *林伟*" in shown
    assert "Ask for a ruling" in shown
    world.sandbox.click_view(REP, "collision.tell_open")
    world.settle()
    assert world.sandbox.submit(REP, {"contact_name": "Bo"}).ok
    world.settle()
    assert "Ten robots" in words(world.dm(REP2))
    assert "Bo" in words(world.dm(REP2))


def test_refusal_asks_for_a_sentence_and_the_rep_reads_it(world: World) -> None:
    registered(world)
    card = world.dm(MANAGER)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), card["ts"], "registration.refuse_open")
    world.settle()
    answer = world.sandbox.submit(MANAGER, {"sentence": "Too vague <!here>"})
    assert answer.ok, answer.errors
    world.settle()
    assert "Too vague &lt;!here&gt;" in words(world.dm(REP2))
    assert "没有批准" in words(world.dm(REP2))


def test_home_has_the_way_in_and_shows_the_manager_what_waits(world: World) -> None:
    world.sandbox.open_home(REP)
    world.settle()
    world.sandbox.click_home(REP, "registration.new")
    world.settle()
    assert world.sandbox.submit(REP, {"customer": "Zephyr Robotics", "note": "Met them"}).ok
    world.settle()
    world.sandbox.open_home(MANAGER)
    world.settle()
    assert "Zephyr Robotics" in words(world.sandbox.home(MANAGER))
    world.sandbox.click_home(MANAGER, "registration.open")
    world.settle()
    world.sandbox.click_view(MANAGER, "registration.approve")
    world.settle()
    assert "approved" in words(world.sandbox.view(MANAGER))
    assert "For you to decide" not in words(world.sandbox.home(MANAGER))
    message = world.dm(REP)
    world.sandbox.click(REP, world.sandbox.dm(REP), message["ts"], "registration.capture")
    world.settle()
    assert world.sandbox.submit(REP, {"need": "Ten robots"}).ok
    assert "Zephyr Robotics is in the loop" in words(world.sandbox.view(REP))


def test_near_name_and_taken_customer_are_asked_about_in_the_form(world: World) -> None:
    world.lead(REP, "北京华星科技有限公司")
    world.sandbox.command(REP2, "/lead", "报备 华星，见过")
    world.settle()
    world.sandbox.submit(REP2, {})
    assert "北京华星科技有限公司" in words(world.sandbox.view(REP2))
    assert world.sandbox.submit(REP2, {"confirmed_new": [], "customer": "北京华星科技有限公司"}).ok
    shown = words(world.sandbox.view(REP2))
    assert "Rita Reyes" in shown
    world.sandbox.click_view(REP2, "collision.back")
    world.settle()
    assert "客户报备" in words(world.sandbox.view(REP2))
    assert "见过" in words(world.sandbox.view(REP2))


def test_approval_declines_the_rival_and_both_are_told(world: World) -> None:
    registered(world, REP, "register Zephyr Robotics, met their CTO")
    registered(world, REP2, "报备 Zephyr Robotics，见过")
    assert "approving this one declines theirs" in words(world.dm(MANAGER))
    press_in_dm(world, MANAGER, "registration.approve")
    assert "由林伟报备" in words(world.dm(REP2))
    told = words(world.dm(REP))
    assert "approved *林伟*’s registration of *Zephyr Robotics*, so this one was declined" in told
    assert "registration.approve" not in str(world.sandbox.messages(world.sandbox.dm(MANAGER)))


def test_rules_give_a_lead_of_a_registered_customer_to_who_registered_it(world: World) -> None:
    approved(world, REP2, "Zephyr Robotics")
    shown = world.lead(REP, "Zephyr Robotics", owner="rules")
    assert shown.owner is not None
    assert shown.owner.name == "林伟"
    assert "已报备该客户" in words(world.dm(REP2))


def test_claim_of_a_registered_customer_explains_itself_and_leads_to_a_ruling(world: World) -> None:
    approved(world, REP2, "Zephyr Robotics")
    # It comes in while nobody is there to take it.
    for user in (REP, REP2):
        members.set_away(world.bot.desk, world.clock.now() + timedelta(days=1), by=world.actor(user))
    number = world.lead(MANAGER, "Zephyr Robotics", owner="rules").id
    for user in (REP, REP2):
        members.set_away(world.bot.desk, None, by=world.actor(user))
    world.settle()
    world.sandbox.command(REP, "/opp", "pool")
    world.settle()
    assert "registered by 林伟 until" in words(world.sandbox.view(REP))
    world.sandbox.click_view(REP, "pool.claim_row", value=str(number))
    world.settle()
    shown = words(world.sandbox.view(REP))
    for part in ("registered by *林伟*", "Protected until", "Ask for a ruling", "Back to the pool"):
        assert part in shown, part
    assert "What you typed" not in shown
    world.sandbox.click_view(REP, "pool.again")
    world.settle()
    assert "1 in the pool" in words(world.sandbox.view(REP))
    world.sandbox.close(REP, clear=True)
    world.sandbox.click(REP, CHANNEL, world.card(number)["ts"], "pool.claim")
    world.settle()
    world.sandbox.click_view(REP, "collision.ask_open")
    world.settle()
    assert world.sandbox.submit(REP, {"plea": "I work with them"}).ok
    world.settle()
    # In the list, and at the card.
    assert "was stopped 2 times" in words(world.dm(MANAGER))
    assert "想要您的客户" in words(world.sandbox.messages(world.sandbox.dm(REP2)))


def test_rep_lists_renews_and_takes_back_what_they_registered(world: World) -> None:
    approved(world, REP2, "Zephyr Robotics")
    shown = world.sandbox.command(REP2, "/lead", "已报备", CHANNEL)
    world.settle()
    assert shown.ts is not None
    assert "保护期至" in words(world.last(REP2, CHANNEL))
    world.sandbox.click(REP2, CHANNEL, shown.ts, "registration.renew")
    world.settle()
    assert "已申请续期" in words(world.last(REP2, CHANNEL))
    assert "registration.renew" not in str(world.last(REP2, CHANNEL)["blocks"])
    assert "asks to keep *Zephyr Robotics* registered" in words(world.dm(MANAGER))
    press_in_dm(world, MANAGER, "registration.approve")
    assert "Mona Mason* renewed" in words(world.dm(MANAGER))
    assert "已批准续期" in words(world.dm(REP2))
    shown = world.sandbox.command(REP2, "/lead", "registered", CHANNEL)
    world.settle()
    world.sandbox.click(REP2, CHANNEL, shown.ts, "registration.withdraw")
    world.settle()
    listed = world.last(REP2, CHANNEL)
    assert "撤回了对 *Zephyr Robotics* 的报备" in words(listed)
    assert "registration.withdraw" not in str(listed["blocks"])
    assert world.lead(REP, "Zephyr Robotics").owner is not None


def test_long_list_of_registrations_is_turned_in_its_place_and_stays_on_its_page(world: World) -> None:
    for number in range(25):
        form = RegisterForm.read({"customer_name": f"{number} Wells", "note": "Met their CTO"})
        registrations.register(world.bot.desk, form, by=world.actor(REP))
    shown = world.sandbox.command(REP, "/lead", "registered", CHANNEL)
    assert "1–20 of 25" in words(shown.body)
    world.sandbox.click(REP, CHANNEL, shown.ts, "registration.on")
    world.settle()
    listed = world.last(REP, CHANNEL)
    assert "21–25 of 25" in words(listed)
    assert "*0 Wells*" in words(listed)
    row = next(one for one in listed["blocks"] if one["block_id"].startswith("registrations.1."))
    world.sandbox.click(REP, CHANNEL, listed["ts"], "registration.withdraw", row["block_id"])
    world.settle()
    listed = world.last(REP, CHANNEL)
    assert "took the registration of *4 Wells* back" in words(listed)
    assert "21–25 of 25" in words(listed)
    world.sandbox.click(REP, CHANNEL, listed["ts"], "registration.back")
    world.settle()
    assert "1–20 of 25" in words(world.last(REP, CHANNEL))


def test_word_before_the_end_leads_to_more_days_and_is_dropped_once_it_is_untrue(world: World) -> None:
    approved(world, REP, "Zephyr Robotics")
    approved(world, REP, "Quillback Logistics")
    shown = world.sandbox.command(REP, "/lead", "registered", CHANNEL)
    world.settle()
    world.sandbox.click(REP, CHANNEL, shown.ts, "registration.withdraw")
    world.later(days=29)
    told = [one for one in world.sandbox.messages(world.sandbox.dm(REP)) if "Your registration of" in words(one)]
    assert len(told) == 1
    press_in_dm(world, REP, "registration.renew")
    assert "your manager decides about more days" in words(world.sandbox.messages(world.sandbox.dm(REP)))
    assert "registration.renew" not in str(world.sandbox.messages(world.sandbox.dm(REP)))
    press_in_dm(world, MANAGER, "registration.refuse_open")
    answer = world.sandbox.submit(MANAGER, {"sentence": "No news for a month <!here>"})
    assert answer.ok, answer.errors
    assert "Not renewed" in words(world.sandbox.view(MANAGER))
    world.settle()
    assert "did not give more days" in words(world.dm(REP))
    assert "No news for a month &lt;!here&gt;" in words(world.dm(REP))


def test_manager_ends_a_registration_from_the_list_with_one_sentence(world: World) -> None:
    approved(world, REP2, "Zephyr Robotics")
    shown = world.sandbox.command(MANAGER, "/lead", "报备列表", CHANNEL)
    world.settle()
    assert "*Zephyr Robotics* – 林伟" in words(world.last(MANAGER, CHANNEL))
    world.sandbox.click(MANAGER, CHANNEL, shown.ts, "registration.revoke_open")
    world.settle()
    assert "is free for everybody then" in words(world.sandbox.view(MANAGER))
    assert world.sandbox.submit(MANAGER, {"sentence": "Rita talks to them <!here>"}).ok
    world.settle()
    assert "Mona Mason* ended 林伟’s registration" in words(world.sandbox.view(MANAGER))
    told = words(world.dm(REP2))
    assert "取消了林伟对 *Zephyr Robotics* 的报备" in told.replace("取消了 林伟", "取消了林伟")
    assert "Rita talks to them &lt;!here&gt;" in told
