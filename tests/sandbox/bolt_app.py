"""A small Bolt app that uses every kind of answer, for the stand-in's own tests."""

import threading
from typing import Any

import uvicorn
from slack_bolt import Ack, App, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette import SlackRequestHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.sandbox import Sandbox
from tests.transports import hang_up

CUSTOMERS = ("Acme", "Acorn", "Globex", "华星科技")


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def option(text: str) -> dict[str, Any]:
    return {"text": plain(text), "value": text.lower()}


def lead_form(note: str = "Type.") -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "lead",
        "private_metadata": "kept",
        "notify_on_close": True,
        "title": plain("New lead"),
        "submit": plain("Save"),
        "close": plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "customer",
                "label": plain("Customer"),
                "element": {"type": "external_select", "action_id": "customer", "min_query_length": 1},
            },
            {
                "type": "input",
                "block_id": "need",
                "label": plain("Need"),
                "dispatch_action": True,
                "element": {"type": "plain_text_input", "action_id": "need", "max_length": 50},
            },
            {
                "type": "input",
                "block_id": "source",
                "optional": True,
                "label": plain("Source"),
                "element": {
                    "type": "static_select",
                    "action_id": "source",
                    "options": [option("Referral"), option("Event")],
                    "initial_option": option("Event"),
                },
            },
            {
                "type": "section",
                "block_id": "note",
                "text": plain(note),
                "accessory": {"type": "button", "action_id": "more", "text": plain("More")},
            },
        ],
    }


def small_form(title: str) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "small",
        "title": plain(title),
        "blocks": [{"type": "section", "text": plain(title)}],
    }


def card(text: str) -> list[dict[str, Any]]:
    buttons = [
        {"type": "button", "action_id": "done", "text": plain(name), "value": name.lower()}
        for name in ("First", "Second")
    ]
    menu = {"type": "overflow", "action_id": "menu", "options": [option("Snooze"), option("Lost")]}
    return [
        {"type": "section", "block_id": "head", "text": {"type": "mrkdwn", "text": text}},
        {
            "type": "actions",
            "block_id": "row",
            "elements": [
                buttons[0],
                {**buttons[1], "action_id": "second"},
                menu,
                {"type": "datepicker", "action_id": "day"},
            ],
        },
    ]


class Heard:
    """What the app was told, for the tests to look at."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, dict[str, Any]]] = []
        self.retries: list[str | None] = []
        self.fail_events = 0
        self.slow = threading.Event()

    def of(self, name: str) -> list[dict[str, Any]]:
        return [body for kind, body in self.bodies if kind == name]


def make_app(sandbox: Sandbox) -> tuple[App, Heard]:
    heard = Heard()
    client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
    app = App(client=client, signing_secret=sandbox.settings.signing_secret, process_before_response=True)
    for listen in (hear_commands, hear_typing, hear_forms, hear_actions, hear_shortcuts, hear_events):
        listen(app, heard)

    @app.error
    def failed(error: Exception) -> BoltResponse:
        return BoltResponse(status=500, body="")

    return app, heard


def hear_commands(app: App, heard: Heard) -> None:
    @app.command("/lead")
    def lead(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        heard.bodies.append(("command", body))
        client.views_open(trigger_id=body["trigger_id"], view=lead_form())

    @app.command("/say")
    def say(ack: Ack, body: dict[str, Any]) -> None:
        heard.bodies.append(("command", body))
        if body["text"] == "public":
            ack({"response_type": "in_channel", "text": "for all", "blocks": card("for all")})
        elif body["text"] == "long":
            ack(text="long", blocks=[{"type": "header", "text": plain("x" * 151)}])
        elif body["text"] == "slow":
            heard.slow.wait(5)
            ack()
        elif body["text"]:
            ack(f"you said {body['text']}")
        else:
            ack()


def hear_typing(app: App, heard: Heard) -> None:
    @app.options("customer")
    def customers(ack: Ack, body: dict[str, Any]) -> None:
        heard.bodies.append(("options", body))
        typed = body["value"].lower()
        if typed == "toomany":
            ack(options=[option(f"n{number}") for number in range(101)])
        elif typed == "groups":
            ack(option_groups=[{"label": plain("Known"), "options": [option("Acme")]}])
        else:
            ack(options=[option(name) for name in CUSTOMERS if name.lower().startswith(typed)])


def hear_forms(app: App, heard: Heard) -> None:
    @app.view("lead")
    def submitted(ack: Ack, body: dict[str, Any]) -> None:
        heard.bodies.append(("view", body))
        need = body["view"]["state"]["values"]["need"]["need"]["value"]
        answers: dict[str, dict[str, Any]] = {
            "bad": {"response_action": "errors", "errors": {"need": "Say more."}},
            "misplaced": {"response_action": "errors", "errors": {"nowhere": "?"}},
            "update": {"response_action": "update", "view": small_form("Saved")},
            "push": {"response_action": "push", "view": small_form("More")},
            "clear": {"response_action": "clear"},
        }
        ack(**answers.get(need, {}))

    @app.view_closed("lead")
    def closed(ack: Ack, body: dict[str, Any]) -> None:
        heard.bodies.append(("closed", body))
        ack()


def hear_actions(app: App, heard: Heard) -> None:
    @app.action("more")
    def more(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        heard.bodies.append(("action", body))
        client.views_update(view_id=body["view"]["id"], hash=body["view"]["hash"], view=lead_form("Updated."))

    @app.action("need")
    @app.action("menu")
    @app.action("day")
    @app.action("second")
    @app.action("home")
    def acted(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        heard.bodies.append(("action", body))

    @app.action("done")
    def done(ack: Ack, body: dict[str, Any], respond: Any) -> None:
        ack()
        heard.bodies.append(("action", body))
        respond(text="done", replace_original=True)


def hear_shortcuts(app: App, heard: Heard) -> None:
    @app.shortcut("lead.new")
    def shortcut(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        heard.bodies.append(("shortcut", body))
        client.views_open(trigger_id=body["trigger_id"], view=lead_form())

    @app.shortcut("lead.from_message")
    def from_message(ack: Ack, body: dict[str, Any]) -> None:
        ack()
        heard.bodies.append(("shortcut", body))


def hear_events(app: App, heard: Heard) -> None:
    @app.event("app_home_opened")
    def home(body: dict[str, Any], event: dict[str, Any], client: WebClient) -> None:
        heard.bodies.append(("event", body))
        button = {"type": "button", "action_id": "home", "text": plain("Act"), "value": "v"}
        blocks = [{"type": "actions", "block_id": "home", "elements": [button]}]
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.event("message")
    @app.event("app_mention")
    @app.event("team_join")
    @app.event("user_change")
    @app.event("member_joined_channel")
    def event(body: dict[str, Any], request: Any) -> None:
        heard.bodies.append(("event", body))
        number = (request.headers.get("x-slack-retry-num") or ["0"])[0]
        heard.retries.append(None if number == "0" else number)  # Socket Mode counts from 0, HTTP says nothing at first
        if heard.fail_events > 0:
            heard.fail_events -= 1
            raise RuntimeError("the app fails on purpose")


def web_program(app: App) -> Starlette:
    """Return what takes the requests of a Bolt app over HTTP."""
    handler = SlackRequestHandler(app)

    async def endpoint(request: Request) -> Response:
        return await handler.handle(request)

    return Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])])


class HttpApp:
    """Serves a Bolt app over HTTP on a thread of its own."""

    def __init__(self, app: App) -> None:
        config = uvicorn.Config(web_program(app), host="127.0.0.1", port=0, log_config=None, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> str:
        self._thread.start()
        Sandbox.wait_until(lambda: self._server.started)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/slack/events"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)


class SocketApp:
    """Serves a Bolt app over Socket Mode."""

    def __init__(self, app: App, sandbox: Sandbox) -> None:
        self.handler: Any = SocketModeHandler(app, sandbox.settings.app_token)

    def start(self) -> None:
        self.handler.connect()

    def stop(self) -> None:
        hang_up(self.handler)
