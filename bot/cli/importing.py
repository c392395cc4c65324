"""Owns ``import``: opportunities out of another program's file."""

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot.cli.desks import actor_in, opened_desk, team_named, workspace_option

if TYPE_CHECKING:
    from bot.i18n import Translator
    from bot.services.desk import Actor, Desk
    from bot.services.imports import Batch, ImportReport
    from bot.sync.preset import Preset

_MOST_LINES = 20


@click.command(name="import")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--preset",
    "preset_name",
    metavar="NAME",
    help="What the columns mean: maven, or the path of a YAML file of your own.",
)
@click.option(
    "--map", "columns", metavar="FIELD=COLUMN", multiple=True, help="What one column means; again for each column."
)
@click.option(
    "--stage", "stages", metavar="VALUE=KEY", multiple=True, help="What a value of the stage column means, with --map."
)
@click.option("--date-format", metavar="FORMAT", help="How dates are written, such as %m/%d/%Y, with --map.")
@click.option("--team", metavar="NAME", help="Into which team; needed with --map.")
@click.option(
    "--currency", metavar="CODE", help="Currency of the amounts, such as USD; else the preset's or the team's."
)
@click.option("--dry-run", is_flag=True, help="Say what would become of each row, and write nothing.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object: the totals; with --dry-run one for each row before it."
)
@workspace_option
def import_(
    path: Path,
    preset_name: str | None,
    columns: tuple[str, ...],
    stages: tuple[str, ...],
    date_format: str | None,
    team: str | None,
    currency: str | None,
    dry_run: bool,
    as_json: bool,
    workspace: str | None,
) -> None:
    """Import opportunities from a CSV file, or from a folder of them. Run it again whenever you like: no row comes in twice.

    Owners stay as the file has them, collisions are counted and not refused, and the teams get no cards and no nudges yet.
    """
    from bot.config import load_settings
    from bot.i18n import Translator
    from bot.services import imports
    from bot.sync.mapping import read_batch

    if (preset_name is None) == (not columns):
        raise click.UsageError("Give either --preset or --map.")
    if currency is not None and re.fullmatch("[A-Z]{3}", currency) is None:
        raise click.UsageError(f"--currency: {currency} is not an ISO 4217 code such as USD.")
    preset = _preset(preset_name, columns, stages, date_format)
    if currency is not None:
        preset = preset.model_copy(update={"currency": currency})
    with opened_desk() as desk:
        by = actor_in(desk, workspace)
        batch = read_batch(path, preset, _place(desk, team, by))
        report = imports.check(desk, batch, by=by) if dry_run else _imported(desk, batch, by, is_quiet=as_json)
    translate = Translator(load_settings().default_locale)
    if as_json:
        _print_json(report, translate)
    else:
        _print(report, translate)


def _preset(name: str | None, columns: tuple[str, ...], stages: tuple[str, ...], date_format: str | None) -> "Preset":
    from bot.sync.preset import Preset, load_preset

    if name is not None:
        return load_preset(name)
    return Preset(columns=_pairs("--map", columns), stages=_pairs("--stage", stages), date_format=date_format)


def _pairs(option: str, given: tuple[str, ...]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not name or not value for name, _, value in pairs):
        raise click.UsageError(f"{option}: write it as NAME=VALUE.")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _place(desk: "Desk", team: str | None, by: "Actor") -> Any:
    from bot.config import load_settings
    from bot.sync.mapping import Place

    settings = load_settings()
    place = Place(zone=settings.default_zone, locale=settings.default_locale)
    if team is None:
        return place
    found = team_named(desk, team, by=by)
    return Place(found.name, found.currency, place.zone, place.locale)


def _imported(desk: "Desk", batch: "Batch", by: "Actor", *, is_quiet: bool) -> "ImportReport":
    from bot.services import imports

    if is_quiet:
        return imports.run(desk, batch, by=by)
    total = len(batch.rows) + len(batch.refused)
    with click.progressbar(length=total, label="Importing", file=sys.stderr) as bar:
        return imports.run(desk, batch, by=by, progress=bar.update)


def _print(report: "ImportReport", translate: "Translator") -> None:
    verb = "would come in" if report.is_dry else "imported"
    click.echo(f"{report.imported} {verb}, {report.present} here already, {len(report.refused)} refused")
    click.echo(f"new: {report.new_teams} teams, {report.new_members} members, {report.new_customers} customers")
    if report.not_identified:
        click.echo(f"without a customer: {report.not_identified}, kept as “not identified”")
    met = report.collisions
    click.echo(
        f"collisions: {met.customers} of {met.customers_of} customers with open opportunities have several owners"
        f" ({met.opportunities} opportunities); by customer and product: {met.pairs} of {met.pairs_of}"
    )
    for title, lines in (("refused", report.refused), ("to look at", report.remarks)):
        for told in lines[:_MOST_LINES]:
            click.echo(f"{title}: line {told.line}{f' ({told.ref})' if told.ref else ''}: {translate.text(told.why)}")
        if len(lines) > _MOST_LINES:
            click.echo(f"{title}: {len(lines) - _MOST_LINES} more; --json shows all")


def _print_json(report: "ImportReport", translate: "Translator") -> None:
    if report.is_dry:
        for row in report.verdicts:
            click.echo(
                _line(
                    line=row.line,
                    ref=row.ref,
                    verdict=row.outcome,
                    customer=row.customer or None,
                    collision=row.has_collision,
                    why=translate.text(row.why) if row.why else None,
                )
            )
    met = report.collisions
    told = {
        name: [{"line": one.line, "ref": one.ref, "why": translate.text(one.why)} for one in lines]
        for name, lines in (("refused", report.refused), ("remarks", report.remarks))
    }
    click.echo(
        _line(
            dry_run=report.is_dry,
            imported=report.imported,
            present=report.present,
            not_identified=report.not_identified,
            new={"teams": report.new_teams, "members": report.new_members, "customers": report.new_customers},
            collisions={
                "customers": met.customers,
                "customers_of": met.customers_of,
                "customer_products": met.pairs,
                "customer_products_of": met.pairs_of,
                "opportunities": met.opportunities,
            },
            **told,
        )
    )


def _line(**values: Any) -> str:
    return json.dumps(values, ensure_ascii=False)
