"""Who asked: a chat, or one thread of it, and whether Telegram lets us speak there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChatId, SubscriberId
from storage.models import DeliveryRow, SubscriberRow
from storage.owing import wait_for_owing
from storage.post_values import storable


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A chat that asked for alerts; `thread_id` 0 is no thread."""

    id: SubscriberId
    chat_id: ChatId
    thread_id: int
    chat_type: str
    language: str
    time_zone: str
    state: str


COLUMNS = (
    SubscriberRow.id,
    SubscriberRow.chat_id,
    SubscriberRow.thread_id,
    SubscriberRow.chat_type,
    SubscriberRow.language,
    SubscriberRow.time_zone,
    SubscriberRow.state,
)


def subscriber_of(row: Any) -> Subscriber:
    """A subscriber from a row (or tuple) of COLUMNS."""
    return Subscriber(*row)


async def enter(
    connection: AsyncConnection, chat_id: ChatId, *, chat_type: str, language: str, thread_id: int = 0
) -> Subscriber:
    """The subscriber of a chat that has just spoken to us: made if new, active again if we were shut out."""
    row = (
        await connection.execute(
            insert(SubscriberRow)
            .values(chat_id=chat_id, thread_id=thread_id, chat_type=chat_type, language=language, state="active")
            .on_conflict_do_update(
                index_elements=["chat_id", "thread_id"],
                set_={"state": "active", "state_detail": None, "chat_type": chat_type},
            )
            .returning(*COLUMNS)
        )
    ).one()
    return subscriber_of(row)


async def get_subscriber(connection: AsyncConnection, subscriber_id: SubscriberId) -> Subscriber | None:
    """The subscriber of that number."""
    row = (await connection.execute(select(*COLUMNS).where(SubscriberRow.id == subscriber_id))).first()
    return subscriber_of(row) if row else None


async def set_language(connection: AsyncConnection, subscriber_id: SubscriberId, language: str) -> None:
    """Speak this language (en, ru, uk) to the subscriber from now on."""
    await connection.execute(update(SubscriberRow).where(SubscriberRow.id == subscriber_id).values(language=language))


async def set_time_zone(connection: AsyncConnection, subscriber_id: SubscriberId, time_zone: str) -> None:
    """Show times to the subscriber in this zone (its IANA name) from now on."""
    await connection.execute(
        update(SubscriberRow).where(SubscriberRow.id == subscriber_id).values(time_zone=storable(time_zone))
    )


async def set_at_most_once(connection: AsyncConnection, subscriber_id: SubscriberId, *, wanted: bool) -> None:
    """Never send the subscriber what may have arrived: rather once too few than once too often.

    Without it, what nobody knows the end of is sent once more and says so (`storage.deliveries.mark_unknown`).
    """
    await connection.execute(update(SubscriberRow).where(SubscriberRow.id == subscriber_id).values(at_most_once=wanted))


async def wants_at_most_once(connection: AsyncConnection, subscriber_id: SubscriberId) -> bool:
    """Whether the subscriber has chosen that."""
    chosen = await connection.scalar(select(SubscriberRow.at_most_once).where(SubscriberRow.id == subscriber_id))
    return bool(chosen)


async def language_of(connection: AsyncConnection, chat_id: int, thread_id: int = 0) -> str | None:
    """The language that a chat has chosen, or had when it first spoke; None for one that has not spoken."""
    found: str | None = await connection.scalar(
        select(SubscriberRow.language).where(SubscriberRow.chat_id == chat_id, SubscriberRow.thread_id == thread_id)
    )
    return found


async def suspend(connection: AsyncConnection, subscriber_id: SubscriberId, why: str) -> None:
    """Telegram refuses the chat: owe it nothing more, keep its subscriptions for the return."""
    why = storable(why)
    await wait_for_owing(connection)
    await connection.execute(
        update(SubscriberRow).where(SubscriberRow.id == subscriber_id).values(state="suspended", state_detail=why)
    )
    await connection.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.subscriber_id == subscriber_id,
            DeliveryRow.state.in_(["pending", "unknown", "leased", "sending"]),
        )
        .values(state="cancelled", detail=why, settled_at=func.now())
    )
