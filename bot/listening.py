"""Owns Bolt as this program uses it: no question to Slack before an answer, an id and a time for every request."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import logs
from bot.vitals import REQUEST_SECONDS

log = logging.getLogger(__name__)

_UNAUTHORIZED = 401
_KINDS = {
    "block_actions": "action",
    "block_suggestion": "options",
    "event_callback": "event",
    "message_action": "shortcut",
    "shortcut": "shortcut",
    "view_submission": "view",
}


class ListeningApp(App):
    """A Bolt app that gives each request an id, and tells how long it took."""

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Answer one request."""
        began = time.perf_counter()
        kind = _kind(req.body)
        with logs.work():
            answer = super().dispatch(req)
            seconds = time.perf_counter() - began
            if answer.status == _UNAUTHORIZED:
                log.warning("a request's signature is wrong: is SLACK_SIGNING_SECRET the app's present one?")
            log.info("%s answered %s in %d ms", kind, answer.status, seconds * 1000)
        REQUEST_SECONDS.labels(kind, str(answer.status)).observe(seconds)
        return answer


def _kind(body: dict[str, Any]) -> str:
    if "command" in body:
        return "command"
    return _KINDS.get(str(body.get("type")), "other")


def listening_app(*, token: str, signing_secret: str, base_url: str, executor: ThreadPoolExecutor) -> App:
    """Return the Bolt app, with no listener yet.

    Args:
        token: Bot token.
        signing_secret: Proves requests over HTTP; empty where only a socket is used.
        base_url: Address of the Web API, with a slash at its end.
        executor: Threads for what is done after the ack.
    """

    def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        # Bolt's default asks Slack (auth.test) before the first request is answered; the token is known here.
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=token)

    return ListeningApp(
        name="closeloop",
        process_before_response=True,
        signing_secret=signing_secret,
        authorize=authorize,
        client=WebClient(base_url=base_url),
        listener_executor=executor,
        # Messages of bots, ours among them, are left out by the handler that reads messages.
        ignoring_self_events_enabled=False,
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
