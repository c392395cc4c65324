"""Owns the plan of an import: what each row of a batch becomes beside what is here already, before anything is written."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain import calendar, identity
from bot.domain.calendar import DEFAULT_WEEK, WorkCalendar
from bot.domain.playbook import Playbook, Stage, StageKind
from bot.errors import InvalidInput, NotAllowed, Text
from bot.models import Member, Opportunity, Team
from bot.services.access import SELLS
from bot.services.calendars import numbers_country
from bot.services.desk import Actor
from bot.services.import_collisions import find_collisions
from bot.services.import_customers import CustomerBook, PlannedCustomer
from bot.services.import_values import Batch, Collisions, OpportunityRow, Person, TeamPlan, Told, Verdict
from bot.services.recording import ground_of

_LOOK = 500


@dataclass(slots=True, eq=False)
class PlannedMember:
    """A member by our number, or one to be made: ``id`` is None until then. ``emails`` are addresses known to be theirs."""

    person: Person
    role: str
    team: "PlannedTeam | None"
    id: int | None = None
    is_active: bool = True
    emails: set[str] = field(default_factory=set)

    def may_be(self, person: Person) -> bool:
        """Say whether a person of the same name may be this one: another address is another person's."""
        return person.email is None or not self.emails or person.email in self.emails


@dataclass(slots=True, eq=False)
class PlannedTeam:
    """A team by our number, or one to be made."""

    said: TeamPlan
    playbook: Playbook
    calendar: WorkCalendar
    id: int | None = None
    playbook_id: int | None = None
    managers: list[PlannedMember] = field(default_factory=list)
    _moments: dict[tuple[date, bool], datetime] = field(default_factory=dict)

    def moment(self, day: date, *, is_end: bool) -> datetime:
        """Return when a local day began to be worked, or ended."""
        key = (day, is_end)
        if key not in self._moments:
            self._moments[key] = (calendar.end_of_day if is_end else calendar.start_of_day)(self.calendar, day)
        return self._moments[key]

    def stage(self, text: str | None) -> Stage | None:
        """Return the stage of that key or name; the first one for None; None where there is no such stage."""
        if text is None:
            return self.playbook.first_stage
        wanted = text.casefold()
        for stage in self.playbook.stages:
            if wanted in {stage.key.casefold(), stage.name.en.casefold(), stage.name.zh.casefold()}:
                return stage
        return None


@dataclass(slots=True, eq=False)
class PlannedRow:
    """An opportunity to be written; instants are aware UTC. ``met`` says how its customer was recognised."""

    row: OpportunityRow
    team: PlannedTeam
    customer: PlannedCustomer
    owner: PlannedMember | None
    stage: Stage
    captured_at: datetime
    met: str = "new"
    closed_at: datetime | None = None
    expected_close_on: date | None = None
    reason: str | None = None
    note: str | None = None
    has_collision: bool = False
    why: Text | None = None


@dataclass(slots=True)
class Plan:
    """What an import is going to do; ``here`` are customers of rows that came in before, ``met_at`` those that others have as well."""

    teams: dict[str, PlannedTeam] = field(default_factory=dict)
    members: list[PlannedMember] = field(default_factory=list)
    customers: CustomerBook = field(default_factory=CustomerBook)
    rows: list[PlannedRow] = field(default_factory=list)
    here: set[int] = field(default_factory=set)
    new_teams: int = 0
    present: int = 0
    met_at: set[int] = field(default_factory=set)
    refused: list[Told] = field(default_factory=list)
    remarks: list[Told] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    collisions: Collisions = field(default_factory=Collisions)


class _Refused(Exception):  # noqa: N818 - it carries the reason out of one row's checks
    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key)
        self.why = Text(key, **params)


def make_plan(session: Session, batch: Batch, *, by: Actor, now: datetime) -> Plan:
    """Look at every row of a batch and decide what becomes of it; nothing is written.

    Raises:
        InvalidInput: A team that should be here is not.
        NotAllowed: The actor does not decide for a team, or may not make one.
    """
    planner = _Planner(session, by, now)
    planner.teams(batch)
    planner.people(batch)
    planner.customers(batch)
    planner.rows(batch)
    plan = planner.plan
    plan.collisions = find_collisions(session, plan, now)
    plan.remarks += [Told(one.row.line, one.row.ref, one.why) for one in plan.rows if one.why is not None]
    plan.refused = sorted([*batch.refused, *plan.refused], key=lambda told: told.line)
    plan.remarks = sorted([*batch.remarks, *plan.remarks], key=lambda told: told.line)
    plan.verdicts += [Verdict(told.line, told.ref, "refused", why=told.why) for told in plan.refused]
    plan.verdicts += [
        Verdict(one.row.line, one.row.ref, "new", customer=one.met, has_collision=one.has_collision, why=one.why)
        for one in plan.rows
    ]
    plan.verdicts.sort(key=lambda verdict: verdict.line)
    return plan


class _Planner:
    def __init__(self, session: Session, by: Actor, now: datetime) -> None:
        self.session, self.by, self.now = session, by, now
        self.plan = Plan()
        self._by_name: dict[str, list[PlannedMember]] = defaultdict(list)
        self._by_email: dict[str, PlannedMember] = {}

    def teams(self, batch: Batch) -> None:
        here = {team.name.casefold(): team for team in self.session.scalars(select(Team))}
        for said in batch.teams:
            team = here.get(said.name.casefold())
            if team is not None:
                if not self.by.manages(team.id):
                    raise NotAllowed("error.not_allowed")
                ground = ground_of(self.session, team.id)
                planned = PlannedTeam(said, ground.playbook, ground.calendar, team.id, team.playbook_id)
            elif said.playbook is None:
                raise InvalidInput({"team": Text("import.needs_team")})
            elif not self.by.is_admin:
                raise NotAllowed("error.not_allowed")
            else:
                planned = PlannedTeam(said, said.playbook, WorkCalendar(said.zone, DEFAULT_WEEK))
                self.plan.new_teams += 1
            self.plan.teams[said.name] = planned

    def people(self, batch: Batch) -> None:
        # Of two of one name, the one who is here is meant.
        everybody = self.session.scalars(select(Member).order_by(Member.is_active.desc(), Member.id)).all()
        known = [
            PlannedMember(Person(row.name, row.email), row.role, None, row.id, is_active=row.is_active)
            for row in everybody
        ]
        for member in known:
            self._know(member, member.person.name, member.person.email)
        for member, row in zip(known, everybody, strict=True):
            # Whom a file named otherwise than Slack does; somebody of that very name, or address, goes first.
            for said_as in row.imported_as or ():
                is_address = "@" in said_as
                self._know(member, *((None, said_as) if is_address else (said_as, None)))
        for said in batch.teams:
            team = self.plan.teams[said.name]
            team.managers = [self._member(person, "manager", team) for person in said.managers]
            for person in said.reps:
                self._member(person, "rep", team)

    def _member(self, person: Person, role: str, team: PlannedTeam) -> PlannedMember:
        found = self._by_email.get(person.email) if person.email else None
        found = found or next((one for one in self._by_name[person.name.casefold()] if one.may_be(person)), None)
        if found is None:
            found = PlannedMember(person, role, team)
            self.plan.members.append(found)
        self._know(found, person.name, person.email)
        return found

    def _know(self, member: PlannedMember, name: str | None, email: str | None) -> None:
        """Have a member found by a name and by an address from now on."""
        if name is not None and member not in self._by_name[name.casefold()]:
            self._by_name[name.casefold()].append(member)
        if email is not None:
            member.emails.add(email)
            self._by_email.setdefault(email, member)

    def customers(self, batch: Batch) -> None:
        for said in batch.customers:
            self.plan.customers.named(
                self.session,
                said.name,
                website=said.website,
                credit_code=said.credit_code,
                industry=said.industry,
                region=said.region,
            )

    def rows(self, batch: Batch) -> None:
        present = self._present([row.ref for row in batch.rows])
        for row in batch.rows:
            if row.ref in present:
                self.plan.present += 1
                self.plan.verdicts.append(Verdict(row.line, row.ref, "present"))
                continue
            try:
                self.plan.rows.append(self._row(row))
            except _Refused as refused:
                self.plan.refused.append(Told(row.line, row.ref, refused.why))

    def _present(self, refs: list[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(refs), _LOOK):
            some = refs[start : start + _LOOK]
            statement = select(Opportunity.external_ref, Opportunity.customer_id)
            for ref, customer_id in self.session.execute(statement.where(Opportunity.external_ref.in_(some))):
                found.add(ref or "")
                self.plan.here.add(customer_id)
        return found

    def _row(self, row: OpportunityRow) -> PlannedRow:
        team = self.plan.teams[row.team]
        stage = team.stage(row.stage)
        if stage is None:
            names = ", ".join(one.key for one in team.playbook.stages)
            raise _Refused("import.stage", stage=row.stage, team=team.said.name, stages=names)
        captured_at = self._moment(row.captured, team, is_end=False)
        closed_at, reason, note = self._outcome(row, team, stage, captured_at)
        owner = self._member(row.owner, "rep", team) if row.owner is not None else None
        if owner is not None and closed_at is None:
            owner = self._accountable(row, owner)
        customer, met = self._customer(row, numbers_country(team.calendar, team.calendar.zone))
        return PlannedRow(
            row=row,
            team=team,
            customer=customer,
            met=met,
            owner=owner,
            stage=stage,
            captured_at=captured_at,
            closed_at=closed_at,
            expected_close_on=None if stage.kind.is_closed or row.closed is None else _day(row.closed),
            reason=reason,
            note=note,
        )

    def _accountable(self, row: OpportunityRow, owner: PlannedMember) -> PlannedMember | None:
        """Return who owns an open opportunity; of one who left, the manager gets the list, and a specialist owns nothing."""
        name = owner.person.name
        if owner.role not in SELLS:
            self.plan.remarks.append(Told(row.line, row.ref, Text("import.owner_helps", name=name)))
            return None
        if not owner.is_active:
            self.plan.remarks.append(Told(row.line, row.ref, Text("import.owner_left", name=name)))
        return owner

    def _moment(self, said: date | datetime | None, team: PlannedTeam, *, is_end: bool) -> datetime:
        """Return when a local day of the file began to be worked, or ended; a time as it is."""
        if said is None:
            return self.now
        if isinstance(said, datetime):
            minutes = said.hour * 60 + said.minute
            moment = said if said.tzinfo else calendar.at_local(team.calendar.zone, said.date(), minutes)
        else:
            moment = team.moment(said, is_end=is_end)
        if moment > self.now:
            # A day that has begun counts, although its working hours may still be to come.
            if _day(said) > calendar.local_day(team.calendar, self.now):
                raise _Refused("import.future", day=_day(said))
            return self.now
        return moment

    def _outcome(
        self, row: OpportunityRow, team: PlannedTeam, stage: Stage, captured_at: datetime
    ) -> tuple[datetime | None, str | None, str | None]:
        """Hold a closed row to what the loop demands of every outcome: a date, a reason, and of a win its amount."""
        if not stage.kind.is_closed:
            return None, None, None
        if row.closed is None:
            raise _Refused("import.not_closed", stage=stage.name)
        closed_at = self._moment(row.closed, team, is_end=True)
        if closed_at < captured_at:
            captured = row.captured or self.now
            raise _Refused("import.closed_before", closed=_day(row.closed), captured=_day(captured))
        if stage.kind is StageKind.WON and row.amount_minor is None:
            raise _Refused("import.won_amount", stage=stage.name)
        return closed_at, *_reason(row, team, stage)

    def _customer(self, row: OpportunityRow, country: str) -> tuple[PlannedCustomer, str]:
        book = self.plan.customers
        if row.customer is None:
            return book.unnamed(row.ref), "not_identified"
        customer, met = book.named(
            self.session,
            row.customer,
            email=row.contact.email if row.contact else None,
            phone=row.contact_phone,
            website=row.website,
            credit_code=row.credit_code,
            country=country,
            industry=row.industry,
            region=row.region,
        )
        given = (
            (row.website, identity.domain_key),
            (row.credit_code, identity.credit_code_key),
            (row.contact_phone, partial(identity.phone_key, region=country)),
        )
        self.plan.remarks += [
            Told(row.line, row.ref, Text("import.no_key", value=value))
            for value, key in given
            if value is not None and key(value) is None
        ]
        if met == "possible":
            names = ", ".join(customer.near)
            self.plan.remarks.append(Told(row.line, row.ref, Text("import.possible", name=row.customer, names=names)))
        return customer, met


def _reason(row: OpportunityRow, team: PlannedTeam, stage: Stage) -> tuple[str, str | None]:
    """Return a reason of the team's list; the file's own words become the note where they are none of it."""
    reasons = team.playbook.loss_reasons if stage.kind is StageKind.LOST else team.playbook.win_reasons
    wanted = (row.reason or "").casefold()
    for reason in reasons:
        if wanted and wanted in {reason.key.casefold(), reason.name.en.casefold(), reason.name.zh.casefold()}:
            return reason.key, None
    unknown = next((reason.key for reason in reasons if reason.imports_only), None)
    if unknown is None:
        raise _Refused("import.no_reason", team=team.said.name, stage=stage.name)
    return unknown, row.reason


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
