"""Owns the page's side of the server: what ``docs/sandbox.md`` fixes."""

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from bot.sandbox.acts import Acts
from bot.sandbox.answers import Answer
from bot.sandbox.desk import Desk
from bot.sandbox.live import Live
from bot.sandbox.page_acts import PageActs
from bot.sandbox.page_time import PageClock
from bot.sandbox.socket_mode import SocketHub
from bot.sandbox.things import Channel, Json, Member, Refusal

PAGE = Path(__file__).parent / "page"
LATEST = 200


class SameSite:
    """Lets in only requests that this machine's own page makes, so that no foreign site reaches it by its name.

    Args:
        app: The program behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        if scope["type"] == "lifespan" or self._is_own(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4003})
        else:
            await PlainTextResponse("This page answers to 127.0.0.1 only.", 403)(scope, receive, send)

    @staticmethod
    def _is_own(scope: Scope) -> bool:
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        port = scope["server"][1]
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = headers.get(b"origin")
        return headers.get(b"host") in hosts and (origin is None or origin.removeprefix("http://") in hosts)


class Page:
    """The page's routes.

    Args:
        desk: The workspace.
        acts: What people do.
        live: The pages that watch.
        clock: The clock on the page.
        hub: Socket Mode, served beside the page.
    """

    def __init__(self, desk: Desk, acts: Acts, live: Live, clock: PageClock, hub: SocketHub) -> None:
        self._desk = desk
        self._acts = acts
        self._live = live
        self._clock = clock
        self._hub = hub
        self.page_acts = PageActs(desk, acts, clock)
        self.tour: tuple[Json, ...] = ()

    def app(self) -> Starlette:
        """Give the ASGI program."""
        own: list[Any] = [
            Route("/", self._index),
            Route("/p/{channel}/{ts}", self._index),
            Route("/files/{file_id}", self._file),
            Route("/ui/state", self._state),
            Route("/ui/messages", self._messages),
            Route("/ui/act", self._act, methods=["POST"]),
            Route("/ui/options", self._options, methods=["POST"]),
            WebSocketRoute("/ui/live", self._watch),
            Mount("/page", StaticFiles(directory=PAGE, check_dir=False)),
        ]
        inner = Starlette(routes=own, exception_handlers={Refusal: _refused})
        return Starlette(routes=[WebSocketRoute("/link", self._hub.serve), Mount("/", SameSite(inner))])

    def _who(self, values: Any) -> Member:
        return self._desk.world.person(values.get("as", ""))

    # --- reading

    async def _index(self, _request: Request) -> Response:
        index = PAGE / "index.html"
        return FileResponse(index) if index.exists() else PlainTextResponse("The page is not built.", 404)

    async def _file(self, request: Request) -> Response:
        stored = self._desk.world.files.get(request.path_params["file_id"])
        if stored is None or stored.data is None:
            return PlainTextResponse("There is no such file.", 404)
        # What people upload must not run as a page of ours.
        headers = {"content-security-policy": "sandbox", "x-content-type-options": "nosniff"}
        return Response(stored.data, media_type=stored.mimetype, headers=headers)

    async def _state(self, request: Request) -> Response:
        me = self._who(request.query_params)
        world, stacks, settings = self._desk.world, self._desk.stacks, self._desk.settings
        home = stacks.home(me.id)
        return JSONResponse(
            {
                "me": member_shown(me),
                "members": [member_shown(one) for one in list(world.members.values())],
                "channels": [self._channel(one, me.id) for one in world.visible_channels(me.id)],
                "commands": list(world.commands.values()),
                "shortcuts": world.shortcuts,
                "app": {"name": settings.app_name, "bot_user": settings.bot_user},
                "clock": self._clock.shown(),
                "views": [stacks.shown(view) for view in stacks.stack(me.id)],
                "home": stacks.shown(home) if home else None,
                "tour": list(self.tour),
            }
        )

    def _channel(self, channel: Channel, user: str) -> Json:
        shown: Json = {
            "id": channel.id,
            "name": channel.name,
            "kind": channel.kind,
            "private": channel.private,
            "members": list(channel.members),
            "unread": self._desk.world.unread(channel, user),
        }
        if channel.kind != "channel":
            other = next((one for one in channel.members if one != user), user)
            shown |= {"with": other, "name": self._desk.world.members[other].real_name}
        return shown

    async def _messages(self, request: Request) -> Response:
        me = self._who(request.query_params)
        world = self._desk.world
        channel = self._acts.places.channel_of(me.id, request.query_params.get("channel", ""))
        posts = world.seen(channel, me.id, request.query_params.get("thread"))
        return JSONResponse({"messages": [world.shown(post) for post in posts[-LATEST:]]})

    async def _watch(self, socket: WebSocket) -> None:
        user = socket.query_params.get("as", "")
        if user not in self._desk.world.members:
            await socket.close(4004)
            return
        await self._live.serve(socket, user)

    # --- acting

    async def _act(self, request: Request) -> Response:
        me = self._who(request.query_params)
        answer = await self.page_acts.do(me, await _json(request))
        return JSONResponse(answer if isinstance(answer, dict) else answer_shown(answer))

    async def _options(self, request: Request) -> Response:
        me = self._who(request.query_params)
        body = await _json(request)
        kind = "view" if body.get("view_id") else "message"
        place = self.page_acts.place(me.id, {**body, "kind": kind})
        answer = await self._acts.actions.options(
            me.id, place, body.get("action_id", ""), body.get("block_id"), body.get("value", "")
        )
        shown = {"options": answer.options, "option_groups": answer.option_groups}
        return JSONResponse(shown if answer.ok else {**shown, "ok": False, "error": answer.error})


def member_shown(member: Member) -> Json:
    """Give a person as the page shows them."""
    return {
        "id": member.id,
        "name": member.name,
        "real_name": member.real_name,
        "title": member.title,
        "role": member.role,
        "zone": member.zone,
        "locale": member.locale,
        "is_bot": member.is_bot,
        "is_admin": member.is_admin,
        "deleted": member.deleted,
        "color": member.color,
    }


def answer_shown(answer: Answer) -> Json:
    """Give an answer as the page is given it."""
    if answer.ok:
        return {"ok": True, "ts": answer.ts} if answer.ts else {"ok": True}
    return {"ok": False, "error": answer.error, "errors": answer.errors}


async def _json(request: Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal("invalid_json")
    return body


async def _refused(_request: Request, error: Exception) -> Response:
    refusal = error if isinstance(error, Refusal) else Refusal("internal_error")
    return JSONResponse({"ok": False, "error": refusal.error, **refusal.extra})
