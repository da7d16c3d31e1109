"""The search page: what is asked, what was found, and where the rest of it lies."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from matching.highlighting import Excerpt, excerpt
from matching.query import Query as Asking
from storage import search as finding
from storage.database import Connection
from storage.search import (
    Cursor,
    CursorRefused,
    Facets,
    Found,
    Hit,
    Scope,
    SearchHeldUp,
    SearchTooSlow,
    Sort,
    Timeline,
    Total,
)
from web.access import SignedIn
from web.charts import BarChart, bar_chart
from web.connections import database_of
from web.queries import Asked, asked
from web.rendering import page, texts_for, zone_of

router = APIRouter()

PAGE = 25
EXCERPT = 320
FACETS = 10

EXAMPLES = (
    "перемирие OR ceasefire",
    '"мирный план" -слухи',
    "topic:economy lang:ru",
    "дрон* has:video",
    "#выборы after:2026-11-01",
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit and its words around the first matches."""

    hit: Hit
    excerpt: Excerpt


@dataclass(frozen=True, slots=True)
class Narrowing:
    """A facet's value as a link: what the query becomes, and whether it is asked for already."""

    label: str
    value: str
    posts: int
    words: str
    is_chosen: bool


@router.get("/search")
async def search(
    request: Request,
    operator: SignedIn,
    q: str = "",
    sort: Sort = Sort.NEWEST,
    deleted: bool = False,
    versions: bool = False,
    cursor: Annotated[str, Query(max_length=400)] = "",
) -> Response:
    """Results with facets and a timeline; the box alone when nothing is asked."""
    zone = zone_of(operator.time_zone)
    async with database_of(request).begin() as connection:
        read = await asked(connection, q, texts_for(request, operator), zone)
    values: dict[str, Any] = {
        "asked": read,
        "choice": {"sort": sort.value if sort is not Sort.NEWEST else "", "deleted": deleted, "versions": versions},
        "examples": EXAMPLES,
        "found": None,
        "trouble": None,
        "is_continued": bool(cursor),
    }
    if read.query is not None:
        values |= await _found(request, read, read.query, sort, Scope(deleted, versions), cursor, zone)
    status = 400 if read.problem else 200
    return await page(request, "search.html", status=status, section="search", **values)


async def _found(
    request: Request, read: Asked, query: Asking, sort: Sort, scope: Scope, cursor: str, zone: dt.tzinfo
) -> dict[str, Any]:
    """The results, and beside them (each on a connection of its own) facets, timeline and the number of posts."""

    def results(it: Connection) -> Awaitable[Found]:
        return finding.find(it, query, limit=PAGE, cursor=place, sort=sort, scope=scope)

    def facets(it: Connection) -> Awaitable[Facets]:
        return finding.facets(it, query, scope=scope, limit=FACETS, timezone=zone)

    def timeline(it: Connection) -> Awaitable[Timeline]:
        return finding.timeline(it, query, scope=scope, timezone=zone)

    def total(it: Connection) -> Awaitable[Total]:
        return finding.total(it, query, scope=scope)

    try:
        place = Cursor.read(cursor) if cursor else None
        async with _together() as group:
            finds = group.create_task(_asking(request, results))
            counts = group.create_task(_asking(request, facets))
            draws = group.create_task(_asking(request, timeline))
            adds_up = group.create_task(_asking(request, total))
    except SearchTooSlow:
        return {"trouble": "search_too_slow"}
    except SearchHeldUp:
        return {"trouble": "search_held_up"}
    except CursorRefused:
        return {"trouble": "cursor_refused"}
    found, by_facet, spans = finds.result(), counts.result(), draws.result()
    return {
        "found": found,
        "hits": [Shown(hit, excerpt(query, hit.text, length=EXCERPT)) for hit in found.hits],
        "facets": {
            name: _narrowings(read, getattr(by_facet, name)) for name in ("channels", "topics", "languages", "days")
        },
        "facets_one_in": by_facet.one_in,
        "timeline": _chart(spans),
        "unit": spans.unit.value,
        "total": adds_up.result(),
    }


@contextlib.asynccontextmanager
async def _together() -> AsyncIterator[asyncio.TaskGroup]:
    """Tasks side by side: the first that fails is raised, when the others have ended and given back what they held."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _asking(request: Request, work: Callable[[Connection], Awaitable[Result]]) -> Result:
    async with database_of(request).begin() as connection:
        return await work(connection)


def _narrowings(read: Asked, values: tuple[finding.FacetValue, ...]) -> list[Narrowing]:
    return [
        Narrowing(
            each.label, each.value, each.posts,
            read.without(each.asks) if each.is_chosen else read.narrowed(each.asks), each.is_chosen,
        )
        for each in values
        if each.asks
    ]  # fmt: skip


def _chart(timeline: Timeline) -> BarChart | None:
    if not timeline.spans:
        return None
    bounds = [*(span.begins_at for span in timeline.spans), timeline.spans[-1].ends_at]
    return bar_chart([span.posts for span in timeline.spans], bounds, timeline.one_in)
