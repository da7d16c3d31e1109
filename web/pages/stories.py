"""Stories: which events most channels report; and one of them, who reported first and how it spread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import Response

from storage.channels import Channel
from storage.ids import PostId
from storage.told_stories import StoryTelling, largest_stories, read_story
from web import charts
from web.connections import Connected
from web.numbers import Number
from web.rendering import page

router = APIRouter()

SPANS = (1, 6, 24, 72, 168)
"""Hours that the list may look back."""

LISTED = 50
MOST_ROWS = 60
"""Channels that the picture shows: those that told first."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One telling in the picture."""

    x: str
    telling: StoryTelling


@dataclass(frozen=True, slots=True)
class Row:
    """One channel's line in the picture."""

    channel: Channel
    dots: tuple[Dot, ...]

    @property
    def first(self) -> StoryTelling:
        """When the channel told it."""
        return self.dots[0].telling


@router.get("/stories")
async def stories(
    request: Request, connection: Connected, hours: Annotated[int, Query(ge=1, le=24 * 366)] = 24
) -> Response:
    """Those that most channels told."""
    since = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    found = await largest_stories(connection, since, limit=LISTED)
    return await page(request, "stories.html", section="stories", stories=found, hours=hours, spans=SPANS)


@router.get("/stories/{story_id}")
async def story(request: Request, connection: Connected, story_id: Number) -> Response:
    """One of them; any post of it names it."""
    found = await read_story(connection, PostId(story_id))
    if found is None:
        raise HTTPException(404)
    begins_at, ends_at = found.first.posted_at, found.tellings[-1].post.posted_at
    rows = _rows(found.tellings, begins_at, ends_at)
    return await page(
        request,
        "story.html",
        section="stories",
        story=found,
        rows=rows[:MOST_ROWS],
        hidden_channels=max(len(rows) - MOST_ROWS, 0),
        channels=len(rows),
        steps=charts.staircase([row.first.post.posted_at for row in rows], begins_at, ends_at),
        ticks=charts.ticks(begins_at, ends_at) if ends_at > begins_at else [],
        ends_at=ends_at,
        half=rows[len(rows) // 2].first.delay if len(rows) > 1 else None,
    )


def _rows(tellings: Sequence[StoryTelling], begins_at: dt.datetime, ends_at: dt.datetime) -> list[Row]:
    """A row a channel, in the order in which they told it."""
    dots: dict[int, list[Dot]] = {}
    for telling in tellings:
        place = charts.place_of(telling.post.posted_at, begins_at, ends_at)
        dots.setdefault(telling.post.channel.id, []).append(Dot(place, telling))
    return [Row(each[0].telling.post.channel, tuple(each)) for each in dots.values()]
