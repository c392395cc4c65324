"""Follow-ups, from a raw payload to what Slack received."""

from bot.domain.events import FollowUpLogged, NoteAdded
from tests.slack.conftest import CHANNEL, MANAGER, OUTSIDER, REP, REP2, World, words


def test_one_line_that_says_everything_is_saved_at_once_and_repeated_back(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    answer = world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    assert world.sandbox.view(REP) is None
    shown = words(answer.body)
    assert "Thu, Mar 5 3:00 PM" in shown
    assert "call the CTO" in shown
    view = world.view(REP, lead.id)
    assert view.next_text == "call the CTO"
    assert view.next_due_at is not None
    assert view.next_due_at.isoformat() == "2026-03-05T20:00:00+00:00"
    logged = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, FollowUpLogged))
    assert logged.said == "sent the quote"


def test_one_line_in_chinese_is_saved_at_once(world: World) -> None:
    lead = world.lead(REP2, "华星科技")
    answer = world.sandbox.command(REP2, "/followup", "华星 已发报价；下周四下午3点给技术总监打电话")
    assert "3月12日周四 15:00" in words(answer.body)
    view = world.view(REP2, lead.id)
    assert view.next_due_at is not None
    assert view.next_due_at.isoformat() == "2026-03-12T07:00:00+00:00"


def test_links_and_signs_in_the_line_are_kept_as_typed(world: World) -> None:
    number = world.lead(REP, "Johnson & Johnson").id
    world.sandbox.command(REP, "/followup", "johnson & johnson read acme.com & liked it; next thu 3pm mail bo@acme.com")
    world.settle()
    logged = [one.event for one in world.history(REP, number) if isinstance(one.event, FollowUpLogged)]
    assert [one.said for one in logged] == ["read acme.com & liked it"]
    assert world.view(REP, number).next_text == "mail bo@acme.com"


def test_chinese_name_without_a_space_behind_it_is_found(world: World) -> None:
    lead = world.lead(REP2, "华星科技")
    world.sandbox.command(REP2, "/followup", "华星发了报价；明天上午10点回访")
    assert world.view(REP2, lead.id).next_text == "回访"


def test_undo_of_a_line_puts_everything_back(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", next_step="Call them", next_due_at="friday 5pm")
    world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    message = world.last(REP, CHANNEL)
    world.sandbox.click(REP, CHANNEL, message["ts"], "action.undo")
    world.settle()
    assert world.view(REP, lead.id).next_text == "Call them"
    assert "Undone" in words(world.last(REP, CHANNEL))


def test_edit_of_a_line_replaces_it(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    message = world.last(REP, CHANNEL)
    world.sandbox.click(REP, CHANNEL, message["ts"], "follow_up.edit")
    world.settle()
    form = words(world.sandbox.view(REP))
    assert "sent the quote" in form
    assert "2026-03-05 15:00" in form
    answer = world.sandbox.submit(REP, {"next_step": "call the CFO", "next_due_at": "2026-03-13 10:00"})
    assert answer.ok, answer.errors
    view = world.view(REP, lead.id)
    assert view.next_text == "call the CFO"
    kinds = world.kinds(REP, lead.id)
    assert kinds.count("FollowUpLogged") == 2
    assert kinds.count("ActionUndone") == 1


def test_line_without_a_time_opens_the_form_prefilled(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote")
    world.settle()
    form = words(world.sandbox.view(REP))
    assert "Acme Ltd" in form
    assert "sent the quote" in form


def test_line_that_names_no_opportunity_opens_the_form_with_a_typeahead(world: World) -> None:
    world.lead(REP, "Acton Motors")
    world.lead(REP, "Acton Bakery")
    world.sandbox.command(REP, "/followup", "acton sent the quote; tomorrow 3pm call")
    world.settle()
    found = world.sandbox.options(REP, "opportunity.pick", "acton b").options
    assert [one["text"]["text"].split(" – ")[0] for one in found] == ["Acton Bakery"]
    assert world.sandbox.submit(REP, {"opportunity": "Acton B"}).ok
    assert world.view(REP, world.found(REP, "acton b").id).next_text == "call"


def test_words_of_the_need_alone_are_not_enough_to_save_at_once(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", need="sent samples last year")
    world.sandbox.command(REP, "/followup", "sent the quote; tomorrow 3pm call")
    world.settle()
    assert world.sandbox.view(REP) is not None
    assert "FollowUpLogged" not in world.kinds(REP, lead.id)


def test_follow_up_without_a_next_step_is_refused_at_the_field(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    card = world.card(lead.id)
    world.sandbox.click(REP, CHANNEL, card["ts"], "follow_up.open")
    world.settle()
    answer = world.sandbox.submit(REP, {"said": "Called", "next_step": "Call again"})
    assert "next step" in answer.errors["next_step"]
    answer = world.sandbox.submit(REP, {"next_due_at": "hm"})
    assert "not understood" in answer.errors["next_due_at"]
    assert "FollowUpLogged" not in world.kinds(REP, lead.id)


def test_time_inside_the_next_step_is_enough(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(REP, CHANNEL, world.card(lead.id)["ts"], "follow_up.open")
    world.settle()
    assert world.sandbox.submit(REP, {"said": "Called", "next_step": "call the CTO friday 4pm"}).ok
    view = world.view(REP, lead.id)
    assert view.next_text == "call the CTO"
    assert "Fri, Mar 6 4:00 PM" in words(world.sandbox.view(REP))


def test_card_in_the_channel_follows(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    before = world.card(lead.id)
    world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    world.settle()
    after = world.card(lead.id)
    assert after["ts"] == before["ts"]
    assert "call the CTO" in words(after)


def test_somebody_elses_card_says_whose_it_is(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(REP2, CHANNEL, world.card(lead.id)["ts"], "follow_up.open")
    world.settle()
    assert world.sandbox.view(REP2) is None
    assert "Rita Reyes" in words(world.last(REP2, CHANNEL))
    world.sandbox.click(OUTSIDER, CHANNEL, world.card(lead.id)["ts"], "follow_up.open")
    world.settle()
    assert "no such opportunity" in words(world.last(OUTSIDER, CHANNEL))


def test_manager_logs_for_an_absent_rep_and_is_shown_as_such(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(MANAGER, "/followup", "acme called them; tomorrow 3pm send the offer")
    logged = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, FollowUpLogged))
    assert logged.for_member == "Rita Reyes"
    assert logged.way == "call"


def test_nudge_is_acted_on_in_its_place(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", next_step="Call them", next_due_at="tomorrow 10am")
    world.later(days=2)
    nudge = world.dm(REP)
    assert "Acme Ltd" in words(nudge)
    dm = world.sandbox.dm(REP)
    world.sandbox.select(REP, dm, nudge["ts"], "snooze.pick", f"{lead.id}:tomorrow")
    world.settle()
    assert "Quiet until" in words(world.sandbox.messages(dm, as_user=REP))
    world.later(days=2)
    nudge = world.dm(REP)
    world.sandbox.click(REP, dm, nudge["ts"], "next_step.done", value=str(lead.id))
    world.settle()
    assert "Call them" in words(world.sandbox.view(REP))
    answer = world.sandbox.submit(REP, {"next_step": "Send the offer", "next_due_at": "tomorrow 5pm"})
    assert answer.ok, answer.errors
    world.settle()
    settled = next(one for one in world.sandbox.messages(dm, as_user=REP) if one["ts"] == nudge["ts"])
    assert "Follow-up saved" in words(settled)
    assert "next_step.done" not in str(settled["blocks"])


def test_message_becomes_a_follow_up_with_its_text_and_permalink(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    said = world.sandbox.say(REP2, CHANNEL, "Acme says yes", thread_ts=world.card(lead.id)["ts"])
    assert said.ts is not None
    world.sandbox.message_shortcut(REP, "follow_up.from_message", CHANNEL, said.ts)
    world.settle()
    assert "Acme Ltd" in words(world.sandbox.view(REP))
    assert world.sandbox.submit(REP, {"next_step": "Send the contract", "next_due_at": "tomorrow"}).ok
    logged = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, FollowUpLogged))
    assert logged.said == "Acme says yes"
    assert logged.permalink


def test_thread_under_the_card_joins_the_history_once(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    thread = world.card(lead.id)["ts"]
    said = world.sandbox.say(REP2, CHANNEL, "They want <https://acme.test> &amp; more", thread_ts=thread)
    world.sandbox.redeliver(said)
    world.sandbox.say(REP2, CHANNEL, "", thread_ts=thread, files=[("offer.pdf", b"%PDF")])
    world.sandbox.say(REP2, CHANNEL, "not in a thread")
    world.settle()
    notes = [one.event for one in world.history(REP, lead.id) if isinstance(one.event, NoteAdded)]
    assert [one.text for one in notes] == ["They want https://acme.test & more", "📎 offer.pdf"]
    assert [one.source for one in notes] == ["thread", "file"]


def test_due_time_in_the_past_is_refused(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.click(REP, CHANNEL, world.card(lead.id)["ts"], "follow_up.open")
    world.settle()
    answer = world.sandbox.submit(REP, {"said": "Called", "next_step": "Again", "next_due_at": "2026-03-01 10:00"})
    assert "next_due_at" in answer.errors
    assert world.view(REP, lead.id).last_follow_up_at is None


def test_a_year_that_cannot_be_meant_is_asked_about_and_nothing_typed_is_lost(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; 2062-03-05 3pm call the CTO")
    world.settle()
    assert "sent the quote" in str(world.sandbox.view(REP))
    answer = world.sandbox.submit(REP, {})
    assert "more than a year away" in answer.errors["next_due_at"]
    assert world.view(REP, lead.id).last_follow_up_at is None
    assert world.sandbox.submit(REP, {"next_due_at": "2026-03-05 15:00"}).ok
    assert world.view(REP, lead.id).next_text == "call the CTO"


def test_empty_command_opens_the_form_with_ones_own_opportunities(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup")
    world.settle()
    found = world.sandbox.options(REP, "opportunity.pick", "").options
    assert [one["value"] for one in found] == [str(lead.id)]


def test_correction_that_is_itself_wrong_takes_nothing_back(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    message = world.last(REP, CHANNEL)
    world.sandbox.click(REP, CHANNEL, message["ts"], "follow_up.edit")
    world.settle()
    answer = world.sandbox.submit(REP, {"next_step": "call", "next_due_at": None})
    assert "next_step" in answer.errors
    assert "ActionUndone" not in world.kinds(REP, lead.id)


def test_correction_of_what_was_undone_meanwhile_undoes_nothing_more(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; next thu 3pm call the CTO")
    message = world.last(REP, CHANNEL)
    world.sandbox.click(REP, CHANNEL, message["ts"], "follow_up.edit")
    world.settle()
    world.sandbox.click(REP, CHANNEL, message["ts"], "action.undo")
    world.settle()
    answer = world.sandbox.submit(REP, {"next_step": "call the CFO"})
    assert answer.ok, answer.errors
    assert world.kinds(REP, world.found(REP, "acme").id).count("ActionUndone") == 1


def test_pool_opportunity_must_be_claimed_first(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", owner="rules")
    for _ in range(2):
        owner = world.view(MANAGER, lead.id).owner
        assert owner is not None
        user = str(owner.slack_user_id)
        world.sandbox.click(user, world.sandbox.dm(user), world.dm(user)["ts"], "handover.decline")
        world.settle()
        world.sandbox.submit(user, {})
        world.settle()
        world.sandbox.close(user, clear=True)
    world.bot.kit.actions["pool.claim"] = world.bot.kit.actions["follow_up.open"]
    world.sandbox.click(REP, CHANNEL, world.card(lead.id)["ts"], "pool.claim")
    world.settle()
    assert "Claim it first" in words(world.last(REP, CHANNEL))
