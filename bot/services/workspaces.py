"""Owns the list of workspaces, for the command line and the doctor."""

from dataclasses import dataclass

from sqlalchemy import select

from bot.models import Workspace
from bot.services.desk import Desk


@dataclass(frozen=True, slots=True)
class WorkspaceRef:
    """A workspace; ``slack_team_id`` is ``local`` for one that no Slack workspace has taken over yet."""

    id: int
    slack_team_id: str
    enterprise_id: str
    name: str


def all_workspaces(desk: Desk) -> tuple[WorkspaceRef, ...]:
    """Return every workspace of this database, the oldest first."""
    with desk.database.reading(None) as session:
        return tuple(
            WorkspaceRef(row.id, row.slack_team_id, row.enterprise_id, row.name)
            for row in session.scalars(select(Workspace).order_by(Workspace.id))
        )
