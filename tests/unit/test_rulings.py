"""The evidence of a ruling: read out of the event log, stored as JSON, and back."""

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import events as ev
from bot.domain.rulings import Evidence, Happening, evidence_of, reaches

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
MAYBE = st.none() | MOMENTS
TEXTS = st.none() | st.text(min_size=1)


def happenings(*them: tuple[str | None, ev.Event]) -> list[Happening]:
    return [Happening(number, NOW + timedelta(hours=number), who, event) for number, (who, event) in enumerate(them)]


def test_undone_follow_ups_and_attempts_of_others_do_not_count() -> None:
    found = evidence_of(
        happenings(
            ("Rita", ev.LeadCaptured("Acme", "Seats", "command", "lead")),
            ("Lin", ev.CollisionStopped(2, "Lin", "Acme")),
            ("Otto", ev.CollisionStopped(3, "Otto", "Acme")),
            ("Rita", ev.FollowUpLogged(1, "call", "Hello")),
            ("Mona", ev.FollowUpLogged(2, "call", "Hello again")),
            ("Rita", ev.FollowUpLogged(3, "mail", "Wrong customer")),
            ("Rita", ev.ActionUndone(5, "FollowUpLogged")),
            ("Lin", ev.OwnerTold(2, "Lin", "They want seats")),
        ),
        asker_id=2,
        captured_at=NOW,
    )
    assert (found.captured_by, found.first_touch_by, found.follow_ups) == ("Rita", "Rita", 2)
    assert found.last_follow_up_at == NOW + timedelta(hours=4)
    assert found.attempts == (NOW + timedelta(hours=1),)
    assert found.told_at == (NOW + timedelta(hours=7),)


def test_imported_opportunity_without_events_has_its_own_date() -> None:
    found = evidence_of((), asker_id=2, captured_at=NOW)
    assert (found.captured_at, found.captured_by, found.first_touch_at, found.follow_ups) == (NOW, None, None, 0)


@given(
    st.builds(
        Evidence,
        captured_at=MOMENTS,
        captured_by=TEXTS,
        first_touch_at=MAYBE,
        last_follow_up_at=MAYBE,
        follow_ups=st.integers(0, 9),
        next_due_at=MAYBE,
        protected_until=MAYBE,
        attempts=st.lists(MOMENTS, max_size=3).map(tuple),
        told_at=st.lists(MOMENTS, max_size=3).map(tuple),
        need=TEXTS,
        owner=TEXTS,
    )
)
def test_evidence_comes_back_from_json_as_it_was(one: Evidence) -> None:
    assert Evidence.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_names_of_a_later_version_are_left_out() -> None:
    assert Evidence.from_json([["captured_at", NOW.isoformat()], ["mood", "good"]]) == Evidence(NOW)


def test_stretches_of_time_reach_to_now_only_without_a_gap() -> None:
    def at(hour: int) -> datetime:
        return NOW + timedelta(hours=hour)

    lasting, first, later = (at(1), None), (at(-1), at(2)), (at(3), None)
    assert reaches(NOW, [first, lasting], at(9))
    assert reaches(NOW, [(at(2), None), first], at(9))
    assert not reaches(NOW, [first, later], at(9))
    assert not reaches(NOW, [lasting], at(9))
    assert not reaches(NOW, [first], at(2))
    assert not reaches(NOW, [], NOW)
