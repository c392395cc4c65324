"""Changes of owner, from a raw payload to what Slack received."""

from bot.domain.events import OwnerChanged
from tests.slack.conftest import CHANNEL, MANAGER, REP, REP2, SPECIALIST, World, words


def _offered(world: World, note: str = "Call Ann first") -> int:
    lead = world.lead(REP, "Acme Ltd", contact_name="Ann", contact_phone="+1 212 555 0188")
    world.sandbox.command(REP, "/followup", "acme sent the quote; friday 3pm call the CTO")
    world.sandbox.command(REP, "/handover", f"acme <@{REP2}> {note}")
    world.settle()
    answer = world.sandbox.submit(REP, {})
    assert answer.ok, answer.errors
    assert "yours until they accept" in words(world.sandbox.view(REP))
    world.settle()
    return lead.id


def test_new_owner_gets_the_whole_history_contacts_and_note_and_accepts(world: World) -> None:
    number = _offered(world)
    before = world.view(REP, number)
    message = world.dm(REP2)
    shown = words(message)
    for part in ("Rita Reyes", "Call Ann first", "sent the quote", "call the CTO", "+1 212 555 0188", "录入线索"):
        assert part in shown, part
    dm = world.sandbox.dm(REP2)
    world.sandbox.click(REP2, dm, message["ts"], "handover.accept")
    world.settle()
    after = world.view(REP2, number)
    assert after.owner is not None
    assert after.owner.slack_user_id == REP2
    same = ("stage", "next_text", "next_due_at", "need", "amount_minor")
    assert [getattr(after, name) for name in same] == [getattr(before, name) for name in same]
    changed = next(one.event for one in world.history(REP2, number) if isinstance(one.event, OwnerChanged))
    assert (changed.before, changed.after) == ("Rita Reyes", "林伟")
    settled = next(one for one in world.sandbox.messages(dm, as_user=REP2) if one["ts"] == message["ts"])
    assert "现在由您负责" in words(settled)
    assert "sent the quote" in words(settled)
    assert "handover.accept" not in str(settled["blocks"])
    assert "follow_up.open" in str(settled["blocks"])


def test_decline_tells_the_owner_and_settles_the_message(world: World) -> None:
    number = _offered(world)
    message = world.dm(REP2)
    dm = world.sandbox.dm(REP2)
    world.sandbox.click(REP2, dm, message["ts"], "handover.decline")
    world.settle()
    answer = world.sandbox.submit(REP2, {"reason": "I am full"})
    assert answer.ok, answer.errors
    world.settle()
    settled = next(one for one in world.sandbox.messages(dm, as_user=REP2) if one["ts"] == message["ts"])
    assert "谢绝" in words(settled)
    assert "handover.accept" not in str(settled["blocks"])
    owner = world.view(REP, number).owner
    assert owner is not None
    assert owner.slack_user_id == REP
    assert "I am full" in words(world.dm(REP))


def test_accepting_twice_is_answered_with_one_sentence(world: World) -> None:
    _offered(world)
    message = world.dm(REP2)
    dm = world.sandbox.dm(REP2)
    answer = world.sandbox.click(REP2, dm, message["ts"], "handover.accept")
    world.settle()
    world.sandbox.redeliver(answer)
    world.settle()
    assert "已经保存过了" in words(world.sandbox.messages(dm, as_user=REP2))


def test_manager_reassigns_at_once_and_the_new_owner_is_asked_to_accept(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(MANAGER, CHANNEL, world.card(lead.id)["ts"], "handover.open")
    world.settle()
    answer = world.sandbox.submit(MANAGER, {"to": REP2, "note": "Rita is away"})
    assert answer.ok, answer.errors
    owner = world.view(MANAGER, lead.id).owner
    assert owner is not None
    assert owner.slack_user_id == REP2
    world.settle()
    message = world.dm(REP2)
    assert "Acme Ltd" in words(message)
    world.sandbox.click(REP2, world.sandbox.dm(REP2), message["ts"], "handover.accept")
    world.settle()
    assert world.view(REP2, lead.id).is_accepted
    assert "林伟" in words(world.dm(REP))


def test_one_who_cannot_own_is_refused_at_the_field(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/handover", "acme")
    world.settle()
    for to, part in ((SPECIALIST, "cannot own"), (REP, "already")):
        answer = world.sandbox.submit(REP, {"to": to})
        assert part in answer.errors["to"], answer.errors


def test_nobody_hands_over_what_belongs_to_somebody_else(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(REP2, CHANNEL, world.card(lead.id)["ts"], "handover.open")
    world.settle()
    assert world.sandbox.view(REP2) is None
    assert "Rita Reyes" in words(world.last(REP2, CHANNEL))


def test_declined_lead_goes_to_the_next_rep_then_to_the_pool_and_is_claimed_once(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", owner="rules")
    for _ in range(2):
        asked = world.view(MANAGER, lead.id).owner
        assert asked is not None
        user = str(asked.slack_user_id)
        message = world.dm(user)
        world.sandbox.click(user, world.sandbox.dm(user), message["ts"], "handover.decline")
        world.settle()
        assert world.sandbox.submit(user, {}).ok
        world.settle()
        world.sandbox.close(user, clear=True)
    assert world.view(MANAGER, lead.id).owner is None
    card = world.card(lead.id)
    assert "公海" in words(card)
    for _ in range(2):
        world.sandbox.click(REP2, CHANNEL, card["ts"], "pool.claim")
    world.sandbox.click(REP, CHANNEL, card["ts"], "pool.claim")
    world.settle()
    owner = world.view(MANAGER, lead.id).owner
    assert owner is not None
    assert owner.slack_user_id == REP2
    assert "林伟 was faster" in words(world.last(REP, CHANNEL))
    assert "它已由您负责" in words(world.sandbox.messages(CHANNEL, as_user=REP2))


def test_handover_without_somebody_is_refused_at_the_field(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(REP, CHANNEL, world.card(lead.id)["ts"], "handover.open")
    world.settle()
    view = world.sandbox.view(REP)
    assert view is not None
    answer = world.sandbox.submit(REP, {})
    assert not answer.ok
    assert "HandoverOffered" not in world.kinds(REP, lead.id)


def test_handover_from_a_nudge_settles_it(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", next_step="Call them", next_due_at="tomorrow 10am")
    world.later(days=2)
    nudge, dm = world.dm(REP), world.sandbox.dm(REP)
    world.sandbox.click(REP, dm, nudge["ts"], "handover.open", value=str(lead.id))
    world.settle()
    assert world.sandbox.submit(REP, {"to": REP2}).ok
    world.settle()
    settled = next(one for one in world.sandbox.messages(dm, as_user=REP) if one["ts"] == nudge["ts"])
    assert "yours until they accept" in words(settled)
    assert "snooze.pick" not in str(settled["blocks"])


def test_stale_offer_cannot_be_accepted_any_more(world: World) -> None:
    number = _offered(world)
    message, dm = world.dm(REP2), world.sandbox.dm(REP2)
    world.sandbox.command(REP, "/lost", "acme")
    world.settle()
    assert world.sandbox.submit(REP, {"reason": "price"}).ok
    world.sandbox.click(REP2, dm, message["ts"], "handover.accept")
    world.settle()
    owner = world.view(REP, number).owner
    assert owner is not None
    assert owner.slack_user_id == REP
    assert "没有需要您答复" in words(world.sandbox.messages(dm, as_user=REP2))
