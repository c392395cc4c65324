"""Owns what a form holds: the values of its inputs, as Slack states them and as a test writes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sandbox.elements import offered
from bot.sandbox.stacks import elements_of
from bot.sandbox.things import Json

FIELDS: dict[str, tuple[str, str, Any]] = {
    "plain_text_input": ("value", "initial_value", None),
    "number_input": ("value", "initial_value", None),
    "email_text_input": ("value", "initial_value", None),
    "url_text_input": ("value", "initial_value", None),
    "rich_text_input": ("rich_text_value", "initial_value", None),
    "static_select": ("selected_option", "initial_option", None),
    "external_select": ("selected_option", "initial_option", None),
    "radio_buttons": ("selected_option", "initial_option", None),
    "users_select": ("selected_user", "initial_user", None),
    "conversations_select": ("selected_conversation", "initial_conversation", None),
    "channels_select": ("selected_channel", "initial_channel", None),
    "datepicker": ("selected_date", "initial_date", None),
    "timepicker": ("selected_time", "initial_time", None),
    "datetimepicker": ("selected_date_time", "initial_date_time", None),
    "checkboxes": ("selected_options", "initial_options", []),
    "multi_static_select": ("selected_options", "initial_options", []),
    "multi_external_select": ("selected_options", "initial_options", []),
    "multi_users_select": ("selected_users", "initial_users", []),
    "multi_conversations_select": ("selected_conversations", "initial_conversations", []),
    "multi_channels_select": ("selected_channels", "initial_channels", []),
    "file_input": ("files", "initial_files", []),
}
"""Type of an element to: the field of its value, the field of its initial value, and its empty value."""

OPTION_FIELDS = frozenset({"selected_option", "selected_options"})
Values = dict[str, Json]


def inputs(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """List the blocks and elements that hold a value."""
    for block in blocks:
        for element in elements_of(block):
            if element.get("type") in FIELDS:
                yield block, element


def initial(element: Mapping[str, Any]) -> Json:
    """Give the value of an untouched element."""
    name, initial_name, empty = FIELDS[element["type"]]
    value = element.get(initial_name)
    return {"type": element["type"], name: empty if value is None else value}


def state(blocks: list[Json], typed: Values) -> Values:
    """Give ``state.values``: what was typed, and the initial values of what was not touched."""
    values: Values = {}
    for block, element in inputs(blocks):
        chosen = typed.get(block["block_id"], {}).get(element["action_id"])
        values.setdefault(block["block_id"], {})[element["action_id"]] = chosen or initial(element)
    return values


def is_empty(value: Mapping[str, Any]) -> bool:
    """Say whether an element holds nothing."""
    content = value.get(FIELDS[value["type"]][0])
    return content is None or content in ("", [])


def incomplete(blocks: list[Json], values: Values) -> dict[str, str]:
    """Find what Slack's client refuses to submit.

    Returns:
        block_id to what is wrong.
    """
    wrong: dict[str, str] = {}
    for block, element in inputs(blocks):
        if block["type"] != "input":
            continue
        value = values[block["block_id"]][element["action_id"]]
        if is_empty(value):
            if not block.get("optional"):
                wrong[block["block_id"]] = "Please complete this required field."
        elif problem := _unfit(element, value):
            wrong[block["block_id"]] = problem
    return wrong


def _unfit(element: Mapping[str, Any], value: Mapping[str, Any]) -> str | None:
    content = value.get("value")
    if not isinstance(content, str):
        return None
    match element["type"]:
        case "plain_text_input" if not element.get("min_length", 0) <= len(content) <= element.get("max_length", 3000):
            return f"This field takes {element.get('min_length', 0)} to {element.get('max_length', 3000)} characters."
        case "number_input":
            return _unfit_number(element, content)
        case "email_text_input" if "@" not in content.strip("@"):
            return "This is not a mail address."
        case "url_text_input" if not content.startswith(("http://", "https://")):
            return "This is not an address of a page."
    return None


def _unfit_number(element: Mapping[str, Any], content: str) -> str | None:
    try:
        given = float(content)
    except ValueError:
        return "This is not a number."
    if not element.get("is_decimal_allowed") and not content.lstrip("+-").isdigit():
        return "This field takes whole numbers."
    if not float(element.get("min_value", "-inf")) <= given <= float(element.get("max_value", "inf")):
        return "This number is out of range."
    return None


def written(element: Json, plain: Any) -> Json:
    """Turn a value as a test writes it into the one that Slack states.

    Args:
        element: The element.
        plain: A string, a list, an int, None, or the value in Slack's form; whole options for an
            external select, whose options only the app knows.

    Raises:
        LookupError: There is no such option.
    """
    kind = element["type"]
    name, _, empty = FIELDS[kind]
    if isinstance(plain, Mapping) and plain.get("type") == kind:
        return dict(plain)
    if plain is None:
        return {"type": kind, name: empty}
    if name in OPTION_FIELDS:
        many = plain if isinstance(plain, list) else [plain]
        chosen = [_chosen(element, one) for one in many]
        return {"type": kind, name: chosen if name == "selected_options" else chosen[0]}
    if name.endswith("s") and not isinstance(plain, list):
        plain = [plain]
    return {"type": kind, name: str(plain) if name == "value" else plain}


def _chosen(element: Json, plain: Any) -> Json:
    if isinstance(plain, Mapping):
        return dict(plain)
    found = [one for one in offered(element) if plain in {one["value"], one["text"]["text"]}]
    if not found:
        known = ", ".join(one["value"] for one in offered(element))
        raise LookupError(f"{element.get('action_id')} has no option {plain!r}, but {known}")
    return dict(found[0])
