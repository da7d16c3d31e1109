"""What conversations leave behind: links that carry a query, and channels that people propose."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Identity, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class ShareLinkRow(Base):
    """A link that shows its query to whoever opens it. Nothing is kept of who made it."""

    __tablename__ = "share_links"

    token_hash: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of the 128 random bits in the link."""
    query: Mapped[str]
    """As a subscription stores it: channels by our numbers."""
    expires_at: Mapped[dt.datetime]


class ProposalRow(Base):
    """A channel that a chat would like to be read, until it is forgotten with the chat or after some time."""

    __tablename__ = "proposals"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    subscriber_id: Mapped[int] = mapped_column(ForeignKey("subscribers.id", ondelete="CASCADE"))
    """Who is told how it went."""
    username: Mapped[str]
    """Without @, in lower case."""
    state: Mapped[str] = mapped_column(server_default=sql("'open'"))
    """open, approved or refused."""
    proposed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (UniqueConstraint("subscriber_id", "username"), one_of("state", "open", "approved", "refused"))
