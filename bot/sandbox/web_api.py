"""Owns the door of the Web API: tokens, scopes, faults, status codes, and the record of every call."""

import asyncio
import json
from typing import Any

from starlette.types import Receive, Scope, Send

from bot.sandbox import api_chat, api_conversations, api_files, api_people, api_views
from bot.sandbox.arguments import Args, read_body
from bot.sandbox.checks import check_message
from bot.sandbox.desk import METHODS, Desk, Method, RateLimited
from bot.sandbox.faults import Fault, Faults
from bot.sandbox.records import Call, without_token
from bot.sandbox.stacks import name_parts
from bot.sandbox.things import Json, Refusal

MODULES = (api_chat, api_conversations, api_files, api_people, api_views)
"""Importing them enters their methods into the list."""

_TOO_MANY = 429
_ERROR = 400


class WebApi:
    """An ASGI program for ``/api/<method>``, ``/response/<id>`` and ``/upload/<id>``.

    Args:
        desk: What the methods work on.
        faults: What may go wrong.
    """

    def __init__(self, desk: Desk, faults: Faults) -> None:
        self._desk = desk
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        _, _, rest = scope["path"].partition("/")
        face, _, name = rest.partition("/")
        headers = dict(scope["headers"])
        body = await _whole(receive)
        if scope["method"] not in {"POST", "GET"}:
            await _send(send, 405, b"", ())
            return
        content_type = headers.get(b"content-type", b"").decode("latin-1")
        bearer = headers.get(b"authorization", b"").decode("latin-1").removeprefix("Bearer ").strip()
        if scope["query_string"] and not body:
            body = scope["query_string"]
        label = name if face == "api" else "response_url" if face == "response" else "upload"
        args = self._read(label, content_type, body)
        fault = self._faults.take(label, args if isinstance(args, dict) else {})
        if fault is not None and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        if fault is not None and fault.hides_answer and not fault.after:
            await self._fail(send, fault, label, args, {})
            return
        status, answer, extra = self._carry_out(face, name, bearer, args, body)
        if fault is not None and fault.hides_answer:
            await self._fail(send, fault, label, args, answer)
            return
        self._remember(label, args, answer, status)
        if face == "api":
            await _send(send, status, json.dumps(answer, ensure_ascii=False).encode(), extra)
        else:
            plain = b"ok" if answer.get("ok") else json.dumps(answer).encode()
            await _send(send, status, plain, extra)

    def _read(self, label: str, content_type: str, body: bytes) -> Json | Refusal:
        if label == "upload":
            return {"bytes": len(body)}
        try:
            return read_body(content_type, body)
        except Refusal as refusal:
            return refusal

    def _carry_out(
        self, face: str, name: str, bearer: str, args: Json | Refusal, body: bytes
    ) -> tuple[int, Json, tuple[tuple[bytes, bytes], ...]]:
        """Do what is asked; gives status, answer and further headers."""
        try:
            if isinstance(args, Refusal):
                raise args
            with self._desk.world.lock:
                match face:
                    case "api":
                        return self._call(name, bearer or str(args.get("token") or ""), args)
                    case "response":
                        return self._respond(name, args)
                    case _:
                        wrong = api_files.receive_upload(self._desk, name, body)
                        return (_ERROR, {"ok": False, "error": wrong}, ()) if wrong else (200, {"ok": True}, ())
        except RateLimited as limited:
            wait = str(limited.retry_after_seconds).encode()
            return _TOO_MANY, {"ok": False, "error": limited.error}, ((b"retry-after", wait),)
        except Refusal as refusal:
            status = 404 if face == "response" else 200
            return status, {"ok": False, "error": refusal.error, **refusal.extra}, ()

    def _call(self, name: str, token: str, args: Json) -> tuple[int, Json, tuple[tuple[bytes, bytes], ...]]:
        found = METHODS.get(name)
        if found is None:
            raise Refusal("unknown_method", req_method=name)
        self._admit(found, token)
        answer = {"ok": True, **found.handler(self._desk, Args(args))}
        scopes = ",".join(sorted(self._desk.scopes)).encode()
        return 200, answer, ((b"x-oauth-scopes", scopes), (b"x-accepted-oauth-scopes", ",".join(found.scopes).encode()))

    def _admit(self, found: Method, token: str) -> None:
        settings = self._desk.settings
        if found.caller == "none":
            return
        if not token:
            raise Refusal("not_authed")
        if token not in {settings.bot_token, settings.app_token}:
            raise Refusal("invalid_auth")
        if token != (settings.app_token if found.caller == "app" else settings.bot_token):
            raise Refusal("not_allowed_token_type")
        if found.scopes and not self._desk.scopes.intersection(found.scopes):
            provided = ",".join(sorted(self._desk.scopes))
            raise Refusal("missing_scope", needed=found.scopes[0], provided=provided)

    def _respond(self, name: str, args: Json) -> tuple[int, Json, tuple[tuple[bytes, bytes], ...]]:
        desk = self._desk
        url = desk.response_urls.use(name)
        needs_content = not args.get("delete_original")
        desk.judge("response_url", check_message(args, needs_content=needs_content), args)
        name_parts(args.get("blocks") or [])
        desk.response_urls.answer(url.user, desk.world.channels[url.channel], args, url.origin)
        return 200, {"ok": True}, ()

    async def _fail(self, send: Send, fault: Fault, label: str, args: Json | Refusal, answer: Json) -> None:
        """Answer as the fault wants it."""
        status = 0 if fault.drop else fault.status or 200
        if status == _TOO_MANY:
            answer = answer or {"ok": False, "error": "ratelimited"}
        self._remember(label, args, answer or {"ok": False, "error": fault.error or "fault"}, status)
        if fault.drop:
            await _cut(send)
            return
        extra = ((b"retry-after", str(fault.retry_after_seconds).encode()),) if status == _TOO_MANY else ()
        error = "ratelimited" if status == _TOO_MANY else fault.error or "internal_error"
        await _send(send, status, json.dumps({"ok": False, "error": error}).encode(), extra)

    def _remember(self, label: str, args: Json | Refusal, answer: Json, status: int) -> None:
        known = {} if isinstance(args, Refusal) else without_token(args)
        self._desk.records.call(Call(method=label, args=known, answer=answer, status=status))


async def _whole(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    while message.get("more_body"):
        message = await receive()
        parts.append(message.get("body", b""))
    return b"".join(parts)


async def _send(send: Send, status: int, body: bytes, extra: tuple[tuple[bytes, bytes], ...]) -> None:
    kind = b"application/json; charset=utf-8" if body.startswith(b"{") else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _cut(send: Any) -> None:
    """Cut the connection without a word, as a failing network does.

    ASGI has no word for it, so this reaches for the transport under uvicorn's ``send``.
    """
    cycle = send.__self__
    cycle.transport.abort()
    while not cycle.disconnected:  # noqa: ASYNC110 - uvicorn sets a flag; it offers no event for it
        await asyncio.sleep(0)
