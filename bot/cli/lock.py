"""Owns the lock of a SQLite database: one ``closeloop run`` at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ConfigError


@contextmanager
def only_one(database: Path | None) -> Iterator[None]:
    """Hold the lock beside a database's file; the machine lets go of it when the process ends, however it ends.

    Args:
        database: The SQLite file; None (another database) needs no lock, since any number of programs may work on it.

    Raises:
        ConfigError: Another ``closeloop run`` holds it.
    """
    if database is None:
        yield
        return
    path = database.with_name(f"{database.name}.lock.pid")
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise ConfigError(
                f"Another closeloop run (process {holder}) works on {database}. A SQLite file takes one at a time, whatever its role: stop that one first, or move to PostgreSQL for several."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        # The file stays: removing it would let a third program lock a new one while a second waits on the old.
        yield
