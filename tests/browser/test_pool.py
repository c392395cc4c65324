"""The pool in a browser: a race for one claim seen from both sides, an offer declined and made again, a release, an assignment."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from bot.demo.running import Demo
from bot.services import handovers, leads, members, opportunities
from bot.services.leads import LeadForm
from tests.browser.conftest import PHONE, Stage, Window

NAMES = {"UMAYA": "Maya Chen", "ULEI": "李雷"}
FASTER = {"UMAYA": "李雷 was faster", "ULEI": "Maya Chen 先领取了"}
MINE = {"UMAYA": "is yours now", "ULEI": "现在由您负责"}


def offered(stage: Stage, customer: str) -> tuple[int, str]:
    """A lead of the manager's, which the rules offer to a rep; returns its number and the rep's Slack id."""
    form = LeadForm.read(
        {
            "customer_name": customer,
            "need": "Heat meters for 12 halls, ask Lena Moor (+65 6123 0099)",
            "contact_name": "Lena Moor",
            "contact_phone": "+65 6123 0099",
            "amount": "48k",
            "region": "Singapore",
            "product": "IoT",
            "mine": False,
            "confirmed_new": True,
        }
    )
    shown = leads.capture(stage.demo.bot.desk, form, by=stage.actor("UGRACE")).opportunity
    assert shown.owner is not None
    return shown.id, str(shown.owner.slack_user_id)


def pooled(stage: Stage, customer: str, phone: str) -> int:
    """A lead that came while nobody was there."""
    desk, reps = stage.demo.bot.desk, [stage.actor(who) for who in NAMES]
    for one in reps:
        members.set_away(desk, desk.now() + timedelta(days=1), by=one)
    form = {
        "customer_name": customer,
        "need": f"Rota for 40 people, ask Lena Moor ({phone})",
        "contact_name": "Lena Moor",
        "contact_phone": phone,
        "mine": False,
        "confirmed_new": True,
    }
    number = leads.capture(desk, LeadForm.read(form), by=stage.actor("UGRACE")).opportunity.id
    for one in reps:
        members.set_away(desk, None, by=one)
    return number


def test_declined_offer_goes_to_the_next_rep_who_accepts(
    fresh_demo: Demo, staged: Callable[[Demo, str], Stage]
) -> None:
    stage = staged(fresh_demo, "reoffer")
    windows = {who: stage.window(who) for who in NAMES}
    customer = "Tungsten Foundry"
    number, first = offered(stage, customer)
    second = next(who for who in NAMES if who != first)
    asked, next_one = windows[first], windows[second]
    asked.go_app()
    message = asked.message(customer)
    expect(message).to_be_visible()
    asked.shoot("offered")
    asked.press(message, "handover.decline")
    asked.fill("reason", "Away next week")
    asked.submit()
    asked.shoot("declined")
    next_one.go_app()
    again = next_one.message(customer)
    expect(again).to_be_visible()
    next_one.press(again, "handover.accept")
    expect(again.locator("button[data-action-id='handover.accept']")).to_have_count(0)
    next_one.shoot("accepted")
    shown = opportunities.view(stage.demo.bot.desk, number, by=stage.actor("UADA"), history=20)
    assert shown.owner is not None
    assert (shown.owner.slack_user_id, shown.is_accepted) == (second, True)
    kinds = [one.event.kind for one in shown.history]
    assert [kinds.count(one) for one in ("AssignmentOffered", "AssignmentDeclined", "AssignmentAccepted")] == [2, 1, 1]
    assert stage.demo.sandbox.violations == []


def test_claim_race_is_seen_from_both_sides_then_release_and_assignment(
    fresh_demo: Demo, staged: Callable[[Demo, str], Stage]
) -> None:
    stage = staged(fresh_demo, "pool")
    desk = stage.demo.bot.desk
    customer, filler = "Cobalt Hospital", "Verbena Tea House"
    number = pooled(stage, customer, "+65 6123 0088")
    maya, lei = stage.window("UMAYA"), stage.window("ULEI", PHONE)
    for one, words in ((maya, "/opp pool"), (lei, "/opp 公海")):
        one.go("CAPAC")
        one.say(words)
        expect(one.modal).to_contain_text(customer)
        expect(one.modal).not_to_contain_text("Lena")
        expect(one.modal).not_to_contain_text("6123")
        one.shoot("list")
    maya.press(maya.modal, "pool.claim_row")
    lei.press(lei.modal, "pool.claim_row")
    # One reads that it is theirs, the other who was faster; it stands in neither list any more.
    for one in (maya, lei):
        expect(one.modal).to_contain_text(re.compile(f"{MINE[one.who]}|{FASTER[one.who]}"))
    maya.shoot("after-the-race")
    lei.shoot("after-the-race")
    owner = opportunities.view(desk, number, by=stage.actor("UADA")).owner
    assert owner is not None
    winner = maya if owner.slack_user_id == "UMAYA" else lei
    loser = lei if winner is maya else maya
    expect(winner.modal).to_contain_text(MINE[winner.who])
    expect(loser.modal).to_contain_text(FASTER[loser.who])
    winner.close()
    loser.close()
    release(winner, customer)
    assign(stage, filler)
    kinds = [one.event.kind for one in opportunities.history(desk, number, by=stage.actor("UADA"), limit=50)]
    assert [kinds.count(one) for one in ("PutInPool", "Claimed", "OwnerChanged")] == [2, 1, 0]
    assert stage.demo.sandbox.violations == []


def release(owner: Window, customer: str) -> None:
    """Give it back from the card's menu, with a reason."""
    card = owner.message(customer)
    expect(card.locator("button[data-action-id='follow_up.open']")).to_be_visible()
    card.locator("[data-testid=overflow]").last.click()
    owner.page.locator("[data-testid=overflow-option][data-value^='release:']").click()
    expect(owner.modal).to_be_visible()
    owner.shoot("release")
    owner.fill("reason", "Better with the health team")
    owner.submit()
    owner.shoot("released")
    owner.close()
    expect(owner.message(customer).locator("button[data-action-id='pool.claim']")).to_be_visible()
    owner.shoot("card-in-the-pool")


def assign(stage: Stage, customer: str) -> None:
    """The manager assigns another one from the Home."""
    number = pooled(stage, customer, "+65 6123 0077")
    grace = stage.window("UGRACE")
    grace.go_home()
    expect(grace.page.locator("main")).to_contain_text(customer)
    grace.shoot("home")
    grace.page.locator("main").locator("button[data-action-id='pool.open']").click()
    expect(grace.modal).to_contain_text(customer)
    grace.shoot("manager-list")
    grace.modal.locator(f"[data-block-id='pool.row.{number}'] button[data-action-id='pool.assign_open']").click()
    chosen = stage.actor("UMAYA").member_id
    grace.pick("to", str(chosen))
    grace.shoot("assign")
    grace.submit()
    expect(grace.modal).to_contain_text("Maya Chen")
    grace.shoot("assigned")
    desk = stage.demo.bot.desk
    assert handovers.accept(desk, number, by=stage.actor("UMAYA")).opportunity.is_accepted
