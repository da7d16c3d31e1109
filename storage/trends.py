"""How many posts there were when: counts between moments, for charts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from matching.query import Query
from storage.search import count_spans, found_by

BUDGET = dt.timedelta(seconds=0.7)
"""How long all matching posts are counted before a sample must do: an answer is there within two seconds (issue 6)."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Posts from each moment to the next."""

    counts: tuple[int, ...]
    one_in: int = 1
    """Of so many posts one was looked at, and counts are estimates; 1: all were counted."""


async def trend(
    connection: AsyncConnection, query: Query, bounds: Sequence[dt.datetime], *, budget: dt.timedelta = BUDGET
) -> Trend:
    """How many posts the query matches from each moment to the next; of `bounds` there are one more than of counts.

    Raises SearchTooSlow or SearchHeldUp.
    """
    counts, one_in = await count_spans(connection, found_by(query), bounds, budget)
    return Trend(tuple(counts.get((span,), 0) for span in range(len(bounds) - 1)), one_in)
