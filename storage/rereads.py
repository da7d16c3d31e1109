"""Which posts are due to be read again: each once at every age, however long nobody was there to do it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import AccountId, ChannelId, MessageId


async def done_until(connection: AsyncConnection, account_id: AccountId, age: dt.timedelta) -> dt.datetime | None:
    """Posts published until then have been read again at this age; None before the first time."""
    found: dt.datetime | None = await connection.scalar(
        text("SELECT done_until_at FROM rereads WHERE account_id = :account AND age_seconds = :age"),
        {"account": account_id, "age": int(age.total_seconds())},
    )
    return found


async def advance(connection: AsyncConnection, account_id: AccountId, age: dt.timedelta, until: dt.datetime) -> None:
    """Remember that they have been, up to there."""
    await connection.execute(
        text(
            "INSERT INTO rereads (account_id, age_seconds, done_until_at) VALUES (:account, :age, :until)"
            " ON CONFLICT (account_id, age_seconds) DO UPDATE SET done_until_at = excluded.done_until_at"
        ),
        {"account": account_id, "age": int(age.total_seconds()), "until": until},
    )


async def published_between(
    connection: AsyncConnection, channel_ids: Collection[ChannelId], since: dt.datetime, until: dt.datetime
) -> dict[ChannelId, list[MessageId]]:
    """The messages of stored, undeleted posts that were published in (since, until], by channel, in order."""
    rows = await connection.execute(
        text(
            "SELECT m.channel_id, m.message_id FROM posts p JOIN channel_messages m ON m.post_id = p.id"
            " WHERE p.posted_at > :since AND p.posted_at <= :until AND p.deleted_at IS NULL"
            " AND p.channel_id = ANY(CAST(:channels AS bigint[])) AND m.kind IN ('post', 'part')"
            " ORDER BY m.channel_id, m.message_id"
        ),
        {"channels": list(channel_ids), "since": since, "until": until},
    )
    found: dict[ChannelId, list[MessageId]] = {}
    for channel_id, message_id in rows:
        found.setdefault(ChannelId(channel_id), []).append(MessageId(message_id))
    return found
