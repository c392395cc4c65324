"""Undo: each action, within ten minutes, by who did it, and only if nobody acted since."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.events import ActionUndone
from bot.errors import CustomerProtected, NotAllowed, NotFound, RuleBroken
from bot.models import FollowUp, NextStep
from bot.models.session import Database
from bot.services import follow_ups, handovers, leads, opportunities, stages
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm, WinForm
from bot.services.values import Done
from tests.factories import TeamWorld, make_lead

Act = Callable[[TeamWorld, int], Done]


def _log(world: TeamWorld, number: int) -> Done:
    due = world.clock.now() + timedelta(days=2)
    form = FollowUpForm(opportunity_id=number, way="meeting", said="Met", next_step="Offer", next_due_at=due)
    return follow_ups.log(world.desk, form, by=world.rep)


def _snooze(world: TeamWorld, number: int) -> Done:
    return follow_ups.snooze(world.desk, number, world.clock.now() + timedelta(days=1), by=world.rep)


def _advance(world: TeamWorld, number: int) -> Done:
    edit = EditForm.read({"amount": "9k", "contact_phone": "+8613900139000"})
    return stages.advance(world.desk, number, "qualified", by=world.rep, edit=edit)


def _edit(world: TeamWorld, number: int) -> Done:
    form = EditForm.read(
        {
            "need": "More",
            "amount": "€70k",
            "source": "referral",
            "expected_close_on": date(2026, 3, 20),
            "contact_name": "Eve",
            "contact_email": "eve@marigold.example",
            "facts": {"intent": "quote", "budget": "confirmed"},
        }
    )
    return opportunities.edit(world.desk, number, form, by=world.rep)


def _win(world: TeamWorld, number: int) -> Done:
    return stages.win(world.desk, WinForm(opportunity_id=number, reason="fit", amount="€5k"), by=world.rep)


def _lose(world: TeamWorld, number: int) -> Done:
    form = LossForm(opportunity_id=number, reason="competitor", competitor="Rival", note="n", win_back=True)
    return stages.lose(world.desk, form, by=world.rep)


ACTS: list[Act] = [_log, _snooze, _advance, _edit, _win, _lose]


def _lead(world: TeamWorld) -> int:
    return make_lead(world.desk, world.rep, contact_name="Bob", contact_phone="+8613800138000").opportunity.id


def _state(world: TeamWorld, number: int) -> dict[str, Any]:
    shown = opportunities.view(world.desk, number, by=world.admin, history=0)
    moving = {"version", "history", "history_count"}
    return {name: getattr(shown, name) for name in shown.__slots__ if name not in moving}


@pytest.mark.parametrize("act", ACTS)
def test_within_ten_minutes_everything_is_as_it_was(team_world: TeamWorld, act: Act) -> None:
    number = _lead(team_world)
    team_world.clock.advance(timedelta(minutes=1))
    before = _state(team_world, number)
    done = act(team_world, number)
    assert done.event_id is not None
    assert _state(team_world, number) != before
    team_world.clock.advance(timedelta(minutes=10))
    undone = opportunities.undo(team_world.desk, done.event_id, by=team_world.rep)
    assert (undone.said.key, undone.event_id) == ("opp.undone", None)
    assert _state(team_world, number) == before
    last = opportunities.history(team_world.desk, number, by=team_world.rep, limit=1)[0].event
    assert isinstance(last, ActionUndone)
    assert last.event_id == done.event_id


@pytest.mark.parametrize("act", ACTS)
def test_after_ten_minutes_it_stays(team_world: TeamWorld, act: Act) -> None:
    number = _lead(team_world)
    done = act(team_world, number)
    after = _state(team_world, number)
    team_world.clock.advance(timedelta(minutes=10, seconds=1))
    with pytest.raises(RuleBroken) as caught:
        opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)
    assert caught.value.key == "error.last_action_gone"
    assert _state(team_world, number)["stage"] == after["stage"]


@pytest.mark.parametrize("act", [_log, _edit, _advance])
def test_after_somebody_elses_act_it_stays(team_world: TeamWorld, act: Act) -> None:
    number = _lead(team_world)
    done = act(team_world, number)
    opportunities.edit(team_world.desk, number, EditForm(need="Managed"), by=team_world.manager)
    with pytest.raises(RuleBroken):
        opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)


def test_a_note_in_between_does_not_hinder(team_world: TeamWorld) -> None:
    number = _lead(team_world)
    done = _edit(team_world, number)
    opportunities.note(team_world.desk, number, "by the way", by=team_world.rep2)
    undone = opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)
    kinds = [line.event.kind for line in opportunities.history(team_world.desk, number, by=team_world.rep)]
    assert (undone.said.key, kinds[:3]) == ("opp.undone", ["ActionUndone", "Graded", "NoteAdded"])


def test_an_offered_handover_in_between_hinders(team_world: TeamWorld) -> None:
    number = _lead(team_world)
    done = _log(team_world, number)
    handovers.offer(team_world.desk, number, team_world.rep2.slack_user_id or "", None, by=team_world.rep)
    with pytest.raises(RuleBroken):
        opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)


def test_nobody_undoes_for_somebody_else_and_nothing_twice(team_world: TeamWorld) -> None:
    number = _lead(team_world)
    done = _log(team_world, number)
    for who, refusal in (
        (team_world.manager, NotAllowed),
        (team_world.rep2, NotAllowed),
        (team_world.other_rep, NotFound),
    ):
        with pytest.raises(refusal):
            opportunities.undo(team_world.desk, done.event_id or 0, by=who)
    opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)
    with pytest.raises(RuleBroken):
        opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)


def test_what_cannot_be_undone_says_so(team_world: TeamWorld) -> None:
    number = _lead(team_world)
    captured = opportunities.history(team_world.desk, number, by=team_world.rep, limit=50)[-1].id
    with pytest.raises(RuleBroken):
        opportunities.undo(team_world.desk, captured, by=team_world.rep)
    with pytest.raises(NotFound):
        opportunities.undo(team_world.desk, 999_999, by=team_world.rep)


def test_an_undone_follow_up_is_marked_and_its_next_step_open_again(team_world: TeamWorld, database: Database) -> None:
    number = _lead(team_world)
    opportunities.undo(team_world.desk, _log(team_world, number).event_id or 0, by=team_world.rep)
    with database.reading(None) as session:
        follow_up = session.query(FollowUp).one()
        assert follow_up.undone_at is not None
        former, made = session.query(NextStep).order_by(NextStep.id).all()
        assert (former.done_at, former.cancelled_at) == (None, None)
        assert made.cancelled_at is not None


def test_a_new_contact_is_let_go_again(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep).opportunity.id
    done = _edit(team_world, number)
    assert done.opportunity.contact is not None
    assert opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep).opportunity.contact is None


def test_an_edit_that_changes_nothing_has_nothing_to_undo(team_world: TeamWorld) -> None:
    number = _lead(team_world)
    assert opportunities.edit(team_world.desk, number, EditForm(), by=team_world.rep).event_id is None


def test_a_close_is_not_undone_once_somebody_else_has_the_customer(team_world: TeamWorld) -> None:
    done = _lose(team_world, _lead(team_world))
    form = LeadForm.read({"customer_name": done.opportunity.customer, "need": "n"})
    leads.capture(team_world.desk, form, by=team_world.rep2)
    with pytest.raises(CustomerProtected):
        opportunities.undo(team_world.desk, done.event_id or 0, by=team_world.rep)
