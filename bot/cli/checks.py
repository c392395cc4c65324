"""Owns what ``doctor`` looks at: each check says what it found and, where something is wrong, how to mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from slack_sdk import WebClient
from slack_sdk.web import SlackResponse

from bot.cli.scopes import BOT_SCOPES
from bot.config import Settings
from bot.errors import ConfigError, GatewayError
from bot.services import teams, workspaces
from bot.services.desk import Desk, system_actor
from bot.services.members import LOCAL_WORKSPACE
from bot.slack.gateway import Gateway
from bot.slack.refusals import error_of


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check; ``fix`` is empty where nothing is wrong."""

    check: str
    is_ok: bool
    said: str
    fix: str = ""


def settings_findings(settings: Settings) -> Iterator[Finding]:
    """Look whether the tokens for Socket Mode or for HTTP are there and look right."""
    token = settings.slack_bot_token
    if token is None:
        yield Finding(
            "bot token", False, "SLACK_BOT_TOKEN is empty", "Copy it from OAuth & Permissions of your app into .env."
        )
    elif not token.get_secret_value().startswith("xoxb-"):
        yield Finding(
            "bot token", False, "SLACK_BOT_TOKEN does not begin with xoxb-", "Take the *bot* token, not a user's."
        )
    else:
        yield Finding("bot token", True, "given")
    app, secret = settings.slack_app_token, settings.slack_signing_secret
    if app is None and secret is None:
        yield Finding(
            "transport",
            False,
            "neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is given",
            "Give the first for Socket Mode (closeloop run), or the second for HTTP (closeloop run --http).",
        )
    elif app is not None and not app.get_secret_value().startswith("xapp-"):
        yield Finding(
            "transport",
            False,
            "SLACK_APP_TOKEN does not begin with xapp-",
            "Make an app-level token with the scope connections:write under Basic Information.",
        )
    else:
        ways = [name for name, given in (("Socket Mode", app), ("HTTP", secret)) if given is not None]
        yield Finding("transport", True, " and ".join(ways))


def database_findings(database_url: str, prepare: Callable[[str], None]) -> Iterator[Finding]:
    """Look whether the database can be reached and has the newest revision."""
    from bot.models import migrate

    try:
        prepare(database_url)
    except ConfigError as error:
        yield Finding("database", False, str(error), "See DATABASE_URL in .env.")
        return
    yield Finding("database", True, "reachable and writable")
    yield Finding(
        "migrations",
        migrate.is_current(database_url),
        f"revision {migrate.current(database_url)}",
        "Run: closeloop migrate",
    )


def slack_findings(settings: Settings, gateway: Gateway) -> Iterator[Finding]:
    """Ask Slack whether it knows the tokens, and whether the app was given what it needs."""
    try:
        answer = asked(gateway.client.auth_test)
    except GatewayError as error:
        yield Finding(
            "token",
            False,
            f"Slack says: {error}",
            _TOKEN_FIXES.get(str(error), "Check SLACK_BOT_TOKEN and SLACK_API_URL."),
        )
        return
    yield Finding("token", True, f"{answer.get('user')} in {answer.get('team')} ({answer.get('team_id')})")
    yield _scopes(answer)
    if settings.slack_app_token is not None:
        yield _socket(settings.slack_app_token.get_secret_value(), gateway.client.base_url)


_TOKEN_FIXES = {
    "invalid_auth": "Copy SLACK_BOT_TOKEN again from OAuth & Permissions.",
    "account_inactive": "The app was removed from the workspace: install it again and copy the new SLACK_BOT_TOKEN.",
    "token_revoked": "Install the app again and copy the new SLACK_BOT_TOKEN.",
}


def _scopes(answer: SlackResponse) -> Finding:
    header = next((value for name, value in answer.headers.items() if name.lower() == "x-oauth-scopes"), "")
    given = {one.strip() for one in (header[0] if isinstance(header, list) else header).split(",")}
    missing = sorted(BOT_SCOPES - given)
    if not missing:
        return Finding("scopes", True, f"all {len(BOT_SCOPES)} given")
    return Finding(
        "scopes",
        False,
        f"missing: {', '.join(missing)}",
        "Paste the manifest from manifests/ into your app's page again (App Manifest), then reinstall the app.",
    )


def _socket(app_token: str, base_url: str) -> Finding:
    try:
        asked(WebClient(base_url=base_url, timeout=10).apps_connections_open, app_token=app_token)
    except GatewayError as error:
        return Finding(
            "socket mode",
            False,
            f"Slack says: {error}",
            "Switch Socket Mode on, and make an app-level token with connections:write for SLACK_APP_TOKEN.",
        )
    return Finding("socket mode", True, "a connection is offered")


def channel_findings(desk: Desk, gateway: Gateway) -> Iterator[Finding]:
    """Look whether the bot is in the channel of each team of its workspace."""
    try:
        slack_team_id = asked(gateway.client.auth_test).get("team_id")
    except GatewayError:
        return
    known = [one for one in workspaces.all_workspaces(desk) if one.slack_team_id in {slack_team_id, LOCAL_WORKSPACE}]
    found = [team for one in known for team in teams.all_teams(desk, by=system_actor(one.id))]
    if not found:
        yield Finding("teams", True, "none yet: a workspace admin sets the first one up in Slack with /loop")
    for team in found:
        name = f"channel of {team.name}"
        if team.channel_id is None:
            yield Finding(name, False, "none chosen", "Choose one in Slack: /loop, Teams.")
            continue
        yield _channel(name, team.channel_id, gateway)


def _channel(name: str, channel_id: str, gateway: Gateway) -> Finding:
    try:
        channel = asked(gateway.client.conversations_info, channel=channel_id)["channel"]
    except GatewayError as error:
        fix = "Invite the bot: type /invite @Closeloop in the channel. A private channel is invisible to it until then."
        return Finding(name, False, f"{channel_id}: Slack says: {error}", fix)
    shown = f"#{channel.get('name', channel_id)}"
    if channel.get("is_archived"):
        return Finding(name, False, f"{shown} is archived", "Choose another one in Slack: /loop, Teams.")
    if not channel.get("is_member"):
        return Finding(name, False, f"the bot is not in {shown}", f"Type /invite @Closeloop in {shown}.")
    return Finding(name, True, f"the bot is in {shown}")


def asked(method: Callable[..., SlackResponse], **arguments: Any) -> SlackResponse:
    """Ask Slack something.

    Raises:
        GatewayError: It did not answer, or refused.
    """
    try:
        return method(**arguments)
    except Exception as error:
        raise error_of(error) from error
