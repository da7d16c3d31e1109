"""How often each word and topic is heard, and the times when one is heard far more than that."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, CheckConstraint, Date, Identity, Index, SmallInteger
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import Base, one_of


class RatedHourRow(Base):
    """An hour of the last weeks whose posts are counted in `rates`."""

    __tablename__ = "rated_hours"

    hour_at: Mapped[dt.datetime] = mapped_column(primary_key=True, autoincrement=False)
    """When it began."""
    posts: Mapped[int]
    """All that were stored of it then: when there are more, a backfill has brought them, and it is counted again."""
    voices: Mapped[int]
    """Those of them that count: reposts do not."""
    least: Mapped[int]
    """What fewer voices said is not in `rates`."""


class RateRow(Base):
    """How many voices said a word on one day (UTC), by hour: posts that are no reposts, three a channel at most."""

    __tablename__ = "rates"

    what: Mapped[str] = mapped_column(primary_key=True)
    """A lemma, or "topic:" and a topic's code."""
    day: Mapped[dt.date] = mapped_column(Date, primary_key=True)
    total: Mapped[int]
    hours: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))

    __table_args__ = (CheckConstraint("cardinality(hours) = 24", name="hours"),)


class BurstRow(Base):
    """A time in which a word, a name or a topic was heard far more than usual."""

    __tablename__ = "bursts"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    what: Mapped[str]
    """As in `rates`."""
    shown: Mapped[str]
    """How people write it; a topic's code."""
    also: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))
    """What else is heard so in the same posts, as in `rates`."""
    companions: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))
    """Some of that as people write it."""
    topics: Mapped[list[str]] = mapped_column(server_default=sql("'{}'"))
    """Codes that at least half of its posts have."""
    began_at: Mapped[dt.datetime]
    last_at: Mapped[dt.datetime]
    """When it was last found to go on."""
    ended_at: Mapped[dt.datetime | None]
    usual: Mapped[float]
    """Voices an hour that were to be expected when it began."""
    peak_voices: Mapped[int]
    peak_posts: Mapped[int]
    """Reposts and all."""
    peak_channels: Mapped[int]
    peak_at: Mapped[dt.datetime]
    """The end of the hour with the most voices."""
    post_ids: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """Some of its posts, the earliest first, each of another channel."""

    __table_args__ = (
        one_of("kind", "word", "name", "topic"),
        Index("uq_bursts_what", "what", unique=True, postgresql_where=sql("ended_at IS NULL")),
        Index("ix_bursts_last_at", "last_at"),
    )
