"""Owns the frozen values about merges and possible duplicates."""

from dataclasses import dataclass
from datetime import datetime

from bot.services.values import MemberRef


@dataclass(frozen=True, slots=True)
class MergeSide:
    """One of two customers as who decides sees it; ``owners`` are those of its open opportunities."""

    id: int
    name: str
    owners: tuple[MemberRef, ...]
    open_count: int
    closed_count: int
    contact_count: int


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge of two customers would do; ``collides`` where both are worked on by different owners."""

    sides: tuple[MergeSide, MergeSide]
    collides: bool


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A merge: ``until`` is the end of the days in which it can be undone; ``is_open`` while it can."""

    id: int
    kept: str
    merged: str
    at: datetime
    by: MemberRef | None
    opportunity_count: int
    contact_count: int
    until: datetime
    is_open: bool
    undone_at: datetime | None = None
    collides: bool = False


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two customers that may be one, with the number of weak keys they share and what speaks for it."""

    first_id: int
    first: str
    second_id: int
    second: str
    verdict: str
    deciding: tuple[str, ...]
    shared: int


@dataclass(frozen=True, slots=True)
class ToldApart:
    """Two customers of near names that somebody decided not to be one; ``by`` is None for the command line."""

    id: int
    first: str
    second: str
    by: MemberRef | None
    at: datetime
