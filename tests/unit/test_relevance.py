"""What is still true when a reminder is sent."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.attention import Cause
from bot.services.relevance import still_needed
from tests.unit.figures import ANNA, LIN, NOW, make_opportunity

MOMENT = NOW - timedelta(hours=4)
LATER, EARLIER = MOMENT + timedelta(hours=1), MOMENT - timedelta(days=9)


@pytest.mark.parametrize(
    ("cause", "overrides", "expected"),
    [
        (Cause.NEXT_STEP, {"next_due_at": EARLIER}, True),
        (Cause.NEXT_STEP, {"next_due_at": None}, True),
        (Cause.NEXT_STEP, {"next_due_at": NOW + timedelta(hours=1)}, False),
        (Cause.NEXT_STEP, {"snoozed_until": NOW + timedelta(hours=1)}, False),
        (Cause.NEXT_STEP, {"snoozed_until": NOW}, True),
        (Cause.NEXT_STEP, {"owner": ANNA}, False),
        (Cause.NEXT_STEP, {"owner": None}, False),
        (Cause.NEXT_STEP, {"closed_at": NOW}, False),
        (Cause.STAGE_LIMIT, {"stage_entered_at": EARLIER}, True),
        (Cause.STAGE_LIMIT, {"stage_entered_at": LATER}, False),
        (Cause.ACCEPT, {"is_accepted": False}, True),
        (Cause.ACCEPT, {"is_accepted": True}, False),
        (Cause.CADENCE, {"last_follow_up_at": EARLIER}, True),
        (Cause.CADENCE, {"last_follow_up_at": LATER}, False),
        (Cause.SILENCE, {"last_follow_up_at": None}, True),
        (Cause.SILENCE, {"last_follow_up_at": LATER}, False),
        (Cause.POOL, {"owner": None}, True),
        (Cause.POOL, {"owner": ANNA}, False),
    ],
)
def test_owner_is_reminded_only_of_a_gap_that_is_still_open(
    cause: Cause, overrides: dict[str, Any], expected: bool
) -> None:
    shown = make_opportunity(**overrides)
    assert still_needed(shown, cause, MOMENT, NOW, reader_id=LIN.id) is expected


def test_manager_is_told_whoever_owns_it_and_though_the_owner_snoozed() -> None:
    shown = make_opportunity(owner=ANNA, snoozed_until=NOW + timedelta(hours=1))
    assert still_needed(shown, Cause.NEXT_STEP, MOMENT, NOW)
