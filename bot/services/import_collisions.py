"""Owns the collisions of an import: customers with more than one owner or registered by another, counted and not refused.

Which opportunities are marked is decided as everywhere (``second_owners``); before they are written, as far as the file tells.
"""

from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.errors import Text
from bot.models import Customer, Member, Opportunity
from bot.services import customers, second_owners
from bot.services.import_values import Collisions
from bot.services.protection import registrants, shares
from bot.services.recording import Recorder
from bot.services.registration_rows import use_up

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
    opened = _opened(plan)
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
    colliding = {customer for customer, met in owners.items() if len(met - {None}) > 1}
    plan.met_at = {one for one in {*colliding, *registered} if isinstance(one, int)}
    shared: dict[Hashable, Any] = {number: shares(session, number, now) for number in sorted(plan.met_at)}
    for planned in opened:
        customer, who, product = _token(planned.customer), _owner(planned), identity.product_key(planned.row.product)
        by_product = planned.team.playbook.collision_scope == "customer_product"
        # What names no product may be about any.
        met = pairs[customer, product] | pairs[customer, None] if by_product and product else owners[customer]
        leave = shared.get(customer, ())
        others = {one for one in met - {None, who} if frozenset((who, one)) not in leave}
        planned.has_collision = who is not None and bool(others)
        known = registered.get(customer)
        if known is not None and who not in {None, known.id}:
            name = planned.row.customer or "–"
            planned.why = Text("import.registered", customer=name, owner=known.name, until=known.until)
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
    """Return who has it; one who left has nothing."""
    owner = planned.owner
    return None if owner is None or not owner.is_active else owner.id if owner.id is not None else owner


def _opened(plan: "Plan") -> "list[PlannedRow]":
    return [one for one in plan.rows if one.closed_at is None and one.customer.is_identified]


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
            select(Opportunity.customer_id, Opportunity.product, Member.id, func.count())
            .outerjoin(Member, and_(Member.id == Opportunity.owner_id, Member.is_active))
            .where(Opportunity.customer_id.in_(ids[start : start + _LOOK]), _OPEN, Opportunity.customer_known)
            .group_by(Opportunity.customer_id, Opportunity.product, Member.id)
        )
        found += [(row[0], row[1], row[2], row[3]) for row in rows]
    return found


def settle(recorder: Recorder, customer_id: int) -> None:
    """Have a customer that was here before, and that others have as well, told and marked as everywhere.

    Args:
        recorder: A transaction of its own, after all rows were written: whoever holds more than one waits for others in a circle.
        customer_id: One of ``Plan.met_at``.

    Raises:
        CustomerMoved: It was merged this moment, which has settled it.
    """
    customer = customers.held(recorder.session, customer_id)
    for opportunity in second_owners.hold_all(recorder.session, customer.id):
        # A registration ends where its rep has an opportunity.
        if opportunity.owner_id is not None and opportunity.owner_id == customer.protected_by_id:
            use_up(recorder, customer, opportunity)
    second_owners.settle_customer(recorder, customer.id)
