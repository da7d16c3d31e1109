"""The inbox: every update is committed before Telegram may forget it, handled once, and its replies outlive a crash.

    new -> answering -> done        its effects and its replies are one commit; then the replies go out, one by one
     |-> quarantine                 it failed three times
     |-> done                       nobody asks for anything

A row that is done keeps its number, so that an update that comes again is known, and no word of what it said.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.models import NoticeRow
from storage.post_values import storable, storable_json

KEPT = dt.timedelta(days=7)
"""How long handled and quarantined updates are remembered (docs/privacy-and-terms.md); Telegram keeps its own for a day
(Bot API documentation), so none of these can come again."""

BIGGEST = 2**63
"""Numbers from here on PostgreSQL's bigint does not hold."""


class Alarm(StrEnum):
    """What operators are told of the intake of updates, as notices of this kind."""

    QUARANTINED = "quarantined"
    """An update failed again and again and was set aside."""
    CONFLICT = "conflict"
    """Another program polls with the bot's token."""


class Superseded(Exception):
    """Another process has handled this update meanwhile: whatever was done with it here must be rolled back."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An update as it came, and whose it is."""

    update_id: int
    chat_id: int
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """An open update of the inbox."""

    update_id: int
    chat_id: int
    raw: dict[str, Any]
    state: str
    """new or answering."""
    tries: int
    replies: list[dict[str, Any]]
    answered: int
    begun: int


async def store(connection: AsyncConnection, updates: Sequence[Arrived]) -> int:
    """Keep updates in the order in which they came; those that are kept already are left as they are. How many are new.

    Commit, and only then confirm them to Telegram.
    """
    values = {
        "ids": [update.update_id for update in updates],
        "chats": [update.chat_id for update in updates],
        "raws": [json.dumps(storable_json(update.raw)) for update in updates],
    }
    return (await connection.execute(STORE, values)).rowcount


async def store_unreadable(connection: AsyncConnection, update: Arrived, error: str) -> None:
    """Keep the number of an update that the database will not have, and tell the operators."""
    await connection.execute(
        STORE_UNREADABLE, {"id": update.update_id, "chat": update.chat_id, "error": storable(error)}
    )
    await alarm(connection, Alarm.QUARANTINED)


async def heads(connection: AsyncConnection, busy: Collection[int], limit: int) -> list[Received]:
    """The earliest open update of each chat that is not `busy`."""
    rows = await connection.execute(HEADS, {"busy": list(busy), "limit": limit})
    return [Received(*row) for row in rows]


async def next_of(connection: AsyncConnection, chat_id: int) -> Received | None:
    """The earliest open update of one chat."""
    row = (await connection.execute(NEXT, {"chat": chat_id})).first()
    return Received(*row) if row else None


async def mark_handled(connection: AsyncConnection, update_id: int, replies: Sequence[dict[str, Any]]) -> bool:
    """In the transaction that holds an update's effects: it is never handled again, and this is what to say for it.

    Raises Superseded when another process was first. False when its own handling has erased it: nothing is kept then.
    """
    values = {"id": update_id, "replies": json.dumps(storable_json(list(replies)))}
    if (await connection.execute(HANDLED, values)).first() is not None:
        return True
    if await connection.scalar(EXISTS, {"id": update_id}):
        raise Superseded
    return False


async def mark_begun(connection: AsyncConnection, update_id: int, times: int) -> None:
    """How often the next reply may have been sent: commit one more before each request, one less when it was not."""
    await connection.execute(BEGUN, {"id": update_id, "times": times})


async def mark_answered(connection: AsyncConnection, update_id: int, count: int) -> None:
    """So many replies are settled; with the last one the update is done."""
    await connection.execute(ANSWERED, {"id": update_id, "count": count})


async def mark_failed(connection: AsyncConnection, update_id: int, error: str, *, most_tries: int) -> bool:
    """Its handling failed and was rolled back. True when that was once too often: it is set aside, operators told."""
    state = await connection.scalar(FAILED, {"id": update_id, "error": storable(error), "most": most_tries})
    if state == "quarantine":
        await alarm(connection, Alarm.QUARANTINED)
    return bool(state == "quarantine")


async def alarm(connection: AsyncConnection, kind: Alarm) -> None:
    """Note something for every operator; the bot wakes when this commits."""
    await connection.execute(insert(NoticeRow).values(kind=kind.value, channel_id=None, detail={}))
    await notify(connection, "notices")


async def purge(connection: AsyncConnection, older_than: dt.timedelta = KEPT) -> int:
    """Forget updates that were settled long ago. Returns how many."""
    return (await connection.execute(PURGE, {"age": older_than})).rowcount


STORE = text(
    "INSERT INTO inbox (update_id, chat_id, raw)"
    " SELECT id, chat, CAST(raw AS jsonb) FROM unnest("
    "CAST(:ids AS bigint[]), CAST(:chats AS bigint[]), CAST(:raws AS text[])"
    ") WITH ORDINALITY AS came(id, chat, raw, place) ORDER BY place ON CONFLICT DO NOTHING"
)

STORE_UNREADABLE = text(
    "INSERT INTO inbox (update_id, chat_id, raw, state, tries, error, done_at)"
    " VALUES (:id, :chat, '{}', 'quarantine', 1, :error, now()) ON CONFLICT DO NOTHING"
)

COLUMNS = "update_id, chat_id, raw, state, tries, replies, answered, begun"

HEADS = text(
    f"SELECT DISTINCT ON (chat_id) {COLUMNS} FROM inbox"  # noqa: S608 - our own column names
    " WHERE state IN ('new', 'answering') AND chat_id <> ALL(CAST(:busy AS bigint[]))"
    " ORDER BY chat_id, arrival LIMIT :limit"
)

NEXT = text(
    f"SELECT {COLUMNS} FROM inbox"  # noqa: S608
    " WHERE state IN ('new', 'answering') AND chat_id = :chat ORDER BY arrival LIMIT 1"
)

HANDLED = text(
    "UPDATE inbox SET replies = CAST(:replies AS jsonb), error = NULL,"
    " state = CASE WHEN CAST(:replies AS jsonb) = '[]' THEN 'done' ELSE 'answering' END,"
    " done_at = CASE WHEN CAST(:replies AS jsonb) = '[]' THEN now() END, raw = '{}'"
    " WHERE update_id = :id AND state = 'new' RETURNING update_id"
)

EXISTS = text("SELECT EXISTS (SELECT FROM inbox WHERE update_id = :id)")

BEGUN = text("UPDATE inbox SET begun = :times WHERE update_id = :id AND state = 'answering'")

ANSWERED = text(
    "UPDATE inbox SET answered = :count, begun = 0,"
    " state = CASE WHEN :count >= jsonb_array_length(replies) THEN 'done' ELSE state END,"
    " done_at = CASE WHEN :count >= jsonb_array_length(replies) THEN now() END,"
    " replies = CASE WHEN :count >= jsonb_array_length(replies) THEN '[]' ELSE replies END"
    " WHERE update_id = :id AND state = 'answering'"
)

FAILED = text(
    "UPDATE inbox SET tries = tries + 1, error = :error,"
    " state = CASE WHEN tries + 1 >= :most THEN 'quarantine' ELSE state END,"
    " done_at = CASE WHEN tries + 1 >= :most THEN now() END"
    " WHERE update_id = :id AND state = 'new' RETURNING state"
)

PURGE = text("DELETE FROM inbox WHERE done_at < now() - CAST(:age AS interval)")
