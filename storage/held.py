"""Everything that is held about a chat and the person in it, for who asks: the rows themselves, by table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, func, literal_column, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ties
from storage.ids import ChatId

INTERNAL = frozenset({"lease_token", "leased_until_at", "token_hash", "version"})
"""Columns that say nothing about anybody: locks, hashes of secrets, counters."""

MOST_ROWS = 100_000
"""Rows of one table: far more than a chat can have in the time that deliveries are kept."""


async def held_about(connection: AsyncConnection, chat_id: ChatId) -> dict[str, list[dict[str, Any]]]:
    """Rows about a chat and its person as JSON values, by table; tables with none are left out."""
    found = {table.name: await _rows(connection, table, chat_id) for table in ties.tables()}
    return {name: rows for name, rows in sorted(found.items()) if rows}


async def _rows(connection: AsyncConnection, table: Table, chat_id: ChatId) -> list[dict[str, Any]]:
    whole = type_coerce(func.to_jsonb(literal_column(f'"{table.name}"')), JSONB)
    statement = select(whole).select_from(table).where(ties.is_about(table, chat_id)).limit(MOST_ROWS)
    rows = (await connection.execute(statement)).scalars()
    return [{name: value for name, value in row.items() if name not in INTERNAL} for row in rows]
