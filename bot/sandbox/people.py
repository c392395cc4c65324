"""Owns the part of the driver that says who and what there is."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.sandbox.answers import Answer
from bot.sandbox.api_people import user_object
from bot.sandbox.server import Server
from bot.sandbox.things import Channel, Json, Member, Refusal


class People:
    """Lets people, channels, commands and shortcuts exist.

    Args:
        server: The stand-in.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._world = server.world
        self._acts = server.acts

    def add_member(
        self,
        id: str,  # noqa: A002 - Slack's own word for it
        name: str | None = None,
        *,
        real_name: str | None = None,
        title: str = "",
        role: str = "rep",
        zone: str = "UTC",
        locale: str = "en-US",
        email: str | None = None,
        is_admin: bool = False,
        is_guest: bool = False,
        announce: bool = False,
    ) -> None:
        """Let a person exist; with ``announce`` the app is told (``team_join``)."""
        name = name or id.lower()
        member = Member(
            id=id,
            name=name,
            real_name=real_name or name.title(),
            title=title,
            role=role,
            zone=zone,
            locale=locale,
            email=email,
            is_admin=is_admin,
            is_guest=is_guest,
        )
        self._world.add_member(member)
        if announce:
            self._tell("team_join", {"type": "team_join", "user": self._user(member)})

    def _user(self, member: Member) -> Json:
        return user_object(self._server.desk, member, locale=True)

    def _tell(self, name: str, event: Json) -> Answer:
        if not self._server.running:
            return Answer()
        event = {**event, "event_ts": self._world.next_ts()}
        return self._server.on_loop(self._server.wire.announce(name, event))

    def change_member(self, id: str, **changes: Any) -> Answer:  # noqa: A002 - as above
        """Change a person (any argument of ``add_member``); the app is told (``user_change``)."""
        member = self._world.person(id)
        with self._world.lock:
            for field, value in changes.items():
                if not hasattr(member, field):
                    raise TypeError(f"a member has no {field}")
                setattr(member, field, value)
        self._world.tell(None, {"type": "channels"})
        return self._tell("user_change", {"type": "user_change", "user": self._user(member)})

    def deactivate_member(self, id: str) -> Answer:  # noqa: A002 - as above
        """Deactivate a person; the app is told (``user_change``)."""
        return self.change_member(id, deleted=True)

    def add_channel(
        self,
        id: str,  # noqa: A002 - as above
        name: str,
        members: Sequence[str] = (),
        *,
        app_in: bool = True,
        private: bool = False,
    ) -> None:
        """Let a channel exist."""
        present = list(members)
        if app_in and self._world.settings.bot_user not in present:
            present.append(self._world.settings.bot_user)
        self._world.add_channel(Channel(id=id, name=name, private=private, members=present))

    def add_to_channel(self, channel: str, user: str) -> Answer:
        """Let a person, or the app, into a channel; the app is told where it is in it (``member_joined_channel``)."""
        found, bot = self._world.channel(channel), self._world.settings.bot_user
        if user in found.members:
            raise Refusal("already_in_channel")
        self._world.person(user)
        found.members.append(user)
        self._world.tell(None, {"type": "channels"})
        if bot not in found.members:
            return Answer()
        event = {
            "type": "member_joined_channel",
            "user": user,
            "channel": found.id,
            "channel_type": "G" if found.private else "C",
            "team": self._world.settings.team_id,
        }
        return self._tell("member_joined_channel", event)

    def remove_from_channel(self, channel: str, user: str) -> None:
        """Take a person, or the app, out of a channel; the app may not write there any more."""
        self._world.channel(channel).members.remove(user)
        self._world.tell(None, {"type": "channels"})

    def make_private(self, channel: str, *, is_private: bool = True) -> None:
        """Have a channel be seen by its members only, or by everybody."""
        self._world.channel(channel).private = is_private

    def add_command(self, command: str, description: str = "", usage_hint: str = "") -> None:
        """Let a slash command exist."""
        self._world.commands[command] = {
            "command": command,
            "description": description,
            "usage_hint": usage_hint,
        }

    def add_shortcut(self, name: str, callback_id: str, kind: str = "global") -> None:
        """Let a shortcut exist; its kind is ``global`` or ``message``."""
        self._world.shortcuts.append({"type": kind, "name": name, "callback_id": callback_id})

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Take commands, shortcuts, subscriptions and scopes from an app manifest."""
        features = manifest.get("features", {})
        for one in features.get("slash_commands", ()):
            self.add_command(one["command"], one.get("description", ""), one.get("usage_hint", ""))
        for one in features.get("shortcuts", ()):
            self.add_shortcut(one["name"], one["callback_id"], one.get("type", "global"))
        scopes = manifest.get("oauth_config", {}).get("scopes", {}).get("bot")
        if scopes is not None:
            self._server.desk.scopes = frozenset(scopes)
        events = manifest.get("settings", {}).get("event_subscriptions", {}).get("bot_events")
        if events is not None:
            self._server.wire.subscriptions = frozenset(events)

    def mark_all_read(self) -> None:
        """Let everybody have read everything, as before the first visit to a seeded workspace."""
        for channel in list(self._world.channels.values()):
            for user in channel.members:
                self._world.mark_read(channel, user)
