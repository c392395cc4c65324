"""Owns what a person does: commands and shortcuts here, the rest in its parts."""

from dataclasses import replace

from bot.sandbox.actions import Actions
from bot.sandbox.answers import Answer, Delivery
from bot.sandbox.checks import check_message
from bot.sandbox.desk import Desk
from bot.sandbox.forms import Forms
from bot.sandbox.places import Places
from bot.sandbox.stacks import name_parts
from bot.sandbox.talk import Talk
from bot.sandbox.things import Channel, Json, Refusal
from bot.sandbox.wire import Wire


class Acts:
    """The acts of the workspace's people. Lives on the server's event loop.

    Args:
        desk: The workspace.
        wire: The way to the app.
    """

    def __init__(self, desk: Desk, wire: Wire) -> None:
        self._desk = desk
        self._wire = wire
        self.places = Places(desk)
        self.actions = Actions(desk, wire, self.places)
        self.forms = Forms(desk, wire, self.places, self.actions)
        self.talk = Talk(desk, wire, self.places)

    async def command(self, user: str, command: str, text: str, channel_id: str | None) -> Answer:
        """Give a slash command."""
        self.places.admit(user)
        world = self._desk.world
        if command not in world.commands:
            raise Refusal("unknown_command")
        channel = self.places.channel_of(user, channel_id)
        answer = await self._wire.ask(
            "slash_commands", self._wire.payloads.command(user, channel, command, text.strip()), user
        )
        return self._shown_answer(answer, user, channel) if answer.ok else answer

    def _shown_answer(self, answer: Answer, user: str, channel: Channel) -> Answer:
        """Show the message that came with the ack of a command."""
        if not answer.body:
            return answer
        message: Json = {"text": answer.body} if isinstance(answer.body, str) else dict(answer.body)
        verdict = check_message(message, needs_content=False)
        if verdict.error:
            self._desk.records.violation("command_ack", verdict, message)
            if verdict.error != "missing_text":
                return replace(answer, ok=False, error=verdict.error)
        if message.get("text") or message.get("blocks"):
            name_parts(message.get("blocks") or [])
            post = self._desk.response_urls.answer(user, channel, message)
            return replace(answer, ts=post.ts if post else "")
        return answer

    async def shortcut(self, user: str, callback_id: str, channel_id: str | None, ts: str | None) -> Answer:
        """Use a global shortcut, or one on a message."""
        self.places.admit(user)
        payloads = self._wire.payloads
        kind = "message" if ts else "global"
        known = {(one["type"], one["callback_id"]) for one in self._desk.world.shortcuts}
        if (kind, callback_id) not in known:
            raise Refusal("unknown_shortcut")
        if ts is None:
            return await self._wire.ask("interactive", payloads.shortcut(user, callback_id), user)
        channel, post = self.places.message_place(user, channel_id or "", ts)
        return await self._wire.ask("interactive", payloads.message_shortcut(user, callback_id, channel, post), user)

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
