"""Whether what search returns is what `Query.matches` says, post by post, of the newest stored posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from analysis.text import analyse
from benchmarks.measuring import progress
from matching.fields import PostFields
from matching.query import Query
from storage.database import Database
from storage.ids import PostId
from storage.models import ChannelRow, PostRow
from storage.posts import COLUMNS, StoredPost, stored_post
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
            select(*COLUMNS)
            .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
            .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
            .limit(NEWEST)
        )
        return {post.id: fields_of(post) for post in map(stored_post, rows)}


def fields_of(post: StoredPost) -> PostFields:
    """What a query is asked of, read from the post as it is stored: apart from how the pipeline makes it."""
    return PostFields(
        terms=analyse(post.text),
        channel_id=post.channel.id,
        posted_at=post.posted_at,
        language=post.language,
        topics=post.topic_codes,
        has=post.has,
        forwarded_from=post.forwarded_from,
        links=post.links,
    )


async def _wrong(database: Database, query: Query, newest: Mapping[PostId, PostFields]) -> int:
    """How many posts of the first page are not what they should be; of those behind `newest`, whether they match."""
    async with database.begin() as connection:
        posts = (await find(connection, query, limit=LIMIT)).posts
    expected = [number for number, fields in newest.items() if query.matches(fields)][:LIMIT]
    found = [post.id for post in posts]
    differ = sum(number not in found for number in expected)
    differ += sum(one != other for one, other in zip(expected, found, strict=False))
    differ += sum(not query.matches(fields_of(post)) for post in posts if post.id not in newest)
    if differ:
        progress(f"wrong: {query}: {differ} of {len(found)} posts")
    return differ
