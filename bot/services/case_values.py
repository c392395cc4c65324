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
        state: owned, protected, registered, pool, or free where what stood in the way was closed meanwhile.
        since: When they accepted it, when it came into the pool, or when it was registered.
        until: End of the protection, if there is one.
        last_follow_up_at: When the customer was last followed up.
        precedents: Rulings about this customer, the latest first.
        is_elsewhere: Whether the reader only knows of it because it stopped them: another team has it.
        may_claim: Whether the reader may claim it from the pool.
        may_assign: Whether the reader assigns it from the pool.
        may_ask: Whether the reader may ask for a ruling.
        asked_id: The ruling that they asked for, while it is open.
        instead: Who hears what is meant for an owner who left, or was never in Slack; empty where the owner does.
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
    is_elsewhere: bool = False
    may_claim: bool = False
    may_assign: bool = False
    may_ask: bool = False
    asked_id: int | None = None
    instead: tuple[MemberRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """That something was told to whose customer it is; ``instead`` is who heard it for an owner who cannot."""

    owner: MemberRef
    instead: tuple[MemberRef, ...] = ()


@dataclass(frozen=True, slots=True)
class RulingCase:
    """A request for a ruling as its judge sees it; once ruled, as it was ruled.

    It is about an opportunity, or where ``opportunity_id`` is None about a registration, whose note is ``need`` then. ``owner`` is
    whose it is now, or was when it was ruled. ``state`` is open, ruled, withdrawn or lapsed, with the ``cause`` of the last.
    ``beside`` counts what the asker has open there too: what is ruled holds for all that both have. ``plea`` is empty where
    nobody asked, and a manager settled it.
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
    beside: int = 0

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

    Attributes:
        yielded_to: Whose was approved instead of it, or took its place.
        is_active: Whether it protects the customer now.
        renewal_asked_at: When its rep asked for more days, while nobody has decided.
        renewed_by: Who gave them last, at ``renewed_at``.
        over: Why an approved one protects nothing any more without having been ended: expired, used (an opportunity came of it)
            or left (its rep is deactivated).
        cause: Why it ended: withdrawn, revoked, merged, used or expired; None for a ruling, or where it did not.
        ended_by: Who ended it, at ``ended_at``, in the words of ``ended_why``.
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
    is_active: bool = False
    over: str | None = None
    renewal_asked_at: datetime | None = None
    renewed_at: datetime | None = None
    renewed_by: MemberRef | None = None
    cause: str | None = None
    ended_at: datetime | None = None
    ended_by: MemberRef | None = None
    ended_why: str | None = None

    @property
    def is_renewal(self) -> bool:
        """True while a renewal waits for a decision."""
        return self.is_active and self.renewal_asked_at is not None

    @property
    def is_open(self) -> bool:
        """True while something is to be decided: the registration itself, or its renewal."""
        return self.state == "pending" or self.is_renewal


@dataclass(frozen=True, slots=True)
class RegistrationLine:
    """A registration in a list, with what the reader may do: it is their own, or they decide for its team."""

    case: RegistrationCase
    is_own: bool
    may_decide: bool


@dataclass(frozen=True, slots=True)
class RegistrationPage:
    """A page of the list of registrations; ``page`` counts from 0, ``first`` from 1, ``total`` are on all pages."""

    lines: tuple[RegistrationLine, ...]
    page: int = 0
    pages: int = 1
    first: int = 1
    total: int = 0
