"""Collisions and rulings, from a raw payload to what Slack received."""

from bot.domain.events import OwnerTold, RulingMade
from bot.domain.rulings import Verdict
from bot.services import rulings
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OTHER_CHANNEL, OUTSIDER, REP, REP2, World, words


def refused(world: World, user: str, customer: str = "Acme Ltd", **more: object) -> str:
    """Try to capture a customer that somebody else has; returns what is read then."""
    world.sandbox.command(user, "/lead")
    world.settle()
    answer = world.sandbox.submit(user, {"customer": customer, "need": "Thirty seats in May", **more})
    assert answer.ok, (answer.error, answer.errors)
    world.settle()
    return words(world.sandbox.view(user))


def press(world: World, user: str, action_id: str) -> None:
    """Press a button in the open modal."""
    world.sandbox.click_view(user, action_id)
    world.settle()


def asked(world: World, user: str = OUTSIDER, plea: str = "I met their CTO in January") -> None:
    refused(world, user)
    press(world, user, "collision.ask_open")
    answer = world.sandbox.submit(user, {"plea": plea})
    assert answer.ok, answer.errors
    world.settle()


def ruled(world: World, verdict: str, sentence: str, judge: str = MANAGER) -> None:
    card = world.dm(judge)
    world.sandbox.click(judge, world.sandbox.dm(judge), card["ts"], f"ruling.{verdict}")
    world.settle()
    answer = world.sandbox.submit(judge, {"sentence": sentence})
    assert answer.ok, answer.errors
    world.settle()


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
    assert "已告诉Rita Reyes" in words(world.sandbox.view(REP2)).replace(" ", "").replace("RitaReyes", "Rita Reyes")
    world.settle()
    message = words(world.dm(REP))
    for part in ("林伟", "Acme Ltd", "想要 30 套 👍 &lt;!channel&gt;", "+1 212 555 0188", "Log follow-up"):
        assert part in message, part
    assert "<!channel>" not in message
    event = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, OwnerTold))
    assert event.contact == "Bo <!channel> · +1 212 555 0188"


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
    moved = world.sandbox.messages(CHANNEL)[-1]
    assert "已转到 *South* 团队" in words([one for one in world.sandbox.messages(CHANNEL) if "South" in words(one)][-1])
    assert moved
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
