"""What is stored of posts already, and what becomes of it when a part or an edit arrives alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import MessageId, PostId
from storage.post_values import Post
from storage.posts import POST_COLUMNS, post_of


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What is stored where a post belongs; its row is locked until the transaction ends."""

    id: PostId
    post: Post
    content_hash: bytes
    is_unlabelled: bool
    """Its analysis raised: no query has seen its words yet."""
    foreign: frozenset[MessageId] = frozenset()
    """Messages of the new post that stand in another post: archives don't say which messages make an album."""

    @property
    def message_ids(self) -> frozenset[MessageId]:
        """The messages that make it."""
        return frozenset(part.message_id for part in self.post.parts)

    def is_older_than(self, post: Post) -> bool:
        """Whether a post may replace it: an edit that is not older. Telegram's edit times count whole seconds."""
        return post.edited_at is not None and (self.post.edited_at is None or post.edited_at >= self.post.edited_at)


LOCK_ALBUMS = text(
    """
    SELECT pg_advisory_xact_lock(key) FROM (
        SELECT DISTINCT hashtextextended(c || ' ' || g, 0) AS key
        FROM unnest(CAST(:channels AS bigint[]), CAST(:groups AS bigint[])) AS k(c, g) ORDER BY key) AS keys
    """
)

FIND = text(
    f"""
    WITH part AS (
        SELECT * FROM unnest(CAST(:places AS int[]), CAST(:channels AS bigint[]), CAST(:messages AS bigint[]))
            AS k(place, c, m)
    ), album AS (
        SELECT * FROM unnest(CAST(:album_places AS int[]), CAST(:album_channels AS bigint[]), CAST(:groups AS bigint[]))
            AS k(place, c, g)
    ), found AS (
        SELECT place, id, CAST(NULL AS bigint) AS m FROM album
            JOIN posts ON channel_id = c AND grouped_id = g
        UNION SELECT place, id, m FROM part JOIN posts ON channel_id = c AND message_id = m
        UNION SELECT place, post_id, m FROM part JOIN channel_messages ON channel_id = c AND message_id = m
            WHERE post_id IS NOT NULL
    )
    SELECT found.place, found.m AS found_by_message, p.id, p.content_hash, p.analysis,
        {", ".join(f"p.{column.key}" for column in POST_COLUMNS)}
    FROM found JOIN posts p ON p.id = found.id ORDER BY p.id, found.m FOR UPDATE OF p
    """  # noqa: S608 - our own column names
)


async def stored_versions(connection: AsyncConnection, posts: Sequence[Post]) -> list[StoredVersion | None]:
    """For each post what is stored of it already, locked; None for a new one.

    A post is found by its album, by its number, and by the numbers of its parts: an archive may hold the parts of an
    album as posts of their own. Two writers of one album wait for each other, so that neither loses the other's part.
    """
    albums = [(place, post) for place, post in enumerate(posts) if post.grouped_id is not None]
    named = {"groups": [post.grouped_id for _, post in albums]}
    if albums:
        await connection.execute(LOCK_ALBUMS, {"channels": [post.channel_id for _, post in albums], **named})
    parts = [(place, post.channel_id, part.message_id) for place, post in enumerate(posts) for part in post.parts]
    rows = await connection.execute(
        FIND,
        {
            "places": [place for place, _, _ in parts],
            "channels": [channel for _, channel, _ in parts],
            "messages": [message for _, _, message in parts],
            "album_places": [place for place, _ in albums],
            "album_channels": [post.channel_id for _, post in albums],
            **named,
        },
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.place, []).append(row)
    return [_chosen(found.get(place, [])) for place in range(len(posts))]


def _chosen(rows: Sequence[Any]) -> StoredVersion | None:
    """The post of the same album, else the first of those that hold a message of it."""
    if not rows:
        return None
    chosen = next((row for row in rows if row.found_by_message is None), rows[0])
    return StoredVersion(
        PostId(chosen.id),
        post_of(chosen),
        bytes(chosen.content_hash),
        chosen.analysis == "failed",
        frozenset(MessageId(row.found_by_message) for row in rows if row.found_by_message and row.id != chosen.id),
    )


def completed(post: Post, stored: StoredVersion | None) -> Post:
    """The post with what is stored of it and what it does not tell itself; the very same one if nothing is.

    A late part of an album, or an edit of one part, arrives alone; the post is the whole album. An older copy of a part
    changes nothing.
    """
    if stored is None:
        return post
    before = stored.post
    by_id = {part.message_id: part for part in before.parts}
    is_newer = stored.is_older_than(post)
    for part in post.parts:
        if part.message_id not in stored.foreign and (is_newer or part.message_id not in by_id):
            by_id[part.message_id] = part
    is_whole = {part.message_id for part in post.parts} == stored.message_ids
    parts = post.parts if is_whole else tuple(by_id[number] for number in sorted(by_id))
    edits = [moment for moment in (post.edited_at, None if is_whole else before.edited_at) if moment]
    whole = replace(
        post,
        parts=parts,
        posted_at=min(post.posted_at, before.posted_at),
        edited_at=max(edits, default=None),
        grouped_id=before.grouped_id if before.grouped_id is not None else post.grouped_id,
        forward=post.forward or before.forward,
        reply_to=post.reply_to or before.reply_to,
    )
    return post if whole == post else whole
