"""Owns teams: setting them up, changing them, reading them."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from sqlalchemy import and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from bot.clock import zones
from bot.domain.calendar import DEFAULT_WEEK, WorkCalendar
from bot.domain.playbook import default_playbook
from bot.errors import InvalidInput, NotAllowed, NotFound, Text
from bot.models import Member, Team
from bot.models.base import BigId
from bot.models.questions import Question
from bot.services import (
    appointments,
    channels,
    departures,
    going_live,
    member_changes,
    members,
    renewals,
    roster,
)
from bot.services.calendars import place_of
from bot.services.desk import Actor, Desk
from bot.services.forms import read_form
from bot.services.members import Profile, ref
from bot.services.playbooks import add_version, loaded
from bot.services.recording import Recorder
from bot.services.values import TeamName, TeamRef
from bot.services.working_hours import days_of, read_days, read_week


class TeamForm(BaseModel):
    """What the setup form says of a team; members by Slack user id, ``hours`` such as ``9-12 13-18; Sat 9-12``.

    ``country`` may name a part of one, such as ``DE-BY``; ``exceptions`` are the days that differ from the week, a line each.
    ``reps_shown_to`` and ``specialists_shown_to`` are our numbers of the last ones whom the form had room for: who comes
    after them was not seen, and stays. None where all were seen. ``days_shown_to`` is the same of ``exceptions``; None where
    the form did not show them: those that are kept then stay.
    """

    team_id: int | None = None
    name: str = Field(min_length=1, max_length=80)
    channel_id: str | None = None
    manager: str
    reps: tuple[str, ...] = ()
    specialists: tuple[str, ...] = ()
    reps_shown_to: int | None = None
    specialists_shown_to: int | None = None
    zone: str = "UTC"
    country: str | None = None
    locale: str = "en-US"
    workdays: tuple[int, ...] = (0, 1, 2, 3, 4)
    hours: str = "9:00-12:00 13:00-18:00"
    exceptions: str | None = None
    days_shown_to: date | None = None
    digest_time: str = "09:00"
    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in zones():
            raise ValueError("setup.zone_unknown")
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        nation, region = place_of(value)
        if region is not None and nation is None:
            raise ValueError("setup.country_unknown")
        try:
            WorkCalendar("UTC", country=nation, region=region)
        except ValueError as error:
            raise ValueError("setup.country_unknown") from error
        return value

    @field_validator("workdays")
    @classmethod
    def _some_workdays(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or not set(value) <= set(range(7)):
            raise ValueError("setup.workdays_required")
        return value

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, value: str, info: ValidationInfo) -> str:
        read_week(value, info.data.get("workdays", ()))
        return value

    @field_validator("exceptions")
    @classmethod
    def _readable_days(cls, value: str | None) -> str | None:
        read_days(value or "", DEFAULT_WEEK)
        return value

    @field_validator("digest_time")
    @classmethod
    def _readable_time(cls, value: str) -> str:
        _minute(value)
        return value

    @classmethod
    def read(cls, values: dict[str, Any]) -> Self:
        """Read the values of a form.

        Raises:
            InvalidInput: What to do, by field.
        """
        return read_form(cls, values)


def _minute(text: str) -> int:
    try:
        at = time.fromisoformat(text.strip().replace("：", ":").zfill(5))
    except ValueError as error:
        raise ValueError("setup.time_unclear") from error
    return at.hour * 60 + at.minute


def setup(desk: Desk, form: TeamForm, *, by: Actor) -> TeamRef:
    """Create a team, or change one: its channel, people, hours and language.

    Raises:
        NotAllowed: The actor is neither an admin nor the team's manager; only admins create.
        InvalidInput: The name is taken, or somebody cannot be on the team or is not the actor's to place; at its field.
    """
    if not (by.is_admin if form.team_id is None else by.manages(form.team_id)):
        raise NotAllowed("error.not_allowed")
    with desk.transaction(by) as session:
        team = _team_row(session, desk, form)
        has_moved = _place_people(Recorder(desk, session, by), form, team)
        former, team.channel_id = team.channel_id, form.channel_id
        team.name, team.locale = form.name, form.locale
        channels.move(session, team, former)
        minute, calendar = team.digest_minute, _calendar(team)
        _set_hours(team, form, desk.now())
        is_calendar_new = calendar != _calendar(team)
        if is_calendar_new or has_moved:
            # Today's morning list may be due now; who has it already gets no second one.
            session.execute(
                update(Member)
                .where(or_(Member.team_id == team.id, Member.id == team.manager_id), Member.focus_next_at.is_not(None))
                .values(focus_next_at=desk.now())
            )
        if is_calendar_new and form.team_id is not None:
            renewals.begin(team)
        goes_live = team.live_from is None
        team.live_from = team.live_from or desk.now()
        is_hour_new = minute != team.digest_minute
        appointments.move(session, team, desk.now(), is_hour_new=is_hour_new, is_calendar_new=is_calendar_new)
        if team.playbook_id is None:
            add_version(session, team.id, default_playbook(form.currency), by, desk)
            session.refresh(team)
        session.flush()
        if goes_live:
            going_live.begin(Recorder(desk, session, by), team)
        return team_ref(session, team)


def _calendar(team: Team) -> tuple[Any, ...]:
    return team.zone, team.country, team.hours, team.exceptions


def _set_hours(team: Team, form: TeamForm, now: datetime) -> None:
    """Write when the team works; of the days that differ those stay that are past, or that the form did not show."""
    week = read_week(form.hours, form.workdays)
    team.zone, team.country, team.digest_minute = form.zone, form.country, _minute(form.digest_time)
    team.hours = [[list(span) for span in spans] for spans in week]
    today, kept = now.astimezone(ZoneInfo(form.zone)).date(), team.exceptions or {}
    if form.days_shown_to is not None:
        kept = {day: spans for day, spans in kept.items() if not today <= date.fromisoformat(day) <= form.days_shown_to}
    team.exceptions = {**kept, **read_days(form.exceptions or "", week)}


def _team_row(session: Session, desk: Desk, form: TeamForm) -> Team:
    taken = session.scalar(select(Team).where(func.lower(Team.name) == form.name.lower()))
    if taken is not None and taken.id != form.team_id:
        raise InvalidInput({"name": Text("setup.name_taken", name=form.name)})
    if form.team_id is not None:
        team = session.get(Team, form.team_id)
        if team is None:
            raise NotFound("setup.not_found")
        return team
    team = Team(name=form.name, zone=form.zone, locale=form.locale, hours=[], exceptions={}, created_at=desk.now())
    session.add(team)
    session.flush()
    return team


def _place_people(recorder: Recorder, form: TeamForm, team: Team) -> bool:
    """Write who is on the team and who manages it; says whether that changed anything of anybody."""
    session = recorder.session
    wanted = (
        [(form.manager, "manager")]
        + [(one, "rep") for one in form.reps]
        + [(one, "specialist") for one in form.specialists]
    )
    rows = _rows(recorder, form, {one for one, _ in wanted})
    if not recorder.by.is_admin:
        _check_within_reach(recorder, form, rows)
    before = {row: member_changes.facts(row) for row in rows.values()}
    leavers = _leavers(session, form, team) if form.team_id is not None else []
    for row in leavers:
        before[row] = member_changes.facts(row)
        row.team_id = None
    # Who manages another team goes on managing it.
    managing = set(session.scalars(select(Team.manager_id).where(Team.id != team.id)))
    for slack_id, role in wanted[1:]:
        row = rows[slack_id]
        takes_role = row.role != "admin" and slack_id != form.manager and row.id not in managing
        if takes_role and role == "specialist" != row.role:
            departures.hold(session, row)
            roster.check_owns_nothing(session, row, at="specialists")
        row.team_id = team.id
        if takes_role:
            row.role = role
    manager = rows[form.manager]
    if manager.role != "admin":
        manager.role = "manager"
    has_moved = team.manager_id != manager.id
    team.manager_id = manager.id
    session.flush()
    if has_moved:
        departures.hand_on(recorder, {team.id})
    for row, known in before.items():
        is_changed = member_changes.keep(recorder, row, known)
        has_moved = has_moved or is_changed
        departures.move(recorder, row, known)
    return has_moved


def _check_within_reach(recorder: Recorder, form: TeamForm, rows: Mapping[str, Member]) -> None:
    """Refuse what only an admin may do: put people of others on a team, or give it another manager.

    Raises:
        InvalidInput: Whom it is about, at the field.
    """
    by = recorder.by
    if rows[form.manager].id != by.member_id:
        raise InvalidInput({"manager": Text("setup.manager_by_admins", manager=by.name)})
    for field_name, people in (("reps", form.reps), ("specialists", form.specialists)):
        others = [rows[one].name for one in people if not roster.decides_for(by, rows[one])]
        if others:
            raise InvalidInput({field_name: Text("setup.not_yours", members=", ".join(others))})


def _rows(recorder: Recorder, form: TeamForm, wanted: set[str]) -> dict[str, Member]:
    """Return the rows of those who were chosen, by Slack id; who is not known yet is made known.

    Raises:
        InvalidInput: Somebody cannot be on a team, or was chosen twice; at the field.
    """
    session = recorder.session
    statement = select(Member).where(Member.slack_user_id.in_(wanted))
    rows = {row.slack_user_id: row for row in session.scalars(statement) if row.slack_user_id is not None}
    for slack_id in sorted(wanted - rows.keys()):
        # Slack is asked for their profile afterwards: nothing here may wait for the network.
        profile = Profile(slack_id, slack_id, zone=form.zone, locale=form.locale)
        rows[slack_id] = members.upsert(session, recorder.desk, profile)
        rows[slack_id].profile_read_at = None
    for field_name, people in (("manager", (form.manager,)), ("reps", form.reps), ("specialists", form.specialists)):
        gone = [rows[one] for one in people if not rows[one].is_active]
        if gone:
            raise InvalidInput({field_name: Text("setup.member_inactive", member=gone[0].name)})
    if set(form.reps) & set(form.specialists):
        raise InvalidInput({"specialists": Text("setup.member_twice")})
    return rows


def _leavers(session: Session, form: TeamForm, team: Team) -> list[Member]:
    """Return who was on the team, was seen in the form, and was taken out of it.

    Who is deactivated is not in the form; they keep their place for the case that they return.
    """
    present = session.scalars(
        select(Member)
        .where(
            Member.team_id == team.id,
            Member.is_active,
            Member.slack_user_id.is_not(None),
            Member.slack_user_id.not_in([*form.reps, *form.specialists]),
        )
        .order_by(Member.id)
    )
    shown_to = {True: form.specialists_shown_to, False: form.reps_shown_to}
    return [row for row in present if (last := shown_to[row.role == "specialist"]) is None or row.id <= last]


def team_ref(session: Session, team: Team) -> TeamRef:
    """Return a team's row as forms and messages see it."""
    values = {"workspace_id": team.workspace_id, "team_id": team.id, "manager_id": team.manager_id}
    return _team_ref(session, team, {row.id: row for row in _OF_TEAM.rows(session.connection(), values)})


_MEMBERS = select(Member.id, Member.name, Member.slack_user_id, Member.role, Member.team_id, Member.is_active).order_by(
    Member.id
)
_OF_TEAM = Question(
    _MEMBERS.where(
        Member.workspace_id == bindparam("workspace_id"),
        or_(
            and_(Member.team_id == bindparam("team_id", type_=BigId), Member.is_active),
            Member.id == bindparam("manager_id", type_=BigId),
        ),
    )
)
_PEOPLE = _MEMBERS.where(
    or_(
        and_(Member.team_id.in_(bindparam("teams", expanding=True)), Member.is_active),
        Member.id.in_(bindparam("managers", expanding=True)),
    )
)


def _people(session: Session, teams: list[Team]) -> dict[int, Any]:
    """Return the active members and the managers of teams by our number, in its order."""
    managers = [team.manager_id for team in teams if team.manager_id is not None]
    rows = session.connection().execute(_PEOPLE, {"teams": [team.id for team in teams], "managers": managers})
    return {row.id: row for row in rows}


def _team_ref(session: Session, team: Team, known: Mapping[int, Any]) -> TeamRef:
    people = [one for one in known.values() if one.team_id == team.id and one.is_active]
    manager = known.get(team.manager_id) if team.manager_id is not None else None
    return TeamRef(
        id=team.id,
        name=team.name,
        channel_id=team.channel_id,
        manager=ref(manager) if manager is not None else None,
        zone=team.zone,
        country=team.country,
        locale=team.locale,
        digest_minute=team.digest_minute,
        hours=tuple(tuple((span[0], span[1]) for span in day) for day in team.hours),
        exceptions=days_of(team.exceptions or {}),
        reps=tuple(ref(one) for one in people if one.role != "specialist"),
        specialists=tuple(ref(one) for one in people if one.role == "specialist"),
        is_live=team.live_from is not None,
        currency=loaded(session, team.playbook_id).currency if team.playbook_id else "USD",
    )


def all_teams(desk: Desk, *, by: Actor) -> tuple[TeamRef, ...]:
    """Return the workspace's teams by name."""
    with desk.reading(by) as session:
        teams = list(session.scalars(select(Team).order_by(Team.name)))
        people = _people(session, teams)
        return tuple(_team_ref(session, team, people) for team in teams)


def visible(desk: Desk, *, by: Actor) -> tuple[TeamName, ...]:
    """Return the teams whose pipeline the actor may see, by name: their own, those they manage, all for an admin."""
    named = select(Team.id, Team.name).where(Team.workspace_id == by.workspace_id).order_by(Team.name)
    with desk.database.asking() as connection:
        found = connection.execute(named).all()
    return tuple(TeamName(*row) for row in found if row.id == by.team_id or by.manages(row.id))


def team_of(desk: Desk, team_id: int, *, by: Actor) -> TeamRef:
    """Return one team.

    Raises:
        NotFound: The workspace has no such team.
    """
    with desk.reading(by) as session:
        team = session.get(Team, team_id)
        if team is None:
            raise NotFound("setup.not_found")
        return team_ref(session, team)


def has_team(desk: Desk, *, by: Actor) -> bool:
    """Say whether the workspace has been set up."""
    with desk.reading(by) as session:
        return session.scalar(select(Team.id).limit(1)) is not None


def home_team(session: Session, by: Actor) -> Team:
    """Return the team in which an actor captures: their own, else the first they manage, else an admin's first.

    Raises:
        NotAllowed: They have none.
    """
    if by.team_id is not None:
        team = session.get(Team, by.team_id)
        if team is not None:
            return team
    statement = select(Team).order_by(Team.id).limit(1)
    if not by.is_admin:
        statement = statement.where(Team.id.in_(by.managed_team_ids))
    team = session.scalar(statement)
    if team is None:
        raise NotAllowed("error.unknown_member")
    return team
