"""A Bolt app that does nothing but ack, served exactly as the bot is: the floor of every request."""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from slack_bolt import Ack, App, BoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def main(port: int, secret: str, api_url: str) -> None:
    app = App(
        process_before_response=True,
        signing_secret=secret,
        authorize=lambda enterprise_id, team_id: AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-bare"),
        client=WebClient(base_url=api_url),
    )

    @app.view("lead.capture")
    def _view(ack: Ack) -> None:
        ack(response_action="clear")

    @app.command("/pipeline")
    def _command(ack: Ack) -> None:
        ack("ok")

    @app.action("history.open")
    def _action(ack: Ack) -> None:
        ack()

    threads = ThreadPoolExecutor(10)

    async def events(request: Request) -> Response:
        asked = BoltRequest(body=(await request.body()).decode(), headers=dict(request.headers))
        answer = await asyncio.get_running_loop().run_in_executor(threads, app.dispatch, asked)
        return Response(answer.body, status_code=answer.status)

    async def healthz(_request: Request) -> Response:
        return Response("ok")

    routes = [Route("/slack/events", events, methods=["POST"]), Route("/healthz", healthz)]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
