"""How far long work has come: so that it goes on where it was stopped."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    ForeignKey,
    Index,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class RereadRow(Base):
    """How far an account's posts have been read again at one age."""

    __tablename__ = "rereads"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    age_seconds: Mapped[int] = mapped_column(primary_key=True)
    done_until_at: Mapped[dt.datetime]
    """Posts published until then have been read again at this age."""


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
