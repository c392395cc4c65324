"""A Bolt app that does nothing but ack, served exactly as the bot is: the floor of every request.

Beside it stands a Slack that takes everything at once, for what the bot sends after its acks: run as
``python -m bench.bare_bolt PORT SECRET``.
"""

import asyncio
import itertools
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_ANY = re.compile("")
_THREADS = 10


def bare_app(secret: str, port: int) -> App:
    """Return the app, with the bot's own options."""
    app = App(
        process_before_response=True,
        signing_secret=secret,
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-bare"
        ),
        client=WebClient(base_url=f"http://127.0.0.1:{port}/api/"),
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )

    def on_anything(ack: Ack) -> None:
        ack()

    app.command(_ANY)(on_anything)
    app.action(_ANY)(on_anything)
    app.view(_ANY)(on_anything)
    return app


def web(app: App) -> Starlette:
    """Return the web application: signed requests, state of health, and the Slack that takes everything."""
    threads = ThreadPoolExecutor(_THREADS)
    numbers = itertools.count(1)

    async def events(request: Request) -> Response:
        body = (await request.body()).decode()
        asked = BoltRequest(body=body, query=dict(request.query_params), headers=dict(request.headers))
        answer = await asyncio.get_running_loop().run_in_executor(threads, app.dispatch, asked)
        headers = {name: str(values[0]) for name, values in answer.headers.items() if values}
        return Response(answer.body, status_code=answer.status, headers=headers)

    async def healthz(_request: Request) -> Response:
        return Response("ok")

    async def slack(request: Request) -> Response:
        await request.body()
        number = next(numbers)
        view = {"id": f"V{number}", "hash": f"{number}.hash"}
        return JSONResponse({"ok": True, "ts": f"{number}.0", "channel": {"id": f"D{number}"}, "view": view})

    return Starlette(
        routes=[
            Route("/slack/events", events, methods=["POST"]),
            Route("/healthz", healthz),
            Route("/api/{method}", slack, methods=["GET", "POST"]),
        ]
    )


def main(port: int, secret: str) -> None:
    """Serve until stopped."""
    uvicorn.run(web(bare_app(secret, port)), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
