"""The way through the stages to won and lost, from a raw payload to what Slack received."""

from bot.domain.events import OpportunityLost, OpportunityWon, StageChanged
from bot.services import stages
from bot.services.values import OpportunityView
from tests.slack.conftest import CHANNEL, MANAGER, REP, REP2, World, words


def _open(world: World, user: str, number: int, action: str) -> None:
    world.sandbox.click(user, CHANNEL, world.card(number)["ts"], action)
    world.settle()


def test_advance_asks_for_the_facts_of_the_stage_and_moves(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    _open(world, REP, lead.id, "stage.open")
    form = words(world.sandbox.view(REP))
    assert "Phone" in form
    answer = world.sandbox.submit(REP, {"stage": "qualified"})
    assert "phone number" in answer.errors["contact_phone"]
    answer = world.sandbox.submit(REP, {"contact_phone": "+1 212 555 0188"})
    assert answer.ok, answer.errors
    assert "Now at Qualified" in words(world.sandbox.view(REP))
    assert world.view(REP, lead.id).stage.key == "qualified"
    world.settle()
    assert "初步意向" in words(world.card(lead.id))


def test_choosing_a_later_stage_asks_for_more_and_keeps_what_was_typed(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    _open(world, REP, lead.id, "stage.open")
    world.sandbox.fill(REP, {"contact_email": "ann@acme.test"})
    world.sandbox.select_view(REP, "stage.pick", "solution")
    world.settle()
    view = world.sandbox.view(REP)
    assert "ann@acme.test" in words(view)
    assert view is not None
    blocks = [block["block_id"] for block in view["blocks"]]
    assert {"budget", "authority"} <= set(blocks)
    answer = world.sandbox.submit(REP, {"budget": "likely", "authority": "decider"})
    assert answer.ok, answer.errors
    now = world.view(REP, lead.id)
    assert now.stage.key == "solution"
    assert now.facts["budget"] == "likely"
    moved = [one.event for one in world.history(REP, lead.id) if isinstance(one.event, StageChanged)]
    assert [(one.before, one.after) for one in moved] == [("lead", "solution")]


def test_result_of_a_move_can_be_undone_from_the_form(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", contact_phone="+1 212 555 0188")
    _open(world, REP, lead.id, "stage.open")
    world.sandbox.submit(REP, {})
    assert world.view(REP, lead.id).stage.key == "qualified"
    world.sandbox.click_view(REP, "action.undo")
    world.settle()
    assert "Undone" in words(world.sandbox.view(REP))
    assert world.view(REP, lead.id).stage.key == "lead"


def test_quote_and_expected_close_are_asked_for_where_the_stages_want_them(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", contact_phone="+1 212 555 0188", amount="50k")
    _open(world, REP, lead.id, "stage.open")
    world.sandbox.select_view(REP, "stage.pick", "contract")
    world.settle()
    answer = world.sandbox.submit(
        REP,
        {
            "budget": "confirmed",
            "authority": "decider",
            "meeting": "visit",
            "quote_amount": "48k",
            "quote_valid_until": "2026-04-30",
        },
    )
    assert answer.ok, answer.errors
    view = world.view(REP, lead.id)
    assert view.stage.key == "contract"
    assert view.facts["quote_valid_until"] == "2026-04-30"


def test_loss_without_a_reason_is_refused_at_the_field_and_with_one_accepted(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lost", "acme they chose the cheaper one")
    world.settle()
    assert "they chose the cheaper one" in words(world.sandbox.view(REP))
    refused = world.sandbox.submit(REP, {"competitor": "Globex"})
    assert not refused.ok
    assert world.view(REP, lead.id).closed_at is None
    answer = world.sandbox.submit(REP, {"reason": "price"})
    assert answer.ok, answer.errors
    lost = world.history(REP, lead.id)
    event = next(one.event for one in lost if isinstance(one.event, OpportunityLost))
    assert (event.stage, event.reason, event.competitor) == ("lead", "price", "Globex")
    assert event.note == "they chose the cheaper one"
    world.settle()
    assert "流失" in words(world.card(lead.id))


def test_reason_other_demands_a_note_at_its_field(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lost", "acme")
    world.settle()
    answer = world.sandbox.submit(REP, {"reason": "other"})
    assert "note" in answer.errors
    assert world.sandbox.submit(REP, {"note": "They were bought"}).ok


def test_lost_without_words_offers_ones_own_open_opportunities(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.lead(REP2, "Globex")
    world.sandbox.command(REP, "/lost")
    world.settle()
    found = world.sandbox.options(REP, "opportunity.pick", "").options
    assert [one["value"] for one in found] == [str(lead.id)]
    answer = world.sandbox.submit(REP, {"opportunity": "acme", "reason": "postponed", "win_back": ["yes"]})
    assert answer.ok, answer.errors
    assert world.view(REP, lead.id).win_back_on is not None


def test_win_back_day_in_the_past_is_refused_at_its_field(world: World) -> None:
    world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lost", "acme")
    world.settle()
    answer = world.sandbox.submit(REP, {"reason": "price", "win_back_on": "2026-01-01"})
    assert list(answer.errors) == ["win_back_on"]


def test_won_demands_reason_and_amount(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/won")
    world.settle()
    answer = world.sandbox.submit(REP, {"opportunity": "acme", "reason": "fit"})
    assert "amount" in answer.errors
    answer = world.sandbox.submit(REP, {"amount": "12,500.50"})
    assert answer.ok, answer.errors
    event = next(one.event for one in world.history(REP, lead.id) if isinstance(one.event, OpportunityWon))
    assert (event.reason, event.amount_minor) == ("fit", 1_250_050)
    assert "🏆" in words(world.sandbox.view(REP))


def test_known_amount_is_prefilled_for_a_win(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd", amount="50k")
    _open(world, REP, lead.id, "win.open")
    assert "50,000 USD" in words(world.sandbox.view(REP))
    assert world.sandbox.submit(REP, {"reason": "speed"}).ok
    assert world.view(REP, lead.id).amount_minor == 5_000_000


def test_reopen_asks_why_and_puts_it_back(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    world.sandbox.command(REP, "/lost", "acme")
    world.settle()
    world.sandbox.submit(REP, {"reason": "price"})
    world.settle()
    world.sandbox.select(REP, CHANNEL, world.card(lead.id)["ts"], "card.menu", f"reopen:{lead.id}")
    world.settle()
    answer = world.sandbox.submit(REP, {"reason": "They called back"})
    assert answer.ok, answer.errors
    view = world.view(REP, lead.id)
    assert view.closed_at is None
    assert view.stage.key == "lead"


def test_closed_opportunity_cannot_be_closed_again(world: World) -> None:
    lead = world.lead(REP, "Acme Ltd")
    card = world.card(lead.id)
    _open(world, REP, lead.id, "lose.open")
    world.sandbox.command(MANAGER, "/lost", "acme")
    world.settle()
    assert world.sandbox.submit(MANAGER, {"reason": "price"}).ok
    answer = world.sandbox.submit(REP, {"reason": "price"})
    assert "closed" in str(answer.errors)
    world.sandbox.click(REP, CHANNEL, card["ts"], "lose.open")
    world.settle()


def lost_to_be_reviewed(world: World) -> OpportunityView:
    """Lose a deal that the playbook wants reviewed."""
    lead = world.lead(REP, "Acme Ltd", source="referral", amount="80k", expected_close_on="2026-03-20")
    world.sandbox.command(REP, "/lost", "acme")
    world.settle()
    world.sandbox.submit(REP, {"reason": "price"})
    world.settle()
    return lead


def test_loss_that_the_playbook_wants_reviewed_asks_for_it_on_the_card(world: World) -> None:
    lead = lost_to_be_reviewed(world)
    card = world.card(lead.id)
    assert "复盘" in words(card)
    world.sandbox.click(REP, CHANNEL, card["ts"], "review.open")
    world.settle()
    answer = world.sandbox.submit(REP, {"lesson": "Ask for the budget first"})
    assert answer.ok, answer.errors
    world.settle()
    assert world.view(REP, lead.id).is_reviewed
    assert "Ask for the budget first" in words(world.sandbox.command(REP, "/opp", "acme").body)


def test_a_review_that_nobody_wrote_stands_on_home_and_in_the_list_of_what_is_late(world: World) -> None:
    lead = lost_to_be_reviewed(world)
    assert "Acme" not in words(world.sandbox.command(REP, "/opp", "overdue").body)
    world.later(days=14)
    for user in (REP, MANAGER):
        late = words(world.sandbox.command(user, "/opp", "overdue").body)
        assert "Acme Ltd" in late
        assert "review due" in late
        assert world.sandbox.open_home(user).ok
        world.settle()
        shown = words(world.sandbox.home(user))
        assert "Reviews to write (1)" in shown
        assert "Nothing is late" not in shown
    world.sandbox.click_home(REP, "review.open", value=str(lead.id))
    world.settle()
    assert world.sandbox.submit(REP, {"lesson": "Ask for the budget first"}).ok
    world.settle()
    assert "Reviews to write" not in words(world.sandbox.home(REP))
    assert "Acme" not in words(world.sandbox.command(MANAGER, "/opp", "overdue").body)


def test_open_opportunity_has_no_review(world: World) -> None:
    lead = lost_to_be_reviewed(world)
    card = world.card(lead.id)
    world.sandbox.click_view(REP, "action.undo")
    world.bot.kit.drain()
    world.sandbox.click(REP, CHANNEL, card["ts"], "review.open")
    world.settle()
    assert "once it is won or lost" in words(world.last(REP, CHANNEL))


def test_words_that_name_somebody_elses_or_a_closed_one_are_answered_with_why(world: World) -> None:
    one = world.lead(REP, "Quartz Mills")
    world.sandbox.command(REP2, "/lost", "quartz", channel=CHANNEL)
    world.settle()
    assert "Rita Reyes" in words(world.last(REP2, CHANNEL))
    assert world.sandbox.view(REP2) is None

    stages.lose(world.bot.desk, stages.LossForm(opportunity_id=one.id, reason="price"), by=world.actor(REP))
    world.sandbox.command(REP, "/won", "quartz", channel=CHANNEL)
    world.settle()
    assert "closed" in words(world.last(REP, CHANNEL))
    assert world.sandbox.view(REP) is None
