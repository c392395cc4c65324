"""Fixtures: the real bot on a fresh database, connected to the stand-in over Socket Mode and over signed HTTP."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import func, select

from bot import app as program
from bot.app import Bot
from bot.clock import FakeClock
from bot.config import Settings
from bot.models import OutboxRow
from bot.models.session import Database
from bot.reminders.pace import Pace
from bot.sandbox import Sandbox, SandboxSettings
from bot.services import members, opportunities, teams
from bot.services.desk import Actor, Desk
from bot.services.members import Profile
from bot.services.teams import TeamForm
from bot.services.values import HistoryLine, OpportunityView
from tests.conftest import MONDAY_MORNING, Closing
from tests.transports import Front, hang_up

REP, REP2, MANAGER, ADMIN, SPECIALIST, OUTSIDER, STRANGER = "U1", "U2", "U3", "U4", "U5", "U6", "U7"
CHANNEL, OTHER_CHANNEL = "C1", "C2"
_PEOPLE = (
    (REP, "Rita Reyes", "en-US", "America/New_York"),
    (REP2, "林伟", "zh-CN", "Asia/Shanghai"),
    (MANAGER, "Mona Mason", "en-US", "Asia/Shanghai"),
    (ADMIN, "Ada Adams", "en-US", "UTC"),
    (SPECIALIST, "Sam Stone", "en-US", "Asia/Shanghai"),
    (OUTSIDER, "Otto Olsen", "en-US", "Europe/Berlin"),
    (STRANGER, "王芳", "zh-CN", "Asia/Shanghai"),
)
# What is not told at night: Rita lives in New York, where these tests begin on a Sunday evening.
_PUT_OFF = (
    "offer",
    "handover",
    "notice",
    "told",
    "departure",
    "ruling",
    "ruled",
    "registration",
    "registered",
    "dead_letter",
)


@dataclass
class World:
    """The stand-in with seven people, two teams, and the bot that serves them."""

    sandbox: Sandbox
    bot: Bot
    clock: FakeClock
    transport: str

    def settle(self) -> None:
        """Wait until the bot has done what follows its acks, and has sent what it promised."""
        self.bot.kit.drain()
        self.bot.ticker.run_once()
        self.bot.kit.drain()

    def actor(self, user: str) -> Actor:
        found = members.resolve(self.bot.desk, self.sandbox.settings.team_id, user)
        assert found is not None
        return found

    def lead(self, user: str, customer: str, need: str = "A quote for 20 seats", **more: Any) -> OpportunityView:
        """Capture a lead through the command and the form."""
        assert self.sandbox.command(user, "/lead").ok
        self.settle()
        answer = self.sandbox.submit(user, {"customer": customer, "need": need, **more})
        assert answer.ok, (answer.error, answer.errors)
        self.settle()
        self.sandbox.close(user, clear=True)
        return self.found(user, customer[:4])

    def found(self, user: str, words: str) -> OpportunityView:
        by = self.actor(user)
        lines = opportunities.find(self.bot.desk, words, by=by, scope="all")
        assert lines, words
        return self.view(user, lines[0].id)

    def view(self, user: str, number: int) -> OpportunityView:
        return opportunities.view(self.bot.desk, number, by=self.actor(user))

    def history(self, user: str, number: int) -> list[HistoryLine]:
        lines = opportunities.history(self.bot.desk, number, by=self.actor(user), limit=200)
        return list(reversed(lines))

    def kinds(self, user: str, number: int) -> list[str]:
        return [one.event.kind for one in self.history(user, number)]

    def card(self, number: int) -> dict[str, Any]:
        """Return the message in the team's channel that is the opportunity's card."""
        view = self.view(ADMIN, number)
        return next(one for one in self.sandbox.messages(CHANNEL) if one["ts"] == view.card_ts)

    def last(self, user: str, channel: str) -> dict[str, Any]:
        """Return the latest message that a person sees in a channel."""
        return dict(self.sandbox.messages(channel, as_user=user)[-1])

    def dm(self, user: str) -> dict[str, Any]:
        """Return the latest message of the app to a person; what waits for their working hours is waited for."""
        self.open_for(user)
        return self.last(user, self.sandbox.dm(user))

    def open_for(self, user: str) -> None:
        """Let the clock move on to the working hours of a person for whom something waits until then."""
        wanted = (OutboxRow.state == "waiting", OutboxRow.channel == f"member:{self.actor(user).member_id}")
        with self.bot.desk.database.reading(None) as session:
            due = session.scalar(select(func.max(OutboxRow.due_at)).where(*wanted, OutboxRow.kind.in_(_PUT_OFF)))
        if due is not None:
            self.bot.ticker.advance_to(due, self.clock)

    def later(self, **span: float) -> None:
        """Let the business clock move on, stopping at everything that falls due on the way."""
        self.bot.ticker.advance_to(self.clock.now() + timedelta(**span), self.clock)


def words(thing: Any) -> str:
    """Return everything that can be read in a message or a view, so that tests can look for words in it."""
    if isinstance(thing, dict):
        own = [str(thing[name]) for name in ("text", "initial_value") if isinstance(thing.get(name), str)]
        return "\n".join([*own, *(words(value) for value in thing.values() if isinstance(value, dict | list))])
    if isinstance(thing, list):
        return "\n".join(words(one) for one in thing)
    return ""


@pytest.fixture(params=["socket", "http"])
def transport(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox(clock: FakeClock, closing: Closing) -> Iterator[Sandbox]:
    settings = SandboxSettings(messages_per_second=None, event_retry_seconds=(0.0, 0.05, 0.1))
    with closing(Sandbox(settings, clock=clock)) as running:
        for user, name, locale, zone in _PEOPLE:
            running.add_member(user, name, real_name=name, locale=locale, zone=zone, is_admin=user == ADMIN)
        running.add_channel(CHANNEL, "north", [one[0] for one in _PEOPLE])
        running.add_channel(OTHER_CHANNEL, "south", [OUTSIDER, ADMIN])
        for command in ("/lead", "/followup", "/won", "/lost", "/handover", "/opp", "/pipeline", "/loop"):
            running.add_command(command)
        running.add_shortcut("New lead", "lead.new")
        running.add_shortcut("Make it a lead", "lead.from_message", "message")
        running.add_shortcut("Log as follow-up", "follow_up.from_message", "message")
        yield running


@pytest.fixture(scope="session")
def populated_template(sqlite_template: Path) -> Path:
    """A SQLite file with the two teams and their people, to be copied."""
    path = sqlite_template.with_name("populated.sqlite3")
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}", durable=False)
    populate(Desk(database, FakeClock(MONDAY_MORNING)), SandboxSettings().team_id)
    database.close()
    return path


@pytest.fixture
def bot(sandbox: Sandbox, populated_template: Path, tmp_path: Path, clock: FakeClock) -> Iterator[Bot]:
    """The bot, not ticking by itself: tests tell it when."""
    path = tmp_path / "populated.sqlite3"
    shutil.copyfile(populated_template, path)
    url = f"sqlite:///{path}"
    settings = Settings(
        _env_file=None,
        slack_bot_token=SecretStr(sandbox.settings.bot_token),
        slack_app_token=SecretStr(sandbox.settings.app_token),
        slack_signing_secret=SecretStr(sandbox.settings.signing_secret),
        slack_api_url=sandbox.base_url,
        database_url=url,
    )
    made = program.build(settings, clock=clock, database=Database(url, durable=False), pace=Pace(None))
    yield made
    made.close()


def populate(desk: Desk, team_id: str) -> None:
    """Set up both teams and their people, all but one."""
    for user, name, locale, zone in _PEOPLE[:-1]:
        members.remember(desk, team_id, Profile(user, name, None, zone, locale, is_slack_admin=user == ADMIN))
    admin = members.resolve(desk, team_id, ADMIN)
    assert admin is not None
    north = {
        "name": "North",
        "channel_id": CHANNEL,
        "manager": MANAGER,
        "reps": (REP, REP2),
        "specialists": (SPECIALIST,),
        "zone": "Asia/Shanghai",
        "locale": "zh-CN",
    }
    south = {"name": "South", "channel_id": OTHER_CHANNEL, "manager": ADMIN, "reps": (OUTSIDER,), "zone": "UTC"}
    for form in (north, south):
        teams.setup(desk, TeamForm.read(form), by=admin)


Connect = Callable[[Sandbox, Bot], AbstractContextManager[None]]


@pytest.fixture
def connected(transport: str, front: Front) -> Connect:
    """Connects a bot to the stand-in over the test's transport, for a ``with`` block."""
    return _over_socket if transport == "socket" else lambda sandbox, bot: _over_http(sandbox, bot, front)


@contextmanager
def _over_socket(sandbox: Sandbox, bot: Bot) -> Iterator[None]:
    handler = program.socket_mode(bot)
    handler.connect()  # type: ignore[no-untyped-call]
    try:
        sandbox.wait_connected()
        yield
    finally:
        hang_up(handler)


@contextmanager
def _over_http(sandbox: Sandbox, bot: Bot, front: Front) -> Iterator[None]:
    with front.serving(program.http_app(bot)) as address:
        sandbox.connect_http(address)
        yield


@pytest.fixture
def world(sandbox: Sandbox, bot: Bot, clock: FakeClock, transport: str, connected: Connect) -> Iterator[World]:
    """The bot connected to the stand-in; no payload of any test may break a rule of Slack."""
    with connected(sandbox, bot):
        yield World(sandbox, bot, clock, transport)
        bot.kit.drain()
    assert not sandbox.violations, sandbox.violations
