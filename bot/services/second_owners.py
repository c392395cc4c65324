"""Owns customers that more than one owner works on: which of their opportunities are marked for it, and who is told.

Marked is an open opportunity on which a ruling was asked for and not made yet, or beside which somebody else has the customer: as
the owner of another one, of the same product where the playbook tells products apart, or by a registration. Not marked is what
a manager ruled to be shared, and what the other one was offered and declined: they agreed that somebody else takes it. One who
is deactivated is replaced anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.domain import assignment, health, identity
from bot.domain.events import CollisionMarked
from bot.errors import Text
from bot.models import Customer, EventRow, Member, Opportunity, Ruling, Team
from bot.services.choices import State
from bot.services.member_rows import ref
from bot.services.protection import declined_offers, registrant_of, shares
from bot.services.recording import Ground, Recorder, ground_of
from bot.services.values import CollisionMark

_BY_HAND, _BY_RULES = "notice.second_owner", "notice.two_owners"


@dataclass(frozen=True, slots=True)
class Other:
    """Who has the customer beside an opportunity's owner: the owner of another one, or who registered it (None)."""

    member_id: int
    opportunity_id: int | None


def settle(
    recorder: Recorder, opportunity: Opportunity, ground: Ground, *, why: str = "second", notice: str = _BY_HAND
) -> tuple[str, ...]:
    """Set the marks of an opportunity and of all others of its customer by what is true now; managers hear of new ones.

    Args:
        recorder: The transaction, which holds the opportunity.
        opportunity: Its row, whose owner or state changed.
        ground: Its team, playbook and calendar.
        why: How a second owner came to it, as ``CollisionMarked`` has it.
        notice: What the managers are told, by key.

    Returns:
        Who else has the customer, by name; empty where nobody does.
    """
    if not opportunity.has_collision and (opportunity.owner_id is None or opportunity.closed_at is not None):
        return ()
    session = recorder.session
    session.flush()
    found = _Found(session, opportunity.customer_id, recorder.now)
    marked = [
        one for one in (opportunity, *found.changing(session, opportunity.id)) if _mark(recorder, one, found, why)
    ]
    others = found.others.get(opportunity.id, ())
    names = found.names(session, others)
    if marked and others:
        owner = session.get_one(Member, opportunity.owner_id).name
        teams = [ground.team, *(session.get_one(Team, one.team_id) for one in marked)]
        for manager_id in dict.fromkeys(team.manager_id for team in teams):
            recorder.tell(manager_id, notice, opportunity_id=opportunity.id, owner=", ".join(names), member=owner)
    return names


def settle_customer(recorder: Recorder, customer_id: int, *, why: str = "second") -> list[Opportunity]:
    """Set the marks of all of a customer's open opportunities by what is true now; returns those that have a second owner since."""
    recorder.session.flush()
    found = _Found(recorder.session, customer_id, recorder.now)
    return [one for one in found.changing(recorder.session, None) if _mark(recorder, one, found, why)]


def settle_choice(recorder: Recorder, opportunity: Opportunity, ground: Ground, state: State) -> None:
    """Set the marks after rules gave a customer's lead to somebody: to another than its owner, where they could not take it.

    The customer's owner stays its owner; the lead does not wait for them.
    """
    owner = recorder.session.get(Member, state.customer_owner_id) if state.customer_owner_id is not None else None
    if owner is not None or opportunity.has_collision:
        why = _why(state, owner) if owner is not None else "second"
        settle(recorder, opportunity, ground, why=why, notice=_BY_RULES)


def beside(said: Text, others: Iterable[str]) -> Text:
    """Return what is said of a change, with who else has the customer now."""
    names = ", ".join(others)
    return Text("collision.beside", said=said, owner=names) if names else said


def hold_all(session: Session, customer_id: int) -> list[Opportunity]:
    """Return a customer's open opportunities, held in the order of their numbers, as whoever holds several does."""
    session.flush()
    statement = select(Opportunity).where(Opportunity.customer_id == customer_id, Opportunity.closed_at.is_(None))
    held = statement.order_by(Opportunity.id).with_for_update(key_share=True)
    return list(session.scalars(held.execution_options(populate_existing=True)))


def others_of(session: Session, opportunity: Opportunity, now: datetime) -> tuple[Other, ...]:
    """Return who has the customer beside an opportunity's owner, without leave to."""
    return _Found(session, opportunity.customer_id, now).others.get(opportunity.id, ())


def mark_of(session: Session, opportunity: Opportunity, now: datetime) -> CollisionMark:
    """Return why an opportunity is marked, and since when: since it had a second owner, or since the first request."""
    found = _Found(session, opportunity.customer_id, now)
    others = found.others.get(opportunity.id, ())
    requests = session.execute(
        select(Ruling.asked_by_id, Ruling.asked_at)
        .where(Ruling.opportunity_id == opportunity.id, Ruling.state == "open")
        .order_by(Ruling.asked_at, Ruling.id)
    ).all()
    since = requests[0].asked_at if requests else opportunity.captured_at
    if others:
        marked = select(func.max(EventRow.at)).where(
            EventRow.opportunity_id == opportunity.id, EventRow.kind == CollisionMarked.kind
        )
        # An import marks without a word in the history: they collide since both are there.
        begun = [row.captured_at for row in found.rows if row.id in {one.opportunity_id for one in others}]
        since = session.scalar(marked) or max(opportunity.captured_at, min(begun, default=opportunity.captured_at))
    return CollisionMark(
        others=tuple(ref(session.get_one(Member, number)) for number in dict.fromkeys(one.member_id for one in others)),
        askers=tuple(ref(session.get_one(Member, row.asked_by_id)) for row in requests),
        since=since,
    )


def is_same_matter(one: Any, other: Any, ground: Ground) -> bool:
    """Say whether two opportunities of a customer are about the same; what names no product may be about any."""
    first, second = (identity.product_key(row.product) for row in (one, other))
    by_product = ground.playbook.collision_scope == "customer_product"
    return not (by_product and first and second) or first == second


class _Found:
    """What is true of a customer's open opportunities: who collides with whom, and about which a ruling is asked for."""

    def __init__(self, session: Session, customer_id: int, now: datetime) -> None:
        self.rows = session.execute(
            select(
                Opportunity.id,
                Opportunity.owner_id,
                Opportunity.product,
                Opportunity.team_id,
                Opportunity.playbook_id,
                Opportunity.has_collision,
                Opportunity.captured_at,
            )
            .where(Opportunity.customer_id == customer_id, Opportunity.closed_at.is_(None))
            .order_by(Opportunity.id)
        ).all()
        numbers = [row.id for row in self.rows]
        asked = select(Ruling.opportunity_id).where(Ruling.opportunity_id.in_(numbers), Ruling.state == "open")
        self.disputed = set(session.scalars(asked)) if numbers else set()
        self.others = self._others(session, customer_id, now)

    def _others(self, session: Session, customer_id: int, now: datetime) -> dict[int, tuple[Other, ...]]:
        registrant = registrant_of(session, session.get_one(Customer, customer_id), now)
        people = {row.owner_id for row in self.rows} - {None}
        if not people or (registrant is None and len(people) == 1):
            return {}
        active = set(session.scalars(select(Member.id).where(Member.id.in_(people), Member.is_active)))
        declined = declined_offers(session, [row.id for row in self.rows])
        shared = shares(session, customer_id, now)

        def collide(row: Any, other_id: int, *declinable: tuple[int, int]) -> bool:
            return not declined.intersection(declinable) and frozenset((row.owner_id, other_id)) not in shared

        found = {}
        for row in self.rows:
            if row.owner_id not in active:
                continue
            ground = ground_of(session, row.team_id, row.playbook_id)
            met = [
                Other(other.owner_id, other.id)
                for other in self.rows
                if other.owner_id in active
                and other.owner_id != row.owner_id
                and is_same_matter(row, other, ground)
                and collide(row, other.owner_id, (row.id, other.owner_id), (other.id, row.owner_id))
            ]
            if registrant is not None and registrant.id != row.owner_id:
                met += [Other(registrant.id, None)] if collide(row, registrant.id, (row.id, registrant.id)) else []
            if met:
                found[row.id] = tuple(met)
        return found

    def is_marked(self, number: int) -> bool:
        """Say whether one of them is to be marked."""
        return number in self.disputed or number in self.others

    def changing(self, session: Session, but: int | None) -> list[Opportunity]:
        """Return the others whose mark is not what it is to be, held.

        Nobody waits here for who works on one of them, who may be waiting for us: that one is marked when the next one looks.
        """
        numbers = [row.id for row in self.rows if row.id != but and row.has_collision != self.is_marked(row.id)]
        if not numbers:
            return []
        held = select(Opportunity).where(Opportunity.id.in_(numbers)).order_by(Opportunity.id)
        statement = held.with_for_update(skip_locked=True, key_share=True)
        return list(session.scalars(statement.execution_options(populate_existing=True)))

    def names(self, session: Session, others: Iterable[Other]) -> tuple[str, ...]:
        """Return what people call some others, each once."""
        return tuple(session.get_one(Member, number).name for number in dict.fromkeys(one.member_id for one in others))


def _mark(recorder: Recorder, one: Opportunity, found: _Found, why: str) -> bool:
    """Set one mark; returns whether it is a new one for a second owner."""
    is_marked = one.closed_at is None and found.is_marked(one.id)
    if one.has_collision == is_marked:
        return False
    session = recorder.session
    one.has_collision = is_marked
    one.broken_from = health.broken_from(one)
    recorder.card(one, session.get_one(Team, one.team_id))
    met = found.others.get(one.id) if is_marked else None
    if met:
        member = session.get_one(Member, met[0].member_id)
        recorder.event(one, CollisionMarked(member.id, member.name, why, met[0].opportunity_id))
    return met is not None


def _why(state: State, owner: Member) -> str:
    if owner.id in state.already_asked:
        return "asked"
    known = state.customer_owner()
    return (assignment.hindrance(known, state.now) or "passed") if known is not None else "elsewhere"
