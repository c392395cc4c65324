"""Owns what a person does: each act changes the world, goes to the app, and carries out the app's answer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.sandbox.answers import Answer, Delivery
from bot.sandbox.checks import check_message, check_options, check_submission_answer
from bot.sandbox.desk import Desk
from bot.sandbox.form_state import FIELDS, Values, incomplete, inputs, state, written
from bot.sandbox.payloads import link_text
from bot.sandbox.stacks import OpenView, elements_of, name_parts
from bot.sandbox.wire import Wire
from bot.sandbox.world import Channel, Json, Post, Refusal

Place = tuple[Channel, Post] | OpenView
SHORTEST_QUERY = 3
"""Characters before an external select asks the app, unless it says otherwise."""


class Acts:
    """The acts of the workspace's people. Lives on the server's event loop.

    Args:
        desk: The workspace.
        wire: The way to the app.
    """

    def __init__(self, desk: Desk, wire: Wire) -> None:
        self._desk = desk
        self._wire = wire

    def _person(self, user: str) -> None:
        if self._desk.world.person(user).deleted:
            raise Refusal("user_disabled")

    # --- commands and shortcuts

    async def command(self, user: str, command: str, text: str, channel_id: str | None) -> Answer:
        """Give a slash command."""
        self._person(user)
        world = self._desk.world
        if command not in world.commands:
            raise Refusal("unknown_command")
        channel = self.channel_of(user, channel_id)
        answer = await self._wire.ask(
            "slash_commands", self._wire.payloads.command(user, channel, command, text.strip()), user
        )
        return self._shown_answer(answer, user, channel) if answer.ok else answer

    def channel_of(self, user: str, channel_id: str | None) -> Channel:
        """Find the channel in which a person acts; without an id the first one they are in.

        Raises:
            Refusal: They are not in it.
        """
        world = self._desk.world
        if channel_id is None:
            mine = [one for one in world.visible_channels(user) if one.kind == "channel"]
            return mine[0] if mine else world.app_dm(user)
        channel = world.channel(channel_id)
        if user not in channel.members:
            raise Refusal("not_in_channel")
        return channel

    def _shown_answer(self, answer: Answer, user: str, channel: Channel) -> Answer:
        """Show the message that came with the ack of a command."""
        if not answer.body:
            return answer
        message = {"text": answer.body} if isinstance(answer.body, str) else answer.body
        verdict = check_message(message, needs_content=False)
        if verdict.error:
            self._desk.records.violation("command_ack", verdict, message)
            if verdict.error != "missing_text":
                return replace(answer, ok=False, error=verdict.error)
        if message.get("text") or message.get("blocks"):
            name_parts(message.get("blocks") or [])
            post = self._desk.response_urls.answer(user, channel, message)
            return replace(answer, ts=post.ts if post else None)
        return answer

    async def shortcut(self, user: str, callback_id: str, channel_id: str | None, ts: str | None) -> Answer:
        """Use a global shortcut, or one on a message."""
        self._person(user)
        payloads = self._wire.payloads
        kind = "message" if ts else "global"
        known = {(one["type"], one["callback_id"]) for one in self._desk.world.shortcuts}
        if (kind, callback_id) not in known:
            raise Refusal("unknown_shortcut")
        if ts is None:
            return await self._wire.ask("interactive", payloads.shortcut(user, callback_id), user)
        channel, post = self.message_place(user, channel_id or "", ts)
        return await self._wire.ask("interactive", payloads.message_shortcut(user, callback_id, channel, post), user)

    # --- places and elements

    def message_place(self, user: str, channel_id: str, ts: str) -> tuple[Channel, Post]:
        """Find a message that a person sees.

        Raises:
            Refusal: They do not see it.
        """
        channel = self.channel_of(user, channel_id)
        return channel, self._desk.world.find_post(channel, ts, seen_by=user)

    def view_place(self, user: str, view_id: str | None) -> OpenView:
        """Find an open view of a person; without an id the top one.

        Raises:
            Refusal: ``not_found``.
        """
        if view_id is not None:
            opened = self._desk.stacks.find(view_id)
            if opened.user != user:
                raise Refusal("not_found")
            return opened
        stack = self._desk.stacks.stack(user)
        if not stack:
            raise Refusal("no_open_view")
        return stack[-1]

    def home_place(self, user: str) -> OpenView:
        """Find a person's Home.

        Raises:
            Refusal: ``not_found``.
        """
        home = self._desk.stacks.home(user)
        if home is None:
            raise Refusal("not_found")
        return home

    @staticmethod
    def blocks_of(place: Place) -> list[Json]:
        """List the blocks of a message or a view."""
        body = place.body if isinstance(place, OpenView) else place[1].body
        return list(body.get("blocks") or [])

    def element(self, place: Place, action_id: str, block_id: str | None, value: str | None) -> tuple[Json, Json]:
        """Find an element.

        Raises:
            Refusal: ``no_such_element``.
        """
        for block in self.blocks_of(place):
            for element in elements_of(block):
                if (
                    element.get("action_id") == action_id
                    and block_id in {None, block["block_id"]}
                    and value in {None, element.get("value")}
                ):
                    return block, element
        raise Refusal("no_such_element")

    # --- actions

    async def click(self, user: str, place: Place, action_id: str, block_id: str | None, value: str | None) -> Answer:
        """Press a button."""
        block, element = self.element(place, action_id, block_id, value)
        action = {key: element[key] for key in ("type", "action_id", "text", "value", "style", "url") if key in element}
        return await self.act(user, place, {**action, "block_id": block["block_id"]})

    async def select(self, user: str, place: Place, action_id: str, value: Any, block_id: str | None) -> Answer:
        """Choose something in a menu or a picker."""
        block, element = self.element(place, action_id, block_id, None)
        if element["type"] == "overflow":
            chosen = next((one for one in element["options"] if value in {one["value"], one["text"]["text"]}), None)
            if chosen is None:
                raise Refusal("no_such_option")
            content: Json = {"type": "overflow", "selected_option": chosen}
        else:
            content = await self._written(user, place, block, element, value)
        return await self.act(user, place, {"action_id": action_id, "block_id": block["block_id"], **content})

    async def act(self, user: str, place: Place, action: Json, typed: Values | None = None) -> Answer:
        """Send an action to the app, after keeping the value it carries.

        Args:
            user: Who acts.
            place: The message or the view.
            action: As Slack sends it, without its time.
            typed: What the inputs of the view hold, if more than is known here.
        """
        self._person(user)
        self.element(place, action.get("action_id", ""), action.get("block_id"), None)
        held: Values = dict(typed or {})
        kind = action.get("type", "")
        if kind in FIELDS:
            value = {"type": kind, FIELDS[kind][0]: action.get(FIELDS[kind][0])}
            block_id, action_id = action["block_id"], action["action_id"]
            held[block_id] = {**held.get(block_id, {}), action_id: value}
        if isinstance(place, OpenView):
            place.values = {**place.values, **held}
            held = place.values
        values = state(self.blocks_of(place), held)
        return await self._wire.ask("interactive", self._wire.payloads.action(user, place, action, values), user)

    async def options(self, user: str, place: Place, action_id: str, block_id: str | None, typed: str) -> Answer:
        """Type into an external select."""
        block, element = self.element(place, action_id, block_id, None)
        if len(typed) < element.get("min_query_length", SHORTEST_QUERY):
            return Answer(ok=False, error="query_too_short")
        held = place.values if isinstance(place, OpenView) else {}
        payload = self._wire.payloads.suggestion(
            user, place, block["block_id"], action_id, typed, state(self.blocks_of(place), held)
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

    async def _written(self, user: str, place: Place, block: Json, element: Json, plain: Any) -> Json:
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
            return written(element, plain)
        except LookupError as error:
            raise Refusal("no_such_option", detail=str(error)) from None

    async def _picked(self, user: str, place: Place, block: Json, element: Json, typed: str) -> Json:
        answer = await self.options(user, place, element["action_id"], block["block_id"], typed)
        if not answer.ok:
            raise Refusal(answer.error or "no_such_option")
        offered = answer.options + [one for group in answer.option_groups for one in group["options"]]
        exact = [one for one in offered if typed in {one["value"], one["text"]["text"]}]
        if not offered:
            raise Refusal("no_such_option", detail=f"the app offers nothing for {typed!r}")
        return (exact or offered)[0]

    # --- forms

    async def fill(self, user: str, opened: OpenView, values: Mapping[str, Any]) -> Answer:
        """Type into a form; an input that asks for it sends an action.

        Returns:
            The last such action's answer, or a good one.
        """
        self._person(user)
        answer = Answer()
        for block_id, given in values.items():
            fields = [pair for pair in inputs(self.blocks_of(opened)) if pair[0]["block_id"] == block_id]
            if not fields:
                raise Refusal("no_such_element", detail=f"no input in block {block_id}")
            for block, element in fields:
                action_id = element["action_id"]
                nested = isinstance(given, Mapping) and action_id in given
                if len(fields) > 1 and not nested:
                    continue
                plain = given[action_id] if nested else given
                value = await self._written(user, opened, block, element, plain)
                opened.values = {**opened.values, block_id: {**opened.values.get(block_id, {}), action_id: value}}
                if block.get("dispatch_action"):
                    answer = await self.act(user, opened, {"block_id": block_id, "action_id": action_id, **value})
        return answer

    async def submit(self, user: str, opened: OpenView, typed: Values | None = None) -> Answer:
        """Submit a form and do what the app answers.

        Args:
            user: Who submits.
            opened: The form.
            typed: ``state.values`` as the page holds them; None for what is known here.
        """
        self._person(user)
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

    # --- messages and events

    async def say(
        self, user: str, channel_id: str, text: str, thread_ts: str | None, files: Sequence[tuple[str, bytes]]
    ) -> Answer:
        """Say something in a channel; the app hears it where it is a member."""
        self._person(user)
        world, settings = self._desk.world, self._desk.settings
        channel = self.channel_of(user, channel_id)
        body: Json = {"user": user, "team": settings.team_id, "text": text, "client_msg_id": world.new_id("m")}
        if text:
            body["blocks"] = [link_text(text)]
            name_parts(body["blocks"])
        if thread_ts:
            parent = world.find_post(channel, thread_ts)
            body |= {"thread_ts": thread_ts, "parent_user_id": parent.body.get("user")}
        if files:
            body["files"] = [self._shared(user, name, data) for name, data in files]
            body["subtype"] = "file_share"
        post = world.post(channel, body)
        answer = await self._hear(channel, post.body)
        if f"<@{settings.bot_user}>" in text and not channel.is_im:
            await self._tell_mention(channel, post.body)
        return replace(answer, ts=post.ts)

    def _shared(self, user: str, name: str, data: bytes) -> Json:
        stored = self._desk.world.announce_file(name, len(data), user)
        stored.data, stored.shared = data, True
        return self._desk.world.file_object(stored)

    async def _hear(self, channel: Channel, message: Json) -> Answer:
        if self._desk.settings.bot_user not in channel.members:
            return Answer()
        kind = "im" if channel.is_im else "group" if channel.private else "channel"
        event = {
            **message,
            "channel": channel.id,
            "channel_type": kind,
            "event_ts": message.get("event_ts", message["ts"]),
        }
        return await self._wire.announce(f"message.{'im' if channel.is_im else kind + 's'}", event)

    async def _tell_mention(self, channel: Channel, message: Json) -> None:
        if self._desk.settings.bot_user in channel.members:
            event = {**message, "type": "app_mention", "channel": channel.id, "event_ts": message["ts"]}
            await self._wire.announce("app_mention", event)

    async def edit(self, user: str, channel_id: str, ts: str, text: str | None) -> Answer:
        """Change one's own message; without a text it is deleted."""
        world = self._desk.world
        channel, post = self.message_place(user, channel_id, ts)
        if post.body.get("user") != user:
            raise Refusal("cant_update_message")
        before = post.body
        event: Json = {"type": "message", "hidden": True, "ts": world.next_ts(), "previous_message": before}
        if text is None:
            world.remove_post(post)
            event |= {"subtype": "message_deleted", "deleted_ts": ts}
        else:
            blocks = [link_text(text)]
            name_parts(blocks)
            world.change_post(post, {"text": text, "blocks": blocks, "edited": {"user": user, "ts": event["ts"]}})
            event |= {"subtype": "message_changed", "message": post.body}
        return await self._hear(channel, event)

    async def open_home(self, user: str, tab: str = "home") -> Answer:
        """Open the app's Home."""
        self._person(user)
        world, home = self._desk.world, self._desk.stacks.home(user)
        event: Json = {
            "type": "app_home_opened",
            "user": user,
            "channel": world.app_dm(user).id,
            "tab": tab,
            "event_ts": world.next_ts(),
        }
        if home is not None:
            event["view"] = self._wire.payloads.view(home, home.values)
        return await self._wire.announce("app_home_opened", event)

    async def redeliver(self, answer: Answer, *, retry: bool) -> Answer:
        """Send the very same payloads once more; an event is marked as a retry unless told otherwise."""
        last = answer
        for delivery in answer.deliveries:
            again = delivery
            if retry and delivery.kind == "events_api":
                again = Delivery(kind=delivery.kind, payload=delivery.payload, retry_num=1, retry_reason="http_timeout")
            ack, seconds = await self._wire.send(again)
            last = Answer(
                ok=ack.error is None,
                error=ack.error,
                body=ack.body,
                seconds=seconds,
                payload=delivery.payload,
                deliveries=(delivery,),
            )
        return last
