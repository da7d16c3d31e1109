"""Which posts tell one story: written under one lock, so that two processes cannot open a story twice.

A story is named by the number of its first post. A post that is alone has no row in `story_posts`. Every change draws a
version while the lock is held until the commit, so versions count up in the order of commits, and a process that has
read up to one misses nothing by reading on from there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChannelId, PostId

STORIES = 7_283_465
"""The advisory lock of whoever changes stories, held until the commit. Taken after all locks on posts."""

PAGE = 5_000
"""Signatures read in one statement: some 3 MB."""

Kind = Literal["first", "forward", "copy", "rewrite", "operator"]

Address = tuple[int, int]
"""Telegram's numbers of a channel and of a message in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A post as it was told to every process: what it says in short (`Signature.to_bytes`), and where it stands."""

    post_id: PostId
    story_id: PostId
    channel_id: ChannelId
    posted_at: dt.datetime
    signature: bytes
    address: Address | None
    forward_of: Address | None
    apart_from: tuple[PostId, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a post stands: `story_id` is its own number when it stands alone again."""

    post_id: PostId
    story_id: PostId
    kind: Kind
    like_post_id: PostId | None = None
    similarity: float | None = None
    apart_from: tuple[PostId, ...] = ()


async def lock_stories(connection: AsyncConnection) -> None:
    """Nobody else joins, merges or moves posts until this transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": STORIES})


async def latest_version(connection: AsyncConnection) -> int:
    """The last version drawn, by whomever. Under `lock_stories`."""
    return int(await connection.scalar(text("SELECT last_value FROM story_versions")) or 0)


async def told_since(connection: AsyncConnection, version: int, limit: int = PAGE) -> tuple[list[Told], int]:
    """The next posts told after a version, in its order, and the version to go on from."""
    rows = (await connection.execute(TOLD, {"version": version, "limit": limit})).all()
    return [_told(row) for row in rows], rows[-1].version if rows else version


async def placed_since(connection: AsyncConnection, version: int, limit: int = PAGE) -> tuple[list[Placed], int]:
    """The next posts that changed their place after a version, and the version to go on from."""
    rows = (await connection.execute(PLACED, {"version": version, "limit": limit})).all()
    placed = [
        Placed(row.post_id, row.story_id, row.kind, row.like_post_id, row.similarity, tuple(row.apart_from))
        for row in rows
    ]
    return placed, rows[-1].version if rows else version


async def last_placed(connection: AsyncConnection) -> int:
    """The version of the last change of place; what is told after this look says itself where it stands."""
    return int(await connection.scalar(text("SELECT max(version) FROM story_posts")) or 0)


TOLD = text(
    """
    SELECT s.post_id, s.posted_at, s.signature, s.version, p.channel_id, p.message_id, p.forward, c.telegram_id,
        coalesce(sp.story_id, s.post_id) AS story_id, coalesce(sp.apart_from, '{}') AS apart_from
    FROM (SELECT * FROM story_signatures WHERE version > :version ORDER BY version LIMIT :limit) AS s
        JOIN posts p ON p.id = s.post_id
        JOIN channels c ON c.id = p.channel_id
        LEFT JOIN story_posts sp ON sp.post_id = s.post_id
    ORDER BY s.version
    """
)

PLACED = text(
    "SELECT post_id, story_id, kind, like_post_id, similarity, apart_from, version FROM story_posts"
    " WHERE version > :version ORDER BY version LIMIT :limit"
)


def _told(row: Any) -> Told:
    forward = row.forward or {}
    origin = forward.get("channel_telegram_id"), forward.get("message_id")
    return Told(
        post_id=row.post_id,
        story_id=row.story_id,
        channel_id=row.channel_id,
        posted_at=row.posted_at,
        signature=bytes(row.signature),
        address=(row.telegram_id, row.message_id) if row.telegram_id is not None else None,
        forward_of=(origin[0], origin[1]) if origin[0] is not None and origin[1] is not None else None,
        apart_from=tuple(row.apart_from),
    )


async def tell(connection: AsyncConnection, signatures: Sequence[tuple[PostId, dt.datetime, bytes]]) -> int:
    """Let every process know what posts say, or say now; the last version drawn. Under `lock_stories`."""
    numbers, posted_at, signed = zip(*signatures, strict=True)
    rows = await connection.execute(
        TELL, {"posts": list(numbers), "posted_at": list(posted_at), "signatures": list(signed)}
    )
    return max(int(version) for (version,) in rows)


TELL = text(
    """
    INSERT INTO story_signatures (post_id, posted_at, signature)
    SELECT * FROM unnest(CAST(:posts AS bigint[]), CAST(:posted_at AS timestamptz[]), CAST(:signatures AS bytea[]))
    ON CONFLICT (post_id) DO UPDATE SET signature = EXCLUDED.signature, posted_at = EXCLUDED.posted_at,
        version = nextval('story_versions')
    RETURNING version
    """
)


async def place(connection: AsyncConnection, placed: Sequence[Placed]) -> None:
    """Put posts where they belong; the first of a story, too, once there is a second, unless it has been forgotten.

    Under `lock_stories`.
    """
    firsts = {each.story_id for each in placed} - {each.post_id for each in placed}
    await connection.execute(PLACE_FIRST, {"posts": sorted(firsts)})
    names = Placed.__slots__
    rows = [{name: getattr(each, name) for name in names} | {"apart_from": list(each.apart_from)} for each in placed]
    if rows:
        await connection.execute(PLACE, rows)  # all at once: everybody else waits for the lock meanwhile


PLACE_FIRST = text(
    "INSERT INTO story_posts (post_id, story_id, kind) SELECT id, id, 'first' FROM posts"
    " WHERE id = ANY(CAST(:posts AS bigint[])) ORDER BY id ON CONFLICT DO NOTHING"
)

PLACE = text(
    """
    INSERT INTO story_posts (post_id, story_id, kind, like_post_id, similarity, apart_from)
    VALUES (:post_id, :story_id, :kind, :like_post_id, :similarity, CAST(:apart_from AS bigint[]))
    ON CONFLICT (post_id) DO UPDATE SET story_id = EXCLUDED.story_id, kind = EXCLUDED.kind,
        like_post_id = EXCLUDED.like_post_id, similarity = EXCLUDED.similarity,
        apart_from = ARRAY(SELECT unnest(story_posts.apart_from) UNION SELECT unnest(EXCLUDED.apart_from)),
        version = nextval('story_versions')
    """
)


async def merge_stories(connection: AsyncConnection, story_id: PostId, into: PostId) -> None:
    """All posts of one story belong to another from now on. Under `lock_stories`."""
    await connection.execute(PLACE_FIRST, {"posts": sorted({story_id, into})})
    await connection.execute(MERGE, {"story": story_id, "into": into})
    await keep_apart_from(connection, into, as_from=story_id)


async def keep_apart_from(connection: AsyncConnection, story_id: PostId, *, as_from: PostId) -> None:
    """Whatever was taken out of one story stays out of another, which goes on with its posts. Under `lock_stories`."""
    await connection.execute(KEEP_APART, {"story": as_from, "into": story_id})


KEEP_APART = text(
    """
    UPDATE story_posts SET apart_from = apart_from || CAST(:into AS bigint), version = nextval('story_versions')
    WHERE apart_from <> '{}' AND CAST(:story AS bigint) = ANY(apart_from)
        AND NOT CAST(:into AS bigint) = ANY(apart_from) AND story_id <> :into
    """
)

MERGE = text("UPDATE story_posts SET story_id = :into, version = nextval('story_versions') WHERE story_id = :story")


async def story_ids(connection: AsyncConnection, post_ids: Collection[PostId]) -> dict[PostId, PostId]:
    """The story of each of these posts: its own number for one that stands alone."""
    rows = await connection.execute(STORY_IDS, {"posts": list(post_ids)})
    return {post_id: post_id for post_id in post_ids} | {row.post_id: row.story_id for row in rows}


STORY_IDS = text("SELECT post_id, story_id FROM story_posts WHERE post_id = ANY(CAST(:posts AS bigint[]))")


async def forget_signatures(connection: AsyncConnection, span: dt.timedelta) -> int:
    """Forget what posts said in short that are too old for the window; how many. Stories stay."""
    return len((await connection.execute(FORGET, {"span": span})).all())


FORGET = text(
    """
    DELETE FROM story_signatures WHERE posted_at <
        least(now(), (SELECT max(posted_at) FROM story_signatures)) - CAST(:span AS interval)
    RETURNING post_id
    """
)
