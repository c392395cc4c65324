"""Owns what a person does with a form: typing, submitting, closing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.sandbox.actions import Actions
from bot.sandbox.answers import Answer
from bot.sandbox.checks import check_submission_answer
from bot.sandbox.desk import Desk
from bot.sandbox.form_state import Values, incomplete, inputs, state
from bot.sandbox.places import Places
from bot.sandbox.stacks import OpenView
from bot.sandbox.things import Refusal
from bot.sandbox.wire import Wire


class Forms:
    """The acts on modals. Lives on the server's event loop.

    Args:
        desk: The workspace.
        wire: The way to the app.
        places: Finds the forms.
        actions: Sends what an input dispatches while one types.
    """

    def __init__(self, desk: Desk, wire: Wire, places: Places, actions: Actions) -> None:
        self._desk = desk
        self._wire = wire
        self._places = places
        self._actions = actions

    async def fill(self, user: str, opened: OpenView, values: Mapping[str, Any]) -> Answer:
        """Type into a form; an input that asks for it sends an action.

        Returns:
            The last such action's answer, or a good one.
        """
        self._places.admit(user)
        answer = Answer()
        for block_id, given in values.items():
            fields = [pair for pair in inputs(self._places.blocks_of(opened)) if pair[0]["block_id"] == block_id]
            if not fields:
                raise Refusal("no_such_element", detail=f"no input in block {block_id}")
            for block, element in fields:
                action_id = element["action_id"]
                nested = isinstance(given, Mapping) and action_id in given
                if len(fields) > 1 and not nested:
                    continue
                plain = given[action_id] if nested else given
                value = await self._actions.written(user, opened, block, element, plain)
                opened.values = {**opened.values, block_id: {**opened.values.get(block_id, {}), action_id: value}}
                if block.get("dispatch_action"):
                    answer = await self._actions.act(
                        user, opened, {"block_id": block_id, "action_id": action_id, **value}
                    )
        return answer

    async def submit(self, user: str, opened: OpenView, typed: Values | None = None) -> Answer:
        """Submit a form and do what the app answers.

        Args:
            user: Who submits.
            opened: The form.
            typed: ``state.values`` as the page holds them; None for what is known here.
        """
        self._places.admit(user)
        if opened.body.get("submit") is None:
            raise Refusal("no_submit_button")
        if typed is not None:
            opened.values = {block_id: dict(actions) for block_id, actions in typed.items()}
        values = state(opened.body["blocks"], opened.values)
        missing = incomplete(opened.body["blocks"], values)
        if missing:
            self._desk.stacks.refuse(opened, missing)
            return Answer(ok=False, error="incomplete", errors=missing)
        answer = await self._wire.ask("interactive", self._wire.payloads.submission(opened, values), user)
        if not answer.ok:
            return answer
        verdict = check_submission_answer(answer.body, opened.body)
        if verdict.error:
            self._desk.records.violation("view_submission", verdict, answer.body)
            self._wire.notice(user, "We had some trouble connecting. Try again?")
            return replace(answer, ok=False, error=verdict.error)
        return self._carry_out(answer, opened)

    def _carry_out(self, answer: Answer, opened: OpenView) -> Answer:
        stacks, body = self._desk.stacks, answer.body or {}
        match body.get("response_action"):
            case "errors":
                stacks.refuse(opened, body["errors"])
                return replace(answer, ok=False, error="errors", errors=dict(body["errors"]))
            case "update":
                stacks.update(opened, body["view"])
            case "push":
                stacks.push(opened.user, body["view"])
            case "clear":
                stacks.close(opened.user, everything=True)
            case _:
                stacks.close(opened.user, opened.id)
        return answer

    async def close(self, user: str, opened: OpenView, *, clear: bool) -> Answer:
        """Close a form, or with ``clear`` all of them; the app is told where a view asks for it."""
        stacks = self._desk.stacks
        stack = stacks.stack(user)
        everything = clear or bool(opened.body.get("clear_on_close"))
        gone = stack if everything else stack[stack.index(opened) :] if opened in stack else []
        stacks.close(user, opened.id, everything=everything)
        answer = Answer()
        for view in reversed(gone):
            if view.body.get("notify_on_close"):
                values = state(view.body["blocks"], view.values)
                payload = self._wire.payloads.closed(view, values, cleared=everything)
                answer = await self._wire.ask("interactive", payload, user)
        return answer
