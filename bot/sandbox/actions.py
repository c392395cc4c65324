"""Owns what a person does with buttons, menus and pickers, and the type-ahead."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.answers import Answer
from bot.sandbox.checks import check_options
from bot.sandbox.desk import Desk
from bot.sandbox.form_state import FIELDS, Values, state, written
from bot.sandbox.places import Place, Places
from bot.sandbox.stacks import OpenView
from bot.sandbox.things import Json, Refusal
from bot.sandbox.wire import Wire

SHORTEST_QUERY = 3
"""Characters before an external select asks the app, unless it says otherwise."""


class Actions:
    """The acts on elements. Lives on the server's event loop.

    Args:
        desk: The workspace.
        wire: The way to the app.
        places: Finds the elements.
    """

    def __init__(self, desk: Desk, wire: Wire, places: Places) -> None:
        self._desk = desk
        self._wire = wire
        self._places = places

    async def click(self, user: str, place: Place, action_id: str, block_id: str | None, value: str | None) -> Answer:
        """Press a button."""
        block, element = self._places.element(place, action_id, block_id, value)
        action: Json = {
            key: element[key] for key in ("type", "action_id", "text", "value", "style", "url") if key in element
        }
        return await self.act(user, place, {**action, "block_id": block["block_id"]})

    async def select(self, user: str, place: Place, action_id: str, value: Any, block_id: str | None) -> Answer:
        """Choose something in a menu or a picker."""
        block, element = self._places.element(place, action_id, block_id, None)
        if element["type"] == "overflow":
            chosen = next((one for one in element["options"] if value in {one["value"], one["text"]["text"]}), None)
            if chosen is None:
                raise Refusal("no_such_option")
            content: Json = {"type": "overflow", "selected_option": chosen}
        else:
            content = await self.written(user, place, block, element, value)
        return await self.act(user, place, {"action_id": action_id, "block_id": block["block_id"], **content})

    async def act(self, user: str, place: Place, action: Json, typed: Values | None = None) -> Answer:
        """Send an action to the app, after keeping the value it carries.

        Args:
            user: Who acts.
            place: The message or the view.
            action: As Slack sends it, without its time.
            typed: What the inputs of the view hold, if more than is known here.
        """
        self._places.admit(user)
        self._places.element(place, action.get("action_id", ""), action.get("block_id"), None)
        held: Values = dict(typed or {})
        kind = action.get("type", "")
        if kind in FIELDS:
            value = {"type": kind, FIELDS[kind][0]: action.get(FIELDS[kind][0])}
            block_id, action_id = action["block_id"], action["action_id"]
            held[block_id] = {**held.get(block_id, {}), action_id: value}
        if isinstance(place, OpenView):
            place.values = {**place.values, **held}
            held = place.values
        values = state(self._places.blocks_of(place), held)
        return await self._wire.ask("interactive", self._wire.payloads.action(user, place, action, values), user)

    async def options(self, user: str, place: Place, action_id: str, block_id: str | None, typed: str) -> Answer:
        """Type into an external select."""
        block, element = self._places.element(place, action_id, block_id, None)
        if len(typed) < element.get("min_query_length", SHORTEST_QUERY):
            return Answer(ok=False, error="query_too_short")
        held = place.values if isinstance(place, OpenView) else {}
        payload = self._wire.payloads.suggestion(
            user, place, block["block_id"], action_id, typed, state(self._places.blocks_of(place), held)
        )
        answer = await self._wire.ask("interactive", payload, user)
        if not answer.ok:
            return answer
        body = answer.body or {"options": []}
        verdict = check_options(body)
        if verdict.error:
            self._desk.records.violation("block_suggestion", verdict, body)
            return replace(answer, ok=False, error=verdict.error)
        return replace(answer, options=body.get("options", []), option_groups=body.get("option_groups", []))

    async def written(self, user: str, place: Place, block: Json, element: Json, plain: Any) -> Json:
        """Give the value of an element from what a test writes; an external select asks the app.

        Raises:
            Refusal: It cannot hold that.
        """
        if "external" in element["type"] and plain is not None and not isinstance(plain, Mapping):
            texts = plain if isinstance(plain, list) else [plain]
            found = [
                one if isinstance(one, Mapping) else await self._picked(user, place, block, element, str(one))
                for one in texts
            ]
            plain = found if element["type"].startswith("multi_") else found[0]
        if isinstance(plain, Mapping) and plain.get("type") != element["type"] and "value" not in plain:
            raise Refusal("bad_value", detail=f"{element['type']} does not take {dict(plain)}")
        try:
            value: Json = written(element, plain)
        except LookupError as error:
            raise Refusal("no_such_option", detail=str(error)) from None
        return value

    async def _picked(self, user: str, place: Place, block: Json, element: Json, typed: str) -> Json:
        answer = await self.options(user, place, element["action_id"], block["block_id"], typed)
        if not answer.ok:
            raise Refusal(answer.error or "no_such_option")
        offered = answer.options + [one for group in answer.option_groups for one in group["options"]]
        exact = [one for one in offered if typed in {one["value"], one["text"]["text"]}]
        if not offered:
            raise Refusal("no_such_option", detail=f"the app offers nothing for {typed!r}")
        return dict((exact or offered)[0])
