"""Follow-ups: nothing is saved without a next step, what a note changes, and the owner's snooze."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.domain.events import FollowUpLogged, NextStepDone, NextStepSet, NextStepSnoozed
from bot.errors import InvalidInput, NextStepRequired, NotAllowed, NotFound, RuleBroken, Text
from bot.models import FollowUp, NextStep
from bot.models.session import Database
from bot.services import follow_ups, handovers, leads, members, opportunities, pool, stages
from bot.services.brought import Brought
from bot.services.desk import Actor, AlreadyDone
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead


def log(world: TeamWorld, opportunity_id: int, by: Actor, **values: Any) -> Any:
    known = {
        "opportunity_id": opportunity_id,
        "way": "call",
        "said": "Asked about the budget",
        "next_step": "Send the offer",
        "next_due_at": world.clock.now() + timedelta(days=1),
    }
    return follow_ups.log(world.desk, FollowUpForm.read({**known, **values}), by=by)


@pytest.mark.parametrize("missing", [{"next_step": None}, {"next_due_at": None}, {"next_step": "  "}])
def test_without_a_next_step_and_its_time_nothing_is_saved(
    team_world: TeamWorld, database: Database, missing: dict[str, Any]
) -> None:
    before = make_lead(team_world.desk, team_world.rep).opportunity
    with pytest.raises(NextStepRequired) as caught:
        log(team_world, before.id, team_world.rep, **missing)
    assert caught.value.key == "follow_up.next_step_required"
    after = opportunities.view(team_world.desk, before.id, by=team_world.rep)
    assert after.next_text == before.next_text
    assert after.last_follow_up_at is None
    with database.reading(None) as session:
        assert session.query(FollowUp).count() == 0


def test_a_follow_up_ends_the_former_next_step_and_sets_the_new_one(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    team_world.clock.advance(timedelta(hours=1))
    due = team_world.clock.now() + timedelta(days=2)
    done = log(team_world, lead.id, team_world.rep, answered="Likely", next_due_at=due, permalink="https://p.test/1")
    assert done.said.key == "follow_up.done"
    assert done.said.params == {"next_step": "Send the offer", "due": due}
    assert (done.opportunity.next_text, done.opportunity.next_due_at) == ("Send the offer", due)
    assert done.opportunity.last_follow_up_at == team_world.clock.now()
    events = [line.event for line in opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=3)]
    assert [type(one) for one in reversed(events)] == [FollowUpLogged, NextStepDone, NextStepSet]
    logged, finished = events[2], events[1]
    assert isinstance(logged, FollowUpLogged)
    assert isinstance(finished, NextStepDone)
    assert (logged.way, logged.said, logged.answered, logged.for_member) == (
        "call",
        "Asked about the budget",
        "Likely",
        None,
    )
    assert (finished.text, finished.late) == ("First contact", False)


def test_a_next_step_done_after_its_time_is_late(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    assert lead.next_due_at is not None
    team_world.clock.set(lead.next_due_at + timedelta(seconds=1))
    log(team_world, lead.id, team_world.rep)
    finished = opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=2)[1].event
    assert isinstance(finished, NextStepDone)
    assert finished.late


@pytest.mark.parametrize("way", ["meeting", "visit"])
def test_a_meeting_or_visit_is_a_fact_that_stages_ask_for(team_world: TeamWorld, way: str) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    assert log(team_world, lead.id, team_world.rep, way=way).opportunity.facts["meeting"] == way


def test_a_call_is_no_meeting(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    assert "meeting" not in log(team_world, lead.id, team_world.rep).opportunity.facts


def test_what_cannot_be_used_comes_back_at_its_field(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    wrong: list[tuple[str, Any]] = [
        ("next_due_at", team_world.clock.now()),
        ("next_due_at", datetime(2026, 3, 9, 9, 0)),  # noqa: DTZ001 - a time without a zone is what is refused
        ("way", "telepathy"),
        ("said", " "),
        ("said", "x" * 3001),
        ("next_step", "x" * 501),
    ]
    for field, value in wrong:
        with pytest.raises(InvalidInput) as caught:
            log(team_world, lead.id, team_world.rep, **{field: value})
        assert set(caught.value.fields) == {field}


def test_hostile_words_are_kept_as_they_were_said(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    said = "<!channel> \u202eabc\u202c 👩‍👩‍👧 {x} %s" + "y" * 2000
    log(team_world, lead.id, team_world.rep, said=said + "\x00", answered="<@U1>\x00", next_step="a\x00b")
    event = opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=3)[2].event
    assert isinstance(event, FollowUpLogged)
    assert (event.said, event.answered) == (said, "<@U1>")
    assert opportunities.view(team_world.desk, lead.id, by=team_world.rep).next_text == "ab"


def test_only_the_owner_their_manager_and_an_admin_follow_up(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    for who in (team_world.rep2, team_world.specialist):
        with pytest.raises(NotAllowed) as caught:
            log(team_world, lead.id, who)
        assert (caught.value.key, caught.value.params) == ("error.not_yours", {"owner": "Rep"})
    for who in (team_world.other_rep, team_world.other_manager):
        with pytest.raises(NotFound):
            log(team_world, lead.id, who)
    for who in (team_world.rep, team_world.manager, team_world.admin):
        log(team_world, lead.id, who)


def test_a_manager_who_acts_for_an_absent_rep_is_shown_as_such(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    done = log(team_world, lead.id, team_world.manager)
    assert done.opportunity.owner is not None
    assert done.opportunity.owner.name == "Rep"
    line = opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=3)[2]
    assert line.actor is not None
    assert isinstance(line.event, FollowUpLogged)
    assert (line.actor.name, line.event.for_member) == ("Manager", "Rep")


def test_nothing_is_logged_on_a_closed_one(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    stages.lose(team_world.desk, LossForm(opportunity_id=lead.id, reason="price"), by=team_world.rep)
    with pytest.raises(RuleBroken) as caught:
        log(team_world, lead.id, team_world.rep)
    assert caught.value.key == "error.closed"


def test_what_does_not_exist_is_not_found(team_world: TeamWorld) -> None:
    with pytest.raises(NotFound):
        log(team_world, 999_999, team_world.admin)


def test_a_redelivered_follow_up_is_logged_once_and_a_refused_one_may_come_again(
    team_world: TeamWorld, database: Database
) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    by = team_world.rep.with_key("evt-9")
    with pytest.raises(NextStepRequired):
        log(team_world, lead.id, by, next_step=None)
    log(team_world, lead.id, by)
    with pytest.raises(AlreadyDone):
        log(team_world, lead.id, by)
    with database.reading(None) as session:
        assert session.query(FollowUp).count() == 1


def test_working_on_an_offered_lead_accepts_it(team_world: TeamWorld) -> None:
    offered = leads.capture(
        team_world.desk, LeadForm.read({"customer_name": "Acme", "need": "n"}), by=team_world.specialist
    ).opportunity
    assert offered.owner is not None
    owner = team_world.rep if offered.owner.name == "Rep" else team_world.rep2
    done = log(team_world, offered.id, owner)
    assert done.opportunity.is_accepted
    with pytest.raises(RuleBroken):
        handovers.accept(team_world.desk, offered.id, by=owner)


def test_a_manager_who_works_on_it_does_not_accept_in_the_owners_place(team_world: TeamWorld) -> None:
    offered = leads.capture(
        team_world.desk, LeadForm.read({"customer_name": "Acme", "need": "n"}), by=team_world.specialist
    ).opportunity
    assert not log(team_world, offered.id, team_world.manager).opportunity.is_accepted


# --- snooze


def test_snoozing_leaves_the_due_time_as_it_was_promised(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    until = team_world.clock.now() + timedelta(days=3)
    done = follow_ups.snooze(team_world.desk, lead.id, until, by=team_world.rep)
    assert (done.opportunity.snoozed_until, done.opportunity.next_due_at) == (until, lead.next_due_at)
    assert done.said.params == {"until": until}
    event = opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=1)[0].event
    assert isinstance(event, NextStepSnoozed)
    assert event.until == until


def test_a_follow_up_ends_the_snooze(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    follow_ups.snooze(team_world.desk, lead.id, team_world.clock.now() + timedelta(days=3), by=team_world.rep)
    assert log(team_world, lead.id, team_world.rep).opportunity.snoozed_until is None


def test_snoozing_into_the_past_or_somebody_elses_is_refused(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    with pytest.raises(InvalidInput) as caught:
        follow_ups.snooze(team_world.desk, lead.id, team_world.clock.now(), by=team_world.rep)
    assert set(caught.value.fields) == {"until"}
    with pytest.raises(NotAllowed):
        follow_ups.snooze(team_world.desk, lead.id, team_world.clock.now() + timedelta(days=1), by=team_world.rep2)


def test_next_step_or_snooze_more_than_a_year_ahead_is_refused_at_its_field(team_world: TeamWorld) -> None:
    lead, desk, by = make_lead(team_world.desk, team_world.rep).opportunity, team_world.desk, team_world.rep
    year = team_world.clock.now() + timedelta(days=366)
    far = year + timedelta(minutes=1)
    with pytest.raises(InvalidInput) as caught:
        log(team_world, lead.id, by, next_due_at=far)
    assert caught.value.fields == {"next_due_at": Text("error.too_far_ahead")}
    with pytest.raises(InvalidInput) as caught:
        follow_ups.snooze(desk, lead.id, far, by=by)
    assert caught.value.fields == {"until": Text("error.too_far_ahead")}
    pool.release(desk, lead.id, "No time", by=by)
    claimer = team_world.rep2
    with pytest.raises(InvalidInput) as caught:
        pool.claim(desk, lead.id, by=claimer, brought=Brought(EditForm(), step="Call", due_at=far))
    assert caught.value.fields == {"next_due_at": Text("error.too_far_ahead")}
    pool.claim(desk, lead.id, by=claimer)
    assert log(team_world, lead.id, claimer, next_due_at=year).opportunity.next_due_at == year


def test_without_a_next_step_there_is_nothing_to_snooze(team_world: TeamWorld, database: Database) -> None:
    from bot.models import Opportunity  # noqa: PLC0415 - a broken record is made by hand here alone

    lead = make_lead(team_world.desk, team_world.rep).opportunity
    with database.transaction(None) as session:
        row = session.get_one(Opportunity, lead.id)
        row.next_step_id = None
    with pytest.raises(RuleBroken) as caught:
        follow_ups.snooze(team_world.desk, lead.id, team_world.clock.now() + timedelta(days=1), by=team_world.rep)
    assert caught.value.key == "follow_up.no_next_step"
    # The record mends itself with the next follow-up, even where the row of the step is gone.
    with database.transaction(None) as session:
        session.get_one(Opportunity, lead.id).next_step_id = 999_999
    assert log(team_world, lead.id, team_world.rep).opportunity.next_text == "Send the offer"
    with database.reading(None) as session:
        assert session.query(NextStep).count() == 2


def test_who_is_away_may_still_follow_up(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=5), by=team_world.rep)
    assert log(team_world, lead.id, replace(team_world.rep)).opportunity.next_text == "Send the offer"
