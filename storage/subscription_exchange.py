"""Other words for a subscription: those of a draft, which gets what it had, so that it can be undone."""

from __future__ import annotations

import hashlib

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import SubscriberId, SubscriptionId
from storage.subscriptions import Subscription, bump, change_row, own_row, subscription_of


def fingerprint(query: str) -> str:
    """Eight characters that tell a stored query from others: a button says with them which query it is to bring."""
    return hashlib.sha256(query.encode()).hexdigest()[:8]


async def exchange(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    draft_id: SubscriptionId,
    wanted: str,
) -> Subscription | None:
    """Give a subscription the name and query of a draft, and the draft those it had: the same the other way undoes it.

    `wanted` is the `fingerprint` of the query that the subscription shall have: twice is once. None when the subscriber
    has no such subscription, or no such draft any more.
    """
    if await own_row(connection, subscriber_id, subscription_id, "active", "paused") is None:
        return None
    version = await bump(connection)  # before looking closer: its row lock makes two taps wait for each other
    own = await own_row(connection, subscriber_id, subscription_id, "active", "paused", lock=True)
    if own is None or fingerprint(own.query) == wanted:
        return subscription_of(own[:5]) if own else None
    other = await own_row(connection, subscriber_id, draft_id, "draft", lock=True)
    if other is None or fingerprint(other.query) != wanted:
        return None
    await change_row(connection, draft_id, 0, name=own.name, query=own.query, canonical=own.canonical)
    values = {"name": other.name, "query": other.query, "canonical": other.canonical}
    return await change_row(connection, subscription_id, version, **values)
