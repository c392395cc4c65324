"""Owns the frozen values that use cases return; no ORM row ever leaves a service."""

from dataclasses import dataclass, field
from datetime import date, datetime

from bot.domain.events import Event
from bot.domain.playbook import Name, Reason, Scoring, Stage
from bot.errors import Text


@dataclass(frozen=True, slots=True)
class MemberRef:
    """A member as others see them; ``slack_user_id`` is None for one who came with an import."""

    id: int
    name: str
    slack_user_id: str | None


@dataclass(frozen=True, slots=True)
class PointLine:
    """One line of a grade's explanation, with names; ``is_read`` where only the words of the need tell the answer."""

    criterion: Name
    option: Name
    points: int
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event of the history; ``actor`` is None for the clock."""

    id: int
    at: datetime
    actor: MemberRef | None
    event: Event


@dataclass(frozen=True, slots=True)
class ContactRef:
    """A person at a customer."""

    id: int
    name: str
    title: str | None
    phone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class CollisionMark:
    """Why an open opportunity is marked as colliding, since when: ``others`` have the customer too, ``askers`` want a ruling."""

    others: tuple[MemberRef, ...]
    askers: tuple[MemberRef, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class OpportunityLine:
    """An opportunity in a list or a type-ahead; ``review_due_at`` while a closed one's review is not written."""

    id: int
    customer: str
    need: str
    stage: Stage
    grade: str
    amount_minor: int | None
    currency: str
    owner: MemberRef | None
    next_text: str | None
    next_due_at: datetime | None
    is_overdue: bool
    expected_close_on: date | None
    accept_by: datetime | None
    closed_at: datetime | None
    review_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpportunityView:
    """Everything a card, a form or a handover message shows of one opportunity.

    Attributes:
        owner_reason: Why this owner, as a text.
        stages: The team's stages in order, for the advance form.
        may: What the reader may do now: follow_up, advance, won, lost, handover, edit, reopen, review, claim, release, accept, reassign,
            settle (a collision), note.
        broken: Clauses of the invariant that do not hold, such as ``next_step``.
        zone: The team's zone; a reader's own zone is the handler's business.
        history: The latest events, newest first.
        criteria: The grading questions of the playbook it is under.
        answers: What the team calls an answer of its scorecard, by criterion and answer, such as ``("budget", "likely")``.
    """

    id: int
    version: int
    team_id: int
    team_name: str
    team_locale: str
    zone: str
    channel_id: str | None
    card_channel: str | None
    card_ts: str | None
    customer_id: int
    customer: str
    contact: ContactRef | None
    need: str
    amount_minor: int | None
    currency: str
    source: Name | None
    product: str | None
    region: str | None
    industry: str | None
    expected_close_on: date | None
    facts: dict[str, str]
    stage: Stage
    stages: tuple[Stage, ...]
    stage_entered_at: datetime
    grade: str
    score: int
    points: tuple[PointLine, ...]
    owner: MemberRef | None
    owner_reason: Text | None
    is_accepted: bool
    accept_by: datetime | None
    offered_to: MemberRef | None
    next_text: str | None
    next_due_at: datetime | None
    is_overdue: bool
    snoozed_until: datetime | None
    captured_at: datetime
    last_follow_up_at: datetime | None
    closed_at: datetime | None
    closed_from: Stage | None
    close_reason: Reason | None
    close_note: str | None
    competitor: str | None
    win_back_on: date | None
    may: frozenset[str]
    broken: tuple[str, ...]
    history: tuple[HistoryLine, ...]
    history_count: int = 0
    review_due_at: datetime | None = None
    is_reviewed: bool = False
    contacts: tuple[ContactRef, ...] = ()
    loss_reasons: tuple[Reason, ...] = ()
    win_reasons: tuple[Reason, ...] = ()
    answers: dict[tuple[str, str], Name] = field(default_factory=dict)
    criteria: tuple[Scoring, ...] = ()
    collision: CollisionMark | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The outcome of a use case that changed an opportunity: the opportunity as it stands, and what can be undone.

    Attributes:
        opportunity: As it stands now, for the one who acted.
        event_id: The event that Undo would take back; None where nothing can be taken back.
        said: One line for the answer.
        remarks: What else the one who acted should know, such as whose telephone number it is too.
    """

    opportunity: OpportunityView
    event_id: int | None
    said: Text
    remarks: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomerMatch:
    """A known customer in the picker.

    ``state`` is free, owned, protected or pool; an outsider sees owner, state and date and nothing else. ``beside`` has it too where it
    is the reader's (``is_mine``); ``is_shared`` where it was ruled that the reader may work on it beside the owner.
    """

    id: int
    name: str
    state: str
    owner: MemberRef | None = None
    protected_until: datetime | None = None
    last_follow_up_at: datetime | None = None
    is_mine: bool = False
    beside: MemberRef | None = None
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class StageSum:
    """One row of the pipeline summary. ``amounts`` are (currency, minor units)."""

    stage: Stage
    count: int
    amounts: tuple[tuple[str, int], ...]
    overdue: int


@dataclass(frozen=True, slots=True)
class Health:
    """Loop health: how many opportunities were looked at, how many are whole, and how many break each clause."""

    counted: int
    whole: int
    broken: tuple[tuple[str, int], ...] = ()

    @property
    def percent(self) -> float:
        """Share of whole ones in per cent; 100 where there is nothing to count."""
        return 100.0 if self.counted == 0 else 100.0 * self.whole / self.counted


@dataclass(frozen=True, slots=True)
class PipelineSummary:
    """A team's pipeline (``team`` is None for all teams of the workspace)."""

    team: "TeamName | None"
    stages: tuple[StageSum, ...]
    health: Health
    at: datetime
    backlog: "Backlog | None" = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What was overdue when a team went live and has not come up yet: how many, and when the last of them does."""

    count: int
    until: datetime


@dataclass(frozen=True, slots=True)
class TeamName:
    """A team in a list of teams to choose from."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TeamRef:
    """A team as forms and messages see it.

    ``hours`` as in the record; ``digest_minute`` of the local day; ``exceptions`` are the days that differ, in their order.
    """

    id: int
    name: str
    channel_id: str | None
    manager: MemberRef | None
    zone: str
    country: str | None
    locale: str
    digest_minute: int
    hours: tuple[tuple[tuple[int, int], ...], ...]
    reps: tuple[MemberRef, ...] = ()
    specialists: tuple[MemberRef, ...] = ()
    is_live: bool = True
    currency: str = "USD"
    exceptions: tuple[tuple[date, tuple[tuple[int, int], ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A member's own day for the App Home and ``/loop``; ``away_until`` while they are away, or will be ``away_from`` then on.

    ``team_gaps`` are the gravest gaps of others in the teams that they decide for, of which there are ``counts["team"]``;
    ``reviews`` are closed ones, theirs and those teams', whose review is due.
    """

    member: MemberRef
    zone: str
    overdue: tuple[OpportunityLine, ...]
    today: tuple[OpportunityLine, ...]
    waiting: tuple[OpportunityLine, ...]
    upcoming: tuple[OpportunityLine, ...]
    health: Health
    team: TeamRef | None
    counts: dict[str, int] = field(default_factory=dict)
    away_from: datetime | None = None
    away_until: datetime | None = None
    team_gaps: tuple[OpportunityLine, ...] = ()
    reviews: tuple[OpportunityLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One opportunity that changed; ``before`` and ``after`` are stages, dates or a reason, as names or values."""

    opportunity_id: int
    customer: str
    owner: str | None
    amount_minor: int | None
    currency: str
    before: Name | date | None = None
    after: Name | date | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many changes of a kind there were, the biggest of them, and what they are all worth by currency, where it matters."""

    count: int = 0
    biggest: tuple[Change, ...] = ()
    sums: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a moment, by kind; ``reasons`` are those of the losses, the most frequent first."""

    since: datetime
    by_kind: dict[str, Tally] = field(default_factory=dict)
    reasons: tuple[tuple[Name, int], ...] = ()

    def of(self, kind: str) -> Tally:
        """Return the changes of a kind."""
        return self.by_kind.get(kind, Tally())

    @property
    def is_empty(self) -> bool:
        """True where nothing changed."""
        return not self.by_kind


@dataclass(frozen=True, slots=True)
class Digest:
    """What a team's daily digest says.

    ``changes`` are those since the last digest that Slack has; ``trend`` is loop health in per cent at the digests before, the
    earliest first; ``collisions`` is how many customers are fought over.
    """

    team: TeamRef
    day: date
    summary: PipelineSummary
    changes: Changes
    trend: tuple[float, ...]
    overdue_by_rep: tuple[tuple[MemberRef, int], ...]
    overdue_in_pool: int
    at_risk: tuple[OpportunityLine, ...]
    in_pool: int
    undecided: int = 0
    collisions: int = 0
