"""Owns the edge between Slack and the use cases: finding the handler, who acts, once-only keys, answers and errors.

Handlers are functions of a ``Call``. They return an ``Answer``, a ``Form`` or None, raise the errors of ``bot.errors``,
and never call Slack before the ack: what does goes to ``call.afterwards``. Bolt gets one listener for each kind of
request, and the handler is found by name, so that a request costs the same however many handlers there are.
"""

import logging
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

from slack_bolt import Ack, App, BoltContext, BoltResponse

from bot.config import Settings
from bot.errors import NotAllowed, UserError
from bot.handlers import replies
from bot.handlers.calls import Answer, Call, Form, Reply, Surface
from bot.handlers.modals import Modals
from bot.services import members
from bot.services.desk import Actor, Desk
from bot.services.members import Profile
from bot.slack.gateway import Gateway

__all__ = ["Answer", "Call", "Form", "Handler", "Kit", "OptionsHandler", "Refusal", "Reply", "Surface", "connect"]

log = logging.getLogger(__name__)

Handler = Callable[[Call], Reply]
Refusal = Callable[[Call, UserError], Form | None]
OptionsHandler = Callable[[Call], Sequence[dict[str, Any]]]

_ANY = re.compile("")


@dataclass(frozen=True, slots=True)
class Kit:
    """What handlers work with, and where they are registered.

    Attributes:
        desk: The record and the clock.
        gateway: Slack's Web API.
        settings: The program's settings.
        executor: Threads for what is done after the ack.
        wake: Has promised messages sent soon, instead of at the next tick.
        modals: Those that stand open.
        arrivals: Numbers the requests.
    """

    desk: Desk
    gateway: Gateway
    settings: Settings
    executor: ThreadPoolExecutor
    wake: Callable[[], None] = lambda: None
    modals: Modals = field(default_factory=Modals)
    arrivals: Iterator[int] = field(default_factory=lambda: count(1))
    commands: dict[str, Handler] = field(default_factory=dict)
    actions: dict[str, Handler] = field(default_factory=dict)
    views: dict[str, Handler] = field(default_factory=dict)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    shortcuts: dict[str, Handler] = field(default_factory=dict)
    type_aheads: dict[str, OptionsHandler] = field(default_factory=dict)
    events: dict[str, Handler] = field(default_factory=dict)
    changes: list[Callable[[Call], None]] = field(default_factory=list)
    _pending: set[Future[None]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def command(self, name: str, handler: Handler) -> None:
        """Answer a slash command; an Answer is seen by the member only, a Form opens."""
        _add(self.commands, name, handler)

    def action(self, action_id: str, handler: Handler, *, refused: Refusal | None = None) -> None:
        """Answer a button, select or menu in a message, a modal or the Home; ``refused`` as for ``view``."""
        _add(self.actions, action_id, handler)
        if refused is not None:
            _add(self.refusals, action_id, refused)

    def view(self, callback_id: str, handler: Handler, *, refused: Refusal | None = None) -> None:
        """Take a submitted modal; a Form takes its place, None closes it.

        Args:
            callback_id: The modal's.
            handler: Takes it.
            refused: Asked when the use case refused it: a Form that it gives back takes the modal's place, such as one with
                a further question; None leaves it to the error at its field.
        """
        _add(self.views, callback_id, handler)
        if refused is not None:
            _add(self.refusals, callback_id, refused)

    def shortcut(self, callback_id: str, handler: Handler) -> None:
        """Answer a global or message shortcut."""
        _add(self.shortcuts, callback_id, handler)

    def options(self, action_id: str, handler: OptionsHandler) -> None:
        """Answer a type-ahead; what was typed is ``call.body["value"]``."""
        _add(self.type_aheads, action_id, handler)

    def event(self, kind: str, handler: Handler) -> None:
        """Take an event; a defect makes Slack deliver it again. Who acts is looked up when ``call.by`` is asked for."""
        _add(self.events, kind, handler)

    def on_change(self, work: Callable[[Call], None]) -> None:
        """Have something done, after the ack, whenever a member acted on the Home or in a form opened from it."""
        self.changes.append(work)

    def actor(self, call: Call) -> Actor:
        """Return who acts; one who is not known yet is remembered, and their profile read after the ack.

        Raises:
            NotAllowed: They are deactivated or a guest.
        """
        found = members.resolve(self.desk, call.team_id, call.user_id, enterprise_id=call.enterprise_id)
        if found is None:
            profile = Profile(
                call.user_id, call.user_name, zone=self.settings.default_zone, locale=self.settings.default_locale
            )
            found = members.remember(self.desk, call.team_id, profile, enterprise_id=call.enterprise_id)
            call.later.insert(0, lambda: self.acquaint(call))
        return self._let_in(call, found)

    def acquaint(self, call: Call) -> None:
        """Read a member's profile from Slack and go on with what it says."""
        profile = self.gateway.user_profile(call.user_id)
        found = members.remember(self.desk, call.team_id, profile, enterprise_id=call.enterprise_id)
        self._let_in(call, found)

    def recognise(self, call: Call) -> bool:
        """Find who acts among those who are known; False for one who is not.

        Raises:
            NotAllowed: They are deactivated or a guest.
        """
        found = members.resolve(self.desk, call.team_id, call.user_id, enterprise_id=call.enterprise_id)
        if found is not None:
            self._let_in(call, found)
        return found is not None

    def _let_in(self, call: Call, found: Actor) -> Actor:
        # Known first, so that a refusal speaks their language too.
        call.by = found.with_key(call.request_key)
        if found.role == "inactive":
            raise NotAllowed("error.deactivated")
        return call.by

    def start(self, work: Callable[[], None]) -> None:
        """Do something on a thread of our own, after the ack."""
        # The id of the request goes along, so that its later lines carry it too.
        future = self.executor.submit(copy_context().run, work)
        with self._lock:
            self._pending.add(future)
        future.add_done_callback(self._finished)

    def _finished(self, future: Future[None]) -> None:
        with self._lock:
            self._pending.discard(future)

    def drain(self, seconds: float = 10.0) -> None:
        """Wait until what was promised for after the ack is done; for stopping, and for tests."""
        with self._lock:
            pending = list(self._pending)
        for future in pending:
            future.exception(timeout=seconds)


def _add(book: dict[str, Any], name: str, handler: Any) -> None:
    if str(name) in book:
        raise ValueError(f"{name} has a handler already")
    book[str(name)] = handler


def connect(app: App, kit: Kit) -> None:
    """Give Bolt one listener for each kind of request, and the one place where errors are shown."""

    def on_command(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.COMMAND, body)
        return _acted(call, kit.commands.get(body.get("command", "")), ack)

    def on_action(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.ACTION, body)
        return _acted(call, kit.actions.get(call.action.get("action_id", "")), ack)

    def on_shortcut(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.SHORTCUT, body)
        return _acted(call, kit.shortcuts.get(body.get("callback_id", "")), ack)

    def on_view(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.VIEW, body)
        handler = kit.views.get(call.view.get("callback_id", ""))
        if handler is None:
            log.warning("nobody handles %s", replies.name_of(call))
            return ack()
        call.by  # noqa: B018 - one who may not act is refused before anything is read
        reply = handler(call)
        response = replies.submitted(call, reply, ack)
        _changed(call, reply)
        _start_later(call)
        return response

    def on_options(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.OPTIONS, body)
        handler = kit.type_aheads.get(str(body.get("action_id")))
        found = list(handler(call)) if handler else []
        _start_later(call)
        return ack(options=found)

    def on_event(ack: Ack, context: BoltContext, body: dict[str, Any]) -> BoltResponse:
        call = _call(kit, context, Surface.EVENT, body)
        handler = kit.events.get(str(call.event.get("type")))
        if handler is not None:
            handler(call)
            _start_later(call)
        return ack()

    def on_error(error: Exception, context: BoltContext) -> BoltResponse:
        call = context.get("call")
        if not isinstance(call, Call):
            log.error("a request could not be read", exc_info=error)
            return BoltResponse(status=500)
        return replies.refused(call, error)

    app.command(_ANY)(on_command)
    app.action(_ANY)(on_action)
    app.shortcut(_ANY)(on_shortcut)
    app.view(_ANY)(on_view)
    app.options(_ANY)(on_options)
    app.event(_ANY)(on_event)
    app.error(on_error)


def _call(kit: Kit, context: BoltContext, surface: Surface, body: dict[str, Any]) -> Call:
    call = Call(kit, surface, body, order=next(kit.arrivals))
    context["call"] = call
    return call


def _acted(call: Call, handler: Handler | None, ack: Ack) -> BoltResponse:
    """Run the handler of a command, action or shortcut; for one who is not known yet, after their profile was read."""
    if handler is None:
        log.warning("nobody handles %s", replies.name_of(call))
        return ack()
    if not call.kit.recognise(call):
        # Their language and zone decide how their words are read: Slack is asked first, and the ack does not wait for it.
        call.kit.start(lambda: replies.guarded(call, lambda: _introduced(call, handler)))
        return ack()
    reply = handler(call)
    response = replies.acked(call, reply, ack)
    _changed(call, reply)
    _start_later(call)
    return response


def _changed(call: Call, reply: Reply) -> None:
    call.kit.wake()
    if call.is_from_home:
        call.later += [partial(work, call) for work in call.kit.changes]
    # A button of a modal that only leads on to the next one has changed nothing yet.
    if call.is_in_modal and call.card and not (call.surface is Surface.ACTION and isinstance(reply, Form)):
        call.later.append(partial(replies.renewed, call))


def _introduced(call: Call, handler: Handler) -> None:
    call.kit.acquaint(call)
    replies.delivered(call, handler(call))
    for work in call.later:
        work()


def _start_later(call: Call) -> None:
    if call.later:
        call.kit.start(lambda: replies.guarded(call, lambda: _all(call.later)))


def _all(works: Sequence[Callable[[], None]]) -> None:
    for work in works:
        work()
