"""Owns the stand-in's face for tests, benchmarks and the demo; ``bot.sandbox`` tells how it is used."""

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from bot.clock import Clock, SystemClock
from bot.sandbox.answers import Answer
from bot.sandbox.api_chat import send_due
from bot.sandbox.faults import Faults
from bot.sandbox.people import People
from bot.sandbox.records import Call, Violation
from bot.sandbox.server import Server
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.world import Json, Refusal


class Sandbox(People):
    """A stand-in for Slack.

    Args:
        settings: How it is set up; None for the defaults.
        clock: The business clock; None for the machine's.
        move_clock: Moves that clock to a moment for the page, and returns when it stands there.
        tour: Steps of the page's guided tour, as in ``docs/sandbox.md``.
    """

    def __init__(
        self,
        settings: SandboxSettings | None = None,
        *,
        clock: Clock | None = None,
        move_clock: Callable[[datetime], None] | None = None,
        tour: Sequence[Json] = (),
    ) -> None:
        self.settings = settings or SandboxSettings()
        super().__init__(Server(self.settings, clock or SystemClock(), move_clock))
        self._server.page.tour = tuple(tour)

    # --- running

    def start(self) -> str:
        """Listen; gives the ``base_url`` for a client."""
        self._server.start()
        return self.base_url

    def stop(self) -> None:
        """End."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def page_url(self) -> str:
        """Address of the page."""
        return f"{self._world.base}/"

    @property
    def base_url(self) -> str:
        """Address of the Web API, for ``WebClient(base_url=…)``."""
        return f"{self._world.base}/api/"

    @property
    def faults(self) -> Faults:
        """What may go wrong with the Web API."""
        return self._server.faults

    def connect_http(self, request_url: str | None) -> None:
        """Send everything to this address from now on; None goes back to Socket Mode."""
        self._server.wire.use_http(request_url)

    @property
    def connections(self) -> int:
        """Socket Mode connections that stand."""
        return self._server.hub.connections

    def wait_connected(self, seconds: float = 5.0) -> None:
        """Wait until the app is there over Socket Mode.

        Raises:
            TimeoutError: It is not.
        """
        if not self.wait_until(lambda: self.connections > 0, seconds):
            raise TimeoutError(f"no Socket Mode connection within {seconds} s")

    def refresh_connections(self) -> None:
        """Ask every Socket Mode connection to be replaced, as Slack does every few hours."""
        self._server.on_loop(self._server.hub.disconnect())

    # --- acting

    def _act(self, act: Callable[[], Coroutine[Any, Any, Answer]]) -> Answer:
        async def guarded() -> Answer:
            try:
                return await act()
            except Refusal as refusal:
                return Answer(ok=False, error=refusal.error, body=refusal.extra or None)

        return self._server.on_loop(guarded())

    def say(
        self,
        user: str,
        channel: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Answer:
        """Say something; ``answer.ts`` is the message's timestamp."""
        return self._act(lambda: self._acts.talk.say(user, channel, text, thread_ts, files))

    def edit(self, user: str, channel: str, ts: str, text: str) -> Answer:
        """Change one's own message."""
        return self._act(lambda: self._acts.talk.edit(user, channel, ts, text))

    def erase(self, user: str, channel: str, ts: str) -> Answer:
        """Delete one's own message."""
        return self._act(lambda: self._acts.talk.edit(user, channel, ts, None))

    def command(self, user: str, command: str, text: str = "", channel: str | None = None) -> Answer:
        """Give a slash command; without a channel in the first one they are in."""
        return self._act(lambda: self._acts.command(user, command, text, channel))

    def shortcut(self, user: str, callback_id: str) -> Answer:
        """Use a global shortcut."""
        return self._act(lambda: self._acts.shortcut(user, callback_id, None, None))

    def message_shortcut(self, user: str, callback_id: str, channel: str, ts: str) -> Answer:
        """Use a shortcut on a message."""
        return self._act(lambda: self._acts.shortcut(user, callback_id, channel, ts))

    def click(
        self, user: str, channel: str, ts: str, action_id: str, block_id: str | None = None, value: str | None = None
    ) -> Answer:
        """Press a button of a message."""
        acts = self._acts
        return self._act(
            lambda: acts.actions.click(user, acts.places.message_place(user, channel, ts), action_id, block_id, value)
        )

    def click_view(
        self,
        user: str,
        action_id: str,
        block_id: str | None = None,
        value: str | None = None,
        view_id: str | None = None,
    ) -> Answer:
        """Press a button of the top modal."""
        acts = self._acts
        return self._act(
            lambda: acts.actions.click(user, acts.places.view_place(user, view_id), action_id, block_id, value)
        )

    def click_home(self, user: str, action_id: str, block_id: str | None = None, value: str | None = None) -> Answer:
        """Press a button of the Home."""
        acts = self._acts
        return self._act(lambda: acts.actions.click(user, acts.places.home_place(user), action_id, block_id, value))

    def select(
        self, user: str, channel: str, ts: str, action_id: str, value: Any, block_id: str | None = None
    ) -> Answer:
        """Choose in a menu or picker of a message."""
        acts = self._acts
        return self._act(
            lambda: acts.actions.select(user, acts.places.message_place(user, channel, ts), action_id, value, block_id)
        )

    def select_view(
        self, user: str, action_id: str, value: Any, block_id: str | None = None, view_id: str | None = None
    ) -> Answer:
        """Choose in a menu or picker of the top modal."""
        acts = self._acts
        return self._act(
            lambda: acts.actions.select(user, acts.places.view_place(user, view_id), action_id, value, block_id)
        )

    def select_home(self, user: str, action_id: str, value: Any, block_id: str | None = None) -> Answer:
        """Choose in a menu or picker of the Home."""
        acts = self._acts
        return self._act(lambda: acts.actions.select(user, acts.places.home_place(user), action_id, value, block_id))

    def fill(self, user: str, values: Mapping[str, Any], view_id: str | None = None) -> Answer:
        """Type into the top modal without submitting it."""
        acts = self._acts
        return self._act(lambda: acts.forms.fill(user, acts.places.view_place(user, view_id), values))

    def submit(self, user: str, values: Mapping[str, Any] | None = None, view_id: str | None = None) -> Answer:
        """Type into the top modal and submit it."""
        acts = self._acts

        async def filled() -> Answer:
            opened = acts.places.view_place(user, view_id)
            await acts.forms.fill(user, opened, values or {})
            return await acts.forms.submit(user, opened)

        return self._act(filled)

    def close(self, user: str, view_id: str | None = None, *, clear: bool = False) -> Answer:
        """Close the top modal, or all of them."""
        acts = self._acts
        return self._act(lambda: acts.forms.close(user, acts.places.view_place(user, view_id), clear=clear))

    def options(
        self,
        user: str,
        action_id: str,
        typed: str,
        *,
        block_id: str | None = None,
        view_id: str | None = None,
        channel: str | None = None,
        ts: str | None = None,
    ) -> Answer:
        """Type into an external select of the top modal, or of a message."""
        acts = self._acts

        async def typing() -> Answer:
            place = acts.places.message_place(user, channel or "", ts) if ts else acts.places.view_place(user, view_id)
            return await acts.actions.options(user, place, action_id, block_id, typed)

        return self._act(typing)

    def open_home(self, user: str, tab: str = "home") -> Answer:
        """Open the app's Home."""
        return self._act(lambda: self._acts.talk.open_home(user, tab))

    def redeliver(self, answer: Answer, *, retry: bool = True) -> Answer:
        """Send the very same payloads once more; events are marked as a retry unless ``retry`` is false."""
        return self._act(lambda: self._acts.redeliver(answer, retry=retry))

    # --- looking

    def messages(self, channel: str, as_user: str | None = None, thread_ts: str | None = None) -> list[Json]:
        """List messages, oldest first; for a person with the ephemeral ones only they see."""
        found = self._world.channel(channel)
        return [self._world.shown(post) for post in self._world.seen(found, as_user, thread_ts)]

    def dm(self, user: str) -> str:
        """Give the id of the app's DM with a person."""
        return self._world.app_dm(user).id

    def views(self, user: str) -> list[Json]:
        """List a person's open modals, bottom first."""
        return [self._server.desk.stacks.shown(view) for view in self._server.desk.stacks.stack(user)]

    def view(self, user: str) -> Json | None:
        """Give a person's top modal, or None."""
        return next(reversed(self.views(user)), None)

    def home(self, user: str) -> Json | None:
        """Give a person's Home, or None."""
        home = self._server.desk.stacks.home(user)
        return self._server.desk.stacks.shown(home) if home else None

    @property
    def calls(self) -> list[Call]:
        """Every Web API call, oldest first."""
        return self._server.desk.records.calls

    def calls_of(self, method: str) -> list[Call]:
        """Every call of one method, oldest first."""
        return self._server.desk.records.calls_of(method)

    @property
    def violations(self) -> list[Violation]:
        """Every payload that broke a rule of Slack, oldest first."""
        return self._server.desk.records.violations

    def file_bytes(self, file_id: str) -> bytes:
        """Give the bytes of a file.

        Raises:
            KeyError: There is no such file, or it was never uploaded.
        """
        data = self._world.files[file_id].data
        if data is None:
            raise KeyError(file_id)
        return data

    def send_scheduled(self) -> int:
        """Send the scheduled messages that are due now, without waiting for the ticker; gives how many."""
        return send_due(self._server.desk)

    @staticmethod
    def wait_until(predicate: Callable[[], object], seconds: float = 5.0) -> bool:
        """Wait, in real time, until something is true; gives whether it came true."""
        end = time.monotonic() + seconds
        while not predicate():
            if time.monotonic() >= end:
                return bool(predicate())
            time.sleep(0.005)
        return True
