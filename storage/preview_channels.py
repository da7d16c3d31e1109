"""Channels that no account reads: those that are followed by their public preview pages instead."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import ChannelId, MessageId

PATIENCE = dt.timedelta(minutes=2)
"""So long accounts have to take a channel before its pages are read; where there is no account, nothing is waited."""


@dataclass(frozen=True, slots=True)
class UnreadChannel:
    """A channel with a public name that no account reads."""

    id: ChannelId
    username: str
    telegram_id: int | None
    state: str
    newest: MessageId | None
    """The largest message id that is accounted for."""


UNREAD = text(
    """
    SELECT c.id, c.username, c.telegram_id, c.state, (SELECT max(message_id) FROM channel_messages m
            WHERE m.channel_id = c.id AND m.kind IN ('post', 'part', 'service')) AS newest
    FROM channels c
    WHERE c.username IS NOT NULL AND c.state IN ('requested', 'active', 'lost', 'private', 'kicked')
        AND (c.reader_until_at IS NULL OR c.reader_until_at <= now())
        AND (NOT EXISTS (SELECT FROM accounts WHERE state = 'ready')
            OR greatest(c.changed_at, c.reader_until_at) < now() - CAST(:patience AS interval))
    ORDER BY c.id
    """
)


async def unread_channels(connection: AsyncConnection, patience: dt.timedelta = PATIENCE) -> list[UnreadChannel]:
    """The channels that only their pages can be read of at the moment."""
    rows = await connection.execute(UNREAD, {"patience": patience})
    return [UnreadChannel(*row) for row in rows]


async def mark_followed(connection: AsyncConnection, channel_id: ChannelId) -> None:
    """The pages of a requested channel can be read: it is active, and an account that has room may take it over."""
    await connection.execute(
        text(
            "UPDATE channels SET state = 'active', state_detail = NULL, changed_at = now()"
            " WHERE id = :id AND state IN ('requested', 'lost')"
        ),
        {"id": channel_id},
    )
    await notify(connection, "channels")
