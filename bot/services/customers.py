"""Owns customers as the front of the loop sees them: finding, recognising and creating them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Float, bindparam, cast, func, insert, select, union_all
from sqlalchemy.orm import Session

from bot.domain import identity
from bot.domain.identity import Key, KeyKind, Verdict
from bot.errors import BotError, NotFound
from bot.models import Customer, CustomerKey, CustomerMerge, Member, NearKey, Opportunity, SearchKey
from bot.services import customer_search, protection
from bot.services.customer_search import stored_key
from bot.services.desk import Actor, Desk
from bot.services.members import ref
from bot.services.values import CustomerMatch

_NEAR_MOST, _NEAR_READ, _NEAR_LESS = 12, 150, 10


def search(desk: Desk, typed: str, *, by: Actor, limit: int = 25) -> tuple[CustomerMatch, ...]:
    """Find customers while somebody types, the best first: no more than a person looks through before typing on.

    An outsider is shown the owner, the state and the date of the last follow-up, and nothing else.
    """
    with desk.database.asking() as connection:
        return customer_search.found(connection, typed, by, desk.now(), limit)


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


def strong_keys(keys: Iterable[Key]) -> list[tuple[str, str]]:
    """Return the strong ones of a customer's keys as kind and stored value."""
    return sorted({(str(key.kind), stored_key(key.value)) for key in keys if key.kind is not KeyKind.PINYIN})


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a name turned out to be: a known customer, or near ones that a person must look at.

    ``taken`` are those of its strong keys, as kind and value, that somebody has.
    """

    customer: Customer | None
    possible: tuple[Customer, ...] = ()
    taken: frozenset[tuple[str, str]] = frozenset()


def recognise(session: Session, name: str, keys: Iterable[Key]) -> Recognition:
    """Look a name and its keys up in the workspace; for other use cases inside their transaction."""
    wanted = set(strong_keys(keys))
    rows = session.execute(
        select(CustomerKey.kind, CustomerKey.value, CustomerKey.customer_id).where(
            CustomerKey.value.in_(sorted({value for _, value in wanted}))
        )
    ).all()
    hits = {kind: customer_id for kind, value, customer_id in rows if (kind, value) in wanted}
    taken = frozenset((kind, value) for kind, value, _ in rows)
    # The name is what the person meant; a shared switchboard or domain only speaks where the name is new.
    for kind in (KeyKind.NAME, KeyKind.CREDIT_CODE, KeyKind.DOMAIN, KeyKind.PHONE):
        if kind in hits:
            customer = session.get(Customer, hits[kind])
            if customer is None or (kind is KeyKind.NAME and _only_near(session, name, customer)):
                break
            return Recognition(customer)
    near = _near(session, name)
    # Somebody may have written the very customer since the look at the strong keys: of that one nobody is asked.
    same = next((one for one in near if identity.compare(name, one.name).verdict is Verdict.SAME), None)
    return Recognition(same) if same is not None else Recognition(None, near, taken)


def _only_near(session: Session, name: str, customer: Customer) -> bool:
    """Say whether the name's key is a customer's whose name is only near, such as an AG beside a GmbH."""
    if identity.compare(name, customer.name).verdict is not Verdict.POSSIBLE:
        return False
    # The key may have come from a customer that was merged into this one.
    return not any(
        identity.compare(name, other).verdict is Verdict.SAME for other in names_behind(session, customer.id)
    )


def names_behind(session: Session, customer_id: int) -> list[str]:
    """Return the names of the customers that were merged into one, at first, second and any further hand."""
    names, wanted, seen = [], [customer_id], {customer_id}
    while wanted:
        rows = session.execute(
            select(Customer.id, Customer.name)
            .join(CustomerMerge, CustomerMerge.merged_id == Customer.id)
            .where(CustomerMerge.kept_id.in_(wanted), CustomerMerge.undone_at.is_(None))
        ).all()
        wanted = [row.id for row in rows if row.id not in seen]
        names += [row.name for row in rows if row.id not in seen]
        seen.update(wanted)
    return names


def _near(session: Session, name: str) -> tuple[Customer, ...]:
    weak = sorted({stored_key(value) for value in identity.near_keys(name)})
    if not weak:
        return ()
    asked = {"workspace_id": session.info["workspace_id"], **{f"value{place}": one for place, one in enumerate(weak)}}
    best = session.connection().execute(_nearest(len(weak)), asked).all()
    # Who shares no more than what very many share is not looked at beside one who shares something rare.
    shared = [row.customer_id for row in best if row.weight * _NEAR_LESS >= best[0].weight]
    named = session.execute(select(Customer.id, Customer.name).where(Customer.id.in_(shared))) if shared else ()
    near = [row.id for row in named if identity.compare(name, row.name).verdict is not Verdict.DIFFERENT]
    return tuple(session.scalars(select(Customer).where(Customer.id.in_(near)).order_by(Customer.id))) if near else ()


@cache
def _nearest(keys: int) -> Any:
    """Return the statement for the customers that share most of a number of weak keys: the rarer a key, the more it weighs.

    Of each key a bounded number of customers is read, however many have it.
    """
    table: Any = NearKey.__table__
    some = [
        select(table.c.value, table.c.customer_id)
        .where(table.c.workspace_id == bindparam("workspace_id"), table.c.value == bindparam(f"value{place}"))
        .order_by(table.c.customer_id.desc())
        .limit(_NEAR_READ)
        .subquery()
        for place in range(keys)
    ]
    each = union_all(*(select(one) for one in some)).subquery("each")
    weight = 1.0 / func.count().over(partition_by=each.c.value)
    weighed = select(each.c.customer_id, weight.label("weight")).subquery("weighed")
    total = func.sum(weighed.c.weight)
    return (
        select(weighed.c.customer_id, cast(total, Float).label("weight"))
        .group_by(weighed.c.customer_id)
        .order_by(total.desc(), weighed.c.customer_id)
        .limit(_NEAR_MOST)
    )


def create(
    session: Session,
    name: str,
    keys: Iterable[Key],
    *,
    at: datetime,
    workspace_id: int,
    region: str | None = None,
    industry: str | None = None,
    taken: frozenset[tuple[str, str]] = frozenset(),
) -> Customer:
    """Write a new customer with everything it is found by; ``taken`` as ``recognise`` found them.

    Raises:
        IntegrityError: Somebody created the same customer meanwhile; the caller looks again.
    """
    customer = Customer(workspace_id=workspace_id, name=name, region=region, industry=industry, created_at=at)
    session.add(customer)
    session.flush()
    _write_keys(session, customer, strong_keys(keys), taken)
    write_found_by(session, customer)
    return customer


def write_found_by(session: Session, customer: Customer) -> None:
    """Write what a customer's name is found by, near names and while typing, as if nothing of it were there."""
    own = {"workspace_id": customer.workspace_id, "customer_id": customer.id}
    for model, found in (
        (NearKey, identity.near_keys(customer.name)),
        (SearchKey, identity.search_keys(customer.name)),
    ):
        rows = [{**own, "value": value} for value in sorted({stored_key(value) for value in found})]
        if rows:
            session.connection().execute(insert(model), rows)


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
    held = select(Customer).where(Customer.id == row.id).with_for_update().execution_options(populate_existing=True)
    found = session.scalars(held).one()
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
        raise NotFound("error.not_found")
    return found


def learn(session: Session, customer: Customer, keys: Iterable[Key]) -> Customer:
    """Add what else a known customer is found by, such as the telephone number of a new contact; returns the customer."""
    strong = strong_keys(key for key in keys if key.kind is not KeyKind.NAME)
    if strong:
        values = [value for _, value in strong]
        known = session.execute(select(CustomerKey.kind, CustomerKey.value).where(CustomerKey.value.in_(values)))
        _write_keys(session, customer, strong, frozenset((row.kind, row.value) for row in known))
    return customer


def _write_keys(
    session: Session, customer: Customer, strong: list[tuple[str, str]], taken: frozenset[tuple[str, str]]
) -> None:
    """Write strong keys that nobody has yet; the one of the name must be free."""
    rows = []
    for kind, value in strong:
        free = value
        if (kind, value) in taken:
            if kind != KeyKind.NAME:
                continue
            # A person confirmed that it is another organisation of the same name, such as a GmbH beside an AG.
            free = f"{value}|{customer.id}"
        rows.append({"workspace_id": customer.workspace_id, "customer_id": customer.id, "kind": kind, "value": free})
    if rows:
        session.connection().execute(insert(CustomerKey), rows)


def matches(session: Session, rows: list[Customer], by: Actor, now: datetime) -> tuple[CustomerMatch, ...]:
    """Return customers with their state as the picker shows it."""
    if not rows:
        return ()
    latest: dict[int, tuple[Opportunity, Member | None]] = {}
    found = session.execute(
        select(Opportunity, Member)
        .outerjoin(Member, Member.id == Opportunity.owner_id)
        .where(Opportunity.customer_id.in_([row.id for row in rows]), Opportunity.stage_kind.in_(("INTAKE", "OPEN")))
        .order_by(Opportunity.id)
    )
    for opportunity, owner in found:
        known = latest.get(opportunity.customer_id)
        if known is None or (known[0].owner_id is None and opportunity.owner_id is not None):
            latest[opportunity.customer_id] = (opportunity, owner)
    registered = protection.registrants(session, rows, now)
    return tuple(_match(row, latest.get(row.id), registered.get(row.id), by, now) for row in rows)


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
