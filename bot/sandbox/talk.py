"""Owns what a person says, and the events that the app gets of it."""

from collections.abc import Sequence
from dataclasses import replace

from bot.sandbox.answers import Answer
from bot.sandbox.desk import Desk
from bot.sandbox.payloads import link_text
from bot.sandbox.places import Places
from bot.sandbox.stacks import name_parts
from bot.sandbox.things import Channel, Json, Refusal
from bot.sandbox.wire import Wire


class Talk:
    """Messages of people, and their visits to the Home. Lives on the server's event loop.

    Args:
        desk: The workspace.
        wire: The way to the app.
        places: Finds channels and messages.
    """

    def __init__(self, desk: Desk, wire: Wire, places: Places) -> None:
        self._desk = desk
        self._wire = wire
        self._places = places

    async def say(
        self, user: str, channel_id: str, text: str, thread_ts: str | None, files: Sequence[tuple[str, bytes]]
    ) -> Answer:
        """Say something in a channel; the app hears it where it is a member."""
        self._places.admit(user)
        world, settings = self._desk.world, self._desk.settings
        channel = self._places.channel_of(user, channel_id)
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
        channel, post = self._places.message_place(user, channel_id, ts)
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
        self._places.admit(user)
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
