"""Owns the stand-in's face for tests, benchmarks and the demo; ``bot.sandbox`` tells how it is used."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from bot.clock import Clock, SystemClock
from bot.sandbox.answers import Answer
from bot.sandbox.faults import Faults
from bot.sandbox.server import Server
from bot.sandbox.settings import SandboxSettings
from bot.sandbox.sight import Sight
from bot.sandbox.things import Json, Refusal


class Sandbox(Sight):
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

    def verify_request_url(self) -> bool:
        """Say whether the request URL answers Slack's challenge, as when it is entered in the app's settings."""
        return self._server.on_loop(self._server.wire.challenge())

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
