"""Few and useful: hours of the reader's own zone, leave, the day's budget, and the morning list."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.clock import FakeClock
from bot.domain.playbook import default_playbook
from bot.models import Member, Opportunity, OutboxRow
from bot.models.session import Database
from bot.reminders.rendering import render
from bot.services import focus, follow_ups, members, outbox, playbooks, sweep
from bot.services.desk import Desk
from bot.services.follow_ups import FollowUpForm
from bot.services.members import Profile
from bot.services.outbox import Promise
from bot.views.focus_list import FIRST
from tests.factories import WORKSPACE, TeamWorld, again, make_lead, make_team_world
from tests.integration.running import A_GRADE, SHANGHAI, Sent, at, run, to

NEW_YORK = ZoneInfo("America/New_York")


def with_budget(world: TeamWorld, most: int) -> None:
    data = playbooks.dump(replace(default_playbook(), nudges_a_day=most))
    playbooks.publish(world.desk, world.team.id, data, by=world.manager)


def step(world: TeamWorld, due: datetime, **more: object) -> int:
    """Capture a lead of grade C, quiet but for its next step."""
    made = make_lead(world.desk, world.rep, contact_email="a@b.example", next_step="x", next_due_at=due, **more)
    return made.opportunity.id


def told(found: list[Sent], world: TeamWorld, *kinds: str) -> list[tuple[datetime, str, int]]:
    """Return what the rep was sent: when, what, and how many items."""
    mine = f"member:{world.rep.member_id}"
    return [
        (moment, kind, len(payload["items"]))
        for moment, kind, channel, payload in found
        if channel == mine and kind in (kinds or ("nudge", "focus", "escalation"))
    ]


# --- hours


def test_a_member_elsewhere_is_told_in_their_own_working_hours(desk: Desk, clock: FakeClock) -> None:
    world = make_team_world(desk, clock)
    members.remember(desk, WORKSPACE, Profile("UREP", "Rep", "urep@team.test", "America/New_York"))
    make_lead(desk, again(desk, world.rep), **A_GRADE)
    found = run(world, at(13, 9))
    mine = [moment.astimezone(NEW_YORK) for moment, *_ in told(found, world)]
    assert len(mine) > 5
    for moment in mine:
        assert moment.weekday() < 5
        assert 9 <= moment.hour < 18
    managers = [moment.astimezone(SHANGHAI).hour for moment, _ in to(found, world.manager.member_id, "escalation")]
    assert managers
    assert all(9 <= hour < 18 for hour in managers)


def test_who_is_away_is_left_alone_and_the_manager_is_still_told(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    members.set_away(team_world.desk, at(10, 9), by=team_world.rep)
    found = run(team_world, at(10, 8))
    assert told(found, team_world) == []
    assert len(to(found, team_world.manager.member_id, "escalation")) == 1
    # Back at work, the morning list says what waits.
    assert told(run(team_world, at(10, 9)), team_world) == [(at(10, 9), "focus", 0)]


def test_a_warning_of_one_who_is_away_goes_to_the_manager(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    members.set_away(team_world.desk, at(30, 9), by=team_world.rep)
    found = run(team_world, at(17, 8))
    assert [steps for _, steps in to(found, team_world.manager.member_id, "escalation")][-1] == ["warn"]


# --- the budget


def test_beyond_the_days_budget_it_waits_for_the_next_morning_and_nothing_is_lost(team_world: TeamWorld) -> None:
    with_budget(team_world, 3)
    numbers = [step(team_world, at(2, 10, 15 * count)) for count in range(4)]
    numbers += [step(team_world, at(2, 14, 15 * count)) for count in range(3)]
    found = run(team_world, at(3, 9))
    monday = [one for one in told(found, team_world) if one[0] < at(3, 0)]
    assert monday == [(at(2, 10), "nudge", 1), (at(2, 10, 15), "nudge", 1), (at(2, 10, 30), "nudge", 1)]
    (morning,) = [payload for moment, kind, _, payload in found if kind == "focus" and moment == at(3, 9)]
    waited = {item["opportunity_id"] for item in morning["items"] if item["step"] == "remind"}
    assert set(numbers[3:]) <= waited


def test_an_escalation_is_never_held_back_by_the_budget(team_world: TeamWorld) -> None:
    with_budget(team_world, 0)
    for _ in range(9):
        make_lead(team_world.desk, team_world.rep, **A_GRADE)
        team_world.clock.advance(timedelta(minutes=10))
    found = run(team_world, at(3, 18))
    assert told(found, team_world, "nudge") == []
    assert sum(len(steps) for _, steps in to(found, team_world.manager.member_id, "escalation")) == 9


def test_a_manager_hears_of_the_first_escalation_at_once_and_of_the_next_ones_together(team_world: TeamWorld) -> None:
    for _ in range(40):
        make_lead(team_world.desk, team_world.rep, **A_GRADE)
        team_world.clock.advance(timedelta(minutes=7))
    # Their steps are due from eleven on, every seven minutes, and eight working hours later the manager is told.
    found = to(run(team_world, at(4, 18)), team_world.manager.member_id, "escalation")
    first_day = [moment for moment, _ in found if moment < at(4, 0)]
    assert first_day == [at(3, 11), at(3, 13), at(3, 15), at(3, 17)]
    assert sum(len(steps) for _, steps in found) == 40, "gathered, and none dropped"
    per_day = Counter(moment.astimezone(SHANGHAI).date() for moment, _ in found)
    assert max(per_day.values()) <= 5


def test_a_single_escalation_is_told_at_its_minute(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_step="x", next_due_at=at(2, 10, 20), **A_GRADE)
    found = run(team_world, at(3, 18))
    assert to(found, team_world.manager.member_id, "escalation") == [(at(3, 10, 20), ["escalate"])]


def test_a_budget_that_was_changed_holds_for_what_is_open_already(team_world: TeamWorld) -> None:
    for minute in (10, 20, 30, 40):
        step(team_world, at(3, 10, minute))
    step(team_world, at(3, 9))
    with_budget(team_world, 1)
    found = [one for one in told(run(team_world, at(3, 18)), team_world) if one[0].astimezone(SHANGHAI).day == 3]
    assert [kind for _, kind, _ in found] == ["focus"]


def test_a_later_batch_joins_the_bundle_that_still_waits(team_world: TeamWorld, clock: FakeClock) -> None:
    for _ in range(6):
        step(team_world, at(2, 10))
    clock.set(at(2, 10))
    while sweep.due(team_world.desk, limit=2):
        clock.advance(timedelta(milliseconds=40))
    (bundle,) = [one for one in outbox.lease(team_world.desk) if one.kind == "nudge"]
    assert len(bundle.payload["items"]) == 6


def test_nothing_joins_a_bundle_that_slack_may_have_already(team_world: TeamWorld, clock: FakeClock) -> None:
    for _ in range(2):
        step(team_world, at(2, 10))
    clock.set(at(2, 10))
    sweep.due(team_world.desk, limit=1)
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "nudge").values(tried_at=1.0))
    sweep.due(team_world.desk)
    with team_world.desk.database.reading(None) as session:
        rows = session.scalars(select(OutboxRow.payload).where(OutboxRow.kind == "nudge")).all()
    assert [len(payload["items"]) for payload in rows] == [1, 1]


def test_the_morning_list_counts_as_one_of_the_days_bundles(team_world: TeamWorld) -> None:
    with_budget(team_world, 2)
    step(team_world, at(3, 9))
    for minute in (10, 20, 30):
        step(team_world, at(3, 10, minute))
    found = [one for one in told(run(team_world, at(3, 18)), team_world) if one[0].astimezone(SHANGHAI).day == 3]
    assert [kind for _, kind, _ in found] == ["focus", "nudge"]


def test_a_dropped_bundle_gives_its_place_back(team_world: TeamWorld, database: Database) -> None:
    with_budget(team_world, 1)
    step(team_world, at(2, 10))
    run(team_world, at(2, 10, 5))
    with database.transaction(None) as session:
        session.execute(update(OutboxRow).where(OutboxRow.kind == "nudge").values(state="dropped"))
    step(team_world, at(2, 11))
    assert told(run(team_world, at(2, 12)), team_world) == [(at(2, 11), "nudge", 1)]


def test_two_sweeps_of_one_moment_fill_one_bundle(team_world: TeamWorld) -> None:
    for _ in range(4):
        step(team_world, at(2, 10))
    team_world.clock.set(at(2, 10))
    while sweep.due(team_world.desk, limit=1):
        pass
    (bundle,) = [one for one in outbox.lease(team_world.desk) if one.kind == "nudge"]
    assert len(bundle.payload["items"]) == 4


# --- the morning list


def test_the_morning_list_comes_once_a_local_day_and_only_with_something_to_say(team_world: TeamWorld) -> None:
    step(team_world, at(4, 15))
    found = run(team_world, at(9, 8))
    mornings = [moment for moment, kind, _ in told(found, team_world, "focus")]
    assert mornings[0] == at(3, 9), "its cadence ran out overnight"
    assert len({moment.astimezone(SHANGHAI).date() for moment in mornings}) == len(mornings)
    assert {moment.astimezone(SHANGHAI).weekday() for moment in mornings} <= {0, 1, 2, 3, 4}
    rep2 = [one for one in found if one[2] == f"member:{team_world.rep2.member_id}"]
    assert rep2 == []


def test_a_program_that_stood_over_the_morning_still_sends_the_list_before_noon_and_not_after(
    team_world: TeamWorld,
) -> None:
    step(team_world, at(20, 17))
    run(team_world, at(2, 18))
    with team_world.desk.database.transaction(None) as session:
        session.execute(update(Opportunity).values(next_due_at=at(3, 8), attention_at=at(30, 9)))
    team_world.clock.set(at(3, 11))
    assert told(run(team_world, at(3, 11)), team_world, "focus") == [(at(3, 11), "focus", 0)]
    team_world.clock.set(at(4, 15))
    assert told(run(team_world, at(4, 16)), team_world, "focus") == []


def test_mornings_follow_a_member_who_moves(team_world: TeamWorld, database: Database) -> None:
    run(team_world, at(2, 12))
    profile = Profile("UREP", "Rep", "urep@team.test", "Europe/Berlin")
    members.remember(team_world.desk, WORKSPACE, profile)
    sweep.focus(team_world.desk)
    with database.reading(None) as session:
        moment = session.scalar(select(Member.focus_next_at).where(Member.slack_user_id == "UREP"))
    assert moment == datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def promise_of(world: TeamWorld, kind: str) -> Promise:
    return next(one for one in outbox.lease(world.desk) if one.kind == kind)


def test_the_list_says_why_ranks_and_leaves_out_what_is_done(team_world: TeamWorld) -> None:
    desk = team_world.desk
    numbers = [step(team_world, at(2, 16), need=f"Need no. {count}", amount=str(100 + count)) for count in range(8)]
    best = step(team_world, at(3, 15), need="The best", **A_GRADE)
    run(team_world, at(2, 18))
    form = FollowUpForm(opportunity_id=numbers[7], said="x", next_step="y", next_due_at=at(20, 9))
    follow_ups.log(desk, form, by=team_world.rep)
    team_world.clock.set(at(3, 9))
    for work in (sweep.due, sweep.focus):
        work(desk)
    promise = promise_of(team_world, "focus")
    parcel = render(desk, promise, outbox.address(desk, promise))
    assert parcel is not None
    text, blocks = parcel.message
    assert "Today these 5 first, of 8: " in text
    sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    assert "today 3:00 PM" in sections[1], "the best grade stands first, though it is due in the afternoon only"
    assert "late" in sections[2]
    rows = [block for block in blocks if block["type"] == "actions"]
    assert len(rows) == FIRST
    assert rows[0]["elements"][0]["value"] == str(best)
    assert str(numbers[7]) not in {element.get("value") for row in rows for element in row["elements"]}


def test_a_list_with_nothing_left_to_say_is_not_sent(team_world: TeamWorld) -> None:
    number = step(team_world, at(3, 9))
    team_world.clock.set(at(3, 9))
    sweep.due(team_world.desk)
    sweep.focus(team_world.desk)
    form = FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=at(20, 9))
    follow_ups.log(team_world.desk, form, by=team_world.rep)
    promise = promise_of(team_world, "focus")
    assert render(team_world.desk, promise, outbox.address(team_world.desk, promise)) is None


@pytest.mark.parametrize("snoozed", [True, False])
def test_a_snoozed_one_is_on_no_list_before_its_time(team_world: TeamWorld, *, snoozed: bool) -> None:
    number = step(team_world, at(2, 15))
    team_world.clock.set(at(2, 15))
    if snoozed:
        follow_ups.snooze(team_world.desk, number, at(9, 9), by=team_world.rep)
    team_world.clock.set(at(3, 9))
    assert focus.today(team_world.desk, by=team_world.rep).count == (0 if snoozed else 1)
