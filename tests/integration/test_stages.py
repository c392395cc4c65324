"""Stages: what is asked before one is left, skipping and going back, and every close with its reason."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.domain.events import OpportunityLost, OpportunityReopened, OpportunityWon, StageChanged
from bot.domain.playbook import Criterion
from bot.errors import (
    CustomerProtected,
    ExitCriteriaUnmet,
    InvalidInput,
    LossReasonRequired,
    NotAllowed,
    NotFound,
    RuleBroken,
    StaleRecord,
)
from bot.models import Opportunity, OutboxRow, Review
from bot.models.session import Database
from bot.services import follow_ups, leads, opportunities, playbooks, stages
from bot.services.desk import Actor
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm, WinForm
from bot.services.values import OpportunityView
from tests.factories import TeamWorld, make_lead

A_GRADE = {"source": "referral", "facts": {"intent": "quote", "budget": "confirmed"}}


def lose(world: TeamWorld, number: int, by: Actor | None = None, **values: Any) -> Any:
    form = LossForm.read({"opportunity_id": number, "reason": "price", **values})
    return stages.lose(world.desk, form, by=by or world.rep)


def win(world: TeamWorld, number: int, by: Actor | None = None, **values: Any) -> Any:
    form = WinForm.read({"opportunity_id": number, "reason": "fit", "amount": "5k", **values})
    return stages.win(world.desk, form, by=by or world.rep)


def lead(world: TeamWorld, **values: Any) -> OpportunityView:
    return make_lead(world.desk, world.rep, **values).opportunity


def last_event(world: TeamWorld, number: int) -> Any:
    return opportunities.history(world.desk, number, by=world.admin, limit=1)[0].event


def change_playbook(world: TeamWorld, **changes: Any) -> None:
    data = playbooks.export(world.desk, world.team.id, by=world.manager)
    playbooks.publish(world.desk, world.team.id, {**data, **changes}, by=world.manager)


def test_the_way_through_all_stages_asks_for_each_ones_facts(team_world: TeamWorld) -> None:
    one = lead(team_world)
    asked: list[tuple[str, tuple[Criterion, ...], dict[str, Any]]] = [
        ("qualified", (Criterion.CONTACT_WAY,), {"contact_phone": "+8613800138000"}),
        ("solution", (Criterion.BUDGET, Criterion.AUTHORITY), {"facts": {"budget": "unknown", "authority": "decider"}}),
        ("quote", (Criterion.AMOUNT, Criterion.MEETING), {"amount": "20k", "facts": {"meeting": "visit"}}),
        ("contract", (Criterion.QUOTE,), {"facts": {"quote_amount": "19k", "quote_valid_until": "2026-04-01"}}),
    ]
    for key, missing, facts in asked:
        with pytest.raises(ExitCriteriaUnmet) as caught:
            stages.advance(team_world.desk, one.id, key, by=team_world.rep)
        assert caught.value.params["missing"] == missing
        done = stages.advance(team_world.desk, one.id, key, by=team_world.rep, edit=EditForm.read(facts))
        assert done.opportunity.stage.key == key
        assert done.said.params["stage"] == done.opportunity.stage.name
    assert done.opportunity.amount_minor == 2_000_000
    # Talking with who decides is worth fifteen points: the grade follows the facts.
    assert done.opportunity.score == 25


def test_facts_typed_into_a_refused_advance_are_not_kept(team_world: TeamWorld) -> None:
    one = lead(team_world)
    with pytest.raises(ExitCriteriaUnmet):
        stages.advance(team_world.desk, one.id, "quote", by=team_world.rep, edit=EditForm.read({"amount": "9k"}))
    assert opportunities.view(team_world.desk, one.id, by=team_world.rep).amount_minor is None


def test_skipping_asks_for_everything_that_was_skipped(team_world: TeamWorld) -> None:
    one = lead(team_world)
    with pytest.raises(ExitCriteriaUnmet) as caught:
        stages.advance(team_world.desk, one.id, "quote", by=team_world.rep)
    assert caught.value.params["missing"] == (
        Criterion.CONTACT_WAY,
        Criterion.BUDGET,
        Criterion.AUTHORITY,
        Criterion.AMOUNT,
        Criterion.MEETING,
    )


def test_every_move_keeps_from_to_and_the_working_hours_between(team_world: TeamWorld) -> None:
    one = lead(team_world, contact_email="a@marigold.example")
    team_world.clock.advance(timedelta(days=1, hours=1))  # Tuesday ten o'clock: eight hours of Monday and one more
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.rep)
    event = last_event(team_world, one.id)
    assert isinstance(event, StageChanged)
    assert (event.before, event.after, event.hours, event.forward) == ("lead", "qualified", 9.0, True)
    stages.advance(team_world.desk, one.id, "lead", by=team_world.rep)
    back = last_event(team_world, one.id)
    assert (back.before, back.after, back.hours, back.forward) == ("qualified", "lead", 0.0, False)


def test_a_stage_that_is_not_open_unknown_or_the_same_is_refused_at_the_field(team_world: TeamWorld) -> None:
    one = lead(team_world)
    for key, text in (("won", "stage.unknown"), ("nowhere", "stage.unknown"), ("lead", "stage.same")):
        with pytest.raises(InvalidInput) as caught:
            stages.advance(team_world.desk, one.id, key, by=team_world.rep)
        assert caught.value.fields["stage"].key == text


def test_the_playbook_forbids_to_skip_and_to_go_back(team_world: TeamWorld) -> None:
    change_playbook(team_world, may_skip=False, may_reverse=False)
    one = lead(team_world, contact_email="a@marigold.example")
    with pytest.raises(InvalidInput) as caught:
        stages.advance(team_world.desk, one.id, "solution", by=team_world.rep)
    assert caught.value.fields["stage"].key == "stage.no_skip"
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.rep)
    with pytest.raises(InvalidInput) as caught:
        stages.advance(team_world.desk, one.id, "lead", by=team_world.rep)
    assert caught.value.fields["stage"].key == "stage.no_reverse"


def test_an_opportunity_stays_under_the_playbook_it_was_captured_under(team_world: TeamWorld) -> None:
    one = lead(team_world)
    change_playbook(team_world, may_skip=False)
    with pytest.raises(ExitCriteriaUnmet):
        stages.advance(team_world.desk, one.id, "quote", by=team_world.rep)


def test_who_looked_at_an_older_version_is_told(team_world: TeamWorld) -> None:
    one = lead(team_world, contact_email="a@marigold.example")
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.manager, version=one.version)
    with pytest.raises(StaleRecord):
        stages.advance(team_world.desk, one.id, "lead", by=team_world.rep, version=one.version)


def test_who_may_move_and_close(team_world: TeamWorld) -> None:
    one = lead(team_world, contact_email="a@marigold.example")
    for who, refusal in (
        (team_world.rep2, NotAllowed),
        (team_world.specialist, NotAllowed),
        (team_world.other_rep, NotFound),
        (team_world.other_manager, NotFound),
    ):
        for act in (
            lambda by: stages.advance(team_world.desk, one.id, "qualified", by=by),
            lambda by: lose(team_world, one.id, by),
            lambda by: win(team_world, one.id, by),
            lambda by: stages.reopen(team_world.desk, one.id, "again", by=by),
        ):
            with pytest.raises(refusal):
                act(who)
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.manager)
    stages.advance(team_world.desk, one.id, "lead", by=team_world.admin)


# --- won


def test_a_win_has_its_reason_its_amount_and_the_stage_it_came_from(team_world: TeamWorld, database: Database) -> None:
    one = lead(team_world)
    done = win(team_world, one.id, amount="€60k", note="Good demo")
    shown = done.opportunity
    assert (shown.stage.key, shown.closed_from.key, shown.close_reason.key) == ("won", "lead", "fit")
    assert (shown.amount_minor, shown.currency, shown.close_note) == (6_000_000, "EUR", "Good demo")
    assert (shown.next_text, shown.closed_at, shown.broken) == (None, team_world.clock.now(), ())
    event = last_event(team_world, one.id)
    assert isinstance(event, OpportunityWon)
    assert (event.stage, event.reason, event.amount_minor, event.currency) == ("lead", "fit", 6_000_000, "EUR")
    with database.reading(None) as session:
        notice = session.scalar(select(OutboxRow).where(OutboxRow.kind == "notice"))
        assert notice is not None
        assert (notice.channel, notice.payload["key"]) == (f"member:{team_world.manager.member_id}", "notice.won")


@pytest.mark.parametrize("reason", [None, "because", "not_recorded", "unreachable"])
def test_a_win_without_a_reason_of_the_list_is_refused(team_world: TeamWorld, reason: str | None) -> None:
    one = lead(team_world)
    with pytest.raises(RuleBroken) as caught:
        win(team_world, one.id, reason=reason)
    assert caught.value.key == "close.win_reason_required"


def test_a_win_needs_an_amount_unless_one_is_known(team_world: TeamWorld) -> None:
    one = lead(team_world)
    for amount, text in ((None, "close.amount_required"), ("much", "error.amount")):
        with pytest.raises(InvalidInput) as caught:
            win(team_world, one.id, amount=amount)
        assert caught.value.fields["amount"].key == text
    known = lead(team_world, amount="7k")
    assert win(team_world, known.id, amount=None).opportunity.amount_minor == 700_000


def test_a_win_reason_may_ask_for_a_note(team_world: TeamWorld) -> None:
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["win_reasons"][0]["needs_note"] = True
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    with pytest.raises(InvalidInput) as caught:
        win(team_world, lead(team_world).id)
    assert set(caught.value.fields) == {"note"}


# --- lost


@pytest.mark.parametrize("reason", [None, "  ", "because", "not_recorded", "fit"])
def test_a_loss_without_a_reason_of_the_list_is_refused(team_world: TeamWorld, reason: str | None) -> None:
    one = lead(team_world)
    with pytest.raises(LossReasonRequired) as caught:
        lose(team_world, one.id, reason=reason)
    assert caught.value.key == "close.loss_reason_required"
    assert opportunities.view(team_world.desk, one.id, by=team_world.rep).closed_at is None


def test_the_reason_other_demands_a_note(team_world: TeamWorld) -> None:
    one = lead(team_world)
    with pytest.raises(InvalidInput) as caught:
        lose(team_world, one.id, reason="other", note="  ")
    assert caught.value.fields["note"].key == "close.note_required"
    assert lose(team_world, one.id, reason="other", note="Moved away").opportunity.close_note == "Moved away"


def test_a_loss_keeps_its_stage_reason_and_competitor(team_world: TeamWorld) -> None:
    one = lead(team_world, contact_email="a@marigold.example")
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.rep)
    shown = lose(team_world, one.id, reason="competitor", competitor="Rival").opportunity
    assert (shown.closed_from.key, shown.close_reason.key, shown.competitor) == ("qualified", "competitor", "Rival")
    event = last_event(team_world, one.id)
    assert isinstance(event, OpportunityLost)
    assert (event.stage, event.reason, event.competitor, event.win_back_on) == (
        "qualified",
        "competitor",
        "Rival",
        None,
    )


def test_a_win_back_is_promised_for_its_morning(team_world: TeamWorld, database: Database) -> None:
    one = lead(team_world)
    assert lose(team_world, one.id, win_back=True).opportunity.win_back_on == date(2026, 5, 31)
    other = lead(team_world)
    lose(team_world, other.id, win_back_on=date(2026, 4, 7))
    with database.reading(None) as session:
        moment = session.get_one(Opportunity, other.id).attention_at
        assert moment is not None
        assert moment.isoformat() == "2026-04-07T01:00:00+00:00"
    with pytest.raises(InvalidInput) as caught:
        lose(team_world, lead(team_world).id, win_back_on=date(2026, 3, 1))
    assert set(caught.value.fields) == {"win_back_on"}


def test_what_is_closed_is_not_closed_again_nor_moved(team_world: TeamWorld) -> None:
    one = lead(team_world)
    lose(team_world, one.id)
    for act in (
        lambda: lose(team_world, one.id),
        lambda: win(team_world, one.id),
        lambda: stages.advance(team_world.desk, one.id, "qualified", by=team_world.rep),
    ):
        with pytest.raises(RuleBroken) as caught:
            act()
        assert caught.value.key == "error.closed"


@pytest.mark.parametrize(
    ("grade_by", "close", "asked"), [(A_GRADE, win, True), (A_GRADE, lose, True), ({}, win, False), ({}, lose, False)]
)
def test_the_playbook_says_which_closes_need_a_review(
    team_world: TeamWorld, database: Database, grade_by: dict[str, Any], close: Any, asked: bool
) -> None:
    one = lead(team_world, **grade_by)
    shown = close(team_world, one.id).opportunity
    # Three working days after Monday nine o'clock.
    assert shown.review_due_at == (team_world.clock.now() + timedelta(days=3) if asked else None)
    with database.reading(None) as session:
        assert session.query(Review).count() == int(asked)


# --- reopened


def test_reopening_needs_a_reason_and_gives_it_back_to_its_stage_with_a_next_step(team_world: TeamWorld) -> None:
    one = lead(team_world, contact_email="a@marigold.example", **A_GRADE)
    stages.advance(team_world.desk, one.id, "qualified", by=team_world.rep)
    lose(team_world, one.id, competitor="Rival", note="n", win_back=True)
    team_world.clock.advance(timedelta(days=7))
    for nothing in (None, "", " \x00 "):
        with pytest.raises(InvalidInput) as caught:
            stages.reopen(team_world.desk, one.id, nothing, by=team_world.rep)
        assert set(caught.value.fields) == {"reason"}
    shown = stages.reopen(team_world.desk, one.id, "They called\x00", by=team_world.rep).opportunity
    assert (shown.stage.key, shown.next_text) == ("qualified", "Contact again")
    assert shown.next_due_at == team_world.clock.now() + timedelta(hours=2)
    assert (shown.closed_at, shown.close_reason, shown.competitor, shown.win_back_on, shown.close_note) == (None,) * 5
    assert shown.broken == ()
    event = opportunities.history(team_world.desk, one.id, by=team_world.rep, limit=2)[1].event
    assert event == OpportunityReopened("qualified", "They called")
    with pytest.raises(RuleBroken) as refused:
        stages.reopen(team_world.desk, one.id, "again", by=team_world.rep)
    assert refused.value.key == "error.not_closed"


def test_what_somebody_else_has_by_now_is_not_reopened(team_world: TeamWorld) -> None:
    one = lead(team_world, customer_name="Marigold Foundry")
    lose(team_world, one.id)
    form = LeadForm.read({"customer_name": "Marigold Foundry", "need": "n"})
    leads.capture(team_world.desk, form, by=team_world.rep2)
    with pytest.raises(CustomerProtected) as caught:
        stages.reopen(team_world.desk, one.id, "mine", by=team_world.rep)
    assert caught.value.params == {"customer": "Marigold Foundry", "owner": "Rep Two"}


def test_a_closed_one_lets_its_next_step_go_and_is_asked_nothing_more(team_world: TeamWorld) -> None:
    one = lead(team_world)
    follow_ups.log(
        team_world.desk,
        FollowUpForm(
            opportunity_id=one.id,
            said="x",
            next_step="y",
            next_due_at=team_world.clock.now() + timedelta(hours=1),
        ),
        by=team_world.rep,
    )
    shown = lose(team_world, one.id).opportunity
    assert (shown.next_text, shown.next_due_at, shown.is_overdue) == (None, None, False)
    assert "reopen" in shown.may
    assert not {"advance", "won", "lost", "follow_up", "handover"} & shown.may
