"""What programs have here: tokens, saved searches with their feeds, and webhooks with what they are owed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


class ApiTokenRow(Base):
    """What a program shows to be let into the API: its hash. A revoked one stays, so that lists can say so."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    owner: Mapped[str]
    """Whose saved searches it reads and writes: a name, which several tokens may share."""
    token_hash: Mapped[bytes]
    scopes: Mapped[list[str]]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    """To the minute."""
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("uq_api_tokens_name", "name", unique=True, postgresql_where=sql("revoked_at IS NULL")),
        CheckConstraint("cardinality(scopes) > 0", name="scopes"),
    )


class SavedSearchRow(Base):
    """A query under a name, readable as a feed by who knows its address."""

    __tablename__ = "saved_searches"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    owner: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    """As understood: `str(query)`, channels by number."""
    token_hash: Mapped[bytes]
    """Of the word in the feed's address, by which it is found."""
    token: Mapped[bytes]
    """The word itself, sealed with the key of `config.keys`, so that lists can show the address again."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    changed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (UniqueConstraint("owner", "name"), UniqueConstraint("token_hash"))


class WebhookRow(Base):
    """A standing query whose posts go to another system. A removed one keeps no words, only its number."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    """webhook (signed JSON by HTTPS) or apprise (whatever that library speaks)."""
    query: Mapped[str]
    """As understood: `str(query)`, channels by number."""
    mode: Mapped[str]
    """every post that matches, or the first of each story."""
    host: Mapped[str]
    """Where it goes, for lists: the host, or apprise's scheme. The rest of an address may be a secret."""
    url: Mapped[bytes | None]
    secret: Mapped[bytes | None]
    """Both sealed with the key of `config.keys`; apprise signs nothing."""
    state: Mapped[str]
    """active, paused or removed."""
    state_detail: Mapped[str | None]
    version: Mapped[int] = mapped_column(index=True)
    """The subscriptions' counter when this row's query or state last changed (decision 23)."""
    failures: Mapped[int] = mapped_column(server_default=sql("0"))
    """Requests in a row that were not accepted."""
    not_before_at: Mapped[dt.datetime | None]
    """Until then it is left alone."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)

    __table_args__ = (
        Index("uq_webhooks_name", "name", unique=True, postgresql_where=sql("state <> 'removed'")),
        one_of("kind", "webhook", "apprise"),
        one_of("mode", "every", "first"),
        one_of("state", "active", "paused", "removed"),
        CheckConstraint("(state = 'removed') = (url IS NULL)", name="url"),
    )


class WebhookDeliveryRow(Base):
    """A post that a webhook is owed, whatever its state. A lane of its own beside `deliveries` (decision 23)."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id", ondelete="CASCADE"))
    post_id: Mapped[int]
    story_id: Mapped[int]
    """The story that the post told when it was owed."""
    is_late: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The post was first seen long after it was published."""
    state: Mapped[str] = mapped_column(server_default=sql("'pending'"))
    """pending, sending, sent, dead or cancelled."""
    attempt: Mapped[int] = mapped_column(server_default=sql("0"))
    """Requests begun, the present one included: from the second on the receiver may have it already."""
    due_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    lease_token: Mapped[str | None]
    leased_until_at: Mapped[dt.datetime | None]
    detail: Mapped[str | None]
    """What went wrong last, for the operator."""
    owed_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)
    settled_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("webhook_id", "post_id"),
        one_of("state", "pending", "sending", "sent", "dead", "cancelled"),
        Index("ix_webhook_deliveries_due", "webhook_id", "due_at", "id", postgresql_where=sql("state = 'pending'")),
        Index("ix_webhook_deliveries_leased_until_at", "leased_until_at", postgresql_where=sql("state = 'sending'")),
        Index("ix_webhook_deliveries_story", "webhook_id", "story_id"),
        Index("ix_webhook_deliveries_settled_at", "settled_at", postgresql_where=sql("settled_at IS NOT NULL")),
    )
