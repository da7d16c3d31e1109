"""What a query would have brought lately, when and from whom, and what a change of it would have left of that."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Text, any_, cast, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.conditions import After
from matching.nodes import all_of
from matching.query import Query
from storage import channels, search
from storage.channels import Channel
from storage.ids import PostId
from storage.models import ChannelRow, PostRow
from storage.posts import StoredPost
from storage.search import SearchTooSlow, count_spans, found_by
from storage.search.bounds import bounded_apart
from storage.search.conditions import PLAIN
from storage.search.newest import Frame, newest
from storage.trends import BUDGET

DAY = dt.timedelta(days=1)

LATEST = 1_000
"""Matching posts, the newest, on which changes of a query are tried."""

MOST_FORMS = 300
"""Words of some posts that are counted, the most frequent."""


@dataclass(frozen=True, slots=True)
class BackTest:
    """A query held against the stored posts of the last days."""

    by_day: tuple[int, ...]
    """Posts of each 24 hours, the last of which end now."""
    channels: tuple[tuple[Channel, int], ...]
    """Those that bring most."""
    examples: tuple[StoredPost, ...]
    """The newest."""
    one_in: int = 1
    """Of so many posts one was looked at, and counts are estimates; 1: all were counted."""

    @property
    def posts(self) -> int:
        """How many in all."""
        return sum(self.by_day)

    @property
    def a_day(self) -> float:
        """How many in 24 hours, on average."""
        return self.posts / len(self.by_day)


async def back_test(
    connection: AsyncConnection,
    query: Query,
    *,
    now: dt.datetime,
    days: int = 7,
    examples: int = 3,
    most_channels: int = 3,
    budget: dt.timedelta = BUDGET,
) -> BackTest:
    """Ask the stored posts of the last `days` days; those of a sample when counting all takes longer than `budget`.

    Raises SearchTooSlow or SearchHeldUp.
    """
    bounds = [now - (days - number) * DAY for number in range(days + 1)]
    counts, one_in = await count_spans(connection, found_by(query), bounds, budget, PostRow.channel_id)
    by_day, by_channel = [0] * days, Counter[int]()
    for (day, channel_id), count in counts.items():
        by_day[day] += count
        by_channel[channel_id] += count
    # A rare query may be in none of the posts of a sample, and is the one of which a search is quick.
    newest = await search.search(connection, since(query, bounds[0]), limit=examples) if examples else []
    loudest = dict(by_channel.most_common(most_channels))
    rows = await connection.execute(select(*channels.COLUMNS).where(ChannelRow.id.in_(loudest)))
    named = {row.id: channels.channel_of(row) for row in rows}
    brings = tuple((named[number], count) for number, count in loudest.items() if number in named)
    return BackTest(tuple(by_day), brings, tuple(newest), one_in)


@dataclass(frozen=True, slots=True)
class Words:
    """Words as they are written, and in how many posts each is: of those that a query matches, and of others."""

    matches: tuple[PostId, ...]
    others: tuple[PostId, ...]
    in_matches: dict[str, int]
    in_others: dict[str, int]


async def words_of_matches(
    connection: AsyncConnection,
    query: Query,
    moment: dt.datetime,
    *,
    only: Sequence[str] | None = None,
    budget: dt.timedelta = BUDGET,
) -> Words | None:
    """The words of the newest matches since the moment: the most frequent, or some; None when that takes too long."""
    try:
        matches = await latest_matches(connection, query, moment, budget)
        async with bounded_apart(connection, budget):
            forms = await forms_in(connection, matches, only)
            others = await latest_others(connection, matches)
            elsewhere = await forms_in(connection, others, tuple(forms))
    except SearchTooSlow:
        return None
    return Words(tuple(matches), tuple(others), forms, elsewhere)


async def latest_matches(
    connection: AsyncConnection, query: Query, moment: dt.datetime, budget: dt.timedelta = BUDGET
) -> list[PostId]:
    """The numbers of the LATEST newest posts since the moment that the query matches, newest first. Raises
    SearchTooSlow or SearchHeldUp."""
    frame = Frame.of(since(query, moment), PLAIN)
    async with bounded_apart(connection, budget) as watch:
        return [match.id for match in await newest(connection, frame, LATEST, watch)]


async def latest_others(connection: AsyncConnection, matches: Sequence[PostId], limit: int = LATEST) -> list[PostId]:
    """The numbers of the newest posts that are not among these."""
    rows = await connection.execute(
        select(PostRow.id)
        .where(PostRow.deleted_at.is_(None), PostRow.id != func.all(_numbers(matches)))
        .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
        .limit(limit)
    )
    return [PostId(number) for number in rows.scalars()]


async def forms_in(
    connection: AsyncConnection, posts: Sequence[PostId], only: Sequence[str] | None = None
) -> dict[str, int]:
    """The words of these posts, as they are written there, and in how many of them each is; the most frequent."""
    lexeme = func.unnest(func.tsvector_to_array(PostRow.terms)).label("lexeme")
    words = select(lexeme).where(PostRow.id == any_(_numbers(posts))).subquery()
    number = func.count()
    counted = select(words.c.lexeme, number).group_by(words.c.lexeme).order_by(number.desc(), words.c.lexeme)
    if only is None:
        counted = counted.where(words.c.lexeme.like("=____%"))
    else:
        counted = counted.where(words.c.lexeme == any_(cast(literal([f"={form}" for form in only]), ARRAY(Text))))
    rows = await connection.execute(counted.limit(MOST_FORMS))
    return {lexeme[1:]: count for lexeme, count in rows}


async def effects(connection: AsyncConnection, queries: Sequence[Query], posts: Sequence[PostId]) -> list[int]:
    """How many of these posts each of the queries matches."""
    if not queries:
        return []
    counted = [func.count().filter(found_by(query)) for query in queries]
    row = (await connection.execute(select(*counted).where(PostRow.id == any_(_numbers(posts))))).one()
    return [int(count) for count in row]


def since(query: Query, moment: dt.datetime) -> Query:
    """The query, for posts from that moment on."""
    return Query(all_of([query.root, After(moment.date(), moment)]))


def _numbers(posts: Sequence[PostId]) -> Any:
    return cast(list(posts), ARRAY(BigInteger))
