"""Which posts are due to be read again: each once at every age, however long nobody was there to do it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

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


MOST_AT_ONCE = 10_000
"""Messages of one round: about 1 MB, and 100 requests. After days without reading there are millions."""


@dataclass(frozen=True, slots=True)
class Published:
    """Messages by channel, in order; all that were published up to `until`."""

    messages: dict[ChannelId, list[MessageId]]
    until: dt.datetime


async def published_between(
    connection: AsyncConnection,
    channel_ids: Collection[ChannelId],
    since: dt.datetime,
    until: dt.datetime,
    most: int = MOST_AT_ONCE,
) -> Published:
    """The messages of stored, undeleted posts that were published in (since, until], the oldest first.

    About `most` of them: those of one moment are never parted, for Telegram's times are whole seconds.
    """
    values = {"channels": list(channel_ids), "since": since, "until": until, "most": most}
    end = await connection.scalar(LAST_MOMENT, values)
    until = until if end is None else end
    found: dict[ChannelId, list[MessageId]] = {}
    for channel_id, message_id in await connection.execute(PUBLISHED, {**values, "until": until}):
        found.setdefault(ChannelId(channel_id), []).append(MessageId(message_id))
    return Published(found, until)


_PUBLISHED = """
    FROM posts p JOIN channel_messages m ON m.post_id = p.id
    WHERE p.posted_at > :since AND p.posted_at <= :until AND p.deleted_at IS NULL
        AND p.channel_id = ANY(CAST(:channels AS bigint[])) AND m.kind IN ('post', 'part')
"""

LAST_MOMENT = text(f"SELECT p.posted_at {_PUBLISHED} ORDER BY p.posted_at OFFSET :most - 1 LIMIT 1")

PUBLISHED = text(f"SELECT m.channel_id, m.message_id {_PUBLISHED} ORDER BY 1, 2")
