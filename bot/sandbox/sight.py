"""Owns the part of the driver that looks: messages, forms, Homes, calls and violations."""

import time
from collections.abc import Callable

from bot.sandbox.api_chat import send_due
from bot.sandbox.people import People
from bot.sandbox.records import Call, Violation
from bot.sandbox.things import Json


class Sight(People):
    """Shows what is there, from outside the app."""

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
