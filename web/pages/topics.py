"""Topics: how much is said about each, and what is said far more often than usual."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from analysis.taxonomy import TOPICS, ancestors
from storage.volumes import topic_volumes
from web.charts import BarChart, bar_chart, hours
from web.connections import Connected
from web.pages.bursting import bursting
from web.rendering import page

router = APIRouter()

WEEK = 7 * 24
STEP = 6
"""Hours that one bar stands for."""

DAY_BARS = 24 // STEP


@dataclass(frozen=True, slots=True)
class Trend:
    """A topic's week."""

    code: str
    chart: BarChart
    today: int
    """Posts of the last 24 hours."""
    usual: float
    """Posts a day of the six days before."""
    is_top: bool
    """Of the first level; the others stand below one."""


@router.get("/topics")
async def topics(request: Request, connection: Connected) -> Response:
    """The last seven days."""
    bounds = hours(dt.datetime.now(dt.UTC), WEEK)[::STEP]
    found, one_in = await topic_volumes(connection, bounds)
    trends = _below_their_parents([_trend(each.code, each.counts, bounds, one_in) for each in found])
    return await page(
        request, "topics.html", section="topics", trends=trends, one_in=one_in, bursts=await bursting(connection)
    )


def _below_their_parents(trends: list[Trend]) -> list[Trend]:
    """Those of the first level in their order, each with those below it right behind."""
    tops = [each for each in trends if each.is_top]
    found = []
    for top in tops:
        found += [top, *(each for each in trends if not each.is_top and top.code in ancestors(each.code))]
    return found


def _trend(code: str, counts: tuple[int, ...], bounds: list[dt.datetime], one_in: int) -> Trend:
    today, before = counts[-DAY_BARS:], counts[:-DAY_BARS]
    known = TOPICS.get(code)
    return Trend(
        code, bar_chart(counts, bounds, one_in), sum(today), sum(before) * DAY_BARS / len(before),
        known is None or known.parent is None,
    )  # fmt: skip
