"""The public previews (t.me/s/NAME) of the box's channels, on 127.0.0.1: what a reader without an account sees.

A channel without a username has no page, as on Telegram. One whose preview is switched off, a person's name and a name
that nobody has are sent on to the page by which the app is opened, with the reason on it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from aiohttp import web

from sandbox.channels import Channel
from sandbox.preview_view import contact_html, page_html

if TYPE_CHECKING:
    from sandbox.world import User, World

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TooMany:
    """429, with Retry-After (whole seconds) unless it is None."""

    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """An error of the server's."""

    status: int = 500


@dataclass(frozen=True, slots=True)
class Slow:
    """So many seconds pass before the request is looked at; then it is served as always."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Drop:
    """The connection breaks."""


@dataclass(frozen=True, slots=True)
class Garbage:
    """200 with a page that is no preview, as a network's sign-in page is."""

    body: str = "<!doctype html><title>sign in to the network</title><p>Accept our terms first."


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A redirect to somewhere else."""

    location: str


Fault = TooMany | Broken | Slow | Drop | Garbage | Elsewhere


class PreviewPages:
    """Serves the pages of a world.

    `faults` are taken in order, one by each request; `hidden` are the ids of channels whose preview is switched off;
    `requests` are the path and query of every request, in order. What fails inside goes to `world.failures`.
    """

    def __init__(self, world: World) -> None:
        self.faults: deque[Fault] = deque()
        self.hidden: set[int] = set()
        self.requests: list[str] = []
        self._world = world
        self._runner: web.AppRunner | None = None
        self._closing = asyncio.Event()
        self._port = 0

    @property
    def base_url(self) -> str:
        """What stands here for https://t.me."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Serve, on a free port unless one is given."""
        self._closing.clear()
        app = web.Application()
        app.router.add_get(r"/s/{name:\w+}", self._serve)
        app.router.add_get(r"/{name:\w+}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End what is being served, and free the port."""
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request.path_qs)
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, Slow):
            await self._sleep(fault.seconds)
        elif fault is not None:
            return _failing(request, fault)
        try:
            return self._preview(request) if request.path.startswith("/s/") else self._contact(request)
        except web.HTTPException:
            raise
        except Exception as error:
            self._world.failures.append(error)
            log.error("preview page failed", error=type(error).__name__)
            raise

    def _preview(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        channel = self._world.channels.by_username(name)
        if channel is None or channel.id in self.hidden:
            raise web.HTTPFound(f"/{name}")
        page = page_html(self._world, channel, before=_number(request, "before"), after=_number(request, "after"))
        tag = hashlib.sha256(page.encode()).hexdigest()[:32]
        known = request.if_none_match or ()
        headers = {"ETag": f'"{tag}"', "Cache-Control": "no-store"}
        if any(each.value == tag for each in known):
            return web.Response(status=304, headers=headers)
        return web.Response(text=page, content_type="text/html", headers=headers)

    def _contact(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.Response(text=contact_html(name, self._bearer(name)), content_type="text/html")

    def _bearer(self, name: str) -> Channel | User | None:
        people = (user for user in self._world.users.values() if (user.username or "").lower() == name.lower())
        return self._world.channels.by_username(name) or next(people, None)

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not past the server's end."""
        try:
            async with asyncio.timeout(seconds):
                await self._closing.wait()
        except TimeoutError:
            return


def _failing(request: web.Request, fault: Fault) -> web.Response:
    match fault:
        case TooMany(retry_after=seconds):
            headers = {} if seconds is None else {"Retry-After": str(seconds)}
            return web.Response(status=429, text="Too Many Requests", headers=headers)
        case Broken(status=status):
            return web.Response(status=status, text="<html><h1>Error</h1></html>", content_type="text/html")
        case Garbage(body=body):
            return web.Response(text=body, content_type="text/html")
        case Elsewhere(location=location):
            return web.Response(status=302, headers={"Location": location})
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _number(request: web.Request, name: str) -> int | None:
    """A message id of the query; what is none is passed over."""
    value = request.query.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else None
