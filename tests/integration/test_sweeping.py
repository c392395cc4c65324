"""What the clock really sends to the database: every statement goes by an index, and two sweeps at once share the work."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date

import pytest
from sqlalchemy import select, text, update

from bench.clocking import said_by
from bench.databases import bare_connection
from bench.plans import full_scans
from bot.clock import FakeClock
from bot.domain.events import LadderStepTaken
from bot.models import EventRow, Opportunity, OutboxRow
from bot.models.session import Database
from bot.services import briefings, leads, sweep
from bot.services.desk import Desk, system_actor
from bot.services.leads import LeadForm
from tests.factories import TeamWorld, make_lead, make_team_world
from tests.integration.running import A_GRADE, SHANGHAI, at

LEADS, OFFERS = 24, 6


def neglect(world: TeamWorld) -> None:
    """Have leads that nobody will see to, and offers that nobody will answer."""
    for number in range(LEADS):
        make_lead(world.desk, (world.rep, world.rep2, world.other_rep)[number % 3], **A_GRADE)
    for number in range(OFFERS):
        form = LeadForm.read(
            {"customer_name": f"Offered {number} Foundry", "need": "n", "confirmed_new": True, **A_GRADE}
        )
        leads.capture(world.desk, form, by=world.specialist)


def deliver(database: Database) -> None:
    """Have everything that was promised be sent: nothing is recycled of which nobody was warned."""
    with database.transaction(None) as session:
        session.execute(update(OutboxRow).values(state="sent"))


@pytest.mark.parametrize("moment", [at(2, 11), at(3, 11), at(16, 11), at(19, 11)], ids=str)
def test_no_statement_of_a_sweep_reads_a_large_table_from_end_to_end(
    team_world: TeamWorld, database: Database, moment: object
) -> None:
    neglect(team_world)
    team_world.clock.set(at(2, 10))
    with closing(bare_connection(database.url.replace("+psycopg", ""))) as connection:
        for until in (at(2, 11), at(3, 11), at(16, 11), at(19, 11)):
            team_world.clock.set(until)
            if until == moment:
                break
            sweep.due(team_world.desk)
            deliver(database)
        said = said_by(database, lambda: sweep.due(team_world.desk))
        assert any("UPDATE opportunity" in statement for statement, _, _ in said)
        assert not full_scans(connection, [one[:2] for one in said], is_sparse=True)


def test_no_statement_of_a_digest_reads_a_large_table_from_end_to_end(
    team_world: TeamWorld, database: Database
) -> None:
    neglect(team_world)
    team_world.clock.set(at(3, 12))
    by = system_actor(team_world.rep.workspace_id)
    said = said_by(
        database,
        lambda: briefings.daily(team_world.desk, team_world.team.id, by=by, day=date(2026, 3, 3)),
    )
    assert any("FROM event" in statement for statement, _, _ in said)
    with closing(bare_connection(database.url.replace("+psycopg", ""))) as connection:
        assert not full_scans(connection, [one[:2] for one in said], is_sparse=True)


def test_a_statement_that_reads_a_large_table_from_end_to_end_is_found_out(
    team_world: TeamWorld, database: Database
) -> None:
    def look() -> None:
        with team_world.desk.database.reading(None) as session:
            session.execute(text("SELECT id FROM opportunity WHERE need = 'x'"))

    with closing(bare_connection(database.url.replace("+psycopg", ""))) as connection:
        (found,) = full_scans(connection, [one[:2] for one in said_by(database, look)])
    assert "opportunity" in found


def test_two_sweeps_at_once_take_every_step_exactly_once(postgres_url: str) -> None:
    clock = FakeClock(at(2, 9))
    with closing(Database(postgres_url)) as one, closing(Database(postgres_url)) as other:
        desks = Desk(one, clock), Desk(other, clock)
        world = make_team_world(desks[0], clock)
        neglect(world)
        for moment in (at(2, 11), at(2, 16), at(3, 11), at(16, 11), at(19, 11)):
            clock.set(moment)
            started = threading.Barrier(2)

            def work(desk: Desk, started: threading.Barrier = started) -> int:
                started.wait()
                handled = 0
                # Small batches, so that both are at it at the same time, with the same people to tell.
                while count := sweep.due(desk, limit=4):
                    handled += count
                return handled

            with ThreadPoolExecutor(2) as pool:
                handled = sum(future.result() for future in [pool.submit(work, desk) for desk in desks])
            assert handled >= LEADS
            deliver(one)
        with one.reading(None) as session:
            rows = session.scalars(select(EventRow).where(EventRow.kind == LadderStepTaken.kind)).all()
            steps = [(row.opportunity_id, LadderStepTaken.from_payload(row.payload)) for row in rows]
            shown = Counter(
                (row.channel, item["opportunity_id"], item["cause"], item["step"], item["moment"])
                for row in session.scalars(select(OutboxRow))
                for item in row.payload.get("items", ())
            )
            left = session.scalar(select(Opportunity.id).where(Opportunity.attention_at <= clock.now()).limit(1))
    taken = Counter((number, step.cause, step.step, step.moment) for number, step in steps)
    assert {step for _, _, step, _ in taken} >= {"remind", "nudge", "escalate", "warn", "recycle"}
    assert set(taken.values()) == {1}
    assert set(shown.values()) == {1}
    told = {(number, step.cause, step.step, step.moment.isoformat()) for number, step in steps if step.to is not None}
    assert {key[1:] for key in shown} == {one for one in told if one[2] != "recycle"}
    assert left is None
    assert clock.now().astimezone(SHANGHAI).day == 19
