"""The clock acting: the ladder over simulated days, bundles, quiet hours, recycling, and one digest a local day."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.clock import FakeClock
from bot.domain.events import LadderStepTaken, PutInPool
from bot.models import Member, Opportunity, OutboxRow, Team
from bot.models.session import Database
from bot.services import follow_ups, handovers, leads, members, opportunities, outbox, stages, sweep, teams
from bot.services.desk import Desk
from bot.services.follow_ups import FollowUpForm
from bot.services.leads import LeadForm
from bot.services.stages import LossForm
from bot.services.teams import TeamForm
from bot.vitals import REGISTRY
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.running import A_GRADE, SHANGHAI, at, run, to

# --- the ladder


def test_the_ladder_of_a_neglected_lead_to_the_minute(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    assert lead.next_due_at == at(2, 11)
    found = run(team_world, at(4, 8))
    # Reminded when due; nudged four working hours later (noon is lunch) and each working day; escalated after eight;
    # the cadence of the stage is a working day.
    assert to(found, team_world.rep.member_id, "nudge") == [
        (at(2, 11), ["remind"]),
        (at(2, 16), ["nudge"]),
        (at(3, 16), ["nudge"]),
    ]
    assert to(found, team_world.manager.member_id, "escalation") == [(at(3, 11), ["escalate"])]


def test_the_manager_is_told_once_of_one_missed_step(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    found = run(team_world, at(13, 8))
    assert len(to(found, team_world.manager.member_id, "escalation")) == 1


def test_a_new_owner_who_does_nothing_is_escalated_as_well(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    run(team_world, at(5, 10))
    handovers.reassign(team_world.desk, lead.id, "UREPTWO", None, by=team_world.manager)
    handovers.accept(team_world.desk, lead.id, by=team_world.rep2)
    found = run(team_world, at(13, 8))
    # Eight working hours from when it was theirs.
    assert to(found, team_world.manager.member_id, "escalation") == [(at(6, 10), ["escalate"])]
    assert [when for when, _ in steps_of(team_world, lead.id, "escalate")] == [at(3, 11), at(6, 10)]


def test_a_new_grade_neither_loses_the_managers_turn_nor_takes_it_twice(team_world: TeamWorld) -> None:
    late = make_lead(team_world.desk, team_world.rep, next_due_at=at(2, 11)).opportunity
    told = make_lead(team_world.desk, team_world.rep, next_due_at=at(2, 11), **A_GRADE).opportunity
    run(team_world, at(5, 12))
    with team_world.desk.database.transaction(None) as session:
        # Facts come and go; the rest of the row is as it was.
        session.execute(update(Opportunity).where(Opportunity.id == late.id).values(grade="A", attention_at=at(5, 13)))
        session.execute(update(Opportunity).where(Opportunity.id == told.id).values(grade="C"))
    run(team_world, at(20, 8))
    assert [when for when, _ in steps_of(team_world, late.id, "escalate")] == [at(6, 11)]
    assert [when for when, _ in steps_of(team_world, told.id, "escalate")] == [at(3, 11)]


def test_an_escalation_that_nobody_could_be_told_of_comes_back(team_world: TeamWorld, database: Database) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    without_managers(team_world, is_gone=True)
    with database.transaction(None) as session:
        session.execute(update(Member).where(Member.role == "admin").values(is_active=False))
    run(team_world, at(5, 8))
    with database.transaction(None) as session:
        session.execute(update(Member).where(Member.role == "admin").values(is_active=True))
    run(team_world, at(9, 8))
    assert steps_of(team_world, lead.id, "escalate") == [(at(3, 11), None), (at(4, 11), None), (at(5, 11), "Admin")]


def test_a_deal_that_is_parked_for_a_year_reaches_the_manager(team_world: TeamWorld) -> None:
    far = at(1, 9).replace(year=2027)
    make_lead(team_world.desk, team_world.rep, next_step="Ask again", next_due_at=far, **A_GRADE)
    found = run(team_world, at(6, 8))
    # Three working days are the limit of its stage, and eight hours more bring it to the manager.
    assert to(found, team_world.manager.member_id, "escalation") == [(at(5, 18), ["escalate"])]


def test_a_snooze_quiets_the_owner_and_not_the_manager(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    follow_ups.snooze(team_world.desk, lead.id, at(4, 9), by=team_world.rep)
    found = run(team_world, at(5, 8))
    assert to(found, team_world.rep.member_id, "focus")[-1] == (at(4, 9), ["remind"])
    assert to(found, team_world.rep.member_id, "nudge") == [(at(4, 14), ["nudge"])]
    assert to(found, team_world.manager.member_id, "escalation") == [(at(3, 11), ["escalate"])]


def test_a_follow_up_in_time_keeps_everybody_quiet(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, contact_email="a@marigold.example", **A_GRADE).opportunity
    stages.advance(team_world.desk, lead.id, "qualified", by=team_world.rep)
    sent = []
    for day in (3, 5, 9, 11):
        form = FollowUpForm(opportunity_id=lead.id, said="x", next_step="y", next_due_at=at(day, 12))
        team_world.clock.set(max(team_world.clock.now(), at(day, 9) - timedelta(days=1)))
        follow_ups.log(team_world.desk, form, by=team_world.rep)
        sent += run(team_world, at(day, 11))
    assert [one for one in sent if one[1] in {"nudge", "escalation"}] == []


def test_a_closed_one_is_never_heard_of_again_until_it_is_reopened(team_world: TeamWorld, database: Database) -> None:
    lead = make_lead(team_world.desk, team_world.rep).opportunity
    stages.lose(team_world.desk, LossForm(opportunity_id=lead.id, reason="price"), by=team_world.rep)
    found = run(team_world, at(20, 8))
    assert not {kind for _, kind, _, _ in found} & {"nudge", "escalation", "focus"}
    with database.reading(None) as session:
        assert session.get_one(Opportunity, lead.id).attention_at is None
    stages.reopen(team_world.desk, lead.id, "again", by=team_world.rep)
    assert to(run(team_world, at(23, 18)), team_world.rep.member_id, "nudge")


def test_every_step_is_in_the_history_with_its_cause_and_moment(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    run(team_world, at(3, 12))
    lines = opportunities.history(team_world.desk, lead.id, by=team_world.rep, limit=50)
    steps = [line for line in reversed(lines) if isinstance(line.event, LadderStepTaken)]
    assert [(line.event.cause, line.event.step, line.event.moment, line.event.to) for line in steps] == [  # type: ignore[attr-defined] # filtered
        ("next_step", "remind", at(2, 11), "Rep"),
        ("next_step", "nudge", at(2, 16), "Rep"),
        ("next_step", "escalate", at(3, 11), "Manager"),
    ]
    assert {line.actor for line in steps} == {None}


def test_a_second_sweep_of_the_same_moment_says_nothing_again(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    team_world.clock.set(at(2, 11))
    assert sweep.due(team_world.desk) == 1
    assert sweep.due(team_world.desk) == 0


def test_after_a_long_silence_of_the_program_one_message_says_it_all(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    team_world.clock.set(at(6, 17))
    sweep.due(team_world.desk)
    sent = [one for one in outbox.lease(team_world.desk) if one.kind == "nudge"]
    assert len(sent) == 1
    steps = Counter(item["step"] for item in sent[0].payload["items"] if item["cause"] == "next_step")
    assert steps == {"nudge": 1}


def steps_of(world: TeamWorld, number: int, step: str) -> list[tuple[datetime, str | None]]:
    lines = opportunities.history(world.desk, number, by=world.admin, limit=100)
    events = [(line.at, line.event) for line in reversed(lines)]
    return [(when, one.to) for when, one in events if isinstance(one, LadderStepTaken) and one.step == step]


def without_managers(world: TeamWorld, *, is_gone: bool) -> None:
    """Leave the teams without a manager: none is named, or the one who is cannot be reached any more."""
    with world.desk.database.transaction(None) as session:
        if is_gone:
            session.execute(update(Member).where(Member.role == "manager").values(is_active=False))
        else:
            session.execute(update(Team).values(manager_id=None))


@pytest.mark.parametrize("is_gone", [True, False])
def test_where_no_manager_can_be_told_the_admins_are(team_world: TeamWorld, *, is_gone: bool) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    without_managers(team_world, is_gone=is_gone)
    members.set_away(team_world.desk, at(30, 9), by=team_world.rep)
    found = run(team_world, at(20, 8))
    assert to(found, team_world.admin.member_id, "escalation") == [(at(3, 11), ["escalate"]), (at(16, 11), ["warn"])]
    assert steps_of(team_world, lead.id, "warn") == [(at(16, 11), "Admin")]
    assert steps_of(team_world, lead.id, "recycle") == [(at(19, 11), "Rep")]


def test_nothing_is_recycled_of_which_nobody_could_be_warned(team_world: TeamWorld, database: Database) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    without_managers(team_world, is_gone=True)
    members.set_away(team_world.desk, at(30, 9), by=team_world.rep)
    with database.transaction(None) as session:
        session.execute(update(Member).where(Member.role == "admin").values(is_active=False))
    run(team_world, at(25, 8))
    assert {to for _, to in steps_of(team_world, lead.id, "warn")} == {None}
    assert steps_of(team_world, lead.id, "recycle") == []
    with database.transaction(None) as session:
        session.execute(update(Member).where(Member.role == "admin").values(is_active=True))
    run(team_world, at(31, 8))
    # The warning came back on the next working day, and three days after it was heard the lead is taken.
    assert steps_of(team_world, lead.id, "warn")[-1] == (at(25, 11), "Admin")
    assert [when for when, _ in steps_of(team_world, lead.id, "recycle")] == [at(30, 11)]


@pytest.mark.parametrize("is_alone", [True, False])
def test_what_a_manager_owns_is_escalated_to_the_admins(
    team_world: TeamWorld, database: Database, *, is_alone: bool
) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    with database.transaction(None) as session:
        session.execute(update(Opportunity).values(owner_id=team_world.manager.member_id))
        if is_alone:
            session.execute(update(Member).where(Member.role == "admin").values(is_active=False))
    found = run(team_world, at(4, 8))
    manager, admin = team_world.manager.member_id, team_world.admin.member_id
    assert to(found, manager, "nudge")
    assert to(found, manager, "escalation") == []
    assert to(found, admin, "escalation") == ([] if is_alone else [(at(3, 11), ["escalate"])])
    assert steps_of(team_world, lead.id, "escalate") == ([] if is_alone else [(at(3, 11), "Admin")])


# --- what is broken


def test_one_that_cannot_be_reckoned_is_put_off_and_all_others_are_told(
    team_world: TeamWorld, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    broken, other = (make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity for _ in range(2))
    with database.transaction(None) as session:
        session.execute(update(Opportunity).where(Opportunity.id == broken.id).values(stage_key="gone"))
    before = counted()
    run(team_world, at(2, 10))
    team_world.clock.set(at(2, 11))
    assert sweep.due(team_world.desk) == 2
    assert sweep.due(team_world.desk) == 0
    assert told_of(team_world) == [other.id]
    assert counted() == before + 1
    assert f"opportunity {broken.id} cannot be handled" in caplog.text
    # Mended, it is told of an hour later.
    with database.transaction(None) as session:
        session.execute(update(Opportunity).where(Opportunity.id == broken.id).values(stage_key="lead"))
    assert sweep.next_moment(team_world.desk) == at(2, 12)
    team_world.clock.set(at(2, 12))
    assert sweep.due(team_world.desk) == 1
    assert told_of(team_world) == [broken.id]


def counted() -> float:
    return REGISTRY.get_sample_value("closeloop_put_off_total") or 0.0


def told_of(world: TeamWorld) -> list[int]:
    """Return of which opportunities the owner is told now."""
    found = []
    while leased := outbox.lease(world.desk):
        for one in leased:
            found += [item["opportunity_id"] for item in one.payload.get("items", ())]
            outbox.sent(world.desk, one, channel="C", ts="1")
    return found


# --- recycling


def test_a_lead_nobody_follows_is_recycled_after_a_warning(team_world: TeamWorld) -> None:
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    found = run(team_world, at(20, 8))
    warned = [moment for moment, steps in to(found, team_world.rep.member_id, "nudge") if "warn" in steps]
    # Ten working days after Monday eleven o'clock, and three after that.
    assert warned == [at(16, 11)]
    shown = opportunities.view(team_world.desk, lead.id, by=team_world.manager, history=50)
    assert shown.owner is None
    pooled = next(line for line in shown.history if isinstance(line.event, PutInPool))
    assert pooled.at == at(19, 11)
    assert isinstance(pooled.event, PutInPool)
    assert (pooled.event.cause, pooled.event.former) == ("recycled", "Rep")
    told = [(channel, payload["key"]) for moment, kind, channel, payload in found if kind == "notice"]
    assert told == [
        (f"member:{team_world.manager.member_id}", "notice.pool_recycled"),
        (f"member:{team_world.rep.member_id}", "notice.recycled"),
    ]


def test_what_lies_in_the_pool_comes_back_to_the_manager(team_world: TeamWorld) -> None:
    for one in (team_world.rep, team_world.rep2):
        members.set_away(team_world.desk, at(30, 9), by=one)
    leads.capture(team_world.desk, LeadForm.read({"customer_name": "Acme", "need": "n"}), by=team_world.specialist)
    found = run(team_world, at(11, 8))
    assert to(found, team_world.manager.member_id, "pool") == [(at(3, 9), ["remind"]), (at(9, 9), ["remind"])]
    assert to(found, team_world.manager.member_id, "escalation") == []


def test_what_lies_in_the_pool_is_told_in_one_message_a_day_and_one_a_week(team_world: TeamWorld) -> None:
    for one in (team_world.rep, team_world.rep2):
        members.set_away(team_world.desk, at(30, 9), by=one)
    for number in range(20):
        form = LeadForm.read({"customer_name": f"Acme {number} Foundry", "need": "n", "confirmed_new": True})
        leads.capture(team_world.desk, form, by=team_world.specialist)
        team_world.clock.advance(timedelta(minutes=7))
    found = run(team_world, at(11, 18))
    told = to(found, team_world.manager.member_id, "pool")
    # It lists all that lie there, also those that the clock rings for later that day.
    assert [moment for moment, _ in told] == [at(3, 9), at(9, 9)]
    assert len(told[-1][1]) == 20, "when a week begins, all come together"


# --- quiet and bundled


def test_what_falls_due_overnight_comes_in_one_message_in_the_morning(team_world: TeamWorld) -> None:
    for hour in (19, 20, 23):
        make_lead(team_world.desk, team_world.rep, next_due_at=at(2, hour), next_step="x")
    found = run(team_world, at(3, 8, 59))
    assert to(found, team_world.rep.member_id, "nudge") == []
    found = run(team_world, at(3, 9))
    # The first contact's cadence of a working day ends at nine as well.
    ((moment, steps),) = to(found, team_world.rep.member_id, "focus")
    assert moment == at(3, 9)
    assert len(steps) >= 3
    assert to(found, team_world.rep.member_id, "nudge") == []


def test_what_falls_due_at_the_end_of_the_day_is_told_then(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, next_due_at=at(2, 18), next_step="x")
    assert to(run(team_world, at(2, 23)), team_world.rep.member_id, "nudge") == [(at(2, 18), ["remind"])]


@pytest.mark.parametrize("weeks", [3])
def test_nothing_is_told_outside_working_hours(team_world: TeamWorld, weeks: int) -> None:
    for number, hour in enumerate((3, 7, 12, 13, 18, 22)):
        by = (team_world.rep, team_world.rep2)[number % 2]
        make_lead(team_world.desk, by, next_due_at=at(3 + number, hour, 30), next_step="x", **A_GRADE)
    found = run(team_world, at(2, 9) + timedelta(weeks=weeks))
    told = [moment.astimezone(SHANGHAI) for moment, kind, _, _ in found if kind in {"nudge", "escalation", "focus"}]
    assert len(told) > 10
    for moment in told:
        minute = moment.hour * 60 + moment.minute
        # At noon and at six, what ends then is told then.
        assert moment.weekday() < 5
        assert 540 <= minute <= 720 or 780 <= minute <= 1080, moment


def test_a_second_message_of_the_same_moment_has_a_name_of_its_own(team_world: TeamWorld) -> None:
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    team_world.clock.set(at(2, 11))
    sweep.due(team_world.desk)
    first = [one for one in outbox.lease(team_world.desk) if one.kind == "nudge"]
    lead = make_lead(team_world.desk, team_world.rep, **A_GRADE).opportunity
    with team_world.desk.database.transaction(None) as session:
        session.execute(
            update(Opportunity)
            .where(Opportunity.id == lead.id)
            .values(next_due_at=at(2, 11), attended_at=at(2, 10), attention_at=at(2, 11))
        )
    assert sweep.due(team_world.desk) == 1
    outbox.sent(team_world.desk, first[0], channel="D", ts="1")
    second = [one for one in outbox.lease(team_world.desk) if one.kind == "nudge"]
    assert [one.payload["items"][0]["opportunity_id"] for one in second] == [lead.id]


def test_an_imported_team_is_quiet_until_it_goes_live(team_world: TeamWorld, database: Database) -> None:
    with database.transaction(None) as session:
        session.execute(update(Team).values(live_from=None))
    make_lead(team_world.desk, team_world.rep, **A_GRADE)
    found = run(team_world, at(6, 8))
    assert found == []
    team_world.clock.set(at(6, 17))
    sweep.due(team_world.desk)
    with database.reading(None) as session:
        assert session.query(OutboxRow).count() == 0


# --- digests


def digest_days(found: list[tuple[datetime, str, str, Any]], team_id: int) -> list[tuple[str, datetime]]:
    return [
        (payload["day"], moment)
        for moment, kind, _, payload in found
        if kind == "digest" and payload["team_id"] == team_id
    ]


def test_a_digest_comes_at_its_local_hour_on_each_working_day(team_world: TeamWorld) -> None:
    found = run(team_world, at(10, 8))
    assert digest_days(found, team_world.team.id) == [(f"2026-03-{day:02}", at(day, 9)) for day in (3, 4, 5, 6, 9)]
    assert {channel for _, kind, channel, _ in found if kind == "digest"} == {"CNORTH", "CSOUTH"}


def test_a_restart_does_not_repeat_a_digest_and_a_pause_makes_one_up(team_world: TeamWorld, database: Database) -> None:
    run(team_world, at(3, 9))
    # A program that starts again knows nothing but the record; even a team whose moment was forgotten repeats nothing.
    with database.transaction(None) as session:
        session.execute(update(Team).values(digest_next_at=at(3, 9)))
    again = Desk(database, FakeClock(at(3, 9, 5)))
    sweep.digests(again)
    assert [one for one in outbox.lease(again) if one.kind == "digest"] == []
    # Down from Tuesday noon to Friday two o'clock: Friday's comes at once, the others not at all.
    team_world.clock.set(at(6, 14))
    assert digest_days(run(team_world, at(6, 15)), team_world.team.id) == [("2026-03-06", at(6, 14))]
    # Down over midnight: the day's digest waits for its hour.
    team_world.clock.set(at(11, 0, 30))
    assert digest_days(run(team_world, at(11, 10)), team_world.team.id) == [("2026-03-11", at(11, 9))]


@pytest.mark.parametrize(
    ("zone", "spring", "autumn"),
    [
        ("America/New_York", date(2026, 3, 9), date(2026, 11, 2)),
        ("Europe/Berlin", date(2026, 3, 30), date(2026, 10, 26)),
    ],
)
def test_the_hour_stays_the_local_one_when_the_clocks_change(
    desk: Desk, clock: FakeClock, zone: str, spring: date, autumn: date
) -> None:
    local = ZoneInfo(zone)
    world = make_team_world(desk, clock, zone=zone)
    for monday in (spring, autumn):
        start = datetime.combine(monday - timedelta(days=3), datetime.min.time(), local)
        clock.set(start.astimezone(UTC))
        found = run(world, (start + timedelta(days=4)).astimezone(UTC))
        days = digest_days(found, world.team.id)
        assert [day for day, _ in days][-2:] == [str(monday - timedelta(days=3)), str(monday)]
        assert {moment.astimezone(local).strftime("%H:%M") for _, moment in days[-2:]} == {"09:00"}
        assert days[-1][1] - days[-2][1] == timedelta(days=3, hours=-1 if monday == spring else 1)


@pytest.mark.parametrize("digest_time", ["02:30", "00:00", "23:59"])
def test_even_an_hour_that_a_night_lacks_or_has_twice_gives_one_digest_a_day(
    desk: Desk, clock: FakeClock, digest_time: str
) -> None:
    world = make_team_world(
        desk, clock, zone="America/New_York", digest_time=digest_time, workdays=(0, 1, 2, 3, 4, 5, 6)
    )
    for first in (date(2026, 3, 6), date(2026, 10, 30)):
        start = datetime.combine(first, datetime.min.time(), ZoneInfo("America/New_York"))
        clock.set(start.astimezone(UTC) - timedelta(minutes=1))
        run(world, start.astimezone(UTC) - timedelta(seconds=30))
        found = run(world, (start + timedelta(days=4)).astimezone(UTC) - timedelta(seconds=30))
        assert [day for day, _ in digest_days(found, world.team.id)] == [
            str(first + timedelta(days=number)) for number in range(4)
        ]


def test_a_changed_hour_gives_no_second_digest_that_day(team_world: TeamWorld) -> None:
    run(team_world, at(3, 9, 30))
    form = {"team_id": team_world.team.id, "name": "North", "channel_id": "CNORTH", "manager": "UMANAGER"}
    people = {"reps": ("UREP", "UREPTWO"), "specialists": ("USPECIALIST",), "zone": "Asia/Shanghai"}
    teams.setup(team_world.desk, TeamForm.read({**form, **people, "digest_time": "10:00"}), by=team_world.manager)
    assert digest_days(run(team_world, at(4, 11)), team_world.team.id) == [("2026-03-04", at(4, 10))]
    # Earlier than now: tomorrow's.
    teams.setup(team_world.desk, TeamForm.read({**form, **people, "digest_time": "8:00"}), by=team_world.manager)
    assert digest_days(run(team_world, at(5, 12)), team_world.team.id) == [("2026-03-05", at(5, 8))]


def test_on_a_holiday_there_is_none_and_on_a_make_up_day_there_is_one(desk: Desk, clock: FakeClock) -> None:
    world = make_team_world(desk, clock, country="CN")
    clock.set(datetime(2026, 9, 18, 0, 0, tzinfo=UTC))
    run(world, datetime(2026, 9, 18, 0, 30, tzinfo=UTC))
    found = run(world, datetime(2026, 10, 11, 0, 0, tzinfo=UTC))
    days = {day for day, _ in digest_days(found, world.team.id)}
    # National Day: the 1st to the 7th of October are free.
    assert not days & {f"2026-10-0{day}" for day in range(1, 8)}
    assert {"2026-09-30", "2026-10-08", "2026-10-09"} <= days
    made_up = {day for day in days if date.fromisoformat(day).weekday() >= 5}
    assert made_up, "China works on a weekend for its week of holidays"


def test_a_team_without_a_channel_has_no_digest(team_world: TeamWorld, database: Database) -> None:
    with database.transaction(None) as session:
        session.execute(update(Team).values(channel_id=None))
    make_lead(team_world.desk, team_world.rep)
    found = run(team_world, at(4, 8))
    assert not {kind for _, kind, _, _ in found} & {"digest", "card"}


def test_the_next_moment_is_strictly_later_and_none_where_nothing_is(desk: Desk, team_world: TeamWorld) -> None:
    moment = sweep.next_moment(desk)
    assert moment == at(3, 9)
    with desk.database.transaction(None) as session:
        session.execute(update(Team).values(digest_next_at=None))
    assert sweep.next_moment(desk) is None
    lead = make_lead(desk, team_world.rep).opportunity
    assert sweep.next_moment(desk) == lead.next_due_at
    with desk.database.reading(None) as session:
        assert session.scalar(select(OutboxRow.due_at)) == team_world.clock.now()


def test_the_sweep_takes_no_more_than_asked_and_the_rest_the_next_time(team_world: TeamWorld) -> None:
    for _ in range(5):
        make_lead(team_world.desk, team_world.rep)
    team_world.clock.set(at(2, 18))
    assert [sweep.due(team_world.desk, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    items = [
        len(one.payload["items"])
        for one in iter(lambda: next((p for p in outbox.lease(team_world.desk) if p.kind == "nudge"), None), None)
    ]
    assert sum(items) == 5
