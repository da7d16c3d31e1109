"""The last door: what nobody expected becomes an answer that tells nothing, and a log line that tells where."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

FRAMES = 6
"""Places in the code that the log names, the innermost last."""


class Defects:
    """Answers with `told` when the application raises. Stands inside the headers, which every answer must carry.

    Messages of exceptions are not logged: the database's quote what was written or asked for.
    """

    def __init__(self, app: ASGIApp, told: Callable[[Request, Exception], Awaitable[Response]]) -> None:
        self._app = app
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:  # noqa: BLE001 - the program's door: other requests go on
            log.error("request failed", route=_route_of(scope), error=type(error).__name__, at=_places(error))
            if not begun:
                response = await self._told(Request(scope, receive), error)
                await response(scope, receive, send)


def _route_of(scope: Scope) -> str:
    """The route's pattern, without what was asked for."""
    return str(getattr(scope.get("route"), "path", ""))


def _places(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " ".join(f"{'/'.join(frame.filename.split('/')[-3:])}:{frame.lineno}" for frame in frames)
