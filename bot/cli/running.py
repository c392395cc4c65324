"""Owns ``run``: the bot at work in a real workspace."""

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.app import Bot, Role

_SWITCH_SECONDS = 0.0005


@click.command()
@click.option("--http", is_flag=True, help="Signed HTTP on HOST and PORT at /slack/events, instead of Socket Mode.")
@click.option(
    "--role",
    type=click.Choice(["web", "worker", "all"]),
    default="all",
    show_default=True,
    help="web takes requests, worker keeps the clock and delivers: on PostgreSQL, as many of each as you like.",
)
def run(http: bool, role: "Role") -> None:
    """Connect to Slack and work until stopped: over Socket Mode, or with --http behind an address that Slack can reach."""
    from bot import app, logs
    from bot.cli.desks import prepare_database
    from bot.cli.lock import only_one
    from bot.config import load_settings
    from bot.errors import ConfigError

    settings = load_settings()
    if role != "all" and settings.database_url.startswith("sqlite"):
        # The file takes one program: whoever else would do the other half is refused.
        raise ConfigError(
            f"--role {role} needs PostgreSQL: a SQLite file takes one program, which has to do everything. Leave --role out, or set DATABASE_URL to a PostgreSQL database."
        )
    # The thread that leases waits for the database many times a round; each time it would wait for a sending thread too.
    sys.setswitchinterval(_SWITCH_SECONDS)
    logs.configure(settings.log_level, settings.log_format)
    # uvicorn sends itself the signal again after it has stopped: by default that would kill us before we have.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _stop)
    with only_one(settings.sqlite_path):
        prepare_database(settings.database_url)
        bot = app.build(settings, role=role)
        app.settle()
        if role == "worker":
            click.echo("Keeping the clock and delivering; requests are for others.", err=True)
            app.run_worker(bot)
        elif http:
            click.echo(f"Listening on http://{settings.host}:{settings.port}/slack/events", err=True)
            app.run_http(bot)
        else:
            _run_socket_mode(bot)


def _run_socket_mode(bot: "Bot") -> None:
    from slack_sdk.errors import SlackClientError

    from bot import app
    from bot.errors import ConfigError
    from bot.slack.refusals import error_of

    try:
        app.run_socket_mode(bot)
    except (SlackClientError, OSError) as error:
        raise ConfigError(f"Slack did not take the connection ({error_of(error)}). Run: closeloop doctor") from error


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
