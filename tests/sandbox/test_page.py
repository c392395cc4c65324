"""What the page gets and does, as ``docs/sandbox.md`` has it."""

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import httpx
import pytest
import websockets
from slack_sdk import WebClient

from bot.clock import FakeClock
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.page_time import working_days_later
from tests.sandbox.bolt_app import HttpApp, card, make_app
from tests.sandbox.conftest import Connected, people


class Browser:
    """One person's page."""

    def __init__(self, sandbox: Sandbox, user: str) -> None:
        self.user = user
        self.client = httpx.Client(base_url=sandbox.page_url, params={"as": user}, timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, params=query or None).json()

    def act(self, **body: Any) -> Any:
        return self.client.post("ui/act", json=body).json()

    def state(self) -> Any:
        return self.get("ui/state")


@pytest.fixture
def lin(sandbox: Sandbox) -> Iterator[Browser]:
    with Browser(sandbox, "U1") as browser:
        yield browser


@pytest.fixture
def ann(sandbox: Sandbox) -> Iterator[Browser]:
    with Browser(sandbox, "U2") as browser:
        yield browser


def test_state_tells_what_a_person_may_see(sandbox: Sandbox, lin: Browser) -> None:
    sandbox.add_channel("G1", "secret", ["U2"], private=True)
    state = lin.state()
    assert state["me"]["locale"] == "zh-CN"
    assert {member["id"] for member in state["members"]} == {"U1", "U2", "U3", "UBOT"}
    kinds = {channel["id"]: channel["kind"] for channel in state["channels"]}
    assert kinds == {"C1": "channel", sandbox.dm("U1"): "app"}
    assert state["commands"][0] == {"command": "/lead", "description": "does it", "usage_hint": "[words]"}
    assert state["shortcuts"][1]["type"] == "message"
    assert state["app"] == {"name": "Closeloop", "bot_user": "UBOT"}
    assert state["clock"] == {"now": "2026-03-02T01:00:00Z", "movable": False, "busy": False}
    assert (state["views"], state["home"], state["tour"]) == ([], None, [])
    assert lin.client.get("ui/state", params={"as": "U0"}).json()["error"] == "user_not_found"


def test_saying_reading_and_unread(sandbox: Sandbox, lin: Browser, ann: Browser) -> None:
    said = lin.act(do="say", channel="C1", text="hello")
    assert said["ok"]
    lin.act(do="say", channel="C1", text="in a thread", thread_ts=said["ts"])
    file = {"name": "a.txt", "data": base64.b64encode(b"data").decode()}
    assert lin.act(do="say", channel="C1", text="", files=[file])["ok"]
    assert lin.act(do="say", channel="C1", text="", files=[{"name": "a"}])["error"] == "invalid_arguments"

    def unread(browser: Browser) -> int:
        return int(next(channel["unread"] for channel in browser.state()["channels"] if channel["id"] == "C1"))

    assert (unread(lin), unread(ann)) == (0, 2)
    messages = ann.get("ui/messages", channel="C1")["messages"]
    assert [message["text"] for message in messages] == ["hello", "in a thread", ""]
    assert (messages[0]["reply_count"], messages[2]["files"][0]["name"]) == (1, "a.txt")
    assert ann.client.get(messages[2]["files"][0]["url"]).content == b"data"
    thread = ann.get("ui/messages", channel="C1", thread=said["ts"])["messages"]
    assert [message["text"] for message in thread] == ["hello", "in a thread"]
    assert ann.act(do="read", channel="C1") == {"ok": True}
    assert unread(ann) == 0
    lin.act(do="say", channel="C1", text="again")
    sandbox.mark_all_read()
    assert unread(ann) == 0
    assert ann.get("ui/messages", channel="C2") == {"ok": False, "error": "not_in_channel"}


def test_direct_messages_between_people(sandbox: Sandbox, lin: Browser) -> None:
    opened = lin.act(do="open_dm", **{"with": "U2"})
    assert lin.act(do="say", channel=opened["channel"], text="just us")["ok"]
    shown = next(channel for channel in lin.state()["channels"] if channel["id"] == opened["channel"])
    assert (shown["kind"], shown["with"], shown["name"]) == ("dm", "U2", "Ann Lee")
    assert lin.act(do="open_dm", **{"with": "UBOT"})["channel"] == sandbox.dm("U1")
    client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
    response = client.conversations_list(types="im")
    assert opened["channel"] not in {channel["id"] for channel in response["channels"]}


def test_forms_through_the_page(connected: Connected, lin: Browser, ann: Browser) -> None:
    assert lin.act(do="command", channel="C1", command="/lead", text="")["ok"]
    view = lin.state()["views"][0]
    place = {"kind": "view", "view_id": view["id"]}
    offered = lin.client.post(
        "ui/options", json={"action_id": "customer", "block_id": "customer", "value": "ac", "view_id": view["id"]}
    ).json()
    assert [one["value"] for one in offered["options"]] == ["acme", "acorn"]
    short = lin.client.post("ui/options", json={"action_id": "customer", "value": "", "view_id": view["id"]}).json()
    assert short["error"] == "query_too_short"
    values = {
        "customer": {"customer": {"type": "external_select", "selected_option": offered["options"][0]}},
        "need": {"need": {"type": "plain_text_input", "value": "bad"}},
    }
    pressed = lin.act(
        do="action", container=place, state=values, action={"type": "button", "action_id": "more", "block_id": "note"}
    )
    assert pressed["ok"]
    refused = lin.act(do="submit", view_id=view["id"], state=values)
    assert refused == {"ok": False, "error": "errors", "errors": {"need": "Say more."}}
    assert lin.state()["views"][0]["errors"] == {"need": "Say more."}
    assert lin.state()["views"][0]["state"]["values"] == values
    assert lin.act(do="submit", view_id=view["id"], state={})["error"] == "incomplete"
    assert lin.act(do="close", view_id=view["id"], clear=False)["ok"]
    assert lin.act(do="submit", view_id=view["id"], state=values)["error"] == "not_found"
    assert ann.act(do="submit", view_id=view["id"])["error"] == "not_found"


def test_shortcuts_actions_and_home_through_the_page(connected: Connected, lin: Browser) -> None:
    sandbox = connected.sandbox
    said = lin.act(do="say", channel="C1", text="a need")
    assert lin.act(do="shortcut", callback_id="lead.from_message", channel="C1", ts=said["ts"])["ok"]
    assert lin.act(do="shortcut", callback_id="lead.new")["ok"]
    ts = lin.act(do="command", channel="C1", command="/say", text="public")["ts"]
    place = {"kind": "message", "channel": "C1", "ts": ts}
    action = {"type": "datepicker", "action_id": "day", "block_id": "row", "selected_date": "2026-03-03"}
    assert lin.act(do="action", container=place, action=action)["ok"]
    assert lin.act(do="action", container=place, action={"action_id": "gone"})["error"] == "no_such_element"
    assert lin.act(do="open_home")["ok"]
    assert sandbox.wait_until(lambda: lin.state()["home"])
    assert lin.act(do="dance")["error"] == "unknown_act"
    assert lin.act(do="command", channel="C1", command="/dance", text="")["error"] == "unknown_command"
    assert lin.client.post("ui/act", content=b"[]").json()["error"] == "invalid_json"
    assert lin.client.post("ui/act", content=b"{").json()["error"] == "invalid_json"


def test_the_page_says_when_nobody_answers(sandbox: Sandbox, lin: Browser) -> None:
    assert lin.act(do="command", channel="C1", command="/lead", text="") == {
        "ok": False,
        "error": "dispatch_failed",
        "errors": {},
    }


def test_live_changes_reach_only_who_may_see_them(sandbox: Sandbox, clock: FakeClock) -> None:
    client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
    address = sandbox.page_url.replace("http", "ws")

    async def watch() -> tuple[list[Any], list[Any]]:
        heard: dict[str, list[Any]] = {"U1": [], "U2": []}
        last: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with (
            websockets.connect(f"{address}ui/live?as=U1") as one,
            websockets.connect(f"{address}ui/live?as=U2") as two,
        ):

            async def listen(user: str, socket: Any) -> None:
                async for text in socket:
                    heard[user].append(json.loads(text))
                    if user == "U2" and heard[user][-1]["type"] == "home":
                        last.set_result(None)

            tasks = [asyncio.create_task(listen("U1", one)), asyncio.create_task(listen("U2", two))]
            await asyncio.to_thread(play)
            await asyncio.wait_for(last, 5)
            for task in tasks:
                task.cancel()
        return heard["U1"], heard["U2"]

    def play() -> None:
        ts = client.chat_postMessage(channel="C1", text="for all", blocks=card("x"))["ts"]
        client.chat_postMessage(channel="C1", text="reply", thread_ts=ts)
        client.chat_postEphemeral(channel="C1", user="U1", text="for one")
        client.chat_update(channel="C1", ts=ts, text="changed")
        client.chat_delete(channel="C1", ts=ts)
        sandbox.command("U1", "/lead")
        sandbox.add_channel("C5", "new", ["U1"])
        clock.advance(timedelta(hours=1))
        time.sleep(0.2)
        client.views_publish(user_id="U2", view={"type": "home", "blocks": card("x")})

    one, two = asyncio.run(watch())
    common = ["message", "message", "message_changed", "message_changed", "message_deleted", "channels", "clock"]
    assert [change["type"] for change in two] == [*common, "home"]
    assert [change["type"] for change in one] == [*common[:3], "message", *common[3:5], "notice", "channels", "clock"]
    assert one[3]["message"]["ephemeral"] is True


def test_strangers_are_not_served(sandbox: Sandbox, lin: Browser) -> None:
    assert lin.client.get("ui/state", headers={"Host": "evil.example"}).status_code == 403
    assert lin.client.post("ui/act", json={}, headers={"Origin": "https://evil.example"}).status_code == 403
    assert lin.client.get("ui/state", headers={"Origin": sandbox.page_url.rstrip("/")}).status_code == 200

    async def knock(query: str, origin: str | None = None) -> None:
        address = sandbox.page_url.replace("http", "ws")
        async with websockets.connect(f"{address}{query}", origin=origin):  # type: ignore[arg-type]
            pass

    for query, origin in (("ui/live?as=U1", "https://evil.example"), ("ui/live?as=U0", None), ("link?ticket=x", None)):
        with pytest.raises(websockets.exceptions.InvalidStatus, match="403"):
            asyncio.run(knock(query, origin))


def test_page_and_permalinks_are_the_same_document(lin: Browser) -> None:
    first, second = lin.client.get(""), lin.client.get("p/C1/1.2")
    assert (first.status_code, first.text) == (second.status_code, second.text)
    assert lin.client.get("page/absent.js").status_code == 404
    assert lin.client.get("files/F0").status_code == 404


# --- the clock


def test_clock_moves_on_as_the_page_wishes(clock: FakeClock) -> None:
    moved: list[datetime] = []

    def move(target: datetime) -> None:
        moved.append(target)
        clock.set(target)

    with Sandbox(SandboxSettings(), clock=clock, move_clock=move, tour=[{"title": {"en": "Hello"}}]) as sandbox:
        people(sandbox)
        browser = Browser(sandbox, "U1")
        browser.client.timeout = httpx.Timeout(20)
        assert browser.state()["tour"] == [{"title": {"en": "Hello"}}]
        assert browser.act(do="clock", hours=1)["clock"]["now"] == "2026-03-02T02:00:00Z"
        assert browser.act(do="clock", days=4)["ok"]
        assert browser.act(do="clock", working_days=1)["ok"]
        assert browser.act(do="clock", hours=-1)["error"] == "invalid_arguments"
        assert browser.act(do="clock")["error"] == "invalid_arguments"
        browser.client.close()
    start = datetime(2026, 3, 2, 1, tzinfo=UTC)
    assert moved == [start + timedelta(hours=1), start + timedelta(days=4, hours=1), start + timedelta(days=7, hours=1)]


def test_a_clock_that_stands_or_moves_already_is_left_alone(sandbox: Sandbox, lin: Browser) -> None:
    assert lin.act(do="clock", hours=1)["error"] == "clock_not_movable"
    sandbox._server.page_clock._move = lambda _: None
    sandbox._server.page_clock.busy = True
    assert lin.act(do="clock", hours=1)["error"] == "clock_busy"


def test_working_days_keep_the_local_time_over_a_change_of_the_clocks() -> None:
    friday = datetime(2026, 3, 27, 8, 30, tzinfo=UTC)  # 9:30 in Berlin, before summer time
    assert working_days_later(friday, 1, "Europe/Berlin") == datetime(2026, 3, 30, 7, 30, tzinfo=UTC)
    assert working_days_later(friday, 5, "UTC") == datetime(2026, 4, 3, 8, 30, tzinfo=UTC)


def test_the_page_shows_a_refusal_of_the_http_app(sandbox: Sandbox) -> None:
    app, _ = make_app(sandbox)
    running = HttpApp(app)
    sandbox.connect_http(running.start())
    sandbox.add_command("/unheard")
    answer = sandbox.command("U1", "/unheard")
    running.stop()
    assert (answer.ok, answer.error) == (False, "http_service_error")
    assert sandbox.command("U1", "/unheard").error == "dispatch_failed"
    sandbox.connect_http(None)
    assert sandbox.command("U1", "/unheard").error == "dispatch_failed"
