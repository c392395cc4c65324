"""Owns what exists in the workspace: people, channels, messages and files, all in memory."""

import itertools
import threading
from collections.abc import Callable, Iterable

from bot.clock import Clock
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.things import Channel, Json, Member, Post, Refusal, StoredFile

Change = Callable[[frozenset[str] | None, Json], None]
"""Is told who may see a change (None: everybody) and the change, as JSON for the page."""

_COLORS = ("#2f6f4f", "#8a4f9e", "#b3541e", "#1f6f9f", "#9e2a4f", "#4f5fb3", "#7a6a1f", "#3a7f7f")


class World:
    """The workspace. Every public method may be called from any thread; callers that read and then write hold ``lock``.

    Args:
        settings: Names and ids of the app and the team.
        clock: The business clock, which gives messages their time.
    """

    def __init__(self, settings: SandboxSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.lock = threading.RLock()
        self.base = ""
        self.members: dict[str, Member] = {}
        self.channels: dict[str, Channel] = {}
        self.files: dict[str, StoredFile] = {}
        self.commands: dict[str, Json] = {}
        self.shortcuts: list[Json] = []
        self.listeners: list[Change] = []
        self._numbers = itertools.count(1)
        self._last_us = 0
        bot = settings.bot_user
        self.members[bot] = Member(
            id=bot, name=settings.app_name.lower(), real_name=settings.app_name, is_bot=True, role="app"
        )

    def new_id(self, prefix: str) -> str:
        """Give an id that was never given, such as ``V00000012``."""
        return f"{prefix}{next(self._numbers):08d}"

    def now_seconds(self) -> float:
        """Return the business time as seconds since 1970."""
        return self.clock.now().timestamp()

    def next_ts(self) -> str:
        """Give a timestamp of the business clock, later than every one before."""
        with self.lock:
            moment = self.clock.now()
            self._last_us = max(self._last_us + 1, int(moment.timestamp()) * 1_000_000 + moment.microsecond)
            return f"{self._last_us // 1_000_000}.{self._last_us % 1_000_000:06d}"

    def tell(self, audience: Iterable[str] | None, body: Json) -> None:
        """Tell the listeners of a change.

        Args:
            audience: Ids of who may see it; None for everybody.
            body: The change, as JSON for the page.
        """
        seen_by = None if audience is None else frozenset(audience)
        for listener in list(self.listeners):
            listener(seen_by, body)

    # --- people and channels

    def add_member(self, member: Member) -> Member:
        """Let a person exist, with a DM to the app."""
        with self.lock:
            member.color = _COLORS[len(self.members) % len(_COLORS)]
            self.members[member.id] = member
            self.app_dm(member.id)
        self.tell(None, {"type": "channels"})
        return member

    def person(self, user: str) -> Member:
        """Find a member.

        Raises:
            Refusal: ``user_not_found``.
        """
        member = self.members.get(user)
        if member is None:
            raise Refusal("user_not_found")
        return member

    def app_dm(self, user: str) -> Channel:
        """Give the DM of a person with the app."""
        return self._direct(user, self.settings.bot_user, kind="app", ident=f"D0{user.removeprefix('U')}APP")

    def dm_between(self, user: str, other: str) -> Channel:
        """Give the DM of two persons, or of a person with the app."""
        if self.settings.bot_user in {user, other}:
            return self.app_dm(other if user == self.settings.bot_user else user)
        first, second = sorted((user, other))
        return self._direct(first, second, kind="dm", ident=f"D0{first.removeprefix('U')}{second.removeprefix('U')}")

    def _direct(self, user: str, other: str, *, kind: str, ident: str) -> Channel:
        with self.lock:
            channel = self.channels.get(ident)
            if channel is None:
                channel = Channel(id=ident, name="directmessage", kind=kind, members=[user, other])
                channel.created = int(self.now_seconds())
                self.channels[ident] = channel
            return channel

    def add_channel(self, channel: Channel) -> Channel:
        """Let a channel exist."""
        with self.lock:
            channel.created = int(self.now_seconds())
            self.channels[channel.id] = channel
        self.tell(None, {"type": "channels"})
        return channel

    def channel(self, ident: str) -> Channel:
        """Find a channel by its id or by ``#name``.

        Raises:
            Refusal: ``channel_not_found``.
        """
        found = self.channels.get(ident)
        if found is None and ident:
            name = ident.removeprefix("#")
            found = next((one for one in self.channels.values() if one.kind == "channel" and one.name == name), None)
        if found is None:
            raise Refusal("channel_not_found")
        return found

    def visible_channels(self, user: str) -> list[Channel]:
        """List what a person sees in the sidebar."""
        with self.lock:
            return [one for one in self.channels.values() if user in one.members]

    # --- messages

    def post(self, channel: Channel, body: Json, *, only_for: str | None = None) -> Post:
        """Put a message into a channel; its time is now."""
        with self.lock:
            body = {"type": "message", "ts": self.next_ts(), **body}
            post = Post(channel.id, body, only_for)
            channel.posts[post.ts] = post
            if body.get("thread_ts") and only_for is None:
                channel.threads.setdefault(body["thread_ts"], {})[post.ts] = None
            author = body.get("user")
            if author in channel.members and only_for is None:
                channel.read[author] = post.ts
        self._tell_post("message", channel, post)
        if body.get("thread_ts") and only_for is None:
            parent = channel.posts.get(body["thread_ts"])
            if parent is not None:
                self._tell_post("message_changed", channel, parent)
        return post

    def find_post(self, channel: Channel, ts: str, *, seen_by: str | None = None) -> Post:
        """Find a message.

        Args:
            channel: Where it stands.
            ts: Its timestamp.
            seen_by: The person who looks; None finds lasting messages only.

        Raises:
            Refusal: ``message_not_found``.
        """
        post = channel.posts.get(ts)
        if post is None or (post.only_for is not None and post.only_for != seen_by):
            raise Refusal("message_not_found")
        return post

    def change_post(self, post: Post, changes: Json, *, without: Iterable[str] = ()) -> None:
        """Change fields of a message, and take some away."""
        channel = self.channels[post.channel]
        with self.lock:
            # A new dict, so that payloads already built from the old one stay as they were.
            post.body = {key: value for key, value in {**post.body, **changes}.items() if key not in set(without)}
        self._tell_post("message_changed", channel, post)

    def remove_post(self, post: Post) -> None:
        """Take a message away."""
        channel = self.channels[post.channel]
        with self.lock:
            channel.posts.pop(post.ts, None)
            channel.threads.get(post.body.get("thread_ts", ""), {}).pop(post.ts, None)
        self._tell_post("message_deleted", channel, post)

    def _tell_post(self, kind: str, channel: Channel, post: Post) -> None:
        if not self.listeners:
            return  # stating a message costs more than posting it
        audience = [post.only_for] if post.only_for else channel.members
        self.tell(audience, {"type": kind, "channel": channel.id, "message": self.shown(post)})

    def replies(self, channel: Channel, thread_ts: str) -> list[Post]:
        """List the lasting replies of a thread, oldest first."""
        with self.lock:
            return [channel.posts[ts] for ts in channel.threads.get(thread_ts, ())]

    def stated(self, post: Post) -> Json:
        """Give a message as the Web API states it, with the figures of its thread."""
        replies = self.replies(self.channels[post.channel], post.ts)
        if not replies:
            return post.body
        users = list(dict.fromkeys(str(reply.body.get("user")) for reply in replies))
        return {
            **post.body,
            "thread_ts": post.ts,
            "reply_count": len(replies),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": replies[-1].ts,
        }

    def shown(self, post: Post) -> Json:
        """Give a message as the page shows it."""
        body = {"reply_count": 0, **self.stated(post), "permalink": self.permalink(post.channel, post.ts)}
        if post.only_for is not None:
            body["ephemeral"] = True
        return body

    def permalink(self, channel: str, ts: str) -> str:
        """Give the address of a message on the page."""
        return f"{self.base}/p/{channel}/{ts}"

    def seen(self, channel: Channel, user: str | None, thread_ts: str | None = None) -> list[Post]:
        """List the messages of a channel, oldest first.

        Args:
            channel: Where they stand.
            user: Who looks: their own ephemeral messages are among them; None sees everything.
            thread_ts: Only this thread, with its first message.
        """
        with self.lock:
            posts = list(channel.posts.values())
        return [
            post
            for post in posts
            if (user is None or post.only_for in {None, user})
            and (thread_ts is None or thread_ts in {post.ts, post.body.get("thread_ts")})
        ]

    def unread(self, channel: Channel, user: str) -> int:
        """Count what a person has not read, threads apart."""
        read = channel.read.get(user, "")
        count = 0
        with self.lock:
            for ts in reversed(channel.posts):
                if ts <= read:
                    break
                post = channel.posts[ts]
                count += (
                    post.only_for in {None, user} and not post.body.get("thread_ts") and post.body.get("user") != user
                )
        return count

    def mark_read(self, channel: Channel, user: str) -> None:
        """Let a person have read everything in a channel."""
        with self.lock:
            channel.read[user] = next(reversed(channel.posts), "")

    # --- files

    def announce_file(self, name: str, length: int, user: str, title: str | None = None) -> StoredFile:
        """Make room for a file whose bytes come next."""
        stored = StoredFile(id=self.new_id("F"), name=name, title=title or name, length=length, user=user)
        stored.created = int(self.now_seconds())
        self.files[stored.id] = stored
        return stored

    def file_object(self, stored: StoredFile) -> Json:
        """Give a file as Slack states it."""
        url = f"{self.base}/files/{stored.id}"
        return {
            "id": stored.id,
            "created": stored.created,
            "timestamp": stored.created,
            "name": stored.name,
            "title": stored.title,
            "mimetype": stored.mimetype,
            "filetype": stored.name.rpartition(".")[2].lower() if "." in stored.name else "binary",
            "pretty_type": stored.mimetype,
            "user": stored.user,
            "size": stored.length,
            "mode": "hosted",
            "is_external": False,
            "url": url,
            "url_private": url,
            "url_private_download": url,
            "permalink": url,
        }
