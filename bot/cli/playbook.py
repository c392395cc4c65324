"""Owns ``playbook``: a team's process out to a YAML file, checked, and back in as a new version."""

from pathlib import Path
from typing import Any

import click

from bot.cli.desks import actor_in, opened_desk, team_named, workspace_option
from bot.errors import ConfigError

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def playbook() -> None:
    """Take a team's process out, check it, and bring it back as a new version."""


@playbook.command()
@click.option("--team", required=True, metavar="NAME", help="Whose process.")
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="File to write; the terminal if not given."
)
@workspace_option
def export(team: str, output: Path | None, workspace: str | None) -> None:
    """Write the process in force as YAML."""
    import yaml

    from bot.services import playbooks

    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        data = playbooks.export(desk, team_named(desk, team, by=by).id, by=by)
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False, width=120)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8")
        click.echo(f"{output}: written")


@playbook.command()
@click.argument("path", type=_FILE)
def check(path: Path) -> None:
    """Say whether a file can be used as a process, and if not, why and where."""
    from bot.services import playbooks

    found = playbooks.parse(_read(path))
    click.echo(f"{path}: fine ({len(found.stages)} stages)")


@playbook.command(name="import")
@click.argument("path", type=_FILE)
@click.option("--team", required=True, metavar="NAME", help="Whose process it becomes.")
@workspace_option
def import_(path: Path, team: str, workspace: str | None) -> None:
    """Make a file the team's process from now on, as a new version; open opportunities keep the version they began under."""
    from bot.services import playbooks

    data = _read(path)
    playbooks.parse(data)
    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        chosen = team_named(desk, team, by=by)
        version = playbooks.publish(desk, chosen.id, data, by=by)
    click.echo(f"{chosen.name}: version {version} is in force")


def _read(path: Path) -> dict[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_text("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 text. Save it as UTF-8.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: {getattr(error, 'problem', None) or 'not YAML'}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: a playbook is a mapping of names to values; `closeloop playbook export` shows one.")
    return data
