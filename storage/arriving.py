"""Posts as they are stored, each once and in order, for whoever watches.

Numbers are drawn before a transaction commits, so a post may appear behind one with a greater number; "greater than
the last one seen" would lose it. Here a number counts as settled only when every transaction that may have drawn one
up to it has ended: each holds a lock on the table from before it draws until after its rows can be seen. Between two
settled numbers nothing is ever added, so that the last number seen is all that a watcher has to remember.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sqlalchemy import and_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.query import Query
from storage.database import Database
from storage.ids import PostId
from storage.models import ChannelRow, PostRow
from storage.posts import COLUMNS, StoredPost, stored_post
from storage.search import found_by

LOOK_AGAIN = 0.02
"""Seconds between looks whether a transaction has ended: most last a few milliseconds."""

NUMBERS = text("SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM posts_id_seq")

WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = CAST('posts' AS regclass)"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode = 'RowExclusiveLock' AND granted"
)
"""Every INSERT holds this lock on its table (PostgreSQL documentation, 13.3.1), so do updates: waited for in vain, but
they are as short."""


async def settled_number(database: Database) -> PostId:
    """The greatest number drawn so far, once nobody can add a post up to it any more."""
    async with database.begin() as connection:
        drawn = PostId(int(await connection.scalar(NUMBERS) or 0))
        writers = await _writers(connection)
    while writers:
        await asyncio.sleep(LOOK_AGAIN)
        async with database.begin() as connection:
            writers &= await _writers(connection)
    return drawn


async def _writers(connection: AsyncConnection) -> set[str]:
    return set((await connection.execute(WRITERS)).scalars())


async def stored_between(
    connection: AsyncConnection, query: Query | None, after: PostId, upto: PostId, limit: int
) -> Sequence[StoredPost]:
    """The first posts after one number, up to another, that the query finds (None: all that are not deleted), in the
    order of their numbers.

    With settled numbers, asking on from the last one that came misses nothing and repeats nothing.
    """
    wanted = PostRow.deleted_at.is_(None) if query is None else found_by(query)
    statement = (
        select(*COLUMNS)
        .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
        .where(and_(PostRow.id > after, PostRow.id <= upto, wanted))
        .order_by(PostRow.id)
        .limit(limit)
    )
    return [stored_post(row) for row in await connection.execute(statement)]
