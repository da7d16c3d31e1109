"""How this installation does, for machines: /healthz, /readyz and /metrics. No words, no names, no sign-in needed.

The console serves these, and each program that CHANNELWATCH_METRICS_PORT is set for (`web.health_server`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Generic, TypeVar

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analysis.text import LEMMAS
from config.metrics import REGISTRY
from storage.database import Database, DatabaseAway, StatementRefused
from storage.figures import Figures, read_figures
from storage.readiness import check_readiness

T = TypeVar("T")

router = APIRouter()

FRESH_SECONDS = 2.0
"""For so long one reading of the database serves everybody who asks: the door is open, the work behind it is not."""


@router.get("/healthz", include_in_schema=False)
async def healthz() -> JSONResponse:
    """The process lives, and its event loop turns."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz", include_in_schema=False)
async def readyz(request: Request) -> JSONResponse:
    """Whether the work can be done, and else why not (503)."""
    checks = await _readings(request).checks.value()
    is_ready = all(check.is_ok for check in checks)
    said = [{"name": check.name, "ok": check.is_ok, "reason": check.reason} for check in checks]
    body = {"status": "ready" if is_ready else "not ready", "checks": said}
    return JSONResponse(body, 200 if is_ready else 503)


@router.get("/metrics", include_in_schema=False)
async def metrics(request: Request) -> Response:
    """What Prometheus reads: of this process, of its pool, and of the database."""
    figures = await _readings(request).figures.value()
    outside = CollectorRegistry()
    outside.register(_Outside(request.app.state.database, figures))
    text = generate_latest(REGISTRY) + generate_latest(outside)
    return Response(text, media_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


class _Recent(Generic[T]):
    """What the last reading brought, read anew when that is no longer fresh; by one reader at a time."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._last: tuple[float, T] | None = None
        self._lock = asyncio.Lock()

    async def value(self) -> T:
        """The value of FRESH_SECONDS ago at most."""
        async with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > FRESH_SECONDS:
                value = await self._read()
                self._last = time.monotonic(), value
            return self._last[1]


class _Readings:
    """What everybody who asks is told from."""

    def __init__(self, database: Database) -> None:
        self.checks = _Recent(lambda: check_readiness(database))
        self.figures = _Recent(lambda: _figures(database))


def _readings(request: Request) -> _Readings:
    state = request.app.state
    if not hasattr(state, "health_readings"):
        state.health_readings = _Readings(state.database)
    readings: _Readings = state.health_readings
    return readings


async def _figures(database: Database) -> Figures | None:
    """The figures; None while the database does not answer."""
    try:
        async with database.begin() as connection:
            return await read_figures(connection)
    except (DatabaseAway, StatementRefused):
        return None


class _Outside(Collector):
    """What no counter of the process holds: the pool, the cache, and the figures of the database."""

    def __init__(self, database: Database, figures: Figures | None) -> None:
        self._pool = database.pool_figures()
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        yield _gauge("database_up", "Whether the database answers.", float(self._figures is not None))
        yield _labelled("pool_connections", "Connections to the database.", "state", self._pool)
        yield _gauge("lemma_cache_forms", "Word forms whose lemmas are remembered.", LEMMAS.remembered)
        if self._figures is not None:
            yield from _of_database(self._figures)


def _of_database(figures: Figures) -> Iterator[Metric]:
    yield _labelled("channels", "Channels, by state.", "state", figures.channels)
    yield _gauge("blind_channels", "Channels at which nobody could look for minutes.", figures.blind)
    yield _gauge("lag_seconds", "Since the last good look at the channel that waits longest.", figures.lag_s)
    yield _gauge("holes", "Message ids that nobody accounts for yet.", figures.holes)
    waiting = GaugeMetricFamily(
        "channelwatch_deliveries_waiting", "Deliveries that are not settled.", labels=["kind", "state"]
    )
    for (kind, state), number in figures.waiting.items():
        waiting.add_metric([kind, state], number)
    yield waiting
    yield _gauge("queue_age_seconds", "For how long the oldest due delivery has been due.", figures.queue_age_s or 0.0)
    yield _gauge("methods_flooded", "Methods that some account has to leave alone now.", figures.flood_waits)
    yield _gauge("bursts_open", "Bursts that go on.", figures.bursts)
    yield _gauge("ingest_silence_seconds", "Since ingest last said that it works.", figures.ingest_silence_s)


def _gauge(name: str, about: str, value: float | None) -> GaugeMetricFamily:
    """One number; none where it is not known."""
    family = GaugeMetricFamily(f"channelwatch_{name}", about)
    if value is not None:
        family.add_metric([], value)
    return family


def _labelled(name: str, about: str, label: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"channelwatch_{name}", about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
