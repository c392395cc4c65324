"""Owns ``run``: the bot at work in a real workspace."""

import signal
from types import FrameType

import click


@click.command()
@click.option("--http", is_flag=True, help="Signed HTTP on HOST and PORT at /slack/events, instead of Socket Mode.")
def run(http: bool) -> None:
    """Connect to Slack and work until stopped: over Socket Mode, or with --http behind an address that Slack can reach."""
    import logging

    from slack_sdk.errors import SlackClientError

    from bot import app
    from bot.cli.desks import prepare_database
    from bot.cli.lock import only_one
    from bot.config import load_settings
    from bot.errors import ConfigError
    from bot.slack.refusals import error_of

    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if settings.log_level != "DEBUG":
        # They tell of every tick and every migration.
        for chatty in ("apscheduler", "alembic"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    # uvicorn sends itself the signal again after it has stopped: by default that would kill us before we have.
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, _stop)
    with only_one(settings.sqlite_path):
        prepare_database(settings.database_url)
        bot = app.build(settings)
        if http:
            click.echo(f"Listening on http://{settings.host}:{settings.port}/slack/events", err=True)
            app.run_http(bot)
            return
        try:
            app.run_socket_mode(bot)
        except (SlackClientError, OSError) as error:
            raise ConfigError(
                f"Slack did not take the connection ({error_of(error)}). Run: closeloop doctor"
            ) from error


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
