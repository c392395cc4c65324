"""A collision lived through in a browser: explained while typing, refused, told, ruled on, remembered; in both languages."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, expect

from bot.demo.running import Demo
from bot.services import opportunities
from tests.browser.conftest import Stage, Window

CHANNELS = {"UMAYA": "CAPAC", "ULEI": "CAPAC", "UHAN": "CHUANAN"}


@dataclass(frozen=True)
class Script:
    """What one run types, and what it reads in answer.

    ``owner`` has the customer, ``rep`` is of another team, ``third`` comes later, ``manager`` rules for the owner's team.
    """

    owner: str
    rep: str
    third: str
    manager: str
    customer: str
    lead: str
    typed: str
    with_owner: str
    second: str
    heard: str
    told: str
    plea: str
    sentence: str
    goes_to: str
    precedent: str


ENGLISH = Script(
    owner="UMAYA",
    rep="UHAN",
    third="ULEI",
    manager="UGRACE",
    customer="Sunrise Solar",
    lead="/lead Sunrise Solar, wants a quote for 30 roofs",
    typed="SUNRISE",
    with_owner="Maya Chen",
    second="/lead SUNRISE SOLAR Ltd., 12 roofs in the south, met their CFO",
    heard="12 roofs in the south",
    told="已告诉 Maya Chen",
    plea="I met their CFO in January, before anybody called",
    sentence="Whoever met them first works on it",
    goes_to="it goes to 韩梅梅",
    precedent="归韩梅梅",
)
CHINESE = Script(
    owner="UHAN",
    rep="UMAYA",
    third="ULEI",
    manager="UWANG",
    customer="苏州朝晖光伏科技有限公司",
    lead="/lead 苏州朝晖光伏科技有限公司，想给 30 个屋顶装光伏，要报价",
    typed="朝晖",
    with_owner="韩梅梅",
    second="/lead 苏州朝晖光伏科技, 12 roofs in Singapore",
    heard="12 roofs in Singapore",
    told="韩梅梅 has it now",
    plea="Their CFO in Singapore is my customer",
    sentence="谁先见客户谁负责",
    goes_to="归 Maya Chen",
    precedent="归 Maya Chen",
)


@pytest.mark.parametrize("script", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_collision_is_lived_through(
    script: Script, fresh_demo: Demo, staged: Callable[[Demo, str], Stage], request: pytest.FixtureRequest
) -> None:
    stage = staged(fresh_demo, f"collision-{request.node.callspec.id}")
    owner, rep = stage.window(script.owner), stage.window(script.rep)
    manager, third = stage.window(script.manager), stage.window(script.third)
    capture(owner, script)
    read_it_while_typing(rep, script)
    be_refused(rep, script)
    tell_the_owner(rep, owner, script)
    ask_for_a_ruling(rep, script)
    rule(manager, script)
    both_are_told(rep, owner, script)
    read_the_precedent(third, script)
    [found] = opportunities.find(stage.demo.bot.desk, script.customer, by=stage.actor("UADA"))
    kinds = [one.event.kind for one in opportunities.history(stage.demo.bot.desk, found.id, by=stage.actor("UADA"))]
    for kind in ("CollisionStopped", "OwnerTold", "RulingAsked", "RulingMade", "TeamChanged", "OwnerChanged"):
        assert kind in kinds, kind
    assert stage.demo.sandbox.violations == []


def capture(owner: Window, script: Script) -> None:
    owner.go(CHANNELS[owner.who])
    owner.say(script.lead)
    form_is_there(owner)
    owner.submit()
    expect(owner.modal.get_by_test_id("modal-submit")).to_be_hidden()
    owner.close()


def read_it_while_typing(rep: Window, script: Script) -> None:
    rep.go(CHANNELS[rep.who])
    rep.say(script.second)
    customer = rep.modal.locator("[data-block-id=customer] input")
    customer.click()
    customer.press("ControlOrMeta+a")
    customer.press_sequentially(script.typed)
    option = rep.page.get_by_test_id("option").filter(has_text=script.with_owner)
    expect(option).to_be_visible()
    rep.shoot("while-typing")
    option.click()


def form_is_there(window: Window) -> None:
    expect(window.modal.locator("[data-block-id=customer] input")).not_to_have_value("")


def ways(window: Window) -> Locator:
    return window.modal.locator("[data-block=actions][data-block-id='collision.ways']")


def be_refused(window: Window, script: Script) -> None:
    window.submit()
    expect(ways(window)).to_be_visible()
    expect(window.modal).to_contain_text(script.customer)
    expect(window.modal).not_to_contain_text("30")
    window.shoot("refused")


def tell_the_owner(rep: Window, owner: Window, script: Script) -> None:
    rep.press(rep.modal, "collision.back")
    expect(rep.modal.locator("[data-block-id=need] [data-testid=text-input]")).to_have_value(
        script.second.split(",", 1)[1].strip()
    )
    rep.submit()
    expect(ways(rep)).to_be_visible()
    rep.press(rep.modal, "collision.tell_open")
    rep.fill("contact_phone", "+65 6123 4567")
    rep.shoot("tell-form")
    rep.submit()
    expect(rep.modal).to_contain_text(script.told)
    rep.shoot("told")
    rep.close()
    owner.go_app()
    expect(owner.message(script.heard, "+65 6123 4567")).to_be_visible()
    owner.shoot("owner-reads")


def ask_for_a_ruling(rep: Window, script: Script) -> None:
    rep.say(script.second)
    form_is_there(rep)
    rep.submit()
    expect(ways(rep)).to_be_visible()
    rep.press(rep.modal, "collision.ask_open")
    rep.fill("plea", script.plea)
    rep.shoot("ask-form")
    rep.submit()
    expect(rep.modal).to_contain_text("⚖️")
    rep.close()


def rule(manager: Window, script: Script) -> None:
    manager.go_home()
    expect(manager.page.get_by_test_id("home")).to_contain_text(script.plea)
    manager.shoot("manager-home")
    manager.go_app()
    card = manager.message(script.plea)
    expect(card).to_contain_text(script.heard)
    manager.shoot("card")
    manager.press(card, "ruling.give")
    manager.submit()
    expect(manager.error("sentence")).not_to_be_empty()
    manager.fill("sentence", script.sentence)
    manager.shoot("sentence")
    manager.submit()
    expect(manager.modal).to_contain_text(script.goes_to)
    manager.close()
    expect(card).to_contain_text(script.goes_to)
    expect(card.locator("button[data-action-id='ruling.give']")).to_have_count(0)
    manager.shoot("card-ruled")


def both_are_told(rep: Window, owner: Window, script: Script) -> None:
    for window in (rep, owner):
        window.go_app()
        expect(window.message(script.sentence)).to_be_visible()
        window.shoot("ruling-read")


def read_the_precedent(third: Window, script: Script) -> None:
    third.go(CHANNELS[third.who])
    third.say(script.second)
    form_is_there(third)
    third.submit()
    expect(ways(third)).to_be_visible()
    expect(third.modal).to_contain_text(script.sentence)
    expect(third.modal).to_contain_text(script.precedent)
    third.shoot("precedent")
