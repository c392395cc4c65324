"""``closeloop doctor`` against the stand-in for Slack: each fault is found, and comes with its fix."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.clock import FakeClock
from bot.models import migrate
from bot.sandbox import Fault, Sandbox, SandboxSettings
from bot.services import members, teams
from bot.services.desk import Desk, system_actor
from bot.services.members import Profile
from bot.services.teams import TeamForm
from tests.integration.conftest import Run

MANIFEST = Path(__file__).parents[2] / "manifests" / "socket-mode.yaml"


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(SandboxSettings(messages_per_second=None), clock=clock) as running:
        running.install(yaml.safe_load(MANIFEST.read_text("utf-8")))
        running.add_channel("CIN", "north")
        running.add_channel("COUT", "south", app_in=False)
        yield running


@pytest.fixture
def connected(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, home: Path) -> Sandbox:
    """The settings of the folder lead to the stand-in."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", sandbox.settings.bot_token)
    monkeypatch.setenv("SLACK_APP_TOKEN", sandbox.settings.app_token)
    monkeypatch.setenv("SLACK_API_URL", sandbox.base_url)
    return sandbox


def _findings(run: Run, *, code: int) -> dict[str, dict[str, Any]]:
    lines = run("doctor", "--json", code=code).output.splitlines()
    return {one["check"]: one for one in map(json.loads, lines)}


def _team(desk: Desk, sandbox: Sandbox, name: str, channel: str | None) -> None:
    slack_team = sandbox.settings.team_id
    members.remember(desk, slack_team, Profile("UBOSS", "Boss"))
    by = system_actor(members.workspace_id_of(desk, slack_team))
    teams.setup(desk, TeamForm(name=name, channel_id=channel, manager="UBOSS"), by=by)


def test_everything_in_order_is_all_ok(connected: Sandbox, run: Run, program_desk: Desk) -> None:
    _team(program_desk, connected, "North", "CIN")
    found = _findings(run, code=0)
    assert all(one["is_ok"] for one in found.values())
    assert list(found) == [
        "bot token",
        "transport",
        "database",
        "migrations",
        "token",
        "scopes",
        "socket mode",
        "channel of North",
    ]
    assert "ok   channel of North: the bot is in #north" in run("doctor").output


def test_workspace_without_a_team_is_told_what_comes_next(connected: Sandbox, run: Run) -> None:
    assert "/loop" in _findings(run, code=0)["teams"]["said"]


@pytest.mark.parametrize(
    ("channel", "said", "fix"),
    [
        ("COUT", "not in #south", "/invite @Closeloop in #south"),
        ("CNONE", "channel_not_found", "/invite"),
        (None, "none chosen", "/loop"),
    ],
)
def test_channel_that_the_bot_cannot_use_is_told(
    connected: Sandbox, run: Run, program_desk: Desk, channel: str | None, said: str, fix: str
) -> None:
    _team(program_desk, connected, "South", channel)
    found = _findings(run, code=1)["channel of South"]
    assert said in found["said"]
    assert fix in found["fix"]


def test_missing_scope_is_named(connected: Sandbox, run: Run) -> None:
    manifest = yaml.safe_load(MANIFEST.read_text("utf-8"))
    manifest["oauth_config"]["scopes"]["bot"].remove("users:read.email")
    connected.install(manifest)
    found = _findings(run, code=1)["scopes"]
    assert (found["said"], "reinstall" in found["fix"]) == ("missing: users:read.email", True)


def test_wrong_tokens_are_told(connected: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-wrong")
    assert not _findings(run, code=1)["socket mode"]["is_ok"]
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-wrong")
    found = _findings(run, code=1)
    assert "invalid_auth" in found["token"]["said"]
    assert "Copy SLACK_BOT_TOKEN again" in found["token"]["fix"]
    assert "scopes" not in found


@pytest.mark.parametrize(
    ("name", "value", "check", "said"),
    [
        ("SLACK_BOT_TOKEN", "xoxp-user", "bot token", "does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-bot", "transport", "does not begin with xapp-"),
        ("DATABASE_URL", "sqlite:////nowhere/x.sqlite3", "database", "unable to open database file"),
    ],
)
def test_wrong_settings_are_told(
    connected: Sandbox, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, check: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    assert said in _findings(run, code=1)[check]["said"]


def test_nothing_given_is_told_without_asking_slack(run: Run) -> None:
    output = run("doctor", code=1).output
    assert "FAIL bot token: SLACK_BOT_TOKEN is empty" in output
    assert "FAIL transport" in output
    assert f"ok   migrations: revision {migrate.newest()}" in output


def test_slack_that_fails_is_told(connected: Sandbox, run: Run) -> None:
    connected.faults.add("auth.test", Fault(status=500), times=99)
    assert not _findings(run, code=1)["token"]["is_ok"]
