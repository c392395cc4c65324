"""Owns the order in which answers reach an open modal: what was pressed earlier never covers what was pressed later."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, field

from bot.slack.gateway import Gateway
from bot.views.elements import View

_KEPT = 1000


@dataclass
class _Open:
    """A modal as we know it: which request it shows the answer to, and the hash that Slack gave it then."""

    request: int = 0
    hash: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Modals:
    """The modals that were changed lately; a thousand are remembered, which outlasts any press that is still on its way."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    def show(self, gateway: Gateway, view_id: str, view: View, *, request: int, seen_hash: str) -> bool:
        """Replace an open modal, unless it shows the answer to a later request, was changed by another process, or is closed.

        Args:
            gateway: Slack's Web API; other answers to the same modal wait until it has answered.
            view_id: Slack's id of the modal.
            view: What takes its place.
            request: The request's number, in order of arrival.
            seen_hash: Of the modal as it was when the button was pressed.

        Returns:
            False where it was not replaced.
        """
        known = self._of(view_id)
        with known.lock:
            if request < known.request:
                return False
            # Two presses in a row carry the same hash: the second replaces what the first one made.
            for one in dict.fromkeys((known.hash or seen_hash, seen_hash)):
                found = gateway.refresh_view(view_id, view, one)
                if found is not None:
                    known.request, known.hash = request, found
                    return True
        return False

    def answered(self, view_id: str, request: int) -> None:
        """Note that a submission was answered with a view of its own, whose hash only Slack knows."""
        known = self._of(view_id)
        with known.lock:
            if request > known.request:
                known.request, known.hash = request, None

    def _of(self, view_id: str) -> _Open:
        with self._lock:
            found = self._open.setdefault(view_id, _Open())
            self._open.move_to_end(view_id)
            if len(self._open) > _KEPT:
                self._open.popitem(last=False)
            return found
