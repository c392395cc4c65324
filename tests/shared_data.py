"""Where the real data are that this repository does not contain."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[2] / "shared" / "data"


def shared_data(name: str) -> Path:
    """Return a folder of the shared data; a test without it is skipped, saying so."""
    folder = Path(os.environ.get("CLOSELOOP_SHARED_DATA", _BESIDE)) / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there: set CLOSELOOP_SHARED_DATA to the folder with the shared data")
    return folder
