"""The settings: where they come from, and one plain line when one cannot be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.config import Settings, load_settings
from bot.errors import ConfigError


@pytest.fixture(autouse=True)
def _empty_house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_without_any_setting_it_starts_on_a_file_here_and_listens_to_this_machine_only() -> None:
    settings = load_settings()
    assert settings.sqlite_path == Path("closeloop.sqlite3")
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.slack_api_url == "https://slack.com/api/"


def test_a_dotenv_file_is_read_and_the_environment_stands_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("PORT=9000\nSLACK_BOT_TOKEN=xoxb-file\nUNKNOWN=1\nHOST=\n", "utf-8")
    monkeypatch.setenv("PORT", "9001")
    settings = load_settings()
    assert settings.port == 9001
    assert settings.host == "127.0.0.1"
    assert settings.slack_bot_token is not None
    assert settings.slack_bot_token.get_secret_value() == "xoxb-file"
    assert "xoxb-file" not in repr(settings)


def test_settings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_settings()
    monkeypatch.setenv("PORT", "9001")
    assert load_settings() is first


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "http"), ("PORT", "70000"), ("THREADS", "1"), ("DEFAULT_LOCALE", "fr-FR")]
)
def test_a_setting_that_cannot_be_used_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=rf"^{name}: .*\.env") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///a/b.sqlite3", Path("a/b.sqlite3")),
        ("sqlite:////var/b.sqlite3?timeout=3", Path("/var/b.sqlite3")),
        ("sqlite:///:memory:", None),
        ("sqlite://", None),
        ("postgresql://u@h/n", None),
    ],
)
def test_only_a_file_of_sqlite_has_a_path(url: str, path: Path | None) -> None:
    assert Settings(database_url=url).sqlite_path == path
