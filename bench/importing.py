"""The figure of the import: rows a second of a real export through the same services as the command."""

import os
import time
from pathlib import Path
from typing import Any

from bench.databases import database_url
from bench.figures import remark
from bot.clock import SystemClock
from bot.models.session import Database
from bot.services import imports, members
from bot.services.desk import Desk, system_actor
from bot.sync.mapping import Place, read_batch
from bot.sync.preset import load_preset

ROWS = 8800
_LEAST_ROWS_PER_SECOND = 2220
"""Ten times what Odoo does on such a machine."""

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def measured(kind: str) -> dict[str, Any] | None:
    """Import the real file into an empty database.

    Args:
        kind: ``sqlite`` or ``postgresql``.

    Returns:
        ``name``, ``n`` rows, ``seconds`` from the opened file to the last commit, ``rows_per_second``, ``goal`` and ``ok``;
        None where the file is not there.
    """
    folder = Path(os.environ.get("CLOSELOOP_SHARED_DATA", _BESIDE)) / "maven_crm"
    if not folder.is_dir():
        remark(f"import skipped: {folder} is not there; CLOSELOOP_SHARED_DATA names the folder with the shared data")
        return None
    with database_url(kind) as url:
        database = Database(url)
        desk = Desk(database, SystemClock())
        by = system_actor(members.workspace_id_of(desk, members.LOCAL_WORKSPACE, name="Local"))
        start = time.perf_counter()
        report = imports.run(desk, read_batch(folder, load_preset("maven"), Place()), by=by)
        seconds = time.perf_counter() - start
        database.close()
    if report.imported != ROWS:
        raise RuntimeError(f"{report.imported} of {ROWS} rows came in")
    speed = ROWS / seconds
    return {
        "name": f"import@{ROWS}/{kind}",
        "n": ROWS,
        "seconds": round(seconds, 2),
        "rows_per_second": round(speed),
        "goal": _LEAST_ROWS_PER_SECOND,
        "ok": speed >= _LEAST_ROWS_PER_SECOND,
    }
