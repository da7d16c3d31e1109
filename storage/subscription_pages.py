"""All subscriptions, a page at a time: what operators see of who asks for what."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import SubscriptionRow
from storage.subscriptions import COLUMNS, Subscription, subscription_of


async def subscriptions_after(connection: AsyncConnection, number: int, limit: int) -> list[Subscription]:
    """The next active and paused subscriptions after a number, in the order they were made."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(SubscriptionRow.id > number, SubscriptionRow.state.in_(["active", "paused"]))
        .order_by(SubscriptionRow.id)
        .limit(limit)
    )
    return [subscription_of(row) for row in rows]
