"""The revisions and the ORM classes say the same, on both databases, there and back."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, inspect

from bot.models import migrate
from bot.models.session import Database

if TYPE_CHECKING:
    from tests.conftest import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database with nothing in it."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/empty 100%.sqlite3"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    yield server.create("empty")
    server.drop("empty")


def _tables(url: str) -> set[str]:
    database = Database(url)
    engine = create_engine(database.url)
    try:
        return set(inspect(engine).get_table_names())
    finally:
        engine.dispose()
        database.close()


def test_upgraded_database_differs_from_the_classes_in_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    migrate.check(empty_url)


def test_empty_database_has_no_revision_and_an_upgraded_one_the_newest(empty_url: str) -> None:
    assert migrate.current(empty_url) is None
    assert not migrate.is_current(empty_url)
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.newest()
    assert migrate.is_current(empty_url)


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    before = _tables(empty_url)
    migrate.upgrade(empty_url)
    assert _tables(empty_url) == before


def test_downgrade_to_base_leaves_nothing_and_the_way_up_is_open_again(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    migrate.downgrade(empty_url, "base")
    assert _tables(empty_url) == {"alembic_version"}
    migrate.upgrade(empty_url)
    migrate.check(empty_url)


def test_two_programs_that_start_together_migrate_once(empty_url: str) -> None:
    program = "import sys; from bot.models import migrate; migrate.upgrade(sys.argv[1])"
    started = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(2)]
    assert [one.wait(60) for one in started] == [0, 0]
    assert migrate.is_current(empty_url)


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the revisions, to write into."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    return folder


def test_a_revision_drafted_where_nothing_differs_does_nothing(empty_url: str, own_folder: Path) -> None:
    migrate.upgrade(empty_url)
    migrate.draft(empty_url, "nothing", "9999")
    text = (own_folder / "versions" / "9999_nothing.py").read_text("utf-8")
    assert "op." not in text
    assert "pass" in text


def test_a_drafted_revision_never_depends_on_our_code(empty_url: str, own_folder: Path) -> None:
    shutil.rmtree(own_folder / "versions")
    (own_folder / "versions").mkdir()
    migrate.draft(empty_url, "everything", "0001")
    text = (own_folder / "versions" / "0001_everything.py").read_text("utf-8")
    assert 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")' in text
    assert "from sqlalchemy.dialects import postgresql" in text
    assert "sa.DateTime(timezone=True)" in text
    assert "bot." not in text
