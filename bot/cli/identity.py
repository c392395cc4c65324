"""Owns `closeloop identity`: why two customer names are the same, possibly or not, and the keys by which customers are found."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from bot.cli.desks import actor_in, opened_desk, workspace_option

_COLUMNS = 2
_HEADERS = frozenset({("a", "b"), ("name_a", "name_b"), ("left", "right"), ("name1", "name2"), ("first", "second")})

# Reasons in words, for people at a terminal; the keys themselves are what `--json` gives.
_REASONS = {
    "name_key": "equal normalised names",
    "legal_form": "a legal form on one side, or abbreviated",
    "legal_form_conflict": "two different legal forms",
    "joined": "the same words joined or split",
    "umlaut": "umlauts written out",
    "kana": "hiragana and katakana",
    "word_order": "the same words in another order",
    "words": "particles or order of words",
    "abbreviation": "an abbreviation",
    "well_known_name": "a well-known other name",
    "short_name": "a short name",
    "pinyin": "sounds alike (pinyin or romaji)",
    "typo": "one or two letters mistyped",
    "city_one_side": "a city or region on one side only",
    "descriptive_word": "a descriptive word missing",
    "branch": "a branch or subsidiary",
    "number": "another number",
    "city": "another city or region",
    "industry": "another industry",
    "distinctive_word": "another distinctive word",
    "generic_only": "only generic words shared",
}


@click.group()
def identity() -> None:
    """Explain how customers are recognised."""


@identity.command()
@click.argument("names", nargs=-1)
@click.option(
    "--pairs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A tab-separated file, two names a line; further columns are ignored.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON line a pair: a, b, verdict, deciding.")
def compare(names: tuple[str, ...], pairs: Path | None, as_json: bool) -> None:
    """Compare the names A and B, or every pair of a file, and say what decided."""
    if (pairs is None) == (not names) or (names and len(names) != _COLUMNS):
        raise click.UsageError("Give two names, or --pairs FILE.")
    rows = _rows(pairs) if pairs is not None else iter([(1, list(names))])
    for number, row in rows:
        click.echo(_line(number, row, as_json=as_json))


@identity.command()
@click.option("--limit", default=100, show_default=True, help="At most so many pairs.")
@click.option("--json", "as_json", is_flag=True, help="One JSON line a pair.")
@click.option("--apart", type=int, nargs=2, metavar="ID ID", help="Take it that these two are not one, instead.")
@workspace_option
def duplicates(limit: int, as_json: bool, apart: tuple[int, int] | None, workspace: str | None) -> None:
    """List pairs of customers that may be one, those that share most keys first; what was told apart is left out."""
    from bot.services import duplicates as service

    with opened_desk() as desk:
        if apart is not None:
            told = service.tell_apart(desk, *apart, by=actor_in(desk, workspace))
            click.echo(f"not one: {told.first}  |  {told.second}")
            return
        found = service.pairs(desk, by=actor_in(desk, workspace), limit=limit)
    for one in found:
        if as_json:
            click.echo(json.dumps(asdict(one), ensure_ascii=False))
        else:
            click.echo(f"{one.verdict:<8} {one.first_id} {one.first}  |  {one.second_id} {one.second}")
    if not found and not as_json:
        click.echo("No two customers look like one.")


@identity.command()
def rekey() -> None:
    """Rewrite the keys by which customers are found, after an update changed the rules; the log and an admin's Home ask for it.

    First start every program that works on this database with the new version. The bot may work meanwhile; broken off, run it
    again.
    """
    from bot.services import rekeying, workspaces
    from bot.services.desk import system_actor

    with opened_desk() as desk:
        for workspace in workspaces.all_workspaces(desk):
            done = rekeying.rekey(desk, by=system_actor(workspace.id))
            click.echo(f"{workspace.name}: {done.changed} of {done.customers} customers have other keys now.")
            if done.same:
                click.echo(f"{done.same} have the same name as another one: closeloop identity duplicates")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and columns of each line that is neither empty nor the header."""
    text = path.read_bytes().decode("utf-8-sig", errors="replace")
    for number, line in enumerate(text.split("\n"), 1):
        columns = line.removesuffix("\r").split("\t")
        header = number == 1 and tuple(column.strip().casefold() for column in columns[:_COLUMNS]) in _HEADERS
        if line.strip() and not header:
            yield number, columns


def _line(number: int, row: list[str], *, as_json: bool) -> str:
    from bot.domain.identity import compare as verdict_on
    from bot.domain.identity import legal_form, name_key

    if len(row) < _COLUMNS or not row[0].strip() or not row[1].strip():
        error = "two names parted by a tab are needed"
        return json.dumps({"line": number, "error": error}) if as_json else f"line {number}: {error}"
    a, b = row[:_COLUMNS]
    found = verdict_on(a, b)
    if as_json:
        answer = {"a": a, "b": b, "verdict": found.verdict.value, "deciding": list(found.deciding)}
        return json.dumps(answer, ensure_ascii=False)
    reasons = "; ".join(_REASONS.get(reason, reason) for reason in found.deciding)
    forms = [legal_form(name) or "no legal form" for name in (a, b)]
    return "\n".join((
        f"{found.verdict.value}: {reasons}",
        f"  {a}  →  {name_key(a)} ({forms[0]})",
        f"  {b}  →  {name_key(b)} ({forms[1]})",
        f"  decided by: {', '.join(found.deciding)}",
    ))  # fmt: skip
