"""Owns the decisions of the assignment rules: made from one state of the team, recorded whole, and made again from the record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from bot.domain import assignment
from bot.domain.assignment import Candidate, Standing, choose_owner
from bot.domain.assignment_rules import Lead
from bot.domain.language import language_of
from bot.domain.playbook import Rule
from bot.models import Choice, Contact, Customer, Member, Opportunity, Team
from bot.services import product_scope
from bot.services.protection import registrant_of
from bot.services.recording import Ground, Recorder

METHOD = 1
"""Which way of choosing a record was made by; a record of another way cannot be made again by this one."""


@dataclass(frozen=True, slots=True)
class State:
    """All that a decision is made from.

    ``now`` is the moment of it, ``already_asked`` who declined or was silent; ``is_registered`` says that the customer is its
    owner's by a registration alone.
    """

    candidates: tuple[Candidate, ...]
    lead: Lead
    customer_owner_id: int | None
    rules: tuple[Rule, ...]
    already_asked: frozenset[int]
    now: datetime
    is_registered: bool = False

    def choose(self) -> assignment.Choice:
        """Return the decision that this state gives, always the same one."""
        return choose_owner(
            self.candidates,
            lead=self.lead,
            customer_owner_id=self.customer_owner_id,
            rules=self.rules,
            now=self.now,
            already_asked=self.already_asked,
            is_registered=self.is_registered,
        )

    def standings(self, choice: assignment.Choice) -> tuple[Standing, ...]:
        """Return where everybody stood in that decision."""
        return assignment.standings(
            self.candidates, choice, lead=self.lead, now=self.now, already_asked=self.already_asked
        )

    def customer_owner(self) -> Candidate | None:
        """Return who has the customer already, where they are one of the team."""
        return next((one for one in self.candidates if one.member_id == self.customer_owner_id), None)


def decide(recorder: Recorder, opportunity: Opportunity, ground: Ground, asked: frozenset[int]) -> tuple[State, Choice]:
    """Choose an owner and record the decision with all it was made from.

    Decisions of one team wait for each other until their transactions end: two at once would see the same loads.
    """
    session = recorder.session
    session.flush()
    if not asked:
        _hold_the_customers(session, opportunity)
    lock_team(session, ground.team.id)
    owner_id, is_registered = owner_of_customer(session, opportunity, ground, recorder.now)
    state = State(
        candidates=candidates_of(session, ground.team.id),
        lead=lead_of(session, opportunity, ground),
        customer_owner_id=owner_id,
        rules=ground.playbook.rules,
        already_asked=asked,
        now=recorder.now,
        is_registered=is_registered,
    )
    choice = state.choose()
    row = Choice(
        workspace_id=opportunity.workspace_id,
        opportunity_id=opportunity.id,
        member_id=choice.member_id,
        reason={"key": choice.reason, "params": dict(choice.params)},
        state=to_json(state),
        at=recorder.now,
    )
    session.add(row)
    return state, row


def lock_team(session: Session, team_id: int) -> None:
    """Make other decisions of the team wait; SQLite has one writer anyway.

    Not the strongest lock: inserting an opportunity of the team, which every capture did before it comes here, would
    wait for that one, and two captures for each other.
    """
    session.execute(select(Team.id).where(Team.id == team_id).with_for_update(key_share=True)).first()


def _hold_the_customers(session: Session, opportunity: Opportunity) -> None:
    """Hold the customer's other open opportunities, which may be marked in the end: always before the team, or two would wait in a ring."""
    statement = select(Opportunity.id).where(
        Opportunity.customer_id == opportunity.customer_id,
        Opportunity.closed_at.is_(None),
        Opportunity.id != opportunity.id,
    )
    session.execute(statement.order_by(Opportunity.id).with_for_update(key_share=True)).all()


_LOAD = (
    select(func.count())
    .where(Opportunity.owner_id == Member.id, Opportunity.closed_at.is_(None))
    .correlate(Member)
    .scalar_subquery()
)
# Columns, not rows of the session: what was read before the lock may be old by now.
_CANDIDATES = (
    select(
        Member.id.label("member_id"),
        Member.name,
        Member.is_active,
        Member.away_from,
        Member.away_until,
        Member.capacity,
        _LOAD.label("open_load"),
        Member.weight,
        Member.last_assigned_at,
        Member.slack_user_id,
        Member.territories,
        Member.languages,
    )
    .where(Member.team_id == bindparam("team_id"), Member.role != "specialist")
    .order_by(Member.id)
)


def candidates_of(session: Session, team_id: int) -> tuple[Candidate, ...]:
    """Return who could be given a lead of the team: all its members but specialists.

    A manager or admin is among them where they were listed among the team's reps, with a weight above 0: one who only
    manages is given nothing.
    """
    rows = session.execute(_CANDIDATES, {"team_id": team_id})
    return tuple(_candidate(dict(row)) for row in rows.mappings())


def lead_of(session: Session, opportunity: Opportunity, ground: Ground) -> Lead:
    """Return an opportunity as rules see it; its language is that of its own words."""
    customer = session.get_one(Customer, opportunity.customer_id)
    contact = session.get(Contact, opportunity.contact_id) if opportunity.contact_id else None
    return Lead(
        region=opportunity.region,
        industry=opportunity.industry,
        product=opportunity.product,
        source=opportunity.source,
        language=language_of(opportunity.need, customer.name, contact.name if contact else None),
        amount_minor=opportunity.amount_minor,
        currency=opportunity.currency,
        team_currency=ground.playbook.currency,
    )


def owner_of_customer(
    session: Session, opportunity: Opportunity, ground: Ground, now: datetime
) -> tuple[int | None, bool]:
    """Return who has the customer already: the owner of an open opportunity, of the same product first; else who registered it.

    Returns:
        Our number of the member, and whether it is theirs by a registration alone.
    """
    others = select(Opportunity.owner_id).where(
        Opportunity.customer_id == opportunity.customer_id,
        Opportunity.closed_at.is_(None),
        Opportunity.owner_id.is_not(None),
        Opportunity.id != opportunity.id,
    )
    about = product_scope.about(session, opportunity.customer_id, opportunity.product, ground.playbook)
    same = [func.coalesce(condition, False).desc() for condition in about]
    found = session.scalar(others.order_by(*same, Opportunity.id).limit(1))
    if found is not None:
        return found, False
    registrant = registrant_of(session, session.get_one(Customer, opportunity.customer_id), now)
    return (registrant.id, True) if registrant is not None else (None, False)


def to_json(state: State) -> dict[str, Any]:
    """Return a state as JSON values that ``from_json`` reads back."""
    return {
        "method": METHOD,
        "candidates": [_plain(asdict(one)) for one in state.candidates],
        "lead": asdict(state.lead),
        "customer_owner_id": state.customer_owner_id,
        "is_registered": state.is_registered,
        "rules": [_plain(asdict(rule)) for rule in state.rules],
        "already_asked": sorted(state.already_asked),
        "now": state.now.isoformat(),
    }


def from_json(data: Mapping[str, Any]) -> State:
    """Return a recorded state.

    Raises:
        KeyError: Something is missing in it.
        ValueError: Something in it cannot be read, or it is of another way of choosing.
    """
    if data["method"] != METHOD:
        raise ValueError(f"recorded by another way of choosing ({data['method']})")
    return State(
        candidates=tuple(_candidate(one) for one in data["candidates"]),
        lead=Lead(**_known(Lead, data["lead"])),
        customer_owner_id=data["customer_owner_id"],
        rules=tuple(Rule(one["field"], one["value"], tuple(one["members"])) for one in data["rules"]),
        already_asked=frozenset(data["already_asked"]),
        now=datetime.fromisoformat(data["now"]),
        is_registered=data.get("is_registered", False),
    )


def _candidate(data: Mapping[str, Any]) -> Candidate:
    one = Candidate(**_known(Candidate, data))
    return replace(
        one,
        away_from=_moment(one.away_from),
        away_until=_moment(one.away_until),
        last_assigned_at=_moment(one.last_assigned_at),
        territories=tuple(one.territories or ()),
        languages=tuple(one.languages or ()),
    )


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else cast("datetime | None", value)


def _known(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(kind)}
    return {name: value for name, value in data.items() if name in names}


def _plain(data: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else list(value) if isinstance(value, tuple) else value
        for name, value in data.items()
    }
