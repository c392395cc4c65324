"""The clock of an opportunity is a function of its history: whatever happens, replaying it gives the stored moment."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.errors import UserError
from bot.models import EventRow, Opportunity
from bot.services import follow_ups, handovers, opportunities, pool, reviews, stages, sweep
from bot.services.desk import Actor
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.recording import ground_of
from bot.services.stages import LossForm, WinForm
from tests.factories import TeamWorld, make_lead
from tests.integration.replaying import Replay

Act = Callable[[TeamWorld, int, Actor, int], object]


def _later(world: TeamWorld, hours: int) -> Any:
    return world.clock.now() + timedelta(hours=1 + hours)


def _log(world: TeamWorld, number: int, by: Actor, size: int) -> None:
    form = FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=_later(world, size))
    follow_ups.log(world.desk, form, by=by)


def _log_and_undo(world: TeamWorld, number: int, by: Actor, size: int) -> None:
    form = FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=_later(world, size))
    done = follow_ups.log(world.desk, form, by=by)
    opportunities.undo(world.desk, done.event_id or 0, by=by)


def _lose(world: TeamWorld, number: int, by: Actor, size: int) -> None:
    stages.lose(world.desk, LossForm(opportunity_id=number, reason="price", win_back=size % 2 == 0), by=by)


def _lose_and_undo(world: TeamWorld, number: int, by: Actor, size: int) -> None:
    done = stages.lose(world.desk, LossForm(opportunity_id=number, reason="price", win_back=size % 2 == 0), by=by)
    opportunities.undo(world.desk, done.event_id or 0, by=by)


def _advance(world: TeamWorld, number: int, by: Actor, size: int) -> None:
    stage = ("qualified", "lead", "solution")[size % 3]
    facts = {"budget": "confirmed", "authority": "decider", "intent": "quote", "meeting": "visit"}
    stages.advance(world.desk, number, stage, by=by, edit=EditForm(facts=facts))


def _wait(world: TeamWorld, _number: int, _by: Actor, size: int) -> None:
    world.clock.advance(timedelta(hours=size))
    while sweep.due(world.desk):
        pass


ACTS: dict[str, Act] = {
    "wait": _wait,
    "wait long": lambda world, number, by, size: _wait(world, number, by, 12 * size),
    "log": _log,
    "log and undo": _log_and_undo,
    "snooze": lambda world, number, by, size: follow_ups.snooze(world.desk, number, _later(world, size), by=by),
    "advance": _advance,
    "win": lambda world, number, by, _size: stages.win(
        world.desk, WinForm(opportunity_id=number, reason="fit", amount="9k"), by=by
    ),
    "lose": _lose,
    "lose and undo": _lose_and_undo,
    "reopen": lambda world, number, by, _size: stages.reopen(world.desk, number, "again", by=by),
    "review": lambda world, number, by, _size: reviews.write(world.desk, number, "lesson", by=by),
    "hand over": lambda world, number, by, size: handovers.offer(
        world.desk, number, ("UREP", "UREPTWO")[size % 2], None, by=by
    ),
    "reassign": lambda world, number, _by, size: handovers.reassign(
        world.desk, number, ("UREP", "UREPTWO")[size % 2], None, by=world.manager
    ),
    "accept": lambda world, number, by, _size: handovers.accept(world.desk, number, by=by),
    "decline": lambda world, number, by, _size: handovers.decline(world.desk, number, None, by=by),
    "claim": lambda world, number, by, _size: pool.claim(world.desk, number, by=by),
}
_STEPS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 2), st.integers(1, 60)), min_size=3, max_size=14
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_STEPS)
def test_replaying_the_history_gives_the_stored_moment(
    team_world: TeamWorld, steps: list[tuple[str, int, int]]
) -> None:
    people = (team_world.rep, team_world.rep2, team_world.manager)
    # Examples share a database: each has a customer of its own.
    name = "".join(chr(ord("a") + int(digit, 16)) for digit in uuid4().hex).capitalize()
    values = {"customer_name": name, "contact_email": f"a@{name.lower()}.example", "amount": "5k"}
    number = make_lead(team_world.desk, team_world.rep, **values).opportunity.id
    for act, who, size in steps:
        # What the loop refuses changes nothing, and is part of the game.
        with suppress(UserError):
            ACTS[act](team_world, number, people[who], size)
        _check(team_world, number, act)


def _check(world: TeamWorld, number: int, after: str) -> None:
    with world.desk.database.reading(world.rep.workspace_id) as session:
        stored = session.get_one(Opportunity, number)
        ground = ground_of(session, stored.team_id, stored.playbook_id)
        rows = session.scalars(select(EventRow).where(EventRow.opportunity_id == number).order_by(EventRow.id))
        replayed = Replay(ground.playbook, ground.calendar).read(rows)
        assert stored.attention_at == replayed.attention_at(), after
        assert (stored.attention_at is not None) or stored.closed_at is not None, "open, and nobody looks after it"
