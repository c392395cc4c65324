"""Owns the writing of a planned import: teams and people first, then rows by the hundred, with their history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.orm import Session

from bot.domain.identity import KeyKind
from bot.errors import StaleRecord
from bot.models import Contact, Customer, Member, Opportunity, Team
from bot.services import customer_keys, departures
from bot.services.customer_keys import StrongKey
from bot.services.desk import Actor, Desk
from bot.services.import_customers import PlannedCustomer
from bot.services.import_history import HistoryWriter
from bot.services.import_plan import Plan, PlannedMember, PlannedRow, PlannedTeam
from bot.services.playbooks import add_version
from bot.services.recording import Recorder

_LOOK = 500


class ImportWriter:
    """Writes a plan into the record.

    Args:
        desk: The record and the clock.
        plan: What is to be written; planned things get their numbers.
        by: Who imports.
    """

    def __init__(self, desk: Desk, plan: Plan, by: Actor) -> None:
        self.desk, self.plan, self.by = desk, plan, by
        self.now = desk.now()
        self._history = HistoryWriter(by, self.now)
        self._left: dict[int, set[int]] = defaultdict(set)

    def begin(self, session: Session) -> None:
        """Write teams, their playbooks, people, and the customers that the file describes."""
        for team in self.plan.teams.values():
            if team.id is None:
                self._team(session, team)
        for member in self.plan.members:
            self._member(session, member)
        for team in self.plan.teams.values():
            deciding = team.managers[0].id if team.managers else None
            if deciding is not None:
                unled = update(Team).where(Team.id == team.id, Team.manager_id.is_(None))
                session.execute(unled.values(manager_id=deciding), execution_options={"synchronize_session": False})
        described = [one for one in self.plan.customers.made if one.is_identified]
        for start in range(0, len(described), _LOOK):
            self._customers(session, described[start : start + _LOOK])
        known = {one.id: customer_keys.strong(one.keys) for one in self.plan.customers.known() if one.id is not None}
        customer_keys.write_strong(session.connection(), self.by.workspace_id, known)
        self._note_shared(session.connection(), known)

    def _team(self, session: Session, planned: PlannedTeam) -> None:
        said = planned.said
        row = Team(
            workspace_id=self.by.workspace_id,
            name=said.name,
            zone=said.zone,
            locale=said.locale,
            hours=[[list(span) for span in day] for day in planned.calendar.week],
            exceptions={},
            live_from=None,
            created_at=self.now,
        )
        session.add(row)
        session.flush()
        planned.id = row.id
        planned.playbook_id = add_version(session, row.id, planned.playbook, self.by, self.desk).id

    def _member(self, session: Session, planned: PlannedMember) -> None:
        team = planned.team
        decides = team is not None and bool(team.managers) and planned is team.managers[0]
        row = Member(
            workspace_id=self.by.workspace_id,
            slack_user_id=None,
            name=planned.person.name,
            email=planned.person.email,
            role=planned.role,
            # Who decides for a team need not belong to it; a further manager sees it by belonging.
            team_id=None if decides or team is None else team.id,
            zone=team.said.zone if team else "UTC",
            locale=team.said.locale if team else "en-US",
            created_at=self.now,
        )
        session.add(row)
        session.flush()
        planned.id = row.id

    def rows(self, session: Session, planned: Sequence[PlannedRow]) -> int:
        """Write some rows with their customers, contacts and history.

        Returns:
            How many were written; one that somebody else imported meanwhile is left out.
        """
        refs = [one.row.ref for one in planned]
        taken = set(session.scalars(select(Opportunity.external_ref).where(Opportunity.external_ref.in_(refs))))
        fresh = [one for one in planned if one.row.ref not in taken]
        if not fresh:
            return 0
        unmade = {id(one.customer): one.customer for one in fresh if one.customer.id is None}
        self._customers(session, list(unmade.values()))
        contacts = self._contacts(session, fresh)
        connection = session.connection()
        values = [self._history.values(one, contacts.get(id(one))) for one in fresh]
        ids = _inserted(connection, Opportunity, values)
        self._history.write(connection, list(zip(ids, fresh, values, strict=True)))
        self._mark_gone(session, list(zip(ids, fresh, strict=True)))
        return len(fresh)

    def _mark_gone(self, session: Session, written: list[tuple[int, PlannedRow]]) -> None:
        """Have what came in for one who left stand as it would if they left now: it needs somebody."""
        recorder = Recorder(self.desk, session, self.by)
        for number, one in written:
            if one.closed_at is None and one.owner is not None and not one.owner.is_active and one.team.id is not None:
                gone = session.get_one(Member, one.owner.id)
                departures.mark_gone(recorder, session.get_one(Opportunity, number), gone, shows=False)
                self._left[gone.id].add(one.team.id)

    def tell(self, session: Session) -> None:
        """Promise the managers the lists of what came in for those who left; for the last transaction."""
        recorder = Recorder(self.desk, session, self.by)
        for number, team_ids in self._left.items():
            departures.promise_lists(recorder, session.get_one(Member, number), team_ids)

    def _customers(self, session: Session, made: list[PlannedCustomer]) -> None:
        unwritten = [one for one in made if one.id is None]
        if not unwritten:
            return
        connection = session.connection()
        rows = [
            {
                "workspace_id": self.by.workspace_id,
                "name": one.name[:255],
                "region": one.region,
                "industry": one.industry,
                "is_identified": one.is_identified,
                "created_at": self.now,
            }
            for one in unwritten
        ]
        for one, number in zip(unwritten, _inserted(connection, Customer, rows), strict=True):
            one.id = number
        found_by = {one.id: one for one in unwritten if one.is_identified and one.id is not None}
        workspace_id = self.by.workspace_id
        strong = {number: customer_keys.strong(one.keys) for number, one in found_by.items()}
        had = customer_keys.holders(connection, workspace_id, {key for keys in strong.values() for key in keys})
        ours = {one.id for one in self.plan.customers.made}
        if any(
            key.kind == KeyKind.NAME and had.get(key, number) not in ours and not found_by[number].is_beside
            for number, keys in strong.items()
            for key in keys
        ):
            raise StaleRecord("import.changed")
        customer_keys.write_strong(connection, workspace_id, strong, had)
        self._note_shared(connection, strong)
        names = {number: [one.name] for number, one in found_by.items()}
        customer_keys.write_by_name(connection, workspace_id, names)

    def _note_shared(self, connection: Connection, keys: Mapping[int, Iterable[StrongKey]]) -> None:
        """Keep which customers have a key, such as a telephone number, that is another one's: they are proposed as duplicates."""
        wanted = {number: [key for key in some if key.kind != KeyKind.NAME] for number, some in keys.items()}
        had = customer_keys.holders(connection, self.by.workspace_id, {key for some in wanted.values() for key in some})
        for number, some in wanted.items():
            foreign = [key for key in some if had.get(key, number) != number]
            if foreign:
                customer_keys.note_shared(connection, self.by.workspace_id, number, foreign)

    def _contacts(self, session: Session, planned: list[PlannedRow]) -> dict[int, int]:
        """Return the contact of each row that names one, by the identity of the planned row."""
        naming = [one for one in planned if one.row.contact is not None]
        if not naming:
            return {}
        ids = sorted({one.customer.id for one in naming if one.customer.id is not None})
        known: dict[tuple[int | None, str], int] = {
            (row.customer_id, row.name.casefold()): row.id
            for row in session.scalars(select(Contact).where(Contact.customer_id.in_(ids)))
        }
        made: dict[tuple[int | None, str], dict[str, Any]] = {}
        for one in naming:
            contact = one.row.contact
            if contact is None or (one.customer.id, contact.name.casefold()) in known:
                continue
            made[one.customer.id, contact.name.casefold()] = {
                "workspace_id": self.by.workspace_id,
                "customer_id": one.customer.id,
                "name": contact.name,
                "title": one.row.contact_title,
                "phone": one.row.contact_phone,
                "email": contact.email,
                "created_at": one.captured_at,
            }
        numbers = _inserted(session.connection(), Contact, list(made.values()))
        everybody = known | dict(zip(made, numbers, strict=True))
        return {
            id(one): everybody[one.customer.id, one.row.contact.name.casefold()]
            for one in naming
            if one.row.contact is not None
        }


def _inserted(connection: Connection, model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows in one go and return their numbers in the same order."""
    if not rows:
        return []
    table = model.__table__
    # Asked to return the numbers in order, SQLite takes row by row, and psycopg spends its time in reading long statements.
    if connection.dialect.name == "sqlite":
        # SQLite's one writer is us until this transaction ends: we may count.
        last = connection.scalar(select(func.max(table.c.id))) or 0
        numbers = list(range(last + 1, last + 1 + len(rows)))
    else:
        sequence = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        numbers = list(
            connection.scalars(select(sequence).select_from(func.generate_series(1, len(rows)).alias("each")))
        )
    connection.execute(insert(model), [{"id": number, **row} for number, row in zip(numbers, rows, strict=True)])
    return numbers
