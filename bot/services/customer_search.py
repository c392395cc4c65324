"""Owns the search for customers: which ones a few typed characters mean, the best first, and who has each of them.

What was typed means the customers that have all its keys, and the one of that very name; where there is none, those of near
names, so that a slip of the finger is forgiven.

However many customers share what was typed, the number of rows that are looked at is bounded: the rarest key leads, in the
order of its index, and the others are looked up for what it gives. All matches are found where one of the keys is had by
fewer than ``_LOOKED_AT`` customers, and the customer of that very name always.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    DateTime,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    type_coerce,
    union_all,
)

from bot.domain import identity
from bot.models import Customer, CustomerKey, Member, Opportunity, SearchKey
from bot.services import customer_keys, near_names
from bot.services.desk import Actor
from bot.services.values import CustomerMatch, MemberRef

_KEYS_MOST = 8
_LOOKED_AT = 20_000
_COUNTED = 1000
_CANDIDATES = 99
_OPEN = ("INTAKE", "OPEN")

_key: Any = SearchKey.__table__
_customer: Any = Customer.__table__
_opportunity: Any = Opportunity.__table__
_member: Any = Member.__table__
_registrant: Any = _member.alias("registrant")
_strong: Any = CustomerKey.__table__
_NAMED = select(_strong.c.customer_id).where(
    _strong.c.workspace_id == bindparam("workspace_id"),
    _strong.c.kind == "name",
    _strong.c.value == bindparam("name"),
)


def found(connection: Connection, typed: str, by: Actor, now: datetime, limit: int) -> tuple[CustomerMatch, ...]:
    """Return the customers that typed characters mean; the newest ones where nothing was typed.

    Args:
        connection: The record.
        typed: As much as was typed so far.
        by: Who looks.
        now: Decides what is protected.
        limit: At most so many, the best of the candidates.
    """
    keys = _keys(typed)
    asked: dict[str, Any] = {"workspace_id": by.workspace_id, "most": _CANDIDATES if keys else limit}
    if not keys:
        newest = _speaking(connection.execute(_answer(0), asked).all())
        return tuple(_match(row, by, now) for row in sorted(newest, key=lambda row: -row[0]))
    asked["name"] = _name(typed)
    ordered, rarest = _rarest_first(connection, keys, by.workspace_id, _COUNTED)
    rows = _rows(connection, asked, ordered)
    if rarest == _COUNTED and len(rows) < _CANDIDATES:
        # Words that very many have, together hardly anybody: only now is it worth knowing exactly which is the rarest.
        exact, _ = _rarest_first(connection, ordered, by.workspace_id, _LOOKED_AT)
        rows = rows if exact == ordered else _rows(connection, asked, exact)
    if not rows and (near := near_names.found(connection, by.workspace_id, typed)):
        rows = connection.execute(_answer_by_number(), {**asked, "numbers": near}).all()
    begins = typed.strip().casefold()
    best = sorted(_speaking(rows), key=lambda row: (not row[1].casefold().startswith(begins), len(row[1]), row[1]))
    return tuple(_match(row, by, now) for row in best[:limit])


def meant(connection: Connection, typed: str, workspace_id: int, *, near: bool) -> Select[Any]:
    """Return the numbers of all customers that typed characters mean, as a query to be a part of another one.

    Args:
        connection: The record.
        typed: As much as was typed; at least one visible character.
        workspace_id: Whose customers.
        near: Whether those of near names are meant where there is no other.
    """
    keys = _keys(typed)
    if keys:
        ordered, _ = _rarest_first(connection, keys, workspace_id, _COUNTED)
        asked = {"workspace_id": workspace_id, "name": _name(typed), **_numbered(ordered)}
        everybody = _everybody(len(keys)).params(asked)
        if not near or connection.execute(everybody.limit(1)).first() is not None:
            return everybody
    return select(_customer.c.id).where(
        _customer.c.id.in_(near_names.found(connection, workspace_id, typed) if near else ())
    )


def _keys(typed: str) -> list[str]:
    return [customer_keys.stored(key) for key in identity.query_keys(typed)][:_KEYS_MOST]


def _name(typed: str) -> str:
    return customer_keys.stored(identity.name_key(typed))


def _rows(connection: Connection, asked: dict[str, Any], keys: list[str]) -> Sequence[Any]:
    return connection.execute(_answer(len(keys)), {**asked, **_numbered(keys)}).all()


def _numbered(keys: list[str]) -> dict[str, str]:
    return {f"key{place}": key for place, key in enumerate(keys)}


def _rarest_first(connection: Connection, keys: list[str], workspace_id: int, most: int) -> tuple[list[str], int]:
    """Return the keys with the one in front that fewest customers have, and how many have it.

    Nobody counts further than ``most``, and nobody counts a single key.
    """
    if len(keys) == 1:
        return keys, 0
    asked = {"workspace_id": workspace_id, "counted": most, **_numbered(keys)}
    counts = connection.execute(_counts(len(keys)), asked).one()
    first = min(range(len(keys)), key=lambda place: (counts[place], place))
    return [keys[first], *keys[:first], *keys[first + 1 :]], counts[first]


@cache
def _counts(keys: int) -> Select[Any]:
    def count(place: int) -> Any:
        some = select(literal(1)).where(*_of(_key, place)).limit(bindparam("counted")).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    return select(*(count(place) for place in range(keys)))


def _of(table: Any, place: int) -> tuple[Any, ...]:
    return table.c.workspace_id == bindparam("workspace_id"), table.c.value == bindparam(f"key{place}")


def _hits(keys: int) -> CTE:
    """Return the numbers of the customers that have all keys, and of the one of that very name."""
    if not keys:
        newest = (
            select(_customer.c.id.label("customer_id"))
            .where(
                _customer.c.workspace_id == bindparam("workspace_id"),
                _customer.c.is_identified,
                _customer.c.merged_into_id.is_(None),
            )
            .order_by(_customer.c.id.desc())
            .limit(bindparam("most"))
        )
        return newest.cte("hit")
    led = (
        select(_key.c.customer_id)
        .where(*_of(_key, 0))
        .order_by(_key.c.customer_id)
        .limit(bindparam("most") if keys == 1 else _LOOKED_AT)
        .subquery("led")
    )
    best = select(led.c.customer_id).where(*_has_others(led.c.customer_id, keys))
    best = best.order_by(led.c.customer_id).limit(bindparam("most"))
    both = union_all(select(best.subquery("best")), _NAMED).subquery("both")
    return select(both.c.customer_id).distinct().cte("hit")


@cache
def _everybody(keys: int) -> Select[Any]:
    """Return the statement for the numbers of all customers that have all keys, and of the one of that very name."""
    every = select(_key.c.customer_id).where(*_of(_key, 0), *_has_others(_key.c.customer_id, keys))
    return select(union_all(every, _NAMED).subquery("both").c.customer_id)


def _has_others(customer_id: ColumnElement[int], keys: int) -> list[ColumnElement[bool]]:
    """Return the conditions for a customer to have all keys but the first."""
    others = ((place, _key.alias(f"key{place}")) for place in range(1, keys))
    return [
        select(literal(1)).where(*_of(other, place), other.c.customer_id == customer_id).exists()
        for place, other in others
    ]


@cache
def _answer(keys: int) -> Select[Any]:
    """Return the statement for a number of keys: the matches with who has them."""
    return _with_owners(_hits(keys))


@cache
def _answer_by_number() -> Select[Any]:
    """Return the statement for customers by their numbers: the same of them."""
    wanted = _customer.c.id.in_(bindparam("numbers", expanding=True))
    own = _customer.c.workspace_id == bindparam("workspace_id")
    return _with_owners(select(_customer.c.id.label("customer_id")).where(own, wanted).cte("hit"))


def _with_owners(hit: CTE) -> Select[Any]:
    """Return the statement for each customer of some with its open opportunities and their owners."""
    is_open = and_(
        _opportunity.c.workspace_id == bindparam("workspace_id"),
        _opportunity.c.customer_id == _customer.c.id,
        _opportunity.c.stage_kind.in_(_OPEN),
    )
    return select(
        _customer.c.id,
        _customer.c.name,
        _opportunity.c.id,
        _opportunity.c.owner_id,
        _moment(_opportunity.c.protected_until),
        _moment(_opportunity.c.last_follow_up_at),
        _member.c.name,
        _member.c.slack_user_id,
        # For whom an approved registration protects it, which speaks where nobody works on it.
        _registrant.c.id,
        _registrant.c.name,
        _registrant.c.slack_user_id,
        _moment(_customer.c.protected_until),
    ).select_from(
        hit.join(_customer, _customer.c.id == hit.c.customer_id)
        .outerjoin(_opportunity, is_open)
        .outerjoin(_member, _member.c.id == _opportunity.c.owner_id)
        .outerjoin(_registrant, and_(_registrant.c.id == _customer.c.protected_by_id, _registrant.c.is_active))
    )


def _moment(column: Any) -> Any:
    # As the driver reads it: the decorated type takes its time for each of a hundred rows.
    return type_coerce(column, DateTime(timezone=True))


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _speaking(rows: Iterable[Any]) -> Iterable[Any]:
    """Return one row a customer: of several opportunities the first that somebody owns speaks for it."""
    speaking: dict[int, Any] = {}
    for row in rows:
        known = speaking.get(row[0])
        if known is None or (row[3] is not None, -row[2]) > (known[3] is not None, -known[2]):
            speaking[row[0]] = row
    return speaking.values()


def _match(row: Any, by: Actor, now: datetime) -> CustomerMatch:
    number, name, opportunity_id, owner_id, until, followed_up_at, owner, slack_user_id = row[:8]
    until, followed_up_at = _utc(until), _utc(followed_up_at)
    if opportunity_id is None:
        return _unworked(row, by, now)
    if owner_id is None:
        return CustomerMatch(number, name, "pool", last_follow_up_at=followed_up_at)
    is_protected = until is not None and until > now
    return CustomerMatch(
        number,
        name,
        "protected" if is_protected else "owned",
        owner=MemberRef(owner_id, owner, slack_user_id),
        protected_until=until if is_protected else None,
        last_follow_up_at=followed_up_at,
        is_mine=owner_id == by.member_id,
    )


def _unworked(row: Any, by: Actor, now: datetime) -> CustomerMatch:
    number, name, registrant_id, until = row[0], row[1], row[8], _utc(row[11])
    if registrant_id is None or until is None or until <= now:
        return CustomerMatch(number, name, "free")
    owner = MemberRef(registrant_id, row[9], row[10])
    return CustomerMatch(number, name, "protected", owner, until, is_mine=registrant_id == by.member_id)
