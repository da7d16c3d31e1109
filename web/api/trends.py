"""How several queries went lately, side by side; and what is heard far more than usual."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from storage.bursts import Burst, recent_bursts
from storage.trends import trend
from web.api.asking import Moment, Named, Reader, understood
from web.connections import Connected
from web.problems import Problem, TellingRoute

router = APIRouter(tags=["trends"], route_class=TellingRoute)

MOST_QUERIES = 5
LONGEST_QUERY = 1_000


class Span(StrEnum):
    """How long each count is."""

    HOUR = "hour"
    DAY = "day"


class Series(BaseModel):
    """The counts of one query, the oldest first."""

    query: str = Field(description="The query as it was understood.")
    counts: list[int]
    one_in: int = Field(description="1: all were counted; n: estimated from every n-th post.")


class TrendsBody(BaseModel):
    """Counts side by side: the same moments for each query."""

    unit: Span
    bounds: list[dt.datetime] = Field(description="One more than counts: each count is from one to the next.")
    series: list[Series]


@router.get("/trends", operation_id="getTrends", summary="How many posts of late, by query")
async def read_trends(
    _: Reader,
    connection: Connected,
    named: Named,
    query: Annotated[list[str], Query(min_length=1, max_length=MOST_QUERIES, description="One to five queries.")],
    unit: Span = Span.DAY,
    spans: Annotated[int, Query(ge=1, le=168, description="How many hours or days, the last one being now's.")] = 14,
) -> TrendsBody:
    """Posts an hour or a day (UTC) for each of several queries. The last count is of a span that is not over."""
    if any(len(each) > LONGEST_QUERY for each in query):
        raise Problem(422, f"A query has at most {LONGEST_QUERY} characters.", kind="parameters")
    bounds = bounds_until(dt.datetime.now(dt.UTC), unit, spans)
    series = []
    for words in query:
        asked = understood(words, named)
        counted = await trend(connection, asked, bounds)
        series.append(Series(query=named.written(asked), counts=list(counted.counts), one_in=counted.one_in))
    return TrendsBody(unit=unit, bounds=bounds, series=series)


def bounds_until(now: dt.datetime, unit: Span, spans: int) -> list[dt.datetime]:
    """So many whole hours or days of UTC, the last of which holds this moment."""
    length = dt.timedelta(hours=1) if unit is Span.HOUR else dt.timedelta(days=1)
    begun = now.replace(minute=0, second=0, microsecond=0)
    end = (begun if unit is Span.HOUR else begun.replace(hour=0)) + length
    return [end - length * back for back in range(spans, -1, -1)]


class BurstBody(BaseModel):
    """A time in which something was heard far more than usual."""

    id: int
    kind: str = Field(description="word, name or topic.")
    what: str = Field(description="As people write it; a topic's code.")
    also: list[str] = Field(description="What else is heard in the same posts.")
    topics: list[str]
    began_at: dt.datetime
    last_at: dt.datetime
    ended_at: dt.datetime | None = Field(description="Null while it goes on.")
    usual: float = Field(description="Voices an hour that were to be expected: reposts of one text are one voice.")
    peak_voices: int
    peak_posts: int
    peak_channels: int
    peak_at: dt.datetime
    post_ids: list[int] = Field(description="Some of its posts, the earliest first.")


class Bursts(BaseModel):
    """Bursts, the newest first."""

    bursts: list[BurstBody]


@router.get("/bursts", operation_id="listBursts", summary="What is heard far more than usual")
async def list_bursts(
    _: Reader,
    connection: Connected,
    since: Annotated[Moment | None, Query(description="Else 24 hours ago.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Bursts:
    """Words, names and topics far above their usual rate at some time since then."""
    found = await recent_bursts(connection, since or dt.datetime.now(dt.UTC) - dt.timedelta(days=1), limit)
    return Bursts(bursts=list(map(_burst, found)))


def _burst(burst: Burst) -> BurstBody:
    return BurstBody(
        id=burst.id, kind=burst.kind, what=burst.shown, also=list(burst.companions), topics=sorted(burst.topics),
        began_at=burst.began_at, last_at=burst.last_at, ended_at=burst.ended_at, usual=burst.usual,
        peak_voices=burst.peak_voices, peak_posts=burst.peak_posts, peak_channels=burst.peak_channels,
        peak_at=burst.peak_at, post_ids=list(burst.post_ids),
    )  # fmt: skip
