"""Questions that go to the driver itself: the same values as by SQLAlchemy's way, and the same errors."""

from typing import Any

import pytest
from sqlalchemy import Integer, bindparam, event, insert, literal, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from bot.models import Member, Opportunity, OutboxRow, Team, Workspace
from bot.models.base import Instant, Json
from bot.models.questions import Question
from bot.models.session import Database
from tests.conftest import PostgresServer
from tests.factories import TeamWorld, make_lead

OF_TEAM = (
    select(Opportunity.id, Opportunity.captured_at, Opportunity.closed_at, Opportunity.facts, Team.hours.label("week"))
    .join(Team, Team.id == Opportunity.team_id)
    .where(
        Opportunity.workspace_id == bindparam("workspace_id"),
        Opportunity.stage_kind.in_(("INTAKE", "OPEN")),
        Opportunity.captured_at <= bindparam("until", type_=Instant),
    )
    .order_by(Opportunity.id)
    .limit(bindparam("most", type_=Integer))
)


def test_rows_are_those_that_sqlalchemy_gives_moments_and_json_alike(team_world: TeamWorld) -> None:
    desk = team_world.desk
    for name in ("Acme", "Quillback", "Osprey"):
        make_lead(desk, team_world.rep, customer_name=name)
    values = {"workspace_id": team_world.rep.workspace_id, "until": team_world.clock.now(), "most": 2}
    asked = Question(OF_TEAM)
    with desk.database.reading(None) as session:
        expected = [tuple(row) for row in session.execute(OF_TEAM, values)]
        inside = asked.rows(session.connection(), values)
    alone = desk.database.ask(asked, values)
    assert len(expected) == 2
    assert [tuple(row) for row in alone] == [tuple(row) for row in inside] == expected
    assert alone[0].captured_at == team_world.clock.now()
    assert alone[0].captured_at.utcoffset() is not None
    assert isinstance(alone[0].week, list)


def test_what_a_transaction_wrote_is_seen_inside_it_and_gone_with_it(team_world: TeamWorld) -> None:
    row = {
        "workspace_id": bindparam("workspace_id"),
        "kind": "plain",
        "key": "once",
        "channel": "C1",
        "state": "waiting",
        "attempts": 0,
        "refusals": 0,
        "retry_at": 0.0,
        "leased_until": 0.0,
        "tried_at": 0.0,
        "payload": bindparam("payload", type_=Json),
        "due_at": bindparam("at", type_=Instant),
        "created_at": bindparam("at", type_=Instant),
    }
    promise = Question(insert(OutboxRow.__table__).values(row))
    known = Question(select(OutboxRow.payload).where(OutboxRow.key == literal("once")))
    values = {
        "workspace_id": team_world.rep.workspace_id,
        "payload": {"text": "好 <!channel> 🎉"},
        "at": team_world.clock.now(),
    }
    database = team_world.desk.database
    with database.reading(None) as session:  # undone at its end
        assert promise.rows(session.connection(), values) == []
        assert [one.payload for one in known.rows(session.connection(), {})] == [{"text": "好 <!channel> 🎉"}]
    assert database.ask(known, {}) == []


def test_a_refusal_is_sqlalchemys_and_leaves_a_connection_that_works(team_world: TeamWorld) -> None:
    row = {"slack_team_id": bindparam("team"), "enterprise_id": "", "name": "x", "key_rules": 1}
    made = insert(Workspace.__table__).values(**row, created_at=bindparam("at", type_=Instant))
    known = Question(select(Workspace.slack_team_id).where(Workspace.id == team_world.rep.workspace_id))
    (workspace,) = team_world.desk.database.ask(known, {})
    with team_world.desk.database.transaction(None) as session, pytest.raises(IntegrityError):
        Question(made).rows(session.connection(), {"team": workspace.slack_team_id, "at": team_world.clock.now()})
    assert team_world.desk.database.ask(known, {}) == [workspace]


def test_who_listens_to_the_engine_hears_what_is_asked(database: Database) -> None:
    heard: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    asked = Question(select(Member.id).where(Member.workspace_id == bindparam("workspace_id")))
    database.ask(asked, {"workspace_id": 7})
    with database.reading(None) as session:
        asked.rows(session.connection(), {"workspace_id": 8})
    event.remove(database.engine, "before_cursor_execute", note)
    said = [(statement, parameters) for statement, parameters in heard if "member" in statement]
    assert [list(getattr(one, "values", lambda one=one: one)()) for _, one in said] == [[7], [8]]


def test_letters_that_the_driver_cannot_write_leave_no_connection_without_transactions(postgres_url: str) -> None:
    database = Database(postgres_url, pool_size=1)
    asked = Question(select(literal(1).label("one")).where(literal("x") != bindparam("typed")))
    try:
        with pytest.raises(UnicodeEncodeError):
            database.ask(asked, {"typed": "half a face \ud83d"})
        with database.reading(None) as session:
            driver = session.connection().connection.dbapi_connection
            assert driver is not None
            assert not driver.autocommit
    finally:
        database.close()


def test_a_server_that_was_away_is_asked_again_at_the_next_question(
    postgres: PostgresServer, postgres_url: str
) -> None:
    database = Database(postgres_url)
    asked = Question(select(literal(1).label("one")))
    try:
        assert [row.one for row in database.ask(asked, {})] == [1]
        with postgres.away():
            with pytest.raises(OperationalError):
                database.ask(asked, {})
            with pytest.raises(DBAPIError):
                database.ask(asked, {})
        assert [row.one for row in database.ask(asked, {})] == [1]
    finally:
        database.close()
