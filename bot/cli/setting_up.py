"""Owns ``init`` and ``migrate``: the settings file and the database's schema."""

from importlib import resources
from pathlib import Path

import click

from bot.cli.desks import prepare_database
from bot.config import load_settings


@click.command()
def init() -> None:
    """Make the settings file and the database, and say what comes next."""
    path = Path(".env")
    if path.exists():
        click.echo(f"{path}: there already, left as it is")
    else:
        path.write_text((resources.files("bot.cli") / "env_example.ini").read_text("utf-8"), encoding="utf-8")
        # It will hold tokens: nobody else on this machine needs to read it.
        path.chmod(0o600)
        click.echo(f"{path}: made")
        load_settings.cache_clear()
    settings = load_settings()
    prepare_database(settings.database_url)
    click.echo(f"database: ready ({_shown(settings.database_url)})")
    if settings.slack_bot_token is None:
        click.echo(
            "Next: put your Slack app's tokens into .env (the README shows where they are), then: closeloop doctor"
        )
    else:
        click.echo("Next: closeloop doctor, then closeloop run")


@click.command()
def migrate() -> None:
    """Bring the database to this program's revision; every command that needs it does so by itself."""
    from bot.models import migrate as schema

    url = load_settings().database_url
    prepare_database(url)
    click.echo(f"database: revision {schema.current(url)}")


def _shown(database_url: str) -> str:
    from sqlalchemy import make_url

    return make_url(database_url).render_as_string(hide_password=True)
