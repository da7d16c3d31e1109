"""Channels that nobody can look at: since when, and the notice when it lasts."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChannelId
from storage.notices import Kind, notify_operators

BLIND_AFTER = dt.timedelta(minutes=5)
"""Sweeps come every 20 s or sooner. Five minutes without one are more than a usual flood wait or a restart."""

LOSE_SIGHT = text(
    """
    UPDATE channels SET blind_since_at = coalesce(reconciled_at, changed_at)
    WHERE state = 'active' AND watermark IS NOT NULL AND blind_since_at IS NULL
        AND coalesce(reconciled_at, changed_at) < now() - CAST(:after AS interval)
    RETURNING id, extract(epoch FROM now() - blind_since_at) / 60 AS minutes
    """
)
"""A channel without a watermark is followed by its public pages only (decision 10): nobody is to look at it."""

SEE_AGAIN = text(
    """
    UPDATE channels SET blind_since_at = NULL
    WHERE blind_since_at IS NOT NULL AND (state <> 'active' OR reconciled_at > blind_since_at) RETURNING id, state
    """
)


async def note_blindness(connection: AsyncConnection, after: dt.timedelta = BLIND_AFTER) -> list[ChannelId]:
    """Tell operators of active channels that could not be looked at for so long, and of those that can be again.

    Returns the newly blind ones. Each is told once, and once when it is over.
    """
    for number, state in (await connection.execute(SEE_AGAIN)).all():
        if state == "active":
            await notify_operators(connection, Kind.SEES_AGAIN, channel_id=ChannelId(number))
    blind = (await connection.execute(LOSE_SIGHT, {"after": after})).all()
    for number, minutes in blind:
        await notify_operators(connection, Kind.BLIND, channel_id=ChannelId(number), minutes=round(minutes))
    return [ChannelId(number) for number, _ in blind]
