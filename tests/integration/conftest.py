"""Fixtures of the tests that use services on real databases."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import closeloop
from bot.clock import FakeClock, SystemClock
from bot.config import load_settings
from bot.models.session import Database
from bot.services.desk import Desk
from tests.factories import TeamWorld, make_team_world


@pytest.fixture
def team_world(desk: Desk, clock: FakeClock) -> TeamWorld:
    """Two teams in Shanghai's working hours, with everybody that a rule of the loop asks about."""
    return make_team_world(desk, clock)


Run = Callable[..., Result]
# A program that runs by the machine's clock is tested whenever somebody likes: its team is at work at every hour of every day.
AROUND_THE_CLOCK: dict[str, Any] = {"workdays": tuple(range(7)), "hours": "0:00-24:00"}
SETTINGS = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET", "DATABASE_URL", "PORT", "DEFAULT_LOCALE")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, with no setting from outside."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield tmp_path
    load_settings.cache_clear()


@pytest.fixture
def run(home: Path) -> Run:
    def program(*arguments: str, code: int = 0) -> Result:
        load_settings.cache_clear()
        result = CliRunner().invoke(closeloop, arguments, catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result

    return program


@pytest.fixture
def program_desk(home: Path, run: Run) -> Iterator[Desk]:
    """The database of the folder, made by the program itself."""
    run("migrate")
    database = Database(f"sqlite:///{home}/closeloop.sqlite3")
    yield Desk(database, SystemClock())
    database.close()
