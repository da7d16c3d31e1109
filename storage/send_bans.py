"""Until when Telegram told us not to send, and to whom: kept, so that a restart does not forget it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.models import SendBanRow


async def ban(connection: AsyncConnection, chat_id: int, until_at: dt.datetime) -> None:
    """Telegram told us to wait: for one chat, or (chat 0) altogether. Kept across restarts."""
    await connection.execute(
        text(
            "INSERT INTO send_bans (chat_id, until_at) VALUES (:chat, :until) ON CONFLICT (chat_id)"
            " DO UPDATE SET until_at = greatest(send_bans.until_at, excluded.until_at)"
        ),
        {"chat": chat_id, "until": until_at},
    )


async def bans(connection: AsyncConnection) -> dict[int, dt.datetime]:
    """Bans that still hold, by chat (0: the whole bot); those that are over are forgotten."""
    await connection.execute(text("DELETE FROM send_bans WHERE until_at <= now()"))
    rows = await connection.execute(select(SendBanRow.chat_id, SendBanRow.until_at))
    return {row.chat_id: row.until_at for row in rows}
