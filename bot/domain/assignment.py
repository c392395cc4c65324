"""Owns the choice of an owner: who is eligible, and who of them it is, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.playbook import Rule


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as the choice sees them.

    ``open_load`` counts the open opportunities they own; ``weight`` is their share relative to others.
    """

    member_id: int
    name: str
    is_active: bool = True
    away_until: datetime | None = None
    capacity: int = 50
    open_load: int = 0
    weight: int = 1
    last_assigned_at: datetime | None = None
    slack_user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome: a member, or None for the pool, and the reason as a catalogue key with its values."""

    member_id: int | None
    reason: str
    params: tuple[tuple[str, str | int], ...] = ()


def is_eligible(candidate: Candidate, now: datetime) -> bool:
    """Say whether a member may be given a lead now."""
    if not candidate.is_active or candidate.open_load >= candidate.capacity or candidate.weight <= 0:
        return False
    return candidate.away_until is None or candidate.away_until <= now


def choose_owner(
    candidates: Sequence[Candidate],
    *,
    lead: Mapping[str, str | None],
    customer_owner_id: int | None,
    rules: Sequence[Rule],
    now: datetime,
    already_asked: frozenset[int] = frozenset(),
) -> Choice:
    """Choose an owner; the same state always gives the same one.

    Eligible members first; then the customer's present owner; then the team's rules in order; then the least open
    load for one's weight, ties to the least recently assigned, then to the lower id.

    Args:
        candidates: The members of the team.
        lead: Values that rules look at: region, industry, product, source, language.
        customer_owner_id: Who owns another open opportunity of this customer.
        rules: The team's rules, in order.
        now: The present moment.
        already_asked: Members who declined or let the offer lapse.

    Returns:
        The choice; without a member, the opportunity goes to the pool.
    """
    eligible = [one for one in candidates if is_eligible(one, now) and one.member_id not in already_asked]
    if not eligible:
        return Choice(None, "assign.nobody")
    for one in eligible:
        if one.member_id == customer_owner_id:
            return Choice(one.member_id, "assign.owner_of_customer", (("name", one.name),))
    for rule in rules:
        if (lead.get(rule.field) or "").casefold() != rule.value.casefold():
            continue
        named = [one for one in eligible if one.slack_user_id in rule.members]
        if named:
            best = min(named, key=_order)
            return Choice(best.member_id, "assign.rule", (("field", rule.field), ("value", rule.value)))
    best = min(eligible, key=_order)
    return Choice(best.member_id, "assign.least_load", (("load", best.open_load), ("of", len(eligible))))


def _order(one: Candidate) -> tuple[float, float, int]:
    last = one.last_assigned_at.timestamp() if one.last_assigned_at else 0.0
    # The load *after* the assignment is compared, so that a new member of weight 2 is asked before one of weight 1.
    return ((one.open_load + 1) / one.weight, last, one.member_id)
