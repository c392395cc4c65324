"""Owns the list of members and the form by which managers and admins change one of them."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, field_validator
from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from bot.domain.absence import first_minute, last_minute
from bot.errors import InvalidInput, NotAllowed, NotFound, StaleRecord, Text
from bot.models import Member, Opportunity, Team
from bot.services import absences, departures, member_changes
from bot.services.desk import Actor, Desk
from bot.services.forms import clean, read_form
from bot.services.languages import codes_of
from bot.services.member_changes import MemberChangeLine
from bot.services.member_rows import can_be_told, ref
from bot.services.recording import Recorder
from bot.services.values import MemberRef

PAGE = 15
ROLES = ("rep", "specialist", "manager", "admin")
_FREE_ROLES = frozenset({"rep", "specialist"})  # what a manager may give and take
_COMMA = re.compile(r"[,，、;；\n]+")
_REGION_MOST, _REGIONS_MOST, _WEIGHT_MOST, _CAPACITY_MOST = 60, 30, 100, 10_000


class MemberForm(BaseModel):
    """What the form says of a member; ``role`` and ``team_id`` are None where the form does not ask for them.

    ``shown`` is what stood in the form when it was opened, as ``MemberDetails`` has it: only what differs from it is changed.
    None where nobody looked: everything is meant.
    """

    member_id: int
    role: str | None = None
    team_id: int | None = None
    asks_team: bool = False
    weight: int = Field(ge=0, le=_WEIGHT_MOST)
    capacity: int = Field(ge=0, le=_CAPACITY_MOST)
    territories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    away_from: date | None = None
    away_until: date | None = None
    shown: dict[str, Any] | None = None

    @field_validator("territories", mode="before")
    @classmethod
    def _regions(cls, value: Any) -> Any:
        found = _parts(value)
        if len(found) > _REGIONS_MOST or any(len(one) > _REGION_MOST for one in found):
            raise ValueError("members.territories_unclear")
        return found

    @field_validator("languages", mode="before")
    @classmethod
    def _codes(cls, value: Any) -> Any:
        found = codes_of(_parts(value))
        if found is None:
            raise ValueError("members.languages_unclear")
        return found

    @field_validator("role")
    @classmethod
    def _known_role(cls, value: str | None) -> str | None:
        if value is not None and value not in ROLES:
            raise ValueError("error.invalid")
        return value

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        try:
            return read_form(cls, values)
        except InvalidInput as error:
            raise InvalidInput(
                {name: _SAID.get((name, text.key), text) for name, text in error.fields.items()}
            ) from error


_SAID = {
    ("weight", "error.invalid"): Text("members.weight_unclear", most=_WEIGHT_MOST),
    ("capacity", "error.invalid"): Text("members.capacity_unclear", most=_CAPACITY_MOST),
}


def _parts(value: Any) -> tuple[str, ...]:
    """Return what stands between the commas, each once, whatever its case."""
    texts = _COMMA.split(value) if isinstance(value, str) else list(value or ())
    found: dict[str, str] = {}
    for text in texts:
        tidy = " ".join(clean(str(text)).split())
        if tidy:
            found.setdefault(tidy.casefold(), tidy)
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member in the list.

    Attributes:
        member: Who.
        role: rep, specialist, manager or admin.
        team: The name of their team.
        open_count: Open opportunities they own.
        capacity: The most that the rules give them.
        weight: Their share of new leads.
        away_until: The end of an absence that lasts or is to come, aware UTC.
        is_active: False for one who is deactivated or a guest in Slack.
        is_manager_of: Names of the teams they manage.
        zone: Their IANA zone, in which an absence ends.
        away_from: Its beginning, aware UTC; None where it was at once.
    """

    member: MemberRef
    role: str
    team: str | None
    open_count: int
    capacity: int
    weight: int
    away_until: datetime | None
    is_active: bool
    is_manager_of: tuple[str, ...] = ()
    zone: str = "UTC"
    away_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A page of the members whom the actor may change; ``page`` counts from 0."""

    lines: tuple[MemberLine, ...]
    page: int
    pages: int
    count: int


@dataclass(frozen=True, slots=True)
class MemberDetails:
    """A member as the form shows them.

    Attributes:
        line: As in the list.
        team_id: Their team, if they have one.
        territories: Regions as typed.
        languages: Codes.
        roles: What the actor may make them; empty where they may not change the role.
        teams: Into which teams the actor may put them; empty where they may not move them.
        changes: What was last changed, the latest first.
        shown: What the form shows, by its fields, as JSON values; an absence by its days.
    """

    line: MemberLine
    team_id: int | None
    territories: tuple[str, ...]
    languages: tuple[str, ...]
    roles: tuple[str, ...]
    teams: tuple[tuple[int, str], ...]
    changes: tuple[MemberChangeLine, ...]
    shown: dict[str, Any]


def check_decides(by: Actor) -> None:
    """Refuse one who decides for no team.

    Raises:
        NotAllowed: They do not.
    """
    if not by.decides:
        raise NotAllowed("members.who_may")


def _within(by: Actor) -> ColumnElement[bool]:
    """Return the condition for members whom the actor may change, as ``decides_for`` says it of one."""
    if by.is_admin:
        return true()
    is_free = and_(Member.team_id.is_(None), Member.role.in_(_FREE_ROLES), Member.is_active)
    return or_(Member.team_id.in_(sorted(by.managed_team_ids)), Member.id == by.member_id, is_free)


def decides_for(by: Actor, member: Member) -> bool:
    """Say whether the actor may change a member: their teams', one whom no team has yet, themselves; an admin everybody."""
    return by.is_admin or member.team_id in by.managed_team_ids or member.id == by.member_id or _is_free(member)


def _is_free(member: Member) -> bool:
    return member.team_id is None and member.role in _FREE_ROLES and member.is_active


_LISTED = select(
    Member,
    Team.name.label("team"),
    select(func.count())
    .select_from(Opportunity)
    .where(Opportunity.owner_id == Member.id, Opportunity.closed_at.is_(None))
    .scalar_subquery()
    .label("open_count"),
).outerjoin(Team, Team.id == Member.team_id)


def roster(desk: Desk, *, by: Actor, page: int = 0) -> Roster:
    """Return a page of the members whom the actor may change: active ones first, by team and name.

    Raises:
        NotAllowed: The actor decides for no team.
    """
    check_decides(by)
    with desk.reading(by) as session:
        count = session.scalar(select(func.count()).select_from(Member).where(_within(by))) or 0
        pages = max(1, -(-count // PAGE))
        page = min(max(page, 0), pages - 1)
        ordered = _LISTED.where(_within(by)).order_by(
            Member.is_active.desc(), Team.name.is_(None), Team.name, Member.name, Member.id
        )
        rows = session.execute(ordered.limit(PAGE).offset(page * PAGE)).all()
        return Roster(_lines(session, rows, desk.now()), page, pages, count)


def find(desk: Desk, typed: str, *, by: Actor, limit: int = 100) -> tuple[MemberLine, ...]:
    """Return the members whom the actor may change and whose name or mail address has what was typed."""
    check_decides(by)
    with desk.reading(by) as session:
        statement = _LISTED.where(_within(by)).order_by(Member.is_active.desc(), Member.name, Member.id)
        wanted = clean(typed).casefold()
        if wanted:
            like = f"%{wanted.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
            statement = statement.where(
                or_(func.lower(Member.name).like(like, escape="!"), Member.email.like(like, escape="!"))
            )
        return _lines(session, session.execute(statement.limit(limit)).all(), desk.now())


def _lines(session: Session, rows: Any, now: datetime) -> tuple[MemberLine, ...]:
    ids = [row.Member.id for row in rows]
    managed: dict[int | None, list[str]] = {}
    teams = select(Team.manager_id, Team.name).where(Team.manager_id.in_(ids)).order_by(Team.name)
    for manager_id, name in session.execute(teams) if ids else ():
        managed.setdefault(manager_id, []).append(name)
    return tuple(_line(row.Member, row.team, row.open_count, managed.get(row.Member.id, []), now) for row in rows)


def line_of(session: Session, desk: Desk, member: Member) -> MemberLine:
    """Return one member as the list shows them."""
    row = session.execute(_LISTED.where(Member.id == member.id)).one()
    (line,) = _lines(session, [row], desk.now())
    return line


def _line(member: Member, team: str | None, open_count: int, managed: list[str], now: datetime) -> MemberLine:
    is_ahead = member.away_until is not None and member.away_until > now
    return MemberLine(
        ref(member),
        member.role,
        team,
        open_count,
        member.capacity,
        member.weight,
        member.away_until if is_ahead else None,
        member.is_active,
        tuple(managed),
        member.zone,
        member.away_from if is_ahead else None,
    )


def details(desk: Desk, member_id: int, *, by: Actor) -> MemberDetails:
    """Return a member as the form shows them.

    Raises:
        NotAllowed: The actor does not decide for them.
    """
    with desk.reading(by) as session:
        return _details(session, desk, _allowed(session, member_id, by), by)


def _details(session: Session, desk: Desk, member: Member, by: Actor) -> MemberDetails:
    line = line_of(session, desk, member)
    teams = select(Team.id, Team.name).order_by(Team.name)
    if not by.is_admin:
        teams = teams.where(Team.id.in_(sorted(by.managed_team_ids)))
    may_move = by.is_admin or member.team_id in by.managed_team_ids or _is_free(member)
    return MemberDetails(
        line,
        member.team_id,
        tuple(member.territories),
        tuple(member.languages),
        _roles(member, by),
        tuple((one.id, one.name) for one in session.execute(teams)) if may_move else (),
        member_changes.latest(session, member.id),
        _shown(member, desk.now()),
    )


def _shown(member: Member, now: datetime) -> dict[str, Any]:
    is_ahead = member.away_until is not None and member.away_until > now
    away = {name: _day(member, getattr(member, name) if is_ahead else None) for name in ("away_from", "away_until")}
    return {
        "role": member.role,
        "team_id": member.team_id,
        "weight": member.weight,
        "capacity": member.capacity,
        "territories": list(member.territories),
        "languages": list(member.languages),
        **away,
    }


def _day(member: Member, moment: datetime | None) -> str | None:
    return moment.astimezone(ZoneInfo(member.zone)).date().isoformat() if moment is not None else None


def _meant(form: MemberForm, member: Member, now: datetime) -> MemberForm:
    """Return the form with what its reader left alone as it is now, whoever has changed that since it was opened.

    Raises:
        StaleRecord: They changed what somebody else has changed to something else meanwhile.
    """
    current = _shown(member, now)
    was = current if form.shown is None else {name: form.shown.get(name) for name in current}
    typed = form.model_dump(mode="json", include=set(current))
    asked = set(current) - ({"role"} if form.role is None else set()) - (set() if form.asks_team else {"team_id"})
    changed = {name for name in asked if typed[name] != was[name]}
    stale = [name for name in current if name in changed and current[name] not in (was[name], typed[name])]
    if stale:
        raise StaleRecord("members.changed_meanwhile", fields=", ".join(stale))
    kept = {name: current[name] for name in asked - changed}
    return form.model_validate({**form.model_dump(exclude={"shown"}), **kept})


def manager_may_give(role: str) -> bool:
    """Say whether a team's manager may give that role; the others an admin gives."""
    return role in _FREE_ROLES


def _roles(member: Member, by: Actor) -> tuple[str, ...]:
    if by.is_admin:
        return ROLES
    return tuple(one for one in ROLES if one in _FREE_ROLES) if member.role in _FREE_ROLES else ()


def _allowed(session: Session, member_id: int, by: Actor, *, lock: bool = False) -> Member:
    check_decides(by)
    member = session.get(Member, member_id, with_for_update=lock)
    if member is None:
        raise NotFound("members.not_found")
    if not decides_for(by, member):
        raise NotAllowed("members.not_yours", member=member.name)
    return member


def update(desk: Desk, form: MemberForm, *, by: Actor) -> MemberDetails:
    """Change a member as the form says; what was changed is kept, with who did it.

    Raises:
        NotAllowed: The actor does not decide for them.
        InvalidInput: A role or team that the actor may not give, or that cannot be; at its field.
        StaleRecord: Somebody else changed the same since the form was opened.
    """
    with desk.transaction(by) as session:
        admins = _hold_admins(session) if by.is_admin else frozenset()
        member = _allowed(session, form.member_id, by, lock=True)
        recorder = Recorder(desk, session, by)
        form = _meant(form, member, recorder.now)
        before = member_changes.facts(member)
        _put_role(session, member, form, by, admins)
        _put_team(session, member, form, by)
        member.weight, member.capacity = form.weight, form.capacity
        member.territories, member.languages = list(form.territories), list(form.languages)
        session.flush()
        _put_away(recorder, member, form)
        departures.move(recorder, member, before)
        member_changes.keep(recorder, member, before)
        session.flush()
        # One who was moved to another team is out of the actor's reach now, but what was done is still shown.
        return _details(session, desk, member, by)


def _put_away(recorder: Recorder, member: Member, form: MemberForm) -> None:
    """Write the days away: whole ones in the member's zone; a day that stays the same keeps its time.

    Raises:
        InvalidInput: There is a first day and no last one, or they cannot be; at the field.
    """
    if form.away_until is None:
        if form.away_from is not None:
            raise InvalidInput({"away_until": Text("absence.no_end")})
        # An absence that has passed is no absence; it stays as it is, so that nothing seems changed.
        if member.away_until is not None and member.away_until > recorder.now:
            absences.put_away(recorder, member, None, None)
        return
    lasting = member.away_until if member.away_until is not None and member.away_until > recorder.now else None
    until = _kept(member, lasting, form.away_until) or last_minute(form.away_until, member.zone)
    start = None
    if form.away_from is not None:
        start = _kept(member, member.away_from, form.away_from) or first_minute(form.away_from, member.zone)
    absences.put_away(recorder, member, until, start)


def _kept(member: Member, known: datetime | None, day: date) -> datetime | None:
    return known if known is not None and known.astimezone(ZoneInfo(member.zone)).date() == day else None


def _put_role(session: Session, member: Member, form: MemberForm, by: Actor, admins: frozenset[int]) -> None:
    role = form.role
    if role is None or role == member.role:
        return
    if role not in _roles(member, by):
        raise InvalidInput({"role": Text("members.only_admins")})
    if member.role == "admin" and not admins - {member.id}:
        raise InvalidInput({"role": Text("members.last_admin", member=member.name)})
    managed = session.scalars(select(Team.name).where(Team.manager_id == member.id).order_by(Team.name)).all()
    if role in _FREE_ROLES and managed:
        raise InvalidInput({"role": Text("members.manages", member=member.name, team=managed[0])})
    if role == "specialist":
        check_owns_nothing(session, member)
    member.role, member.is_admin_by_slack = role, False


def _hold_admins(session: Session) -> frozenset[int]:
    """Return who could act as an admin, locked, so that two admins cannot take the role from each other at once."""
    rows = session.scalars(
        select(Member).where(Member.role == "admin", *can_be_told()).order_by(Member.id).with_for_update()
    )
    return frozenset(row.id for row in rows)


def check_owns_nothing(session: Session, member: Member, *, at: str = "role") -> None:
    """Refuse to make one who owns opportunities a specialist.

    Raises:
        InvalidInput: They own some; at the field ``at``.
    """
    count = session.scalar(
        select(func.count())
        .select_from(Opportunity)
        .where(Opportunity.owner_id == member.id, Opportunity.closed_at.is_(None))
    )
    if count:
        raise InvalidInput({at: Text("members.owns", member=member.name, count=count)})


def _put_team(session: Session, member: Member, form: MemberForm, by: Actor) -> None:
    if form.team_id is None and not by.is_admin and member.id != by.member_id and member.team_id is None:
        # Whom no team has a manager may take on, and do nothing else with.
        raise InvalidInput({"team_id": Text("members.choose_team")})
    if not form.asks_team or form.team_id == member.team_id:
        return
    may_leave = by.is_admin or member.team_id in by.managed_team_ids or _is_free(member)
    if not may_leave or not (form.team_id is None or by.manages(form.team_id)):
        raise InvalidInput({"team_id": Text("members.not_your_team")})
    if form.team_id is not None and session.get(Team, form.team_id) is None:
        raise InvalidInput({"team_id": Text("setup.not_found")})
    member.team_id = form.team_id
