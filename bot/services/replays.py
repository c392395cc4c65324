"""Owns the making again of past decisions from their records, through the same pure function that made them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.domain import assignment
from bot.errors import Text
from bot.models import Choice, Member
from bot.services.choices import from_json
from bot.services.desk import Actor, Desk
from bot.services.reasons import reason_text

_PAGE = 500


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision beside the one that its record gives now; names are None for nobody (the pool).

    ``fault`` says why the record cannot be read; then there is no second decision.
    """

    id: int
    opportunity_id: int
    at: datetime
    recorded: str | None
    recorded_reason: Text
    replayed: str | None
    replayed_reason: Text | None
    is_same: bool
    fault: str | None = None


def replay(desk: Desk, *, by: Actor, opportunity_id: int | None = None) -> Iterator[Replay]:
    """Make decisions again, the oldest first, and yield each beside its record; nothing is written.

    Args:
        desk: The record.
        by: Whose workspace.
        opportunity_id: One opportunity's; all of the workspace if not given.
    """
    after = 0
    while True:
        page = _page(desk, by, opportunity_id, after)
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1].id


def _page(desk: Desk, by: Actor, opportunity_id: int | None, after: int) -> list[Replay]:
    with desk.reading(by) as session:
        statement = select(Choice).where(Choice.id > after).order_by(Choice.id).limit(_PAGE)
        if opportunity_id is not None:
            statement = statement.where(Choice.opportunity_id == opportunity_id)
        rows = session.scalars(statement).all()
        ids = {row.member_id for row in rows} - {None}
        named = select(Member.id, Member.name).where(Member.id.in_(ids))
        names: dict[int, str] = {row.id: row.name for row in session.execute(named)}
        return [_again(row, names) for row in rows]


def _again(row: Choice, names: dict[int, str]) -> Replay:
    recorded = _name(row.member_id, names)
    recorded_reason = reason_text(row.reason["key"], row.reason["params"])
    try:
        state = from_json(row.state)
        made = state.choose()
    except (KeyError, ValueError, TypeError) as error:
        fault = f"{type(error).__name__}: {error}"
        return Replay(row.id, row.opportunity_id, row.at, recorded, recorded_reason, None, None, False, fault)
    names = {**{one.member_id: one.name for one in state.candidates}, **names}
    return Replay(
        id=row.id,
        opportunity_id=row.opportunity_id,
        at=row.at,
        recorded=recorded,
        recorded_reason=recorded_reason,
        replayed=_name(made.member_id, names),
        replayed_reason=reason_text(made.reason, dict(made.params)),
        is_same=_is_same(row, made),
    )


def _is_same(row: Choice, made: assignment.Choice) -> bool:
    return (row.member_id, row.reason["key"], row.reason["params"]) == (made.member_id, made.reason, dict(made.params))


def _name(member_id: int | None, names: dict[int, str]) -> str | None:
    return None if member_id is None else names.get(member_id, f"member {member_id}")
