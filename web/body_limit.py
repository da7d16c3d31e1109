"""How much may be sent to us: the largest form and the largest request of the API are small."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 1024 * 1024
"""Bytes of a request's body: an OPML file with thousands of feeds."""


class BodyLimit:
    """Refuses (413) larger bodies, whether they say their size or not."""

    def __init__(self, app: ASGIApp, most: int = MOST) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on a request; what reads too much of its body gets the exception."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get("content-length", "")
        declared = int(said) if said.isdecimal() else 0
        count = 0

        async def counted() -> Message:
            nonlocal count
            message = await receive()
            count += len(message.get("body", b""))
            if max(count, declared) > self._most:
                raise HTTPException(413)
            return message

        await self._app(scope, counted, send)
