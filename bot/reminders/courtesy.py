"""Owns what waits until its reader is at work: a promise was made in their hours, but may come to be sent at night or on leave."""

from datetime import datetime, timedelta

from bot.domain.absence import is_away
from bot.domain.attention import Step
from bot.domain.quiet import telling
from bot.services.outbox import Address, Promise

AFTER_THE_LIST = timedelta(minutes=1)
"""So long after the opening comes what waited for it: the morning list is the first thing of the day, and says most of it."""

# Nobody waits for these. Not here: what answers somebody's own act, such as a request that they have just made.
_UNHURRIED = frozenset(
    {
        "nudge", "focus", "escalation", "pool", "offer", "handover", "notice", "weekly", "absence", "departure", "told", "ruling",
        "ruled", "registration", "registered", "registration_ending", "undecided", "dead_letter",
    }
)  # fmt: skip
_OWNERS = frozenset({"nudge", "focus"})


def waits_until(promise: Promise, address: Address, now: datetime) -> datetime | None:
    """Return until when a message waits for its reader; None where it may be sent now.

    What an owner should see to waits until they are back, and is then told as far as their list does not say it. Of a
    warning they hear in their hours even while away: without a word from them the opportunity is taken back.
    """
    if promise.kind not in _UNHURRIED or _is_urgent(promise) or _is_change(promise) or address.hours is None:
        return None
    here = now
    if promise.kind in _OWNERS and address.away_until is not None and is_away(address, now) and not _warns(promise):
        here = address.away_until
    at = telling(address.hours, here).at
    return at + AFTER_THE_LIST if at > now else None


def _is_urgent(promise: Promise) -> bool:
    """Say whether messages of others wait until its reader has mended something."""
    return str(promise.payload.get("key", "")).startswith("notice.blocked_")


def _is_change(promise: Promise) -> bool:
    """Say whether it only takes the place of a message that stands already: that wakes nobody."""
    return promise.stands_at is not None or bool(promise.payload.get("channel"))


def _warns(promise: Promise) -> bool:
    return any(item["step"] == Step.WARN for item in promise.payload["items"])
