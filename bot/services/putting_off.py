"""Owns what the clock does about a record that it cannot handle: that one is put off, and stands in nobody's way."""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from bot.vitals import PUT_OFF

log = logging.getLogger(__name__)

T = TypeVar("T")

WAIT = timedelta(hours=1)
"""After so long, one that was put off is looked at again."""


def alone(what: str, work: Callable[[], T], *, within: Session | None = None) -> T | None:
    """Do something for one record of many, so that a broken one, or a defect that only it meets, leaves the others be.

    Args:
        what: Names the record in the log, such as ``the digest of team 7``.
        work: Does it.
        within: The transaction, where many records share one: of this record nothing is kept then if it fails.

    Returns:
        What the work returns, or None where it failed: the clock comes back to it.

    Raises:
        OperationalError: The database is away, or has somebody else in hand: the next tick tries all again.
    """
    try:
        with nullcontext() if within is None else within.begin_nested():
            return work()
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - it is told with its trace
        tell(what, error)
    return None


def tell(what: str, error: Exception) -> None:
    """Tell, with the trace, what the clock could not do and comes back to later, and count it."""
    log.error("%s cannot be handled by the clock, and is put off", what, exc_info=error)
    PUT_OFF.inc()
