"""Owns rows that a statement is given as one parameter: many are written in one way there and back, on both databases."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, column, func, select
from sqlalchemy.types import TypeEngine

from bot.models.base import Instant, Json

_UNZONED = 26  # letters of an instant as SQLite keeps it, before its offset


def given(dialect: str, name: str, **columns: TypeEngine[Any]) -> Any:
    """Return rows to select from, or to update from.

    Args:
        dialect: Name of the SQLAlchemy dialect.
        name: Of the parameter: a list of dicts of JSON values, instants as ``written`` gives them.
        columns: The keys of each dict, and the types of their values.
    """
    rows = bindparam(name, type_=Json)
    if dialect == "postgresql":
        typed = [column(key, type_) for key, type_ in columns.items()]
        return func.jsonb_to_recordset(rows).table_valued(*typed, name=name).render_derived(with_types=True)
    each = func.json_each(rows).table_valued("value")
    found = []
    for key, type_ in columns.items():
        value = func.json_extract(each.c.value, f"$.{key}")
        found.append((func.substr(value, 1, _UNZONED) if isinstance(type_, Instant) else value).label(key))
    return select(*found).subquery(name)


def written(moment: datetime | None) -> str | None:
    """Return an instant in UTC as it stands in such rows."""
    return None if moment is None else moment.isoformat(" ", "microseconds")
