"""Telegram's FLOOD_WAITs: which method an account has to leave alone, and until when, by the database's clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import AccountId


@dataclass(frozen=True, slots=True)
class FloodWait:
    """`method` as Telegram calls it, without the namespace: GetHistory, JoinChannel."""

    method: str
    until_at: dt.datetime
    left: dt.timedelta


async def note_flood_wait(connection: AsyncConnection, account_id: AccountId, method: str, wait: dt.timedelta) -> None:
    """Telegram told an account to leave a method alone for so long. Of two waits the longer counts."""
    await connection.execute(NOTE, {"account": account_id, "method": method, "wait": wait})


NOTE = text(
    "INSERT INTO flood_waits (account_id, method, until_at)"
    " SELECT id, :method, now() + CAST(:wait AS interval) FROM accounts WHERE id = :account"  # it may be removed
    " ON CONFLICT (account_id, method) DO UPDATE SET until_at = greatest(flood_waits.until_at, EXCLUDED.until_at)"
)


async def flood_waits_of(connection: AsyncConnection, account_id: AccountId) -> list[FloodWait]:
    """What an account has to leave alone now, by method."""
    return [FloodWait(*row) for row in await connection.execute(OPEN, {"account": account_id})]


OPEN = text(
    "SELECT method, until_at, until_at - now() FROM flood_waits"
    " WHERE account_id = :account AND until_at > now() ORDER BY method"
)
