"""A simulated quarter: reps in three zones, opportunities that are followed and neglected, a clock that jumps from tick to tick."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select, update

from bot.clock import FakeClock
from bot.domain.events import AssignmentAccepted, Graded, LeadCaptured
from bot.errors import UserError
from bot.models import Customer, Opportunity, OutboxRow
from bot.services import follow_ups, handovers, outbox, stages, sweep, teams
from bot.services.desk import Actor, Desk, system_actor
from bot.services.edits import EditForm
from bot.services.follow_ups import FollowUpForm
from bot.services.next_steps import set_next_step
from bot.services.recording import Recorder, enter_stage, ground_of
from bot.services.stages import LossForm, WinForm
from bot.services.teams import TeamForm
from tests.factories import again, make_member

TICK = timedelta(hours=1)
CLOSE_TICK = timedelta(minutes=5)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Asia/Kolkata")
TEAMS, REPS = 4, 5
_FACTS = {"budget": "confirmed", "authority": "decider", "intent": "quote", "meeting": "visit"}


@dataclass
class Sent:
    """A message that left: when, what, to whom, and the steps it tells."""

    at: datetime
    kind: str
    channel: str
    payload: dict[str, Any]
    due_at: datetime


@dataclass
class Quarter:
    """The record, the clock, the people, and everything that was sent."""

    desk: Desk
    clock: FakeClock
    reps: list[Actor]
    chance: random.Random
    sent: list[Sent] = field(default_factory=list)
    rounds: int = 0

    def run(self, until: datetime, *, opportunities: int, acts: int) -> None:
        """Let the time pass: leads come in and are followed or not, and the clock looks at every tick on which something is due."""
        start = self.clock.now()
        plan = sorted(self._plan(start, until, opportunities, acts), key=lambda one: one[0])
        for moment, act in plan:
            self._tick_to(moment)
            self._do(act)
        self._tick_to(until)

    def _plan(self, start: datetime, until: datetime, opportunities: int, acts: int) -> Iterator[tuple[datetime, str]]:
        # Most leads come in the first two months, so that what becomes of them can be seen.
        days = (until - start).days
        for number in range(opportunities // 20):
            yield start + timedelta(days=number * days * 20 // (opportunities * 3 // 2)), "capture"
        for _ in range(acts):
            # Between nine in Shanghai and six in Berlin.
            yield start + timedelta(days=self.chance.randrange(days)) + TICK * self.chance.randrange(16), "act"

    def _tick_to(self, moment: datetime) -> None:
        while self.clock.now() < moment:
            self._round()
            coming = sweep.next_moment(self.desk)
            now = self.clock.now()
            tick = CLOSE_TICK if _is_close(now) else TICK
            steps = 1 if coming is None else max(1, -((now - coming) // tick))
            self.clock.set(min(moment, now + tick * steps) if coming is not None else moment)

    def _round(self) -> None:
        self.rounds += 1
        while sweep.due(self.desk) == sweep.BATCH:
            pass
        sweep.digests(self.desk)
        sweep.focus(self.desk)
        # Cards are not what this is about, and there are very many.
        with self.desk.database.transaction(None) as session:
            session.execute(_CARDS)
        while leased := outbox.lease(self.desk, limit=500):
            now = self.clock.now()
            self.sent += [Sent(now, one.kind, one.channel, one.payload, one.due_at) for one in leased]
            with self.desk.database.transaction(None) as session:
                session.connection().execute(_SETTLED, [{"number": one.id} for one in leased])

    def _do(self, act: str) -> None:
        by = self.chance.choice(self.reps)
        try:
            if act == "capture":
                self._capture(20)
            else:
                self._follow(by)
        except UserError:
            return  # refused, as happens to people too

    def _capture(self, count: int) -> None:
        """Write leads down as a capture does, many in one transaction: how a capture goes is not what this is about."""
        now, workspace = self.clock.now(), self.reps[0].workspace_id
        with self.desk.database.transaction(workspace) as session:
            recorder = Recorder(self.desk, session, system_actor(workspace))
            for _ in range(count):
                by, letter = self.chance.choice(self.reps), self.chance.choice("AABBBCCCCC")
                ground = ground_of(session, by.team_id or 0)
                customer = Customer(name=f"Customer {self.chance.random()}", created_at=now)
                session.add(customer)
                session.flush()
                row = Opportunity(
                    team_id=ground.team.id, playbook_id=ground.team.playbook_id, customer_id=customer.id, need="n", currency="USD",
                    amount_minor=self.chance.randrange(100, 90_000) * 100, facts={}, grade=letter, score=1, grade_points=[],
                    owner_id=by.member_id, owner_reason={"key": "assign.captured", "params": {}}, accepted_at=now,
                    captured_at=now, captured_by_id=by.member_id, attended_at=now, has_collision=False, customer_known=True,
                )  # fmt: skip
                enter_stage(row, "lead", ground, now)
                session.add(row)
                session.flush()
                recorder.event(row, LeadCaptured(customer.name, "n", "demo", "lead"))
                recorder.event(row, Graded(letter, 1, []))
                recorder.event(row, AssignmentAccepted(by.member_id or 0, by.name))
                session.flush()
                set_next_step(recorder, row, "First contact", self._some_time(now))
                recorder.attend(row, ground)

    def _some_time(self, now: datetime) -> datetime:
        return now + timedelta(minutes=7 * self.chance.randrange(17, 1285))

    def _follow(self, by: Actor) -> None:
        """Let a rep see to the most urgent of theirs, the way people do: mostly a note, sometimes an end."""
        with self.desk.reading(by) as session:
            number = session.scalar(
                select(Opportunity.id)
                .where(Opportunity.owner_id == by.member_id, Opportunity.stage_kind.in_(("INTAKE", "OPEN")))
                .order_by(Opportunity.next_due_at)
                .offset(self.chance.randrange(4))
                .limit(1)
            )
        if number is None:
            return
        desk, now, what = self.desk, self.clock.now(), self.chance.random()
        if what < 0.55:
            due = self._some_time(now)
            follow_ups.log(desk, FollowUpForm(opportunity_id=number, said="x", next_step="y", next_due_at=due), by=by)
        elif what < 0.65:
            follow_ups.snooze(desk, number, now + timedelta(hours=self.chance.randrange(2, 60)), by=by)
        elif what < 0.75:
            edit = EditForm(facts=_FACTS, contact_email=f"a{number}@c{number}.example")
            stages.advance(desk, number, self.chance.choice(("qualified", "solution")), by=by, edit=edit)
        elif what < 0.82:
            stages.win(desk, WinForm(opportunity_id=number, reason="fit", amount="9k"), by=by)
        elif what < 0.93:
            form = LossForm(opportunity_id=number, reason="price", win_back=self.chance.random() < 0.5)
            stages.lose(desk, form, by=by)
        else:
            handovers.offer(desk, number, self.chance.choice(self.reps).slack_user_id or "", None, by=by)


def _is_close(now: datetime) -> bool:
    """Say whether the clock ticks every few minutes, as it does in life: of a Wednesday morning; more would take too long."""
    return now.weekday() == 2 and 1 <= now.hour < 4


_CARDS = (
    update(OutboxRow)
    .where(OutboxRow.kind == "card", OutboxRow.state == "waiting")
    .values(state="sent")
    .execution_options(synchronize_session=False)
)
_TABLE: Any = OutboxRow.__table__
_SETTLED = update(_TABLE).where(_TABLE.c.id == bindparam("number")).values(state="sent", leased_until=0.0)


def begin(desk: Desk, clock: FakeClock, *, seed: int) -> Quarter:
    """Make four teams of five reps, who live in three zones."""
    admin = make_member(desk, "Admin", is_slack_admin=True)
    reps = []
    for number in range(TEAMS):
        manager = make_member(desk, f"Manager {number}")
        own = [make_member(desk, f"Rep {number} {place}", zone=ZONES[place % 3]) for place in range(REPS)]
        form = TeamForm.read(
            {
                "name": f"Team {number}",
                "channel_id": f"C{number}",
                "zone": "Asia/Shanghai",
                "manager": manager.slack_user_id,
                "reps": [one.slack_user_id for one in own],
            }
        )
        teams.setup(desk, form, by=admin)
        reps += [again(desk, one) for one in own]
    return Quarter(desk, clock, reps, random.Random(seed))
