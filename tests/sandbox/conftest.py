"""Fixtures: a stand-in with three people, and a Bolt app connected to it over either transport."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from slack_sdk import WebClient

from bot.clock import FakeClock
from bot.sandbox import Sandbox, SandboxSettings
from tests.conftest import Closing
from tests.sandbox.bolt_app import Heard, SocketApp, make_app, web_program
from tests.transports import Front


def people(sandbox: Sandbox) -> None:
    sandbox.add_member("U1", "lin", real_name="Lin Wei", locale="zh-CN", zone="Asia/Shanghai", email="lin@example.com")
    sandbox.add_member("U2", "ann", real_name="Ann Lee", role="manager", is_admin=True)
    sandbox.add_member("U3", "bob", role="specialist")
    sandbox.add_channel("C1", "sales", ["U1", "U2"])
    sandbox.add_channel("C2", "elsewhere", ["U3"], app_in=False)
    for command in ("/lead", "/say"):
        sandbox.add_command(command, "does it", "[words]")
    sandbox.add_shortcut("New lead", "lead.new")
    sandbox.add_shortcut("Make it a lead", "lead.from_message", "message")


@pytest.fixture
def sandbox(clock: FakeClock, closing: Closing) -> Iterator[Sandbox]:
    """A running stand-in without a limit of messages."""
    settings = SandboxSettings(messages_per_second=None, ack_seconds=1.0, event_retry_seconds=(0.0, 0.05, 0.1))
    with closing(Sandbox(settings, clock=clock)) as running:
        people(running)
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> WebClient:
    return WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)


@dataclass
class Connected:
    sandbox: Sandbox
    heard: Heard
    transport: str

    def top(self, user: str = "U1") -> dict[str, Any]:
        """The open form of a person."""
        view = self.sandbox.view(user)
        assert view is not None
        return view


@pytest.fixture(params=["socket", "http"])
def connected(request: pytest.FixtureRequest, sandbox: Sandbox, front: Front) -> Iterator[Connected]:
    """The Bolt app, connected over Socket Mode and then over signed HTTP."""
    app, heard = make_app(sandbox)
    if request.param == "http":
        with front.serving(web_program(app)) as address:
            sandbox.connect_http(address)
            yield Connected(sandbox, heard, request.param)
        return
    running = SocketApp(app, sandbox)
    running.start()
    sandbox.wait_connected()
    yield Connected(sandbox, heard, request.param)
    running.stop()
