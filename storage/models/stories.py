"""Which posts report one event. A story is named by the number of its first post."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Index, Sequence
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from storage.models.base import NOW, Base, one_of

VERSIONS = Sequence("story_versions", metadata=Base.metadata)
"""Counts up in the order of commits: whoever draws from it holds `storage.stories.STORIES` until it commits."""

NEXT_VERSION = sql("nextval('story_versions')")


class StorySignatureRow(Base):
    """What a post of the last days says, in short: from these every ingest process makes its window."""

    __tablename__ = "story_signatures"

    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(server_default=NEXT_VERSION)
    posted_at: Mapped[dt.datetime]
    signature: Mapped[bytes]
    """`analysis.stories.Signature.to_bytes`."""

    __table_args__ = (Index("ix_story_signatures_version", "version"),)


class StoryPostRow(Base):
    """A post of a story that has more than one. One that is in none of them is its own story, and has no row."""

    __tablename__ = "story_posts"

    post_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    story_id: Mapped[int]
    kind: Mapped[str]
    """first; forward, copy or rewrite of `like_post_id`; operator: somebody put it there."""
    like_post_id: Mapped[int | None]
    similarity: Mapped[float | None]
    apart_from: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=sql("'{}'"))
    """Stories that an operator took it out of: it never joins them again."""
    version: Mapped[int] = mapped_column(server_default=NEXT_VERSION)
    joined_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        one_of("kind", "first", "forward", "copy", "rewrite", "operator"),
        Index("ix_story_posts_story_id", "story_id"),
        Index("ix_story_posts_version", "version"),
        Index("ix_story_posts_apart", "post_id", postgresql_where=sql("apart_from <> '{}'")),
    )
