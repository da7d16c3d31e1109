"""Forgetting posts: in small transactions that wait for nobody, so that nobody waits long for them.

What others hold at this moment is stepped over, and goes the next time. `channel_messages` keeps the numbers, so that
the watermark stands and a reconcile does not fetch them again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, text

from storage.database import Connection, Database, prefer_indexes
from storage.ids import PostId
from storage.models import PostRow

BATCH = 200
"""Posts in one transaction, as many as ingest stores in one."""

WINDOW = 20_000
"""Posts that are looked through in one statement for deleted ones."""

ROW_BYTES = "28 + " + " + ".join(f"coalesce(pg_column_size({column.key}), 0)" for column in PostRow.__table__.columns)
"""Bytes of a post's row, compressed and out of line as it lies, with its header and its pointer in the page."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a walk through the posts has come: everything up to and with it has been looked at."""

    at: dt.datetime | None = None
    post_id: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction did."""

    forgotten: int
    row_bytes: int
    """Of the rows that went, without indexes and versions."""
    reached: Place | None
    """Where the next one begins; None when there is nothing left to look at."""


async def forget_older(connection: Connection, before: dt.datetime | None, place: Place, limit: int = BATCH) -> Batch:
    """Forget the oldest posts behind `place`, of those that came before that moment (None: of all)."""
    return await _forget(connection, CHOOSE_OLDEST, {"before": before}, place, limit)


async def forget_expired(connection: Connection, now: dt.datetime, place: Place, limit: int = BATCH) -> Batch:
    """Forget posts whose time to live has ended. Their channel has deleted them, and so their numbers say gone."""
    return await _forget(connection, CHOOSE_EXPIRED, {"before": now}, place, limit, are_gone=True)


async def forget_texts(connection: Connection, post_ids: Sequence[PostId]) -> int:
    """Forget what these posts said, in every version; that they were there, and when, stays. How many there were.

    For deleted posts, where the operator wants their texts forgotten: in the transaction that marks them deleted, or
    with `next_deleted` later. Their empty `content_hash` says so (`storage.keeping.FORGOTTEN_CONTENT`).
    """
    numbers = {"ids": list(post_ids)}
    await connection.execute(FORGET_VERSIONS, numbers)
    await connection.execute(FORGET_SIGNATURES, numbers)
    return len((await connection.execute(FORGET_TEXTS, numbers)).all())


async def next_deleted(connection: Connection, after: int, limit: int = BATCH) -> tuple[list[PostId], int | None]:
    """Deleted posts whose text is still there, locked; and the `after` of the next look, None at the end."""
    await prefer_indexes(connection)
    last = int(await connection.scalar(select(func.max(PostRow.id))) or 0)
    found = list(await connection.scalars(CHOOSE_DELETED, {"after": after, "window": WINDOW, "limit": limit}))
    reached = found[-1] if len(found) == limit else after + WINDOW
    return [PostId(number) for number in found], reached if reached < last else None


async def forget_finished_replays(connection: Connection, before: dt.datetime) -> int:
    """Forget that archives were read to their ends: a next replay of one begins at its top all the same."""
    return len((await connection.execute(FINISHED_REPLAYS, {"before": before})).all())


async def reuse_space(database: Database) -> None:
    """Let PostgreSQL fill again what forgotten posts leave. Blocks nobody; the files do not shrink by it."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("SET statement_timeout = 0"))
        try:
            # To cut empty pages off a file's end, VACUUM would ask for a lock that stops everybody.
            await connection.execute(text("VACUUM (SKIP_LOCKED, TRUNCATE off) posts, post_versions, deliveries"))
        finally:
            await connection.execute(text("RESET statement_timeout"))


async def _forget(
    connection: Connection, choose: Any, values: dict[str, Any], place: Place, limit: int, *, are_gone: bool = False
) -> Batch:
    await prefer_indexes(connection)
    chosen = (await connection.execute(choose, {**values, "at": place.at, "id": place.post_id, "limit": limit})).all()
    if not chosen:
        return Batch(0, 0, None)
    busy = set(await connection.scalars(LOCK_WHAT_GOES_ALONG, {"ids": [row.id for row in chosen]}))
    numbers = {"ids": [row.id for row in chosen if row.id not in busy]}
    if are_gone:
        await connection.execute(MARK_GONE, numbers)
    sizes = list(await connection.scalars(FORGET, numbers))
    # The next begins behind these, whatever became of them: a walk never turns back, and so it ends.
    return Batch(len(sizes), sum(sizes), Place(chosen[-1].at, chosen[-1].id) if len(chosen) == limit else None)


CHOOSE_OLDEST = text(
    """
    SELECT id, posted_at AS at FROM posts
    WHERE posted_at < coalesce(CAST(:before AS timestamptz), 'infinity')
        AND seen_at < coalesce(CAST(:before AS timestamptz), 'infinity')
        AND (posted_at, id) > (coalesce(CAST(:at AS timestamptz), '-infinity'), CAST(:id AS bigint))
    ORDER BY posted_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)

CHOOSE_EXPIRED = text(
    """
    SELECT id, expires_at AS at FROM posts
    WHERE expires_at <= :before
        AND (expires_at, id) > (coalesce(CAST(:at AS timestamptz), '-infinity'), CAST(:id AS bigint))
    ORDER BY expires_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)

LOCK_WHAT_GOES_ALONG = text(
    """
    WITH message AS MATERIALIZED (
        SELECT channel_id, message_id FROM channel_messages WHERE post_id = ANY(CAST(:ids AS bigint[]))
        FOR UPDATE SKIP LOCKED
    ), delivery AS MATERIALIZED (
        SELECT id FROM deliveries WHERE post_id = ANY(CAST(:ids AS bigint[])) FOR UPDATE SKIP LOCKED
    )
    SELECT post_id FROM channel_messages m WHERE post_id = ANY(CAST(:ids AS bigint[]))
        AND NOT EXISTS (SELECT FROM message l WHERE l.channel_id = m.channel_id AND l.message_id = m.message_id)
    UNION SELECT post_id FROM deliveries d WHERE post_id = ANY(CAST(:ids AS bigint[]))
        AND NOT EXISTS (SELECT FROM delivery l WHERE l.id = d.id)
    """
)
"""The rows that triggers change when a post is deleted; returns the posts of which somebody else holds one.

A deletion locks a message before its post and ingest a post before its messages, so waiting here could never be right
for both. Nobody adds to these rows meanwhile: that takes the post's own lock, which is ours."""

MARK_GONE = text("UPDATE channel_messages SET kind = 'gone' WHERE post_id = ANY(CAST(:ids AS bigint[]))")

FORGET = text(f"DELETE FROM posts WHERE id = ANY(CAST(:ids AS bigint[])) RETURNING {ROW_BYTES}")  # noqa: S608 - ours

CHOOSE_DELETED = text(
    """
    SELECT id FROM posts WHERE id > :after AND id <= CAST(:after AS bigint) + :window
        AND deleted_at IS NOT NULL AND content_hash <> ''
    ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED
    """
)

FORGET_VERSIONS = text("DELETE FROM post_versions WHERE post_id = ANY(CAST(:ids AS bigint[]))")

FORGET_SIGNATURES = text("DELETE FROM story_signatures WHERE post_id = ANY(CAST(:ids AS bigint[]))")

FORGET_TEXTS = text(
    """
    UPDATE posts SET text = '', terms = '', content_hash = '', language = NULL, topics = '[]', topic_codes = '{}',
        has = '{}', links = '{}', forward = NULL, forwarded_from = '{}', analysis = 'done',
        parts = (SELECT coalesce(jsonb_agg(jsonb_build_object('message_id', part -> 'message_id', 'text', '')
            ORDER BY place), '[]') FROM jsonb_array_elements(parts) WITH ORDINALITY AS e(part, place))
    WHERE id = ANY(CAST(:ids AS bigint[])) RETURNING id
    """
)

FINISHED_REPLAYS = text("DELETE FROM replays WHERE finished_at < :before RETURNING fingerprint")
