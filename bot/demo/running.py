"""Owns the running demo: the stand-in for Slack, the bot connected to it over Socket Mode, the history, the movable clock."""

import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from pydantic import SecretStr

from bot import app
from bot.clock import FakeClock, RunningClock
from bot.config import Settings
from bot.demo import playing
from bot.demo.cast import CREWS, FIRST_DAY, GENERAL, PEOPLE, TODAY, ZONE
from bot.demo.tour import TOUR
from bot.errors import ConfigError
from bot.models import migrate
from bot.models.session import Database
from bot.reminders.pace import Pace
from bot.sandbox import Sandbox, SandboxSettings

_COMMANDS = (
    ("/lead", "Capture a lead · 录入线索", "Acme, needs a quote"),
    ("/followup", "Log a follow-up · 记跟进", "acme sent the quote; next thu 3pm call the CTO"),
    ("/opp", "Find opportunities · 查商机", "acme | mine | overdue | closing | @member"),
    ("/won", "Close as won · 成交", "acme"),
    ("/lost", "Close as lost · 流失", "acme"),
    ("/handover", "Hand an opportunity over · 交接", "acme"),
    ("/pipeline", "The pipeline and loop health · 销售管道", "[team]"),
    ("/loop", "Help, your day, team settings · 帮助与设置", ""),
)
_SHORTCUTS = (
    ("New lead", "lead.new", "global"),
    ("Make it a lead", "lead.from_message", "message"),
    ("Log as follow-up", "follow_up.from_message", "message"),
)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo."""

    sandbox: Sandbox
    bot: app.Bot
    clock: RunningClock


class _DemoClock:
    """Stands still while the history is played, and runs from then on; it never goes back."""

    def __init__(self) -> None:
        self._clock: FakeClock | RunningClock = FakeClock(FIRST_DAY)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._clock.now()

    def set(self, moment: datetime) -> None:
        with self._lock:
            if moment > self._clock.now():
                self._clock.set(moment)

    def run(self) -> None:
        self._clock = RunningClock(self._clock.now())

    def pace(self) -> Pace:
        """Return Slack's pace told by this clock: it moves on by a second where a real one would have to be waited for."""
        return Pace(
            # A little slower than the stand-in allows: the clock runs on between the two.
            0.9,
            monotonic=lambda: self.now().timestamp(),
            sleep=lambda seconds: self.set(self.now() + timedelta(seconds=seconds)),
        )


@contextmanager
def running(port: int, served: Callable[[str], None] = lambda _address: None) -> Iterator[Demo]:
    """Start everything and give it; it stops and is forgotten with the block.

    Args:
        port: TCP port of the page on 127.0.0.1; 0 takes any free one.
        served: Told the page's address as soon as it is there; the history still has to be played then.

    Raises:
        ConfigError: The port is taken.
    """
    clock = _DemoClock()
    moving = threading.Lock()

    def move(moment: datetime) -> None:
        with moving:
            bot.ticker.advance_to(moment, clock)
            bot.kit.drain()

    # The stand-in keeps Slack's pace of a message a second and channel, told by the demo's clock, and so does the bot.
    settings = SandboxSettings(port=port, messages_per_second=1.0, rate_clock="business")
    sandbox = Sandbox(settings, clock=clock, move_clock=move, tour=TOUR)
    _furnish(sandbox)
    try:
        sandbox.start()
    except OSError as error:
        raise ConfigError(f"Port {port} is taken. Choose another one: make demo PORT={port + 1}") from error
    served(sandbox.page_url)
    with tempfile.TemporaryDirectory(prefix="closeloop-demo-") as folder:
        url = f"sqlite:///{Path(folder) / 'demo.sqlite3'}"
        migrate.upgrade(url)
        bot = app.build(_settings(sandbox, url), clock=clock, database=Database(url, durable=False), pace=clock.pace())
        handler = app.socket_mode(bot)
        try:
            playing.found(bot.desk, settings.team_id)
            playing.play(bot.desk, settings.team_id, move)
            move(TODAY)
            clock.run()
            bot.start()
            handler.connect()  # type: ignore[no-untyped-call]
            sandbox.wait_connected()
            yield Demo(sandbox, bot, clock)  # type: ignore[arg-type]
        finally:
            app.hang_up(handler)
            bot.stop()
            sandbox.stop()


def _settings(sandbox: Sandbox, url: str) -> Settings:
    return Settings(
        _env_file=None,
        slack_bot_token=SecretStr(sandbox.settings.bot_token),
        slack_app_token=SecretStr(sandbox.settings.app_token),
        slack_signing_secret=SecretStr(sandbox.settings.signing_secret),
        slack_api_url=sandbox.base_url,
        database_url=url,
        default_zone=ZONE,
        tick_seconds=1.0,
    )


def _furnish(sandbox: Sandbox) -> None:
    for person in PEOPLE:
        sandbox.add_member(
            person.slack_user_id,
            person.handle,
            real_name=person.name,
            title=person.title,
            role=person.role,
            zone=ZONE,
            locale=person.locale,
            email=person.email,
            is_admin=person.is_admin,
        )
    everybody = [person.slack_user_id for person in PEOPLE]
    for crew in CREWS:
        sandbox.add_channel(crew.channel_id, crew.channel, [*crew.reps, *crew.specialists, crew.manager, "UADA"])
    sandbox.add_channel(GENERAL[0], GENERAL[1], everybody)
    for command, description, hint in _COMMANDS:
        sandbox.add_command(command, description, hint)
    for name, callback_id, kind in _SHORTCUTS:
        sandbox.add_shortcut(name, callback_id, kind)


def main(port: int) -> None:
    """Run the demo until Ctrl-C."""

    def served(address: str) -> None:
        _say(f"Closeloop's demo is at {address} - open it in a browser; Ctrl-C ends it.")
        _say("Playing a few weeks of its history first ...")

    with running(port, served):
        _say("Ready. Two people at once: open a second window as somebody else.")
        stopped = app.stopped_by_signal()
        stopped.wait()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
