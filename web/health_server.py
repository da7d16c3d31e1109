"""A small server beside ingest and the bot that says how the process does, where CHANNELWATCH_METRICS_PORT is set."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import structlog
import uvicorn
from fastapi import FastAPI

from storage.database import Database
from web.health import router

log = structlog.get_logger()


class PortTaken(Exception):
    """The address cannot be listened on; the message says which setting names it."""


class _Server(uvicorn.Server):
    """uvicorn, without its own way with signals: the whole program has one."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve_health(database: Database, host: str, port: int, *, stop: asyncio.Event) -> None:
    """Serve /healthz, /readyz and /metrics until `stop`. Raises PortTaken."""
    try:
        listening = socket.create_server((host, port))
    except OSError as error:
        raise PortTaken(
            f"Metrics cannot be served on {host}, port {port}: {error.strerror}. Programs that run apart need a "
            "CHANNELWATCH_METRICS_PORT each."
        ) from None
    with listening:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.state.database = database
        app.include_router(router)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", ws="none", server_header=False,
            timeout_graceful_shutdown=1, limit_concurrency=20,
        )  # fmt: skip
        server = _Server(config)
        stopping = asyncio.create_task(_stopped(server, stop))
        log.info("metrics served", host=host, port=listening.getsockname()[1])
        try:
            await server.serve(sockets=[listening])
        finally:
            stopping.cancel()


async def _stopped(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
