"""Owns the rules for Block Kit's elements: buttons, menus, pickers and inputs."""

from collections.abc import Mapping
from typing import Any

from bot.sandbox.shapes import (
    Check,
    Findings,
    Shape,
    anything,
    day,
    flag,
    focus,
    integer,
    listing,
    number,
    one_of,
    string,
    text,
    time_of_day,
    typed,
    url,
)

ACTION_ID = string(255)
PLACEHOLDER = text(150)

confirm = Shape(
    required={
        "title": text(100),
        "text": text(300, mrkdwn=True),
        "confirm": text(30),
        "deny": text(30),
    },
    optional={"style": one_of("primary", "danger")},
)


def option(*, mrkdwn: bool = False, link: bool = False) -> Shape:
    """Check an option of a menu; ``mrkdwn`` is for radio buttons and checkboxes, ``link`` for overflow menus."""
    extra: dict[str, Check] = {"description": text(75, mrkdwn=mrkdwn)}
    if link:
        extra["url"] = url()
    return Shape(required={"text": text(75, mrkdwn=mrkdwn), "value": string(150)}, optional=extra)


option_group = Shape(required={"label": text(75), "options": listing(option(), 100)})


def offered(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the options of a menu, out of its groups too."""
    groups = element.get("option_groups")
    lists = [group.get("options") for group in groups if isinstance(group, Mapping)] if isinstance(groups, list) else []
    lists.append(element.get("options"))
    return [item for items in lists if isinstance(items, list) for item in items if isinstance(item, Mapping)]


def _same(left: Any, right: Any) -> bool:
    def key(value: Any) -> Any:
        words = value.get("text") if isinstance(value, Mapping) else None
        return (value.get("value"), words.get("text") if isinstance(words, Mapping) else None) if words else None

    return key(left) is not None and key(left) == key(right)


def _choices(element: Any, pointer: str, findings: Findings) -> None:
    if ("options" in element) == ("option_groups" in element):
        findings.add(pointer, "must have exactly one of options and option_groups")
    _initial(element, pointer, findings)


def _initial(element: Any, pointer: str, findings: Findings) -> None:
    known = offered(element)
    many = element.get("initial_options")
    chosen = [element["initial_option"]] if element.get("initial_option") is not None else []
    chosen += many if isinstance(many, list) else []
    for one in chosen:
        if not any(_same(one, other) for other in known):
            findings.add(pointer, "an initial option must exactly match one of the options")


def _lengths(element: Any, pointer: str, findings: Findings) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    initial = element.get("initial_value") or ""
    if not (isinstance(least, int) and isinstance(most, int) and isinstance(initial, str)):
        return
    if least > most:
        findings.add(f"{pointer}/min_length", "must not be more than max_length")
    if len(initial) > most:
        findings.add(f"{pointer}/initial_value", f"must be less than {most + 1} characters")


def _image_source(element: Any, pointer: str, findings: Findings) -> None:
    if ("image_url" in element) == ("slack_file" in element):
        findings.add(pointer, "must have exactly one of image_url and slack_file")


slack_file = Shape(optional={"id": string(255), "url": url()})
image = Shape(
    required={"alt_text": string(2000, 0)},
    optional={"image_url": url(), "slack_file": slack_file},
    rule=_image_source,
)
dispatch = Shape(
    optional={"trigger_actions_on": listing(one_of("on_enter_pressed", "on_character_entered"), 2)},
)

_MENU: dict[str, Check] = {
    "action_id": ACTION_ID,
    "placeholder": PLACEHOLDER,
    "confirm": confirm,
    "focus_on_load": focus,
}
_PICK: dict[str, Check] = {"action_id": ACTION_ID, "confirm": confirm, "focus_on_load": focus}
_TYPED: dict[str, Check] = {
    "action_id": ACTION_ID,
    "placeholder": PLACEHOLDER,
    "focus_on_load": focus,
    "dispatch_action_config": dispatch,
}
_OPTIONS: dict[str, Check] = {"options": listing(option(), 100), "option_groups": listing(option_group, 100)}
_MOST = integer(1, 100)
_ID = string(255)
_CONVERSATIONS = Shape(
    optional={
        "include": listing(one_of("im", "mpim", "private", "public"), 4),
        "exclude_bot_users": flag,
        "exclude_external_shared_channels": flag,
    }
)
_TEN = listing(option(mrkdwn=True), 10)

SHAPES: dict[str, Check] = {
    "button": Shape(
        required={"text": text(75)},
        optional={
            "action_id": ACTION_ID,
            "url": url(),
            "value": string(2000),
            "style": one_of("primary", "danger"),
            "confirm": confirm,
            "accessibility_label": string(75),
        },
    ),
    "overflow": Shape(
        required={"options": listing(option(link=True), 5)},
        optional={"action_id": ACTION_ID, "confirm": confirm},
    ),
    "static_select": Shape(optional={**_MENU, **_OPTIONS, "initial_option": option()}, rule=_choices),
    "multi_static_select": Shape(
        optional={**_MENU, **_OPTIONS, "initial_options": listing(option(), 100), "max_selected_items": _MOST},
        rule=_choices,
    ),
    "external_select": Shape(optional={**_MENU, "initial_option": option(), "min_query_length": integer(0, 255)}),
    "multi_external_select": Shape(
        optional={
            **_MENU,
            "initial_options": listing(option(), 100),
            "min_query_length": integer(0, 255),
            "max_selected_items": _MOST,
        }
    ),
    "users_select": Shape(optional={**_MENU, "initial_user": _ID}),
    "multi_users_select": Shape(
        optional={**_MENU, "initial_users": listing(_ID, 100), "max_selected_items": _MOST},
    ),
    "conversations_select": Shape(
        optional={
            **_MENU,
            "initial_conversation": _ID,
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": _CONVERSATIONS,
        }
    ),
    "multi_conversations_select": Shape(
        optional={
            **_MENU,
            "initial_conversations": listing(_ID, 100),
            "default_to_current_conversation": flag,
            "max_selected_items": _MOST,
            "filter": _CONVERSATIONS,
        }
    ),
    "channels_select": Shape(optional={**_MENU, "initial_channel": _ID, "response_url_enabled": flag}),
    "multi_channels_select": Shape(
        optional={**_MENU, "initial_channels": listing(_ID, 100), "max_selected_items": _MOST},
    ),
    "datepicker": Shape(optional={**_MENU, "initial_date": day}),
    "timepicker": Shape(optional={**_MENU, "initial_time": time_of_day, "timezone": string(64)}),
    "datetimepicker": Shape(optional={**_PICK, "initial_date_time": integer(1_000_000_000, 9_999_999_999)}),
    "radio_buttons": Shape(
        required={"options": _TEN}, optional={**_PICK, "initial_option": option(mrkdwn=True)}, rule=_initial
    ),
    "checkboxes": Shape(
        required={"options": _TEN},
        optional={**_PICK, "initial_options": listing(option(mrkdwn=True), 10)},
        rule=_initial,
    ),
    "plain_text_input": Shape(
        optional={
            **_TYPED,
            "initial_value": string(3000, 0),
            "multiline": flag,
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
        rule=_lengths,
    ),
    "number_input": Shape(
        required={"is_decimal_allowed": flag},
        optional={**_TYPED, "initial_value": number, "min_value": number, "max_value": number},
    ),
    "email_text_input": Shape(optional={**_TYPED, "initial_value": string(3000, 0)}),
    "url_text_input": Shape(optional={**_TYPED, "initial_value": string(3000, 0)}),
    "rich_text_input": Shape(optional={**_TYPED, "initial_value": anything}),
    "file_input": Shape(
        optional={"action_id": ACTION_ID, "filetypes": listing(string(20), 50), "max_files": integer(1, 10)}
    ),
    "image": image,
    "plain_text": text(3000),
    "mrkdwn": text(3000, mrkdwn=True),
    "feedback_buttons": Shape(
        required={"positive_button": anything, "negative_button": anything}, optional={"action_id": ACTION_ID}
    ),
    "icon_button": Shape(
        required={"icon": one_of("trash"), "text": text(75)},
        optional={
            "action_id": ACTION_ID,
            "value": string(2000),
            "confirm": confirm,
            "accessibility_label": string(75),
            "visible_to_user_ids": listing(_ID, 100),
        },
    ),
}

SELECTS = frozenset(f"{kind}_select" for kind in ("static", "external", "users", "conversations", "channels"))
MULTI_SELECTS = frozenset(f"multi_{kind}" for kind in SELECTS)
PICKERS = frozenset({"datepicker", "timepicker", "checkboxes", "radio_buttons"})

accessory = typed(SHAPES, SELECTS | MULTI_SELECTS | PICKERS | {"button", "overflow", "image"})
action = typed(SHAPES, SELECTS | PICKERS | {"button", "overflow", "datetimepicker"})
context_part = typed(SHAPES, {"image", "plain_text", "mrkdwn"})
context_action = typed(SHAPES, {"feedback_buttons", "icon_button"})
card_action = typed(SHAPES, {"button"})
_INPUTS = (
    SELECTS
    | MULTI_SELECTS
    | PICKERS
    | {
        "datetimepicker",
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "rich_text_input",
        "file_input",
    }
)
_input = typed(SHAPES, _INPUTS)


def input_element(value: Any, pointer: str, findings: Findings) -> None:
    """Check the element of an input block; files can be asked for in a modal only."""
    _input(value, pointer, findings)
    if isinstance(value, Mapping) and value.get("type") == "file_input" and findings.surface != "modal":
        findings.add(f"{pointer}/type", "file_input is not allowed here")
