"""Owns the things of the workspace as plain values: members, channels, messages, files, and Slack's refusal."""

import mimetypes
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Refusal(Exception):  # noqa: N818 - it is an answer of Slack, told by its code
    """Slack says no.

    Args:
        error: Slack's error code, such as ``channel_not_found``.
        extra: Further fields of the answer.
    """

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(kw_only=True)
class Member:
    """A person, or the app's bot user."""

    id: str
    name: str
    real_name: str
    title: str = ""
    role: str = "rep"
    zone: str = "UTC"
    locale: str = "en-US"
    email: str | None = None
    is_admin: bool = False
    is_guest: bool = False
    is_bot: bool = False
    deleted: bool = False
    color: str = "#2f6f4f"


@dataclass
class Post:
    """A message with who may see it.

    Attributes:
        channel: Id of its channel.
        body: The message in Slack's form.
        only_for: Id of the one person who sees it, for an ephemeral message.
    """

    channel: str
    body: Json
    only_for: str | None = None

    @property
    def ts(self) -> str:
        """The message's timestamp, which is its id within the channel."""
        return str(self.body["ts"])


@dataclass(kw_only=True)
class Channel:
    """A channel or a direct message.

    Attributes:
        kind: ``channel``, ``dm`` (two persons) or ``app`` (a person and the app).
        posts: Timestamp to message, oldest first.
        threads: Timestamp of a thread's first message to those of its lasting replies, oldest first.
        read: Person to the timestamp up to which they have read.
    """

    id: str
    name: str
    kind: str = "channel"
    private: bool = False
    members: list[str] = field(default_factory=list)
    created: int = 0
    posts: dict[str, Post] = field(default_factory=dict)
    threads: dict[str, dict[str, None]] = field(default_factory=dict)
    read: dict[str, str] = field(default_factory=dict)

    @property
    def is_im(self) -> bool:
        """Whether it is a direct message."""
        return self.kind != "channel"


@dataclass(kw_only=True)
class StoredFile:
    """A file, first announced, then uploaded, then shared."""

    id: str
    name: str
    title: str
    length: int
    user: str
    data: bytes | None = None
    created: int = 0
    shared: bool = False

    @property
    def mimetype(self) -> str:
        """The media type that its name tells."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"
