"""Owns what commands work on: the migrated database of the settings, and the workspace they mean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from bot.config import load_settings
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.services.desk import Actor, Desk
    from bot.services.values import TeamRef


def prepare_database(database_url: str) -> None:
    """Bring the database to the newest revision, making it first if it is a new SQLite file.

    Raises:
        ConfigError: It cannot be reached, or was made by a newer program.
    """
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from bot.models import migrate

    try:
        migrate.upgrade(database_url)
    except CommandError as error:
        raise ConfigError("DATABASE_URL: this database was made by a newer Closeloop. Update the program.") from error
    except (SQLAlchemyError, ImportError) as error:
        raise ConfigError(f"DATABASE_URL: {_first_line(error)}. Mend it in .env or in the environment.") from error


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return (str(cause).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


@contextmanager
def opened_desk() -> "Iterator[Desk]":
    """Give the migrated database of the settings with the machine's clock.

    Raises:
        ConfigError: The settings or the database cannot be used.
    """
    from bot.clock import SystemClock
    from bot.models.session import Database
    from bot.services.desk import Desk

    settings = load_settings()
    prepare_database(settings.database_url)
    database = Database(settings.database_url)
    try:
        yield Desk(database, SystemClock())
    finally:
        database.close()


def workspace_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--workspace`` to a command."""
    return click.option(
        "--workspace",
        metavar="ID",
        help="Slack's id of the workspace, such as T012AB3CD; needed only where there are several.",
    )(command)


def actor_in(desk: "Desk", slack_team_id: str | None) -> "Actor":
    """Return the program itself in a workspace.

    Without any workspace, one of the command line's own is made; the first Slack workspace that connects takes it over.

    Raises:
        ConfigError: There is no such workspace, or several and none was named.
    """
    from bot.services import members, workspaces
    from bot.services.desk import system_actor

    known = workspaces.all_workspaces(desk)
    wanted = [one for one in known if slack_team_id in {None, one.slack_team_id}]
    if len(wanted) == 1:
        return system_actor(wanted[0].id)
    if wanted:
        names = ", ".join(one.slack_team_id for one in wanted)
        raise ConfigError(f"There are several workspaces. Name one with --workspace: {names}")
    if slack_team_id is not None:
        raise ConfigError(
            f"There is no workspace {slack_team_id}. It becomes known when its first member uses the bot."
        )
    return system_actor(members.workspace_id_of(desk, members.LOCAL_WORKSPACE, name="Local"))


def team_named(desk: "Desk", name: str, *, by: "Actor") -> "TeamRef":
    """Return a team by its name, whatever the case.

    Raises:
        ConfigError: There is none of that name; the message lists those there are.
    """
    from bot.services import teams

    known = teams.all_teams(desk, by=by)
    for team in known:
        if team.name.casefold() == name.casefold():
            return team
    names = ", ".join(team.name for team in known)
    raise ConfigError(
        f"There is no team {name}. "
        + (f"There are: {names}" if names else "Set one up in Slack with /loop, or import one.")
    )
