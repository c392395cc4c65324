"""Owns the collisions of an import: customers with more than one owner or registered by another, counted and not refused."""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.errors import Text
from bot.models import Customer, Opportunity
from bot.services.import_values import Collisions
from bot.services.protection import registrants

if TYPE_CHECKING:
    from bot.services.import_customers import PlannedCustomer
    from bot.services.import_plan import Plan, PlannedRow

_LOOK = 500
_OPEN = Opportunity.stage_kind.in_(("INTAKE", "OPEN"))


def find_collisions(session: Session, plan: "Plan", now: datetime) -> Collisions:
    """Mark the planned rows that collide, and count, with what is here already; who registered a customer counts as an owner.

    A customer "not identified" collides with nobody: who it is, nobody knows.
    """
    owners: dict[Hashable, set[Hashable]] = defaultdict(set)
    pairs: dict[tuple[Hashable, Hashable], set[Hashable]] = defaultdict(set)
    counts: dict[Hashable, int] = defaultdict(int)
    for here, product, owner, count in _here(session, plan):
        owners[here].add(owner)
        pairs[here, identity.product_key(product)].add(owner)
        counts[here] += count
    opened = [one for one in plan.rows if one.closed_at is None and one.customer.is_identified]
    registered = _registered(session, {one.customer.id for one in opened if one.customer.id is not None}, now)
    for planned in opened:
        customer = _token(planned.customer)
        pairs[customer, identity.product_key(planned.row.product)].add(_owner(planned))
        owners[customer].add(_owner(planned))
        counts[customer] += 1
    for met_at, holder in registered.items():
        owners[met_at].add(holder.id)
    for (met_at, _), met in pairs.items():
        if met_at in registered:
            met.add(registered[met_at].id)
    for planned in opened:
        customer = _token(planned.customer)
        by_product = planned.team.playbook.collision_scope == "customer_product"
        met = pairs[customer, identity.product_key(planned.row.product)] if by_product else owners[customer]
        planned.has_collision = len(met - {None}) > 1
        known = registered.get(customer)
        if known is not None and _owner(planned) not in {None, known.id}:
            name = planned.row.customer or "–"
            planned.why = Text("import.registered", customer=name, owner=known.name, until=known.until)
    colliding = {customer for customer, met in owners.items() if len(met - {None}) > 1}
    return Collisions(
        customers=len(colliding),
        customers_of=len(owners),
        pairs=sum(len(met - {None}) > 1 for met in pairs.values()),
        pairs_of=len(pairs),
        opportunities=sum(counts[customer] for customer in colliding),
    )


def _token(customer: "PlannedCustomer") -> Hashable:
    return customer.id if customer.id is not None else customer


def _owner(planned: "PlannedRow") -> Hashable:
    owner = planned.owner
    return None if owner is None else owner.id if owner.id is not None else owner


@dataclass(frozen=True, slots=True)
class _Registrant:
    """Who registered a customer: our number of them, their name, and until when."""

    id: int
    name: str
    until: datetime


def _registered(session: Session, ids: set[int], now: datetime) -> dict[Hashable, _Registrant]:
    """Return who registered which of the customers."""
    found: dict[Hashable, _Registrant] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _LOOK):
        some = Customer.id.in_(ordered[start : start + _LOOK])
        rows = session.scalars(select(Customer).where(some, Customer.protected_until > now)).all()
        known = registrants(session, rows, now)
        found |= {
            row.id: _Registrant(known[row.id].id, known[row.id].name, row.protected_until)
            for row in rows
            if row.id in known and row.protected_until is not None
        }
    return found


def _here(session: Session, plan: "Plan") -> list[tuple[int, str | None, int | None, int]]:
    """Return customer, product, owner and count of the open opportunities of the file's customers that are here already."""
    ids = sorted(plan.customers.ids() | plan.here)
    found: list[tuple[int, str | None, int | None, int]] = []
    for start in range(0, len(ids), _LOOK):
        rows = session.execute(
            select(Opportunity.customer_id, Opportunity.product, Opportunity.owner_id, func.count())
            .where(Opportunity.customer_id.in_(ids[start : start + _LOOK]), _OPEN, Opportunity.customer_known)
            .group_by(Opportunity.customer_id, Opportunity.product, Opportunity.owner_id)
        )
        found += [(row[0], row[1], row[2], row[3]) for row in rows]
    return found


def mark_those_here(session: Session, plan: "Plan") -> None:
    """Mark what was here before and collides with what came in; what is marked already stays as it is."""
    marked = {planned.customer.id for planned in plan.rows if planned.has_collision}
    ids = sorted(one for one in marked if one is not None)
    by_product = {team.id for team in plan.teams.values() if team.playbook.collision_scope == "customer_product"}
    for start in range(0, len(ids), _LOOK):
        some = ids[start : start + _LOOK]
        several = (
            select(Opportunity.customer_id)
            .where(Opportunity.customer_id.in_(some), _OPEN)
            .group_by(Opportunity.customer_id)
            .having(func.count(Opportunity.owner_id.distinct()) > 1)
        )
        session.execute(
            update(Opportunity)
            .where(
                Opportunity.customer_id.in_(several),
                _OPEN,
                Opportunity.has_collision.is_(False),
                Opportunity.team_id.not_in(by_product),
            )
            .values(has_collision=True, broken_from=Opportunity.captured_at),
            execution_options={"synchronize_session": False},
        )
