"""Owns the verdict on what the app sends: messages, views, options and the answers to a form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sandbox import elements
from bot.sandbox.blocks import check_blocks
from bot.sandbox.shapes import Findings, Shape, anything, flag, listing, one_of, string, text

MESSAGE_TEXT = 40_000
MESSAGE_BLOCKS_TEXT = 12_000
VIEW_BYTES = 250_000


@dataclass(frozen=True)
class Verdict:
    """What Slack would say.

    Attributes:
        error: Slack's error code, or None when all is well.
        messages: What is wrong and where, as in ``response_metadata.messages``.
    """

    error: str | None = None
    messages: tuple[str, ...] = ()


GOOD = Verdict()

_COMMON = {
    "blocks": anything,
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_modal = Shape(
    required={"type": one_of("modal"), "title": text(24), "blocks": anything},
    optional={
        **_COMMON,
        "submit": text(24),
        "close": text(24),
        "clear_on_close": flag,
        "notify_on_close": flag,
        "submit_disabled": flag,
    },
)
_home = Shape(required={"type": one_of("home"), "blocks": anything}, optional=_COMMON)


def check_message(args: Mapping[str, Any], *, needs_content: bool = True) -> Verdict:
    """Judge a message.

    Args:
        args: ``text``, ``blocks``, ``attachments``, ``metadata`` as given to ``chat.postMessage``.
        needs_content: Whether a message without any content is an error.

    Returns:
        ``missing_text`` stands for blocks without a text beside them, which Slack lets through with a warning.
    """
    words, blocks = args.get("text"), args.get("blocks")
    if not any(args.get(name) for name in ("text", "blocks", "attachments", "files")):
        return Verdict("no_text") if needs_content else GOOD
    verdict = _message_text(words)
    if not verdict.error and blocks is not None:
        verdict = _message_blocks(blocks)
    if not verdict.error and not _good_metadata(args.get("metadata")):
        verdict = Verdict("invalid_metadata_format", ("[ERROR] event_type and event_payload are needed",))
    if not verdict.error and blocks and not (words and words.strip()):
        verdict = Verdict("missing_text", ("a text beside the blocks is needed for notifications and screen readers",))
    return verdict


def _message_text(words: Any) -> Verdict:
    if words is not None and not isinstance(words, str):
        return Verdict("invalid_arguments", ("[ERROR] must be a string [json-pointer:/text]",))
    if words and len(words) > MESSAGE_TEXT:
        return Verdict("msg_too_long", (f"[ERROR] text has {len(words)} characters [json-pointer:/text]",))
    return GOOD


def _message_blocks(blocks: Any) -> Verdict:
    findings = Findings("message")
    check_blocks(blocks, findings)
    if findings.wrong:
        return Verdict("invalid_blocks", tuple(findings.wrong))
    if findings.text_length > MESSAGE_BLOCKS_TEXT:
        return Verdict("msg_blocks_too_long", (f"[ERROR] {findings.text_length} characters [json-pointer:/blocks]",))
    return GOOD


def _good_metadata(metadata: Any) -> bool:
    return metadata is None or (
        isinstance(metadata, Mapping)
        and isinstance(metadata.get("event_type"), str)
        and isinstance(metadata.get("event_payload"), Mapping)
    )


def check_view(view: Any, surface: str) -> Verdict:
    """Judge a view.

    Args:
        view: As given to ``views.open`` or ``views.publish``.
        surface: ``modal`` or ``home``.
    """
    findings = Findings(surface)
    if not isinstance(view, Mapping):
        return Verdict("invalid_arguments", ("[ERROR] must be an object [json-pointer:/view]",))
    if len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES:
        return Verdict("view_too_large", ("[ERROR] must be less than 250 KB [json-pointer:/view]",))
    (_home if surface == "home" else _modal)(view, "/view", findings)
    blocks = view.get("blocks")
    check_blocks(blocks, findings, "/view/blocks")
    has_input = isinstance(blocks, list) and any(
        isinstance(block, Mapping) and block.get("type") == "input" for block in blocks
    )
    if surface == "modal" and has_input and not view.get("submit"):
        findings.add("/view", "a submit button is needed where there is an input block")
    return Verdict("invalid_arguments", tuple(findings.wrong)) if findings.wrong else GOOD


def check_options(body: Any) -> Verdict:
    """Judge the answer to a type-ahead: ``options`` or ``option_groups``, at most 100 of each."""
    findings = Findings("modal")
    shape = Shape(
        optional={
            "options": listing(elements.option(), 100, 0),
            "option_groups": listing(elements.option_group, 100, 0),
        }
    )
    shape(body, "", findings)
    if isinstance(body, Mapping) and ("options" in body) == ("option_groups" in body):
        findings.add("", "must have exactly one of options and option_groups")
    return Verdict("invalid_options", tuple(findings.wrong)) if findings.wrong else GOOD


def check_submission_answer(body: Any, view: Mapping[str, Any]) -> Verdict:
    """Judge what the app answers to a submitted form.

    Args:
        body: The ack's body; empty closes the form.
        view: The form that was submitted.
    """
    if not body:
        return GOOD
    if not isinstance(body, Mapping):
        return Verdict("invalid_response", ("[ERROR] must be a JSON object",))
    match body.get("response_action"):
        case "errors":
            return _form_errors(body.get("errors"), view)
        case "update" | "push":
            return check_view(body.get("view"), "modal")
        case "clear":
            return GOOD
        case other:
            return Verdict("invalid_response", (f"[ERROR] unknown response_action: {other}",))


def _form_errors(errors: Any, view: Mapping[str, Any]) -> Verdict:
    if not isinstance(errors, Mapping) or not errors:
        return Verdict("invalid_response", ("[ERROR] errors must be an object with at least one field",))
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    wrong = [f"[ERROR] no input block has the block_id {name}" for name in errors if name not in inputs]
    wrong += [
        f"[ERROR] the error at {name} must be a text"
        for name, words in errors.items()
        if not isinstance(words, str) or not words
    ]
    return Verdict("invalid_response", tuple(wrong)) if wrong else GOOD
