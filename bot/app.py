"""Composition root: the only module that constructs the bot and wires its parts together."""

import asyncio
import gc
import logging
import signal
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Literal

import uvicorn
from pydantic import SecretStr
from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.clock import Clock, SystemClock
from bot.config import Settings
from bot.domain import identity
from bot.errors import ConfigError
from bot.handlers import (
    absences,
    boundary,
    bundles,
    closing,
    collisions,
    dead_letters,
    departures,
    follow_ups,
    handovers,
    home,
    leads,
    members,
    merges,
    opportunities,
    people,
    pipeline,
    pool,
    registrations,
    rulings,
    setup,
    whys,
)
from bot.handlers.boundary import Kit
from bot.health import Health, served
from bot.listening import listening_app
from bot.models.session import Database
from bot.reminders.delivery import Delivery
from bot.reminders.pace import Pace
from bot.reminders.scheduler import Scheduler, Ticker
from bot.services import outbox, rekeying
from bot.services.desk import Desk
from bot.services.pacing import Rates
from bot.slack.gateway import Gateway

log = logging.getLogger(__name__)

Role = Literal["web", "worker", "all"]

_SUBJECTS = (
    leads,
    follow_ups,
    bundles,
    opportunities,
    closing,
    handovers,
    pool,
    people,
    home,
    pipeline,
    setup,
    dead_letters,
    whys,
    collisions,
    rulings,
    registrations,
    members,
    absences,
    departures,
    merges,
)
_OBJECTS = 20_000
_CHINESE = "上海华兴科技有限公司"
_SPARE_CONNECTIONS = 6  # beside the threads that answer: sweep, delivery and what comes after the ack


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot with its parts.

    Attributes:
        settings: What it was made of.
        desk: The record and the clock.
        gateway: Slack's Web API.
        kit: What handlers work with, and who handles what.
        bolt_app: Takes Slack's requests.
        ticker: Sweeps and delivers when told to; the demo's clock and tests do.
        scheduler: Tells it to, every few seconds.
        delivery: Sends what was promised.
        role: Whether it takes requests (web), keeps the clock and delivers (worker), or both (all).
    """

    settings: Settings
    desk: Desk
    gateway: Gateway
    kit: Kit
    bolt_app: App
    ticker: Ticker
    scheduler: Scheduler
    delivery: Delivery
    role: Role = "all"

    def start(self) -> None:
        """Begin to tick, where that is this process's part; requests may come before and after."""
        if rekeying.is_due(self.desk):
            log.warning("customers are found by keys of older rules; run: closeloop identity rekey")
        if self.role != "worker":
            # The first Chinese name has the word lists read, which takes half a second: nobody who types should wait for that.
            self.kit.executor.submit(identity.search_keys, _CHINESE)
        if self.role == "web":
            return
        if self.desk.database.is_sqlite:
            # One program at a time works on a SQLite file: what is still leased was left behind by a crash.
            outbox.release(self.desk)
        outbox.hurry(self.desk)
        self.scheduler.start()

    def stop(self) -> None:
        """Finish what is in work and give everything back; it must have been started."""
        if self.role != "web":
            self.scheduler.stop()
        self.close()

    def health(self, *, is_connected: Callable[[], bool] | None = None) -> Health:
        """Return what tells its state of health; with a socket, also whether that stands."""
        return Health(self.desk, keeps_the_clock=self.role != "web", is_connected=is_connected)

    def close(self) -> None:
        """Give everything back of a bot that was never started."""
        self.kit.drain()
        self.kit.executor.shutdown(wait=True)
        self.delivery.close()
        self.desk.database.close()


def settle() -> None:
    """Have the collector of garbage leave alone what was made at the start and stays, and look less often at the rest.

    By default it looks every 700 objects; a sweep makes hundreds of thousands, and next to none of them refer in a circle.
    What is garbage already is little, and looking for it would take a tenth of a second of every start.
    """
    gc.freeze()
    gc.set_threshold(_OBJECTS, 20, 20)


def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    database: Database | None = None,
    pace: Pace | None = None,
    role: Role = "all",
) -> Bot:
    """Construct the bot; nothing is started and Slack is not called.

    Args:
        settings: Tokens, addresses, limits.
        clock: The business clock; the machine's if not given.
        database: Migrated already; the one of the settings if not given.
        pace: Spaces the messages of a channel inside this process; if not given, all processes keep the settings' rates together.
        role: Whether it takes requests (web), keeps the clock and delivers (worker), or both (all).

    Raises:
        ConfigError: The bot token is missing.
    """
    token = _needed(settings.slack_bot_token, "SLACK_BOT_TOKEN")
    record = database or Database(settings.database_url, pool_size=settings.threads + _SPARE_CONNECTIONS)
    desk = Desk(record, clock or SystemClock())
    gateway = Gateway(token, base_url=settings.slack_api_url)
    executor = ThreadPoolExecutor(max_workers=settings.threads, thread_name_prefix="after-ack")
    rates = Rates(1.0 / settings.channel_messages_per_second, settings.workspace_messages_per_second)
    delivery = Delivery(desk, gateway, pace=pace or Pace(None), rates=None if pace else rates)
    ticker = Ticker(desk, delivery)
    scheduler = Scheduler(desk, ticker, seconds=settings.tick_seconds)
    # Whoever keeps no clock of its own leaves what it promised to those who do.
    kit = Kit(desk, gateway, settings, executor, wake=_wake_nobody if role == "web" else scheduler.wake)
    for subject in _SUBJECTS:
        subject.register(kit)
    secret = settings.slack_signing_secret
    app = listening_app(
        token=token,
        signing_secret=secret.get_secret_value() if secret else "",
        base_url=_base_url(settings),
        executor=executor,
    )
    boundary.connect(app, kit)
    return Bot(settings, desk, gateway, kit, app, ticker, scheduler, delivery, role)


def _wake_nobody() -> None:
    pass


def _base_url(settings: Settings) -> str:
    return settings.slack_api_url if settings.slack_api_url.endswith("/") else f"{settings.slack_api_url}/"


def _needed(secret: SecretStr | None, name: str) -> str:
    if secret is None:
        raise ConfigError(
            f"{name} is not set. Copy it from your Slack app's page into .env (closeloop doctor explains)."
        )
    return secret.get_secret_value()


def socket_mode(bot: Bot) -> SocketModeHandler:
    """Return the connection to Slack over Socket Mode; ``connect`` and ``close`` it.

    Raises:
        ConfigError: The app token is missing.
    """
    token = _needed(bot.settings.slack_app_token, "SLACK_APP_TOKEN")
    client = WebClient(base_url=_base_url(bot.settings))
    return SocketModeHandler(bot.bolt_app, token, web_client=client, concurrency=bot.settings.threads)


def http_app(bot: Bot) -> Starlette:
    """Return the web application: Slack's signed requests at ``/slack/events``, the state of health beside it.

    Raises:
        ConfigError: The signing secret is missing.
    """
    _needed(bot.settings.slack_signing_secret, "SLACK_SIGNING_SECRET")
    threads = ThreadPoolExecutor(max_workers=bot.settings.threads, thread_name_prefix="slack-request")

    async def slack_events(request: Request) -> Response:
        body = (await request.body()).decode()
        asked = BoltRequest(body=body, query=dict(request.query_params), headers=dict(request.headers))
        answer = await asyncio.get_running_loop().run_in_executor(threads, bot.bolt_app.dispatch, asked)
        headers = {name: str(values[0]) for name, values in answer.headers.items() if values}
        return Response(answer.body, status_code=answer.status, headers=headers)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        yield
        threads.shutdown(wait=True)

    return Starlette(
        routes=[Route("/slack/events", slack_events, methods=["POST"]), *bot.health().routes()], lifespan=lifespan
    )


def run_http(bot: Bot) -> None:
    """Serve signed HTTP on the settings' host and port until stopped."""
    settings = bot.settings
    application = http_app(bot)
    bot.start()
    try:
        with served(bot.health(), settings.host, settings.health_port):
            uvicorn.run(application, host=settings.host, port=settings.port, log_level="warning", access_log=False)
    finally:
        bot.stop()


def run_socket_mode(bot: Bot, *, until: threading.Event | None = None) -> None:
    """Stay connected over Socket Mode until stopped by a signal, or by the event that a caller gives."""
    handler = socket_mode(bot)
    stopped = until or stopped_by_signal()
    health = bot.health(is_connected=handler.client.is_connected)
    bot.start()
    try:
        with served(health, bot.settings.host, bot.settings.health_port):
            handler.connect()  # type: ignore[no-untyped-call]
            log.info("connected to Slack over Socket Mode")
            stopped.wait()
    finally:
        hang_up(handler)
        bot.stop()


def hang_up(handler: SocketModeHandler) -> None:
    """Close a Socket Mode connection, and end its threads."""
    try:
        handler.close()  # type: ignore[no-untyped-call]
    except AttributeError:
        # The client's own thread, which noticed the end first, took the socket away between its look and its hold.
        handler.close()  # type: ignore[no-untyped-call]


def run_worker(bot: Bot, *, until: threading.Event | None = None) -> None:
    """Keep the clock and deliver, without taking requests, until stopped by a signal, or by the event that a caller gives."""
    stopped = until or stopped_by_signal()
    bot.start()
    try:
        with served(bot.health(), bot.settings.host, bot.settings.health_port):
            stopped.wait()
    finally:
        bot.stop()


def stopped_by_signal() -> threading.Event:
    """Return an event that SIGINT or SIGTERM sets from now on."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, stop)
    return stopped
