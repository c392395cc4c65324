"""The Web API as slack_sdk's client sees it."""

import json
import time
import urllib.request
from datetime import timedelta
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from bot.clock import FakeClock
from bot.sandbox import Fault, Sandbox, SandboxSettings
from tests.sandbox.bolt_app import lead_form, plain, small_form
from tests.sandbox.conftest import people

SECTION = [{"type": "section", "text": plain("hi")}]


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    return str(caught.value.response["error"])


def post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request) as response:
        return response.status, json.loads(response.read())


def test_tokens_are_looked_at(sandbox: Sandbox, client: WebClient) -> None:
    assert refusal(WebClient(token="xoxb-other", base_url=sandbox.base_url).auth_test) == "invalid_auth"
    assert refusal(WebClient(base_url=sandbox.base_url).auth_test) == "not_authed"
    assert (
        refusal(WebClient(token=sandbox.settings.app_token, base_url=sandbox.base_url).auth_test)
        == "not_allowed_token_type"
    )
    answer = client.auth_test()
    assert answer["user_id"] == sandbox.settings.bot_user
    assert "chat:write" in answer.headers["x-oauth-scopes"]
    assert client.api_test(foo="1")["args"]["foo"] == "1"
    assert refusal(client.api_test, error="bad") == "bad"


def test_form_json_query_and_token_in_the_body_are_read(sandbox: Sandbox) -> None:
    token = sandbox.settings.bot_token
    url = f"{sandbox.base_url}auth.test"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    bearer = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert post(url, f"token={token}".encode(), form)[1]["ok"]
    assert post(url, b"{}", bearer)[1]["ok"]
    assert post(url, b"{", bearer)[1]["error"] == "invalid_json"
    assert post(url, b"[]", bearer)[1]["error"] == "json_not_object"
    with urllib.request.urlopen(f"{sandbox.base_url}api.test?x=1") as answer:
        assert json.loads(answer.read())["args"] == {"x": "1"}
    with pytest.raises(HTTPError, match="405"):
        urllib.request.urlopen(urllib.request.Request(url, method="PUT"))


def test_unknown_methods_and_missing_scopes_are_told(sandbox: Sandbox, client: WebClient) -> None:
    assert refusal(client.api_call, api_method="chat.shout") == "unknown_method"
    sandbox.install({"oauth_config": {"scopes": {"bot": ["commands"]}}})
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="x")
    assert caught.value.response["error"] == "missing_scope"
    assert caught.value.response["needed"] == "chat:write"


def test_messages_are_posted_changed_and_deleted(sandbox: Sandbox, client: WebClient) -> None:
    first = client.chat_postMessage(
        channel="C1", text="one", blocks=SECTION, metadata={"event_type": "e", "event_payload": {"id": 1}}
    )
    second = client.chat_postMessage(channel="#sales", text="two", thread_ts=first["ts"])
    assert second["ts"] > first["ts"]
    assert first["message"]["blocks"][0]["block_id"]
    assert client.chat_getPermalink(channel="C1", message_ts=first["ts"])["permalink"].endswith(f"/p/C1/{first['ts']}")

    changed = client.chat_update(channel="C1", ts=first["ts"], text="one!")
    assert "blocks" not in changed["message"]
    assert changed["message"]["edited"]["user"] == sandbox.settings.bot_user
    again = client.chat_update(channel="C1", ts=first["ts"], text="one", blocks=SECTION)
    assert again["message"]["blocks"][0]["type"] == "section"

    parent = sandbox.messages("C1")[0]
    assert (parent["reply_count"], parent["latest_reply"]) == (1, second["ts"])
    client.chat_delete(channel="C1", ts=second["ts"])
    assert [message["text"] for message in sandbox.messages("C1")] == ["one"]


def test_messages_to_nobody_or_of_nothing_are_refused(sandbox: Sandbox, client: WebClient) -> None:
    said = sandbox.say("U1", "C1", "mine").ts
    send = client.chat_postMessage
    assert refusal(send, channel="C9", text="x") == "channel_not_found"
    assert refusal(send, channel="C2", text="x") == "not_in_channel"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": "C1"}) == "no_text"
    assert refusal(send, channel="C1", text="x", thread_ts="1.2") == "thread_not_found"
    assert refusal(send, channel=sandbox.settings.bot_user, text="x") == "cannot_dm_bot"
    assert refusal(client.chat_update, channel="C1", ts="1.2", text="x") == "message_not_found"
    assert refusal(client.chat_update, channel="C1", ts=said, text="x") == "cant_update_message"
    assert refusal(client.chat_delete, channel="C1", ts=said) == "cant_delete_message"
    assert refusal(client.chat_update, channel="C9", ts=said, text="x") == "channel_not_found"
    assert refusal(send, channel="C1", text="x", blocks="[") == "invalid_blocks_format"
    assert refusal(send, channel="C1", text="x", metadata={"event_type": 1}) == "invalid_metadata_format"
    sandbox.deactivate_member("U3")
    assert refusal(send, channel="U3", text="x") == "user_disabled"
    assert refusal(client.conversations_open, users="U3") == "user_disabled"


def test_invalid_blocks_say_what_and_where(sandbox: Sandbox, client: WebClient) -> None:
    blocks = [{"type": "header", "text": plain("x" * 151)}]
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="x", blocks=blocks)
    assert caught.value.response["error"] == "invalid_blocks"
    expected = "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    assert caught.value.response["response_metadata"]["messages"] == [expected]
    assert sandbox.violations[0].messages == (expected,)


def test_blocks_without_text_are_sent_but_recorded(sandbox: Sandbox, client: WebClient) -> None:
    answer = client.api_call("chat.postMessage", json={"channel": "C1", "text": " ", "blocks": SECTION})
    assert answer["warning"] == "missing_text_in_message"
    assert [violation.error for violation in sandbox.violations] == ["missing_text"]


def test_ephemeral_messages_are_for_one_member_of_the_channel(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postEphemeral(channel="C1", user="U1", text="psst")["message_ts"]
    assert sandbox.messages("C1", "U2") == []
    assert sandbox.messages("C1", "U1")[0]["ephemeral"] is True
    assert client.conversations_history(channel="C1")["messages"] == []
    assert refusal(client.chat_update, channel="C1", ts=ts, text="x") == "message_not_found"
    assert refusal(client.chat_postEphemeral, channel="C1", user="U3", text="x") == "user_not_in_channel"
    thread = client.chat_postMessage(channel="C1", text="t")["ts"]
    client.chat_postEphemeral(channel="C1", user="U1", text="in it", thread_ts=thread)
    assert sandbox.messages("C1", "U1", thread)[-1]["text"] == "in it"


def test_one_message_a_second_in_real_time(clock: FakeClock) -> None:
    with Sandbox(SandboxSettings(), clock=clock) as sandbox:
        people(sandbox)
        client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
        client.chat_postMessage(channel="C1", text="1")
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel="C1", text="2")
        assert caught.value.response.status_code == 429
        assert caught.value.response.headers["Retry-After"] == "1"
        client.chat_postMessage(channel="U1", text="elsewhere")
        client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
        start = time.monotonic()
        client.chat_postMessage(channel="C1", text="3")
        assert time.monotonic() - start > 0.5
        assert [call.status for call in sandbox.calls_of("chat.postMessage")] == [200, 429, 200, 429, 200]


def test_one_message_a_second_on_the_business_clock(clock: FakeClock) -> None:
    with Sandbox(SandboxSettings(rate_clock="business", message_burst=2), clock=clock) as sandbox:
        people(sandbox)
        client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
        client.chat_postMessage(channel="C1", text="1")
        client.chat_postMessage(channel="C1", text="2")
        assert refusal(client.chat_postMessage, channel="C1", text="3") == "ratelimited"
        clock.advance(timedelta(seconds=1))
        client.chat_postMessage(channel="C1", text="4")


def test_scheduled_messages_come_at_the_business_time(sandbox: Sandbox, client: WebClient, clock: FakeClock) -> None:
    at = int(clock.now().timestamp()) + 3600
    client.chat_scheduleMessage(channel="C1", text="later", post_at=at)
    gone = client.chat_scheduleMessage(channel="C1", text="never", post_at=at)["scheduled_message_id"]
    metadata = {"event_type": "e", "event_payload": {}}
    client.chat_scheduleMessage(channel="C1", text="lost, as with Slack", post_at=at, metadata=metadata)
    client.chat_deleteScheduledMessage(channel="C1", scheduled_message_id=gone)
    assert (
        refusal(client.chat_deleteScheduledMessage, channel="C1", scheduled_message_id=gone)
        == "invalid_scheduled_message_id"
    )
    assert refusal(client.chat_scheduleMessage, channel="C1", text="x", post_at=at - 7200) == "time_in_past"
    assert refusal(client.chat_scheduleMessage, channel="C1", text="x", post_at=at + 200 * 86_400) == "time_too_far"
    assert refusal(client.chat_scheduleMessage, channel="C1", text="x", post_at="soon") == "invalid_arguments"
    assert sandbox.send_scheduled() == 0
    clock.advance(timedelta(hours=2))
    assert sandbox.wait_until(lambda: sandbox.messages("C1"))
    assert [message["text"] for message in sandbox.messages("C1")] == ["later"]


def test_people_and_team_are_described(sandbox: Sandbox, client: WebClient) -> None:
    user = client.users_info(user="U1", include_locale=True)["user"]
    assert (user["locale"], user["tz"], user["tz_offset"], user["profile"]["email"]) == (
        "zh-CN",
        "Asia/Shanghai",
        28_800,
        "lin@example.com",
    )
    assert "locale" not in client.users_info(user="U1")["user"]
    assert client.users_lookupByEmail(email="LIN@example.com")["user"]["id"] == "U1"
    assert refusal(client.users_lookupByEmail, email="no@example.com") == "users_not_found"
    assert refusal(client.users_info, user="U0") == "user_not_found"
    assert client.users_profile_get(user="U2")["profile"]["real_name"] == "Ann Lee"
    pages = [page["members"] for page in client.users_list(limit=3)]
    assert [len(page) for page in pages] == [3, 1]
    assert refusal(client.users_list, cursor="?") == "invalid_cursor"
    assert client.team_info()["team"]["id"] == sandbox.settings.team_id
    assert client.bots_info(bot=sandbox.settings.bot_id)["bot"]["user_id"] == sandbox.settings.bot_user
    assert refusal(client.bots_info, bot="B9") == "bot_not_found"


def test_channels_are_described_joined_and_read(sandbox: Sandbox, client: WebClient, clock: FakeClock) -> None:
    sandbox.add_channel("G1", "secret", ["U1"], private=True, app_in=False)
    sandbox.add_channel("G2", "shared", ["U1"], private=True)
    assert refusal(client.conversations_info, channel="G1") == "channel_not_found"
    assert refusal(client.chat_postMessage, channel="G1", text="x") == "channel_not_found"
    assert client.conversations_info(channel="G2")["channel"]["is_private"] is True
    assert [one["id"] for one in client.conversations_list()["channels"]] == ["C1", "C2"]
    listed = client.conversations_list(types="private_channel,im")["channels"]
    assert [one["id"] for one in listed if not one["is_im"]] == ["G2"]
    assert refusal(client.conversations_history, channel="C2") == "not_in_channel"
    assert client.conversations_join(channel="C2")["channel"]["is_member"] is True
    assert client.conversations_join(channel="C2")["channel"]["num_members"] == 2
    assert refusal(client.conversations_join, channel="G2") == "method_not_supported_for_channel_type"
    assert set(client.conversations_members(channel="C1")["members"]) == {"U1", "U2", sandbox.settings.bot_user}
    dm = client.conversations_open(users="U1", return_im=True)["channel"]
    assert (dm["id"], dm["user"]) == (sandbox.dm("U1"), "U1")
    assert client.conversations_open(users=["U1"])["channel"] == {"id": dm["id"]}
    assert client.conversations_open(channel=dm["id"])["channel"]["is_im"] is True
    assert refusal(client.conversations_open, users="U1,U2") == "too_many_users"
    assert refusal(client.conversations_open, users=sandbox.settings.bot_user) == "cannot_dm_bot"


def test_history_and_threads_are_read_back(sandbox: Sandbox, client: WebClient) -> None:
    first = client.chat_postMessage(channel="C1", text="a", metadata={"event_type": "e", "event_payload": {"id": 1}})
    client.chat_postMessage(channel="C1", text="b")
    reply = client.chat_postMessage(channel="C1", text="c", thread_ts=first["ts"])
    history = client.conversations_history(channel="C1")
    assert [message["text"] for message in history["messages"]] == ["b", "a"]
    assert "metadata" not in history["messages"][1]
    full = client.conversations_history(channel="C1", include_all_metadata=True, latest=first["ts"], inclusive=True)
    assert [message["metadata"]["event_payload"] for message in full["messages"]] == [{"id": 1}]
    assert client.conversations_history(channel="C1", limit=1)["has_more"] is True
    replies = client.conversations_replies(channel="C1", ts=first["ts"])["messages"]
    assert [message["ts"] for message in replies] == [first["ts"], reply["ts"]]
    assert refusal(client.conversations_replies, channel="C1", ts="1.2") == "thread_not_found"


def test_files_are_announced_uploaded_and_shared(sandbox: Sandbox, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="chart")["ts"]
    answer = client.files_upload_v2(
        content=b"\x89PNG", filename="chart.png", title="Chart", channel="C1", thread_ts=ts, initial_comment="Here"
    )
    file_id = answer["file"]["id"]
    assert sandbox.file_bytes(file_id) == b"\x89PNG"
    shared = sandbox.messages("C1", thread_ts=ts)[-1]
    assert (shared["text"], shared["files"][0]["mimetype"], shared["files"][0]["title"]) == (
        "Here",
        "image/png",
        "Chart",
    )
    with urllib.request.urlopen(shared["files"][0]["url"]) as response:
        assert response.read() == b"\x89PNG"
    assert client.files_info(file=file_id)["file"]["size"] == 4
    assert refusal(client.files_info, file="F9") == "file_not_found"
    assert refusal(client.files_completeUploadExternal, files=[{"id": "F9"}]) == "file_not_found"
    assert refusal(client.files_completeUploadExternal, files=[]) == "invalid_arguments"
    assert refusal(client.files_getUploadURLExternal, filename="x", length=0) == "invalid_arguments"
    url = client.files_getUploadURLExternal(filename="x.csv", length=3)
    with pytest.raises(HTTPError, match="400"):
        urllib.request.urlopen(url["upload_url"], b"four")
    with pytest.raises(KeyError):
        sandbox.file_bytes(url["file_id"])
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(f"{sandbox.page_url}files/{url['file_id']}")


def test_large_files_come_in_pieces(sandbox: Sandbox, client: WebClient) -> None:
    data = b"0123456789" * 100_000
    file = client.files_upload_v2(content=data, filename="large", channel="U1")["file"]
    assert sandbox.file_bytes(file["id"]) == data
    alone = client.files_upload_v2(content=b"x", filename="kept.txt")["file"]
    assert alone["size"] == 1
    wrong = {"files": ["F1"], "channel_id": "C1"}
    assert refusal(client.api_call, api_method="files.completeUploadExternal", json=wrong) == "file_not_found"


def test_reactions_are_added_once(sandbox: Sandbox, client: WebClient) -> None:
    ts = sandbox.say("U1", "C1", "won!").ts
    client.reactions_add(channel="C1", name="tada", timestamp=ts)
    client.reactions_add(channel="C1", name="+1", timestamp=ts)
    assert refusal(client.reactions_add, channel="C1", name="tada", timestamp=ts) == "already_reacted"
    assert refusal(client.reactions_add, channel="C1", name="no name", timestamp=ts) == "invalid_name"
    assert refusal(client.reactions_add, channel="C1", name="x", timestamp="1.2") == "message_not_found"
    assert [one["name"] for one in sandbox.messages("C1")[0]["reactions"]] == ["tada", "+1"]


def test_blocks_can_be_validated_without_sending(client: WebClient) -> None:
    assert client.blocks_validate(blocks=SECTION)["ok"]
    assert client.blocks_validate(view=lead_form())["ok"]
    assert client.blocks_validate(message={"text": "x", "blocks": SECTION})["ok"]
    assert refusal(client.blocks_validate, blocks=[{"type": "nothing"}]) == "invalid_blocks"
    assert refusal(client.blocks_validate, view={"type": "home", "blocks": []}) == "invalid_arguments"


# --- views


def trigger(sandbox: Sandbox, user: str = "U1") -> str:
    return sandbox._server.desk.stacks.new_trigger(user)


def test_triggers_serve_once_and_not_long(clock: FakeClock) -> None:
    with Sandbox(SandboxSettings(trigger_seconds=0.1), clock=clock) as sandbox:
        people(sandbox)
        client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
        ident = trigger(sandbox)
        client.views_open(trigger_id=ident, view=small_form("A"))
        assert refusal(client.views_open, trigger_id=ident, view=small_form("A")) == "exchanged_trigger_id"
        late = trigger(sandbox)
        time.sleep(0.15)
        assert refusal(client.views_open, trigger_id=late, view=small_form("A")) == "expired_trigger_id"
        assert refusal(client.views_open, trigger_id="1.2.x", view=small_form("A")) == "invalid_trigger_id"
        assert refusal(client.views_open, view=small_form("A")) == "invalid_arguments"


def test_three_views_are_the_most(sandbox: Sandbox, client: WebClient) -> None:
    assert refusal(client.views_push, trigger_id=trigger(sandbox), view=small_form("A")) == "not_found"
    client.views_open(trigger_id=trigger(sandbox), view=small_form("A"))
    client.views_push(trigger_id=trigger(sandbox), view=small_form("B"))
    client.views_push(trigger_id=trigger(sandbox), view=small_form("C"))
    assert refusal(client.views_push, trigger_id=trigger(sandbox), view=small_form("D")) == "push_limit_reached"
    assert [view["title"]["text"] for view in sandbox.views("U1")] == ["A", "B", "C"]


def test_updates_need_the_right_hash_and_an_open_view(sandbox: Sandbox, client: WebClient) -> None:
    view = client.views_open(trigger_id=trigger(sandbox), view={**small_form("A"), "external_id": "e1"})["view"]
    fresh = client.views_update(view_id=view["id"], hash=view["hash"], view=small_form("B"))["view"]
    assert fresh["id"] == view["id"]
    assert refusal(client.views_update, view_id=view["id"], hash=view["hash"], view=small_form("C")) == "hash_conflict"
    client.views_update(view_id=view["id"], view={**small_form("D"), "external_id": "e2"})
    client.views_update(external_id="e2", view={**small_form("E"), "external_id": "e2"})
    assert (
        refusal(client.views_open, trigger_id=trigger(sandbox, "U2"), view={**small_form("F"), "external_id": "e2"})
        == "duplicate_external_id"
    )
    assert refusal(client.api_call, api_method="views.update", json={"view": small_form("G")}) == "invalid_arguments"
    sandbox.close("U1")
    assert refusal(client.views_update, view_id=view["id"], view=small_form("H")) == "not_found"


def test_home_has_a_hash_of_its_own(sandbox: Sandbox, client: WebClient) -> None:
    home = {"type": "home", "blocks": SECTION}
    first = client.views_publish(user_id="U1", view=home)["view"]
    second = client.views_publish(user_id="U1", view=home, hash=first["hash"])["view"]
    assert second["id"] == first["id"]
    assert refusal(client.views_publish, user_id="U1", view=home, hash=first["hash"]) == "hash_conflict"
    assert refusal(client.views_publish, user_id="U0", view=home) == "invalid_arguments"
    assert refusal(client.views_update, view_id=first["id"], view=small_form("A")) == "not_found"
    assert refusal(client.views_publish, user_id="U1", view=small_form("A")) == "invalid_arguments"


# --- response_url


def test_response_urls_serve_five_times_for_half_an_hour(sandbox: Sandbox, clock: FakeClock) -> None:
    urls = sandbox._server.desk.response_urls
    webhook = WebhookClient(urls.new("U1", "C1"))
    for number in range(5):
        assert webhook.send(text=str(number)).status_code == 200
    assert webhook.send(text="6").status_code == 404
    late = WebhookClient(urls.new("U1", "C1"))
    clock.advance(timedelta(minutes=31))
    assert "expired_url" in late.send(text="late").body
    assert len(sandbox.messages("C1", "U1")) == 5
    assert sandbox.messages("C1", "U2") == []


def test_response_urls_replace_and_delete_the_original(sandbox: Sandbox, client: WebClient) -> None:
    urls = sandbox._server.desk.response_urls
    ts = client.chat_postMessage(channel="C1", text="card", blocks=SECTION)["ts"]
    webhook = WebhookClient(urls.new("U1", "C1", ts))
    assert webhook.send(text="new", replace_original=True).body == "ok"
    assert [message["text"] for message in sandbox.messages("C1")] == ["new"]
    assert webhook.send_dict({"text": "all", "response_type": "in_channel", "thread_ts": ts}).status_code == 200
    assert webhook.send(delete_original=True).status_code == 200
    assert webhook.send(delete_original=True).status_code == 404
    assert webhook.send(text="x", blocks=[{"type": "header", "text": plain("")}]).status_code == 404
    assert [message["text"] for message in sandbox.messages("C1", "U2")] == ["all"]


# --- faults


def test_faults_answer_slowly_wrongly_or_not_at_all(sandbox: Sandbox, client: WebClient) -> None:
    client.retry_handlers.clear()
    faults = sandbox.faults
    faults.add("chat.postMessage", Fault(status=429, retry_after_seconds=7))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="limited")
    assert caught.value.response.headers["Retry-After"] == "7"
    faults.add("chat.postMessage", Fault(status=502))
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C1", text="broken")
    assert caught.value.response.status_code == 502
    faults.add("*", Fault(error="fatal_error"))
    assert refusal(client.chat_postMessage, channel="C1", text="fatal") == "fatal_error"
    faults.add("chat.postMessage", Fault(drop=True))
    with pytest.raises((URLError, ConnectionError)):
        client.chat_postMessage(channel="C1", text="cut before")
    assert sandbox.messages("C1") == []
    faults.add("chat.postMessage", Fault(drop=True, after=True))
    with pytest.raises((URLError, ConnectionError)):
        client.chat_postMessage(channel="C1", text="cut after")
    faults.add("chat.postMessage", Fault(delay_seconds=0.2))
    start = time.monotonic()
    client.chat_postMessage(channel="C1", text="slow")
    assert time.monotonic() - start > 0.2
    assert [message["text"] for message in sandbox.messages("C1")] == ["cut after", "slow"]
    assert [call.status for call in sandbox.calls_of("chat.postMessage")] == [429, 502, 200, 0, 0, 200]


def test_a_rule_decides_for_each_call(sandbox: Sandbox, client: WebClient) -> None:
    sandbox.faults.rule = lambda method, args: Fault(error="no") if args.get("text") == "bad" else None
    assert refusal(client.chat_postMessage, channel="C1", text="bad") == "no"
    client.chat_postMessage(channel="C1", text="good")
    sandbox.faults.clear()
    client.chat_postMessage(channel="C1", text="bad")


def test_calls_are_remembered_without_the_token(sandbox: Sandbox, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", token=sandbox.settings.bot_token)
    (call,) = sandbox.calls
    assert call.args == {"channel": "C1", "text": "x"}
    assert call.answer["ok"] is True
