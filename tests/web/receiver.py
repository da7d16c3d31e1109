"""A system that webhooks go to: an HTTP server on a free port that remembers what it was sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Call:
    """A request, as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What it got; `answers` are used up one a request, then it says 204. `before`: what happens before an answer."""

    port: int = 0
    calls: list[Call] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    before: Callable[[], Awaitable[Any]] | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in?key=canary-2718"

    async def until(self, count: int) -> list[Call]:
        async with asyncio.timeout(20):
            while len(self.calls) < count:
                self.came.clear()
                await self.came.wait()
        return self.calls

    async def answer(self, request: web.Request) -> web.Response:
        self.calls.append(Call(request.headers, await request.read()))
        self.came.set()
        if self.before is not None:
            await self.before()
        status, headers = self.answers.pop(0) if self.answers else (204, {})
        return web.Response(status=status, headers=headers)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """It listens as long as the block lasts."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
