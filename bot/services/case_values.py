"""Owns the frozen values of disputes: a collision as a refused rep sees it, a ruling, a precedent, a registration."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.rulings import Evidence, Verdict
from bot.services.values import MemberRef


@dataclass(frozen=True, slots=True)
class Precedent:
    """A ruling of the past: who ruled what, in which words, when."""

    customer: str
    verdict: Verdict
    sentence: str
    judge: str
    owner: str | None
    asker: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Collision:
    """What stands in the way of a capture, and nothing that is not an outsider's business.

    Attributes:
        customer_id: Our number of the customer.
        customer: Its name.
        opportunity_id: The opportunity in the way; None where a registration protects the customer.
        owner: Who has it; None in the pool.
        state: owned, protected, registered or pool.
        since: When they accepted it, when it came into the pool, or when it was registered.
        until: End of the protection, if there is one.
        last_follow_up_at: When the customer was last followed up.
        precedents: Rulings about this customer, the latest first.
        may_claim: Whether the reader may claim it from the pool.
        may_ask: Whether the reader may ask for a ruling.
        asked_id: The ruling that they asked for, while it is open.
    """

    customer_id: int
    customer: str
    opportunity_id: int | None
    owner: MemberRef | None
    state: str
    since: datetime
    until: datetime | None
    last_follow_up_at: datetime | None
    precedents: tuple[Precedent, ...] = ()
    may_claim: bool = False
    may_ask: bool = False
    asked_id: int | None = None


@dataclass(frozen=True, slots=True)
class RulingCase:
    """A request for a ruling as its judge sees it; once ruled, as it was ruled.

    It is about an opportunity, or where ``opportunity_id`` is None about a registration, whose note is ``need`` then. ``owner`` is
    whose it is now, or was when it was ruled. ``state`` is open, ruled, withdrawn or lapsed, with the ``cause`` of the last.
    """

    id: int
    state: str
    opportunity_id: int | None
    customer_id: int
    customer: str
    need: str
    team: str
    owner: MemberRef | None
    asker: MemberRef
    asker_team: str | None
    plea: str
    asked_at: datetime
    evidence: Evidence
    verdict: Verdict | None
    sentence: str | None
    judge: MemberRef | None
    ruled_at: datetime | None
    precedents: tuple[Precedent, ...] = ()
    judges: tuple[MemberRef, ...] = ()
    cause: str | None = None

    @property
    def is_open(self) -> bool:
        """True while nobody has ruled."""
        return self.state == "open"


@dataclass(frozen=True, slots=True)
class Asked:
    """That a question went to those who decide it."""

    customer: str
    judges: tuple[MemberRef, ...]


@dataclass(frozen=True, slots=True)
class RegistrationCase:
    """A registration as its judge and its rep see it; ``state`` is pending, approved, refused or ended.

    ``yielded_to`` is whose was approved instead of it, or took its place.
    """

    id: int
    state: str
    customer_id: int
    customer: str
    asker: MemberRef
    team: str
    note: str
    asked_at: datetime
    days: int
    sentence: str | None = None
    judge: MemberRef | None = None
    decided_at: datetime | None = None
    protected_until: datetime | None = None
    rivals: tuple[str, ...] = ()
    yielded_to: MemberRef | None = None

    @property
    def is_open(self) -> bool:
        """True while nobody has decided."""
        return self.state == "pending"
