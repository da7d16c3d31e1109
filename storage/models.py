"""The tables, one class each: what every column means, in one place. Statements live beside their subject."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Text,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NOW = sql("now()")

PENDING = {"gin_pending_list_limit": 65_536}
"""KiB that an index of words may hold unsorted before an insert must stop to sort them in: never reached while
`storage.upkeep` does it (decision 7); PostgreSQL's own 4 MiB stopped inserts for up to 1.6 s (measured)."""


def one_of(column: str, *values: str) -> CheckConstraint:
    """A column that holds one of a few words; the database refuses any other."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


class Base(DeclarativeBase):
    """Constraint names are spelled out so that every later migration can name what it changes."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this name from the class
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        dt.datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[dict[str, Any]]: JSONB,
        list[str]: ARRAY(Text),
    }


class ChannelRow(Base):
    """A channel we monitor or hold an archive of. `telegram_id` stays empty for an archive that does not tell it."""

    __tablename__ = "channels"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(unique=True)
    username: Mapped[str | None]
    title: Mapped[str]
    state: Mapped[str]
    """requested, active, removed, archived, or why it cannot be read: lost (refused from the start), private, kicked,
    deleted."""
    state_detail: Mapped[str | None]
    """Why, in a sentence for the operator."""
    is_protected: Mapped[bool] = mapped_column(server_default=sql("false"))
    added_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    watermark: Mapped[int | None]
    """Every id at or below it is accounted for in `channel_messages`, from the id at which monitoring began."""
    top_message_id: Mapped[int | None]
    """The newest id that Telegram has told of."""
    pts: Mapped[int | None]
    """Telegram's count of the channel's changes, as of the last reconcile."""
    reconciled_at: Mapped[dt.datetime | None]
    """When everything up to `top_message_id` was last known to be accounted for, or being fetched."""
    blind_since_at: Mapped[dt.datetime | None]
    """Since when looks at the channel have failed; empty while they succeed."""
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    reader_until_at: Mapped[dt.datetime | None]
    """The account that reads it, and until when nobody else may take it over."""

    __table_args__ = (
        Index("uq_channels_username", sql("lower(username)"), unique=True),
        Index("ix_channels_reader_id", "reader_id", postgresql_where=sql("reader_id IS NOT NULL")),
        one_of("state", "requested", "active", "lost", "removed", "archived", "private", "kicked", "deleted"),
    )


class ChannelMessageRow(Base):
    """One message id of a channel, accounted for: a post, an album's part, a service message, or gone."""

    __tablename__ = "channel_messages"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """post, part, service or gone; missing: not given by Telegram once, until a second look a minute later."""
    post_id: Mapped[int | None] = mapped_column(index=True)
    """Emptied by a trigger when the post is deleted (decision 7)."""
    seen_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        one_of("kind", "post", "part", "service", "gone", "missing"),
        Index("ix_channel_messages_missing", "channel_id", "message_id", postgresql_where=sql("kind = 'missing'")),
    )


class AccountRow(Base):
    """A Telegram account that reads: its session is encrypted, the key lies elsewhere in a 0600 file."""

    __tablename__ = "accounts"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    telegram_user_id: Mapped[int | None]
    state: Mapped[str]
    """ready, or why not: revoked (Telegram ended the session), banned, frozen."""
    state_detail: Mapped[str | None]
    """Why it is not used, in a sentence for the operator."""
    session: Mapped[bytes]
    channels_max: Mapped[int] = mapped_column(server_default=sql("500"))
    """Channels it may be in: 500, or 1,000 with Telegram Premium (core.telegram.org/api/config, channels_limit)."""
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class AccountChannelRow(Base):
    """The access hash by which one account reaches one channel; it is worthless to every other account."""

    __tablename__ = "account_channels"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, index=True)
    access_hash: Mapped[int]


class RereadRow(Base):
    """How far an account's posts have been read again at one age."""

    __tablename__ = "rereads"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    age_seconds: Mapped[int] = mapped_column(primary_key=True)
    done_until_at: Mapped[dt.datetime]
    """Posts published until then have been read again at this age."""


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


class SubscriberRow(Base):
    """A chat, or one thread of it, that asked for alerts."""

    __tablename__ = "subscribers"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    chat_id: Mapped[int]
    thread_id: Mapped[int] = mapped_column(server_default=sql("0"))
    chat_type: Mapped[str]
    language: Mapped[str]
    time_zone: Mapped[str] = mapped_column(server_default=sql("'UTC'"))
    state: Mapped[str]
    """active, or suspended: Telegram refuses the chat; subscriptions are kept for the return."""
    state_detail: Mapped[str | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (UniqueConstraint("chat_id", "thread_id"), one_of("state", "active", "suspended"))


class SubscriptionRow(Base):
    """A standing query. A draft waits for its tap; a deleted one keeps no words, only its number."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    query: Mapped[str]
    """As understood: `str(query)`, channels by number, so that a renamed channel is still the same one."""
    canonical: Mapped[str]
    state: Mapped[str]
    """draft, active, paused or deleted."""
    version: Mapped[int] = mapped_column(index=True)
    """The counter's value when this row last changed."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (one_of("state", "draft", "active", "paused", "deleted"),)


class SubscriptionCounterRow(Base):
    """One row, bumped by every change to a subscription inside its transaction; ingest reads it in each batch's."""

    __tablename__ = "subscription_counter"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    version: Mapped[int]


class DeliveryRow(Base):
    """Something the bot owes one subscriber, whatever its state.

    No foreign keys: `storage.owing` writes rows in the transaction that stores or locks what they refer to, and
    triggers on posts and subscribers clean up behind a deletion (decision 7).
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    """alert (of a post), or notice (to an operator)."""
    subscriber_id: Mapped[int]
    post_id: Mapped[int | None] = mapped_column(index=True)
    notice_id: Mapped[int | None]
    is_late: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The post was first seen long after it was published: such alerts come together, as one message."""
    reasons: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """The subscriptions that asked, in order: deleting one of two does not cancel the alert."""
    priority: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[dt.datetime]
    state: Mapped[str]
    """pending, leased, sending, sent, unknown, dead or cancelled."""
    attempt: Mapped[int] = mapped_column(server_default=sql("0"))
    unknowns: Mapped[int] = mapped_column(server_default=sql("0"))
    """How often nobody could know whether Telegram had taken it: at most one resend follows, plainly marked."""
    lease_token: Mapped[str | None]
    leased_until_at: Mapped[dt.datetime | None]
    telegram_message_id: Mapped[int | None]
    detail: Mapped[str | None]
    """What went wrong last, for the operator."""
    owed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    settled_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("subscriber_id", "post_id", "kind"),
        Index(
            "uq_deliveries_subscriber_id_notice_id",
            "subscriber_id",
            "notice_id",
            unique=True,
            postgresql_where=sql("notice_id IS NOT NULL"),
        ),
        one_of("kind", "alert", "notice"),
        CheckConstraint(
            "(kind = 'alert') = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)", name="subject"
        ),
        one_of("state", "pending", "leased", "sending", "sent", "unknown", "dead", "cancelled"),
        Index(
            "ix_deliveries_due",
            "priority",
            "due_at",
            "id",
            postgresql_where=sql("state IN ('pending', 'unknown')"),
        ),
        Index(
            "ix_deliveries_leased_until_at",
            "leased_until_at",
            postgresql_where=sql("state IN ('leased', 'sending')"),
        ),
    )


class NoticeRow(Base):
    """Something an operator should know; the bot owes it to every operator."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    """What happened: see `storage.notices.Kind`."""
    channel_id: Mapped[int | None] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"))
    detail: Mapped[dict[str, Any]]
    """Names and numbers for the sentence; never words of posts or queries."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    owed_at: Mapped[dt.datetime | None]
    """When deliveries were made of it."""

    __table_args__ = (Index("ix_notices_not_owed", "id", postgresql_where=sql("owed_at IS NULL")),)


class HeartbeatRow(Base):
    """When a program last said that it works: how the bot knows that ingest is silent."""

    __tablename__ = "heartbeats"

    program: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[dt.datetime]


class SendBanRow(Base):
    """Until when Telegram told us not to send: to one chat, or (chat 0) at all. Kept across restarts."""

    __tablename__ = "send_bans"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until_at: Mapped[dt.datetime]


class BackfillRow(Base):
    """Old posts of a channel that somebody asked for, read from the newest down. A wider one takes over."""

    __tablename__ = "backfills"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    since_at: Mapped[dt.datetime | None]
    """Posts published since then; empty: from the channel's first."""
    most: Mapped[int | None]
    """So many posts at most."""
    first_id: Mapped[int | None]
    """The id below which it began."""
    next_id: Mapped[int | None]
    """Everything from here to `first_id` is committed; the next page is below it."""
    oldest_at: Mapped[dt.datetime | None]
    """When the oldest post that it has read was published."""
    posts: Mapped[int] = mapped_column(server_default=sql("0"))
    state: Mapped[str]
    """waiting, running, done or failed."""
    state_detail: Mapped[str | None]
    requested_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (one_of("state", "waiting", "running", "done", "failed"),)


class MediaFileRow(Base):
    """A medium that somebody asked for: stored in the data folder, or refused with the reason."""

    __tablename__ = "media_files"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True)
    message_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    """wanted, stored or refused."""
    state_detail: Mapped[str | None]
    path: Mapped[str | None]
    """Where it lies, from the data folder on."""
    bytes: Mapped[int | None]
    requested_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        one_of("state", "wanted", "stored", "refused"),
        Index("ix_media_files_wanted", "requested_at", postgresql_where=sql("state = 'wanted'")),
    )


class ReplayRow(Base):
    """How far an archive has been read, so that a stopped replay goes on where it was."""

    __tablename__ = "replays"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    """Of the file's content, the mode and the channel it is filed under."""
    lines: Mapped[int]
    """Lines (or messages of a result.json) whose posts are committed."""
    finished_at: Mapped[dt.datetime | None]
