"""Signing in and out."""

from __future__ import annotations

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from storage.operator_sessions import end_session, open_session
from storage.operators import find_operator, is_any_operator, note_action
from web.access import cookies, session_in
from web.access.attempts import Attempts
from web.access.passwords import is_right
from web.connections import database_of
from web.rendering import page

log = structlog.get_logger()

router = APIRouter()


@router.get("/login")
async def login(request: Request, after: Annotated[str, Query(alias="next")] = "/") -> Response:
    """The form."""
    if await session_in(request):
        return RedirectResponse(_own_place(after), 303)
    return await _form(request, after)


@router.post("/login")
async def sign_in(
    request: Request,
    name: Annotated[str, Form(max_length=200)] = "",
    password: Annotated[str, Form(max_length=10_000)] = "",
    after: Annotated[str, Form(alias="next")] = "/",
) -> Response:
    """Open a session, or say (in the same words, after the same time) that name and password are not right."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    wait = attempts.wait(name, address)
    if wait is not None:
        response = await _form(request, after, name=name, status=429, problem="login_wait", wait=wait)
        response.headers["retry-after"] = str(int(wait.total_seconds()) + 1)
        return response
    attempts.failed(name, address)
    database = database_of(request)
    async with database.begin() as connection:
        found = await find_operator(connection, name.strip())
    if not await is_right(password, found[1] if found else None) or found is None:
        log.warning("sign-in refused")
        return await _form(request, after, name=name, status=401, problem="login_wrong")
    attempts.succeeded(name, address)
    operator = found[0]
    async with database.begin() as connection:
        token = await open_session(connection, operator.id, request.headers.get("user-agent", ""))
        await note_action(connection, operator.name, "signed in")
    response = RedirectResponse(_own_place(after), 303)
    cookies.set_session(request, response, token)
    return response


@router.post("/logout")
async def sign_out(request: Request) -> Response:
    """End this browser's session."""
    session = await session_in(request)
    if session is not None:
        async with database_of(request).begin() as connection:
            await end_session(connection, session.operator.id, session.id)
    response = RedirectResponse("/login", 303)
    cookies.forget_session(request, response)
    return response


async def _form(request: Request, after: str, *, status: int = 200, **values: Any) -> Response:
    async with database_of(request).begin() as connection:
        has_operator = await is_any_operator(connection)
    shown = {"name": "", "problem": None, "wait": None, **values}
    return await page(request, "login.html", status=status, after=_own_place(after), has_operator=has_operator, **shown)


def _own_place(address: str) -> str:
    """A path of ours, whatever was asked for: signing in leads nowhere else."""
    is_ours = address.startswith("/") and not address.startswith("//")
    return address if is_ours and address.isprintable() and "\\" not in address else "/"
