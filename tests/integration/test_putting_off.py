"""A team that the clock cannot reckon with is put off: all others get their digests, weeks and lists, and it does once mended."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.models import DigestRecord, OutboxRow, Team
from bot.models.session import Database
from bot.services import sweep
from bot.vitals import REGISTRY
from tests.factories import TeamWorld, make_lead
from tests.integration.running import SHANGHAI, at


def set_zone(database: Database, team_id: int, zone: str) -> None:
    with database.transaction(None) as session:
        session.execute(update(Team).where(Team.id == team_id).values(zone=zone))


def recorded(database: Database) -> list[tuple[int, str]]:
    with database.reading(None) as session:
        rows = session.execute(select(DigestRecord.team_id, DigestRecord.kind).order_by(DigestRecord.id)).all()
    return [(row.team_id, row.kind) for row in rows]


def listed(database: Database) -> set[str]:
    with database.reading(None) as session:
        return set(session.scalars(select(OutboxRow.channel).where(OutboxRow.kind == "focus")))


def counted() -> float:
    return REGISTRY.get_sample_value("closeloop_put_off_total") or 0.0


def test_a_team_without_a_valid_zone_keeps_no_other_from_its_digest_and_week(
    team_world: TeamWorld, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    north, south = team_world.team.id, team_world.other_team.id
    team_world.clock.set(at(8, 12))
    sweep.digests(team_world.desk)
    set_zone(database, north, "No/Where")
    team_world.clock.set(at(9, 9, 30))
    before, known = counted(), recorded(database)
    assert sweep.digests(team_world.desk) == 2
    assert recorded(database)[len(known) :] == [(south, "daily"), (south, "weekly")]
    assert counted() == before + 2
    assert f"the digest of team {north} cannot be handled" in caplog.text
    assert sweep.digests(team_world.desk) == 0
    assert counted() == before + 2, "it is looked at again in an hour, not at every tick"
    set_zone(database, north, SHANGHAI.key)
    team_world.clock.advance(timedelta(hours=1))
    assert sweep.digests(team_world.desk) == 2
    assert recorded(database)[-2:] == [(north, "daily"), (north, "weekly")]


def test_a_member_without_reckonable_hours_keeps_no_other_from_the_morning_list(
    team_world: TeamWorld, database: Database
) -> None:
    for one in (team_world.rep, team_world.other_rep):
        make_lead(team_world.desk, one, next_due_at=at(3, 11), next_step="Call")
    sweep.focus(team_world.desk)
    team_world.clock.set(at(3, 9))
    set_zone(database, team_world.team.id, "No/Where")
    sweep.focus(team_world.desk)
    assert listed(database) == {f"member:{team_world.other_rep.member_id}"}
    set_zone(database, team_world.team.id, SHANGHAI.key)
    team_world.clock.advance(timedelta(hours=1))
    sweep.focus(team_world.desk)
    assert listed(database) == {f"member:{one.member_id}" for one in (team_world.rep, team_world.other_rep)}
