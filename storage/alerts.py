"""What an alert is about, read back for the message: its post, who asked for it, and the late posts that go with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, cast, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import posts, subscriptions
from storage.ids import ChatId, DeliveryId
from storage.leases import Leased
from storage.models import ChannelRow, DeliveryRow, PostRow, SubscriberRow, SubscriptionRow
from storage.posts import StoredPost
from storage.subscriptions import Subscription

MOST_READ = 40
"""Posts of one digest that are read: more than a message of 4,096 characters, or 100 entities, has room for."""


@dataclass(frozen=True, slots=True)
class FoundLate:
    """Posts that one digest is about: `count` of them, of which the newest are here, oldest first."""

    posts: tuple[StoredPost, ...]
    count: int
    since_at: dt.datetime
    """When the oldest of all was published."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be said: the post and the subscriptions that asked. A repeat may have arrived before."""

    delivery_id: DeliveryId
    post: StoredPost
    reasons: list[Subscription]
    is_repeat: bool
    is_replay: bool = False
    """An archive brought the post: how long ago it was published says nothing about us."""
    digest: FoundLate | None = None
    """Where several late posts are one message: all of them; `post` is the newest."""


async def begun(connection: AsyncConnection, leased: Leased, count: int) -> Alert | None:
    """The alert of a lease whose `count` rows are being sent; None when its posts are gone."""
    numbers = any_(cast(list(leased.ids), ARRAY(BigInteger)))
    ours = (DeliveryRow.id == numbers, DeliveryRow.lease_token == leased.token, DeliveryRow.state == "sending")
    rows = (
        await connection.execute(
            select(DeliveryRow.id, PostRow.found_by, *posts.COLUMNS)
            .join(PostRow, PostRow.id == DeliveryRow.post_id)
            .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
            .where(*ours)
            .order_by(PostRow.posted_at.desc(), PostRow.id.desc())
            .limit(MOST_READ)
        )
    ).all()
    if not rows:
        return None
    digest = None
    if count > 1:
        oldest = select(func.min(PostRow.posted_at)).join(DeliveryRow, DeliveryRow.post_id == PostRow.id).where(*ours)
        since_at = (await connection.execute(oldest)).scalar_one()
        digest = FoundLate(tuple(posts.stored_post(row[2:]) for row in reversed(rows)), count, since_at)
    asked = select(func.unnest(DeliveryRow.reasons)).where(*ours)
    reasons = await connection.execute(
        select(*subscriptions.COLUMNS)
        .where(SubscriptionRow.id.in_(asked), SubscriptionRow.state == "active")
        .order_by(SubscriptionRow.id)
    )
    return Alert(
        delivery_id=DeliveryId(rows[0].id),
        post=posts.stored_post(rows[0][2:]),
        reasons=[subscriptions.subscription_of(row) for row in reasons],
        is_repeat=leased.unknowns > 0,
        is_replay=rows[0].found_by == "replay",
        digest=digest,
    )


async def alert_of(connection: AsyncConnection, chat_id: ChatId, delivery_id: DeliveryId) -> Alert | None:
    """The alert behind a button, if it was owed to that very chat."""
    row = (
        await connection.execute(
            select(DeliveryRow.unknowns, DeliveryRow.reasons, PostRow.found_by, *posts.COLUMNS)
            .join(SubscriberRow, SubscriberRow.id == DeliveryRow.subscriber_id)
            .join(PostRow, PostRow.id == DeliveryRow.post_id)
            .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
            .where(DeliveryRow.id == delivery_id, SubscriberRow.chat_id == chat_id)
        )
    ).first()
    if row is None:
        return None
    reasons = await _subscriptions(connection, row.reasons)
    is_replay = row.found_by == "replay"
    return Alert(delivery_id, posts.stored_post(row[3:]), reasons, is_repeat=row.unknowns > 0, is_replay=is_replay)


async def _subscriptions(connection: AsyncConnection, numbers: Sequence[int]) -> list[Subscription]:
    rows = await connection.execute(
        select(*subscriptions.COLUMNS).where(SubscriptionRow.id.in_(numbers)).order_by(SubscriptionRow.id)
    )
    return [subscriptions.subscription_of(row) for row in rows]
