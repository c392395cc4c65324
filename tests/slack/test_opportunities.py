"""Finding and correcting, from a raw payload to what Slack received."""

from bot.services import playbooks
from tests.slack.conftest import ADMIN, CHANNEL, MANAGER, OUTSIDER, REP, REP2, World, words


def test_one_match_shows_the_card_with_what_the_reader_may_do(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", amount="50k")
    answer = world.sandbox.command(REP, "/opp", "acme")
    shown = words(answer.body)
    for part in ("Acme Ltd", "Lead", "grade *B*", "$50,000", "Rita Reyes", "First contact", "Advance", "Hand over"):
        assert part in shown, part
    mine = str(answer.body)
    assert "win.open" in mine
    theirs = str(world.sandbox.command(REP2, "/opp", "acme").body)
    assert "win.open" not in theirs
    assert f"history:{lead.id}" in theirs


def test_several_matches_give_a_list_whose_buttons_open_cards(world: World) -> None:
    world.lead(REP, "Acton Motors")
    second = world.lead(REP, "Acton Bakery")
    answer = world.sandbox.command(REP, "/opp", "acton")
    assert "Acton Motors" in words(answer.body)
    message = world.last(REP, CHANNEL)
    world.sandbox.click(REP, CHANNEL, message["ts"], "card.open", value=str(second.id))
    world.settle()
    assert "Log follow-up" in words(world.last(REP, CHANNEL))


def test_nothing_found_says_what_to_try(world: World) -> None:
    answer = world.sandbox.command(REP, "/opp", "<!here> nobody")
    assert "/opp mine" in answer.text
    assert "<!here>" not in answer.text


def test_lists_by_name_and_by_member(world: World) -> None:
    world.lead(REP, "Acme Ltd", expected_close_on="2026-03-20")
    world.lead(REP2, "Globex")
    assert "Acme Ltd" in words(world.sandbox.command(REP, "/opp", "").body)
    assert "Globex" not in words(world.sandbox.command(REP, "/opp", "mine").body)
    assert "Acme Ltd" in words(world.sandbox.command(REP, "/opp", "closing").body)
    assert "Globex" in words(world.sandbox.command(REP, "/opp", f"<@{REP2}|lin>").body)
    assert "none" in world.sandbox.command(REP, "/opp", "overdue").text
    world.later(days=4)
    assert "Globex" in words(world.sandbox.command(REP2, "/opp", "逾期").body)
    both = words(world.sandbox.command(MANAGER, "/opp", "overdue").body)
    assert "Globex" in both
    assert "Acme Ltd" in both


def test_other_teams_see_nothing(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    assert "Nothing found" in world.sandbox.command(OUTSIDER, "/opp", "acme").text
    assert "Acme Ltd" in words(world.sandbox.command(ADMIN, "/opp", "acme").body)


def test_edit_changes_facts_and_says_so_in_the_history(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", amount="50k")
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()
    assert "50,000 USD" in words(world.sandbox.view(REP))
    answer = world.sandbox.submit(
        REP, {"amount": "80k", "source": "referral", "intent": "quote", "contact_email": "ann@acme.test"}
    )
    assert answer.ok, answer.errors
    view = world.view(REP, lead.id)
    assert view.amount_minor == 8_000_000
    assert view.grade == "B"
    answer = world.sandbox.command(REP, "/opp", "acme")
    assert "amount → $80,000" in words(answer.body)


def test_edit_of_a_changed_opportunity_is_refused(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    ts = world.card(lead.id)["ts"]
    for user in (REP, MANAGER):
        world.sandbox.select(user, CHANNEL, ts, "card.menu", f"edit:{lead.id}")
        world.settle()
    assert world.sandbox.submit(MANAGER, {"need": "Two quotes"}).ok
    answer = world.sandbox.submit(REP, {"need": "Three quotes"})
    assert "Somebody changed this" in str(answer.errors)


def test_wrong_values_of_an_edit_stand_at_their_fields(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()
    for field, value in (("amount", "lots"), ("contact_phone", "1"), ("contact_email", "x")):
        answer = world.sandbox.submit(REP, {"amount": None, field: value})
        assert list(answer.errors) == [field]
        world.sandbox.fill(REP, {field: None})


def test_undo_from_the_card_takes_back_the_latest_action(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; friday 3pm call the CTO")
    world.sandbox.command(REP, "/opp", "acme")
    message = world.last(REP, CHANNEL)
    menu = next(one for one in message["blocks"][-1]["elements"] if one["type"] == "overflow")
    value = next(one["value"] for one in menu["options"] if one["value"].startswith("undo:"))
    world.sandbox.select(REP, CHANNEL, message["ts"], "card.menu", value)
    world.settle()
    assert world.view(REP, lead.id).next_text == "首次联系"
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()


def test_undo_after_ten_minutes_is_refused(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/followup", "acme sent the quote; friday 3pm call the CTO")
    message = world.last(REP, CHANNEL)
    world.later(minutes=11)
    world.sandbox.click(REP, CHANNEL, message["ts"], "action.undo")
    world.settle()
    assert "10 minutes" in words(world.last(REP, CHANNEL))
    assert world.view(REP, lead.id).next_text == "call the CTO"


def test_history_pages_back_to_the_beginning(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    for number in range(8):
        world.sandbox.command(REP, "/followup", f"acme called {number}; friday 3pm call again {number}")
    world.settle()
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"history:{lead.id}")
    world.settle()
    assert "called 7" in words(world.sandbox.view(REP))
    assert "captured it" not in words(world.sandbox.view(REP))
    world.sandbox.click_view(REP, "history.more")
    world.settle()
    assert "captured it with /lead" in words(world.sandbox.view(REP))
    world.sandbox.click_view(REP, "history.open")
    world.settle()
    assert "called 7" in words(world.sandbox.view(REP))


def test_card_opens_inside_the_form_after_saving(world: World) -> None:
    world.sandbox.command(REP, "/lead")
    world.settle()
    world.sandbox.submit(REP, {"customer": "Acme Ltd", "need": "A quote"})
    world.sandbox.click_view(REP, "card.open")
    world.settle()
    assert "Hand over" in words(world.sandbox.view(REP))
    world.sandbox.click_view(REP, "lose.open")
    world.settle()
    assert "Why did we lose?" in words(world.sandbox.view(REP))


def test_deactivated_member_gets_nothing(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.change_member(REP2, name="lin2", real_name="林小伟")
    world.settle()
    assert world.actor(REP2).name in {"林小伟", "lin2"}
    assert world.actor(REP2).locale == "zh-CN"
    world.sandbox.deactivate_member(REP2)
    world.settle()
    assert world.actor(REP2).role == "inactive"


def test_a_card_that_only_one_sees_is_renewed_by_every_form_opened_from_it(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", amount="50k")
    world.sandbox.command(REP, "/opp", "acme")
    card = world.last(REP, CHANNEL)
    world.sandbox.select(REP, CHANNEL, card["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()
    assert world.sandbox.submit(REP, {"need": "A quote for 99 seats"}).ok
    world.settle()
    renewed = world.last(REP, CHANNEL)
    assert renewed["ts"] == card["ts"], "in its own place"
    assert "99 seats" in words(renewed)
    # The result's own buttons lead on: what is done there counts too.
    world.sandbox.click_view(REP, "follow_up.open")
    world.settle()
    assert world.sandbox.submit(REP, {"said": "Called", "next_step": "Send the offer", "next_due_at": "tomorrow"}).ok
    world.settle()
    assert "Send the offer" in words(world.last(REP, CHANNEL))


def test_a_card_that_slack_does_not_take_any_more_is_left_as_it_was_without_a_word(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/opp", "acme")
    card = world.last(REP, CHANNEL)
    world.sandbox.select(REP, CHANNEL, card["ts"], "card.menu", f"edit:{lead.id}")
    world.settle()
    world.later(minutes=31)
    assert world.sandbox.submit(REP, {"need": "A quote for 99 seats"}).ok
    world.settle()
    assert "Saved" in words(world.sandbox.view(REP))
    assert world.view(REP, lead.id).need == "A quote for 99 seats"
    assert "99 seats" not in words(world.last(REP, CHANNEL))


def test_edit_asks_the_questions_of_the_version_that_the_opportunity_is_under(world: World) -> None:
    before = world.lead(REP, "Acme Ltd", need="20 seats")
    manager = world.actor(MANAGER)
    team_id = world.actor(REP).team_id or 0
    data = playbooks.export(world.bot.desk, team_id, by=manager)
    asked = [
        {"key": key, "name": {"en": key, "zh": key}, "points": points} for key, points in (("low", 0), ("high", 30))
    ]
    data["scorecard"]["criteria"].append(
        {"key": "engagement", "name": {"en": "Engagement", "zh": "互动"}, "options": asked}
    )
    playbooks.publish(world.bot.desk, team_id, data, by=manager)
    after = world.lead(REP, "Quillback", need="20 seats", engagement="high")
    assert after.facts["engagement"] == "high"
    for lead, is_asked in ((before, False), (after, True)):
        world.sandbox.command(REP, "/opp", lead.customer)
        message = world.last(REP, CHANNEL)
        world.sandbox.select(REP, CHANNEL, message["ts"], "card.menu", f"edit:{lead.id}")
        world.settle()
        assert ("Engagement" in words(world.sandbox.view(REP))) is is_asked
        world.sandbox.fill(REP, {"engagement": "low"} if is_asked else {"intent": "quote"})
        assert world.sandbox.submit(REP).ok
        world.settle()
        world.sandbox.close(REP, clear=True)
    assert world.view(REP, after.id).facts["engagement"] == "low"
    assert world.view(REP, before.id).facts["intent"] == "quote"
