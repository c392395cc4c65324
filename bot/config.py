"""Owns the settings: what the environment or a ``.env`` file says, checked once at start."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot.errors import ConfigError


class Settings(BaseSettings):
    """Every setting of the program; each is explained in ``.env.example``."""

    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", env_ignore_empty=True)

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    database_url: str = "sqlite:///closeloop.sqlite3"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    default_zone: str = "UTC"
    default_locale: Literal["en-US", "zh-CN"] = "en-US"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"
    health_port: int = Field(default=0, ge=0, le=65535)
    threads: int = Field(default=10, ge=2, le=200)
    tick_seconds: float = Field(default=5.0, gt=0)
    channel_messages_per_second: float = Field(default=1.0, gt=0)
    workspace_messages_per_second: float = Field(default=5.0, gt=0)

    @property
    def sqlite_path(self) -> Path | None:
        """The file of a SQLite database, or None for another database or one in memory."""
        prefix = "sqlite:///"
        if not self.database_url.startswith(prefix):
            return None
        path = self.database_url.removeprefix(prefix).split("?")[0]
        return Path(path) if path and path != ":memory:" else None


@lru_cache
def load_settings() -> Settings:
    """Read the settings once.

    Raises:
        ConfigError: A setting cannot be used; the message names it and says what is allowed.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        raise ConfigError(f"{name}: {first['msg']}. Mend it in .env or in the environment.") from error
