"""What goes wrong, as people (or, below /api and /feeds, programs) are told it. Nothing of our inside is shown."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException as PlainHTTPException
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from storage.database import DatabaseAway, StatementRefused
from web import problems
from web.access.signing_in import NotSignedIn
from web.rendering import error_page

FOR_PROGRAMS = ("/api/", "/feeds/")


def install(app: FastAPI) -> None:
    """Let the app answer every exception that is foreseen."""
    app.add_exception_handler(NotSignedIn, _to_the_login)
    for kind in (PlainHTTPException, RequestValidationError, DatabaseAway, StatementRefused):
        app.add_exception_handler(kind, _told)


async def _to_the_login(request: Request, _: Exception) -> Response:
    if request.method == "GET" and "text/event-stream" not in request.headers.get("accept", ""):
        here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/login?next={quote(here, safe='')}" if here != "/" else "/login", 303)
    return PlainTextResponse("Nobody is signed in.", 401)


async def _told(request: Request, error: Exception) -> Response:
    if request.url.path.startswith(FOR_PROGRAMS):
        return problems.answer(request, error)
    return await error_page(request, _status_of(error), getattr(error, "headers", None))


async def defect(request: Request, error: Exception) -> Response:
    """The answer to what nobody expected (`web.defects`)."""
    if request.url.path.startswith(FOR_PROGRAMS):
        return problems.answer(request, error)
    return await error_page(request, 500)


def _status_of(error: Exception) -> int:
    match error:
        case HTTPException() | PlainHTTPException():
            return error.status_code
        case DatabaseAway():
            return 503
        case RequestValidationError() if any("path" in each["loc"] for each in error.errors()):
            return 404  # /posts/abc is no post
        case _:
            return 400
