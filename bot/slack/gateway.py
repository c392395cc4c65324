"""Owns every call to Slack's Web API: one method a need, answering with values and raising only gateway errors."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Protocol

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slack_sdk.web import SlackResponse
from slack_sdk.webhook import WebhookClient

from bot.errors import GatewayError, RateLimited, Rejected, Unavailable
from bot.services.members import Profile
from bot.slack.connections import KeptClient
from bot.slack.refusals import error_of, label_of, retry_after, status_error
from bot.slack.retries import retry_handlers
from bot.vitals import SLACK_CALLS

Blocks = Sequence[Block | dict[str, Any]]
MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
MESSAGE_EVENT = "closeloop"
"""``event_type`` of the metadata that our messages carry."""

CALL_SECONDS = 10.0
"""A call to Slack ends within so many seconds, one way or the other."""

_TIMEOUT_SECONDS = int(CALL_SECONDS)
# Slack's clock and ours need not agree to the second.
_SKEW_SECONDS = 60.0
_PAGE = 200
_TOO_MANY_REQUESTS = 429
_RESPONSE_URL = "response_url"


@dataclass(frozen=True, slots=True)
class Page:
    """What one look at a channel's history found: our message's ``ts``, if it is there, or else where to look on."""

    ts: str | None = None
    cursor: str | None = None


class Poster(Protocol):
    """What the delivery of promised messages needs of Slack."""

    def post(
        self,
        channel: str,
        text: str,
        blocks: Blocks | None = None,
        *,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> str:
        """Post a message and return its ``ts``."""
        ...

    def update(
        self,
        channel: str,
        ts: str,
        text: str,
        blocks: Blocks | None = None,
        *,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Replace a message's text and blocks."""
        ...

    def open_dm(self, user: str) -> str:
        """Return the id of the app's direct channel with a user."""
        ...

    def find(self, channel: str, key: str, *, since: float, until: float, cursor: str | None = None) -> Page:
        """Look on one page of a channel's messages of that time for ours with that key."""
        ...


class Gateway:
    """Slack as this program sees it; may be used from many threads at once.

    Every method raises:
        RateLimited: Slack asked for patience (429); nothing was done.
        Unavailable: No answer or a fault of Slack's own; worth another try.
        Rejected: Slack refused for good; ``code`` is its error code.

    Args:
        token: Bot token, such as ``xoxb-…``.
        base_url: Address of the Web API; another one for GovSlack or a stand-in.
    """

    def __init__(self, token: str, *, base_url: str = "https://slack.com/api/") -> None:
        self.client = KeptClient(
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            token=token,
            timeout=_TIMEOUT_SECONDS,
            retry_handlers=retry_handlers(),
        )
        self._direct: dict[str, str] = {}
        self._lock = threading.Lock()

    def post(
        self,
        channel: str,
        text: str,
        blocks: Blocks | None = None,
        *,
        metadata: dict[str, Any] | None = None,
        thread_ts: str | None = None,
    ) -> str:
        """Post a message.

        Args:
            channel: Channel id, such as ``C012AB3CD``.
            text: What notifications and screen readers say.
            blocks: At most 50.
            metadata: ``event_type`` and ``event_payload``; other apps can see it, so ids only.
            thread_ts: Post as a reply to that message.

        Returns:
            The message's ``ts``.
        """
        answer = self._call(
            self.client.chat_postMessage,
            channel=channel,
            text=text,
            blocks=_message_blocks(blocks),
            metadata=metadata,
            thread_ts=thread_ts,
            unfurl_links=False,
            unfurl_media=False,
        )
        return str(answer["ts"])

    def update(
        self,
        channel: str,
        ts: str,
        text: str,
        blocks: Blocks | None = None,
        *,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Replace a message of our own by its ``ts``."""
        self._call(
            self.client.chat_update,
            channel=channel,
            ts=ts,
            text=text,
            blocks=_message_blocks(blocks),
            metadata=metadata,
        )

    def ephemeral(
        self, channel: str, user: str, text: str, blocks: Blocks | None = None, *, thread_ts: str | None = None
    ) -> None:
        """Show a message in a channel to one user only; Slack may forget it on reload."""
        self._call(
            self.client.chat_postEphemeral,
            channel=channel,
            user=user,
            text=text,
            blocks=_message_blocks(blocks),
            thread_ts=thread_ts,
        )

    def respond(
        self,
        response_url: str,
        text: str,
        blocks: Blocks | None = None,
        *,
        replace_original: bool = False,
        in_channel: bool = False,
    ) -> None:
        """Answer a command or a click through its ``response_url`` (5 uses in 30 minutes)."""
        hook = WebhookClient(response_url, timeout=_TIMEOUT_SECONDS, retry_handlers=retry_handlers())
        try:
            answer = hook.send(
                text=text,
                blocks=_message_blocks(blocks),
                replace_original=replace_original,
                response_type="in_channel" if in_channel else "ephemeral",
            )
        except (OSError, HTTPException, SlackClientError) as error:
            raise _counted(_RESPONSE_URL, error_of(error)) from error
        if answer.status_code == _TOO_MANY_REQUESTS:
            raise _counted(_RESPONSE_URL, RateLimited(retry_after(answer.headers)))
        if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's errors begin there
            raise _counted(_RESPONSE_URL, status_error(answer.status_code, answer.body))
        SLACK_CALLS.labels(_RESPONSE_URL, "ok").inc()

    def open_dm(self, user: str) -> str:
        """Return the id of the app's direct channel with a user, asking Slack only once."""
        with self._lock:
            known = self._direct.get(user)
        if known is not None:
            return known
        channel = str(self._call(self.client.conversations_open, users=user)["channel"]["id"])
        with self._lock:
            self._direct[user] = channel
        return channel

    def find(self, channel: str, key: str, *, since: float, until: float, cursor: str | None = None) -> Page:
        """Look on one page of a channel's history for a message of ours.

        Apps sold outside the Marketplace may look once a minute, and see 15 messages.

        Args:
            channel: Channel id, a direct one too.
            key: The ``key`` in the message's metadata.
            since: No older ones, in seconds since 1970.
            until: No newer ones, in the same seconds.
            cursor: Where the page before said to look on; None for the newest of that time.
        """
        answer = self._call(
            self.client.conversations_history,
            channel=channel,
            oldest=f"{max(0.0, since - _SKEW_SECONDS):.6f}",
            latest=f"{until + _SKEW_SECONDS:.6f}",
            include_all_metadata=True,
            limit=_PAGE,
            cursor=cursor,
        )
        for message in answer["messages"]:
            if _key_of(message) == key:
                return Page(ts=str(message["ts"]))
        return Page(cursor=(answer.get("response_metadata") or {}).get("next_cursor") or None)

    def open_view(self, trigger_id: str, view: View | dict[str, Any]) -> tuple[str, str]:
        """Open a modal within 3 s of the trigger, which serves once.

        Returns:
            The view's id, and its hash for ``update_view``.
        """
        return _view_of(self._call(self.client.views_open, trigger_id=trigger_id, view=_plain_view(view)))

    def push_view(self, trigger_id: str, view: View | dict[str, Any]) -> tuple[str, str]:
        """Put a modal on top of the open one; the stack is 3 deep. Returns as ``open_view``."""
        return _view_of(self._call(self.client.views_push, trigger_id=trigger_id, view=_plain_view(view)))

    def update_view(self, view_id: str, view: View | dict[str, Any], view_hash: str | None = None) -> tuple[str, str]:
        """Replace an open modal; with the hash only if nobody replaced it meanwhile. Returns as ``open_view``."""
        options = {} if view_hash is None else {"hash": view_hash}
        return _view_of(self._call(self.client.views_update, view_id=view_id, view=_plain_view(view), **options))

    def refresh_view(self, view_id: str, view: View | dict[str, Any], view_hash: str) -> str | None:
        """Replace an open modal, unless it was closed, sent or changed meanwhile: then nobody misses what it would say.

        Returns:
            Its new hash; None where it was.
        """
        try:
            return self.update_view(view_id, view, view_hash)[1]
        except Rejected as error:
            if error.code in {"hash_conflict", "not_found", "view_not_found"}:
                return None
            raise

    def publish_home(self, user: str, view: View | dict[str, Any]) -> None:
        """Replace a user's App Home."""
        self._call(self.client.views_publish, user_id=user, view=_plain_view(view))

    def user_profile(self, user: str) -> Profile:
        """Return what Slack says of a user."""
        found = self._call(self.client.users_info, user=user, include_locale=True)["user"]
        return profile_of(found)

    def channel_name(self, channel: str) -> str:
        """Return a channel's name without its ``#``; empty for a direct one."""
        return str(self._call(self.client.conversations_info, channel=channel)["channel"].get("name") or "")

    def permalink(self, channel: str, ts: str) -> str:
        """Return the address of a message."""
        return str(self._call(self.client.chat_getPermalink, channel=channel, message_ts=ts)["permalink"])

    def enter(self, channel: str) -> bool:
        """Make sure that the app is in a channel; it can enter public ones by itself.

        Returns:
            False where somebody has to invite it.
        """
        try:
            if self._call(self.client.conversations_info, channel=channel)["channel"].get("is_member"):
                return True
            self._call(self.client.conversations_join, channel=channel)
        except (Rejected, Unavailable):
            return False
        return True

    def _call(self, method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
        name = method.__name__.replace("_", ".", 1)
        try:
            answer = method(**{name: value for name, value in arguments.items() if value is not None})
        except (SlackApiError, SlackClientError, OSError, HTTPException) as error:
            raise _counted(name, error_of(error)) from error
        SLACK_CALLS.labels(name, "ok").inc()
        return answer


def _counted(method: str, error: GatewayError) -> GatewayError:
    """Count a call that did not succeed, by what came of it."""
    SLACK_CALLS.labels(method, label_of(error)).inc()
    return error


def profile_of(user: dict[str, Any]) -> Profile:
    """Return the profile in a ``user`` object of Slack's, as in ``users.info`` and the event ``user_change``."""
    details = user.get("profile") or {}
    name = (
        details.get("display_name")
        or details.get("real_name")
        or user.get("real_name")
        or user.get("name")
        or user["id"]
    )
    return Profile(
        slack_user_id=str(user["id"]),
        name=str(name),
        email=details.get("email"),
        zone=str(user.get("tz") or "UTC"),
        locale=str(user.get("locale") or "en-US"),
        is_slack_admin=bool(user.get("is_admin") or user.get("is_owner")),
        is_active=not user.get("deleted", False) and not user.get("is_bot", False),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
    )


def plain_blocks(blocks: Blocks, most: int) -> list[dict[str, Any]]:
    """Return blocks as Slack takes them.

    Raises:
        ValueError: There are more than the surface allows: a defect of the view that made them.
    """
    plain = [one if isinstance(one, dict) else one.to_dict() for one in blocks]
    if len(plain) > most:
        raise ValueError(f"{len(plain)} blocks, at most {most} are allowed")
    return plain


def _message_blocks(blocks: Blocks | None) -> list[dict[str, Any]] | None:
    return None if blocks is None else plain_blocks(blocks, MOST_MESSAGE_BLOCKS)


def _plain_view(view: View | dict[str, Any]) -> dict[str, Any]:
    plain = view if isinstance(view, dict) else view.to_dict()
    return {**plain, "blocks": plain_blocks(plain.get("blocks", ()), MOST_VIEW_BLOCKS)}


def _key_of(message: dict[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != MESSAGE_EVENT:
        return None
    return str((metadata.get("event_payload") or {}).get("key"))


def _view_of(answer: SlackResponse) -> tuple[str, str]:
    view = answer["view"]
    return str(view["id"]), str(view["hash"])
