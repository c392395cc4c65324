"""A whole loop, lived through in a browser by two reps and looked at by their manager, in English and in Chinese."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from bot.demo.running import Demo
from bot.demo.tour import TOUR
from bot.services import opportunities
from tests.browser.conftest import PHONE, Stage, Window

CHANNEL = "CAPAC"
WHOLE_LOOP = (
    "LeadCaptured",
    "Graded",
    "AssignmentAccepted",
    "CollisionStopped",
    "FollowUpLogged",
    "StageChanged",
    "NextStepSnoozed",
    "LadderStepTaken",
    "HandoverOffered",
    "OwnerChanged",
    "OpportunityLost",
)


@dataclass(frozen=True)
class Script:
    """What one run types, and what it reads in answer."""

    leader: str
    leader_name: str
    other: str
    customer: str
    lead: str
    second_try: str
    with_owner: str
    follow_up: str
    saved: str
    step: str
    card: str
    said_in_line: str
    snoozed: str
    handover: str
    note: str
    dossier: str
    lost: str
    refused: str
    lost_saved: str


ENGLISH = Script(
    leader="UMAYA",
    leader_name="Maya Chen",
    other="ULEI",
    customer="Sunrise Solar",
    lead="/lead Sunrise Solar, wants a quote for 30 roofs",
    second_try="/lead SUNRISE SOLAR Ltd., 听说他们要装屋顶光伏",
    with_owner="负责人：Maya Chen",
    follow_up="/followup sunrise talked to the CFO; tomorrow 10am send the quote",
    saved="follow-up saved",
    step="send the quote",
    card="/opp sunrise",
    said_in_line="talked to the CFO",
    snoozed="Quiet until",
    handover="/handover sunrise",
    note="The CFO decides in May; she likes short mails.",
    dossier="把",
    lost="/lost sunrise",
    refused="请填写此必填项",
    lost_saved="已记为流失",
)
CHINESE = Script(
    leader="ULEI",
    leader_name="李雷",
    other="UMAYA",
    customer="苏州朝晖光伏科技有限公司",
    lead="/lead 苏州朝晖光伏科技有限公司，想给 30 个屋顶装光伏，要报价",
    second_try="/lead 苏州朝晖光伏科技, heard they want solar roofs",
    with_owner="With 李雷",
    follow_up="/followup 朝晖 和财务总监通了电话；明天上午10点发报价",
    saved="跟进已保存",
    step="发报价",
    card="/opp 朝晖",
    said_in_line="和财务总监通了电话",
    snoozed="之前不再提醒",
    handover="/handover 朝晖",
    note="财务总监五月定，喜欢简短的邮件。",
    dossier="hands",
    lost="/lost 朝晖",
    refused="Please complete this required field",
    lost_saved="Closed as lost",
)

PHONE_LINES = {
    "UMAYA": ("/followup lotus sent the WeChat demo; tomorrow 9:30am call Mei Lin", "follow-up saved", "call Mei Lin"),
    "ULEI": ("/followup 恒瑞 又问了一次，下周定；明天上午9点半发报价单", "跟进已保存", "发报价单"),
}


def _ends_with(text: str) -> re.Pattern[str]:
    return re.compile(f"{re.escape(text)}$")


@pytest.mark.parametrize("script", [ENGLISH, CHINESE], ids=["en", "zh"])
def test_a_whole_loop_is_lived_through(
    script: Script, fresh_demo: Demo, staged: Callable[[Demo, str], Stage], request: pytest.FixtureRequest
) -> None:
    stage = staged(fresh_demo, request.node.callspec.id)
    leader, other = stage.window(script.leader), stage.window(script.other)
    capture(leader, script)
    be_stopped(other, script)
    number = _number(stage, script)
    follow_up_in_one_line(leader, script)
    advance_twice(leader, script)
    be_nudged_and_snooze(leader, script, number)
    read_digest(leader, script)
    hand_over(leader, other, script)
    close_with_a_reason(other, script)
    kinds = [
        one.event.kind for one in opportunities.history(stage.demo.bot.desk, number, by=stage.actor("UADA"), limit=99)
    ]
    assert set(WHOLE_LOOP) <= set(kinds)
    assert kinds[-1] == "LeadCaptured"
    assert kinds.count("StageChanged") == 2
    assert stage.demo.sandbox.violations == []


def _number(stage: Stage, script: Script) -> int:
    [found] = opportunities.find(stage.demo.bot.desk, script.customer, by=stage.actor(script.leader))
    return found.id


def capture(leader: Window, script: Script) -> None:
    leader.go(CHANNEL)
    leader.shoot("begin")
    leader.say(script.lead)
    expect(leader.modal.locator("[data-block-id=customer] input")).to_have_value(_ends_with(script.customer))
    leader.shoot("lead-form")
    leader.submit()
    expect(leader.modal).to_contain_text(script.leader_name)
    expect(leader.modal).to_contain_text("C")
    leader.shoot("lead-saved")
    leader.close()
    expect(leader.message(script.customer)).to_be_visible()
    leader.shoot("lead-card")


def be_stopped(other: Window, script: Script) -> None:
    other.go(CHANNEL)
    other.say(script.second_try)
    customer = other.modal.locator("[data-block-id=customer] input")
    expect(customer).to_have_value(_ends_with(script.customer))
    other.shoot("second-form")
    customer.click()
    customer.press("ControlOrMeta+a")
    customer.press_sequentially(script.customer[:7].upper())
    option = other.page.get_by_test_id("option").filter(has_text=script.with_owner)
    expect(option).to_be_visible()
    other.shoot("second-types")
    option.click()
    other.submit()
    expect(other.modal.locator("[data-block=actions][data-block-id='collision.ways']")).to_be_visible()
    expect(other.modal).to_contain_text(script.leader_name)
    other.shoot("second-told")
    other.close()


def follow_up_in_one_line(leader: Window, script: Script) -> None:
    leader.say(script.follow_up)
    answer = leader.message(script.saved)
    expect(answer).to_contain_text(script.step)
    expect(answer).to_contain_text("10:00")
    leader.shoot("follow-up")


def advance_twice(leader: Window, script: Script) -> None:
    leader.say(script.card)
    card = leader.page.locator("[data-testid=message][data-ephemeral=true]").last
    expect(card).to_contain_text(script.customer)
    leader.shoot("card")
    leader.press(card, "stage.open")
    leader.fill("contact_name", "Nora Lim")
    leader.shoot("advance-asks")
    leader.submit()
    expect(leader.error("contact_phone")).not_to_be_empty()
    leader.shoot("advance-refused")
    leader.fill("contact_phone", "+65 6123 8899")
    leader.submit()
    expect(leader.modal.get_by_test_id("modal-submit")).to_be_hidden()
    leader.shoot("advanced")
    leader.press(leader.modal, "stage.open")
    leader.pick("budget", "likely")
    leader.pick("authority", "decider")
    leader.shoot("advance-again")
    leader.submit()
    expect(leader.modal.get_by_test_id("modal-submit")).to_be_hidden()
    leader.shoot("advanced-again")
    leader.page.keyboard.press("Escape")
    leader.page.keyboard.press("Escape")
    expect(leader.modal).to_have_count(0)
    leader.shoot("channel-after")


def be_nudged_and_snooze(leader: Window, script: Script, number: int) -> None:
    leader.move_clock("workday")
    leader.go_app()
    # In the morning it stood in the list of the day, and no reminder says it again right after.
    buttons = leader.page.locator(f"[data-block=actions][data-block-id='nudge.{number}']")
    nudge = leader.message(script.customer, script.step)
    expect(buttons).to_have_count(1)
    expect(nudge).to_be_visible()
    leader.shoot("nudge")
    leader.choose(buttons.last, "snooze.pick", f"{number}:1h")
    expect(nudge).to_contain_text(script.snoozed)
    expect(buttons).to_have_count(0)
    leader.shoot("snoozed")
    leader.move_clock("hour", 2)
    expect(buttons).to_have_count(1)
    leader.shoot("nudged-again")


def read_digest(leader: Window, script: Script) -> None:
    leader.move_clock("workday")
    leader.go(CHANNEL)
    digest = leader.page.get_by_test_id("message").filter(has=leader.page.locator("[data-block=table]")).last
    # The channel's language is the team's, whoever reads it.
    expect(digest).to_contain_text("Loop health")
    expect(digest).to_contain_text(f"{script.leader_name} ")
    digest.scroll_into_view_if_needed()
    leader.shoot("digest")


def hand_over(leader: Window, other: Window, script: Script) -> None:
    leader.say(script.handover)
    leader.pick("to", script.other)
    leader.fill("note", script.note)
    leader.shoot("handover-form")
    leader.submit()
    expect(leader.modal.get_by_test_id("modal-submit")).to_be_hidden()
    leader.shoot("handover-offered")
    leader.close()
    other.go_app()
    dossier = other.message(script.customer, script.note)
    expect(dossier).to_contain_text(script.dossier)
    for known in (script.step, script.said_in_line, "Nora Lim", "+65 6123 8899"):
        expect(dossier).to_contain_text(known)
    other.shoot("dossier")
    dossier.locator("[data-block]").first.scroll_into_view_if_needed()
    other.shoot("dossier-top")
    other.press(dossier, "history.open")
    expect(other.modal).to_contain_text(script.said_in_line)
    other.shoot("history-before")
    other.close()
    other.press(dossier, "handover.accept")
    expect(dossier.locator("button[data-action-id='handover.accept']")).to_have_count(0)
    other.shoot("accepted")
    leader.go_app()
    leader.shoot("giver-told")


def close_with_a_reason(other: Window, script: Script) -> None:
    other.go(CHANNEL)
    other.say(script.lost)
    expect(other.modal).to_contain_text(script.customer)
    other.submit()
    expect(other.error("reason")).to_contain_text(script.refused)
    other.shoot("lost-refused")
    other.pick("reason", "price")
    other.fill("competitor", "Helio")
    other.submit()
    expect(other.modal).to_contain_text(script.lost_saved)
    other.shoot("lost-saved")
    other.close()
    other.say(script.card)
    card = other.page.locator("[data-testid=message][data-ephemeral=true]").last
    expect(card).to_contain_text("Helio")
    other.shoot("lost-card")
    card.get_by_test_id("overflow").click()
    other.page.get_by_test_id("overflow-option").first.click()
    expect(other.modal).to_contain_text(script.said_in_line)
    other.shoot("history")
    other.close()
    other.go_home()
    expect(other.page.get_by_test_id("home").locator("[data-block]").first).to_be_visible()
    other.shoot("home")


@pytest.mark.parametrize("who", ["UMAYA", "ULEI"], ids=["en", "zh"])
def test_one_line_and_a_nudges_button_serve_on_a_phone(
    who: str, shared_demo: Demo, staged: Callable[[Demo, str], Stage], request: pytest.FixtureRequest
) -> None:
    stage = staged(shared_demo, f"phone-{request.node.callspec.id}")
    phone = stage.window(who, PHONE)
    phone.shoot("begin")
    line, saved, step = PHONE_LINES[who]
    phone.say(line)
    answer = phone.message(saved, step)
    expect(answer).to_be_visible()
    phone.shoot("follow-up")
    phone.go_home()
    phone.shoot("home")
    phone.move_clock("workday")
    phone.go_app()
    nudge = phone.message(step)
    expect(nudge).to_be_visible()
    phone.shoot("nudge")
    row = nudge.locator("[data-block=section]").filter(has_text=step).locator("xpath=following-sibling::*[1]")
    row.locator("button[data-action-id='next_step.done']").click()
    expect(phone.modal).to_contain_text(step)
    phone.shoot("done-form")
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE[0]
    phone.close()
    assert stage.demo.sandbox.violations == []


def test_what_the_tour_types_works(shared_demo: Demo, staged: Callable[[Demo, str], Stage]) -> None:
    stage = staged(shared_demo, "tour")
    visitor = stage.window("UMAYA")
    page = visitor.page
    for number, step in enumerate(TOUR):
        expect(page.get_by_test_id("tour")).to_have_attribute("data-step", str(number))
        if step["as"] not in {None, page.locator("body").get_attribute("data-as")}:
            page.get_by_test_id("tour-be").click()
            page.locator(f"body[data-ready=true][data-as={step['as']}]").wait_for()
        if step["type"]:
            _type_as_the_tour_does(visitor, step["type"])
        visitor.shoot(f"step-{number + 1}")
        if visitor.modal.count():
            _finish_form(visitor)
        if number + 1 < len(TOUR):
            page.get_by_test_id("tour-next").click()
    assert stage.demo.sandbox.violations == []


def _type_as_the_tour_does(visitor: Window, typed: str) -> None:
    page = visitor.page
    before = page.locator("[data-testid=message][data-ephemeral=true]").count()
    page.get_by_test_id("tour-type").click()
    expect(page.get_by_test_id("composer-input")).to_have_value(typed)
    page.get_by_test_id("composer-input").press("Enter")
    answered = page.locator("[data-testid=modal][open]").or_(
        page.locator("[data-testid=message][data-ephemeral=true]").nth(before)
    )
    expect(answered.first).to_be_visible()


def _finish_form(visitor: Window) -> None:
    """Save the form as it stands; where it is refused, say so as a person would see it, and leave."""
    visitor.submit()
    # Either the answer has no button to submit with, or an error stands at a field.
    refused = visitor.modal.locator("[data-testid=field-error]:visible")
    expect(
        refused.or_(visitor.modal.filter(has_not=visitor.page.locator("[data-testid=modal-submit]:visible"))).first
    ).to_be_visible()
    visitor.shoot("answer")
    visitor.page.keyboard.press("Escape")
    expect(visitor.modal).to_have_count(0)
