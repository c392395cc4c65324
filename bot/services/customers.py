"""Owns customers as the front of the loop sees them: finding, recognising and creating them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import Key, KeyKind, Verdict
from bot.errors import BotError, NotFound, Text
from bot.models import Customer, CustomerMerge, Member, Opportunity
from bot.models.session import write
from bot.services import customer_keys, customer_search, near_names, protection
from bot.services.customer_keys import StrongKey
from bot.services.desk import Actor, Desk
from bot.services.member_rows import ref
from bot.services.values import CustomerMatch


def search(desk: Desk, typed: str, *, by: Actor, limit: int = 25) -> tuple[CustomerMatch, ...]:
    """Find customers while somebody types, the best first: no more than a person looks through before typing on.

    An outsider is shown the owner, the state and the date of the last follow-up, and nothing else.
    """
    return customer_search.found(desk.database, typed, by, desk.now(), limit)


def check(desk: Desk, name: str, *, by: Actor) -> tuple[CustomerMatch, ...]:
    """Return known customers that a new name is, or may be: the same one alone, else those of near names."""
    with desk.reading(by) as session:
        found = recognise(session, name, identity.keys_of(name))
        rows = [found.customer] if found.customer is not None else list(found.possible)
        return matches(session, rows, by, desk.now())


def standing(desk: Desk, customer_id: int, *, by: Actor) -> CustomerMatch | None:
    """Return who has a customer, as everybody may know it; None where there is no such customer."""
    with desk.reading(by) as session:
        rows = list(session.scalars(select(Customer).where(Customer.id == customer_id)))
        return next(iter(matches(session, rows, by, desk.now())), None)


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a name turned out to be: a known customer, or near ones that a person must look at.

    ``taken`` are those of its strong keys, as kind and value, that somebody has; ``is_by_name`` says that the customer is known
    by that name, and not only by a key beside it.
    """

    customer: Customer | None
    possible: tuple[Customer, ...] = ()
    taken: frozenset[StrongKey] = frozenset()
    is_by_name: bool = False


def recognise(session: Session, name: str, keys: Iterable[Key]) -> Recognition:
    """Look a name and its keys up in the workspace; for other use cases inside their transaction."""
    had = customer_keys.holders(session.connection(), session.info["workspace_id"], customer_keys.strong(keys))
    hits = {key.kind: number for key, number in had.items()}
    # The name is what the person meant; a shared switchboard or domain only speaks where the name is new.
    for kind in (KeyKind.NAME, KeyKind.CREDIT_CODE, KeyKind.DOMAIN, KeyKind.PHONE):
        customer = session.get(Customer, hits[kind]) if kind in hits else None
        # A name that is only near leaves the word to the other keys: an AG with the telephone number of the GmbH is the GmbH.
        if customer is not None and not (kind is KeyKind.NAME and _only_near(session, name, customer)):
            return Recognition(customer, is_by_name=kind is KeyKind.NAME)
    near = _near(session, name)
    # Somebody may have written the very customer since the look at the strong keys: of that one nobody is asked.
    same = next((one for one in near if identity.compare(name, one.name).verdict is Verdict.SAME), None)
    return Recognition(same, is_by_name=True) if same is not None else Recognition(None, near, frozenset(had))


def _only_near(session: Session, name: str, customer: Customer) -> bool:
    """Say whether the name's key is a customer's whose name is only near, such as an AG beside a GmbH."""
    if identity.compare(name, customer.name).verdict is not Verdict.POSSIBLE:
        return False
    # The key may have come from a customer that was merged into this one.
    return not any(
        identity.compare(name, other).verdict is Verdict.SAME for other in names_behind(session, customer.id)
    )


class MergeInto(NamedTuple):
    """A merge in force: into which customer in the end, whose name lives on there, and the numbers of what was moved."""

    root: int
    merged_id: int
    name: str
    moved: dict[str, Any]


def merges_into(session: Session, customer_ids: Iterable[int]) -> list[MergeInto]:
    """Return the merges in force into some customers, at first, second and any further hand; the nearest first."""
    roots = {number: number for number in customer_ids}
    found: list[MergeInto] = []
    wanted = list(roots)
    while wanted:
        rows = session.execute(
            select(Customer.id, Customer.name, CustomerMerge.kept_id, CustomerMerge.moved)
            .join(CustomerMerge, CustomerMerge.merged_id == Customer.id)
            .where(CustomerMerge.kept_id.in_(wanted), CustomerMerge.undone_at.is_(None))
        ).all()
        fresh = [row for row in rows if row.id not in roots]
        roots.update((row.id, roots[row.kept_id]) for row in fresh)
        found += [MergeInto(roots[row.id], row.id, row.name, row.moved) for row in fresh]
        wanted = [row.id for row in fresh]
    return found


def names_behind(session: Session, customer_id: int) -> list[str]:
    """Return the names of the customers that were merged into one."""
    return [merge.name for merge in merges_into(session, [customer_id])]


def _near(session: Session, name: str) -> tuple[Customer, ...]:
    near = near_names.found(session.connection(), session.info["workspace_id"], name)
    return tuple(session.scalars(select(Customer).where(Customer.id.in_(near)).order_by(Customer.id))) if near else ()


def create(
    session: Session,
    name: str,
    keys: Iterable[Key],
    *,
    at: datetime,
    workspace_id: int,
    region: str | None = None,
    industry: str | None = None,
    taken: frozenset[StrongKey] = frozenset(),
) -> Customer:
    """Write a new customer with everything it is found by; ``taken`` as ``recognise`` found them.

    Raises:
        IntegrityError: Somebody created the same customer meanwhile; the caller looks again.
    """
    customer = Customer(workspace_id=workspace_id, name=name, region=region, industry=industry, created_at=at)
    write(session, customer)
    connection = session.connection()
    customer_keys.write_strong(connection, workspace_id, {customer.id: customer_keys.strong(keys)}, taken)
    customer_keys.write_by_name(connection, workspace_id, {customer.id: [name]})
    return customer


class CustomerMoved(BotError):  # noqa: N818 - it is an outcome, not a fault
    """The customer was merged into another one between the look and the write; the caller looks again."""


def hold(session: Session, customer_id: int) -> Customer | None:
    """Return a customer held against others until the end of the transaction: of a merged one, the one it became.

    Only one row is ever held here, so that two who hold customers never wait for each other in a ring.

    Raises:
        CustomerMoved: It was merged meanwhile.
    """
    row = session.get(Customer, customer_id)
    while row is not None and row.merged_into_id is not None:
        row = session.get(Customer, row.merged_into_id)
    if row is None:
        return None
    # Rows that refer to a customer hold it too while they are written: the weaker lock does not wait for those.
    held = select(Customer).where(Customer.id == row.id).with_for_update(key_share=True)
    found = session.scalars(held.execution_options(populate_existing=True)).one()
    if found.merged_into_id is not None:
        raise CustomerMoved(customer_id)
    return found


def held(session: Session, customer_id: int) -> Customer:
    """Return a customer that is there, held as by ``hold``.

    Raises:
        CustomerMoved: It was merged meanwhile.
        NotFound: There is none in this workspace.
    """
    found = hold(session, customer_id)
    if found is None:
        raise NotFound("error.customer_not_found")
    return found


class Learnt(NamedTuple):
    """What a customer is found by from now on: whether that is more than before, and the others that have one of the keys."""

    is_more: bool = False
    others: tuple[Customer, ...] = ()


def learn(session: Session, customer: Customer, keys: Iterable[Key]) -> Learnt:
    """Add what else a known customer is found by, such as the telephone number of a new contact.

    A key that another customer has stays theirs. That both have it is kept, so that the two are proposed as duplicates.

    Raises:
        IntegrityError: Somebody wrote one of the keys meanwhile.
    """
    strong = customer_keys.strong(key for key in keys if key.kind is not KeyKind.NAME)
    if not strong:
        return Learnt()
    connection, workspace_id = session.connection(), customer.workspace_id
    had = customer_keys.holders(connection, workspace_id, strong)
    fresh = [key for key in strong if key not in had]
    customer_keys.write_strong(connection, workspace_id, {customer.id: fresh}, ())
    foreign = {key: number for key, number in had.items() if number != customer.id}
    if not foreign:
        return Learnt(bool(fresh))
    is_noted = customer_keys.note_shared(connection, workspace_id, customer.id, foreign)
    rows = session.scalars(select(Customer).where(Customer.id.in_(set(foreign.values()))).order_by(Customer.id))
    return Learnt(bool(fresh) or is_noted, tuple(rows))


def shared_remarks(session: Session, others: Iterable[Customer], by: Actor, now: datetime) -> list[Text]:
    """Return what is said of other customers that are found by what was typed for one: they may be one and the same."""
    return [
        Text("lead.remark.shared_owned", customer=one.name, owner=one.owner.name)
        if one.owner is not None
        else Text("lead.remark.shared", customer=one.name)
        for one in matches(session, list(others), by, now)
    ]


def matches(session: Session, rows: list[Customer], by: Actor, now: datetime) -> tuple[CustomerMatch, ...]:
    """Return customers with their state as the picker shows it."""
    if not rows:
        return ()
    speaking: dict[int, tuple[Opportunity, Member | None]] = {}
    beside: dict[int, Member] = {}
    found = session.execute(
        select(Opportunity, Member)
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(Opportunity.customer_id.in_([row.id for row in rows]), Opportunity.stage_kind.in_(("INTAKE", "OPEN")))
        .order_by(Opportunity.id)
    )
    for opportunity, owner in found:
        known = speaking.get(opportunity.customer_id)
        if known is None or _speaks_first(owner, by) > _speaks_first(known[1], by):
            speaking[opportunity.customer_id] = (opportunity, owner)
        if owner is not None and owner.id != by.member_id:
            beside.setdefault(opportunity.customer_id, owner)
    registered = protection.registrants(session, rows, now)
    shown = [_match(row, speaking.get(row.id), registered.get(row.id), by, now) for row in rows]
    owners = {one.id: one.owner.id for one in shown if one.owner is not None and not one.is_mine}
    shared = protection.shared_with(session, by.member_id, owners, now)
    return tuple(
        replace(
            one,
            beside=ref(beside[one.id]) if one.is_mine and one.id in beside else None,
            is_shared=one.id in shared,
        )
        for one in shown
    )


def _speaks_first(owner: Member | None, by: Actor) -> int:
    """Return how loudly one of a customer's opportunities speaks for it: the reader's own first, then one that somebody owns."""
    return 0 if owner is None else 2 if owner.id == by.member_id else 1


def _match(
    row: Customer,
    latest: tuple[Opportunity, Member | None] | None,
    registrant: Member | None,
    by: Actor,
    now: datetime,
) -> CustomerMatch:
    if latest is None and registrant is not None:
        return CustomerMatch(
            row.id,
            row.name,
            "protected",
            owner=ref(registrant),
            protected_until=row.protected_until,
            is_mine=registrant.id == by.member_id,
        )
    if latest is None:
        return CustomerMatch(row.id, row.name, "free")
    opportunity, owner = latest
    if owner is None:
        return CustomerMatch(row.id, row.name, "pool", last_follow_up_at=opportunity.last_follow_up_at)
    is_protected = opportunity.protected_until is not None and opportunity.protected_until > now
    return CustomerMatch(
        row.id,
        row.name,
        "protected" if is_protected else "owned",
        owner=ref(owner),
        protected_until=opportunity.protected_until if is_protected else None,
        last_follow_up_at=opportunity.last_follow_up_at,
        is_mine=owner.id == by.member_id,
    )
