"""Registrations, from a raw payload to what Slack received."""

from tests.slack.conftest import MANAGER, REP, REP2, World, words


def asked(
    world: World, user: str = REP2, text: str = "报备 珠海海风机器人有限公司，展会见过技术总监 <!channel> 👍"
) -> None:
    world.sandbox.command(user, "/lead", text)
    world.settle()
    answer = world.sandbox.submit(user, {})
    assert answer.ok, answer.errors
    world.settle()


def test_rep_registers_with_the_command_and_the_manager_approves_with_one_click(world: World) -> None:
    world.sandbox.command(REP, "/lead", "register Zephyr Robotics, met their CTO")
    world.settle()
    form = words(world.sandbox.view(REP))
    assert "Register a customer" in form
    assert "new: Zephyr Robotics" in form
    assert "met their CTO" in form
    world.sandbox.close(REP, clear=True)
    asked(world)
    assert "Mona Mason" in words(world.sandbox.view(REP2))
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


def test_registered_customer_is_explained_while_typing_and_refused_with_a_way_on(world: World) -> None:
    asked(world)
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
    assert "Ask for a ruling" not in shown
    world.sandbox.click_view(REP, "collision.tell_open")
    world.settle()
    assert world.sandbox.submit(REP, {"contact_name": "Bo"}).ok
    world.settle()
    assert "Ten robots" in words(world.dm(REP2))
    assert "Bo" in words(world.dm(REP2))


def test_refusal_asks_for_a_sentence_and_the_rep_reads_it(world: World) -> None:
    asked(world)
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
    assert world.sandbox.submit(REP2, {"customer": "北京华星科技有限公司", "confirmed_new": []}).ok
    shown = words(world.sandbox.view(REP2))
    assert "Rita Reyes" in shown
    world.sandbox.click_view(REP2, "collision.back")
    world.settle()
    assert "客户报备" in words(world.sandbox.view(REP2))
    assert "见过" in words(world.sandbox.view(REP2))
