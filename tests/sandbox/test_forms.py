"""What a form holds, and what a person can do with its inputs, without an app behind it."""

from typing import Any

import pytest
from slack_sdk import WebClient

from bot.sandbox import Sandbox
from bot.sandbox.form_state import incomplete, initial, state, written
from tests.sandbox.bolt_app import option, plain
from tests.sandbox.test_checks import asked

INITIAL: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"type": "plain_text_input"}, {"value": None}),
    ({"type": "plain_text_input", "initial_value": "x"}, {"value": "x"}),
    ({"type": "number_input", "initial_value": "5"}, {"value": "5"}),
    ({"type": "rich_text_input"}, {"rich_text_value": None}),
    ({"type": "static_select", "initial_option": option("A")}, {"selected_option": option("A")}),
    ({"type": "external_select"}, {"selected_option": None}),
    ({"type": "users_select", "initial_user": "U1"}, {"selected_user": "U1"}),
    ({"type": "multi_users_select"}, {"selected_users": []}),
    ({"type": "conversations_select"}, {"selected_conversation": None}),
    ({"type": "channels_select", "initial_channel": "C1"}, {"selected_channel": "C1"}),
    ({"type": "datepicker", "initial_date": "2026-03-02"}, {"selected_date": "2026-03-02"}),
    ({"type": "timepicker"}, {"selected_time": None}),
    ({"type": "datetimepicker"}, {"selected_date_time": None}),
    ({"type": "checkboxes", "initial_options": [option("A")]}, {"selected_options": [option("A")]}),
    ({"type": "radio_buttons"}, {"selected_option": None}),
]

WRITTEN: list[tuple[dict[str, Any], Any, dict[str, Any]]] = [
    ({"type": "plain_text_input"}, 5, {"value": "5"}),
    ({"type": "plain_text_input"}, None, {"value": None}),
    ({"type": "plain_text_input"}, {"type": "plain_text_input", "value": "x"}, {"value": "x"}),
    ({"type": "users_select"}, "U1", {"selected_user": "U1"}),
    ({"type": "multi_users_select"}, "U1", {"selected_users": ["U1"]}),
    ({"type": "multi_users_select"}, ["U1", "U2"], {"selected_users": ["U1", "U2"]}),
    ({"type": "datetimepicker"}, 1_772_400_000, {"selected_date_time": 1_772_400_000}),
    ({"type": "radio_buttons", "options": [option("A")]}, "A", {"selected_option": option("A")}),
    (
        {"type": "checkboxes", "options": [option("A"), option("B")]},
        ["a", "b"],
        {"selected_options": [option("A"), option("B")]},
    ),
    ({"type": "checkboxes", "options": [option("A")]}, [], {"selected_options": []}),
    ({"type": "external_select"}, option("A"), {"selected_option": option("A")}),
]


@pytest.mark.parametrize(("element", "value"), INITIAL, ids=range(len(INITIAL)))
def test_untouched_inputs_hold_their_initial_value(element: dict[str, Any], value: dict[str, Any]) -> None:
    assert initial(element) == {"type": element["type"], **value}


@pytest.mark.parametrize(("element", "given", "value"), WRITTEN, ids=range(len(WRITTEN)))
def test_plain_values_become_what_slack_states(element: dict[str, Any], given: Any, value: dict[str, Any]) -> None:
    assert written(element, given) == {"type": element["type"], **value}


def test_options_that_are_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(LookupError, match="has no option 'b', but a"):
        written({"type": "static_select", "action_id": "x", "options": [option("A")]}, "b")


@pytest.mark.parametrize(
    ("element", "value", "sentence"),
    [
        ({"type": "plain_text_input", "min_length": 2}, "x", "2 to 3000 characters"),
        ({"type": "plain_text_input", "max_length": 2}, "xxx", "0 to 2 characters"),
        ({"type": "number_input", "is_decimal_allowed": False}, "1.5", "whole numbers"),
        ({"type": "number_input", "is_decimal_allowed": True, "max_value": "2"}, "2.5", "out of range"),
        ({"type": "number_input", "is_decimal_allowed": True}, "many", "not a number"),
        ({"type": "email_text_input"}, "me@", "not a mail address"),
        ({"type": "url_text_input"}, "example.com", "not an address"),
        ({"type": "plain_text_input"}, "", "required"),
        ({"type": "plain_text_input", "min_length": 2}, "xx", None),
        ({"type": "number_input", "is_decimal_allowed": False, "min_value": "-3"}, "-2", None),
        ({"type": "email_text_input"}, "me@example.com", None),
        ({"type": "url_text_input"}, "https://example.com", None),
        ({"type": "users_select"}, "U1", None),
    ],
)
def test_what_slacks_client_refuses_to_submit(element: dict[str, Any], value: str, sentence: str | None) -> None:
    block = asked({**element, "action_id": "a"}, block_id="b")
    wrong = incomplete([block], {"b": {"a": written(element, value)}})
    assert (sentence is None and wrong == {}) or (sentence is not None and sentence in wrong["b"])


def test_menus_outside_inputs_are_part_of_the_state_but_not_required() -> None:
    blocks = [{"type": "actions", "block_id": "b", "elements": [{"type": "users_select", "action_id": "a"}]}]
    values = state(blocks, {})
    assert values == {"b": {"a": {"type": "users_select", "selected_user": None}}}
    assert incomplete(blocks, values) == {}


def open_form(sandbox: Sandbox, client: WebClient, *blocks: dict[str, Any], **fields: Any) -> str:
    trigger = sandbox._server.desk.stacks.new_trigger("U1")
    view = {"type": "modal", "title": plain("T"), "submit": plain("S"), "blocks": list(blocks), **fields}
    return str(client.views_open(trigger_id=trigger, view=view)["view"]["id"])


def test_filling_needs_an_input_and_a_fitting_value(sandbox: Sandbox, client: WebClient) -> None:
    open_form(
        sandbox,
        client,
        asked({"type": "static_select", "action_id": "a", "options": [option("A")]}, block_id="pick"),
        asked({"type": "plain_text_input"}, block_id="unnamed"),
        {
            "type": "actions",
            "block_id": "two",
            "elements": [{"type": "users_select", "action_id": "one"}, {"type": "users_select", "action_id": "other"}],
        },
    )
    assert sandbox.fill("U1", {"nowhere": "x"}).error == "no_such_element"
    assert sandbox.fill("U1", {"pick": "B"}).error == "no_such_option"
    assert sandbox.fill("U1", {"pick": {"odd": 1}}).error == "bad_value"
    assert sandbox.fill("U1", {"pick": "A", "unnamed": "x", "two": {"other": "U2"}}).ok
    values = (sandbox.view("U1") or {})["state"]["values"]
    assert values["two"] == {"other": {"type": "users_select", "selected_user": "U2"}}
    assert sandbox.fill("U2", {"pick": "A"}).error == "no_open_view"


def test_each_person_has_forms_of_their_own(sandbox: Sandbox, client: WebClient) -> None:
    view_id = open_form(sandbox, client, asked({"type": "plain_text_input"}))
    assert sandbox.submit("U2", view_id=view_id).error == "not_found"
    assert sandbox.submit("U1", view_id=view_id).error == "incomplete"
    assert sandbox.submit("U1", view_id="V0").error == "not_found"


def test_clear_on_close_closes_everything(sandbox: Sandbox, client: WebClient) -> None:
    open_form(sandbox, client, asked({"type": "plain_text_input"}))
    stacks = sandbox._server.desk.stacks
    client.views_push(
        trigger_id=stacks.new_trigger("U1"),
        view={"type": "modal", "title": plain("T"), "clear_on_close": True, "blocks": [{"type": "divider"}]},
    )
    assert sandbox.close("U1").ok
    assert sandbox.views("U1") == []


def test_a_button_of_a_card_can_be_pressed(sandbox: Sandbox, client: WebClient) -> None:
    button = {"type": "button", "action_id": "go", "text": plain("Go")}
    card = {"type": "card", "title": plain("c"), "actions": [button]}
    ts = client.chat_postMessage(
        channel="C1",
        text="x",
        blocks=[card, {"type": "carousel", "elements": [{**card, "actions": [{**button, "action_id": "on"}]}]}],
    )["ts"]
    assert sandbox.click("U1", "C1", ts, "go").error == "dispatch_failed"
    assert sandbox.click("U1", "C1", ts, "on").payload["actions"][0]["action_id"] == "on"
    assert sandbox.options("U1", "go", "typed", channel="C1", ts=ts).error == "dispatch_failed"


def test_menus_of_a_form_and_of_the_home(sandbox: Sandbox, client: WebClient) -> None:
    people = {"type": "actions", "block_id": "b", "elements": [{"type": "users_select", "action_id": "who"}]}
    open_form(sandbox, client, people)
    client.views_publish(user_id="U1", view={"type": "home", "blocks": [people]})
    for answer in (sandbox.select_view("U1", "who", "U2"), sandbox.select_home("U1", "who", "U2")):
        assert answer.payload["actions"][0]["selected_user"] == "U2"
        assert answer.payload["view"]["state"]["values"]["b"]["who"]["selected_user"] == "U2"
    assert (sandbox.home("U1") or {})["state"]["values"]["b"]["who"]["selected_user"] == "U2"
