"""The stand-in and a real Bolt app, end to end, over both transports."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.sandbox.conftest import Connected


def test_form_opens_is_refused_and_then_closes(connected: Connected) -> None:
    sandbox = connected.sandbox
    assert sandbox.command("U1", "/lead", "  acme ", channel="C1").ok
    opened = connected.top()
    assert opened["private_metadata"] == "kept"
    assert opened["errors"] == {}
    body = connected.heard.of("command")[0]
    assert body["text"] == "acme"
    assert body["channel_name"] == "sales"
    assert body["is_enterprise_install"] == "false"

    refused = sandbox.submit("U1", {"customer": "acm", "need": "bad"})
    assert (refused.ok, refused.error, refused.errors) == (False, "errors", {"need": "Say more."})
    assert connected.top()["errors"] == {"need": "Say more."}

    assert sandbox.submit("U1", {"need": "good"}).ok
    assert sandbox.view("U1") is None
    values = connected.heard.of("view")[-1]["view"]["state"]["values"]
    assert values["customer"]["customer"]["selected_option"]["value"] == "acme"
    assert values["source"]["source"]["selected_option"]["value"] == "event"
    assert values["need"]["need"] == {"type": "plain_text_input", "value": "good"}
    assert sandbox.violations == []


def test_typing_dispatches_where_the_input_asks_for_it(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    answer = sandbox.fill("U1", {"need": {"need": "typed"}})
    assert answer.ok
    action = connected.heard.of("action")[0]
    assert action["actions"][0]["value"] == "typed"
    assert action["view"]["state"]["values"]["need"]["need"]["value"] == "typed"
    assert "response_url" not in action


def test_required_inputs_do_not_reach_the_app_empty(connected: Connected) -> None:
    connected.sandbox.command("U1", "/lead")
    answer = connected.sandbox.submit("U1")
    assert answer.error == "incomplete"
    assert set(answer.errors) == {"customer", "need"}
    assert connected.heard.of("view") == []


def test_answers_update_push_and_clear_the_forms(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    sandbox.submit("U1", {"customer": "Acme", "need": "push"})
    assert [view["title"]["text"] for view in sandbox.views("U1")] == ["New lead", "More"]
    below, top = sandbox.views("U1")
    assert top["previous_view_id"] == below["id"]
    assert top["root_view_id"] == below["id"]
    assert sandbox.close("U1").ok
    sandbox.submit("U1", {"need": "update"})
    assert connected.top()["title"]["text"] == "Saved"
    assert sandbox.submit("U1").error == "no_submit_button"
    sandbox.close("U1")

    sandbox.command("U1", "/lead")
    sandbox.submit("U1", {"customer": "Acme", "need": "clear"})
    assert sandbox.views("U1") == []


def test_an_error_at_a_field_that_is_not_there_is_a_violation(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    answer = sandbox.submit("U1", {"customer": "Acme", "need": "misplaced"})
    assert answer.error == "invalid_response"
    assert sandbox.violations[0].where == "view_submission"


def test_closing_tells_the_app_with_what_was_typed(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    sandbox.fill("U1", {"need": "half"})
    assert sandbox.close("U1", clear=True).ok
    body = connected.heard.of("closed")[0]
    assert body["is_cleared"] is True
    assert body["view"]["state"]["values"]["need"]["need"]["value"] == "half"
    assert sandbox.close("U1").error == "no_open_view"


def test_button_in_a_form_updates_it_and_keeps_what_was_typed(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    sandbox.fill("U1", {"need": "kept"})
    before = connected.top()["hash"]
    assert sandbox.click_view("U1", "more").ok
    assert connected.top()["hash"] != before
    assert connected.top()["blocks"][3]["text"]["text"] == "Updated."
    assert connected.top()["state"]["values"]["need"]["need"]["value"] == "kept"


def test_type_ahead_gives_options_groups_and_limits(connected: Connected) -> None:
    sandbox = connected.sandbox
    sandbox.command("U1", "/lead")
    assert [one["value"] for one in sandbox.options("U1", "customer", "ac").options] == ["acme", "acorn"]
    assert sandbox.options("U1", "customer", "groups").option_groups[0]["label"]["text"] == "Known"
    assert sandbox.options("U1", "customer", "").error == "query_too_short"
    assert sandbox.options("U1", "customer", "toomany").error == "invalid_options"
    assert sandbox.violations[-1].where == "block_suggestion"
    assert sandbox.submit("U1", {"customer": "zzz"}).error == "no_such_option"
    assert sandbox.submit("U1", {"customer": "groups", "need": "x"}).ok


def test_command_answers_are_ephemeral_or_for_all(connected: Connected) -> None:
    sandbox = connected.sandbox
    answer = sandbox.command("U1", "/say", "hi", channel="C1")
    assert answer.text == "you said hi"
    assert [message["text"] for message in sandbox.messages("C1", "U1")] == ["you said hi"]
    assert sandbox.messages("C1", "U2") == []
    assert sandbox.command("U1", "/say", "public", channel="C1").text == "for all"
    assert sandbox.messages("C1", "U2")[0]["bot_id"] == sandbox.settings.bot_id
    assert sandbox.command("U1", "/say", "", channel="C1").body in (None, "")
    assert sandbox.command("U1", "/say", "long", channel="C1").error == "invalid_blocks"
    assert sandbox.violations[-1].where == "command_ack"


def test_button_in_a_message_is_answered_through_the_response_url(connected: Connected) -> None:
    sandbox = connected.sandbox
    ts = sandbox.command("U1", "/say", "public", channel="C1").ts
    assert sandbox.click("U2", "C1", ts, "done", value="first").ok
    body = connected.heard.of("action")[0]
    assert body["message"]["ts"] == ts
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": "C1", "is_ephemeral": False}
    assert sandbox.wait_until(lambda: sandbox.messages("C1")[0]["text"] == "done")
    assert "blocks" not in sandbox.messages("C1")[0]


def test_menus_and_pickers_in_a_message(connected: Connected) -> None:
    sandbox = connected.sandbox
    ts = sandbox.command("U1", "/say", "public", channel="C1").ts
    assert sandbox.select("U1", "C1", ts, "menu", "snooze").ok
    assert sandbox.select("U1", "C1", ts, "day", "2026-03-09", block_id="row").ok
    menu, day = connected.heard.of("action")
    assert menu["actions"][0]["selected_option"]["value"] == "snooze"
    assert day["actions"][0]["selected_date"] == "2026-03-09"
    assert day["state"]["values"]["row"]["day"]["selected_date"] == "2026-03-09"
    assert sandbox.select("U1", "C1", ts, "menu", "nothing").error == "no_such_option"
    assert sandbox.click("U1", "C1", ts, "absent").error == "no_such_element"
    assert sandbox.click("U3", "C1", ts, "done").error == "not_in_channel"


def test_shortcuts_open_forms_and_carry_messages(connected: Connected) -> None:
    sandbox = connected.sandbox
    assert sandbox.shortcut("U1", "lead.new").ok
    assert sandbox.view("U1") is not None
    ts = sandbox.say("U2", "C1", "we need a quote").ts
    assert sandbox.message_shortcut("U1", "lead.from_message", "C1", ts).ok
    body = connected.heard.of("shortcut")[-1]
    assert body["type"] == "message_action"
    assert body["message"]["text"] == "we need a quote"
    assert sandbox.shortcut("U1", "absent").error == "unknown_shortcut"


def test_home_is_published_and_clicked(connected: Connected) -> None:
    sandbox = connected.sandbox
    assert sandbox.home("U1") is None
    assert sandbox.click_home("U1", "home").error == "not_found"
    sandbox.open_home("U1")
    assert sandbox.wait_until(lambda: sandbox.home("U1"))
    assert sandbox.click_home("U1", "home").ok
    assert connected.heard.of("action")[0]["view"]["type"] == "home"
    sandbox.open_home("U1")
    assert connected.heard.of("event")[-1]["event"]["view"]["id"] == (sandbox.home("U1") or {})["id"]
    assert sandbox.home("U2") is None


def test_messages_mentions_and_joins_are_events(connected: Connected) -> None:
    sandbox, heard = connected.sandbox, connected.heard
    sandbox.say("U1", "C1", f"<@{sandbox.settings.bot_user}> look")
    sandbox.say("U1", sandbox.dm("U1"), "in the DM")
    sandbox.say("U3", "C2", "where the app is not")
    sandbox.add_to_channel("C1", "U3")
    sandbox.change_member("U3", real_name="Bob B")
    sandbox.deactivate_member("U3")
    sandbox.add_member("U9", announce=True)
    events = [body["event"] for body in heard.of("event")]
    assert [event["type"] for event in events] == [
        "message",
        "app_mention",
        "message",
        "member_joined_channel",
        "user_change",
        "user_change",
        "team_join",
    ]
    assert [events[0]["channel_type"], events[2]["channel_type"]] == ["channel", "im"]
    assert events[5]["user"]["deleted"] is True
    assert sandbox.say("U3", "C1", "gone").error == "user_disabled"


def test_thread_replies_edits_and_files_are_events(connected: Connected) -> None:
    sandbox, heard = connected.sandbox, connected.heard
    ts = sandbox.say("U1", "C1", "a deal").ts
    reply = sandbox.say("U2", "C1", "the offer", thread_ts=ts, files=[("offer.pdf", b"%PDF")]).ts
    assert sandbox.edit("U1", "C1", ts, "a big deal").ok
    assert sandbox.erase("U2", "C1", reply).ok
    assert sandbox.edit("U2", "C1", ts, "not mine").error == "cant_update_message"
    said, shared, changed, deleted = (body["event"] for body in heard.of("event"))
    assert shared["thread_ts"] == said["ts"]
    assert shared["parent_user_id"] == "U1"
    assert sandbox.file_bytes(shared["files"][0]["id"]) == b"%PDF"
    assert changed["subtype"] == "message_changed"
    assert changed["message"]["text"] == "a big deal"
    assert deleted["deleted_ts"] == reply
    assert [message["text"] for message in sandbox.messages("C1")] == ["a big deal"]


def test_failed_event_comes_again_with_the_same_id(connected: Connected) -> None:
    sandbox, heard = connected.sandbox, connected.heard
    heard.fail_events = 2
    assert not sandbox.say("U1", "C1", "hello").ok
    assert sandbox.wait_until(lambda: len(heard.of("event")) == 3)
    time.sleep(0.2)
    assert len({body["event_id"] for body in heard.of("event")}) == 1
    assert heard.retries == [None, "1", "2"]


def test_event_is_given_up_after_three_retries(connected: Connected) -> None:
    connected.heard.fail_events = 99
    connected.sandbox.say("U1", "C1", "hello")
    assert connected.sandbox.wait_until(lambda: len(connected.heard.retries) == 4)
    time.sleep(0.2)
    assert connected.heard.retries == [None, "1", "2", "3"]


def test_the_same_payload_can_come_twice(connected: Connected) -> None:
    sandbox, heard = connected.sandbox, connected.heard
    first = sandbox.say("U1", "C1", "hello")
    assert sandbox.redeliver(first).ok
    sandbox.redeliver(first, retry=False)
    assert heard.retries == [None, "1", None]
    command = sandbox.command("U1", "/say", "x")
    sandbox.redeliver(command)
    triggers = [body["trigger_id"] for body in heard.of("command")]
    assert triggers[0] == triggers[1]


def test_a_slow_app_times_out(connected: Connected) -> None:
    answer = connected.sandbox.command("U1", "/say", "slow")
    connected.heard.slow.set()
    assert (answer.ok, answer.error) == (False, "timeout")
    assert 0.9 < answer.seconds < 2.5


def test_many_people_can_submit_at_once(connected: Connected) -> None:
    sandbox = connected.sandbox
    users = [f"U1{number:02d}" for number in range(20)]
    for user in users:
        sandbox.add_member(user)
    started = threading.Barrier(len(users))

    def one(user: str) -> bool:
        started.wait()
        opened = sandbox.command(user, "/lead")
        return opened.ok and sandbox.submit(user, {"customer": "Acme", "need": "good"}).ok

    with ThreadPoolExecutor(len(users)) as threads:
        results = Counter(threads.map(one, users))
    assert results == {True: 20}
    assert len(connected.heard.of("view")) == 20
