"""Grading as playbook data: what the lead form answers, the team's own questions, and versions of the scorecard."""

from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.events import OpportunityEdited
from bot.errors import InvalidInput
from bot.services import explanations, leads, opportunities, playbooks, stages
from bot.services.edits import EditForm
from bot.services.leads import LeadForm
from tests.factories import TeamWorld, make_lead


def _publish(world: TeamWorld, change: Any) -> None:
    data = playbooks.export(world.desk, world.team.id, by=world.manager)
    change(data["scorecard"]["criteria"])
    playbooks.publish(world.desk, world.team.id, data, by=world.manager)


def _engagement(criteria: list[dict[str, Any]]) -> None:
    options = [("low", "Low", "低", 0), ("high", "High", "高", 30)]
    criteria.append(
        {
            "key": "engagement",
            "name": {"en": "Engagement", "zh": "互动"},
            "options": [
                {"key": key, "name": {"en": en, "zh": zh}, "points": points} for key, en, zh, points in options
            ],
        }
    )


def _trial(criteria: list[dict[str, Any]]) -> None:
    intent = next(one for one in criteria if one["key"] == "intent")
    intent["options"].append({"key": "trial", "name": {"en": "Wants a trial", "zh": "要试用"}, "points": 40})


def test_a_lead_can_be_an_a_at_once_and_has_the_pace_of_an_a(team_world: TeamWorld) -> None:
    values = {
        "customer_name": "Acme",
        "need": "needs a quote",
        "source": "referral",
        "amount": "900k",
        "expected_close_on": date(2026, 3, 20),
        "mine": False,
    }
    done = leads.capture(team_world.desk, LeadForm.read(values), by=team_world.rep)
    # referral 20, a quote read from the need 25, within a month 15, large 5
    assert (done.opportunity.grade, done.opportunity.score) == ("A", 65)
    assert done.opportunity.accept_by == team_world.clock.now() + timedelta(hours=2)


def test_what_only_the_need_tells_is_said_and_goes_with_the_need(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    lead = make_lead(desk, by, need="要报价").opportunity
    read = [(point.criterion.en, point.points) for point in lead.points if point.is_read]
    assert read == [("Intent", 25)]
    assert explanations.explain(desk, lead.id, by=by).grade.is_read == {("intent", "quote")}
    shown = opportunities.edit(desk, lead.id, EditForm(need="要资料"), by=by).opportunity
    assert (shown.score, [point for point in shown.points if point.is_read]) == (10, [])
    answered = opportunities.edit(
        desk, lead.id, EditForm(need="要报价", facts={"intent": "question"}), by=by
    ).opportunity
    assert (answered.score, [point for point in answered.points if point.is_read]) == (20, [])


def test_a_wrong_answer_comes_back_and_nothing_is_kept(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    form = LeadForm.read({"customer_name": "Acme", "need": "x", "facts": {"budget": "huge"}})
    with pytest.raises(InvalidInput) as caught:
        leads.capture(desk, form, by=by)
    assert caught.value.fields["budget"].key == "grade.no_option"
    assert opportunities.find(desk, "", by=by) == ()


def test_an_amount_in_another_currency_is_not_the_large_amount(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    yen = make_lead(desk, by, amount="6,000,000 JPY").opportunity
    assert (yen.amount_minor, yen.currency, yen.score) == (6_000_000, "JPY", 10)
    dollars = opportunities.edit(desk, yen.id, EditForm(amount="60,000 USD"), by=by).opportunity
    assert dollars.score == 15


def test_a_question_of_the_teams_own_is_asked_kept_told_and_graded(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    _publish(team_world, _engagement)
    captured = make_lead(desk, by, facts={"engagement": "high"}).opportunity
    assert (captured.score, captured.facts) == (40, {"engagement": "high"})
    later = make_lead(desk, by).opportunity
    assert [one.key for one in later.criteria][-1] == "engagement"
    done = opportunities.edit(desk, later.id, EditForm(facts={"engagement": "high"}), by=by)
    assert (done.said.key, done.opportunity.score, done.opportunity.grade) == ("opp.edited", 40, "B")
    events = [line.event for line in opportunities.history(desk, later.id, by=by)]
    assert OpportunityEdited({"engagement": [None, "high"]}).changes in [
        one.changes for one in events if isinstance(one, OpportunityEdited)
    ]
    undone = opportunities.undo(desk, done.event_id or 0, by=by).opportunity
    assert (undone.score, undone.facts) == (10, {})


def test_an_opportunity_is_asked_and_graded_by_the_version_it_is_under(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    before = make_lead(desk, by).opportunity
    _publish(team_world, _trial)
    after = make_lead(desk, by).opportunity

    def answers(number: int) -> list[str]:
        criteria = opportunities.view(desk, number, by=by).criteria
        return [option.key for one in criteria if one.key == "intent" for option in one.options]

    assert "trial" not in answers(before.id)
    assert "trial" in answers(after.id)
    with pytest.raises(InvalidInput) as caught:
        opportunities.edit(desk, before.id, EditForm(facts={"intent": "trial"}), by=by)
    assert set(caught.value.fields) == {"intent"}
    shown = opportunities.edit(desk, after.id, EditForm(facts={"intent": "trial"}), by=by).opportunity
    assert shown.score == 45
    # A new lead reads the team's own answer from the words, too.
    assert make_lead(desk, by, need="试用两周").opportunity.score == 45


def test_a_stage_asks_freely_what_the_scorecard_does_not(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.rep
    _publish(team_world, lambda criteria: criteria.clear())
    lead = make_lead(desk, by, contact_email="ann@acme.test").opportunity
    assert (lead.score, lead.criteria) == (0, ())
    facts = {"budget": "about 20k", "authority": "the board"}
    moved = stages.advance(desk, lead.id, "solution", by=by, edit=EditForm(facts=facts)).opportunity
    assert (moved.stage.key, moved.facts) == ("solution", facts)
