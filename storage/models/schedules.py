"""When subscribers want to hear: quiet hours, pauses, digests, and what they do not want to hear of."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, SmallInteger, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class SubscriberScheduleRow(Base):
    """Of whom there is no row, everything comes at once. Locked by whoever changes or applies a subscriber's terms."""

    __tablename__ = "subscriber_schedules"

    subscriber_id: Mapped[int] = mapped_column(
        ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    quiet_from: Mapped[int | None] = mapped_column(SmallInteger)
    """Minutes after midnight by the subscriber's clock."""
    quiet_until: Mapped[int | None] = mapped_column(SmallInteger)
    quiet_way: Mapped[str] = mapped_column(server_default=sql("'hold'"))
    """hold: one by one at the end; digest: as one message at the end; chosen: likewise, but some come all the same."""
    quiet_from_at: Mapped[dt.datetime | None]
    """The quiet hours that hold, or come next; none: to be found out, for the clock or the zone is another."""
    quiet_until_at: Mapped[dt.datetime | None]
    paused_until_at: Mapped[dt.datetime | None]

    __table_args__ = (
        one_of("quiet_way", "hold", "digest", "chosen"),
        CheckConstraint(
            "(quiet_from IS NULL) = (quiet_until IS NULL) AND quiet_from BETWEEN 0 AND 1439"
            " AND quiet_until BETWEEN 0 AND 1439 AND quiet_from <> quiet_until",
            name="quiet",
        ),
        Index("ix_subscriber_schedules_quiet", "quiet_until_at", postgresql_where=sql("quiet_from IS NOT NULL")),
    )


class SubscriptionScheduleRow(Base):
    """How a subscription comes; without a row, at once and not in quiet hours."""

    __tablename__ = "subscription_schedules"

    subscription_id: Mapped[int] = mapped_column(
        ForeignKey("subscriptions.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    pace: Mapped[str] = mapped_column(server_default=sql("'instant'"))
    digest_hour: Mapped[int | None] = mapped_column(SmallInteger)
    """Of a daily digest, by the subscriber's clock."""
    comes_through: Mapped[bool] = mapped_column(server_default=sql("false"))
    """In quiet hours that let only chosen subscriptions through, this is one of them."""
    next_run_at: Mapped[dt.datetime | None]
    """When its next digest is due; none: to be found out."""

    __table_args__ = (
        one_of("pace", "instant", "hourly", "daily"),
        CheckConstraint("(pace = 'daily') = (digest_hour IS NOT NULL) AND digest_hour BETWEEN 0 AND 23", name="hour"),
        Index("ix_subscription_schedules_run", "next_run_at", postgresql_where=sql("pace <> 'instant'")),
    )


class MuteRow(Base):
    """What a subscriber does not want to hear of, whatever they asked for."""

    __tablename__ = "mutes"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """word, channel or story."""
    word: Mapped[str | None]
    terms: Mapped[str | None]
    """The word as a tsquery of all its forms (the law: as in alerts and searches)."""
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    post_id: Mapped[int | None]
    """A post of the story: stories change their numbers when they are joined."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        UniqueConstraint("subscriber_id", "kind", "word", "channel_id", "post_id", postgresql_nulls_not_distinct=True),
        one_of("kind", "word", "channel", "story"),
        CheckConstraint(
            "(kind = 'word') = (word IS NOT NULL AND terms IS NOT NULL) AND (kind = 'channel') = (channel_id IS NOT"
            " NULL) AND (kind = 'story') = (post_id IS NOT NULL)",
            name="subject",
        ),
    )
