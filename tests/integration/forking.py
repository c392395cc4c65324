"""A program that starts closeloop as often as it is told to, each time as a process of its own, without importing it anew.

A line on standard input is a JSON object with ``arguments`` and ``environment``; the answer is the new process's id.
"""

import json
import os
import signal
import sys

import psycopg  # noqa: F401 - imported once, for all
import uvicorn.protocols.http.auto  # noqa: F401

import bot.app
import bot.cli.desks
import bot.models.migrate  # noqa: F401
from bot.cli import closeloop
from bot.domain import identity


def main() -> None:
    """Fork until nobody tells us anything any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    identity.search_keys("上海华兴科技有限公司")  # has the word lists read, once for all
    for line in sys.stdin:
        wanted = json.loads(line)
        process_id = os.fork()
        if process_id == 0:
            os.environ.update(wanted["environment"])
            os.close(0)
            try:
                closeloop(wanted["arguments"], standalone_mode=True)
            finally:
                os._exit(1)
        sys.stdout.write(f"{process_id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
