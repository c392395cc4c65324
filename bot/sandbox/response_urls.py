"""Owns the addresses to which the app may answer an action for half an hour."""

import secrets
from dataclasses import dataclass

from bot.sandbox.things import Channel, Json, Post, Refusal
from bot.sandbox.world import World


@dataclass
class ResponseUrl:
    """One address.

    Attributes:
        user: Who acted.
        channel: Where.
        origin: Timestamp of the message acted on, if there is one.
        born: Business time in seconds.
        uses: Posts so far.
    """

    user: str
    channel: str
    origin: str | None
    born: float
    uses: int = 0


class ResponseUrls:
    """The addresses of the workspace.

    Args:
        world: Where the answers appear.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._urls: dict[str, ResponseUrl] = {}

    def new(self, user: str, channel: str, origin: str | None = None) -> str:
        """Give an address for an action of a person in a channel."""
        ident = secrets.token_hex(12)
        with self._world.lock:
            self._urls[ident] = ResponseUrl(user, channel, origin, self._world.now_seconds())
            if len(self._urls) > 10_000:  # noqa: PLR2004 - enough for any test, little enough for a long demo
                del self._urls[next(iter(self._urls))]
        return f"{self._world.base}/response/{ident}"

    def use(self, ident: str) -> ResponseUrl:
        """Take one use of an address.

        Raises:
            Refusal: It is unknown, too old, or was used five times.
        """
        settings = self._world.settings
        with self._world.lock:
            url = self._urls.get(ident)
            if url is None or self._world.now_seconds() - url.born > settings.response_url_seconds:
                raise Refusal("expired_url")
            if url.uses >= settings.response_url_uses:
                raise Refusal("used_url")
            url.uses += 1
            return url

    def answer(self, user: str, channel: Channel, message: Json, origin: str | None = None) -> Post | None:
        """Carry out an answer to an action.

        Args:
            user: Who acted, and who sees an ephemeral answer.
            channel: Where.
            message: ``text``, ``blocks``, ``response_type``, ``replace_original``, ``delete_original``, ``thread_ts``.
            origin: Timestamp of the message acted on.

        Returns:
            The new or changed message; None after a deletion.

        Raises:
            Refusal: ``message_not_found``: there is no message to replace or delete.
        """
        world, settings = self._world, self._world.settings
        content = {key: message[key] for key in ("text", "blocks", "attachments", "metadata") if message.get(key)}
        content.setdefault("text", "")
        if message.get("delete_original"):
            world.remove_post(world.find_post(channel, origin or "", seen_by=user))
            return None
        if message.get("replace_original"):
            post = world.find_post(channel, origin or "", seen_by=user)
            gone = [key for key in ("blocks", "attachments") if key not in content]
            world.change_post(post, content, without=gone)
            return post
        body = {
            "user": settings.bot_user,
            "bot_id": settings.bot_id,
            "app_id": settings.app_id,
            "team": settings.team_id,
            **content,
        }
        if message.get("thread_ts"):
            body["thread_ts"] = message["thread_ts"]
        private = message.get("response_type", "ephemeral") != "in_channel"
        return world.post(channel, body, only_for=user if private else None)
