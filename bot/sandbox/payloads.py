"""Owns the payloads that the app is sent, built as Slack builds them."""

import re
import time
from typing import Any

from bot.sandbox.desk import Desk
from bot.sandbox.form_state import Values
from bot.sandbox.stacks import OpenView
from bot.sandbox.things import Channel, Json, Post

# What Slack's servers look for in a command's text: the first that fits at a place counts.
_PIECE = re.compile(
    r"""(?P<done><[@#!][^<>]*>|&(?:amp|lt|gt);)
    |(?P<amp>&)|(?P<lt><)|(?P<gt>>)
    |(?P<mail>[a-z0-9._+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,})
    |(?P<url>https?://[^\s<>|]*[a-z0-9/])
    |(?P<domain>(?<![a-z0-9.@-])(?:[a-z0-9-]+\.)+(?:com|cn|net|org|io|de)\b(?:/[^\s<>|]*[a-z0-9/])?)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_ESCAPED = {
    "done": "{0}",
    "amp": "&amp;",
    "lt": "&lt;",
    "gt": "&gt;",
    "mail": "<mailto:{0}|{0}>",
    "url": "<{0}>",
    "domain": "<http://{0}|{0}>",
}


class Payloads:
    """Builds payloads.

    Args:
        desk: What they tell of.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def command(self, user: str, channel: Channel, command: str, text: str) -> Json:
        """Build a slash command."""
        settings, world = self._desk.settings, self._desk.world
        return {
            "token": settings.verification_token,
            "team_id": settings.team_id,
            "team_domain": settings.team_domain,
            "channel_id": channel.id,
            "channel_name": "privategroup" if channel.private else channel.name,
            "user_id": user,
            "user_name": world.members[user].name,
            "command": command,
            "text": escaped(text),
            "api_app_id": settings.app_id,
            "is_enterprise_install": "false",
            "response_url": self._desk.response_urls.new(user, channel.id),
            "trigger_id": self._desk.stacks.new_trigger(user),
        }

    def _acted(self, kind: str, user: str) -> Json:
        settings, member = self._desk.settings, self._desk.world.members[user]
        return {
            "type": kind,
            "team": {"id": settings.team_id, "domain": settings.team_domain},
            "user": {"id": user, "username": member.name, "name": member.name, "team_id": settings.team_id},
            "api_app_id": settings.app_id,
            "token": settings.verification_token,
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def shortcut(self, user: str, callback_id: str) -> Json:
        """Build a global shortcut."""
        return {
            **self._acted("shortcut", user),
            "action_ts": self.action_ts(),
            "callback_id": callback_id,
            "trigger_id": self._desk.stacks.new_trigger(user),
        }

    def message_shortcut(self, user: str, callback_id: str, channel: Channel, post: Post) -> Json:
        """Build a shortcut on a message."""
        return {
            **self._acted("message_action", user),
            "action_ts": self.action_ts(),
            "callback_id": callback_id,
            "trigger_id": self._desk.stacks.new_trigger(user),
            "response_url": self._desk.response_urls.new(user, channel.id, post.ts),
            "channel": {"id": channel.id, "name": channel.name},
            "message_ts": post.ts,
            "message": self._desk.world.stated(post),
        }

    def _in_message(self, channel: Channel, post: Post) -> Json:
        ephemeral = post.only_for is not None
        container: Json = {
            "type": "message",
            "message_ts": post.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        }
        if post.body.get("thread_ts"):
            container["thread_ts"] = post.body["thread_ts"]
        payload: Json = {"container": container, "channel": {"id": channel.id, "name": channel.name}}
        if not ephemeral:
            payload["message"] = self._desk.world.stated(post)
        return payload

    def view(self, opened: OpenView, values: Values) -> Json:
        """State a view with what was typed."""
        return {**opened.body, "state": {"values": values}}

    def action(self, user: str, place: tuple[Channel, Post] | OpenView, action: Json, values: Values) -> Json:
        """Build ``block_actions``.

        Args:
            user: Who acted.
            place: The message or the view.
            action: What was done, without its time.
            values: What the inputs hold.
        """
        payload = {
            **self._acted("block_actions", user),
            "trigger_id": self._desk.stacks.new_trigger(user),
            "actions": [{**action, "action_ts": self.action_ts()}],
        }
        if isinstance(place, OpenView):
            return {
                **payload,
                "container": {"type": "view", "view_id": place.id},
                "view": self.view(place, values),
            }
        channel, post = place
        return {
            **payload,
            **self._in_message(channel, post),
            "state": {"values": values},
            "response_url": self._desk.response_urls.new(user, channel.id, post.ts),
        }

    def suggestion(
        self,
        user: str,
        place: tuple[Channel, Post] | OpenView,
        block_id: str,
        action_id: str,
        typed: str,
        values: Values,
    ) -> Json:
        """Build ``block_suggestion``: what was typed into an external select."""
        payload = {
            **self._acted("block_suggestion", user),
            "action_id": action_id,
            "block_id": block_id,
            "value": typed,
        }
        if isinstance(place, OpenView):
            return {**payload, "container": {"type": "view", "view_id": place.id}, "view": self.view(place, values)}
        return {**payload, **self._in_message(*place)}

    def submission(self, opened: OpenView, values: Values) -> Json:
        """Build ``view_submission``."""
        return {
            **self._acted("view_submission", opened.user),
            "trigger_id": self._desk.stacks.new_trigger(opened.user),
            "view": self.view(opened, values),
            "response_urls": self._response_urls(opened, values),
        }

    def _response_urls(self, opened: OpenView, values: Values) -> list[Json]:
        urls: list[Json] = []
        for block in opened.body["blocks"]:
            element = block.get("element") or {}
            if not element.get("response_url_enabled"):
                continue
            value = values[block["block_id"]][element["action_id"]]
            channel = value.get("selected_conversation") or value.get("selected_channel")
            if channel in self._desk.world.channels:
                urls.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": self._desk.response_urls.new(opened.user, channel),
                    }
                )
        return urls

    def closed(self, opened: OpenView, values: Values, *, cleared: bool) -> Json:
        """Build ``view_closed``."""
        return {
            **self._acted("view_closed", opened.user),
            "view": self.view(opened, values),
            "is_cleared": cleared,
        }

    def event(self, event: Json) -> Json:
        """Build the envelope of an event."""
        settings, world = self._desk.settings, self._desk.world
        return {
            "token": settings.verification_token,
            "team_id": settings.team_id,
            "context_team_id": settings.team_id,
            "context_enterprise_id": None,
            "api_app_id": settings.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": world.new_id("Ev"),
            "event_time": int(world.now_seconds()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": settings.team_id,
                    "user_id": settings.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": False,
            "event_context": f"4-{world.new_id('ctx')}",
        }

    @staticmethod
    def action_ts() -> str:
        """Give the time of an action, unique within this run."""
        return f"{time.monotonic_ns() // 1_000_000_000}.{time.monotonic_ns() % 1_000_000_000:09d}"


def escaped(text: str) -> str:
    """Return a command's text as Slack sends it with ``should_escape``; mentions and entities in it are the client's and stay."""
    return _PIECE.sub(lambda match: _ESCAPED[match.lastgroup or ""].format(match.group()), text)


def link_text(value: Any) -> Json:
    """Give what a person typed as the rich text that Slack's client makes of it."""
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": str(value)}]}],
    }
