"""Owns the versions of a team's playbook: reading, checking and publishing them."""

from functools import lru_cache
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain.playbook import Playbook
from bot.errors import InvalidInput, NotAllowed, NotFound, Text
from bot.models import PlaybookRow, Team
from bot.services.desk import Actor, Desk


@lru_cache
def _adapter() -> TypeAdapter[Playbook]:
    return TypeAdapter(Playbook)


def parse(data: dict[str, Any]) -> Playbook:
    """Check a playbook and return it.

    Raises:
        InvalidInput: What is wrong, by path, such as ``stages.2.probability``.
    """
    try:
        playbook = _adapter().validate_python(data)
    except ValidationError as error:
        raise InvalidInput(
            {
                ".".join(str(part) for part in fault["loc"]): Text(
                    "playbook.fault", path=".".join(str(p) for p in fault["loc"]), what=fault["msg"]
                )
                for fault in error.errors()
            }
        ) from error
    faults = playbook.faults()
    if faults:
        raise InvalidInput(
            {str(index): Text("playbook.fault", path="", what=fault) for index, fault in enumerate(faults)}
        )
    return playbook


def dump(playbook: Playbook) -> dict[str, Any]:
    """Return a playbook as JSON values that ``parse`` reads back."""
    return cast("dict[str, Any]", _adapter().dump_python(playbook, mode="json"))


def loaded(session: Session, playbook_id: int) -> Playbook:
    """Return a version by its number, from memory after the first time."""
    cache = session.info["cache"]
    key = ("playbook", playbook_id)
    if key not in cache:
        row = session.get(PlaybookRow, playbook_id)
        if row is None:
            raise NotFound("error.not_found")
        cache[key] = parse(row.data)
    return cast("Playbook", cache[key])


def add_version(session: Session, team_id: int, playbook: Playbook, by: Actor, desk: Desk) -> PlaybookRow:
    """Write the next version and make it the team's; for other use cases inside their transaction."""
    last = session.scalar(select(func.max(PlaybookRow.version)).where(PlaybookRow.team_id == team_id)) or 0
    row = PlaybookRow(team_id=team_id, version=last + 1, data=dump(playbook), created_by=by.name, created_at=desk.now())
    session.add(row)
    session.flush()
    session.execute(update(Team).where(Team.id == team_id).values(playbook_id=row.id))
    return row


def current(desk: Desk, team_id: int, *, by: Actor) -> Playbook:
    """Return the playbook in force for a team.

    Raises:
        NotFound: The workspace has no such team.
    """
    with desk.reading(by) as session:
        team = session.get(Team, team_id)
        if team is None or team.playbook_id is None:
            raise NotFound("setup.not_found")
        return loaded(session, team.playbook_id)


def export(desk: Desk, team_id: int, *, by: Actor) -> dict[str, Any]:
    """Return the playbook in force as JSON values."""
    return dump(current(desk, team_id, by=by))


def publish(desk: Desk, team_id: int, data: dict[str, Any], *, by: Actor) -> int:
    """Make a new version the team's playbook; open opportunities keep the version they were captured under.

    Returns:
        The number of the version.

    Raises:
        InvalidInput: The playbook cannot be used.
        NotAllowed: The actor is not the team's manager or an admin.
        NotFound: The workspace has no such team.
    """
    playbook = parse(data)
    if not by.manages(team_id):
        raise NotAllowed("error.not_allowed")
    with desk.transaction(by) as session:
        if session.get(Team, team_id) is None:
            raise NotFound("setup.not_found")
        return add_version(session, team_id, playbook, by, desk).version
