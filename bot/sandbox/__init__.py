"""A stand-in for Slack with a page to live in; it knows nothing of the bot.

The driver is synchronous and may be used from many threads at once::

    with Sandbox(SandboxSettings(messages_per_second=None), clock=clock) as sandbox:   # start() and stop()
        sandbox.add_member("U1", "lin", real_name="Lin Wei", role="rep", zone="Asia/Shanghai", locale="zh-CN")
        sandbox.add_channel("C1", "sales", members=["U1"])        # the app is in it unless app_in=False
        sandbox.install(manifest)                                 # commands, shortcuts, events, scopes of an app manifest (a dict)
        client = WebClient(token=sandbox.settings.bot_token, base_url=sandbox.base_url)
        handler.connect(); sandbox.wait_connected()               # Socket Mode: the app connects by itself
        sandbox.connect_http("http://127.0.0.1:3000/slack/events")  # or signed HTTP

        answer = sandbox.command("U1", "/lead", "acme", channel="C1")
        answer = sandbox.submit("U1", {"customer": "Acme", "need": "A quote"})
        assert answer.ok, answer.errors

Who and what there is (all of it also before ``start``):
    ``add_member(id, name=None, *, real_name=None, title="", role="rep", zone="UTC", locale="en-US", email=None,
    is_admin=False, is_guest=False, announce=False)`` · ``change_member(id, **changes) -> Answer`` ·
    ``deactivate_member(id) -> Answer`` · ``add_channel(id, name, members=(), *, app_in=True, private=False)`` ·
    ``add_to_channel(channel, user) -> Answer`` · ``add_command(command, description="", usage_hint="")`` ·
    ``add_shortcut(name, callback_id, kind="global")`` (or ``"message"``) · ``install(manifest)`` ·
    ``connect_http(request_url)`` · ``verify_request_url() -> bool`` · ``wait_connected(seconds=5.0)`` · ``refresh_connections()`` ·
    ``mark_all_read()`` · ``page_url`` · ``base_url`` · ``send_scheduled()`` (the ticker does it within 50 ms by itself)

What a person does; each gives an ``Answer`` once the app has acked, refused or timed out:
    ``say(user, channel, text, *, thread_ts=None, files=())`` (files: pairs of name and bytes; ``answer.ts``) ·
    ``edit(user, channel, ts, text)`` · ``erase(user, channel, ts)`` ·
    ``command(user, command, text="", channel=None)`` (without a channel: the first one they are in, else the app's DM) ·
    ``shortcut(user, callback_id)`` · ``message_shortcut(user, callback_id, channel, ts)`` ·
    ``click(user, channel, ts, action_id, block_id=None, value=None)`` (``value`` tells buttons of one action_id apart) ·
    ``click_view(user, action_id, block_id=None, value=None, view_id=None)`` · ``click_home(user, action_id, block_id=None, value=None)`` ·
    ``select(user, channel, ts, action_id, value, block_id=None)`` ·
    ``select_view(user, action_id, value, block_id=None, view_id=None)`` · ``select_home(user, action_id, value, block_id=None)`` ·
    ``fill(user, values, view_id=None)`` (types without submitting; dispatches where the input asks for it) ·
    ``submit(user, values=None, view_id=None)`` · ``close(user, view_id=None, clear=False)`` ·
    ``options(user, action_id, typed, *, block_id=None, view_id=None, channel=None, ts=None)`` (type-ahead: ``answer.options``) ·
    ``open_home(user)`` · ``redeliver(answer, retry=True)`` (the very same payload once more)

    ``values`` of fill and submit: ``{block_id: value}`` or ``{block_id: {action_id: value}}``, where a value is plain: a string for
    text inputs, dates (``2026-03-02``), times (``15:00``), ids of users and channels; the option's value for selects and radio
    buttons; a list of those for multi-selects and checkboxes; an int for ``datetimepicker``; None to clear. An external select takes what
    one types (the app is asked and its first match is picked) or a whole option. Untouched inputs keep their ``initial_*``.

What can be seen:
    ``messages(channel, as_user=None, thread_ts=None)`` (oldest first; with ``as_user`` what that person sees, ephemeral ones too) ·
    ``dm(user)`` (id of the app's DM with that person) · ``view(user)`` (top open modal or None) · ``views(user)`` · ``home(user)`` ·
    ``calls`` (every Web API call: ``method, args, answer, status, at_seconds``) · ``calls_of(method)`` · ``violations`` (every payload
    that breaks a rule of Slack: ``where, error, messages, payload``) · ``file_bytes(file_id)`` · ``wait_until(predicate, seconds=5.0) -> bool``

    ``sandbox.faults`` makes the Web API misbehave: ``faults.add("chat.postMessage", Fault(status=429, retry_after_seconds=2), times=1)``,
    ``Fault(status=500)``, ``Fault(drop=True)``, ``Fault(delay_seconds=1.5)``, ``Fault(drop=True, after=True)`` (done, answer lost);
    ``faults.rule = lambda method, args: Fault(...) or None`` decides for each call; ``faults.clear()``.

``Answer``: ``ok``, ``error`` (``timeout``, ``dispatch_failed``, ``http_service_error``, ``incomplete``, ``invalid_response`` …), ``errors``
(``{block_id: text}``), ``body`` (the ack's body), ``text`` (of an answer in text), ``options``, ``option_groups``, ``ts``, ``seconds`` until the ack,
``payload`` (what the app was sent), ``deliveries``.
"""

from bot.sandbox.answers import Answer
from bot.sandbox.driver import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.records import Call, Violation
from bot.sandbox.settings import SandboxSettings

__all__ = ["Answer", "Call", "Fault", "Sandbox", "SandboxSettings", "Violation"]
