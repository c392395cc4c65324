"""Owns what an import takes and what it tells: plain values, whatever file they came from."""

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.playbook import Playbook
from bot.errors import Text


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom a file names; recognised by mail address, else by name."""

    name: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class TeamPlan:
    """A team that a file brings; one of that name that is here already is left as it is.

    ``playbook`` is None for a team that must be here already. The first manager decides for the team; further ones belong to it.
    """

    name: str
    playbook: Playbook | None = None
    managers: tuple[Person, ...] = ()
    reps: tuple[Person, ...] = ()
    zone: str = "UTC"
    locale: str = "en-US"


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A customer that a file describes."""

    name: str
    industry: str | None = None
    region: str | None = None
    website: str | None = None
    credit_code: str | None = None


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """An opportunity as a file has it.

    Attributes:
        line: Where it stands in the file.
        ref: Its name in the file; the same one is never imported twice.
        team: Name of the team.
        need: One line.
        customer: None where the file names none.
        stage: Key or name of a stage; None for the first one.
        closed_from: Key of the stage that a closed one was in before; None for the first one.
        captured: When it began; None for the moment of the import.
        closed: When it closed; of an open one, when it is expected to.
    """

    line: int
    ref: str
    team: str
    need: str
    customer: str | None = None
    stage: str | None = None
    closed_from: str | None = None
    owner: Person | None = None
    captured: date | datetime | None = None
    closed: date | datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    product: str | None = None
    source: str | None = None
    region: str | None = None
    industry: str | None = None
    website: str | None = None
    credit_code: str | None = None
    contact: Person | None = None
    contact_phone: str | None = None
    contact_title: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Something to say about a line of the file."""

    line: int
    ref: str | None
    why: Text


@dataclass(frozen=True, slots=True)
class Batch:
    """All that a file brings; ``refused`` are lines that could not even be read."""

    rows: tuple[OpportunityRow, ...]
    teams: tuple[TeamPlan, ...]
    customers: tuple[CustomerRow, ...] = ()
    refused: tuple[Told, ...] = ()
    remarks: tuple[Told, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one line.

    ``outcome`` is new, present or refused; ``customer`` is known, new, possible, not_identified, or empty for a refused line.
    ``why`` says why it is refused, or with whose registration it collides.
    """

    line: int
    ref: str | None
    outcome: str
    customer: str = ""
    has_collision: bool = False
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Collisions:
    """Customers with open opportunities, how many of them have more than one owner, and the same by customer and product."""

    customers: int = 0
    customers_of: int = 0
    pairs: int = 0
    pairs_of: int = 0
    opportunities: int = 0


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or (``is_dry``) would do."""

    is_dry: bool
    imported: int
    present: int
    refused: tuple[Told, ...]
    remarks: tuple[Told, ...]
    not_identified: int
    collisions: Collisions
    new_teams: int
    new_members: int
    new_customers: int
    verdicts: tuple[Verdict, ...] = field(repr=False, default=())
