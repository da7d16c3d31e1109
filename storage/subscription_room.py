"""Whether a chat may have one more subscription."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import SubscriberId, SubscriptionId
from storage.subscriptions import bump, own_row


async def has_room(connection: AsyncConnection, subscriber_id: SubscriberId, draft: SubscriptionId, most: int) -> bool:
    """Whether confirming the draft, in this transaction, leaves its chat with `most` subscriptions at most.

    The counter's lock is held from here until commit, as by whatever changes a subscription: of two taps at once the
    second one counts the first. What adds none has room: a draft that is confirmed already or gone, or that asks what
    another asks.
    """
    if await own_row(connection, subscriber_id, draft, "draft", "active", "paused") is None:
        return True
    await bump(connection)
    values = {"subscriber": subscriber_id, "draft": draft, "most": most}
    return bool(await connection.scalar(HAS_ROOM, values))


HAS_ROOM = text(
    """
    SELECT count(*) FILTER (WHERE n.state <> 'draft') < :most
        OR bool_or(n.id = :draft AND n.state <> 'draft')
        OR bool_or(n.state <> 'draft' AND n.subscriber_id = :subscriber AND n.canonical = (
            SELECT canonical FROM subscriptions WHERE id = :draft AND subscriber_id = :subscriber
        ))
    FROM subscribers own JOIN subscribers s ON s.chat_id = own.chat_id JOIN subscriptions n ON n.subscriber_id = s.id
    WHERE own.id = :subscriber AND n.state IN ('draft', 'active', 'paused')
    """
)
"""Those of all its topics are counted: a forum is one chat."""
