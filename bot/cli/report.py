"""Owns ``report``: figures of the loop on the terminal."""

import json
from typing import TYPE_CHECKING, Any

import click

from bot.cli.desks import actor_in, opened_desk, team_named, workspace_option

if TYPE_CHECKING:
    from bot.i18n import Translator
    from bot.services.values import PipelineSummary


@click.group()
def report() -> None:
    """Show figures of the loop."""


@report.command()
@click.option("--team", metavar="NAME", help="One team; all of them if not given.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with amounts in minor units (cents).")
@workspace_option
def pipeline(team: str | None, as_json: bool, workspace: str | None) -> None:
    """Show each stage's count, amount and overdue next steps, and loop health."""
    from bot.config import load_settings
    from bot.i18n import Translator
    from bot.services import reports

    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        chosen = team_named(desk, team, by=by) if team else None
        summary = reports.pipeline(desk, by=by, team_id=chosen.id if chosen else None)
    if as_json:
        click.echo(json.dumps(_plain(summary), ensure_ascii=False))
    else:
        _show(summary, Translator(load_settings().default_locale))


def _plain(summary: "PipelineSummary") -> dict[str, Any]:
    return {
        "team": summary.team.name if summary.team else None,
        "at": summary.at.isoformat(),
        "stages": [
            {
                "stage": row.stage.key,
                "name": row.stage.name.en,
                "kind": row.stage.kind.value,
                "count": row.count,
                "amount_minor": dict(row.amounts),
                "overdue": row.overdue,
            }
            for row in summary.stages
        ],
        "health": {
            "counted": summary.health.counted,
            "whole": summary.health.whole,
            "percent": round(summary.health.percent, 2),
            "broken": dict(summary.health.broken),
        },
    }


def _show(summary: "PipelineSummary", translate: "Translator") -> None:
    for row in summary.stages:
        amounts = ", ".join(translate.money(minor, currency) for currency, minor in row.amounts) or "–"
        name = row.stage.name.in_locale(translate.locale)
        click.echo(f"{name:<16} {row.count:>7} {row.overdue:>7} overdue  {amounts}")
    health = summary.health
    click.echo(f"Loop health {health.percent:.1f} % ({health.whole} of {health.counted})")
    for clause, count in health.broken:
        click.echo(f"  {clause}: {count}")
