"""Serving the console, the API and the feeds until the program is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator

import structlog
import uvicorn

from config.settings import WebSettings
from storage.database import Database
from storage.operators import is_any_operator
from web.access.hosts import is_own_address
from web.app import create_app
from web.webhooks import run_webhooks

log = structlog.get_logger()

GOODBYE = 5
"""Seconds that open requests have to end when the program stops."""

AT_ONCE = 300
"""Connections and requests served at a time; more are told to come again (503)."""


class NotServed(Exception):
    """The console cannot be served like this; the message says what to do."""


class _Server(uvicorn.Server):
    """uvicorn, without its own way with signals: the whole program has one."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                host, port = listening.getsockname()[:2]
                log.info("console served", host=host, port=port)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_web(database: Database, settings: WebSettings, *, stop: asyncio.Event) -> None:
    """Serve until `stop`. Raises NotServed where nobody could sign in but everybody reach it, or the port is taken."""
    async with database.begin() as connection:
        has_operator = await is_any_operator(connection)
    if not has_operator and not is_own_address(settings.host):
        raise NotServed(
            f"The console would listen on {settings.host}, for others to reach, and has no operator yet: "
            "`channelwatch operators add NAME` first."
        )
    app = create_app(database, settings)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, lifespan="off", ws="none",
        server_header=False, proxy_headers=bool(settings.proxies), forwarded_allow_ips=settings.proxies or None,
        timeout_graceful_shutdown=GOODBYE, limit_concurrency=AT_ONCE,
    )  # fmt: skip
    server = _Server(config)
    beside = asyncio.create_task(_beside(database, settings, stop))
    stopping = asyncio.create_task(_stopped(server, app.state.arrivals.close, stop))
    try:
        await server.serve()
    except SystemExit:  # uvicorn has logged why
        raise NotServed(
            f"The console cannot listen on {settings.host}, port {settings.port}: another program does, or it is no "
            "address of this machine. Set CHANNELWATCH_WEB_PORT or CHANNELWATCH_WEB_HOST."
        ) from None
    finally:
        stop.set()
        await asyncio.gather(stopping, return_exceptions=True)
        await app.state.arrivals.ended()
        await beside


async def _stopped(server: uvicorn.Server, close: Callable[[], Awaitable[None]], stop: asyncio.Event) -> None:
    await stop.wait()
    await close()  # live pages would keep the server from ending
    server.should_exit = True


async def _beside(database: Database, settings: WebSettings, stop: asyncio.Event) -> None:
    """What works beside the server: the webhooks' sender."""
    try:
        await run_webhooks(database, settings, stop)
    except BaseException:
        stop.set()  # half a program is none
        raise
