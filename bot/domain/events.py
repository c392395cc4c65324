"""Owns the event history: what can happen to an opportunity, as typed values that go to JSON and come back."""

import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

MEMBER_NUMBERS = frozenset({"member_id", "former_id", "from_id", "to_id", "before_id", "after_id", "asker_id"})
"""Fields of events that hold a member's number; in every kind that has them they mean one."""

CONTACT_JOINER = " · "
"""Stands between name, telephone number and mail address where a contact is told in one line."""

_KINDS: dict[str, type["Event"]] = {}
# By kind and field: what makes the value again that JSON could not hold. It also tells which fields an event has.
_READERS: dict[str, dict[str, Callable[[Any], Any]]] = {}
_DEMANDED: dict[str, tuple[str, ...]] = {}


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened; ``undo`` holds what its undoing needs, where it can be undone."""

    kind: ClassVar[str] = "Event"

    def payload(self) -> dict[str, Any]:
        """Return the fields as JSON values; instants and dates in ISO 8601."""
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name in _READERS[self.kind]
            if (value := getattr(self, name)) is not None
        }

    @classmethod
    def from_payload(cls, payload: dict[str, Any]) -> Self:
        """Return the event of a payload; fields that a later version added take their defaults."""
        readers = _READERS[cls.kind]
        known = {name: readers[name](value) for name, value in payload.items() if name in readers}
        # A payload leaves out what is None, also where a field has no default.
        return cls(**{**dict.fromkeys(_DEMANDED[cls.kind]), **known})


def register(event: type[Event]) -> type[Event]:
    """Make an event known under its class name."""
    event.kind = event.__name__
    _KINDS[event.__name__] = event
    hints = get_type_hints(event)
    _READERS[event.__name__] = {one.name: _reader(hints[one.name]) for one in fields(event)}
    _DEMANDED[event.__name__] = tuple(
        one.name for one in fields(event) if one.default is MISSING and one.default_factory is MISSING
    )
    return event


def event_from(kind: str, payload: dict[str, Any]) -> Event:
    """Return the event that a row of the history holds.

    Raises:
        KeyError: No event of that kind exists.
    """
    return _KINDS[kind].from_payload(payload)


def event_kinds() -> frozenset[str]:
    """Return the names of all events."""
    return frozenset(_KINDS)


def _reader(hint: Any) -> Callable[[Any], Any]:
    options = get_args(hint) if get_origin(hint) in {Union, types.UnionType} else (hint,)
    for wanted in (datetime, date):
        if wanted in options:
            return lambda value: value if value is None else wanted.fromisoformat(value)
    return lambda value: value


@register
@dataclass(frozen=True, slots=True)
class LeadCaptured(Event):
    """An opportunity began. ``way`` is command, message, shortcut, import or demo."""

    customer: str
    need: str
    way: str
    stage: str
    amount_minor: int | None = None
    currency: str | None = None
    source: str | None = None
    permalink: str | None = None


@register
@dataclass(frozen=True, slots=True)
class Graded(Event):
    """The grade was computed, or changed. ``points`` are ``[criterion, option, points]``; ``before`` is what it was."""

    grade: str
    score: int
    points: list[list[Any]]
    before: str | None = None
    score_before: int | None = None


@register
@dataclass(frozen=True, slots=True)
class AssignmentOffered(Event):
    """A member was made owner and is asked to accept by a time."""

    member_id: int
    member: str
    reason: str
    params: dict[str, Any] = field(default_factory=dict)
    accept_by: datetime | None = None


@register
@dataclass(frozen=True, slots=True)
class AssignmentAccepted(Event):
    """The owner accepted, or was the one who captured it."""

    member_id: int
    member: str


@register
@dataclass(frozen=True, slots=True)
class AssignmentDeclined(Event):
    """The offered owner declined, or let the offer lapse (``lapsed``), or could not answer.

    ``cause`` is away, left or moved for one who could not answer.
    """

    member_id: int
    member: str
    reason: str | None = None
    lapsed: bool = False
    cause: str | None = None


@register
@dataclass(frozen=True, slots=True)
class PutInPool(Event):
    """It has no owner now and can be claimed. ``cause`` is nobody, released or recycled."""

    cause: str
    former_id: int | None = None
    former: str | None = None
    reason: str | None = None


@register
@dataclass(frozen=True, slots=True)
class Claimed(Event):
    """A member took it from the pool."""

    member_id: int
    member: str


@register
@dataclass(frozen=True, slots=True)
class FollowUpLogged(Event):
    """What was said and answered. ``for_member`` is the absent owner for whom somebody else logged it."""

    follow_up_id: int
    way: str
    said: str
    answered: str | None = None
    for_member: str | None = None
    permalink: str | None = None
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class NextStepSet(Event):
    """What comes next, and when."""

    next_step_id: int
    text: str
    due_at: datetime


@register
@dataclass(frozen=True, slots=True)
class NextStepDone(Event):
    """A next step was done; ``late`` where its due time had passed."""

    next_step_id: int
    text: str
    due_at: datetime
    late: bool = False


@register
@dataclass(frozen=True, slots=True)
class NextStepSnoozed(Event):
    """The owner asked to be left alone until a time."""

    next_step_id: int
    until: datetime
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class StageChanged(Event):
    """It moved from one stage to another, after so many working hours in the former."""

    before: str
    after: str
    hours: float = 0.0
    forward: bool = True
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class OpportunityWon(Event):
    """Won, with its reason."""

    stage: str
    reason: str
    amount_minor: int | None = None
    currency: str | None = None
    note: str | None = None
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class OpportunityLost(Event):
    """Lost, with its reason and the stage it was in."""

    stage: str
    reason: str
    competitor: str | None = None
    note: str | None = None
    win_back_on: date | None = None
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class OpportunityReopened(Event):
    """A closed opportunity is open again."""

    stage: str
    reason: str


@register
@dataclass(frozen=True, slots=True)
class OpportunityEdited(Event):
    """Facts changed; ``changes`` maps a field to ``[before, after]`` as JSON values."""

    changes: dict[str, list[Any]]
    undo: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class HandoverOffered(Event):
    """The owner wants somebody else to go on."""

    from_id: int | None
    from_member: str | None
    to_id: int
    to_member: str
    note: str | None = None
    accept_by: datetime | None = None


@register
@dataclass(frozen=True, slots=True)
class HandoverDeclined(Event):
    """The proposed owner declined, or did not answer in time (``lapsed``); nothing else changed."""

    to_id: int
    to_member: str
    reason: str | None = None
    lapsed: bool = False


@register
@dataclass(frozen=True, slots=True)
class OwnerChanged(Event):
    """It has another owner; stage, next steps and history are untouched."""

    before_id: int | None
    before: str | None
    after_id: int
    after: str
    how: str = "handover"


@register
@dataclass(frozen=True, slots=True)
class OwnerLeft(Event):
    """The owner is deactivated: it needs another. What it was before is kept for the case that they return."""

    member_id: int
    member: str
    accepted_at: datetime | None = None
    reason: dict[str, Any] | None = None


@register
@dataclass(frozen=True, slots=True)
class OwnerReturned(Event):
    """The owner who was deactivated is active again and still its owner."""

    member_id: int
    member: str


@register
@dataclass(frozen=True, slots=True)
class LadderStepTaken(Event):
    """The clock acted: ``step`` of the ladder for ``cause``, whose moment was ``moment``.

    ``to`` is who is told, None for nobody; ``told_at`` is when, where hours or the day's budget made it later.
    """

    cause: str
    step: str
    moment: datetime
    to: str | None = None
    told_at: datetime | None = None


@register
@dataclass(frozen=True, slots=True)
class CollisionStopped(Event):
    """Somebody else tried to take the customer and was told who has it."""

    member_id: int
    member: str
    customer: str
    verdict: str = "same"


@register
@dataclass(frozen=True, slots=True)
class CollisionMarked(Event):
    """The customer has a second owner, ``member``; ``why`` its first one could not take the lead, such as away."""

    member_id: int
    member: str
    why: str
    other_id: int | None = None


@register
@dataclass(frozen=True, slots=True)
class CustomerMerged(Event):
    """Its customer turned out to be another one that was known: it is ``kept``'s now, and was ``merged``'s."""

    kept: str
    merged: str


@register
@dataclass(frozen=True, slots=True)
class OwnerTold(Event):
    """Somebody who was refused the customer told its owner what they know, with the contact they have."""

    member_id: int
    member: str
    text: str
    contact: str | None = None


@register
@dataclass(frozen=True, slots=True)
class RulingAsked(Event):
    """Somebody asked the manager whose customer this is."""

    member_id: int
    member: str
    plea: str


@register
@dataclass(frozen=True, slots=True)
class RulingMade(Event):
    """A manager decided: ``verdict`` is keep, give or share; ``owner`` is who had it, None in the pool."""

    verdict: str
    sentence: str
    asker_id: int
    asker: str
    owner: str | None = None


@register
@dataclass(frozen=True, slots=True)
class RulingDropped(Event):
    """A request for a ruling ended without one: ``cause`` is withdrawn, or why it lapsed (pooled, closed, yours, left)."""

    asker_id: int
    asker: str
    cause: str


@register
@dataclass(frozen=True, slots=True)
class TeamChanged(Event):
    """It went to another team with its new owner; ``stage`` is where it stands there."""

    before: str
    after: str
    stage: str


@register
@dataclass(frozen=True, slots=True)
class CustomerMergeUndone(Event):
    """It is ``merged``'s again: the merge into ``kept`` was taken back."""

    kept: str
    merged: str


@register
@dataclass(frozen=True, slots=True)
class NoteAdded(Event):
    """Something worth keeping: a message of the thread, a hint of a refused rep, a sentence of a manager."""

    text: str
    permalink: str | None = None
    source: str = "note"


@register
@dataclass(frozen=True, slots=True)
class ReviewWritten(Event):
    """What the closed opportunity taught."""

    lesson: str


@register
@dataclass(frozen=True, slots=True)
class ActionUndone(Event):
    """A member took back their own last action."""

    event_id: int
    what: str
