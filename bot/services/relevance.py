"""Owns what is still true: whether a promised reminder has anything left to remind of when it is sent."""

from datetime import datetime

from bot.domain.attention import Cause
from bot.services.values import OpportunityView


def still_needed(
    shown: OpportunityView, cause: Cause, moment: datetime, now: datetime, *, reader_id: int | None = None
) -> bool:
    """Say whether the gap is still open.

    Args:
        shown: The opportunity as it stands.
        cause: Why the clock rang.
        moment: For when it rang.
        now: The present moment, aware.
        reader_id: Our number of the owner it was for; None for a manager, who is told whoever owns it.
    """
    if shown.closed_at is not None:
        return _is_wanted(shown, cause)
    if cause is Cause.POOL:
        return shown.owner is None
    if shown.owner is None:
        return False
    if reader_id is not None and (shown.owner.id != reader_id or _is_snoozed(shown, now)):
        return False
    return _is_open(shown, cause, moment, now)


def _is_wanted(shown: OpportunityView, cause: Cause) -> bool:
    """Say whether a closed one still wants its review, or may still be won back."""
    if cause is Cause.REVIEW:
        return shown.review_due_at is not None and not shown.is_reviewed
    return cause is Cause.WIN_BACK and shown.win_back_on is not None


def _is_snoozed(shown: OpportunityView, now: datetime) -> bool:
    return shown.snoozed_until is not None and shown.snoozed_until > now


def _is_open(shown: OpportunityView, cause: Cause, moment: datetime, now: datetime) -> bool:
    if cause is Cause.NEXT_STEP:
        # A morning list tells of what falls due later in the day: it stays true until then.
        return shown.next_due_at is None or shown.next_due_at <= max(now, moment)
    if cause is Cause.STAGE_LIMIT:
        return shown.stage_entered_at < moment
    if cause is Cause.ACCEPT:
        return not shown.is_accepted
    if cause in {Cause.REVIEW, Cause.WIN_BACK}:
        return False  # it was reopened meanwhile
    return shown.last_follow_up_at is None or shown.last_follow_up_at < moment
