"""Owns `closeloop when`: shows how a due time is read out of a text."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

_COLUMNS = ("now", "zone", "locale", "text")


@click.command("when", short_help="Show how a due time is read out of a text.")
@click.argument("text", required=False)
@click.option(
    "--now",
    "now_text",
    metavar="ISO",
    help="The moment at which it is said; without an offset, in the zone. [default: now]",
)
@click.option(
    "--zone", default="UTC", show_default=True, metavar="IANA", help="Time zone of who says it, such as Asia/Shanghai."
)
@click.option("--locale", default="en-US", show_default=True, help="Language and country; they decide what 5/12 is.")
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A tab-separated file of now, zone, locale, text; - is standard input. One JSON line for each row.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a sentence.")
def when(text: str | None, now_text: str | None, zone: str, locale: str, path: Path | None, *, as_json: bool) -> None:
    """Show how a due time is read out of TEXT, English or Chinese.

    \b
    closeloop when "next thu 3pm call the CTO" --zone Europe/Berlin
    closeloop when 下周四下午3点给总监打电话 --zone Asia/Shanghai --locale zh-CN
    """  # noqa: D301 - the escape is click's own, it keeps the lines apart
    if (text is None) == (path is None):
        raise click.UsageError("Give a TEXT to read, or a --file of texts.")
    if path is not None:
        for line in _rows(_content(path)):
            click.echo(json.dumps(line, ensure_ascii=False))
        return
    row = _read(text or "", now_text or "", zone, locale)
    if "error" in row:
        raise click.UsageError(row["error"])
    click.echo(json.dumps(row, ensure_ascii=False) if as_json else _sentence(row))
    if row["due"] is None:
        sys.exit(1)


def _content(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.buffer.read().decode("utf-8-sig", "replace")
    return path.read_bytes().decode("utf-8-sig", "replace")


def _rows(content: str) -> Iterator[dict[str, Any]]:
    columns: tuple[str, ...] | None = None
    # Only the ends of lines end a row: str.splitlines would also cut at a separator inside a text.
    for line in content.split("\n"):
        cells = line.rstrip("\r").split("\t")
        if not any(cell.strip() for cell in cells):
            continue
        if columns is None:
            columns = _COLUMNS
            names = tuple(cell.strip().lower() for cell in cells)
            if set(_COLUMNS) <= set(names):
                columns = names
                continue
        named = dict(zip(columns, cells, strict=False))
        if len(cells) < len(_COLUMNS):
            yield {
                "text": named.get("text", cells[-1]),
                "due": None,
                "error": "a row has four columns: now, zone, locale, text",
            }
            continue
        yield _read(
            named["text"], named["now"].strip(), named["zone"].strip(), named["locale"].strip(), must_say_now=True
        )


def _read(text: str, now_text: str, zone: str, locale: str, *, must_say_now: bool = False) -> dict[str, Any]:
    """Return one answer as JSON has it; with ``error`` if the question cannot be used."""
    from bot.clock import SystemClock
    from bot.domain.when import read_when
    from bot.domain.worked_year import zone_of

    row: dict[str, Any] = {"text": _printable(text), "zone": zone, "locale": locale or "en-US", "due": None}
    try:
        place = zone_of(zone)
        if now_text or must_say_now:
            now = datetime.fromisoformat(now_text)
            now = now if now.tzinfo else now.replace(tzinfo=place)
        else:
            now = SystemClock().now()
        row["now"] = now.astimezone(place).isoformat()
        reading = read_when(text, now=now, zone=zone, locale=row["locale"])
    except (ValueError, OverflowError) as error:
        return row | {"error": _printable(_plain(error, now_text))}
    if reading is not None:
        row |= {
            "due": reading.due_at.astimezone(place).isoformat(),
            "has_time": reading.has_time,
            "read": _printable(text[reading.start : reading.end]),
        }
    return row


def _plain(error: Exception, now_text: str) -> str:
    if "isoformat" in str(error):
        return f"{now_text!r} is not a moment in ISO 8601, such as 2026-05-06T10:00"
    return str(error)


def _printable(text: str) -> str:
    """Return a text without halves of characters, which a broken argument may hold and no terminal can show."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _sentence(row: dict[str, Any]) -> str:
    if row["due"] is None:
        return f"No due time ahead is understood in “{row['text']}”. Try “next thu 3pm”, “in 3 working days” or 下周四下午3点."
    due = datetime.fromisoformat(row["due"])
    offset = due.strftime("%z")
    said = f"{due:%A} {due.day} {due:%B %Y}, {due:%H:%M}"
    what = "" if row["has_time"] else " (no time said: the end of that working day)"
    return f"“{row['read']}” is {said}{what}, {row['zone']}, UTC{offset[:3]}:{offset[3:5]}."
