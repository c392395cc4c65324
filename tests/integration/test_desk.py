"""The desk and the database under it: whole or not at all, once for each request, and honest instants."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import StatementError

from bot.clock import FakeClock
from bot.models import Member, ProcessedRequest
from bot.models.session import Database, write
from bot.services.desk import Actor, AlreadyDone, Desk, system_actor
from tests.factories import TeamWorld, make_member


def actor(desk: Desk) -> Actor:
    return make_member(desk, "Rep")


def test_what_fails_leaves_nothing_behind(desk: Desk, database: Database) -> None:
    by = actor(desk).with_key("evt-1")

    def fail() -> None:
        with desk.transaction(by) as session:
            session.get_one(Member, by.member_id).name = "Changed"
            session.flush()
            raise RuntimeError("defect")

    with pytest.raises(RuntimeError, match="defect"):
        fail()
    with database.reading(by.workspace_id) as session:
        assert session.get_one(Member, by.member_id).name == "Rep"
        assert session.query(ProcessedRequest).count() == 0


def test_a_request_is_carried_out_once(desk: Desk) -> None:
    by = actor(desk)
    with desk.transaction(by.with_key("evt-1")):
        pass
    with pytest.raises(AlreadyDone), desk.transaction(by.with_key("evt-1")):
        pytest.fail("the second one must not begin")
    with desk.transaction(by.with_key("evt-2")), pytest.raises(AlreadyDone):
        raise AlreadyDone("evt-1")
    for _ in range(2):
        with desk.transaction(by):
            pass


def test_nothing_written_while_reading_is_kept(desk: Desk, database: Database) -> None:
    by = actor(desk)
    with desk.reading(by) as session:
        session.get_one(Member, by.member_id).name = "Changed"
    with database.reading(None) as session:
        assert session.get_one(Member, by.member_id).name == "Rep"


def test_roles_decide_who_manages(team_world: TeamWorld) -> None:
    assert team_world.manager.manages(team_world.team.id)
    assert not team_world.manager.manages(team_world.other_team.id)
    assert not team_world.manager.manages(None)
    assert team_world.admin.manages(None)
    assert system_actor(1).is_admin
    assert not team_world.rep.manages(team_world.team.id)
    assert not team_world.rep.is_admin


def test_the_desk_tells_the_clocks_time(desk: Desk, clock: FakeClock) -> None:
    assert desk.now() == clock.now()


def test_instants_come_back_aware_in_utc_and_naive_ones_are_refused(desk: Desk, database: Database) -> None:
    by = actor(desk)
    local = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=ZoneInfo("Asia/Shanghai"))
    with database.transaction(by.workspace_id) as session:
        session.get_one(Member, by.member_id).away_until = local
    with database.reading(by.workspace_id) as session:
        kept = session.get_one(Member, by.member_id).away_until
        assert kept == local
        assert kept is not None
        assert kept.utcoffset() == timedelta(0)
    with pytest.raises(StatementError, match="aware"), database.transaction(by.workspace_id) as session:
        session.get_one(Member, by.member_id).away_until = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 - refused
    assert local.astimezone(UTC).hour == 1


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u@h/n", "postgresql+psycopg://u@h/n"),
        ("postgresql://u@h/n", "postgresql+psycopg://u@h/n"),
        ("postgresql+psycopg://u@h/n", "postgresql+psycopg://u@h/n"),
        ("sqlite:///x.sqlite3", "sqlite:///x.sqlite3"),
    ],
)
def test_addresses_are_spelt_for_the_driver(given: str, used: str) -> None:
    made = Database(given, pool_size=1)
    assert (made.url, made.is_sqlite) == (used, used.startswith("sqlite"))
    made.close()


def test_a_row_written_at_once_is_the_session_s_own_with_its_defaults(team_world: TeamWorld) -> None:
    desk, by = team_world.desk, team_world.admin
    with desk.transaction(by) as session:
        row = Member(workspace_id=by.workspace_id, name="Nora", zone="UTC", locale="en-US", created_at=desk.now())
        write(session, row)
        assert session.get(Member, row.id) is row
        assert (row.capacity, row.territories, row.is_active, row.email) == (50, [], True, None)
        row.capacity = 7
    with desk.reading(by) as session:
        found = session.get_one(Member, row.id)
        assert (found.name, found.capacity, found.territories, found.email) == ("Nora", 7, [], None)
        assert found.created_at == desk.now()
