"""How many posts were found when: hour by hour, day by day or week by week, as the span asks for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, DateTime, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import InstrumentedAttribute

from matching.conditions import After, Before
from matching.nodes import And
from matching.query import Query
from storage.models import PostRow
from storage.search.bounds import COUNT_BUDGET
from storage.search.conditions import PLAIN, Scope, found_by
from storage.search.counting import count_or_estimate

MOST_SPANS = 200
"""Spans of a timeline: as many bars as one can tell apart. Of a longer time the last so many weeks are shown."""


class Unit(StrEnum):
    """How long a span of a timeline is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


DAYS_BY_HOUR, DAYS_BY_DAY = 4, 120
"""The longest times that are shown by hours and by days; longer ones are shown by weeks, which begin on Mondays."""


@dataclass(frozen=True, slots=True)
class TimelineSpan:
    """An hour, a day or a week, and its posts."""

    begins_at: dt.datetime
    ends_at: dt.datetime
    posts: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """All spans of a time, the oldest first, those without posts too."""

    unit: Unit
    spans: tuple[TimelineSpan, ...]
    one_in: int
    """1: all posts were counted; else one in so many was looked at, and the numbers are estimates."""


async def timeline(
    connection: AsyncConnection,
    query: Query,
    *,
    begins_at: dt.datetime | None = None,
    ends_at: dt.datetime | None = None,
    unit: Unit | None = None,
    scope: Scope = PLAIN,
    timezone: dt.tzinfo = dt.UTC,
    budget: dt.timedelta = COUNT_BUDGET,
) -> Timeline:
    """Posts over a time: the one given, else the query's own days, else from the oldest stored post to the newest.

    Spans begin where the asker's hours, days and weeks do, the first at `begins_at` or before it.
    """
    asked_from, asked_until = days_asked(query)
    first, last = (await connection.execute(select(func.min(PostRow.posted_at), func.max(PostRow.posted_at)))).one()
    begins_at, ends_at = begins_at or asked_from or first, ends_at or asked_until
    if ends_at is None and last is not None:
        ends_at = last + dt.timedelta(microseconds=1)
    if begins_at is None or ends_at is None or begins_at >= ends_at:
        return Timeline(unit or Unit.DAY, (), 1)
    unit = unit or _unit(ends_at - begins_at)
    moments = bounds(begins_at, ends_at, unit, timezone)
    counts, one_in = await count_spans(connection, found_by(query, scope), moments, budget)
    spans = [TimelineSpan(*ends, counts.get((number,), 0)) for number, ends in enumerate(pairwise(moments))]
    return Timeline(unit, tuple(spans), one_in)


async def count_spans(
    connection: AsyncConnection,
    asked: ColumnElement[bool],
    moments: Sequence[dt.datetime],
    budget: dt.timedelta,
    *by: InstrumentedAttribute[Any],
) -> tuple[dict[tuple[Any, ...], int], int]:
    """How many posts of a condition were published from each moment to the next, and of how many one was looked at.

    By the number of the span (0: from the first moment to the second) and the values of `by`; what has none is left
    out.
    """
    edges = cast(literal(list(moments), ARRAY(DateTime(timezone=True))), ARRAY(DateTime(timezone=True)))
    span = (func.width_bucket(PostRow.posted_at, edges) - 1).label("span")
    inside = asked & (PostRow.posted_at >= moments[0]) & (PostRow.posted_at < moments[-1])

    async def counted(condition: ColumnElement[bool]) -> dict[tuple[Any, ...], int]:
        rows = await connection.execute(select(span, *by, func.count()).where(condition).group_by(span, *by))
        return {tuple(key): posts for *key, posts in rows}

    counts, one_in = await count_or_estimate(connection, inside, counted, budget, (moments[0], moments[-1]))
    return {key: posts * one_in for key, posts in counts.items()}, one_in


def days_asked(query: Query) -> tuple[dt.datetime | None, dt.datetime | None]:
    """The moments between which all of a query's posts must lie, as far as it says so."""
    parts = query.root.parts if isinstance(query.root, And) else (query.root,)
    begins = [part.at for part in parts if isinstance(part, After)]
    ends = [part.at for part in parts if isinstance(part, Before)]
    return max(begins, default=None), min(ends, default=None)


def _unit(time: dt.timedelta) -> Unit:
    if time <= dt.timedelta(days=DAYS_BY_HOUR):
        return Unit.HOUR
    return Unit.DAY if time <= dt.timedelta(days=DAYS_BY_DAY) else Unit.WEEK


def bounds(begins_at: dt.datetime, ends_at: dt.datetime, unit: Unit, timezone: dt.tzinfo) -> list[dt.datetime]:
    """The moments (UTC) at which spans begin, and the end of the last: the last MOST_SPANS of them."""
    last = (ends_at - dt.timedelta(microseconds=1)).astimezone(timezone).replace(minute=0, second=0, microsecond=0)
    if unit is Unit.HOUR:  # of which a day of the clock change has one more or less
        last, step = last.astimezone(dt.UTC), dt.timedelta(hours=1)
    else:
        last = last.replace(hour=0) - dt.timedelta(days=last.weekday() if unit is Unit.WEEK else 0)
        step = dt.timedelta(days=7 if unit is Unit.WEEK else 1)
    moments = [(last + step).astimezone(dt.UTC)]
    while moments[-1] > begins_at and len(moments) <= MOST_SPANS:
        moments.append(last.astimezone(dt.UTC))
        last -= step  # by the asker's clock
    return moments[::-1]
