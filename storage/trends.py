"""How many posts there were when: counts between moments, for charts."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, DateTime, and_, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.query import Query
from storage.ids import ChannelId
from storage.models import PostRow
from storage.search import found_by

Counts = Counter[tuple[int, ChannelId]]
"""Posts by span of time (0 first) and channel."""


BUDGET = dt.timedelta(seconds=0.7)
"""How long all matching posts are counted before a sample must do: an answer is there within two seconds (issue 6)."""

SAMPLE = 10_000
"""Posts of the time asked about that such a sample reads, whatever the query: 0.7 s where 600,000 were published in it
and all of them match (measured)."""

QUERY_CANCELED = "57014"
"""PostgreSQL's code for a statement that took too long (documentation, appendix A)."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Posts from each moment to the next."""

    counts: tuple[int, ...]
    one_in: int = 1
    """Of so many posts one was looked at, and counts are estimates; 1: all were counted."""


async def trend(
    connection: AsyncConnection,
    query: Query,
    bounds: Sequence[dt.datetime],
    *,
    budget: dt.timedelta = BUDGET,
    sample: int = SAMPLE,
) -> Trend:
    """How many posts the query matches from each moment to the next; of `bounds` there are one more than of counts."""
    counts, one_in = await count_or_estimate(connection, query, bounds, budget=budget, sample=sample)
    totals = [0] * (len(bounds) - 1)
    for (span, _), count in counts.items():
        totals[span] += count * one_in
    return Trend(tuple(totals), one_in)


async def count_or_estimate(
    connection: AsyncConnection, query: Query, bounds: Sequence[dt.datetime], *, budget: dt.timedelta, sample: int
) -> tuple[Counts, int]:
    """All matching posts if that can be done in time; else those among one in so many, and in how many."""
    if budget > dt.timedelta(0):
        try:
            async with connection.begin_nested():
                await limit_time(connection, budget)
                return await _count_spans(connection, found_by(query), bounds), 1
        except DBAPIError as error:
            if not is_out_of_time(error):
                raise
    async with connection.begin_nested() as savepoint:
        counted = await _counted_in_a_sample(connection, query, bounds, sample)
        await savepoint.rollback()  # and with it how statements are planned
    return counted


def is_out_of_time(error: DBAPIError) -> bool:
    """Whether a statement was ended because it took too long."""
    return getattr(error.orig, "sqlstate", None) == QUERY_CANCELED


async def limit_time(connection: AsyncConnection, budget: dt.timedelta) -> None:
    """Bound each statement in the rest of the transaction, and plan each query by its own words."""
    milliseconds = max(1, int(budget / dt.timedelta(milliseconds=1)))
    await connection.execute(
        text("SELECT set_config('statement_timeout', :budget, true), set_config('plan_cache_mode', :mode, true)"),
        {"budget": f"{milliseconds}ms", "mode": "force_custom_plan"},
    )


async def _counted_in_a_sample(
    connection: AsyncConnection, query: Query, bounds: Sequence[dt.datetime], sample: int
) -> tuple[Counts, int]:
    # The index of words would fetch every match there is: posts of the sample are read by their numbers instead.
    await connection.execute(text("SET LOCAL enable_bitmapscan = off"))
    within = (PostRow.posted_at >= bounds[0], PostRow.posted_at < bounds[-1])
    total = int(await connection.scalar(select(func.count()).select_from(PostRow).where(*within)) or 0)
    one_in = max(1, -(-total // sample))
    chosen = select(PostRow.id).where(*within, PostRow.id % one_in == 0).cte("chosen").prefix_with("MATERIALIZED")
    in_sample = PostRow.id.in_(select(chosen.c.id))
    return await _count_spans(connection, found_by(query) & in_sample, bounds), one_in


async def _count_spans(
    connection: AsyncConnection, condition: ColumnElement[bool], bounds: Sequence[dt.datetime]
) -> Counts:
    """The posts of a condition from each moment to the next, by channel."""
    moments = cast(literal(list(bounds), ARRAY(DateTime(timezone=True))), ARRAY(DateTime(timezone=True)))
    span = func.width_bucket(PostRow.posted_at, moments)
    within = and_(PostRow.posted_at >= bounds[0], PostRow.posted_at < bounds[-1])
    rows = await connection.execute(
        select(span, PostRow.channel_id, func.count()).where(within, condition).group_by(span, PostRow.channel_id)
    )
    return Counter({(number - 1, ChannelId(channel_id)): count for number, channel_id, count in rows})
