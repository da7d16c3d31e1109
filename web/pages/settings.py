"""An operator's own settings: language, colours, time zone, password, and where they are signed in."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Annotated
from zoneinfo import available_timezones

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from storage.operator_sessions import end_session, end_sessions, list_sessions
from storage.operators import latest_actions, note_action, password_hash_of, set_look, set_password
from web.access import SignedIn, session_in
from web.access.attempts import Attempts
from web.access.passwords import WeakPassword, hashed, is_right, require_good
from web.connections import Connected, database_of
from web.numbers import Number
from web.rendering import page
from web.texts import CATALOGUES

router = APIRouter()

THEMES = ("auto", "light", "dark")
ACTIONS = 20
SAID = frozenset({"look_saved", "password_changed", "session_ended", "sessions_ended"})


@router.get("/settings")
async def settings(request: Request, said: str = "") -> Response:
    """Everything on one page."""
    return await _page(request, said=said if said in SAID else None)


@router.post("/settings/look")
async def change_look(
    connection: Connected,
    operator: SignedIn,
    language: Annotated[str, Form()] = "",
    theme: Annotated[str, Form()] = "auto",
    time_zone: Annotated[str, Form()] = "UTC",
) -> Response:
    """Language, colours, time zone."""
    if language not in ("", *CATALOGUES) or theme not in THEMES or time_zone not in _zones():
        raise HTTPException(400)
    await set_look(connection, operator.id, language=language or None, theme=theme, time_zone=time_zone)
    return RedirectResponse("/settings?said=look_saved", 303)


@router.post("/settings/password")
async def change_password(
    request: Request,
    operator: SignedIn,
    present: Annotated[str, Form(max_length=10_000)] = "",
    new: Annotated[str, Form(max_length=10_000)] = "",
    again: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """A new password, for who knows the present one; every other browser is signed out."""
    attempts: Attempts = request.app.state.attempts
    address = request.client.host if request.client else ""
    if attempts.wait(operator.name, address) is not None:
        return await _page(request, status=429, problem="password_wait")
    attempts.failed(operator.name, address)
    database = database_of(request)
    async with database.begin() as connection:
        stored = await password_hash_of(connection, operator.id)
    if not await is_right(present, stored):
        return await _page(request, status=400, problem="password_wrong")
    attempts.succeeded(operator.name, address)
    try:
        require_good(new, operator.name)
    except WeakPassword as weak:
        return await _page(request, status=400, problem=weak.code)
    if new != again:
        return await _page(request, status=400, problem="password_differs")
    session = await session_in(request)
    kept = await asyncio.to_thread(hashed, new)  # before a connection is taken: it takes 0.1 s
    async with database.begin() as connection:
        await set_password(connection, operator.id, kept)
        await end_sessions(connection, operator.id, but=session.id if session else None)
        await note_action(connection, operator.name, "password changed")
    return RedirectResponse("/settings?said=password_changed", 303)


@router.post("/settings/sessions/{session_id}/end")
async def end_one(connection: Connected, operator: SignedIn, session_id: Number) -> Response:
    """Sign another browser out; somebody else's is not found."""
    if not await end_session(connection, operator.id, session_id):
        raise HTTPException(404)
    return RedirectResponse("/settings?said=session_ended", 303)


@router.post("/settings/sessions/end-others")
async def end_others(request: Request, connection: Connected, operator: SignedIn) -> Response:
    """Sign every other browser out."""
    session = await session_in(request)
    await end_sessions(connection, operator.id, but=session.id if session else None)
    return RedirectResponse("/settings?said=sessions_ended", 303)


async def _page(
    request: Request, *, status: int = 200, said: str | None = None, problem: str | None = None
) -> Response:
    session = await session_in(request)
    if session is None:
        raise HTTPException(401)
    async with database_of(request).begin() as connection:
        sessions = await list_sessions(connection, session.operator.id)
        actions = await latest_actions(connection, ACTIONS)
    return await page(
        request,
        "settings.html",
        status=status,
        section="settings",
        sessions=sessions,
        this=session.id,
        actions=actions,
        themes=THEMES,
        languages={code: texts.name for code, texts in CATALOGUES.items()},
        zones=sorted(_zones()),
        said=said,
        problem=problem,
    )


@cache
def _zones() -> frozenset[str]:
    return frozenset({*available_timezones(), "UTC"})
