"""The program as a whole: both transports run and stop, health, and requests at the edge of what Slack sends."""

import asyncio
import logging
import signal
import threading
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from slack_bolt import BoltRequest

from bot import app as program
from bot import logs
from bot.app import Bot
from bot.clock import FakeClock
from bot.config import Settings
from bot.errors import ConfigError
from bot.handlers.calls import Call, Surface
from bot.sandbox import Sandbox
from bot.services import members
from bot.services.members import Profile
from tests.slack.conftest import CHANNEL, REP, REP2, STRANGER


def dispatch(bot: Bot, **body: Any) -> Any:
    """Give the bot a raw payload, as Socket Mode would."""
    return bot.bolt_app.dispatch(BoltRequest(mode="socket_mode", body={"team_id": "T0SANDBOX", **body}))


def test_missing_settings_are_named_one_by_one(sqlite_url: str) -> None:
    with pytest.raises(ConfigError, match="SLACK_BOT_TOKEN"):
        program.build(Settings(_env_file=None, database_url=sqlite_url))
    bare = Settings(
        _env_file=None,
        slack_bot_token=SecretStr("xoxb-1"),
        database_url=sqlite_url,
        slack_api_url="http://127.0.0.1:1/api",
    )
    bot = program.build(bare)
    with pytest.raises(ConfigError, match="SLACK_SIGNING_SECRET"):
        program.http_app(bot)
    with pytest.raises(ConfigError, match="SLACK_APP_TOKEN"):
        program.socket_mode(bot)
    bot.close()


class Web:
    """Asks the web application as an HTTP client would."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def get(self, path: str) -> httpx.Response:
        return self._ask("GET", path, None)

    def post(self, path: str, content: str) -> httpx.Response:
        return self._ask("POST", path, content)

    def _ask(self, method: str, path: str, content: str | None) -> httpx.Response:
        application = program.http_app(self._bot)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://bot.test")

        async def asked() -> httpx.Response:
            async with application.router.lifespan_context(application), client:
                return await client.request(method, path, content=content)

        return asyncio.run(asked())


@pytest.fixture
def web(bot: Bot) -> Web:
    return Web(bot)


def test_health_is_told_beside_the_requests(web: Web) -> None:
    assert web.get("/healthz").json() == {"ok": True}
    assert web.get("/readyz").json() == {"ok": True, "database": True, "schema": True, "clock": True}
    assert "closeloop_clock_lag_seconds" in web.get("/metrics").text


def test_unsigned_request_is_refused(web: Web) -> None:
    assert web.post("/slack/events", content="command=/lead").status_code == 401


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_what_a_request_with_a_wrong_signature_says_is_not_logged(
    bot: Bot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)  # the test's own handlers stay
    with caplog.at_level(level):
        logs.configure(level, "text")
        # Bolt's loggers take the root's level when the app is made.
        made = program.build(bot.settings)
        try:
            assert Web(made).post("/slack/events", content="command=/lead&text=Secret+Works").status_code == 401
        finally:
            made.close()
    assert "Secret" not in caplog.text
    assert "SLACK_SIGNING_SECRET" in caplog.text


def test_socket_mode_runs_until_it_is_stopped(bot: Bot, sandbox: Sandbox) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=program.run_socket_mode, args=(bot,), kwargs={"until": stop})
    thread.start()
    sandbox.wait_connected()
    assert sandbox.command(REP, "/opp", "mine").ok
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_http_runs_on_its_port(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    served: dict[str, Any] = {}
    monkeypatch.setattr("uvicorn.run", lambda application, **options: served.update(options, app=application))
    program.run_http(bot)
    assert served["port"] == bot.settings.port
    assert served["host"] == "127.0.0.1"


def test_signals_stop_socket_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(signal, "signal", handlers.__setitem__)
    stopped = program.stopped_by_signal()
    assert not stopped.is_set()
    handlers[signal.SIGTERM](15, None)
    assert stopped.is_set()


def test_unknown_form_and_event_are_acked(bot: Bot) -> None:
    user = {"id": REP, "team_id": "T0SANDBOX"}
    view = {"type": "modal", "id": "V1", "hash": "h", "callback_id": "lead.capture"}
    assert dispatch(bot, type="view_submission", user=user, view={**view, "callback_id": "gone"}).status == 200
    event = {"type": "reaction_added", "user": REP}
    assert dispatch(bot, type="event_callback", event_id="E1", event=event).status == 200


def test_form_without_inputs_shows_its_error_in_its_place(bot: Bot) -> None:
    user = {"id": REP, "team_id": "T0SANDBOX"}
    view = {"type": "modal", "id": "V1", "hash": "h", "callback_id": "review.write", "blocks": []}
    answer = dispatch(bot, type="view_submission", user=user, view=view)
    assert '"response_action": "update"' in answer.body
    assert "Please fill this in" in answer.body


def test_typeahead_that_fails_offers_nothing(bot: Bot) -> None:
    user = {"id": REP, "team_id": "T0SANDBOX"}

    def fails(_call: Call) -> list[dict[str, Any]]:
        raise ZeroDivisionError

    bot.kit.type_aheads["customer.pick"] = fails
    answer = dispatch(
        bot, type="block_suggestion", user=user, action_id="customer.pick", block_id="customer", value="a"
    )
    assert answer.body == '{"options": []}'
    answer = dispatch(bot, type="block_suggestion", user=user, action_id="gone", block_id="customer", value="a")
    assert answer.body == '{"options": []}'


def test_message_events_that_are_nobodys_words_are_left_out(bot: Bot) -> None:
    for extra in (
        {"bot_id": "B1"},
        {"subtype": "message_changed"},
        {"thread_ts": None},
        {"user": None},
        {},
    ):
        event = {"type": "message", "user": STRANGER, "channel": CHANNEL, "ts": "2.2", "thread_ts": "1.1", "text": "x"}
        assert dispatch(bot, type="event_callback", event_id="E1", event={**event, **extra}).status == 200
    assert members.resolve(bot.desk, "T0SANDBOX", STRANGER) is None


def test_profile_event_without_a_language_asks_slack_for_it(bot: Bot, sandbox: Sandbox) -> None:
    user = {"id": REP2, "name": "lin", "real_name": "林伟", "tz": "Asia/Shanghai"}
    assert (
        dispatch(bot, type="event_callback", event_id="E1", event={"type": "user_change", "user": user}).status == 200
    )
    bot.kit.drain()
    actor = members.resolve(bot.desk, "T0SANDBOX", REP2)
    assert actor is not None
    assert actor.locale == "zh-CN"
    for odd in ({**user, "id": STRANGER}, {}, "U9"):
        answer = dispatch(bot, type="event_callback", event_id="E2", event={"type": "user_change", "user": odd})
        assert answer.status == 200
    bot.kit.drain()
    assert members.resolve(bot.desk, "T0SANDBOX", STRANGER) is None


def test_enterprise_workspaces_are_kept_apart(bot: Bot) -> None:
    members.remember(bot.desk, "T0SANDBOX", Profile(STRANGER, "Grid"), enterprise_id="E1")
    assert members.resolve(bot.desk, "T0SANDBOX", STRANGER) is None
    call = Call(bot.kit, Surface.COMMAND, {"team_id": "T0SANDBOX", "enterprise_id": "E1", "user_id": STRANGER})
    assert call.by.name == "Grid"


def test_a_name_has_one_handler(bot: Bot) -> None:
    with pytest.raises(ValueError, match="/lead has a handler"):
        bot.kit.command("/lead", lambda _call: None)


def test_requests_of_slack_are_posts(web: Web) -> None:
    assert web.get("/slack/events").status_code == 405


def test_clock_of_the_machine_is_the_default(sqlite_url: str, clock: FakeClock) -> None:
    settings = Settings(_env_file=None, slack_bot_token=SecretStr("xoxb-1"), database_url=sqlite_url)
    bot = program.build(settings)
    assert bot.desk.now() > clock.now()
    bot.close()
