"""Who asked, for what, and what they are owed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from storage.models.base import NOW, Base, one_of


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
    at_most_once: Mapped[bool] = mapped_column(server_default=sql("false"))
    """What nobody can know the end of is listed, not sent once more."""
    is_thread_gone: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The forum topic was deleted: what is sent goes to the group itself."""

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
    mode: Mapped[str] = mapped_column(server_default=sql("'first'"))
    """Alert to every post; to the first of a story; or (nth) once `nth` channels tell it."""
    nth: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (
        one_of("state", "draft", "active", "paused", "deleted"),
        one_of("mode", "every", "first", "nth"),
        CheckConstraint("(mode = 'nth') = (nth IS NOT NULL) AND coalesce(nth, 2) BETWEEN 2 AND 20", name="nth"),
    )


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
    """alert (of a post), amendment (an edit of a sent alert), notice (to an operator), or burst."""
    subscriber_id: Mapped[int]
    post_id: Mapped[int | None] = mapped_column(index=True)
    notice_id: Mapped[int | None]
    burst_id: Mapped[int | None]
    is_late: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The post was first seen long after it was published: such alerts come together, as one message."""
    story_id: Mapped[int | None]
    """The story that an alert's post tells, kept so by triggers (decision 16)."""
    is_first: Mapped[bool] = mapped_column(server_default=sql("false"))
    """The one alert that tells the subscriber of this story; of a held one, that it will be."""
    in_digest: Mapped[bool] = mapped_column(server_default=sql("false"))
    """It went out in one message with others: such a message is not amended."""
    shown_version: Mapped[int | None]
    """Which version of the post the alert showed when it was sent, from 1."""
    is_stale: Mapped[bool] = mapped_column(server_default=sql("false"))
    """An amendment's: something changed while it was under way, so that another must follow."""
    reasons: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    """The subscriptions that asked, in order: deleting one of two does not cancel the alert."""
    priority: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[dt.datetime]
    state: Mapped[str]
    """held, pending, leased, sending, sent, unknown, dead or cancelled. Held: another alert tells its story, or too few
    channels do yet."""
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
        Index(
            "uq_deliveries_subscriber_id_burst_id",
            "subscriber_id",
            "burst_id",
            unique=True,
            postgresql_where=sql("burst_id IS NOT NULL"),
        ),
        Index(
            "uq_deliveries_story_id_subscriber_id",
            "story_id",
            "subscriber_id",
            unique=True,
            postgresql_where=sql("is_first AND state NOT IN ('held', 'cancelled', 'dead')"),
        ),
        one_of("kind", "alert", "amendment", "notice", "burst"),
        CheckConstraint(
            "(kind IN ('alert', 'amendment')) = (post_id IS NOT NULL) AND (kind = 'notice') = (notice_id IS NOT NULL)"
            " AND (kind = 'burst') = (burst_id IS NOT NULL)",
            name="subject",
        ),
        one_of("state", "held", "pending", "leased", "sending", "sent", "unknown", "dead", "cancelled"),
        Index(
            "ix_deliveries_due",
            "priority",
            "due_at",
            "id",
            postgresql_where=sql("state IN ('pending', 'unknown')"),
        ),
        Index("ix_deliveries_held", "story_id", "subscriber_id", postgresql_where=sql("state = 'held'")),
        Index("ix_deliveries_waiting", "subscriber_id", postgresql_where=sql("state IN ('pending', 'unknown')")),
        Index(
            "ix_deliveries_leased_until_at",
            "leased_until_at",
            postgresql_where=sql("state IN ('leased', 'sending')"),
        ),
    )


class AmendmentCauseRow(Base):
    """A post that was told, edited or deleted: alerts that were sent may have to show it. Written by triggers."""

    __tablename__ = "amendment_causes"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    post_id: Mapped[int]
    noted_at: Mapped[dt.datetime] = mapped_column(server_default=NOW)


class SendBanRow(Base):
    """Until when Telegram told us not to send: to one chat, or (chat 0) at all. Kept across restarts."""

    __tablename__ = "send_bans"

    chat_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    until_at: Mapped[dt.datetime]
