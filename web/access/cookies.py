"""The two cookies: the session's, and before there is one the visit's, to which forms are bound."""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.responses import Response

from storage.operator_sessions import LASTS

SESSION = "channelwatch_session"
VISIT = "channelwatch_visit"


def session_token(request: Request) -> str | None:
    """What the session's cookie holds."""
    return request.cookies.get(SESSION)


def visit_of(request: Request) -> str:
    """What forms are bound to: the session, else the visit, which begins now if there is none."""
    known = request.cookies.get(SESSION) or request.cookies.get(VISIT) or getattr(request.state, "new_visit", None)
    if known is None:
        known = request.state.new_visit = secrets.token_urlsafe(32)
    return str(known)


def set_visit(request: Request, response: Response) -> None:
    """Give the browser the visit that began with this request, if one did."""
    if visit := getattr(request.state, "new_visit", None):
        _set(request, response, VISIT, visit, None)


def set_session(request: Request, response: Response, token: str) -> None:
    """Sign the browser in: a new cookie, so that one planted before means nothing."""
    _set(request, response, SESSION, token, int(LASTS.total_seconds()))
    response.delete_cookie(VISIT, path="/", httponly=True, samesite="strict", secure=_is_secure(request))


def forget_session(request: Request, response: Response) -> None:
    """Sign the browser out."""
    response.delete_cookie(SESSION, path="/", httponly=True, samesite="strict", secure=_is_secure(request))


def _set(request: Request, response: Response, name: str, value: str, age: int | None) -> None:
    response.set_cookie(
        name, value, max_age=age, path="/", httponly=True, samesite="strict", secure=_is_secure(request)
    )


def _is_secure(request: Request) -> bool:
    url: str = request.app.state.settings.url or ""
    return request.url.scheme == "https" or url.startswith("https:")
