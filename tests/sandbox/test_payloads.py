"""The finer points of what the app is sent."""

from typing import Any

from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from bot.sandbox import Sandbox
from bot.sandbox.answers import Ack, Delivery
from bot.sandbox.signed_http import decode, encode
from bot.sandbox.socket_mode import Link, SocketHub
from tests.sandbox.bolt_app import card, plain
from tests.sandbox.conftest import Connected
from tests.sandbox.test_checks import asked
from tests.sandbox.test_forms import open_form


def test_ephemeral_messages_come_without_their_content(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel="C1", user="U1", text="x", blocks=card("x"))["message_ts"]
    payload = sandbox.click("U1", "C1", ts, "done").payload
    assert payload["container"]["is_ephemeral"] is True
    assert "message" not in payload
    assert sandbox.click("U2", "C1", ts, "done").error == "message_not_found"


def test_actions_in_a_thread_name_the_thread(sandbox: Sandbox, client: WebClient) -> None:
    parent = client.chat_postMessage(channel="C1", text="x")["ts"]
    ts = client.chat_postMessage(channel="C1", text="x", blocks=card("x"), thread_ts=parent)["ts"]
    payload = sandbox.click("U1", "C1", ts, "done").payload
    assert payload["container"]["thread_ts"] == parent
    suggestion = sandbox._server.wire.payloads.suggestion(
        "U1", sandbox._server.acts.places.message_place("U1", "C1", ts), "row", "x", "typed", {}
    )
    assert suggestion["message"]["ts"] == ts


def test_response_urls_of_a_form_lead_to_the_chosen_channel(sandbox: Sandbox, client: WebClient) -> None:
    select = {"type": "conversations_select", "action_id": "where", "response_url_enabled": True}
    open_form(sandbox, client, asked(select, block_id="where"), asked({"type": "plain_text_input"}, optional=True))
    answer = sandbox.submit("U1", {"where": "C1"})
    (url,) = answer.payload["response_urls"]
    assert (url["channel_id"], url["block_id"]) == ("C1", "where")
    assert sandbox.submit("U1", {"where": "C404"}).payload["response_urls"] == []


def test_text_of_a_command_is_escaped_as_slack_does_it(sandbox: Sandbox) -> None:
    typed = "<@U2> acme.com, a&b &amp; 1 < 2, mail bo@acme.com or https://acme.com/x. v1.2"
    assert sandbox.command("U1", "/lead", typed).payload["text"] == (
        "<@U2> <http://acme.com|acme.com>, a&amp;b &amp; 1 &lt; 2, "
        "mail <mailto:bo@acme.com|bo@acme.com> or <https://acme.com/x>. v1.2"
    )


def test_private_channels_and_dms_are_named_as_slack_names_them(sandbox: Sandbox) -> None:
    sandbox.add_channel("G1", "secret", ["U3"], private=True)
    assert sandbox.command("U3", "/lead", channel="G1").payload["channel_name"] == "privategroup"
    assert sandbox.command("U1", "/lead", channel=sandbox.dm("U1")).payload["channel_name"] == "directmessage"
    sandbox.add_member("U7")
    assert sandbox.command("U7", "/lead").payload["channel_id"] == sandbox.dm("U7")


def test_bodies_are_signed_and_encoded_as_slack_does(sandbox: Sandbox) -> None:
    wire = sandbox._server.wire
    sandbox.connect_http("http://127.0.0.1:9/slack/events?x=1")
    assert wire._url is not None
    for kind in ("slash_commands", "interactive", "events_api"):
        content_type, body = encode(Delivery(kind=kind, payload={"text": "你好", "type": "x"}))
        headers = wire._url._signed(body)
        verifier = SignatureVerifier(sandbox.settings.signing_secret)
        assert verifier.is_valid_request(body, headers)
        assert content_type == ("application/json" if kind == "events_api" else "application/x-www-form-urlencoded")
    assert decode("application/json", b"{") == "{"
    assert decode("text/plain", b"") is None


def test_acks_of_nothing_are_ignored() -> None:
    class Future:
        result: Any = None

        def done(self) -> bool:
            return self.result is not None

        def set_result(self, ack: Ack) -> None:
            self.result = ack

    waiting: Any = Future()
    link = Link(socket=None, waiting={"e1": waiting})  # type: ignore[arg-type]
    for text in ("{", "[]", '{"envelope_id": "other"}'):
        SocketHub._take_ack(link, text)
    assert waiting.result is None
    SocketHub._take_ack(link, '{"envelope_id": "e1", "payload": {"text": "x"}}')
    SocketHub._take_ack(link, '{"envelope_id": "e1"}')
    assert waiting.result == Ack(body={"text": "x"})


def test_events_not_subscribed_to_are_not_sent(connected: Connected) -> None:
    connected.sandbox.install({"settings": {"event_subscriptions": {"bot_events": ["message.im"]}}})
    assert connected.sandbox.say("U1", "C1", "unheard").deliveries == ()
    assert len(connected.sandbox.say("U1", connected.sandbox.dm("U1"), "heard").deliveries) == 1


def test_manifest_gives_commands_and_shortcuts(sandbox: Sandbox) -> None:
    sandbox.install(
        {
            "features": {
                "slash_commands": [{"command": "/opp", "description": "Find", "usage_hint": "[words]"}],
                "shortcuts": [{"name": "S", "callback_id": "s", "type": "message"}],
            }
        }
    )
    assert sandbox.command("U1", "/opp").error == "dispatch_failed"
    assert sandbox.command("U1", "/nope").error == "unknown_command"
    assert plain("x")["text"] == "x"
