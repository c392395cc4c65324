"""The gateway against the stand-in: what it returns, and which error stands for which trouble."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot import vitals
from bot.errors import Blocked, RateLimited, Rejected, Unavailable
from bot.sandbox import Sandbox, SandboxSettings
from bot.sandbox.faults import Fault
from bot.slack.gateway import Gateway, plain_blocks, profile_of
from bot.slack.refusals import code_error, error_of, retry_after, status_error
from bot.views import elements
from tests.conftest import Closing


@pytest.fixture
def slack(closing: Closing) -> Iterator[Sandbox]:
    with closing(Sandbox(SandboxSettings(messages_per_second=None))) as sandbox:
        sandbox.add_member(
            "U1", "林伟", real_name="Lin Wei", locale="zh-CN", zone="Asia/Shanghai", email="lin@acme.test"
        )
        sandbox.add_member("U2", "Gus", real_name="Gus", is_guest=True)
        sandbox.add_member("U3", "Ada", real_name="Ada", is_admin=True)
        sandbox.add_channel("C1", "sales", ["U1", "U3"])
        sandbox.add_channel("C2", "public", ["U1"], app_in=False)
        sandbox.add_channel("C3", "private", ["U1"], app_in=False, private=True)
        yield sandbox


@pytest.fixture
def gateway(slack: Sandbox) -> Gateway:
    return Gateway(slack.settings.bot_token, base_url=slack.base_url.rstrip("/"))


def answers(code: str) -> float:
    """Return how many answers to a ``response_url`` ended so."""
    labels = {"method": "response_url", "code": code}
    return vitals.REGISTRY.get_sample_value("closeloop_slack_calls_total", labels) or 0.0


def count(slack: Sandbox, method: str) -> int:
    return len(slack.calls_of(method))


def test_message_is_posted_replaced_and_found_by_its_address(slack: Sandbox, gateway: Gateway) -> None:
    ts = gateway.post(
        "C1", "Hello", [elements.section("Hello")], metadata={"event_type": "closeloop", "event_payload": {"key": "7"}}
    )
    reply = gateway.post("C1", "A reply", thread_ts=ts)
    gateway.update("C1", ts, "Goodbye", [elements.section("Goodbye")])
    shown = slack.messages("C1")[0]
    assert shown["text"] == "Goodbye"
    assert shown["metadata"]["event_payload"] == {"key": "7"}
    assert slack.messages("C1", thread_ts=ts)[-1]["ts"] == reply
    assert ts.replace(".", "") in gateway.permalink("C1", ts).replace(".", "")


def test_ephemeral_message_is_seen_by_one_only(slack: Sandbox, gateway: Gateway) -> None:
    gateway.ephemeral("C1", "U1", "For you")
    assert [one["text"] for one in slack.messages("C1", as_user="U1")] == ["For you"]
    assert slack.messages("C1", as_user="U3") == []


def test_direct_channel_is_asked_for_once(slack: Sandbox, gateway: Gateway) -> None:
    assert gateway.open_dm("U1") == gateway.open_dm("U1") == slack.dm("U1")
    assert count(slack, "conversations.open") == 1


def test_profile_tells_name_zone_language_and_role(gateway: Gateway) -> None:
    lin = gateway.user_profile("U1")
    assert (lin.name, lin.zone, lin.locale, lin.email) == ("林伟", "Asia/Shanghai", "zh-CN", "lin@acme.test")
    assert (lin.is_active, lin.is_guest, lin.is_slack_admin) == (True, False, False)
    assert gateway.user_profile("U2").is_guest
    assert gateway.user_profile("U3").is_slack_admin


def test_profile_of_a_bare_user_has_sensible_gaps() -> None:
    bare = profile_of({"id": "U9", "deleted": True, "is_bot": False})
    assert (bare.name, bare.zone, bare.locale, bare.email, bare.is_active) == ("U9", "UTC", "en-US", None, False)
    assert not profile_of({"id": "B1", "name": "robot", "is_bot": True}).is_active


def test_app_enters_public_channels_by_itself_and_asks_to_be_invited_to_others(
    slack: Sandbox, gateway: Gateway
) -> None:
    assert gateway.channel_name("C1") == "sales"
    assert gateway.enter("C1")
    assert count(slack, "conversations.join") == 0
    assert gateway.enter("C2")
    gateway.post("C2", "Here I am")
    assert not gateway.enter("C3")


def test_home_is_published(slack: Sandbox, gateway: Gateway) -> None:
    gateway.publish_home("U1", {"type": "home", "blocks": [elements.section("Home")]})
    assert slack.home("U1") is not None


def test_channel_that_slack_does_not_show_the_app_waits_for_an_invitation(gateway: Gateway) -> None:
    with pytest.raises(Blocked) as refused:
        gateway.post("C404", "Hello")
    assert refused.value.code == "channel_not_found"


def test_channel_without_the_app_is_worth_another_try_since_somebody_may_invite_it(gateway: Gateway) -> None:
    with pytest.raises(Unavailable):
        gateway.post("C2", "Hello")
    assert gateway.enter("C2")
    gateway.post("C2", "Hello")


def test_stale_trigger_is_refused(gateway: Gateway) -> None:
    modal = elements.modal("x", "Title", [elements.section("Words")], close="Close")
    with pytest.raises(Rejected):
        gateway.open_view("1.2.3", modal)
    with pytest.raises(Rejected):
        gateway.push_view("1.2.3", modal)
    with pytest.raises(Rejected):
        gateway.update_view("V404", modal, "hash")


def test_rate_limit_is_left_to_the_caller_with_its_seconds(slack: Sandbox, gateway: Gateway) -> None:
    slack.faults.add("chat.postMessage", Fault(status=429, retry_after_seconds=17), times=1)
    with pytest.raises(RateLimited) as limited:
        gateway.post("C1", "Hello")
    assert limited.value.retry_after_seconds == 17
    assert count(slack, "chat.postMessage") == 1


@pytest.mark.parametrize("status", [500, 502, 503])
def test_fault_of_slacks_own_is_tried_again_where_twice_is_harmless(
    slack: Sandbox, gateway: Gateway, status: int
) -> None:
    slack.faults.add("users.info", Fault(status=status), times=1)
    assert gateway.user_profile("U1").name == "林伟"
    assert count(slack, "users.info") == 2


def test_message_is_not_tried_again_within_the_call_so_that_nobody_reads_it_twice(
    slack: Sandbox, gateway: Gateway
) -> None:
    slack.faults.add("chat.postMessage", Fault(status=503), times=1)
    with pytest.raises(Unavailable):
        gateway.post("C1", "Hello")
    slack.faults.add("chat.postMessage", Fault(drop=True, after=True), times=1)
    with pytest.raises(Unavailable):
        gateway.post("C1", "Hello")
    assert [one["text"] for one in slack.messages("C1")] == ["Hello"]


def test_lost_answer_is_asked_for_again_where_twice_is_harmless(slack: Sandbox, gateway: Gateway) -> None:
    slack.faults.add("users.info", Fault(drop=True), times=1)
    assert gateway.user_profile("U1").name == "林伟"


def test_slack_that_cannot_be_reached_is_unavailable() -> None:
    nowhere = Gateway("xoxb-test", base_url="http://127.0.0.1:9/api/")
    with pytest.raises(Unavailable):
        nowhere.post("C1", "Hello")
    with pytest.raises(Unavailable):
        nowhere.respond("http://127.0.0.1:9/response", "Hello")


def test_response_url_that_is_used_up_is_refused_and_counted(slack: Sandbox, gateway: Gateway) -> None:
    before = answers("expired_url")
    with pytest.raises(Rejected):
        gateway.respond(
            f"{slack.base_url.removesuffix('/').removesuffix('/api')}/response/none",
            "Hello",
            [elements.section("Hello")],
        )
    assert answers("expired_url") == before + 1


def test_answers_to_a_response_url_are_counted_by_what_came_of_them(slack: Sandbox, gateway: Gateway) -> None:
    sent, limited, broken = answers("ok"), answers("ratelimited"), answers("http_502")
    address = slack._server.desk.response_urls.new("U1", "C1")
    slack.faults.add("response_url", Fault(status=429))
    slack.faults.add("response_url", Fault(status=502))
    for expected in (RateLimited, Unavailable):
        with pytest.raises(expected):
            gateway.respond(address, "Hello")
    gateway.respond(address, "Hello")
    assert (answers("ok"), answers("ratelimited"), answers("http_502")) == (sent + 1, limited + 1, broken + 1)


def test_too_many_blocks_are_a_defect_found_before_slack_refuses_them(slack: Sandbox, gateway: Gateway) -> None:
    with pytest.raises(ValueError, match="51 blocks"):
        gateway.post("C1", "Hello", [elements.divider()] * 51)
    with pytest.raises(ValueError, match="101 blocks"):
        gateway.publish_home("U1", {"type": "home", "blocks": [elements.divider()] * 101})
    assert plain_blocks([elements.divider()], 1) == [elements.divider()]
    assert slack.messages("C1") == []


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ratelimited", RateLimited),
        ("internal_error", Unavailable),
        ("team_added_to_org", Unavailable),
        ("token_revoked", Blocked),
        ("not_in_channel", Blocked),
        ("user_disabled", Rejected),
        ("something_new", Rejected),
    ],
)
def test_codes_are_worth_a_retry_wait_for_an_admin_or_are_final(code: str, kind: type[Exception]) -> None:
    assert type(code_error(code)) is kind


def test_scope_that_slack_names_is_kept(closing: Closing) -> None:
    with closing(Sandbox(SandboxSettings(messages_per_second=None, scopes=("im:history",)))) as sandbox:
        gateway = Gateway(sandbox.settings.bot_token, base_url=sandbox.base_url)
        with pytest.raises(Blocked) as caught:
            gateway.post("C1", "Hello")
    assert (caught.value.code, caught.value.needed, caught.value.may_be_done) == ("missing_scope", "chat:write", False)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"Retry-After": "3"}, 3), ({"retry-after": ["4"]}, 4), ({"Retry-After": "soon"}, 30), ({}, 30), ({"x": "1"}, 30)],
)
def test_seconds_to_wait_are_read_from_the_header(headers: dict[str, Any], seconds: float) -> None:
    assert retry_after(headers) == seconds


def test_faults_of_http_are_told_apart() -> None:
    assert isinstance(status_error(502, None), Unavailable)
    assert status_error(404, "used_url").args == ("used_url",)
    assert status_error(404, '{"ok": false, "error": "expired_url"}').args == ("expired_url",)
    assert status_error(403, "<html>Blocked by the proxy of Acme</html>").args == ("http_403",)
    assert status_error(410, "").args == ("http_410",)
    assert isinstance(error_of(TimeoutError("slow")), Unavailable)
