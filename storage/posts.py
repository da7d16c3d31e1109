"""Posts as they are stored and read back; `storage.post_store` writes them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from propcache.api import cached_property
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.labels import Labels
from analysis.stories import Signature, sign
from analysis.topics import TopicScore
from matching.fields import PostFields
from storage import channels
from storage.channels import Channel
from storage.completeness import note_gone
from storage.ids import ChannelId, MessageId, PostId
from storage.models import ChannelRow, PostRow
from storage.post_rows import row_json
from storage.post_values import Forward, Part, Post, parts_from_json


class Outcome(Enum):
    """What storing a post did."""

    NEW = "new"
    EDITED = "edited"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class LabelledPost:
    """A post and what analysis says of it."""

    post: Post
    labels: Labels

    @cached_property
    def fields(self) -> PostFields:
        """What queries see of it: exactly the values that are stored."""
        post, labels = self.post, self.labels
        return PostFields(
            terms=labels.terms,
            channel_id=post.channel_id,
            posted_at=post.posted_at,
            language=labels.language,
            topics=labels.topic_codes,
            has=post.has,
            forwarded_from=post.forwarded_from,
            links=post.links,
            sure_topics=labels.sure_codes,
        )

    @cached_property
    def signature(self) -> Signature:
        """What it says in short, by which other posts that report the same event are found."""
        return sign(self.post.text, self.labels.terms, self.labels.language)

    @cached_property
    def row(self) -> str:
        """What is stored of it. Made where it is labelled, not while its transaction is open."""
        return row_json(self.post, self.labels, self.fields)


@dataclass(frozen=True, slots=True)
class StoredPost:
    """A post read back, with its channel."""

    id: PostId
    channel: Channel
    message_id: MessageId
    text: str
    parts: tuple[Part, ...]
    language: str | None
    topics: tuple[TopicScore, ...]
    topic_codes: frozenset[str]
    has: frozenset[str]
    forwarded_from: frozenset[str]
    links: frozenset[str]
    views: int | None
    forwards: int | None
    posted_at: dt.datetime
    seen_at: dt.datetime
    edited_at: dt.datetime | None
    deleted_at: dt.datetime | None

    @property
    def url(self) -> str | None:
        """The public link of the post; None for an archive whose channel Telegram never named."""
        return self.channel.url_of(self.message_id)


COLUMNS = (
    PostRow.id, PostRow.message_id, PostRow.text, PostRow.parts, PostRow.language, PostRow.topics, PostRow.topic_codes,
    PostRow.has, PostRow.forwarded_from, PostRow.links, PostRow.views, PostRow.forwards, PostRow.posted_at,
    PostRow.seen_at, PostRow.edited_at, PostRow.deleted_at, *channels.COLUMNS,
)  # fmt: skip


def stored_post(row: Any) -> StoredPost:
    """A post from a row of COLUMNS (posts joined with channels)."""
    number, message_id, said, parts, language, topics, codes, has, forwarded, links, *rest = row
    views, forwards, posted_at, seen_at, edited_at, deleted_at, *channel = rest
    return StoredPost(
        id=PostId(number),
        channel=channels.channel_of(channel),
        message_id=MessageId(message_id),
        text=said,
        parts=parts_from_json(parts, said),
        language=language,
        topics=tuple(
            TopicScore(topic["code"], topic["score"], tuple((word, share) for word, share in topic["words"]))
            for topic in topics
        ),
        topic_codes=frozenset(codes),
        has=frozenset(has),
        forwarded_from=frozenset(forwarded),
        links=frozenset(links),
        views=views,
        forwards=forwards,
        posted_at=posted_at,
        seen_at=seen_at,
        edited_at=edited_at,
        deleted_at=deleted_at,
    )


POST_COLUMNS = (
    PostRow.channel_id, PostRow.text, PostRow.parts, PostRow.posted_at, PostRow.seen_at, PostRow.edited_at,
    PostRow.grouped_id, PostRow.reply_to, PostRow.forward, PostRow.views, PostRow.forwards, PostRow.reactions,
    PostRow.found_by, PostRow.views_are_rounded, PostRow.expires_at,
)  # fmt: skip


def post_of(row: Any) -> Post:
    """The values that were stored, from a row that has POST_COLUMNS."""
    return Post(
        channel_id=ChannelId(row.channel_id),
        parts=parts_from_json(row.parts, row.text),
        posted_at=row.posted_at,
        seen_at=row.seen_at,
        edited_at=row.edited_at,
        grouped_id=row.grouped_id,
        reply_to=MessageId(row.reply_to) if row.reply_to is not None else None,
        forward=Forward.from_json(row.forward) if row.forward is not None else None,
        views=row.views,
        forwards=row.forwards,
        reactions=row.reactions,
        found_by=row.found_by,
        views_are_rounded=row.views_are_rounded,
        expires_at=row.expires_at,
    )


async def get_post(connection: AsyncConnection, post_id: PostId) -> StoredPost | None:
    """The post of that number."""
    row = (
        await connection.execute(
            select(*COLUMNS).join(ChannelRow, ChannelRow.id == PostRow.channel_id).where(PostRow.id == post_id)
        )
    ).first()
    return stored_post(row) if row else None


async def count_posts(connection: AsyncConnection) -> int:
    """How many posts are stored, deleted ones included."""
    return int(await connection.scalar(select(func.count()).select_from(PostRow)) or 0)


async def newest_texts(connection: AsyncConnection, limit: int) -> list[str]:
    """What the posts stored last say: a sample of today's words."""
    rows = await connection.execute(select(PostRow.text).order_by(PostRow.id.desc()).limit(limit))
    return [said for (said,) in rows]


async def mark_deleted(
    connection: AsyncConnection, channel_id: ChannelId, message_ids: Sequence[MessageId], deleted_at: dt.datetime
) -> list[PostId]:
    """The channel deleted messages: posts of which nothing is left are marked, never removed. Returns those."""
    await note_gone(connection, channel_id, message_ids)
    rows = await connection.execute(
        text(
            "UPDATE posts p SET deleted_at = :at WHERE p.deleted_at IS NULL AND p.id IN ("
            " SELECT post_id FROM channel_messages WHERE channel_id = :channel"
            " AND message_id = ANY(CAST(:ids AS bigint[])))"
            " AND NOT EXISTS (SELECT FROM channel_messages m WHERE m.post_id = p.id AND m.kind <> 'gone')"
            " RETURNING p.id"
        ),
        {"at": deleted_at, "channel": channel_id, "ids": list(message_ids)},
    )
    return [PostId(number) for (number,) in rows]


async def failed_analyses(connection: AsyncConnection, limit: int) -> list[Post]:
    """Posts whose analysis raised, oldest first, as values that go through the pipeline's door again."""
    rows = await connection.execute(
        select(*POST_COLUMNS)
        .where(PostRow.analysis == "failed", PostRow.deleted_at.is_(None))
        .order_by(PostRow.id)
        .limit(limit)
    )
    return [post_of(row) for row in rows]
