"""Whether what search returns is what `Query.matches` says, post by post, of the newest stored posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from analysis.text import analyse
from benchmarks.measuring import progress
from matching.fields import PostFields
from matching.ids import ChannelId
from matching.query import Query
from storage.database import Database
from storage.ids import PostId
from storage.models import PostRow
from storage.search import find

NEWEST = 5_000
"""Posts that every query of the sample is tried on, one by one."""

QUERIES = 15
"""Searches of each class that are checked."""

LIMIT = 50


async def mismatches(database: Database, asked: Mapping[str, Sequence[Query]]) -> int:
    """Posts that are missing in the results, or should not be there, or stand in the wrong place."""
    newest = await _newest(database)
    wrong = 0
    for queries in asked.values():
        for query in queries[:QUERIES]:
            wrong += await _wrong(database, query, newest)
    return wrong


async def _newest(database: Database) -> dict[PostId, PostFields]:
    """The newest posts, newest first, as queries see them: from the stored values, their words read again."""
    async with database.begin() as connection:
        rows = await connection.execute(
            select(PostRow).order_by(PostRow.posted_at.desc(), PostRow.id.desc()).limit(NEWEST)
        )
        return {PostId(row.id): _fields(row) for row in rows}


def _fields(row: Any) -> PostFields:
    return PostFields(
        terms=analyse(row.text),
        channel_id=ChannelId(row.channel_id),
        posted_at=row.posted_at,
        language=row.language,
        topics=frozenset(row.topic_codes),
        has=frozenset(row.has),
        forwarded_from=frozenset(row.forwarded_from),
        links=frozenset(row.links),
    )


async def _wrong(database: Database, query: Query, newest: Mapping[PostId, PostFields]) -> int:
    """How many posts of the first page are not what they should be; of those behind `newest`, whether they match."""
    async with database.begin() as connection:
        posts = (await find(connection, query, limit=LIMIT)).posts
    expected = [number for number, fields in newest.items() if query.matches(fields)][:LIMIT]
    found = [post.id for post in posts]
    differ = sum(number not in found for number in expected)
    differ += sum(one != other for one, other in zip(expected, found, strict=False))
    behind = [post for post in posts if post.id not in newest]
    for post in behind:
        fields = PostFields(
            analyse(post.text), post.channel.id, post.posted_at, post.language, post.topic_codes, post.has,
            post.forwarded_from, post.links,
        )  # fmt: skip
        differ += not query.matches(fields)
    if differ:
        progress(f"wrong: {query}: {differ} of {len(found)} posts")
    return differ
