"""The names that we answer to. A page elsewhere whose name is made to lead here (DNS rebinding) gets nothing."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from config.settings import WebSettings

OURSELVES = frozenset({"127.0.0.1", "localhost", "::1"})


def answered_to(settings: WebSettings) -> frozenset[str]:
    """This machine's own names, the address listened on if it is one, and what the settings name."""
    named = {urlsplit(settings.url).hostname or ""} if settings.url else set()
    bound = {settings.host.lower()} if settings.host not in {"0.0.0.0", "::"} else set()  # noqa: S104 - any address
    return OURSELVES | named | bound | settings.hosts


def is_own_address(host: str) -> bool:
    """Whether only this machine itself can reach what listens there."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class AnswerTo:
    """Refuses (400) requests by any other name."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what asks by one of our names."""
        if scope["type"] == "http" and _name(Headers(scope=scope).getlist("host")) not in self._hosts:
            await PlainTextResponse("This host name is not answered to.", 400)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _name(headers: list[str]) -> str | None:
    """The host's name without its port; None where there is no single one."""
    if len(headers) != 1:
        return None
    try:
        return urlsplit(f"//{headers[0]}").hostname if "@" not in headers[0] else None
    except ValueError:
        return None
