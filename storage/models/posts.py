"""Posts and what they said before."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import PENDING, Base, one_of


class PostRow(Base):
    """One post, its labels, and the terms that both alerts and search read. An album is one post of several parts."""

    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    message_id: Mapped[int]
    grouped_id: Mapped[int | None]
    text: Mapped[str]
    parts: Mapped[list[dict[str, Any]]]
    """By message id: text, entities and medium of each message that makes the post."""
    reply_to: Mapped[int | None]
    forward: Mapped[dict[str, Any] | None]
    views: Mapped[int | None]
    views_are_rounded: Mapped[bool] = mapped_column(server_default=sql("false"))
    """A public page says 1.2K; an account is told the number."""
    forwards: Mapped[int | None]
    reactions: Mapped[dict[str, Any] | None]
    content_hash: Mapped[bytes]

    terms: Mapped[str] = mapped_column(TSVECTOR)
    language: Mapped[str | None]
    topics: Mapped[list[dict[str, Any]]]
    """code, score, and the words behind it with their shares."""
    topic_codes: Mapped[list[str]]
    """The codes of `topics` with their ancestors."""
    has: Mapped[list[str]]
    forwarded_from: Mapped[list[str]]
    links: Mapped[list[str]]
    analysis: Mapped[str]
    """done, or failed: stored without labels, and tried again through the same door."""

    found_by: Mapped[str]
    """push, replay, reconcile, backfill or preview."""
    posted_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    edited_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime | None]
    """When the channel's own time to live ends for this post; then it is purged."""

    __table_args__ = (
        UniqueConstraint("channel_id", "message_id"),
        one_of("analysis", "done", "failed"),
        Index(
            "uq_posts_channel_id_grouped_id",
            "channel_id",
            "grouped_id",
            unique=True,
            postgresql_where=sql("grouped_id IS NOT NULL"),
        ),
        Index("ix_posts_terms", "terms", postgresql_using="gin", postgresql_with=PENDING),
        Index("ix_posts_topic_codes", "topic_codes", postgresql_using="gin", postgresql_with=PENDING),
        Index("ix_posts_posted_at_id", "posted_at", "id"),
        Index("ix_posts_channel_id_posted_at", "channel_id", "posted_at"),
        Index("ix_posts_analysis", "id", postgresql_where=sql("analysis = 'failed'")),
        Index("ix_posts_expires_at", "expires_at", postgresql_where=sql("expires_at IS NOT NULL")),
    )


class PostVersionRow(Base):
    """What a post said before an edit."""

    __tablename__ = "post_versions"

    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    parts: Mapped[list[dict[str, Any]]]
    content_hash: Mapped[bytes]
    edited_at: Mapped[dt.datetime | None]
    """When this version had been made; empty for the first."""
    replaced_at: Mapped[dt.datetime]
