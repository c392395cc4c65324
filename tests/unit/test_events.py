"""The event history: every kind goes to JSON and comes back as it was."""

import dataclasses
import json
import types
from datetime import UTC, date, datetime
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import events
from bot.domain.events import Event, event_from, event_kinds

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_INSTANTS = st.datetimes(timezones=st.just(UTC))


def _values(hint: Any) -> st.SearchStrategy[Any]:
    if get_origin(hint) in {Union, types.UnionType}:
        return st.one_of(*(_values(one) for one in get_args(hint)))
    origin = get_origin(hint) or hint
    if origin is dict:
        return st.dictionaries(st.text(), _values(get_args(hint)[1]), max_size=3)
    if origin is list:
        return st.lists(_values(get_args(hint)[0]), max_size=3)
    found: dict[Any, st.SearchStrategy[Any]] = {
        str: st.text(),
        int: st.integers(-(2**53), 2**53),
        float: st.floats(allow_nan=False, allow_infinity=False),
        bool: st.booleans(),
        datetime: _INSTANTS,
        date: st.dates(),
        type(None): st.none(),
        Any: _JSON,
    }
    return found[origin]


def _of(kind: str) -> st.SearchStrategy[Event]:
    made = getattr(events, kind)
    hints = get_type_hints(made)
    return st.builds(made, **{field.name: _values(hints[field.name]) for field in dataclasses.fields(made)})


@given(st.sampled_from(sorted(event_kinds())).flatmap(_of))
def test_every_kind_comes_back_from_json_as_it_was(event: Event) -> None:
    stored = json.loads(json.dumps(event.payload()))
    assert event_from(event.kind, stored) == event


@pytest.mark.parametrize("kind", sorted(event_kinds()))
def test_every_kind_is_called_like_its_class(kind: str) -> None:
    assert getattr(events, kind).kind == kind


def test_an_event_written_by_an_older_version_takes_defaults_and_of_a_newer_one_loses_what_is_unknown() -> None:
    event = event_from("LeadCaptured", {"customer": "Acme", "need": "n", "way": "command", "stage": "lead", "new": 1})
    assert event == events.LeadCaptured("Acme", "n", "command", "lead")


def test_an_unknown_kind_is_no_event() -> None:
    with pytest.raises(KeyError):
        event_from("Dreamt", {})


def test_events_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        events.NoteAdded("said").text = "unsaid"  # type: ignore[misc] # that is the point
