"""The Bot API server of the box: routes requests, wears faults, and words every answer as Telegram's."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from sandbox.bot_api import account, editing, faults, files, inline, sending, topics, updates
from sandbox.bot_api.errors import ApiError, NotInTheBox, TooManyRequests
from sandbox.bot_api.limits import Limits
from sandbox.bot_api.params import Params, read_params
from sandbox.bot_api.state import BotState, Handler

if TYPE_CHECKING:
    from sandbox.world import World

log = structlog.get_logger()

_METHODS: dict[str, tuple[str, Handler]] = {
    name.lower(): (name, handler)
    for module in (account, editing, files, inline, sending, topics, updates)
    for name, handler in module.METHODS.items()
}
_REQUEST_LIMIT = 60 * 1024 * 1024
"""Bytes of a whole request: a file of 50 MB and what goes with it."""


class BotApiServer:
    """One bot's API on 127.0.0.1.

    `calls` counts requests by method (Telegram's spelling). What goes wrong inside, and any method that the box does
    not know (unless `unknown_methods_fail` is off), is appended to `world.failures`. `callback_seconds` is how long
    a pressed button may be answered.
    """

    def __init__(
        self,
        world: World,
        token: str = "42:TEST-token",  # noqa: S107 (a box has no secrets)
        username: str = "channelwatch_demo_bot",
        limits: Limits | None = None,
        *,
        callback_seconds: float = 60.0,
        unknown_methods_fail: bool = True,
    ) -> None:
        self.token = token
        self.calls: Counter[str] = Counter()
        self._world = world
        self._limits = limits or Limits()
        self._callback_seconds = callback_seconds
        self._unknown_methods_fail = unknown_methods_fail
        self._runner: web.AppRunner | None = None
        self._state: BotState | None = None
        self._lasting: list[tuple[str, faults.Lasting]] = []
        self._port = 0
        world.chats.bot.id = int(token.partition(":")[0])
        world.chats.bot.username = username

    @property
    def base_url(self) -> str:
        """http://127.0.0.1:port; python-telegram-bot takes it as base_url=f"{base_url}/bot"."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self, port: int = 0) -> None:
        """Serve, on a free port unless one is given. A server that was stopped starts again at the same world."""
        self._state = BotState(self._world, self._limits, self._callback_seconds)
        app = web.Application(client_max_size=_REQUEST_LIMIT)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """End every poll and connection, and free the port."""
        if self._runner is None or self._state is None:
            return
        self._state.closing.set()
        updates.close_poll(self._state)
        await self._runner.cleanup()
        self._runner = self._state = None

    @contextmanager
    def failing(self, method: str, fault: faults.Fault, *, share: float = 1.0, seed: int = 0) -> Iterator[None]:
        """Until the block ends, calls of the method ("*": of any) meet this fault: all, or a share of them.

        Faults of `world.faults` for single calls come first.
        """
        entry = (method.lower(), faults.Lasting(fault, share, random.Random(seed)))
        self._lasting.append(entry)
        try:
            yield
        finally:
            self._lasting.remove(entry)

    def _fault(self, method: str) -> object | None:
        single = self._world.faults.take("bot_api", method)
        if single is not None:
            return single
        wanted = ("*", method.lower())
        return next((each.fault for name, each in self._lasting if name in wanted and each.meets()), None)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        spelled = request.match_info["method"]
        method, handler = _METHODS.get(spelled.lower(), (spelled, None))
        self.calls[method] += 1
        try:
            if request.match_info["token"] != self.token:
                raise ApiError(401, "Unauthorized")
            if handler is None:
                raise self._unknown(method)
            return await self._served(request, method, handler)
        except ApiError as error:
            return _refused(error)
        except ConnectionError:
            return _dropped(request)  # the client left while its request was read
        except Exception as error:  # noqa: BLE001 (the server's door: whatever fails must fail the test)
            self._world.failures.append(error)
            log.error("bot api handler failed", method=method, error=type(error).__name__)
            return _refused(ApiError(500, "Internal Server Error"))

    async def _served(self, request: web.Request, method: str, handler: Handler) -> web.StreamResponse:
        """The answer with its fault, if one was scripted for this call."""
        assert self._state is not None  # noqa: S101 (no request comes before start)
        fault = self._fault(method)
        params = await read_params(request)
        await self._before(self._state, fault, params)
        match fault:
            case faults.DropBefore() | faults.BlackHole():
                return _dropped(request)
            case faults.BadGateway(accepted=False):
                return _bad_gateway()
            case faults.Garbage(accepted=False, body=body):
                return web.Response(text=body, content_type="text/html")
        result = await handler(self._state, params)
        match fault:
            case faults.DropAfter():
                return _dropped(request)
            case faults.BadGateway():
                return _bad_gateway()
            case faults.Garbage(body=body):
                return web.Response(text=body, content_type="text/html")
        return web.json_response({"ok": True, "result": result})

    async def _before(self, state: BotState, fault: object | None, params: Params) -> None:
        """Faults that refuse or delay; TypeError for what is no fault of this server."""
        match fault:
            case None | faults.DropBefore() | faults.DropAfter() | faults.BadGateway() | faults.Garbage():
                return
            case faults.Refusal(code=code, description=description, parameters=parameters):
                raise ApiError(code, description, **parameters)
            case faults.Flood(retry_after=seconds, whole_bot=whole_bot):
                state.limiter.ban(None if whole_bot else state.known_chat(params).id, seconds)
                raise TooManyRequests(seconds)
            case faults.Delay(seconds=seconds):
                await _sleep(seconds, state.closing)
            case faults.BlackHole():
                await state.closing.wait()
            case _:
                raise TypeError(f"the Bot API server does not know the fault {fault!r}")

    def _unknown(self, method: str) -> ApiError:
        if self._unknown_methods_fail:
            self._world.failures.append(NotInTheBox(f"method not in the box: {method}"))
        return ApiError(404, "Not Found: method not found")

    async def _download(self, request: web.Request) -> web.Response:
        assert self._state is not None  # noqa: S101 (no request comes before start)
        if request.match_info["token"] != self.token:
            return _refused(ApiError(401, "Unauthorized"))
        stored = files.file_at(self._state, request.match_info["path"])
        if stored is None:
            return _refused(ApiError(404, "Not Found"))
        return web.Response(body=stored.content, content_type="application/octet-stream")


def _refused(error: ApiError) -> web.Response:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    if error.parameters:
        body["parameters"] = error.parameters
    return web.json_response(body, status=error.code)


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _bad_gateway() -> web.Response:
    page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
    return web.Response(status=502, text=page, content_type="text/html")


async def _sleep(seconds: float, closing: asyncio.Event) -> None:
    """Sleep, but not past the server's end."""
    try:
        async with asyncio.timeout(seconds):
            await closing.wait()
    except TimeoutError:
        return
