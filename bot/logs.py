"""Owns what is logged and how: as text or as JSON, each line with the id of the request or tick it belongs to."""

import json
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal

Format = Literal["text", "json"]

_current: ContextVar[str] = ContextVar("closeloop_request", default="")


@contextmanager
def work(name: str | None = None) -> Iterator[str]:
    """Give a piece of work an id that every line logged inside the block carries.

    Args:
        name: The id; a fresh one, such as ``4f0c91be``, if not given.
    """
    found = name or secrets.token_hex(4)
    token = _current.set(found)
    try:
        yield found
    finally:
        _current.reset(token)


def current_id() -> str:
    """Return the id of the work in hand; a fresh one where none was given."""
    return _current.get() or secrets.token_hex(4)


class _WithId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True


def _nothing(_record: logging.LogRecord) -> bool:
    return False


class TextFormat(logging.Formatter):
    """One line for people: time, level, where from, id in brackets, words; a trace below it."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name of logging's own method
        """Return the line."""
        found = getattr(record, "request_id", "")
        line = super().formatMessage(record)
        return f"{line} [{found}]" if found else line


class JsonFormat(logging.Formatter):
    """One JSON object a line: ``at``, ``level``, ``logger``, ``message``, and ``request`` and ``trace`` where there are such."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if found := getattr(record, "request_id", ""):
            line["request"] = found
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, form: Format) -> None:
    """Have everything logged to standard error from now on.

    Args:
        level: The least that is told, such as ``INFO``.
        form: ``text`` or ``json``.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormat() if form == "json" else TextFormat())
    handler.addFilter(_WithId())
    logging.basicConfig(level=level, handlers=[handler])
    # It logs what a request with a wrong signature says: after a secret was changed, all that people type. A level would not
    # last, since Bolt sets its loggers to the root's. That there was such a request is told by ``listening``.
    logging.getLogger("slack_bolt.RequestVerification").addFilter(_nothing)
    if level != "DEBUG":
        # They tell of every migration and of every tick, also of one whose moment comes while the last one is still at work.
        logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLevelNamesMapping()[level]))
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
