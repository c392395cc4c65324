"""Owns the search for customers: which ones a few typed characters mean, the best first, and who has each of them.

What was typed means the customers that have all its keys, and the one of that very name; where there is none, those of near
names, so that a slip of the finger is forgiven. A telephone number, a web or mail address or a credit code means the customer
that has it, too: only what looks like one of these is asked for once more.

However many customers share what was typed, the number of rows that are looked at is bounded: the rarest key leads, in the
order of its index, and the others are looked up for what it gives. All matches are found where one of the keys is had by
fewer than ``_LOOKED_AT`` customers, and the customer of that very name always.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Integer,
    Select,
    and_,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from bot.domain import identity
from bot.domain.identity import Key
from bot.models import Customer, CustomerKey, Member, Opportunity, Ruling, SearchKey
from bot.models.questions import Question
from bot.models.session import Database
from bot.services import customer_keys, near_names, protection
from bot.services.desk import Actor
from bot.services.values import CustomerMatch, MemberRef

_KEYS_MOST = 8
_LOOKED_AT = 20_000
_COUNTED = 1000
_CANDIDATES = 99
_OPEN = ("INTAKE", "OPEN")

_Ask = Callable[[Question, dict[str, Any]], list[Any]]
_Speaking = tuple[Any, Any]

_key: Any = SearchKey.__table__
_customer: Any = Customer.__table__
_opportunity: Any = Opportunity.__table__
_member: Any = Member.__table__
_ruling: Any = Ruling.__table__
_registrant: Any = _member.alias("registrant")
_strong: Any = CustomerKey.__table__
_is_open = and_(
    _opportunity.c.workspace_id == bindparam("workspace_id"),
    _opportunity.c.customer_id == _customer.c.id,
    _opportunity.c.stage_kind.in_(_OPEN),
)
_is_shared_by_some = (
    select(literal(1))
    .where(
        _ruling.c.workspace_id == bindparam("workspace_id"),
        _ruling.c.customer_id == _customer.c.id,
        _ruling.c.state == "ruled",
        _ruling.c.verdict == "share",
    )
    .exists()
)
_NAMED = select(_strong.c.customer_id).where(
    _strong.c.workspace_id == bindparam("workspace_id"),
    _strong.c.kind == "name",
    _strong.c.value == bindparam("name"),
)


def found(database: Database, typed: str, by: Actor, now: datetime, limit: int) -> tuple[CustomerMatch, ...]:
    """Return the customers that typed characters mean; the newest ones where nothing was typed.

    Args:
        database: The record.
        typed: As much as was typed so far.
        by: Who looks.
        now: Decides what is protected.
        limit: At most so many, the best of the candidates.
    """
    keys = _keys(typed)
    asked: dict[str, Any] = {"workspace_id": by.workspace_id}
    if not keys:
        newest = _speaking(database.ask(_newest(limit), asked), by)
        return _shown(database, sorted(newest, key=lambda one: -one[0][0]), by, now)
    begins = typed.strip()
    asked |= {"name": _name(typed), "begins": begins.lower(), "length": len(begins)}
    ask = database.ask
    ordered, rarest = _rarest_first(ask, keys, by.workspace_id, _COUNTED)
    answer = _answer(len(keys), limit)
    rows = ask(answer, {**asked, **_numbered(ordered)})
    if rarest == _COUNTED and len(rows) < limit:
        # Words that very many have, together hardly anybody: only now is it worth knowing exactly which is the rarest.
        exact, _ = _rarest_first(ask, ordered, by.workspace_id, _LOOKED_AT)
        rows = rows if exact == ordered else ask(answer, {**asked, **_numbered(exact)})
    key = identity.typed_key(typed, by.country)
    told = ask(_TOLD, _told(key, by.workspace_id)) if key is not None else []
    folded, first = begins.casefold(), {row[0] for row in told}

    def order(one: _Speaking) -> tuple[Any, ...]:
        number, name = one[0][0], one[0][1]
        return number not in first, not name.casefold().startswith(folded), len(name), name

    speaking = _speaking([*told, *rows] or _near(database, typed, by.workspace_id), by)
    return _shown(database, sorted(speaking, key=order)[:limit], by, now)


def _told(key: Key, workspace_id: int) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "kind": key.kind.value, "told": customer_keys.stored(key.value)}


def _shown(database: Database, speaking: Iterable[_Speaking], by: Actor, now: datetime) -> tuple[CustomerMatch, ...]:
    """Return what is shown of the customers, in their order; rulings are only read of those on which two share."""
    found = [_match(row, other, by, now) for row, other in speaking]
    asked = {row[0] for row, _ in speaking if row[12]}
    owners = {one.id: one.owner.id for one in found if one.id in asked and one.owner is not None and not one.is_mine}
    if not owners:
        return tuple(found)
    with database.reading(by.workspace_id) as session:
        shared = protection.shared_with(session, by.member_id, owners, now)
    return tuple(replace(one, is_shared=one.id in shared) for one in found)


def _near(database: Database, typed: str, workspace_id: int) -> Sequence[Any]:
    with database.asking() as connection:
        near = near_names.found(connection, workspace_id, typed)
        return connection.execute(_NEAR, {"workspace_id": workspace_id, "numbers": near}).all() if near else ()


def told(connection: Connection, key: Key, workspace_id: int) -> list[int]:
    """Return the number of the customer that has a strong key, if there is one."""
    return [row.customer_id for row in _TELLING.rows(connection, _told(key, workspace_id))]


def meant(connection: Connection, typed: str, workspace_id: int, *, near: bool) -> Select[Any]:
    """Return the numbers of all customers that typed characters mean by name, as a query to be a part of another one.

    Args:
        connection: The record.
        typed: As much as was typed; at least one visible character.
        workspace_id: Whose customers.
        near: Whether those of near names are meant where there is no other.
    """
    keys = _keys(typed)
    if keys:
        ordered, _ = _rarest_first(partial(_asked, connection), keys, workspace_id, _COUNTED)
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


def _asked(connection: Connection, question: Question, values: dict[str, Any]) -> list[Any]:
    return question.rows(connection, values)


def _numbered(keys: list[str]) -> dict[str, str]:
    return {f"key{place}": key for place, key in enumerate(keys)}


def _rarest_first(ask: _Ask, keys: list[str], workspace_id: int, most: int) -> tuple[list[str], int]:
    """Return the keys with the one in front that fewest customers have, and how many have it.

    Nobody counts further than ``most``, and nobody counts a single key.
    """
    if len(keys) == 1:
        return keys, 0
    asked: dict[str, Any] = {"workspace_id": workspace_id, "counted": most, **_numbered(keys)}
    (counts,) = ask(_counts(len(keys)), asked)
    first = min(range(len(keys)), key=lambda place: (counts[place], place))
    return [keys[first], *keys[:first], *keys[first + 1 :]], counts[first]


@cache
def _counts(keys: int) -> Question:
    def count(place: int) -> Any:
        some = select(literal(1)).where(*_of(_key, place)).limit(bindparam("counted", type_=Integer)).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    return Question(select(*(count(place) for place in range(keys))))


def _of(table: Any, place: int) -> tuple[Any, ...]:
    return table.c.workspace_id == bindparam("workspace_id"), table.c.value == bindparam(f"key{place}")


def _hits(keys: int) -> Select[Any]:
    """Return the statement for the numbers of a bounded number of customers that have all keys, and of the one of that very name."""
    led = select(_key.c.customer_id).where(*_of(_key, 0)).order_by(_key.c.customer_id)
    if keys == 1:
        best = led.limit(_fixed("most", _CANDIDATES))
    else:
        some = led.limit(_fixed("looked_at", _LOOKED_AT)).subquery("led")
        best = select(some.c.customer_id).where(*_has_others(some.c.customer_id, keys))
        best = best.order_by(some.c.customer_id).limit(_fixed("most", _CANDIDATES))
    both = union_all(select(best.subquery("best")), _NAMED).subquery("both")
    return select(both.c.customer_id).distinct()


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
def _answer(keys: int, limit: int) -> Question:
    """Return the question for a number of keys: the best of the matches, at most so many, with who has them.

    What begins as typed comes first, then what is short. The database folds fewer letters than Python does, which puts those
    that it gives in order once more.
    """
    begins = func.lower(func.substr(_customer.c.name, 1, bindparam("length", type_=Integer))) == bindparam("begins")
    hit = _hits(keys).subquery("hit")
    best = (
        select(_customer.c.id.label("customer_id"))
        .join_from(hit, _customer, _customer.c.id == hit.c.customer_id)
        .order_by(begins.desc(), func.length(_customer.c.name), _customer.c.name)
        .limit(_fixed("limit", limit))
    )
    # How the customers of several keys are best met depends on how many have each.
    return Question(_with_owners(best.cte("best")), is_planned_anew=keys > 1)


def _fixed(name: str, number: int) -> Any:
    return bindparam(name, number, type_=Integer, literal_execute=True)


def _with_owners(some: CTE) -> Select[Any]:
    """Return the statement for each customer of some with its open opportunities and their owners."""
    return select(
        _customer.c.id,
        _customer.c.name,
        _opportunity.c.id,
        _opportunity.c.owner_id,
        _opportunity.c.protected_until,
        _opportunity.c.last_follow_up_at,
        _member.c.name,
        _member.c.slack_user_id,
        # For whom an approved registration protects it, which speaks where nobody works on it.
        _registrant.c.id,
        _registrant.c.name,
        _registrant.c.slack_user_id,
        _customer.c.protected_until,
        # Whether somebody ever ruled that two share it: only then rulings are looked at.
        _is_shared_by_some.label("is_shared"),
    ).select_from(
        some.join(_customer, _customer.c.id == some.c.customer_id)
        .outerjoin(_opportunity, _is_open)
        .outerjoin(_member, _member.c.id == _opportunity.c.owner_id)
        .outerjoin(_registrant, and_(_registrant.c.id == _customer.c.protected_by_id, _registrant.c.is_active))
    )


_OWN = _customer.c.workspace_id == bindparam("workspace_id")


@cache
def _newest(limit: int) -> Question:
    """Return the question for so many of the customers that came last."""
    known = select(_customer.c.id.label("customer_id")).where(
        _OWN, _customer.c.is_identified, _customer.c.merged_into_id.is_(None)
    )
    return Question(_with_owners(known.order_by(_customer.c.id.desc()).limit(_fixed("limit", limit)).cte("newest")))


_HAS_KEY = select(_strong.c.customer_id).where(
    _strong.c.workspace_id == bindparam("workspace_id"),
    _strong.c.kind == bindparam("kind"),
    _strong.c.value == bindparam("told"),
)
_TELLING = Question(_HAS_KEY)
_TOLD = Question(_with_owners(_HAS_KEY.cte("told")))
_NEAR = _with_owners(
    select(_customer.c.id.label("customer_id"))
    .where(_OWN, _customer.c.id.in_(bindparam("numbers", expanding=True)))
    .cte("near")
)


def _speaking(rows: Iterable[Any], by: Actor) -> list[_Speaking]:
    """Return one row a customer, and the first of another owner beside it, or None.

    Of several opportunities the reader's own speaks for the customer, else the first that somebody owns.
    """
    me = by.member_id
    speaking: dict[int, Any] = {}
    others: dict[int, Any] = {}
    for row in rows:
        known = speaking.get(row[0])
        if known is None or _rank(row, me) > _rank(known, me):
            speaking[row[0]] = row
        if row[3] is not None and row[3] != me and (row[0] not in others or row[2] < others[row[0]][2]):
            others[row[0]] = row
    return [(row, others.get(number)) for number, row in speaking.items()]


def _rank(row: Any, me: int | None) -> tuple[bool, bool, int]:
    return row[3] is not None and row[3] == me, row[3] is not None, -row[2]


def _match(row: Any, other: Any, by: Actor, now: datetime) -> CustomerMatch:
    number, name, opportunity_id, owner_id, until, followed_up_at, owner, slack_user_id = row[:8]
    if opportunity_id is None:
        return _unworked(row, by, now)
    if owner_id is None:
        return CustomerMatch(number, name, "pool", last_follow_up_at=followed_up_at)
    is_protected = until is not None and until > now
    is_mine = owner_id == by.member_id
    return CustomerMatch(
        number,
        name,
        "protected" if is_protected else "owned",
        owner=MemberRef(owner_id, owner, slack_user_id),
        protected_until=until if is_protected else None,
        last_follow_up_at=followed_up_at,
        is_mine=is_mine,
        beside=MemberRef(other[3], other[6], other[7]) if is_mine and other is not None else None,
    )


def _unworked(row: Any, by: Actor, now: datetime) -> CustomerMatch:
    number, name, registrant_id, until = row[0], row[1], row[8], row[11]
    if registrant_id is None or until is None or until <= now:
        return CustomerMatch(number, name, "free")
    owner = MemberRef(registrant_id, row[9], row[10])
    return CustomerMatch(number, name, "protected", owner, until, is_mine=registrant_id == by.member_id)
