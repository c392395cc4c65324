"""Owns what the program tells about its health: alive, ready for work, and its figures; over HTTP."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot import vitals
from bot.models import migrate
from bot.services import standing
from bot.services.desk import Desk
from bot.services.standing import Standing

log = logging.getLogger(__name__)

_MOST_LAG_SECONDS = 120.0
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
_OK, _UNAVAILABLE = 200, 503


@dataclass(frozen=True, slots=True)
class Health:
    """What the state of health is told from.

    Attributes:
        desk: The record and the clock.
        keeps_the_clock: This process sweeps and delivers: it is not ready while it is far behind.
        most_lag_seconds: How far behind it may be.
        is_connected: Whether Slack's socket stands; None where there is none.
    """

    desk: Desk
    keeps_the_clock: bool = True
    most_lag_seconds: float = _MOST_LAG_SECONDS
    is_connected: Callable[[], bool] | None = None
    _newest: str | None = field(default_factory=migrate.newest)

    def checks(self) -> dict[str, bool]:
        """Return what readiness needs: ``database``, ``schema``, ``clock`` for who keeps it, ``socket`` where there is one."""
        found = {"database": False, "schema": False}
        try:
            found |= {"database": True, "schema": standing.revision(self.desk) == self._newest}
            if self.keeps_the_clock:
                found["clock"] = standing.standing(self.desk).lag_seconds <= self.most_lag_seconds
        except SQLAlchemyError:
            log.exception("the database does not answer")
            found["database"] = False
        if self.is_connected is not None:
            found["socket"] = self.is_connected()
        return found

    def behind(self) -> dict[str, float]:
        """Return how far behind those are who keep the clock, where this process does not: to be seen, and no reason to be unready."""
        if self.keeps_the_clock:
            return {}
        try:
            now = standing.standing(self.desk)
        except SQLAlchemyError:
            return {}  # the checks say so
        oldest = max(now.oldest_seconds["waiting"], now.oldest_seconds["sending"])
        return {"clock_lag_seconds": now.lag_seconds, "outbox_oldest_seconds": oldest}

    def figures(self) -> bytes:
        """Return Prometheus' text: what was counted, and how far behind the program is now."""
        try:
            return vitals.exposed(_Behind(standing.standing(self.desk)))
        except SQLAlchemyError:
            log.exception("the database does not answer")
            return vitals.exposed()

    def routes(self) -> list[Route]:
        """Return ``/healthz``, ``/readyz`` and ``/metrics``."""
        return [
            Route("/healthz", self._alive, methods=["GET"]),
            Route("/readyz", self._ready, methods=["GET"]),
            Route("/metrics", self._metrics, methods=["GET"]),
        ]

    async def _alive(self, _request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def _ready(self, _request: Request) -> Response:
        found = await asyncio.to_thread(self.checks)
        ok, behind = all(found.values()), await asyncio.to_thread(self.behind)
        return JSONResponse({"ok": ok, **found, **behind}, status_code=_OK if ok else _UNAVAILABLE)

    async def _metrics(self, _request: Request) -> Response:
        return Response(await asyncio.to_thread(self.figures), media_type=_PROMETHEUS)


class _Behind(Collector):
    """How far behind the program was when it was asked."""

    def __init__(self, now: Standing) -> None:
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges."""
        yield GaugeMetricFamily(
            "closeloop_clock_lag_seconds", "Age of the oldest moment nobody attended to.", value=self._now.lag_seconds
        )
        depth = GaugeMetricFamily("closeloop_outbox_messages", "Messages that are due, by state.", labels=["state"])
        oldest = GaugeMetricFamily("closeloop_outbox_oldest_seconds", "Age of the oldest, by state.", labels=["state"])
        for state, count in self._now.depth.items():
            depth.add_metric([state], count)
            oldest.add_metric([state], self._now.oldest_seconds[state])
        yield depth
        yield oldest


@contextmanager
def served(health: Health, host: str, port: int) -> Iterator[None]:
    """Tell the state of health on a port of its own while the block runs; port 0 tells nothing."""
    if port == 0:
        yield
        return
    config = uvicorn.Config(
        Starlette(routes=health.routes()), host=host, port=port, log_level="warning", access_log=False, lifespan="off"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="health", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
