"""Owns ``doctor``: is everything there that a real workspace needs, and if not, what to do."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from bot.cli.desks import opened_desk, prepare_database
from bot.config import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.cli.checks import Finding


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object a check.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check settings, database, tokens, scopes and channels; each fault comes with its fix."""
    failed = 0
    for finding in _findings(load_settings()):
        failed += not finding.is_ok
        if as_json:
            click.echo(json.dumps(asdict(finding), ensure_ascii=False))
            continue
        click.echo(f"{'ok  ' if finding.is_ok else 'FAIL'} {finding.check}: {finding.said}")
        if not finding.is_ok:
            click.echo(f"     {finding.fix}")
    if failed:
        ctx.exit(1)


def _findings(settings: Settings) -> "Iterator[Finding]":
    from bot.cli import checks
    from bot.slack.gateway import Gateway

    yield from checks.settings_findings(settings)
    is_usable = True
    for finding in checks.database_findings(settings.database_url, prepare_database):
        is_usable = is_usable and finding.is_ok
        yield finding
    if settings.slack_bot_token is None:
        return
    gateway = Gateway(settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url)
    yield from checks.slack_findings(settings, gateway)
    if is_usable:
        with opened_desk() as desk:
            yield from checks.channel_findings(desk, gateway)
