"""The command line, each command as a person types it."""

import importlib.abc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import app
from bot.cli.lock import only_one
from bot.clock import SystemClock
from bot.errors import ConfigError
from bot.models import migrate
from bot.services import members
from bot.services.desk import Desk
from tests.factories import make_team_world
from tests.integration.conftest import SETTINGS, Run


def test_init_makes_settings_and_database_and_says_what_is_next(home: Path, run: Run) -> None:
    output = run("init").output
    assert (home / ".env").stat().st_mode & 0o077 == 0
    assert (home / "closeloop.sqlite3").exists()
    assert "closeloop doctor" in output


def test_init_leaves_settings_that_are_there_alone(home: Path, run: Run) -> None:
    (home / ".env").write_text("SLACK_BOT_TOKEN=xoxb-1\n", encoding="utf-8")
    output = run("init").output
    assert (home / ".env").read_text("utf-8") == "SLACK_BOT_TOKEN=xoxb-1\n"
    assert "closeloop run" in output


def test_migrate_says_the_revision(run: Run) -> None:
    assert f"revision {migrate.newest()}" in run("migrate").output


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "abc", "PORT: "),
        ("DATABASE_URL", "nonsense", "DATABASE_URL: "),
        ("DATABASE_URL", "sqlite:////nowhere/at/all.sqlite3", "DATABASE_URL: unable to open database file"),
        ("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x", "DATABASE_URL: "),
    ],
)
def test_bad_setting_is_one_line_with_the_fix_and_exit_2(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    output = run("migrate", code=2).output
    assert said in output
    assert ".env" in output
    assert "Traceback" not in output
    assert "secret" not in output


def test_database_of_a_newer_program_is_refused(program_desk: Desk, run: Run) -> None:
    with program_desk.database.engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        connection.exec_driver_sql("COMMIT")
    assert "newer Closeloop" in run("migrate", code=2).output


def test_help_names_every_command(run: Run) -> None:
    output = run("--help").output
    for command in ("demo", "doctor", "identity", "import", "init", "migrate", "playbook", "report", "run", "when"):
        assert f"  {command} " in output


def test_unknown_command_is_told(run: Run) -> None:
    assert "No such command" in run("nonsense", code=2).output


def test_when_loads_neither_slack_nor_the_database() -> None:
    program = (
        "import sys; from bot.cli import closeloop\n"
        "closeloop(['when', 'next thu 3pm', '--now', '2026-05-06T10:00'], standalone_mode=False)\n"
        "print([one for one in ('slack_sdk', 'slack_bolt', 'sqlalchemy') if one in sys.modules])\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_report_of_an_empty_database_is_empty(run: Run) -> None:
    report = json.loads(run("report", "pipeline", "--json").output)
    assert report["stages"] == []
    assert report["health"]["percent"] == 100.0


def test_report_names_the_teams_there_are(program_desk: Desk, run: Run) -> None:
    make_team_world(program_desk, SystemClock())  # type: ignore[arg-type]
    assert "North, South" in run("report", "pipeline", "--team", "West", code=2).output
    report = json.loads(run("report", "pipeline", "--team", "north", "--json").output)
    assert (report["team"], len(report["stages"])) == ("North", 7)
    assert "Loop health 100.0 %" in run("report", "pipeline").output


def test_several_workspaces_want_one_to_be_named(program_desk: Desk, run: Run) -> None:
    members.workspace_id_of(program_desk, "T0ONE")
    members.workspace_id_of(program_desk, "T0TWO")
    assert "--workspace: T0ONE, T0TWO" in run("report", "pipeline", code=2).output
    run("report", "pipeline", "--workspace", "T0TWO")
    assert "no workspace T0THREE" in run("report", "pipeline", "--workspace", "T0THREE", code=2).output


def test_playbook_goes_out_is_changed_and_comes_back_as_a_new_version(program_desk: Desk, run: Run, home: Path) -> None:
    make_team_world(program_desk, SystemClock())  # type: ignore[arg-type]
    path = home / "north.yaml"
    run("playbook", "export", "--team", "North", "--output", str(path))
    assert "fine (7 stages)" in run("playbook", "check", str(path)).output
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    assert data["stages"][0]["name"] == {"en": "Lead", "zh": "线索"}
    data["stages"][0]["name"]["en"] = "Enquiry"
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    assert "version 2" in run("playbook", "import", str(path), "--team", "North").output
    assert "Enquiry" in run("playbook", "export", "--team", "North").output
    assert "Enquiry" not in run("playbook", "export", "--team", "South").output


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"pace": {}}, "pace: grade A is missing"),
        ({"currency": None}, "currency"),
        ({"collision_scope": "planet"}, "collision_scope"),
    ],
)
def test_playbook_that_cannot_be_used_is_told_where_and_why(
    program_desk: Desk, run: Run, home: Path, change: dict[str, Any], said: str
) -> None:
    make_team_world(program_desk, SystemClock())  # type: ignore[arg-type]
    data = yaml.safe_load(run("playbook", "export", "--team", "North").output)
    path = home / "bad.yaml"
    path.write_text(yaml.safe_dump({**data, **change}), encoding="utf-8")
    assert said in run("playbook", "check", str(path), code=1).output
    assert said in run("playbook", "import", str(path), "--team", "North", code=1).output
    assert yaml.safe_load(run("playbook", "export", "--team", "North").output) == data


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"a: [", "bad.yaml, line 1: "), (b"- 1\n", "a mapping of names"), (b"\xff\xfe\x00", "not UTF-8")],
)
def test_file_that_is_no_playbook_at_all_is_told(run: Run, home: Path, content: bytes, said: str) -> None:
    (home / "bad.yaml").write_bytes(content)
    assert said in run("playbook", "check", "bad.yaml", code=2).output


def test_refusal_speaks_the_language_of_the_settings(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_LOCALE", "zh-CN")
    assert "没有名为 nope 的预设" in run("import", str(home), "--preset", "nope", code=1).output


def test_second_run_on_one_sqlite_file_is_refused_and_names_the_first(home: Path) -> None:
    database = home / "closeloop.sqlite3"
    with only_one(database):
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"), only_one(database):
            pass
        with only_one(None):
            pass
    with only_one(database):
        pass


@pytest.mark.parametrize("role", ["web", "worker"])
def test_half_a_program_is_refused_on_sqlite_which_takes_one_only(run: Run, role: str) -> None:
    said = run("run", "--role", role, code=2).output
    assert said.startswith(f"Error: --role {role} needs PostgreSQL")
    assert "DATABASE_URL" in said


def test_run_without_a_token_says_which(run: Run) -> None:
    assert "SLACK_BOT_TOKEN" in run("run", code=2).output


def test_run_says_that_slack_cannot_be_reached(
    run: Run, monkeypatch: pytest.MonkeyPatch, restored_signals: None
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    monkeypatch.setenv("SLACK_API_URL", "http://127.0.0.1:9/")
    assert "closeloop doctor" in run("run", code=2).output


@pytest.fixture
def restored_signals() -> Iterator[None]:
    """Signals are the process's own: what ``run`` does with them must not outlive the test."""
    known = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    yield
    for one, handler in known.items():
        signal.signal(one, handler)


def test_run_over_http_answers_refuses_a_second_and_stops_when_told(home: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name not in SETTINGS},
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "x",
        "PORT": str(_free_port()),
    }
    command = [sys.executable, "-m", "bot", "run", "--http"]
    first = subprocess.Popen(command, cwd=home, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert _answers(f"http://127.0.0.1:{environment['PORT']}/healthz")
        second = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert f"process {first.pid}" in second.stderr
    finally:
        first.terminate()
        first.communicate(timeout=20)
    assert first.returncode == 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(url: str) -> bool:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(json.load(answer)["ok"])
        except OSError:
            time.sleep(0.1)
    return False


def test_run_holds_the_lock_while_it_serves(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, restored_signals: None
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    seen: list[str] = []

    def serve(bot: app.Bot) -> None:
        with pytest.raises(ConfigError), only_one(home / "closeloop.sqlite3"):
            pass
        seen.append(bot.settings.host)
        bot.close()
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(app, "run_http", serve)
    assert "/slack/events" in run("run", "--http").output
    assert seen == ["127.0.0.1"]


def test_demo_starts_on_the_port_that_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ports: list[int] = []
    monkeypatch.setattr("bot.demo.main", ports.append)
    run("demo", "--port", "9001")
    monkeypatch.setenv("PORT", "9002")
    run("demo")
    assert ports == [9001, 9002]


@pytest.mark.parametrize(("missing", "is_told"), [("websockets.sync", True), ("bot.demo.nothing", False)])
def test_demo_says_what_to_install(run: Run, monkeypatch: pytest.MonkeyPatch, missing: str, is_told: bool) -> None:
    class Missing(importlib.abc.MetaPathFinder):
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "bot.demo":
                raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    for name in [one for one in sys.modules if one == "bot.demo" or one.startswith("bot.demo.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("bot.demo", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    if is_told:
        assert "pip install 'closeloop[sandbox]'" in run("demo", code=2).output
    else:
        with pytest.raises(ModuleNotFoundError):
            run("demo")


def test_python_dash_m_is_the_same_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["closeloop", "--version"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("bot", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith("closeloop, version ")
