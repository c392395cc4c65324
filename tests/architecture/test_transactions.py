"""Transactions begin in services and end in one place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "bot"
FILES = sorted(path for path in ROOT.rglob("*.py") if "sandbox" not in path.parts)


def _calls(path: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the method, what it is called on, and the line, of every method call in a file."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.attr, ast.unparse(node.func.value), node.lineno


def _room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_committed_by_hand(path: Path) -> None:
    if path == ROOT / "models" / "session.py":
        return
    assert [line for name, _, line in _calls(path) if name == "commit"] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_transactions_begin_in_services_only(path: Path) -> None:
    if _room(path) == "services":
        return
    opened = [line for name, on, line in _calls(path) if name == "transaction" and on.endswith(("desk", "database"))]
    assert opened == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sessions_are_made_in_one_place_only(path: Path) -> None:
    if _room(path) == "models":
        return
    names = {node.id for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Name)}
    assert not names & {"sessionmaker", "create_engine", "scoped_session"}
