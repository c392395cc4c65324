"""Collisions and rulings, from a raw payload to what Slack received."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.events import NoteAdded, OwnerTold, RulingMade
from bot.domain.rulings import Verdict
from bot.errors import NotAllowed
from bot.services import handovers, members, opportunities, pool, rulings
from bot.services.members import Profile
from bot.services.values import OpportunityView
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OTHER_CHANNEL, OUTSIDER, REP, REP2, World, words
from tests.slack.disputing import approved, asked, everything_told, press, press_in_dm, refused, ruled


def test_refused_rep_reads_who_has_the_customer_and_nothing_more(world: World) -> None:
    world.lead(REP, "Acme Ltd", need="Secret plans", amount="77k")
    shown = refused(world, OUTSIDER)
    for part in ("Acme Ltd", "Rita Reyes", "protected", "Mon, Mar 2", "No follow-up yet"):
        assert part in shown, part
    assert "Secret plans" not in shown
    assert "77" not in shown


def test_owner_is_told_what_the_refused_rep_knows(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    refused(world, REP2, contact_name="Bo <!channel>", contact_phone="+1 212 555 0188")
    press(world, REP2, "collision.tell_open")
    shown = words(world.sandbox.view(REP2))
    for part in ("Thirty seats in May", "Bo <!channel>", "+1 212 555 0188"):
        assert part in shown, part
    answer = world.sandbox.submit(REP2, {"text": "想要 30 套 👍 <!channel>"})
    assert answer.ok, answer.errors
    assert "已告诉 Rita Reyes" in words(world.sandbox.view(REP2))
    world.settle()
    message = words(world.dm(REP))
    for part in ("林伟", "Acme Ltd", "想要 30 套 👍 &lt;!channel&gt;", "+1 212 555 0188", "Log follow-up"):
        assert part in message, part
    assert "<!channel>" not in message
    event = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, OwnerTold))
    assert event.contact == "Bo <!channel> · +1 212 555 0188"


def test_what_is_told_to_an_owner_who_left_reaches_the_manager_and_the_view_says_so(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    members.remember(world.bot.desk, world.sandbox.settings.team_id, Profile(REP, "Rita Reyes", is_active=False))
    shown = refused(world, OUTSIDER)
    for part in ("Rita Reyes is no longer active in Slack", "goes to Mona Mason", "Tell Mona Mason"):
        assert part in shown, part
    press(world, OUTSIDER, "collision.tell_open")
    assert world.sandbox.submit(OUTSIDER, {"text": "They want 30 <!channel>"}).ok
    answer = words(world.sandbox.view(OUTSIDER))
    assert "Rita Reyes is no longer active in Slack, so Mona Mason has it now" in answer
    world.settle()
    told = everything_told(world, MANAGER)
    for part in ("Otto Olsen", "They want 30 &lt;!channel&gt;", "whose owner Rita Reyes is not active"):
        assert part in told, part


def test_back_opens_the_form_with_everything_typed(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    refused(world, OUTSIDER, amount="12,000", contact_name="Bo")
    press(world, OUTSIDER, "collision.back")
    shown = words(world.sandbox.view(OUTSIDER))
    for part in ("Acme Ltd", "Thirty seats in May", "12,000", "Bo"):
        assert part in shown, part
    answer = world.sandbox.submit(OUTSIDER, {"customer": "Globex"})
    assert answer.ok, answer.errors
    assert "Globex is in the loop" in words(world.sandbox.view(OUTSIDER))


def test_manager_gets_the_evidence_and_gives_it_with_one_sentence(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; friday 3pm call the CTO")
    world.settle()
    lead_card = world.card(lead.id)["ts"]
    asked(world)
    assert "Mona Mason will decide" in words(world.sandbox.view(OUTSIDER))
    card = words(world.dm(MANAGER))
    for part in (
        "Otto Olsen",
        "South",
        "I met their CTO",
        "by Rita Reyes",
        "1 in all",
        "call the CTO",
        "was stopped 1 time",
    ):
        assert part in card, part
    assert "Otto Olsen asked for a ruling" in words(world.dm(REP))
    assert "collision" in world.view(REP, lead.id).broken
    ruled(world, "give", "Otto knew them first <!channel> 👍")
    assert "Otto knew them first &lt;!channel&gt;" in words(world.dm(MANAGER))
    assert "ruling.give" not in str(world.dm(MANAGER)["blocks"])
    after = world.view(OUTSIDER, lead.id)
    assert after.owner is not None
    assert after.owner.slack_user_id == OUTSIDER
    assert after.is_accepted
    assert after.team_name == "South"
    assert after.next_text == "call the CTO"
    assert "collision" not in after.broken
    assert "it goes to Otto Olsen" in words(world.dm(OUTSIDER))
    assert "it goes to Otto Olsen" in words(world.dm(REP))
    [former] = [one for one in world.sandbox.messages(CHANNEL) if one["ts"] == lead_card]
    assert f"已转入 South <#{OTHER_CHANNEL}>，负责人：Otto Olsen" in words(former)
    assert "Acme Ltd" in words(world.last(OUTSIDER, OTHER_CHANNEL))
    made = next(one.event for one in world.history(OUTSIDER, lead.id) if isinstance(one.event, RulingMade))
    assert (made.verdict, made.owner) == ("give", "Rita Reyes")


def test_kept_ruling_is_the_precedent_next_time(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    ruled(world, "keep", "Rita touched first")
    assert "it stays with Rita Reyes" in words(world.dm(OUTSIDER))
    world.sandbox.close(OUTSIDER, clear=True)
    shown = refused(world, REP2)
    assert "Rita touched first" in shown
    assert "Mona Mason" in shown
    press(world, REP2, "collision.ask_open")
    assert world.sandbox.submit(REP2, {"plea": "再看一下"}).ok
    world.settle()
    assert "Rita touched first" in words(world.dm(MANAGER))


def test_shared_customer_can_be_captured_from_the_message(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    ruled(world, "share", "Two sites, two reps")
    world.sandbox.close(OUTSIDER, clear=True)
    message = world.dm(OUTSIDER)
    world.sandbox.click(OUTSIDER, world.sandbox.dm(OUTSIDER), message["ts"], "ruling.capture")
    world.settle()
    assert "Thirty seats in May" in words(world.sandbox.view(OUTSIDER))
    answer = world.sandbox.submit(OUTSIDER, {})
    assert answer.ok, answer.errors
    assert "Acme Ltd is in the loop" in words(world.sandbox.view(OUTSIDER))
    world.sandbox.close(OUTSIDER, clear=True)
    # The first owner is not locked out by what is shared with them.
    assert world.lead(REP, "Acme Ltd", need="A second site").owner is not None


def test_second_ruling_finds_it_ruled_and_says_by_whom(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    card = world.dm(MANAGER)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), card["ts"], "ruling.give")
    world.settle()
    [case] = rulings.waiting(world.bot.desk, by=world.actor(MANAGER))
    rulings.rule(world.bot.desk, case.id, Verdict.KEEP, "Rita touched first", by=world.actor(ADMIN))
    answer = world.sandbox.submit(MANAGER, {"sentence": "Otto knew them"})
    assert "Ada Adams ruled already: it stays with Rita Reyes" in answer.errors["sentence"]
    # The manager's own card learns of it before the next click; a click that was quicker is answered with the same words.
    world.sandbox.close(MANAGER, clear=True)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), card["ts"], "ruling.share")
    world.bot.kit.drain()
    assert "Ada Adams ruled already" in words(world.sandbox.messages(world.sandbox.dm(MANAGER), as_user=MANAGER))
    world.settle()
    settled = next(one for one in world.sandbox.messages(world.sandbox.dm(MANAGER)) if one["ts"] == card["ts"])
    assert "Rita touched first" in words(settled)
    assert "ruling.share" not in str(settled["blocks"])


def test_home_of_the_manager_shows_what_waits_and_rules_from_there(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    world.sandbox.open_home(MANAGER)
    world.settle()
    assert "For you to decide (1)" in words(world.sandbox.home(MANAGER))
    world.sandbox.open_home(ADMIN)
    world.settle()
    assert "For you to decide" not in words(world.sandbox.home(ADMIN))
    row = world.sandbox.home(MANAGER)
    assert row is not None
    world.sandbox.click_home(MANAGER, "ruling.open")
    world.settle()
    assert "was stopped 1 time" in words(world.sandbox.view(MANAGER))
    press(world, MANAGER, "ruling.keep")
    answer = world.sandbox.submit(MANAGER, {"sentence": "Rita touched first"})
    assert answer.ok, answer.errors
    world.settle()
    assert "For you to decide" not in words(world.sandbox.home(MANAGER))


def test_pooled_customer_is_claimed_right_there_and_the_need_joins_its_history(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", owner="rules")
    for _ in range(2):
        asked_one = world.view(MANAGER, lead.id).owner
        assert asked_one is not None
        handovers.decline(world.bot.desk, lead.id, None, by=world.actor(str(asked_one.slack_user_id)))
    world.settle()
    assert "in the pool" in refused(world, REP)
    press(world, REP, "collision.claim")
    assert "Claimed, it is yours" in words(world.sandbox.view(REP))
    owner = world.view(REP, lead.id).owner
    assert owner is not None
    assert owner.slack_user_id == REP
    notes = [one.event.text for one in world.history(REP, lead.id) if isinstance(one.event, NoteAdded)]
    assert notes == ["Thirty seats in May"]
    # Another team's pool is not theirs to claim; they may ask.
    other = world.lead(REP, "Globex", owner="rules")
    for _ in range(2):
        asked_one = world.view(MANAGER, other.id).owner
        assert asked_one is not None
        handovers.decline(world.bot.desk, other.id, None, by=world.actor(str(asked_one.slack_user_id)))
    shown = refused(world, OUTSIDER, "Globex")
    assert "another team's pool" in shown
    press(world, OUTSIDER, "collision.ask_open")
    assert world.sandbox.submit(OUTSIDER, {"plea": "I know them"}).ok
    world.settle()
    card = everything_told(world, MANAGER)
    assert "Stays in the pool" in card
    assert "Both (share)" not in card
    ruled(world, "keep", "Let somebody here claim it")
    assert "it stays in the pool" in words(world.dm(OUTSIDER))


def test_the_longest_form_is_kept_too_also_from_the_home(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.open_home(REP2)
    world.settle()
    world.sandbox.click_home(REP2, "lead.open")
    world.settle()
    need = "需要三十套软件和培训，五月上线。" * 120
    typed = {
        "customer": "Acme Ltd",
        "need": need,
        "contact_name": "王" * 90,
        "next_step": "打" * 490,
        "product": "件" * 100,
    }
    answer = world.sandbox.submit(REP2, typed)
    assert answer.ok, (answer.error, answer.errors)
    press(world, REP2, "collision.back")
    shown = words(world.sandbox.view(REP2))
    for part in (need[:1500], "王" * 90, "打" * 490, "件" * 100):
        assert part in shown, part[:20]


def test_asking_again_while_it_is_open_is_answered_in_the_view(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world, REP2, "我先认识的")
    world.sandbox.close(REP2, clear=True)
    shown = refused(world, REP2)
    assert "尚未有结果" in shown
    assert "collision.ask_open" not in str(world.sandbox.view(REP2))


def test_admins_who_were_asked_all_read_what_one_of_them_ruled(world: World) -> None:
    """South is managed by the admin: with the admin as the owner nobody but the admin is left, who rules in the open."""
    lead = world.lead(OUTSIDER, "Acme Ltd")
    asked(world, REP)
    assert "Rita Reyes" in words(world.dm(ADMIN))
    ruled(world, "give", "Rita met them <!here>", judge=ADMIN)
    assert world.view(REP, lead.id).team_name == "North"
    assert "Rita met them &lt;!here&gt;" in words(world.dm(OUTSIDER))
    assert "Acme Ltd" in words(world.last(REP, CHANNEL))


def test_own_case_is_refused_with_whom_to_ask(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(MANAGER, CHANNEL, world.card(lead.id)["ts"], "handover.open")
    world.settle()
    assert world.sandbox.submit(MANAGER, {"to": MANAGER}).ok
    world.settle()
    world.sandbox.close(MANAGER, clear=True)
    asked(world)
    [case] = rulings.waiting(world.bot.desk, by=world.actor(ADMIN))
    world.sandbox.open_home(MANAGER)
    world.settle()
    assert "For you to decide" not in words(world.sandbox.home(MANAGER))
    with pytest.raises(NotAllowed) as caught:
        rulings.case(world.bot.desk, case.id, by=world.actor(MANAGER), judging=True)
    assert caught.value.params == {"judges": "Ada Adams"}


def test_digest_says_that_a_decision_waits(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    world.later(days=1, hours=1)
    digest = next(one for one in reversed(world.sandbox.messages(CHANNEL)) if "闭环健康度" in words(one))
    assert "等待主管决定：* 1 项" in words(digest)


def test_registered_customer_is_ruled_on_and_given_to_the_one_who_asks(world: World) -> None:
    approved(world, REP, "Zephyr Robotics")
    world.sandbox.command(REP2, "/lead")
    world.settle()
    asked(world, REP2, "我先见过他们 <!here>", "Zephyr Robotics")
    card = words(world.dm(MANAGER))
    for part in ("林伟", "Zephyr Robotics", "我先见过他们", "Registered by Rita Reyes", "met their CTO", "Mona Mason"):
        assert part in card, part
    assert "Open card" not in card
    assert "您申请裁定" in words(world.dm(REP2))
    ruled(world, "give", "Lin met them first")
    assert "Lin met them first" in everything_told(world, REP)
    world.sandbox.close(REP2, clear=True)
    press_in_dm(world, REP2, "ruling.capture")
    answer = world.sandbox.submit(REP2, {})
    assert answer.ok, answer.errors
    assert "Zephyr Robotics" in words(world.sandbox.view(REP2))
    world.sandbox.close(REP, clear=True)
    shown = refused(world, REP, "Zephyr Robotics")
    assert "林伟" in shown
    assert "Lin met them first" in shown


def test_asker_withdraws_from_the_message_and_the_managers_card_says_so(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    asked(world)
    assert "Mona Mason will decide" in words(world.dm(OUTSIDER))
    press_in_dm(world, OUTSIDER, "collision.withdraw")
    assert "the request was withdrawn" in words(world.dm(OUTSIDER))
    assert "collision.withdraw" not in str(world.dm(OUTSIDER)["blocks"])
    assert "the request was withdrawn" in words(world.dm(MANAGER))
    assert "ruling.give" not in str(world.dm(MANAGER)["blocks"])
    assert "withdrew the request" in words(world.dm(REP))
    world.sandbox.close(OUTSIDER, clear=True)
    asked(world)
    world.sandbox.close(OUTSIDER, clear=True)
    refused(world, OUTSIDER)
    press(world, OUTSIDER, "collision.withdraw")
    assert "the request was withdrawn" in words(world.sandbox.view(OUTSIDER))


def test_request_lapses_when_the_opportunity_is_released_and_both_cards_say_so(world: World) -> None:
    number = world.lead(REP, "Acme Ltd").id
    asked(world, REP2, "我先认识的")
    pool.release(world.bot.desk, number, "Not my region", by=world.actor(REP))
    world.settle()
    assert "已回到公海" in words(world.dm(REP2))
    assert "collision.withdraw" not in str(world.sandbox.messages(world.sandbox.dm(REP2)))
    assert "ruling.give" not in str(world.sandbox.messages(world.sandbox.dm(MANAGER)))
    assert "it went back to the pool" in everything_told(world, MANAGER)


def test_request_of_one_who_left_is_taken_off_the_managers_card_and_the_owners(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    asked(world)
    members.remember(world.bot.desk, world.sandbox.settings.team_id, Profile(OUTSIDER, "Otto Olsen", is_active=False))
    world.settle()
    assert "collision" not in world.view(REP, lead.id).broken
    assert "who asked is no longer active" in everything_told(world, MANAGER)
    assert "ruling.give" not in str(world.sandbox.messages(world.sandbox.dm(MANAGER)))
    assert "Otto Olsen, who asked for a ruling on" in everything_told(world, REP)


def pooled(world: World, customer: str = "Acme Ltd", **more: object) -> int:
    """Return an opportunity that its owner gave back to the pool."""
    number = world.lead(REP, customer, **more).id
    pool.release(world.bot.desk, number, "Too many", by=world.actor(REP))
    world.settle()
    return number


TYPED = {
    "contact_name": "Bo Lind", "contact_phone": "+1 212 555 0188", "amount": "12,000", "next_step": "Send the quote", "next_due_at": "friday 3pm",
}  # fmt: skip


def test_claim_from_the_view_of_a_collision_brings_all_that_was_typed(world: World) -> None:
    number = pooled(world, contact_name="Ann Lee", contact_phone="+1 212 555 0100")
    refused(world, REP2, **TYPED)
    press(world, REP2, "collision.claim")
    shown = world.view(REP2, number)
    assert shown.owner is not None
    assert shown.contact is not None
    assert (shown.owner.slack_user_id, shown.contact.name, shown.contact.phone) == (REP2, "Bo Lind", "+1 212 555 0188")
    assert (shown.amount_minor, shown.next_text) == (1_200_000, "Send the quote")
    assert shown.next_due_at is not None
    assert [one.event.text for one in world.history(REP2, number) if isinstance(one.event, NoteAdded)] == [
        "Thirty seats in May"
    ]


def test_claim_from_the_view_of_a_collision_is_graded_by_all_that_was_answered(world: World) -> None:
    number = pooled(world)
    refused(world, REP2, source="referral", budget="confirmed", authority="decider")
    press(world, REP2, "collision.claim")
    after = world.view(REP2, number)
    points = {one.criterion.en: one.points for one in after.points}
    assert (after.facts["budget"], after.facts["authority"]) == ("confirmed", "decider")
    assert (points["Source"], points["Budget"], points["Decision maker"]) == (20, 20, 15)
    assert (after.grade, after.score) == ("A", 80)


def test_refused_claim_says_why_and_keeps_what_was_typed_with_the_ways_on(world: World) -> None:
    number = pooled(world)
    # Their own, given back a moment ago: they let others have their turn.
    assert "in the pool" in refused(world, REP, **TYPED)
    press(world, REP, "collision.claim")
    shown = words(world.sandbox.view(REP))
    for part in ("🙏", "rests for others until", "What you typed is kept", "Ask for a ruling", "Back to the form"):
        assert part in shown, part
    press(world, REP, "collision.back")
    shown = words(world.sandbox.view(REP))
    for part in ("Acme Ltd", "Thirty seats in May", "12,000", "Bo Lind", "Send the quote"):
        assert part in shown, part
    world.sandbox.close(REP, clear=True)
    # Somebody else is faster: who, and the ways on from them.
    refused(world, OUTSIDER)
    world.sandbox.close(OUTSIDER, clear=True)
    refused(world, REP2, **TYPED)
    pool.assign(world.bot.desk, number, str(world.actor(MANAGER).member_id), None, by=world.actor(MANAGER))
    press(world, REP2, "collision.claim")
    shown = words(world.sandbox.view(REP2))
    for part in ("Mona Mason", "告诉 Mona Mason", "申请裁定", "返回表单", "您填写的内容都已保留"):
        assert part in shown, part


def test_manager_assigns_a_pooled_customer_from_the_view_of_the_collision(world: World) -> None:
    number = pooled(world)
    shown = refused(world, MANAGER)
    assert "Claim" not in shown
    assert "Assign" in shown
    press(world, MANAGER, "pool.assign_open")
    assert "Thirty seats in May" in words(world.sandbox.view(MANAGER))
    answer = world.sandbox.submit(MANAGER, {"to": str(world.actor(REP2).member_id)})
    assert answer.ok, answer.errors
    owner = world.view(MANAGER, number).owner
    assert owner is not None
    assert owner.slack_user_id == REP2


@pytest.mark.parametrize("to", [REP2, pool.BY_RULES])
def test_what_a_manager_typed_goes_along_with_what_they_assign(world: World, to: str) -> None:
    number = pooled(world)
    refused(world, MANAGER, **TYPED, source="referral", budget="confirmed", authority="decider")
    press(world, MANAGER, "pool.assign_open")
    taker = to if to == pool.BY_RULES else str(world.actor(to).member_id)
    answer = world.sandbox.submit(MANAGER, {"to": taker})
    assert answer.ok, answer.errors
    after = world.view(REP2, number)
    assert after.owner is not None
    assert after.contact is not None
    assert (after.owner.slack_user_id, after.contact.name, after.contact.phone) == (REP2, "Bo Lind", "+1 212 555 0188")
    assert (after.amount_minor, after.next_text, after.grade) == (1_200_000, "Send the quote", "A")
    assert after.facts["budget"] == "confirmed"
    notes = [one.event.text for one in world.history(REP2, number) if isinstance(one.event, NoteAdded)]
    assert notes == ["Thirty seats in May"]


def test_what_a_manager_typed_at_length_fits_the_form_that_assigns_it(world: World) -> None:
    number = pooled(world)
    refused(world, MANAGER, need="需要三十套软件和培训，五月上线。" * 120, contact_name="王" * 90, product="件" * 100)
    press(world, MANAGER, "pool.assign_open")
    assert world.sandbox.submit(MANAGER, {"to": str(world.actor(REP2).member_id)}).ok
    after = world.view(REP2, number)
    assert after.contact is not None
    assert (after.contact.name, after.product) == ("王" * 90, "件" * 100)


def test_pool_that_is_open_to_all_is_claimed_by_another_teams_rep(world: World) -> None:
    number = pooled(world)
    assert "another team's pool" in refused(world, OUTSIDER)
    world.sandbox.close(OUTSIDER, clear=True)
    world.clock.advance(timedelta(days=9))
    assert "Claim it" in refused(world, OUTSIDER)
    press(world, OUTSIDER, "collision.claim")
    owner = world.view(ADMIN, number).owner
    assert owner is not None
    assert owner.slack_user_id == OUTSIDER


def test_share_opens_the_form_with_everything_that_was_typed(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    refused(world, OUTSIDER, **TYPED)
    press(world, OUTSIDER, "collision.ask_open")
    assert world.sandbox.submit(OUTSIDER, {"plea": "I met their CTO"}).ok
    world.settle()
    ruled(world, "share", "Two sites, two reps")
    world.sandbox.close(OUTSIDER, clear=True)
    press_in_dm(world, OUTSIDER, "ruling.capture")
    shown = words(world.sandbox.view(OUTSIDER))
    for part in ("Acme Ltd", "Thirty seats in May", "12,000", "Bo Lind", "+1 212 555 0188", "Send the quote"):
        assert part in shown, part


def given_with(world: World, wait: timedelta = timedelta(0), /, **typed: Any) -> OpportunityView:
    """Have a ruling give an opportunity to one who typed something before; returns it as its new owner sees it."""
    refused(world, OUTSIDER, **typed)
    press(world, OUTSIDER, "collision.ask_open")
    assert world.sandbox.submit(OUTSIDER, {"plea": "I met their CTO"}).ok
    world.settle()
    world.clock.advance(wait)
    ruled(world, "give", "Otto knew them first")
    return world.found(OUTSIDER, "Acme")


def notes_of(world: World, number: int) -> list[tuple[str, str]]:
    lines = world.history(OUTSIDER, number)
    return [(str(one.actor and one.actor.name), one.event.text) for one in lines if isinstance(one.event, NoteAdded)]


def test_given_opportunity_is_filled_with_what_its_new_owner_typed(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    after = given_with(world, **TYPED, source="referral", budget="confirmed", authority="decider")
    assert after.contact is not None
    assert (after.contact.name, after.contact.phone, after.amount_minor) == ("Bo Lind", "+1 212 555 0188", 1_200_000)
    assert (after.facts["budget"], after.score) == ("confirmed", 80)
    # The next step stays the former owner's until it is done; theirs is in their note.
    assert after.next_text != "Send the quote"
    assert notes_of(world, after.id) == [("Otto Olsen", "Thirty seats in May\nSend the quote · friday 3pm")]


def test_nothing_of_the_former_owners_is_overwritten_by_what_the_new_one_typed(world: World) -> None:
    former = {
        "contact_name": "Ann Lee",
        "contact_phone": "+1 212 555 0100",
        "amount": "99,000",
        "next_step": "Call her",
    }
    world.lead(REP, "Acme Ltd", **former, source="event", budget="likely")
    after = given_with(world, **TYPED, source="referral", budget="confirmed", authority="decider")
    assert after.contact is not None
    assert (after.contact.name, after.contact.phone, after.amount_minor) == ("Ann Lee", "+1 212 555 0100", 9_900_000)
    assert (after.next_text, after.facts) == (
        "Call her",
        {"source": "event", "budget": "likely", "authority": "decider"},
    )
    [(_, note)] = notes_of(world, after.id)
    assert note.split("\n") == [
        "Thirty seats in May",
        "Bo Lind · +1 212 555 0188",
        "12,000",
        "Send the quote · friday 3pm",
    ]


def test_only_what_nobody_can_take_any_more_of_what_the_new_owner_typed_is_kept_in_their_words(world: World) -> None:
    world.lead(REP, "Acme Ltd", contact_name="Ann Lee")
    typed = {"contact_name": "ann lee", "contact_phone": "+1 212 555 0188", "expected_close_on": "2026-03-03"}
    after = given_with(world, timedelta(days=2), **typed)
    assert after.contact is not None
    assert (after.contact.name, after.contact.phone, after.expected_close_on) == ("Ann Lee", "+1 212 555 0188", None)
    [(_, note)] = notes_of(world, after.id)
    assert note.split("\n") == ["Thirty seats in May", "ann lee · +1 212 555 0188", "Expected close: 2026-03-03"]


# --- collisions that nobody asked a ruling for


def two_owners(world: World) -> tuple[int, int]:
    """Return what two have at one customer since a manager gave one of two away."""
    numbers = [world.lead(REP, "Acme Ltd", need=need).id for need in ("First site", "Second site")]
    found = opportunities.find(world.bot.desk, "acme", by=world.actor(REP))
    first, second = sorted(one.id for one in found)
    assert len(numbers) == 2
    handovers.reassign(world.bot.desk, second, REP2, None, by=world.actor(ADMIN))
    world.settle()
    return first, second


def test_collision_is_told_listed_shown_and_settled_in_slack(world: World) -> None:
    first, second = two_owners(world)
    told = world.dm(MANAGER)
    assert "has two owners now: Rita Reyes, and 林伟" in words(told)
    assert "撞单" in words(world.card(first))
    for user, count in ((MANAGER, 2), (REP, 1), (OUTSIDER, 0)):
        answer = world.sandbox.command(user, "/opp", "collisions")
        assert words(answer.body).count("on this customer too, since") == count, user
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), told["ts"], "collision.settle")
    world.settle()
    shown = words(world.sandbox.view(MANAGER))
    for part in ("Whose is *Acme Ltd*?", "First site", "Second site", "All of it goes to 林伟", "Both work on it"):
        assert part in shown, part
    values = {"to": str(world.actor(REP2).member_id), "sentence": "One face to the customer"}
    answer = world.sandbox.submit(MANAGER, values)
    assert answer.ok, answer.errors
    assert "Acme Ltd* is *林伟*’s now" in words(world.sandbox.view(MANAGER))
    world.settle()
    for number in (first, second):
        owner = world.view(ADMIN, number).owner
        assert owner is not None
        assert owner.slack_user_id == REP2
        assert "⚔️" not in words(world.card(number))
    # A press on the old message finds it settled.
    world.sandbox.close(MANAGER, clear=True)
    world.sandbox.click(MANAGER, world.sandbox.dm(MANAGER), told["ts"], "collision.settle")
    world.settle()
    assert "Nobody collides over Acme Ltd any more" in words(
        world.sandbox.messages(world.sandbox.dm(MANAGER), as_user=MANAGER)
    )
    # Rita hears in her own hours, half a day later.
    for user in (REP2, REP):
        assert "One face to the customer" in everything_told(world, user)


def test_card_in_the_channel_settles_for_the_manager_alone(world: World) -> None:
    first, _ = two_owners(world)
    card = world.card(first)
    world.sandbox.click(REP, CHANNEL, card["ts"], "collision.settle")
    world.settle()
    assert "This is for Mona Mason to decide" in words(world.last(REP, CHANNEL))
    world.sandbox.click(MANAGER, CHANNEL, card["ts"], "collision.settle")
    world.settle()
    assert "Whose is *Acme Ltd*?" in words(world.sandbox.view(MANAGER))


def test_settling_where_a_ruling_was_asked_for_shows_the_request(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    asked(world)
    card = world.card(lead.id)
    assert "申请裁定" in words(card)
    world.sandbox.click(MANAGER, CHANNEL, card["ts"], "collision.settle")
    world.settle()
    assert "I met their CTO in January" in words(world.last(MANAGER, CHANNEL))
