"""Owns what waits for a decision while time passes and judges change: who is asked now, and when they are reminded."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain import calendar
from bot.models import Customer, Member, OutboxRow, Registration, Ruling, Team
from bot.services import disputes, registration_rows, ruling_rows
from bot.services.desk import Actor, Desk
from bot.services.judges import judges_of
from bot.services.recording import Recorder, calendar_of

REMIND_AFTER, REMIND_EVERY = 2, 5
"""So many working days after it was asked judges are reminded of what waits for them, and then after so many again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A request for a ruling, else a registration or its renewal, that waits since ``asked_at`` for ``judges``."""

    judges: tuple[Member, ...]
    asked_at: datetime
    ruling: Ruling | None = None
    registration: Registration | None = None


def hand_on(recorder: Recorder, team_ids: Collection[int]) -> None:
    """Give what waits to those who decide in teams by now, and have its askers know who that is.

    Args:
        recorder: The transaction, which has written who manages the teams.
        team_ids: Those whose manager changed, left or came back.
    """
    session = recorder.session
    for team_id in sorted(team_ids):
        for one in _waiting(session, session.get_one(Team, team_id), recorder.now):
            if one.ruling is not None:
                ruling_rows.ask(recorder, one.ruling.id, one.judges)
                recorder.renew(ruling_rows.key(one.ruling.id, "asked"))
            elif one.registration is not None and registration_rows.ask(recorder, one.registration, one.judges):
                recorder.tell(
                    one.registration.asked_by_id,
                    "notice.registration_judges",
                    customer=session.get_one(Customer, one.registration.customer_id).name,
                    judges=", ".join(judge.name for judge in one.judges),
                )


def remind(desk: Desk, team_id: int, *, by: Actor) -> None:
    """Promise each judge of a team one reminder of all that waits for them, where it is time for one; none on a day off.

    Args:
        desk: The record and the clock.
        team_id: Primary key.
        by: The clock of its workspace.
    """
    with desk.transaction(by) as session:
        recorder, team = Recorder(desk, session, by), session.get_one(Team, team_id)
        worktime = calendar_of(team)
        today = calendar.local_day(worktime, recorder.now)
        if not calendar.is_workday(worktime, today):
            return
        late: dict[int, list[date]] = defaultdict(list)
        for one in _waiting(session, team, recorder.now):
            due_on = calendar.local_day(worktime, calendar.add_days(worktime, one.asked_at, REMIND_AFTER))
            if due_on <= today:
                for judge in one.judges:
                    late[judge.id].append(due_on)
        lately = [today]
        while len(lately) < REMIND_EVERY:
            lately.append(calendar.previous_workday(worktime, lately[-1]))
        for judge_id, days in late.items():
            names = {_key(judge_id, day): day for day in lately}
            told = session.scalars(select(OutboxRow.key).where(OutboxRow.key.in_(names))).all()
            last = max((names[name] for name in told if name is not None), default=None)
            # Of what fell due since, nothing was said yet.
            if last is None or max(days) > last:
                recorder.promise("undecided", f"member:{judge_id}", {}, key=_key(judge_id, today))


def _key(judge_id: int, day: date) -> str:
    return f"undecided:{judge_id}:{day}"


def _waiting(session: Session, team: Team, now: datetime) -> Iterator[_Waiting]:
    of_team = disputes.with_subjects(select(Ruling)).where(Ruling.state == "open", disputes.team_of() == team.id)
    for ruling in session.scalars(of_team.order_by(Ruling.id)).all():
        owner_id = disputes.subject_of(session, ruling).owner_id
        judges = judges_of(session, team, {ruling.asked_by_id, owner_id})
        yield _Waiting(judges, ruling.asked_at, ruling=ruling)
    undecided = (
        select(Registration)
        .join(Customer, Customer.id == Registration.customer_id)
        .where(registration_rows.undecided(now), Registration.team_id == team.id)
    )
    for row in session.scalars(undecided.order_by(Registration.id)).all():
        judges = judges_of(session, team, {row.asked_by_id})
        yield _Waiting(judges, row.renewal_asked_at or row.asked_at, registration=row)
