"""Reports: the numbers against counts made by hand, each clause of loop health, and day lists by zone."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.errors import NotAllowed, NotFound
from bot.models import Opportunity
from bot.services import briefings, follow_ups, handovers, leads, members, opportunities, reports, reviews, stages
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm, WinForm
from bot.services.values import Health
from tests.factories import TeamWorld, make_lead


def lead(world: TeamWorld, by: Any = None, **values: Any) -> int:
    later = world.clock.now() + timedelta(days=30)
    known = {"next_step": "x", "next_due_at": later, "contact_email": None, **values}
    return make_lead(world.desk, by or world.rep, **known).opportunity.id


def qualify(world: TeamWorld, number: int) -> None:
    form = EditForm.read({"contact_phone": f"+86138001380{number % 100:02}"})
    stages.advance(world.desk, number, "qualified", by=world.admin, edit=form)


def put(world: TeamWorld, number: int, **values: Any) -> None:
    """Break a record by hand, as only an import or a defect could."""
    from bot.domain.health import broken_from  # noqa: PLC0415 - used here alone

    with world.desk.database.transaction(None) as session:
        row = session.get_one(Opportunity, number)
        for name, value in values.items():
            setattr(row, name, value)
        row.broken_from = broken_from(row)


def stage_rows(summary: Any) -> dict[str, tuple[int, tuple[tuple[str, int], ...], int]]:
    return {row.stage.key: (row.count, row.amounts, row.overdue) for row in summary.stages if row.count}


def test_counts_amounts_and_overdue_by_stage_as_counted_by_hand(team_world: TeamWorld) -> None:
    desk, soon = team_world.desk, team_world.clock.now() + timedelta(hours=1)
    lead(team_world, amount="1k")
    lead(team_world, amount="€2k", next_due_at=soon)
    lead(team_world, team_world.rep2, next_due_at=soon)
    qualify(team_world, lead(team_world, amount="500.55"))
    won = lead(team_world)
    stages.win(desk, WinForm(opportunity_id=won, reason="fit", amount="9k"), by=team_world.rep)
    stages.lose(desk, LossForm(opportunity_id=lead(team_world, amount="3k"), reason="price"), by=team_world.rep)
    lead(team_world, team_world.other_rep, amount="77k")
    team_world.clock.advance(timedelta(hours=1))
    summary = reports.pipeline(desk, by=team_world.manager, team_id=team_world.team.id)
    assert stage_rows(summary) == {
        "lead": (3, (("EUR", 200_000), ("USD", 100_000)), 2),
        "qualified": (1, (("USD", 50_055),), 0),
        "won": (1, (("USD", 900_000),), 0),
        "lost": (1, (("USD", 300_000),), 0),
    }
    assert [row.stage.key for row in summary.stages] == [
        "lead",
        "qualified",
        "solution",
        "quote",
        "contract",
        "won",
        "lost",
    ]
    assert summary.health == Health(6, 4, (("next_step", 2),))
    assert round(summary.health.percent, 1) == 66.7
    assert summary.team is not None
    assert (summary.team.name, summary.at) == ("North", team_world.clock.now())
    whole = reports.pipeline(desk, by=team_world.admin)
    assert whole.team is None
    assert stage_rows(whole)["lead"][:2] == (4, (("EUR", 200_000), ("USD", 7_800_000)))
    assert stage_rows(reports.pipeline(desk, by=team_world.manager)) == stage_rows(summary)
    assert stage_rows(reports.pipeline(desk, by=team_world.other_rep))["lead"][0] == 1


def test_whose_pipeline_one_may_see(team_world: TeamWorld) -> None:
    for by in (team_world.rep, team_world.specialist, team_world.manager, team_world.admin):
        assert reports.pipeline(team_world.desk, by=by, team_id=team_world.team.id).team
        assert briefings.daily(team_world.desk, team_world.team.id, by=by, day=date(2026, 3, 2)).team
    for by in (team_world.other_rep, team_world.other_manager):
        with pytest.raises(NotAllowed):
            reports.pipeline(team_world.desk, by=by, team_id=team_world.team.id)
        with pytest.raises(NotAllowed):
            briefings.daily(team_world.desk, team_world.team.id, by=by, day=date(2026, 3, 2))
    with pytest.raises(NotFound):
        reports.pipeline(team_world.desk, by=team_world.admin, team_id=999_999)
    with pytest.raises(NotFound):
        briefings.daily(team_world.desk, 999_999, by=team_world.admin, day=date(2026, 3, 2))


def test_an_empty_team_is_whole(team_world: TeamWorld) -> None:
    summary = reports.pipeline(team_world.desk, by=team_world.rep, team_id=team_world.team.id)
    assert summary.health == Health(0, 0)
    assert summary.health.percent == 100.0
    assert len(summary.stages) == 7


@pytest.mark.parametrize(
    ("clause", "broken"),
    [
        ("owner", {"accepted_at": None, "accept_by": None}),
        ("grade", {"grade": ""}),
        ("stage_limit", {"stage_limit_at": datetime.fromisoformat("2026-03-02T01:00:00+00:00")}),
        ("next_step", {"next_due_at": None}),
        ("next_step", {"next_due_at": datetime.fromisoformat("2026-03-02T01:00:00+00:00")}),
        ("collision", {"has_collision": True}),
        ("customer", {"customer_known": False}),
    ],
)
def test_each_clause_of_an_open_one_is_counted(team_world: TeamWorld, clause: str, broken: dict[str, Any]) -> None:
    lead(team_world)
    number = lead(team_world)
    put(team_world, number, **broken)
    health = reports.pipeline(team_world.desk, by=team_world.rep, team_id=team_world.team.id).health
    assert health == Health(2, 1, ((clause, 1),))
    assert opportunities.view(team_world.desk, number, by=team_world.rep).broken == (clause,)


def test_one_that_breaks_two_clauses_is_broken_once(team_world: TeamWorld) -> None:
    put(team_world, lead(team_world), has_collision=True, next_due_at=None)
    health = reports.pipeline(team_world.desk, by=team_world.rep, team_id=team_world.team.id).health
    assert (health.counted, health.whole, dict(health.broken)) == (1, 0, {"collision": 1, "next_step": 1})


def test_in_the_pool_a_place_is_enough(team_world: TeamWorld) -> None:
    put(team_world, lead(team_world), owner_id=None, accepted_at=None)
    assert reports.pipeline(team_world.desk, by=team_world.rep, team_id=team_world.team.id).health == Health(1, 1)


def test_a_close_without_a_reason_and_a_missed_review_are_counted_for_ninety_days(team_world: TeamWorld) -> None:
    desk = team_world.desk
    plain = lead(team_world)
    asked = lead(team_world, source="referral", facts={"intent": "quote", "budget": "confirmed"})
    for number in (plain, asked):
        stages.lose(desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    put(team_world, plain, close_reason=None)

    def health() -> Health:
        return reports.pipeline(desk, by=team_world.rep, team_id=team_world.team.id).health

    assert health() == Health(2, 1, (("reason", 1),))
    team_world.clock.advance(timedelta(days=3))
    assert (health().whole, dict(health().broken)) == (0, {"reason": 1, "review": 1})
    reviews.write(desk, asked, "Ask for the budget first", by=team_world.rep)
    assert health() == Health(2, 1, (("reason", 1),))
    team_world.clock.advance(timedelta(days=87))
    assert health().counted == 2
    team_world.clock.advance(timedelta(seconds=1))
    assert health() == Health(0, 0)


def test_a_gap_opens_by_itself_when_time_passes(team_world: TeamWorld) -> None:
    number = lead(team_world, next_due_at=team_world.clock.now() + timedelta(days=1))
    team_world.clock.advance(timedelta(days=1, seconds=-1))
    assert reports.pipeline(team_world.desk, by=team_world.rep).health == Health(1, 1)
    team_world.clock.advance(timedelta(seconds=1))
    assert reports.pipeline(team_world.desk, by=team_world.rep).health == Health(1, 0, (("next_step", 1),))
    team_world.clock.advance(timedelta(days=2))  # three working days in the first stage
    assert dict(reports.pipeline(team_world.desk, by=team_world.rep).health.broken) == {
        "next_step": 1,
        "stage_limit": 1,
    }
    form = FollowUpForm(
        opportunity_id=number, said="x", next_step="y", next_due_at=team_world.clock.now() + timedelta(days=1)
    )
    follow_ups.log(team_world.desk, form, by=team_world.rep)
    assert reports.pipeline(team_world.desk, by=team_world.rep).health.broken == (("stage_limit", 1),)


# --- one's own day


def test_the_day_is_that_of_ones_own_zone(team_world: TeamWorld) -> None:
    start = team_world.clock.now()  # Monday 09:00 in Shanghai, Sunday 20:00 in New York
    numbers = {
        name: lead(team_world, next_due_at=start + timedelta(hours=hours))
        for name, hours in (("first", 1), ("noon", 3.5), ("night", 14), ("tomorrow", 16))
    }
    team_world.clock.advance(timedelta(hours=1))
    day = reports.day(team_world.desk, by=team_world.rep)
    assert [line.id for line in day.overdue] == [numbers["first"]]
    assert [line.id for line in day.today] == [numbers["noon"], numbers["night"]]
    assert [line.id for line in day.upcoming] == [numbers["tomorrow"]]
    assert day.counts == {"open": 4, "overdue": 1, "today": 2}
    assert (day.member.name, day.zone, day.waiting) == ("Rep", "Asia/Shanghai", ())
    assert day.team is not None
    assert day.health == Health(4, 3, (("next_step", 1),))
    # In New York Sunday ends at one o'clock of Shanghai's Monday.
    abroad = reports.day(team_world.desk, by=replace(team_world.rep, zone="America/New_York"))
    assert [line.id for line in abroad.today] == [numbers["noon"]]
    assert [line.id for line in abroad.upcoming] == [numbers["night"], numbers["tomorrow"]]


def test_what_waits_for_an_answer_stands_in_the_day(team_world: TeamWorld) -> None:
    number = lead(team_world)
    handovers.offer(team_world.desk, number, "UREPTWO", None, by=team_world.rep)
    form = LeadForm.read({"customer_name": "Acme", "need": "n"})
    members.set_away(team_world.desk, team_world.clock.now() + timedelta(days=1), by=team_world.rep)
    offered = leads.capture(team_world.desk, form, by=team_world.specialist).opportunity.id
    day = reports.day(team_world.desk, by=team_world.rep2)
    assert [line.id for line in day.waiting] == [number, offered]
    assert (day.today, day.overdue, day.upcoming) == ((), (), ())
    stages.lose(team_world.desk, LossForm(opportunity_id=number, reason="price"), by=team_world.rep)
    assert [line.id for line in reports.day(team_world.desk, by=team_world.rep2).waiting] == [offered]


def test_a_managers_day_has_the_health_of_their_teams(team_world: TeamWorld) -> None:
    lead(team_world)
    lead(team_world, team_world.other_rep)
    assert reports.day(team_world.desk, by=team_world.manager).health.counted == 1
    assert reports.day(team_world.desk, by=team_world.admin).health.counted == 2
    assert reports.day(team_world.desk, by=team_world.admin).team is None


def test_a_managers_day_names_the_gaps_of_their_teams_the_best_grade_first_and_a_reps_does_not(
    team_world: TeamWorld,
) -> None:
    soon = team_world.clock.now() + timedelta(hours=1)
    sellers = (team_world.rep, team_world.rep, team_world.other_rep)
    numbers = [lead(team_world, who, next_due_at=soon) for who in sellers]
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).where(Opportunity.id == numbers[1]).values(grade="A"))
    team_world.clock.advance(timedelta(days=2))
    mine = reports.day(team_world.desk, by=team_world.manager)
    assert [line.id for line in mine.team_gaps] == [numbers[1], numbers[0]]
    assert mine.counts["team"] == 2
    assert len(reports.day(team_world.desk, by=team_world.admin).team_gaps) == 3
    assert reports.day(team_world.desk, by=team_world.rep).team_gaps == ()


def test_two_versions_of_a_playbook_make_one_table(team_world: TeamWorld) -> None:
    from bot.services import playbooks  # noqa: PLC0415 - used here alone

    lead(team_world)
    data = playbooks.export(team_world.desk, team_world.team.id, by=team_world.manager)
    data["stages"][0]["limit_days"] = 9
    playbooks.publish(team_world.desk, team_world.team.id, data, by=team_world.manager)
    lead(team_world)
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).values(amount_minor=100))
    rows = stage_rows(reports.pipeline(team_world.desk, by=team_world.rep, team_id=team_world.team.id))
    assert rows == {"lead": (2, (("USD", 200),), 0)}
