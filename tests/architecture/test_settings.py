"""Every setting is explained, and nothing is explained that is no setting."""

import re
from pathlib import Path

from bot.config import Settings

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / ".env.example").read_text("utf-8")


def test_every_setting_stands_in_the_example_once_and_nothing_else_does() -> None:
    named = re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)
    assert sorted(named) == sorted(name.upper() for name in Settings.model_fields)


def test_every_setting_has_an_explanation_above_it() -> None:
    for block in re.split(r"\n\s*\n", EXAMPLE):
        lines = block.strip().splitlines()
        if any(not line.startswith("#") for line in lines):
            assert lines[0].startswith("# "), block


def test_every_default_is_told() -> None:
    for name in ("host", "port", "default_zone", "default_locale", "log_level", "threads", "slack_api_url"):
        assert str(Settings.model_fields[name].default) in EXAMPLE, name


def test_the_example_itself_is_a_valid_settings_file() -> None:
    settings = Settings(_env_file=ROOT / ".env.example")
    assert settings.slack_bot_token is None
    assert settings.database_url == Settings.model_fields["database_url"].default


def test_init_writes_the_same_text_that_the_repository_shows() -> None:
    assert (ROOT / "bot" / "cli" / "env_example.ini").read_text("utf-8") == EXAMPLE
