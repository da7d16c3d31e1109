"""Which channels tell first, and which edit and delete most."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from storage.standings import standings
from web.connections import Connected
from web.rendering import page

router = APIRouter()

SPANS = (1, 7, 30, 90)
"""Days that may be looked back."""


@router.get("/standings")
async def standing(request: Request, connection: Connected, days: Annotated[int, Query(ge=1, le=366)] = 7) -> Response:
    """Every channel that published in that time."""
    now = dt.datetime.now(dt.UTC)
    found = await standings(connection, now - dt.timedelta(days=days), now)
    return await page(request, "standings.html", section="channels", standings=found, days=days, spans=SPANS)
