"""Absences that begin later: nothing changes before, and the clock does what their beginning asks for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import InvalidInput, Text
from bot.models import Assignment, Member, OutboxRow
from bot.models.session import Database
from bot.reminders.scheduler import Ticker
from bot.services import absences, departures, explanations, handovers, opportunities, pool, reports, roster, sweep
from bot.services.roster import MemberForm
from tests.factories import TeamWorld, make_lead
from tests.integration.running import at, run, to

NEXT_WEEK = {"start": at(9, 0), "until": at(13, 23, 59)}


def go(world: TeamWorld, **values: Any) -> absences.Absence:
    said = {**NEXT_WEEK, **values}
    return absences.set_away(world.desk, said["until"], start=said["start"], by=world.rep)


def offered(world: TeamWorld) -> int:
    """Return a lead that the rules offered to the first rep, because the other one has more to do."""
    make_lead(world.desk, world.rep2)
    number = make_lead(world.desk, world.manager, mine=False).opportunity.id
    assert owner(world, number) == world.rep.member_id
    return number


def owner(world: TeamWorld, number: int) -> int | None:
    found = opportunities.view(world.desk, number, by=world.admin).owner
    return found.id if found else None


class _Still:
    """Sends nothing."""

    def run(self) -> int:
        return 0


def tick(world: TeamWorld) -> None:
    Ticker(world.desk, _Still()).sweep()  # type: ignore[arg-type]


def test_until_it_begins_one_is_here_and_gets_leads_and_reminders(team_world: TeamWorld) -> None:
    absence = go(team_world)
    assert (absence.start, absence.until, absence.passed_on) == (at(9, 0), at(13, 23, 59), 0)
    assert absence.manager is not None
    assert absence.manager.name == "Manager"
    number = offered(team_world)
    handovers.accept(team_world.desk, number, by=team_world.rep)
    found = run(team_world, at(8, 12))
    assert [moment for moment, _ in to(found, team_world.rep.member_id, "focus")], "the mornings of this week"
    later = run(team_world, at(13, 20))
    assert to(later, team_world.rep.member_id, "focus") == to(later, team_world.rep.member_id, "nudge") == []
    assert to(later, team_world.manager.member_id, "escalation")
    assert to(run(team_world, at(16, 9)), team_world.rep.member_id, "focus")


def test_offers_that_wait_when_it_begins_go_to_the_next_one(team_world: TeamWorld, database: Database) -> None:
    go(team_world, start=at(2, 9, 20))
    number = offered(team_world)
    tick(team_world)
    assert owner(team_world, number) == team_world.rep.member_id
    assert sweep.next_moment(team_world.desk) == at(2, 9, 20), "the clock stops at the beginning"
    team_world.clock.set(at(2, 9, 20))
    tick(team_world)
    assert owner(team_world, number) == team_world.rep2.member_id
    kinds = [one.event for one in opportunities.view(team_world.desk, number, by=team_world.admin).history]
    assert [one.cause for one in kinds if getattr(one, "cause", None) == "away"] == ["away"]
    with database.reading(None) as session:
        states = session.scalars(
            select(Assignment.state).where(Assignment.opportunity_id == number).order_by(Assignment.id)
        ).all()
    assert states == ["withdrawn", "pending"]
    assert absences.begin(team_world.desk) == 0


def test_who_came_back_before_it_began_keeps_their_offers(team_world: TeamWorld) -> None:
    go(team_world, start=at(2, 9, 20))
    number = offered(team_world)
    assert absences.set_away(team_world.desk, None, by=team_world.rep).until is None
    team_world.clock.set(at(2, 9, 20))
    assert absences.begin(team_world.desk) == 0
    assert owner(team_world, number) == team_world.rep.member_id


def test_everybody_who_asks_whether_they_are_away_gets_the_same_answer(team_world: TeamWorld) -> None:
    desk, rep = team_world.desk, team_world.rep
    go(team_world)
    pooled = make_lead(desk, team_world.rep2).opportunity.id
    others = make_lead(desk, team_world.rep2).opportunity.id
    pool.release(desk, pooled, "not mine", by=team_world.rep2)

    def answers() -> dict[str, bool]:
        takers, _ = pool.takers(desk, pooled, by=team_world.manager)
        free = departures.takers(desk, others, "", by=team_world.manager)
        return {
            "pool": next(one.away_until is not None for one in takers if one.member.id == rep.member_id),
            "departures": rep.member_id not in {one.member.id for one in free},
            "handover": _is_refused(lambda: handovers.offer(desk, others, "UREP", None, by=team_world.rep2)),
        }

    assert answers() == dict.fromkeys(("pool", "departures", "handover"), False)
    handovers.decline(desk, others, "later", by=rep)
    team_world.clock.set(at(9, 10))
    assert answers() == dict.fromkeys(("pool", "departures", "handover"), True)
    day = reports.day(desk, by=rep)
    assert (day.away_from, day.away_until) == (at(9, 0), at(13, 23, 59))
    made = make_lead(desk, team_world.manager, mine=False).opportunity
    assert made.owner is not None
    assert made.owner.id == team_world.rep2.member_id
    standing = next(
        one
        for one in explanations.decisions_of(desk, made.id, by=team_world.manager)[-1].standings
        if one.member_id == rep.member_id
    )
    assert (standing.verdict, standing.away_until) == ("away", at(13, 23, 59))


def _is_refused(act: Any) -> bool:
    try:
        act()
    except InvalidInput as refused:
        return [text.key for text in refused.fields.values()] == ["handover.away"]
    return False


def test_the_members_form_takes_both_days_and_keeps_what_stays(team_world: TeamWorld, database: Database) -> None:
    desk, rep = team_world.desk, team_world.rep
    values = {"member_id": rep.member_id, "weight": "1", "capacity": "50", "territories": "", "languages": ""}

    def save(**more: Any) -> Any:
        return roster.update(desk, MemberForm.read({**values, **more}), by=team_world.manager).line

    def refused(**more: Any) -> dict[str, str]:
        with pytest.raises(InvalidInput) as caught:
            save(**more)
        return {name: text.key for name, text in caught.value.fields.items()}

    line = save(away_from=date(2026, 3, 9), away_until=date(2026, 3, 13))
    assert (line.away_from, line.away_until) == (
        datetime(2026, 3, 8, 16, 0, tzinfo=UTC),
        datetime(2026, 3, 13, 15, 59, tzinfo=UTC),
    )
    with database.reading(None) as session:
        told = session.scalars(select(OutboxRow.channel).where(OutboxRow.kind == "absence")).all()
    assert told == [], "the manager did it themselves"
    assert refused(away_from=date(2026, 3, 14), away_until=date(2026, 3, 13)) == {"away_from": "absence.reversed"}
    assert refused(away_from=date(2026, 3, 9)) == {"away_until": "absence.no_end"}
    team_world.clock.set(at(10, 9))
    line = save(away_from=date(2026, 3, 9), away_until=date(2026, 3, 12), weight="2")
    assert (line.away_from, line.away_until) == (at(9, 0), at(12, 23, 59))
    assert save().away_until is None
    line = save(away_from=date(2026, 3, 1), away_until=date(2026, 3, 12))
    assert (line.away_from, line.away_until) == (None, at(12, 23, 59)), "what is past begins now"
    team_world.clock.set(at(16, 9))
    assert save().away_until is None
    with database.reading(None) as session:
        kept = session.get_one(Member, rep.member_id)
        assert kept.away_until == at(12, 23, 59), "an absence that has passed stays as it is"


def test_the_manager_is_told_of_a_later_absence_at_once(team_world: TeamWorld, database: Database) -> None:
    due = at(10, 10)
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=due)
    make_lead(team_world.desk, team_world.rep, next_step="Call", next_due_at=team_world.clock.now() + timedelta(days=1))
    assert go(team_world).due_count == 1, "what falls due before it begins is still theirs"
    with database.reading(None) as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.kind == "absence")).one()
    told = absences.absence_of(team_world.desk, row.payload["member_id"], workspace_id=row.workspace_id)
    assert (told.start, told.until, row.channel) == (
        at(9, 0),
        at(13, 23, 59),
        f"member:{team_world.manager.member_id}",
    )


def until_friday(world: TeamWorld) -> None:
    absences.set_away(world.desk, at(6, 23, 59), by=world.rep)


def stands(world: TeamWorld, database: Database) -> tuple[datetime | None, datetime | None]:
    with database.reading(None) as session:
        row = session.get_one(Member, world.rep.member_id)
        return row.away_from, row.away_until


def test_a_later_absence_does_not_end_the_present_one_without_a_word(team_world: TeamWorld, database: Database) -> None:
    until_friday(team_world)
    with pytest.raises(InvalidInput) as caught:
        go(team_world, start=at(16, 0), until=at(20, 23, 59))
    assert caught.value.fields == {"away_from": Text("absence.under_way", until=date(2026, 3, 6))}
    assert stands(team_world, database) == (None, at(6, 23, 59))
    made = make_lead(team_world.desk, team_world.manager, mine=False).opportunity
    assert made.owner is not None
    assert made.owner.name == "Rep Two"
    absences.set_away(team_world.desk, None, by=team_world.rep)
    assert go(team_world, start=at(16, 0), until=at(20, 23, 59)).start == at(16, 0)


@pytest.mark.parametrize(
    ("start", "until", "end"),
    [
        (at(5, 0), at(11, 23, 59), at(11, 23, 59)),
        (at(7, 0), at(8, 23, 59), at(8, 23, 59)),
        # Nothing is worked between Friday and Monday.
        (at(9, 0), at(13, 23, 59), at(13, 23, 59)),
        (at(4, 0), at(5, 23, 59), at(6, 23, 59)),
        (None, at(11, 23, 59), at(11, 23, 59)),
        (None, at(4, 23, 59), at(4, 23, 59)),
    ],
)
def test_what_touches_the_present_absence_changes_its_end_and_never_its_beginning(
    team_world: TeamWorld, database: Database, start: datetime | None, until: datetime, end: datetime
) -> None:
    absences.set_away(team_world.desk, at(6, 23, 59), start=at(3, 0), by=team_world.rep)
    team_world.clock.set(at(3, 10))
    absence = go(team_world, start=start, until=until)
    assert (absence.until, absence.is_changed) == (end, True)
    assert stands(team_world, database) == (at(3, 0), end)
    with database.reading(None) as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "absence").order_by(OutboxRow.id)).all()
    told = [(row.payload["until"], row.payload["is_changed"]) for row in rows]
    changes = [(end.isoformat(), True)] if end != at(6, 23, 59) else []
    assert told == [(at(6, 23, 59).isoformat(), False), *changes]


def test_who_is_on_no_team_goes_on_being_away_from_one_day_to_the_next(team_world: TeamWorld) -> None:
    desk, admin = team_world.desk, team_world.admin
    absences.set_away(desk, at(6, 12), by=admin)
    for later in (at(6, 13), at(9, 0)):
        with pytest.raises(InvalidInput) as caught:
            absences.set_away(desk, at(13, 23, 59), start=later, by=admin)
        assert caught.value.fields == {"away_from": Text("absence.under_way", until=at(6, 12))}
    absences.set_away(desk, at(6, 23, 59), by=admin)
    assert absences.set_away(desk, at(8, 23, 59), start=at(7, 0), by=admin).until == at(8, 23, 59)


def test_a_manager_does_not_end_the_present_absence_of_a_member_either(team_world: TeamWorld) -> None:
    until_friday(team_world)
    form = {"member_id": team_world.rep.member_id, "weight": "1", "capacity": "50", "territories": "", "languages": ""}
    typed = {"away_from": date(2026, 3, 16), "away_until": date(2026, 3, 20)}
    with pytest.raises(InvalidInput) as caught:
        roster.update(team_world.desk, MemberForm.read({**form, **typed}), by=team_world.manager)
    assert caught.value.fields == {
        "away_from": Text("absence.under_way_of", member="Rep", until=date(2026, 3, 6)),
    }
