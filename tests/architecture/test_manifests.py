"""The manifests ask Slack for exactly what the handlers answer."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from bot import app
from bot.cli.scopes import BOT_SCOPES
from bot.config import Settings
from bot.handlers.boundary import Kit

FOLDER = Path(__file__).parents[2] / "manifests"
PLACE = "https://YOUR-HOST/slack/events"


@pytest.fixture(params=["socket-mode", "http"])
def manifest(request: pytest.FixtureRequest) -> Any:
    return _read(request.param)


@pytest.fixture(scope="module")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Who handles what, out of a bot that is built but never started."""
    folder = tmp_path_factory.mktemp("manifests")
    bot = app.build(Settings(slack_bot_token=SecretStr("xoxb-x"), database_url=f"sqlite:///{folder}/x.sqlite3"))
    yield bot.kit
    bot.close()


def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def test_every_command_has_a_handler_and_every_handler_a_command(manifest: Any, kit: Kit) -> None:
    assert {one["command"] for one in manifest["features"]["slash_commands"]} == set(kit.commands)


def test_every_shortcut_has_a_handler_and_every_handler_a_shortcut(manifest: Any, kit: Kit) -> None:
    assert {one["callback_id"] for one in manifest["features"]["shortcuts"]} == set(kit.shortcuts)


def test_the_events_subscribed_to_are_those_that_are_handled(manifest: Any, kit: Kit) -> None:
    subscribed = {one.split(".")[0] for one in manifest["settings"]["event_subscriptions"]["bot_events"]}
    assert subscribed == set(kit.events)


def test_doctor_looks_for_the_scopes_that_the_manifest_asks_for(manifest: Any) -> None:
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert sorted(scopes) == scopes
    assert set(scopes) == BOT_SCOPES


def test_every_event_has_the_scope_that_slack_demands(manifest: Any) -> None:
    demands = {
        "member_joined_channel": "channels:read",
        "message.channels": "channels:history",
        "message.groups": "groups:history",
        "team_join": "users:read",
        "user_change": "users:read",
    }
    for event in manifest["settings"]["event_subscriptions"]["bot_events"]:
        assert demands.get(event, "commands") in BOT_SCOPES


def test_commands_turn_mentions_into_ids_and_fit_into_slacks_limits(manifest: Any) -> None:
    for one in manifest["features"]["slash_commands"]:
        assert one["should_escape"] is True
        assert len(one["command"]) <= 32
        assert len(one["description"]) <= 2000
        assert len(one.get("usage_hint", "")) <= 1000
    for one in manifest["features"]["shortcuts"]:
        assert len(one["name"]) <= 24
        assert len(one["description"]) <= 150
    assert len(manifest["features"]["shortcuts"]) <= 10


def test_home_and_messages_are_switched_on(manifest: Any) -> None:
    home = manifest["features"]["app_home"]
    assert (home["home_tab_enabled"], home["messages_tab_enabled"]) == (True, True)


def test_http_sends_everything_to_the_one_address() -> None:
    manifest = _read("http")
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is False
    assert {one["url"] for one in manifest["features"]["slash_commands"]} == {PLACE}
    assert settings["event_subscriptions"]["request_url"] == PLACE
    assert settings["interactivity"]["request_url"] == PLACE
    assert settings["interactivity"]["message_menu_options_url"] == PLACE


def test_the_two_manifests_differ_in_the_transport_only() -> None:
    http, socket = _read("http"), _read("socket-mode")
    for one in http["features"]["slash_commands"]:
        del one["url"]
    del http["settings"]["event_subscriptions"]["request_url"]
    http["settings"]["interactivity"] = {"is_enabled": True}
    http["settings"]["socket_mode_enabled"] = True
    assert http == socket
