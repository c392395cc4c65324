"""Owns imports: opportunities out of another program's file, through the same rules as everything else."""

from collections.abc import Callable
from contextlib import suppress

from sqlalchemy.exc import IntegrityError

from bot.errors import StaleRecord
from bot.services.customers import CustomerMoved
from bot.services.desk import Actor, Desk
from bot.services.import_collisions import settle
from bot.services.import_plan import Plan, make_plan
from bot.services.import_values import (
    Batch,
    Collisions,
    CustomerRow,
    ImportReport,
    OpportunityRow,
    Person,
    TeamPlan,
    Told,
    Verdict,
)
from bot.services.import_write import ImportWriter
from bot.services.recording import Recorder

__all__ = [
    "Batch",
    "Collisions",
    "CustomerRow",
    "ImportReport",
    "OpportunityRow",
    "Person",
    "TeamPlan",
    "Told",
    "Verdict",
    "check",
    "run",
]

_LOOKS = 5  # each begins with what others wrote meanwhile; a large file beside a busy team may need a few
_AT_ONCE = 500
"""Rows a transaction: large enough to be fast, small enough that a bot at work beside it never waits long."""


def check(desk: Desk, batch: Batch, *, by: Actor) -> ImportReport:
    """Say what an import would do, row by row; nothing is written.

    Raises:
        InvalidInput: A team that should be here is not.
        NotAllowed: The actor does not decide for a team, or may not make one.
    """
    return _report(_plan(desk, batch, by), is_dry=True, imported=None)


def run(
    desk: Desk, batch: Batch, *, by: Actor, progress: Callable[[int], object] = lambda _count: None
) -> ImportReport:
    """Import a batch: owners as the file has them, history dated as in the file, collisions counted and not refused.

    It may be broken off at any moment and run again: a row that is here already is never written twice. The teams that
    it makes are not live: no cards and no nudges.

    Args:
        desk: The record and the clock.
        batch: What the file brings.
        by: A manager of the teams, an admin, or the command line.
        progress: Is told how many rows have just been written.

    Raises:
        InvalidInput: A team that should be here is not.
        NotAllowed: The actor does not decide for a team, or may not make one.
        StaleRecord: Others went on making the same customers; what came in so far is kept.
    """
    for _ in range(_LOOKS - 1):
        # Somebody made the same team, member or customer meanwhile: another look finds it.
        with suppress(IntegrityError, StaleRecord):
            return _run(desk, batch, by, progress)
    return _run(desk, batch, by, progress)


def _plan(desk: Desk, batch: Batch, by: Actor) -> Plan:
    with desk.reading(by) as session:
        return make_plan(session, batch, by=by, now=desk.now())


def _run(desk: Desk, batch: Batch, by: Actor, progress: Callable[[int], object]) -> ImportReport:
    plan = _plan(desk, batch, by)
    progress(len(plan.refused) + plan.present)
    imported = 0
    if plan.rows:
        writer = ImportWriter(desk, plan, by)
        with desk.transaction(by) as session:
            writer.begin(session)
        for start in range(0, len(plan.rows), _AT_ONCE):
            some = plan.rows[start : start + _AT_ONCE]
            with desk.transaction(by.with_key(None)) as session:
                imported += writer.rows(session, some)
            progress(len(some))
        for customer_id in sorted(plan.met_at):
            with suppress(CustomerMoved), desk.transaction(by.with_key(None)) as session:
                settle(Recorder(desk, session, by), customer_id)
        with desk.transaction(by.with_key(None)) as session:
            writer.tell(session)
    return _report(plan, is_dry=False, imported=imported)


def _report(plan: Plan, *, is_dry: bool, imported: int | None) -> ImportReport:
    return ImportReport(
        is_dry=is_dry,
        imported=len(plan.rows) if imported is None else imported,
        present=plan.present,
        refused=tuple(plan.refused),
        remarks=tuple(plan.remarks),
        not_identified=sum(not one.customer.is_identified for one in plan.rows),
        collisions=plan.collisions,
        new_teams=plan.new_teams,
        new_members=len(plan.members),
        new_customers=sum(one.is_identified for one in plan.customers.made),
        verdicts=tuple(plan.verdicts),
    )
