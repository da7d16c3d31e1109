"""What programs are told when something goes wrong: problem details (RFC 9457), and nothing of our inside."""

from __future__ import annotations

import http
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from matching.query import QueryError
from storage.database import DatabaseAway, StatementRefused
from storage.saved_searches import SearchNameTaken, TooManySearches
from storage.search import CursorRefused, SearchHeldUp, SearchTooSlow

MEDIA_TYPE = "application/problem+json"

BLANK = "about:blank"
"""The type of a problem of which its status says all (RFC 9457, 4.2.1)."""


class Problem(HTTPException):
    """What a route cannot do, and why; `kind` ends the problem's type, `more` are members of its own."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        kind: str | None = None,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.kind = kind
        self.more = more


class ProblemBody(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="What kind of problem: `about:blank`, or `urn:channelwatch:problem:…`.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str | None = Field(None, description="What is wrong with this request, for a person.")
    position: int | None = Field(None, description="Where in the query, in characters from 0.")
    suggestion: str | None = Field(None, description="The whole query mended, where that can be guessed.")
    errors: list[dict[str, str]] | None = Field(None, description="Of each parameter that is wrong: where, and what.")


def answer(request: Request, error: Exception) -> Response:
    """The answer to any exception. What we do not know is a 500 that says nothing."""
    problem = problem_of(error)
    body: dict[str, Any] = {
        "type": f"urn:channelwatch:problem:{problem.kind}" if problem.kind else BLANK,
        "title": _phrase(problem.status_code),
        "status": problem.status_code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    headers = {"cache-control": "no-store", **(problem.headers or {})}
    return JSONResponse({**body, **problem.more}, problem.status_code, headers=headers, media_type=MEDIA_TYPE)


class TellingRoute(APIRoute):
    """A route of a program's: what it may raise beside problems becomes one, and is no defect to be logged."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own, with the translation around it."""
        handle = super().get_route_handler()

        async def telling(request: Request) -> Response:
            try:
                return await handle(request)
            except TOLD as error:
                raise problem_of(error) from None

        return telling


TOLD = (QueryError, SearchTooSlow, SearchHeldUp, CursorRefused, SearchNameTaken, TooManySearches)


def problem_of(error: Exception) -> Problem:
    """What a program is told of an exception."""
    match error:
        case Problem():
            return error
        case QueryError():
            more: dict[str, Any] = {"suggestion": error.suggestion} if error.suggestion else {}
            return Problem(400, error.message, kind="query", position=error.position, **more)
        case RequestValidationError():
            return Problem(422, "Some of what was sent cannot be used.", kind="parameters", errors=_errors(error))
        case HTTPException():
            detail = (
                error.detail if isinstance(error.detail, str) and error.detail != _phrase(error.status_code) else ""
            )
            return Problem(error.status_code, detail, headers=error.headers)
        case _:
            return _problem_of_storage(error)


def _problem_of_storage(error: Exception) -> Problem:
    match error:
        case SearchTooSlow():
            return Problem(422, str(error), kind="too-slow")
        case CursorRefused():
            return Problem(400, str(error), kind="cursor")
        case SearchNameTaken() | TooManySearches():
            return Problem(409, str(error))
        case SearchHeldUp():
            return Problem(503, str(error), headers={"retry-after": "1"})
        case DatabaseAway():
            return Problem(503, "The database is away for a moment.", headers={"retry-after": "5"})
        case StatementRefused():
            return Problem(400, "The database cannot take these values.")
        case _:
            return Problem(500, "")


def _errors(error: RequestValidationError) -> list[dict[str, str]]:
    """Where, and what; never what was sent there."""
    return [{"where": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in error.errors()]


def _phrase(status: int) -> str:
    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return "Error"
