"""What is happening: posts, alerts, how reading goes, and the loudest stories of the day."""

from __future__ import annotations

import datetime as dt

from fastapi import APIRouter, Request
from starlette.responses import Response

from storage.delivery_figures import figures
from storage.heartbeats import SILENT_AFTER, silence_of
from storage.told_stories import largest_stories
from storage.volumes import reading, topic_volumes, volumes
from web.charts import bar_chart, hours
from web.connections import Connected
from web.pages.bursting import bursting
from web.rendering import page

router = APIRouter()

DAY = 24
STORIES = 8
TOPICS = 8


@router.get("/")
async def overview(request: Request, connection: Connected) -> Response:
    """The last 24 hours."""
    now = dt.datetime.now(dt.UTC)
    bounds = hours(now, DAY)
    counts = await volumes(connection, bounds)
    before = sum(await volumes(connection, hours(now - dt.timedelta(hours=DAY), DAY)))
    silence = await silence_of(connection, "ingest")
    topics, _ = await topic_volumes(connection, [bounds[0], bounds[-1]])
    return await page(
        request,
        "overview.html",
        section="overview",
        chart=bar_chart(counts, bounds),
        before=before,
        reading=await reading(connection),
        is_reading=silence is not None and silence <= SILENT_AFTER,
        silence=silence,
        figures=await figures(connection),
        stories=await largest_stories(connection, now - dt.timedelta(hours=DAY), limit=STORIES),
        topics=topics[:TOPICS],
        bursts=await bursting(connection),
    )
