"""Channels, every message id of theirs, and the accounts that read them."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


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


class FloodWaitRow(Base):
    """A method of Telegram's that an account has to leave alone for a while."""

    __tablename__ = "flood_waits"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    method: Mapped[str] = mapped_column(primary_key=True)
    until_at: Mapped[dt.datetime]


class AccountChannelRow(Base):
    """The access hash by which one account reaches one channel; it is worthless to every other account."""

    __tablename__ = "account_channels"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[int] = mapped_column(ForeignKey("channels.id", ondelete="CASCADE"), primary_key=True, index=True)
    access_hash: Mapped[int]
