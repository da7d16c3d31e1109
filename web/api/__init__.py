"""The API for programs, `/api/v1`: what it offers, one file a subject, and its own description."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from web.api import channels, owed, posts, saved_searches, stories, trends
from web.api.document import document

__all__ = ["router"]

PREFIX = "/api/v1"

routes = APIRouter(prefix=PREFIX)
"""What is described."""

for subject in (posts, trends, stories, channels, saved_searches, owed):
    routes.include_router(subject.router)

router = APIRouter()
router.include_router(routes)


@cache
def described() -> dict[str, Any]:
    """The OpenAPI document."""
    return document(routes)


@router.get(PREFIX, include_in_schema=False)
async def links() -> dict[str, str]:
    """Where to go from here."""
    return {"version": "v1", "openapi": f"{PREFIX}/openapi.json", "health": "/readyz"}


@router.get(f"{PREFIX}/openapi.json", include_in_schema=False)
async def openapi() -> JSONResponse:
    """The OpenAPI document, for anybody: it says nothing of what is stored here."""
    return JSONResponse(described())
