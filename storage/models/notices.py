"""What operators are told, and how one program knows another alive."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Identity,
    Index,
)
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base


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
