"""What Slack takes and what it refuses, surface by surface."""

import json
from typing import Any

import pytest

from bot.sandbox.checks import check_message, check_options, check_submission_answer, check_view
from tests.sandbox.bolt_app import card, lead_form, option, plain, small_form


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def wrong(*blocks: Any, surface: str = "message") -> str:
    """What is wrong with these blocks, in one string; empty when nothing is."""
    if surface == "message":
        return "\n".join(check_message({"text": "x", "blocks": list(blocks)}).messages)
    view: dict[str, Any] = {"type": surface, "blocks": list(blocks)}
    if surface == "modal":
        view |= {"title": plain("T"), "submit": plain("S")}
    return "\n".join(check_view(view, surface).messages)


def section(**fields: Any) -> dict[str, Any]:
    return {"type": "section", **fields}


def actions(*elements: Any, **fields: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements), **fields}


def asked(element: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"type": "input", "label": plain("L"), "element": element, **fields}


def button(**fields: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain("B"), **fields}


def rich(*parts: Any) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(parts)}]}


def table(rows: list[list[str]]) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]}


CARD = {"type": "card", "title": mrkdwn("t"), "actions": [button()]}
IMAGE = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
VIDEO = {
    "type": "video",
    "title": plain("t"),
    "alt_text": "a",
    "thumbnail_url": "https://example.com/a.png",
    "video_url": "https://example.com/v",
}
TASK = {"type": "task_card", "task_id": "1", "title": "t", "status": "pending"}
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("message", section(text=mrkdwn("t"), fields=[plain("a")] * 10, accessory=button(value="v", style="danger"))),
    ("message", section(text=mrkdwn("t"), accessory=IMAGE)),
    ("message", {"type": "context", "elements": [mrkdwn("c"), plain("p"), IMAGE]}),
    ("message", {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "", "title": plain("t")}),
    ("message", {"type": "markdown", "text": "# m"}),
    ("message", rich({"type": "text", "text": "t", "style": {"bold": True}}, {"type": "user", "user_id": "U1"})),
    ("message", table([["a", "b"], ["c", "d"]])),
    ("message", {**TASK, "details": rich({"type": "text", "text": "t"})}),
    ("message", {"type": "plan", "title": "p", "tasks": [TASK]}),
    ("message", VIDEO),
    (
        "message",
        {"type": "context_actions", "elements": [{"type": "icon_button", "icon": "trash", "text": plain("x")}]},
    ),
    ("modal", {"type": "alert", "text": mrkdwn("a"), "level": "warning"}),
    ("modal", asked({"type": "datetimepicker", "initial_date_time": 1_772_400_000})),
    ("modal", asked({"type": "timepicker", "initial_time": "23:59"}, optional=True, hint=plain("h"))),
    (
        "modal",
        asked({"type": "number_input", "is_decimal_allowed": True, "initial_value": "1.5"}, dispatch_action=True),
    ),
    ("modal", asked({"type": "file_input", "max_files": 3})),
    ("modal", asked({"type": "multi_static_select", "options": [option("A")], "initial_options": [option("A")]})),
    ("modal", asked({"type": "static_select", "option_groups": [{"label": plain("g"), "options": [option("A")]}]})),
    (
        "modal",
        asked({"type": "plain_text_input", "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]}}),
    ),
    ("home", {"type": "carousel", "elements": [CARD] * 10}),
    ("home", table([["a"]])),
]

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("message", {"type": "alert", "text": mrkdwn("a")}, "alert is not allowed here"),
    ("modal", table([["a"]]), "table is not allowed here"),
    ("modal", {"type": "markdown", "text": "m"}, "markdown is not allowed here"),
    ("home", {"type": "alert", "text": mrkdwn("a")}, "alert is not allowed here"),
    ("message", {"type": "sections"}, "unsupported type: sections"),
    ("message", section(), "at least one of text and fields"),
    ("message", section(text=mrkdwn("x" * 3001)), "less than 3001 characters"),
    ("message", section(text=mrkdwn("")), "more than 0 characters"),
    ("message", section(text="t"), "must be a text object"),
    (
        "message",
        section(text={"type": "plain_text", "text": "t", "verbatim": True}),
        "known fields are allowed: verbatim",
    ),
    ("message", section(text=plain("t"), fields=[plain("a")] * 11), "no more than 10 items"),
    ("message", section(text=plain("t"), fields=[plain("x" * 2001)]), "/fields/0/text"),
    ("message", section(text=plain("t"), colour="red"), "known fields are allowed: colour"),
    ("message", section(text=plain("t"), block_id="x" * 256), "less than 256 characters"),
    ("message", section(text=plain("t"), block_id=7), "must be a string"),
    (
        "message",
        section(text=plain("t"), accessory={"type": "plain_text_input"}),
        "plain_text_input is not allowed here",
    ),
    ("message", section(text=plain("t"), accessory="b"), "unsupported type: None"),
    ("message", {"type": "header", "text": mrkdwn("t")}, "must be plain_text"),
    ("message", {"type": "header"}, "missing required field: text"),
    ("message", {"type": "header", "text": plain("x" * 151)}, "less than 151 characters"),
    ("message", {"type": "context", "elements": [plain("t")] * 11}, "no more than 10 items"),
    ("message", {"type": "context", "elements": []}, "at least 1 items"),
    ("message", {"type": "context", "elements": "none"}, "must be an array"),
    ("message", actions(*[button(action_id=str(number)) for number in range(26)]), "no more than 25 items"),
    ("message", actions(button(action_id="a"), button(action_id="a")), "`action_id` a already exists"),
    ("message", actions(button(text=plain("x" * 76))), "less than 76 characters"),
    ("message", actions(button(value="x" * 2001)), "less than 2001 characters"),
    ("message", actions(button(style="loud")), "must be one of primary, danger"),
    ("message", actions(button(url="example.com")), "must be a valid URL"),
    ("message", actions(button(confirm={"title": plain("t")})), "missing required field: confirm"),
    ("message", actions(button(confirm="sure")), "must be an object"),
    ("message", actions({"type": "static_select", "options": [option("A")] * 101}), "no more than 100 items"),
    ("message", actions({"type": "static_select"}), "exactly one of options and option_groups"),
    ("message", actions({"type": "overflow", "options": [option("A")] * 6}), "no more than 5 items"),
    ("message", actions({"type": "overflow", "options": []}), "at least 1 items"),
    ("message", actions({"type": "radio_buttons", "options": [option("A")] * 11}), "no more than 10 items"),
    ("message", actions({"type": "checkboxes", "options": [option("A")] * 11}), "no more than 10 items"),
    ("message", actions({"type": "multi_users_select"}), "multi_users_select is not allowed here"),
    (
        "message",
        actions({"type": "static_select", "options": [option("A")], "initial_option": option("B")}),
        "exactly match",
    ),
    ("message", actions({"type": "external_select", "min_query_length": True}), "an integer between 0 and 255"),
    ("message", actions({"type": "datepicker", "initial_date": "2026-02-30"}), "YYYY-MM-DD"),
    ("message", actions({"type": "datepicker", "initial_date": 5}), "YYYY-MM-DD"),
    ("message", actions({"type": "timepicker", "initial_time": "24:00"}), "HH:mm"),
    ("message", actions({"type": "static_select", "options": [option("x" * 76)]}), "less than 76 characters"),
    ("message", actions({"type": "static_select", "options": [{**option("A"), "value": "x" * 151}]}), "less than 151"),
    ("message", {"type": "image", "alt_text": "a"}, "exactly one of image_url and slack_file"),
    ("message", {"type": "markdown", "text": "x" * 12_001}, "less than 12001 characters"),
    ("message", rich({"type": "text", "text": ""}), "more than 0 characters"),
    ("message", rich("t"), "must be an object with a type"),
    ("message", table([["a"]] * 101), "no more than 100 items"),
    ("message", table([["a"] * 21]), "no more than 20 items"),
    ("message", table([["a"], ["b", "c"]]), "same number of cells"),
    ("message", {"type": "card"}, "at least one of hero_image"),
    ("message", {"type": "card", "body": mrkdwn("x" * 201)}, "less than 201 characters"),
    ("message", {"type": "carousel", "elements": [CARD] * 11}, "no more than 10 items"),
    ("message", {"type": "carousel", "elements": [section(text=plain("t"))]}, "unsupported type: section"),
    ("message", asked({"type": "file_input"}), "file_input is not allowed here"),
    ("modal", asked({"type": "button", "text": plain("b")}), "button is not allowed here"),
    ("modal", asked({"type": "plain_text_input", "min_length": 5, "max_length": 2}), "not be more than max_length"),
    ("modal", asked({"type": "plain_text_input", "max_length": 2, "initial_value": "xxx"}), "less than 3 characters"),
    ("modal", asked({"type": "plain_text_input", "max_length": "2"}), "an integer between 1 and 3000"),
    ("modal", asked({"type": "number_input", "is_decimal_allowed": "no"}), "must be a boolean"),
    ("modal", asked({"type": "number_input", "is_decimal_allowed": True, "min_value": "low"}), "a number in a string"),
    ("modal", {"type": "alert", "text": mrkdwn("x" * 201)}, "less than 201 characters"),
]


@pytest.mark.parametrize(("surface", "block"), GOOD, ids=range(len(GOOD)))
def test_good_blocks_pass(surface: str, block: dict[str, Any]) -> None:
    assert wrong(block, surface=surface) == ""


@pytest.mark.parametrize(("surface", "block", "sentence"), BAD, ids=range(len(BAD)))
def test_bad_blocks_are_named(surface: str, block: dict[str, Any], sentence: str) -> None:
    assert sentence in wrong(block, surface=surface)


def test_numbers_of_blocks_and_unique_ids() -> None:
    divider = {"type": "divider"}
    assert "no more than 50 items" in wrong(*[divider] * 51)
    assert wrong(*[divider] * 100, surface="modal") == ""
    assert "no more than 100 items" in wrong(*[divider] * 101, surface="home")
    assert "at least 1 items" in wrong(surface="home")
    same = {"type": "divider", "block_id": "same"}
    assert "`block_id` same already exists [json-pointer:/blocks/1/block_id]" in wrong(same, same)
    assert "unsupported type" in wrong("no block")
    assert "only one table" in wrong(table([["a"]]), table([["b"]]))
    assert "must be an array" in "\n".join(check_message({"text": "x", "blocks": "none"}).messages)


def test_one_focus_only() -> None:
    focused = asked({"type": "plain_text_input", "focus_on_load": True})
    assert "only one element may have focus_on_load" in wrong(focused, focused, surface="modal")


def test_length_of_a_message() -> None:
    assert check_message({"text": "x" * 40_001}).error == "msg_too_long"
    assert check_message({"text": 5}).error == "invalid_arguments"
    assert check_message({"text": "x", "blocks": [section(text=mrkdwn("x" * 2500))] * 5}).error == "msg_blocks_too_long"
    assert check_message({"text": "x", "blocks": card("fine")}).error is None
    assert check_message({}).error == "no_text"
    assert check_message({}, needs_content=False).error is None
    assert check_message({"blocks": card("fine")}).error == "missing_text"


def test_views_have_their_own_limits() -> None:
    assert check_view(lead_form(), "modal").error is None
    assert check_view(None, "modal").error == "invalid_arguments"
    assert check_view({**small_form("x" * 25)}, "modal").error == "invalid_arguments"
    assert "submit button" in check_view({**lead_form(), "submit": None}, "modal").messages[-1]
    assert check_view({**lead_form(), "private_metadata": "x" * 3001}, "modal").error == "invalid_arguments"
    assert check_view({**small_form("A"), "submit_later": True}, "modal").error == "invalid_arguments"
    large = {**small_form("A"), "private_metadata": "x" * 250_000}
    assert check_view(large, "modal").error == "view_too_large"
    assert len(json.dumps(large)) > 250_000


def test_answers_to_a_type_ahead() -> None:
    assert check_options({"options": []}).error is None
    assert check_options({"option_groups": [{"label": plain("g"), "options": [option("A")]}]}).error is None
    assert check_options({"options": [option("A")] * 101}).error == "invalid_options"
    assert check_options({}).error == "invalid_options"
    assert check_options("no").error == "invalid_options"


def test_answers_to_a_form() -> None:
    view = lead_form()
    assert check_submission_answer(None, view).error is None
    assert check_submission_answer({"response_action": "clear"}, view).error is None
    assert check_submission_answer({"response_action": "errors", "errors": {"need": "x"}}, view).error is None
    assert check_submission_answer({"response_action": "update", "view": view}, view).error is None
    for bad in (
        "ok",
        {"response_action": "jump"},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"note": "not an input"}},
        {"response_action": "errors", "errors": {"need": ""}},
    ):
        assert check_submission_answer(bad, view).error == "invalid_response"
    assert check_submission_answer({"response_action": "push", "view": {}}, view).error == "invalid_arguments"
