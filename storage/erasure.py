"""Forgetting a chat and its person for good: what is owed is cancelled first, what is being sent ends, then all goes.

request     with the words of its subscriptions, one commit
is_busy     until nothing is being sent there, and nothing that was said there waits
finish      every row that is about it, and the request itself, one commit
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import ties
from storage.database import notify
from storage.ids import ChatId, SubscriberId
from storage.models import DeliveryRow, ErasureRow, SubscriberRow, SubscriptionRow
from storage.owing import wait_for_owing
from storage.subscriptions import bump

NOBODY = ChatId(0)
"""The chat of the one subscriber that stands for all who are forgotten: it has the numbers of their subscriptions, by
which every ingest hears that those are gone (storage.subscriptions.delete), and nothing else."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """A chat that is to be forgotten, where to say that it is done, and in which language."""

    chat_id: ChatId
    thread_id: int
    language: str


async def request(connection: AsyncConnection, chat_id: ChatId, *, language: str = "en", thread_id: int = 0) -> None:
    """Owe the chat nothing from now on, take its queries' words away, and keep in mind that it is to be forgotten."""
    version = await bump(connection)
    await wait_for_owing(connection)
    owned = list(
        (
            await connection.execute(
                update(SubscriberRow)
                .where(SubscriberRow.chat_id == chat_id)
                .values(state="suspended", state_detail="to be forgotten")
                .returning(SubscriberRow.id)
            )
        ).scalars()
    )
    await connection.execute(
        update(SubscriptionRow)
        .where(SubscriptionRow.subscriber_id.in_(owned))
        .values(state="deleted", name="", query="", canonical="", version=version)
    )
    await connection.execute(
        update(DeliveryRow)
        .where(DeliveryRow.subscriber_id.in_(owned), DeliveryRow.state.in_(["pending", "unknown", "leased"]))
        .values(state="cancelled", detail="to be forgotten", settled_at=func.now())
    )
    await connection.execute(
        upsert(ErasureRow).values(chat_id=chat_id, thread_id=thread_id, language=language).on_conflict_do_nothing()
    )
    await notify(connection, "erasures")


async def requested(connection: AsyncConnection) -> list[Erasure]:
    """What is to be forgotten, the oldest first."""
    columns = (ErasureRow.chat_id, ErasureRow.thread_id, ErasureRow.language)
    rows = await connection.execute(select(*columns).order_by(ErasureRow.asked_at))
    return [Erasure(ChatId(row.chat_id), row.thread_id, row.language) for row in rows]


async def is_busy(connection: AsyncConnection, chat_id: ChatId) -> bool:
    """Whether something is being sent there at this moment, or was said there that is not answered yet."""
    return bool(await connection.scalar(BUSY, {"chat": chat_id}))


BUSY = text(
    "SELECT EXISTS (SELECT FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id"
    " WHERE s.chat_id = :chat AND d.state = 'sending')"
    " OR EXISTS (SELECT FROM inbox WHERE chat_id = :chat AND state IN ('new', 'answering'))"
)


async def finish(connection: AsyncConnection, chat_id: ChatId) -> int:
    """Erase every row that is about the chat or its person, and the request. Returns how many rows there were.

    What a person did to rows of others (let them in, invited them) is kept without the person's number.
    """
    await bump(connection)  # first, as everywhere: it comes before the lock
    await wait_for_owing(connection)
    gone = await connection.execute(
        select(SubscriptionRow.id)
        .join(SubscriberRow, SubscriberRow.id == SubscriptionRow.subscriber_id)
        .where(SubscriberRow.chat_id == chat_id)
    )
    numbers = list(gone.scalars())
    erased = 0
    for table in ties.tables():
        for name in ties.doers(table):
            await connection.execute(update(table).where(table.c[name] == chat_id).values({name: None}))
        erased += (await connection.execute(delete(table).where(ties.is_about(table, chat_id)))).rowcount
    await _bury(connection, numbers)
    return erased


async def _bury(connection: AsyncConnection, numbers: list[int]) -> None:
    """Let ingest hear that these subscriptions are gone: numbers without a word or an owner."""
    if not numbers:
        return
    nobody = SubscriberId(
        (
            await connection.execute(
                upsert(SubscriberRow)
                .values(chat_id=NOBODY, thread_id=0, chat_type="private", language="en", state="suspended")
                .on_conflict_do_update(index_elements=["chat_id", "thread_id"], set_={"state": "suspended"})
                .returning(SubscriberRow.id)
            )
        ).scalar_one()
    )
    await connection.execute(BURY, {"ids": numbers, "nobody": nobody})


BURY = text(
    "INSERT INTO subscriptions (id, subscriber_id, name, query, canonical, state, version) OVERRIDING SYSTEM VALUE"
    " SELECT id, :nobody, '', '', '', 'deleted', (SELECT version FROM subscription_counter)"
    " FROM unnest(CAST(:ids AS bigint[])) AS id"
)
