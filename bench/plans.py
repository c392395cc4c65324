"""Owns the look at plans: which statements would read a whole table of those that grow."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import psycopg

LARGE = ("opportunity", "event", "outbox", "customer", "next_step", "channel_pace")
# It counts the pages by itself, and multiplies them by how many rows it believes to be in one.
_MANY = "UPDATE pg_class SET relpages = 1, reltuples = 100000 WHERE relname = ANY(%s)"
# What autovacuum may have learnt meanwhile, such as that one team has all of the few rows, holds for no large table.
_FORGET = "DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM pg_class WHERE relname = ANY(%s))"
# A search by the workspace alone reads as much.
_SCANNED = re.compile(rf"^(SCAN ({'|'.join(LARGE)})\b|SEARCH ({'|'.join(LARGE)})\b.*\(workspace_id=\?\)$)")


def full_scans(connection: Any, said: Iterable[tuple[str, Any]], *, is_sparse: bool = False) -> list[str]:
    """Return what of the statements reads a large table from end to end, or an index of it.

    Args:
        connection: Of the bare driver.
        said: Statements with their parameters, as the bot sent them.
        is_sparse: There are few rows, and PostgreSQL would rightly read them all; it is told that there are very many, which
            is undone at once.
    """
    found = []
    for statement, parameters in dict(_explainable(said)).items():
        if isinstance(connection, psycopg.Connection):
            found += [
                f"{one}: {statement}" for one in _postgresql(connection, statement, parameters, is_sparse=is_sparse)
            ]
        else:
            plan = connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            found += [f"{row[3]}: {statement}" for row in plan if _SCANNED.match(row[3])]
    return found


def _explainable(said: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for statement, parameters in said:
        if statement.startswith(("SELECT", "UPDATE", "INSERT", "WITH", "DELETE")):
            yield statement, parameters[0] if isinstance(parameters, list) else parameters


def _postgresql(connection: Any, statement: str, parameters: Any, *, is_sparse: bool) -> Iterator[str]:
    with connection.transaction(force_rollback=True), psycopg.ClientCursor(connection) as cursor:
        if is_sparse:
            cursor.execute(_MANY, [list(LARGE)])
            cursor.execute(_FORGET, [list(LARGE)])
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        (plans,) = cursor.fetchone()
    for plan in json.loads(plans) if isinstance(plans, str) else plans:
        yield from _nodes(plan["Plan"])


def _nodes(plan: dict[str, Any]) -> Iterator[str]:
    kind = plan["Node Type"]
    is_whole = kind == "Seq Scan" or (kind in {"Index Scan", "Index Only Scan"} and "Index Cond" not in plan)
    if is_whole and plan.get("Relation Name") in LARGE:
        yield f"{kind} of {plan['Relation Name']}"
    for one in plan.get("Plans", ()):
        yield from _nodes(one)
