"""Owns the choice of an owner: who is eligible, and who of them it is, with the reason."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import lcm

from bot.domain.absence import is_away
from bot.domain.assignment_rules import Lead, fits, same_region
from bot.domain.language import language_code
from bot.domain.playbook import Rule

_SHOWS_LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member as the choice sees them.

    ``open_load`` counts the open opportunities they own; ``weight`` is their share relative to others, 0 for one who
    sells but is given nothing by rules. ``territories`` are regions as typed, ``languages`` codes or names; an empty
    list says nothing about them.
    """

    member_id: int
    name: str
    is_active: bool = True
    away_from: datetime | None = None
    away_until: datetime | None = None
    capacity: int = 50
    open_load: int = 0
    weight: int = 1
    last_assigned_at: datetime | None = None
    slack_user_id: str | None = None
    territories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The outcome: a member, or None for the pool, and the reason as a catalogue key with its values."""

    member_id: int | None
    reason: str
    params: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one candidate stood: ``verdict`` is chosen, eligible, asked, or what hindered them.

    ``covers`` and ``speaks`` are None where the lead or the member does not say; ``away_until`` only of one who is away.
    """

    member_id: int
    name: str
    verdict: str
    open_load: int
    capacity: int
    weight: int
    covers: bool | None = None
    speaks: bool | None = None
    away_until: datetime | None = None


def is_eligible(candidate: Candidate, now: datetime) -> bool:
    """Say whether a member may be given a lead now."""
    return hindrance(candidate, now) is None


def hindrance(candidate: Candidate, now: datetime) -> str | None:
    """Return what keeps a member from being given a lead; None if nothing does.

    It is inactive, unseen (came with an import, and could not answer an offer), paused, away or full.
    """
    if not candidate.is_active:
        return "inactive"
    if candidate.slack_user_id is None:
        return "unseen"
    if candidate.weight <= 0:
        return "paused"
    if is_away(candidate, now):
        return "away"
    return "full" if candidate.open_load >= candidate.capacity else None


def choose_owner(
    candidates: Sequence[Candidate],
    *,
    lead: Lead,
    customer_owner_id: int | None,
    rules: Sequence[Rule],
    now: datetime,
    already_asked: frozenset[int] = frozenset(),
    is_registered: bool = False,
) -> Choice:
    """Choose an owner; the same state always gives the same one.

    Eligible members first; then the customer's present owner; then the team's rules in order; then those whose
    territory covers the lead's region; then those who speak its language; then the least open load for one's weight,
    ties to the least recently assigned, then to the lower number.

    Args:
        candidates: The members of the team.
        lead: What rules look at.
        customer_owner_id: Who owns another open opportunity of this customer, or has it registered.
        rules: The team's rules, in order.
        now: The present moment.
        already_asked: Members who declined or let the offer lapse.
        is_registered: Whether the customer is that member's by a registration alone.

    Returns:
        The choice; without a member, the opportunity goes to the pool.
    """
    eligible = [one for one in candidates if is_eligible(one, now) and one.member_id not in already_asked]
    if not eligible:
        return Choice(None, "assign.nobody")
    for one in eligible:
        if one.member_id == customer_owner_id:
            reason = "assign.registrant" if is_registered else "assign.owner_of_customer"
            return Choice(one.member_id, reason, (("name", one.name),))
    for rule in rules:
        if not fits(rule, lead):
            continue
        named = [one for one in eligible if one.slack_user_id in rule.members]
        if named:
            best = _best(_nearest(named, lead))
            return Choice(best.member_id, "assign.rule", (("field", rule.field), ("value", rule.value)))
    nearest = _nearest(eligible, lead)
    best = _best(nearest)
    reason, values = _why(best, lead)
    return Choice(best.member_id, reason, (*values, ("load", best.open_load), ("of", len(nearest))))


def standings(
    candidates: Sequence[Candidate],
    choice: Choice,
    *,
    lead: Lead,
    now: datetime,
    already_asked: frozenset[int] = frozenset(),
) -> tuple[Standing, ...]:
    """Return where everybody stood: the chosen one, then the eligible by their order, then those who could not, and why."""
    found = [(_rank(one, choice, lead, now, already_asked), one) for one in candidates]
    found.sort(key=lambda pair: pair[0][1:])
    return tuple(
        Standing(
            member_id=one.member_id,
            name=one.name,
            verdict=rank[0],
            open_load=one.open_load,
            capacity=one.capacity,
            weight=one.weight,
            covers=_covers(one, lead),
            speaks=_speaks(one, lead),
            away_until=one.away_until if rank[0] == "away" else None,
        )
        for rank, one in found
    )


def _rank(
    one: Candidate, choice: Choice, lead: Lead, now: datetime, already_asked: frozenset[int]
) -> tuple[str, int, tuple[int, int], tuple[float, float, int]]:
    hindered = hindrance(one, now) or ("asked" if one.member_id in already_asked else None)
    verdict = "chosen" if one.member_id == choice.member_id else hindered or "eligible"
    place = {"chosen": 0, "eligible": 1}.get(verdict, 2)
    weighed = (one.open_load + 1) / max(one.weight, 1)
    return verdict, place, _tier(one, lead), (weighed, _last(one), one.member_id)


def _nearest(candidates: Sequence[Candidate], lead: Lead) -> list[Candidate]:
    """Return those of the best tier: by territory first, then by language."""
    tiers = [_tier(one, lead) for one in candidates]
    best = min(tiers)
    return [one for one, tier in zip(candidates, tiers, strict=True) if tier == best]


def _tier(one: Candidate, lead: Lead) -> tuple[int, int]:
    # Who says nothing stands between who fits and who is known to be for something else; nobody is left out.
    places = {True: 0, None: 1, False: 2}
    return places[_covers(one, lead)], places[_speaks(one, lead)]


def _covers(one: Candidate, lead: Lead) -> bool | None:
    if not lead.region or not one.territories:
        return None
    return any(same_region(territory, lead.region) for territory in one.territories)


def _speaks(one: Candidate, lead: Lead) -> bool | None:
    spoken = {code for code in map(language_code, one.languages) if code is not None}
    if lead.language is None or not spoken:
        return None
    return lead.language in spoken


def _why(one: Candidate, lead: Lead) -> tuple[str, tuple[tuple[str, str | int], ...]]:
    covers, speaks = _covers(one, lead), _speaks(one, lead)
    region = ("region", lead.region or "")
    language = (_SHOWS_LANGUAGE, lead.language or "")
    if covers and speaks:
        return "assign.covers_and_speaks", (region, language)
    if covers:
        return "assign.covers", (region,)
    if speaks:
        return "assign.speaks", (language,)
    return "assign.least_load", ()


def _best(candidates: Sequence[Candidate]) -> Candidate:
    """Return who is next by weighted load, so that nobody is ever a whole opportunity away from their share.

    Balinski and Young's quota method (M. L. Balinski and H. P. Young, "The quota method of apportionment", American
    Mathematical Monthly 82, 1975): of those who are still below their share of the load as it will be, the one with the
    least (load + 1) / weight. Without the first condition, which divisor methods lack, a member of great weight runs ahead.
    """
    total, shares = sum(one.open_load for one in candidates) + 1, sum(one.weight for one in candidates)
    whole = lcm(*(one.weight for one in candidates))
    below: Iterable[Candidate] = (one for one in candidates if one.open_load * shares < total * one.weight)
    # Whole numbers only: (load + 1) / weight times a common multiple, which no rounding can reorder.
    return min(below, key=lambda one: ((one.open_load + 1) * (whole // one.weight), _last(one), one.member_id))


def _last(one: Candidate) -> float:
    return one.last_assigned_at.timestamp() if one.last_assigned_at else 0.0
