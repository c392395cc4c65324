"""What the clock does to whose it is, and to what is closed: lapsed handovers, late warnings, reviews, win-backs."""

from datetime import datetime

import pytest
from sqlalchemy import select, text, update

from bot.domain.events import HandoverDeclined, LadderStepTaken, PutInPool
from bot.models import Assignment, OutboxRow
from bot.models.session import Database
from bot.reminders.rendering import render
from bot.services import follow_ups, handovers, opportunities, outbox, reviews, stages, sweep
from bot.services.follow_ups import FollowUpForm
from bot.services.stages import LossForm
from tests.factories import TeamWorld, make_lead
from tests.integration.running import A_GRADE, at, run, to


def events(world: TeamWorld, number: int) -> list[object]:
    lines = opportunities.history(world.desk, number, by=world.manager, limit=100)
    return [line.event for line in reversed(lines)]


def keep_warm(world: TeamWorld, number: int, until: object) -> None:
    form = FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=until)
    follow_ups.log(world.desk, form, by=world.rep)


# --- handovers


def test_a_handover_nobody_answers_stays_with_its_owner_and_both_and_the_manager_are_told(
    team_world: TeamWorld, database: Database
) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    keep_warm(team_world, number, at(3, 9, 30))
    handovers.offer(team_world.desk, number, "UREPTWO", "please", by=team_world.rep)
    found = run(team_world, at(2, 11))
    (declined,) = [one for one in events(team_world, number) if isinstance(one, HandoverDeclined)]
    assert (declined.to_member, declined.lapsed) == ("Rep Two", True)
    shown = opportunities.view(team_world.desk, number, by=team_world.manager)
    assert shown.owner is not None
    assert (shown.owner.name, shown.offered_to, shown.is_accepted) == ("Rep", None, True)
    told = {channel for _, kind, channel, payload in found if payload.get("key") == "notice.handover_lapsed"}
    assert told == {f"member:{team_world.rep.member_id}", f"member:{team_world.manager.member_id}"}
    with database.reading(None) as session:
        row = session.scalars(select(Assignment).where(Assignment.kind == "handover")).one()
        assert (row.state, row.answered_at) == ("lapsed", at(2, 11))


@pytest.mark.parametrize("answer", [handovers.accept, handovers.decline])
def test_an_answered_handover_does_not_lapse(team_world: TeamWorld, answer: object) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    handovers.offer(team_world.desk, number, "UREPTWO", None, by=team_world.rep)
    if answer is handovers.accept:
        handovers.accept(team_world.desk, number, by=team_world.rep2)
    else:
        handovers.decline(team_world.desk, number, None, by=team_world.rep2)
    run(team_world, at(3, 18))
    assert not [one for one in events(team_world, number) if isinstance(one, HandoverDeclined) and one.lapsed]


def test_a_handover_of_what_its_owner_had_not_accepted_is_offered_to_the_next_when_it_lapses(
    team_world: TeamWorld,
) -> None:
    number = make_lead(team_world.desk, team_world.manager).opportunity.id
    shown = opportunities.view(team_world.desk, number, by=team_world.manager)
    assert shown.offered_to is not None
    other = {"Rep": "UREPTWO", "Rep Two": "UREP"}[shown.offered_to.name]
    handovers.offer(team_world.desk, number, other, None, by=team_world.manager)
    run(team_world, at(3, 9, 30))
    again = opportunities.view(team_world.desk, number, by=team_world.manager)
    assert again.offered_to is not None, "somebody is asked again"


# --- the warning and the recycling


def test_after_a_long_stop_the_warning_comes_first_and_the_recycling_three_working_days_later(
    team_world: TeamWorld,
) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    team_world.clock.set(at(30, 10))  # the program stood for four weeks
    found = run(team_world, at(2, 9, month=4))
    assert [steps for _, steps in to(found, team_world.rep.member_id, "nudge") if "warn" in steps]
    assert not [one for one in events(team_world, number) if isinstance(one, PutInPool)]
    run(team_world, at(2, 10, month=4))
    (pooled,) = [one for one in events(team_world, number) if isinstance(one, PutInPool)]
    assert pooled.cause == "recycled"


def test_a_warning_at_night_counts_from_the_morning_it_is_read(team_world: TeamWorld) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    team_world.clock.set(at(20, 22))  # Friday night
    run(team_world, at(25, 18))
    warned = next(one for one in events(team_world, number) if isinstance(one, LadderStepTaken) and one.step == "warn")
    assert warned.told_at == at(23, 9)
    assert not [one for one in events(team_world, number) if isinstance(one, PutInPool)]
    run(team_world, at(26, 9))
    assert [one for one in events(team_world, number) if isinstance(one, PutInPool)]


def unsent(world: TeamWorld, until: datetime, state: str) -> None:
    """Let the clock run while no message of it reaches anybody."""
    while (moment := sweep.next_moment(world.desk)) is not None and moment <= until:
        world.clock.set(moment)
        sweep.due(world.desk)
        with world.desk.database.transaction(None) as session:
            session.execute(update(OutboxRow).where(OutboxRow.due_at <= moment).values(state=state))


@pytest.mark.parametrize("state", ["dead", "sending", "dropped"])
def test_nothing_is_taken_back_while_no_warning_of_it_was_delivered(team_world: TeamWorld, state: str) -> None:
    number = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity.id
    unsent(team_world, at(31, 8), state)
    assert not [one for one in events(team_world, number) if isinstance(one, PutInPool)]
    warned = [one for one in events(team_world, number) if isinstance(one, LadderStepTaken) and one.step == "warn"]
    # Warned on Monday, to be taken on Thursday: it comes back on Friday, and so on.
    assert [one.moment for one in warned] == [at(16, 11), at(20, 11), at(26, 11)]
    run(team_world, at(14, 18, month=4))
    (pooled,) = [one for one in events(team_world, number) if isinstance(one, PutInPool)]
    assert pooled.cause == "recycled"


# --- what is closed


def test_a_review_is_asked_for_then_escalated_then_asked_for_each_week_until_it_is_written(
    team_world: TeamWorld,
) -> None:
    numbers = []
    for _ in range(2):
        lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
        stages.lose(team_world.desk, LossForm(opportunity_id=lead.id, reason="price"), by=team_world.rep)
        numbers.append(lead.id)
    reviews.write(team_world.desk, numbers[1], "cheaper next time", by=team_world.rep)
    found = run(team_world, at(13, 9))
    said = [
        (item["opportunity_id"], item["step"], kind)
        for _, kind, _, payload in found
        for item in payload.get("items", ())
        if item["cause"] == "review"
    ]
    assert said == [
        (numbers[0], "remind", "focus"), (numbers[0], "nudge", "nudge"), (numbers[0], "escalate", "escalation"),
        (numbers[0], "nudge", "nudge"),
    ]  # fmt: skip
    reviews.write(team_world.desk, numbers[0], "cheaper next time", by=team_world.rep)
    assert not any("items" in payload for _, _, _, payload in run(team_world, at(27, 18)))


def test_a_loss_with_a_win_back_date_comes_back_to_its_owner_that_morning(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    stages.lose(team_world.desk, LossForm(opportunity_id=lead.id, reason="price", win_back=True), by=team_world.rep)
    team_world.clock.set(at(31, 8, month=5))
    run(team_world, at(1, 8, month=6))
    team_world.clock.set(at(1, 9, month=6))
    sweep.due(team_world.desk)
    promise = next(one for one in outbox.lease(team_world.desk) if one.kind == "focus")
    parcel = render(team_world.desk, promise, outbox.address(team_world.desk, promise))
    assert parcel is not None
    assert "to be won back now" in str(parcel.message[1])
    assert "reopen.open" in str(parcel.message[1])
    stages.reopen(team_world.desk, lead.id, "they called", by=team_world.rep)
    assert render(team_world.desk, promise, outbox.address(team_world.desk, promise)) is None or "won back" not in str(
        render(team_world.desk, promise, outbox.address(team_world.desk, promise))
    )


# --- plans


def plan_of(database: Database, statement: str) -> str:
    explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
    with database.reading(None) as session:
        if not database.is_sqlite:
            # With so few rows the planner reads them all, unless that is made dear.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        return "\n".join(str(tuple(row)) for row in session.execute(text(explain + statement)))


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            "SELECT id FROM opportunity WHERE attention_at <= '2026-03-02' ORDER BY attention_at LIMIT 200",
            "ix_opportunity_attention",
        ),
        ("SELECT id FROM member WHERE focus_next_at <= '2026-03-02'", "ix_member_focus_next_at"),
        ("SELECT id FROM member WHERE focus_next_at IS NULL", "ix_member_focus_next_at"),
        (
            "SELECT id FROM team WHERE live_from <= '2026-03-02' AND digest_next_at <= '2026-03-02'",
            "ix_team_live_from_digest_next_at",
        ),
        ("SELECT id FROM outbox WHERE workspace_id = 1 AND key IN ('nudge:1:2026-03-02:1')", "outbox"),
        (
            "SELECT id FROM event WHERE workspace_id = 1 AND kind IN ('LeadCaptured', 'Graded') AND at > '2026-03-01'",
            "ix_event_workspace_id_kind_at",
        ),
        (
            "SELECT at FROM digest_record WHERE team_id = 1 AND kind = 'daily' AND day < '2026-03-02' ORDER BY day DESC",
            "digest_record",
        ),
    ],
)
def test_what_the_clock_asks_at_every_tick_goes_by_an_index(
    team_world: TeamWorld, database: Database, statement: str, index: str
) -> None:
    make_lead(team_world.desk, team_world.rep)
    plan = plan_of(database, statement).lower()
    assert index in plan
    assert "index" in plan
    assert "seq scan" not in plan
    assert "temp b-tree" not in plan
