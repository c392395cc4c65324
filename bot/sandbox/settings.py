"""Owns the settings of the stand-in: tokens, names, limits and patience."""

from dataclasses import dataclass
from typing import Literal

EVENTS = (
    "app_home_opened",
    "app_mention",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "team_join",
    "user_change",
)
"""What the app is subscribed to until a manifest says otherwise."""

SCOPES = (
    "app_mentions:read",
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "files:read",
    "files:write",
    "groups:history",
    "groups:read",
    "im:history",
    "im:read",
    "im:write",
    "reactions:write",
    "team:read",
    "users:read",
    "users:read.email",
)
"""What the bot token may do until a manifest says otherwise."""


@dataclass(frozen=True, kw_only=True)
class SandboxSettings:
    """How the stand-in is set up.

    Attributes:
        port: TCP port on 127.0.0.1; 0 takes any free one.
        messages_per_second: Messages a second into one channel; None for no limit.
        message_burst: Messages that may come at once before the limit bites.
        rate_clock: Whether that second is measured in real time or on the business clock.
        ack_seconds: Real time the app has for an answer.
        trigger_seconds: Real time a ``trigger_id`` lives.
        event_retry_seconds: Real time before each redelivery of an event that was not acked.
        response_url_uses: Posts that a ``response_url`` takes.
        response_url_seconds: Business time a ``response_url`` lives.
        history_per_minute: Calls of ``conversations.history`` a minute, and then 15 messages each, as Slack has it for apps that
            are sold outside its Marketplace; None for the workspace's own app, without that limit.
        keep_calls: Web API calls and violations that are remembered.
        workers: Threads that post signed requests.
        ping_seconds: Between pings on WebSockets; slack_sdk's client closes only when it next hears something.
    """

    port: int = 0
    bot_token: str = "xoxb-sandbox-token"  # noqa: S105 - an invented token for an invented Slack
    app_token: str = "xapp-sandbox-token"  # noqa: S105 - as above
    signing_secret: str = "sandbox-signing-secret"  # noqa: S105 - as above
    verification_token: str = "sandbox-verification"  # noqa: S105 - as above
    app_id: str = "A0SANDBOX"
    app_name: str = "Closeloop"
    bot_id: str = "B0SANDBOX"
    bot_user: str = "UBOT"
    team_id: str = "T0SANDBOX"
    team_name: str = "Sandbox"
    team_domain: str = "sandbox"
    scopes: tuple[str, ...] = SCOPES
    events: tuple[str, ...] = EVENTS
    messages_per_second: float | None = 1.0
    message_burst: int = 1
    rate_clock: Literal["real", "business"] = "real"
    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    event_retry_seconds: tuple[float, ...] = (0.0, 60.0, 300.0)
    response_url_uses: int = 5
    response_url_seconds: float = 1800.0
    history_per_minute: int | None = None
    keep_calls: int = 100_000
    workers: int = 64
    ping_seconds: float = 0.25
