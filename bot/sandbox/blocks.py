"""Owns the rules for Block Kit's blocks, and which of them may stand on which surface."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox import elements
from bot.sandbox.shapes import (
    Check,
    Findings,
    Shape,
    anything,
    flag,
    integer,
    listing,
    one_of,
    string,
    text,
    typed,
    url,
)

BLOCK_ID = string(255)
TABLE_CHARACTERS = 10_000
_ID: dict[str, Check] = {"block_id": BLOCK_ID}


def _section(block: Any, pointer: str, findings: Findings) -> None:
    if "text" not in block and "fields" not in block:
        findings.add(pointer, "must have at least one of text and fields")


def _card(block: Any, pointer: str, findings: Findings) -> None:
    if not {"hero_image", "title", "actions", "body"} & set(block):
        findings.add(pointer, "must have at least one of hero_image, title, actions and body")


def _unique_actions(check: Check) -> Check:
    def checked(value: Any, pointer: str, findings: Findings) -> None:
        check(value, pointer, findings)
        seen: set[str] = set()
        for index, element in enumerate(value if isinstance(value, list) else []):
            name = element.get("action_id") if isinstance(element, Mapping) else None
            if isinstance(name, str) and name in seen:
                findings.add(f"{pointer}/{index}/action_id", f"`action_id` {name} already exists in this block")
            elif isinstance(name, str):
                seen.add(name)

    return checked


def _words(value: Any, pointer: str, findings: Findings) -> None:
    """Count the words inside rich text, and refuse empty ones, as Slack does."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _words(item, f"{pointer}/{index}", findings)
        return
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        findings.add(pointer, "must be an object with a type")
        return
    if value["type"] == "text":
        string(12_000)(value.get("text"), f"{pointer}/text", findings)
        findings.text_length += len(value["text"]) if isinstance(value.get("text"), str) else 0
    if "elements" in value:
        _words(value["elements"], f"{pointer}/elements", findings)


_PARAGRAPH = Shape(
    required={"elements": _words},
    optional={
        "border": integer(0, 1),
        "style": one_of("bullet", "ordered"),
        "indent": integer(0, 8),
        "offset": integer(0, 10_000),
        "language": string(50),
    },
)
_PARAGRAPHS = ("rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted")
rich_text = Shape(
    required={"elements": listing(typed(dict.fromkeys(_PARAGRAPHS, _PARAGRAPH), _PARAGRAPHS), 500)}, optional=_ID
)


def _raw_text(value: Any, pointer: str, findings: Findings) -> None:
    string(TABLE_CHARACTERS)(value.get("text"), f"{pointer}/text", findings)
    findings.text_length += len(value["text"]) if isinstance(value.get("text"), str) else 0


_CELLS: dict[str, Check] = {"raw_text": _raw_text, "raw_number": anything, "rich_text": rich_text}


def _table(block: Any, pointer: str, findings: Findings) -> None:
    rows = block.get("rows")
    if isinstance(rows, list) and len({len(row) for row in rows if isinstance(row, list)}) > 1:
        findings.add(f"{pointer}/rows", "all rows must have the same number of cells")


_COLUMN = Shape(optional={"align": one_of("left", "center", "right"), "is_wrapped": flag})
card = Shape(
    optional={
        **_ID,
        "hero_image": elements.image,
        "icon": elements.image,
        "title": text(150, mrkdwn=True),
        "subtitle": text(150, mrkdwn=True),
        "body": text(200, mrkdwn=True),
        "actions": _unique_actions(listing(elements.card_action, 5)),
    },
    rule=_card,
)
_TASK = Shape(
    required={
        "task_id": string(255),
        "title": string(150),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    optional={**_ID, "details": rich_text, "output": rich_text, "sources": anything},
)


def _markdown(value: Any, pointer: str, findings: Findings) -> None:
    string(12_000)(value, pointer, findings)
    findings.text_length += len(value) if isinstance(value, str) else 0


SHAPES: dict[str, Check] = {
    "section": Shape(
        optional={
            **_ID,
            "text": text(3000, mrkdwn=True),
            "fields": listing(text(2000, mrkdwn=True), 10),
            "accessory": elements.accessory,
            "expand": flag,
        },
        rule=_section,
    ),
    "divider": Shape(optional=_ID),
    "header": Shape(required={"text": text(150)}, optional=_ID),
    "context": Shape(required={"elements": listing(elements.context_part, 10)}, optional=_ID),
    "context_actions": Shape(required={"elements": listing(elements.context_action, 5)}, optional=_ID),
    "actions": Shape(required={"elements": _unique_actions(listing(elements.action, 25))}, optional=_ID),
    "image": Shape(
        required={"alt_text": string(2000, 0)},
        optional={**_ID, "image_url": url(), "slack_file": elements.slack_file, "title": text(2000)},
        rule=elements.image.rule,
    ),
    "input": Shape(
        required={"label": text(2000), "element": elements.input_element},
        optional={**_ID, "hint": text(2000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": rich_text,
    "markdown": Shape(required={"text": _markdown}, optional=_ID),
    "alert": Shape(
        required={"text": text(200, mrkdwn=True)},
        optional={**_ID, "level": one_of("default", "info", "warning", "error", "success")},
    ),
    "card": card,
    "carousel": Shape(required={"elements": listing(typed({"card": card}, {"card"}), 10)}, optional=_ID),
    "table": Shape(
        required={"rows": listing(listing(typed(_CELLS, _CELLS), 20), 100)},
        optional={**_ID, "column_settings": listing(_COLUMN, 20, 0)},
        rule=_table,
    ),
    "video": Shape(
        required={"title": text(200), "alt_text": string(2000), "thumbnail_url": url(), "video_url": url()},
        optional={
            **_ID,
            "author_name": string(50),
            "description": text(200),
            "provider_name": string(50),
            "provider_icon_url": url(),
            "title_url": url(),
        },
    ),
    "file": Shape(required={"external_id": string(255), "source": one_of("remote")}, optional=_ID),
    "task_card": _TASK,
    "plan": Shape(required={"title": string(150)}, optional={**_ID, "tasks": listing(_TASK, 50)}),
}

_MODAL = frozenset(
    {"actions", "alert", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
)
SURFACES: dict[str, frozenset[str]] = {
    "modal": _MODAL,
    "home": (_MODAL - {"alert"}) | {"carousel", "table"},
    "message": frozenset(SHAPES) - {"alert"},
}
MOST: dict[str, int] = {"message": 50, "modal": 100, "home": 100}


def check_blocks(blocks: Any, findings: Findings, pointer: str = "/blocks") -> None:
    """Check the blocks of a surface: their number, place, shape and ids."""
    surface = findings.surface
    least = 0 if surface == "message" else 1
    listing(typed(SHAPES, SURFACES[surface]), MOST[surface], least)(blocks, pointer, findings)
    seen: set[str] = set()
    tables = 0
    for index, block in enumerate(blocks if isinstance(blocks, list) else []):
        if not isinstance(block, Mapping):
            continue
        tables += block.get("type") == "table"
        name = block.get("block_id")
        if isinstance(name, str) and name in seen:
            findings.add(f"{pointer}/{index}/block_id", f"`block_id` {name} already exists")
        elif isinstance(name, str):
            seen.add(name)
    if tables > 1 and surface == "message":
        findings.add(pointer, "only one table is allowed in a message")
    if findings.focused > 1:
        findings.add(pointer, "only one element may have focus_on_load")
