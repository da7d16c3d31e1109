"""Standing queries: made, changed and ended by their subscriber, and followed by ingest through one counter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import any_, exists, func, select, update
from sqlalchemy import delete as delete_rows
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.query import Query
from storage.ids import SubscriberId, SubscriptionId
from storage.models import DeliveryRow, SubscriptionCounterRow, SubscriptionRow
from storage.owing import wait_for_owing
from storage.post_values import storable


@dataclass(frozen=True, slots=True)
class Subscription:
    """A standing query as stored; `query` is `str(query)` with channels by number."""

    id: SubscriptionId
    subscriber_id: SubscriberId
    name: str
    query: str
    state: str


COLUMNS = (
    SubscriptionRow.id,
    SubscriptionRow.subscriber_id,
    SubscriptionRow.name,
    SubscriptionRow.query,
    SubscriptionRow.state,
)


def subscription_of(row: Any) -> Subscription:
    """A subscription from a row (or tuple) of COLUMNS."""
    return Subscription(*row)


async def draft(connection: AsyncConnection, subscriber_id: SubscriberId, *, name: str, query: Query) -> SubscriptionId:
    """Keep a query that waits for its subscriber's tap; ingest does not see it yet. Older drafts of theirs go."""
    await connection.execute(
        delete_rows(SubscriptionRow).where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.state == "draft",
            SubscriptionRow.created_at < func.now() - func.make_interval(0, 0, 0, 1),
        )
    )
    number = await connection.scalar(
        insert(SubscriptionRow)
        .values(
            subscriber_id=subscriber_id,
            name=storable(name),
            query=str(query),
            canonical=query.canonical,
            state="draft",
            version=0,
        )
        .returning(SubscriptionRow.id)
    )
    return SubscriptionId(int(number or 0))


async def confirm(
    connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId
) -> Subscription | None:
    """Turn a draft into a subscription; one that asks the same already is returned (and resumed) instead.

    None when the subscriber has no such draft. Confirming twice is confirming once.
    """
    if await own_row(connection, subscriber_id, subscription_id, "draft", "active", "paused") is None:
        return None
    version = await bump(connection)  # before looking closer: its row lock makes two taps wait for each other
    wanted = await own_row(connection, subscriber_id, subscription_id, "draft", "active", "paused", lock=True)
    if wanted is None:
        return None
    if wanted.state != "draft":
        return await change_row(connection, subscription_id, version, state="active")
    twin = await connection.scalar(
        select(SubscriptionRow.id)
        .where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.canonical == wanted.canonical,
            SubscriptionRow.state.in_(["active", "paused"]),
            SubscriptionRow.id != subscription_id,
        )
        .order_by(SubscriptionRow.id)
        .limit(1)
    )
    if twin is not None:
        await connection.execute(delete_rows(SubscriptionRow).where(SubscriptionRow.id == subscription_id))
        subscription_id = SubscriptionId(twin)
    return await change_row(connection, subscription_id, version, state="active")


async def get(
    connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId
) -> Subscription | None:
    """A subscriber's own subscription or draft."""
    row = await own_row(connection, subscriber_id, subscription_id, "draft", "active", "paused")
    return subscription_of(row[:5]) if row else None


async def list_for(connection: AsyncConnection, subscriber_id: SubscriberId) -> list[Subscription]:
    """A subscriber's subscriptions, active and paused, in the order they were made."""
    rows = await connection.execute(
        select(*COLUMNS)
        .where(SubscriptionRow.subscriber_id == subscriber_id, SubscriptionRow.state.in_(["active", "paused"]))
        .order_by(SubscriptionRow.id)
    )
    return [subscription_of(row) for row in rows]


async def pause(connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId) -> bool:
    """Stop matching for a while; alerts that only it asked for and that are not sent yet are cancelled."""
    return await _move(connection, subscriber_id, subscription_id, "active", state="paused")


async def resume(connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId) -> bool:
    """Match again."""
    return await _move(connection, subscriber_id, subscription_id, "paused", state="active")


async def rename(
    connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId, name: str
) -> bool:
    """Give it another name."""
    return await _move(connection, subscriber_id, subscription_id, "active", "paused", name=storable(name))


async def delete(connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId) -> bool:
    """End it: its words are gone at once, its number stays until every ingest has heard of it."""
    return await _move(
        connection, subscriber_id, subscription_id, "active", "paused", "draft",
        state="deleted", name="", query="", canonical="",
    )  # fmt: skip


async def counter(connection: AsyncConnection) -> int:
    """The number of the last change to any subscription."""
    return int(await connection.scalar(select(SubscriptionCounterRow.version)) or 0)


async def changes_since(
    connection: AsyncConnection, version: int, limit: int | None = None, *, latest: int | None = None
) -> tuple[int, list[Subscription]]:
    """The counter, and every subscription that changed after `version` (drafts left out, deleted ones included).

    The counter is read first: a change that commits in between is given twice, never missed. `latest` is what it said
    to whom has read it in this transaction already (`storage.definitions.read_counters`). With a `limit`, as many
    changes as that may not be all of them.
    """
    latest = await counter(connection) if latest is None else latest
    if latest == version:
        return latest, []
    rows = await connection.execute(
        select(*COLUMNS).where(SubscriptionRow.version > version, SubscriptionRow.state != "draft").limit(limit)
    )
    return latest, [subscription_of(row) for row in rows]


async def active(connection: AsyncConnection, size: int) -> AsyncIterator[list[Subscription]]:
    """All active subscriptions, so many at a time, as they are at one moment."""
    async with connection.stream(
        select(*COLUMNS).where(SubscriptionRow.state == "active"), execution_options={"yield_per": size}
    ) as rows:
        async for part in rows.partitions():
            yield [subscription_of(row) for row in part]


async def bump(connection: AsyncConnection) -> int:
    """The next number for a change. The row lock is held until commit: the order of numbers is that of commits."""
    value = await connection.scalar(
        update(SubscriptionCounterRow)
        .values(version=SubscriptionCounterRow.version + 1)
        .returning(SubscriptionCounterRow.version)
    )
    return int(value or 0)


async def own_row(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    *states: str,
    lock: bool = False,
) -> Any:
    """COLUMNS and the canonical query of a subscriber's own subscription, if it is in one of the states."""
    statement = select(*COLUMNS, SubscriptionRow.canonical).where(
        SubscriptionRow.id == subscription_id,
        SubscriptionRow.subscriber_id == subscriber_id,
        SubscriptionRow.state.in_(states),
    )
    return (await connection.execute(statement.with_for_update() if lock else statement)).first()


async def change_row(
    connection: AsyncConnection, subscription_id: SubscriptionId, version: int, **values: str
) -> Subscription:
    """Write the values, with the counter's number for it (0 of a draft, of which ingest is not to hear)."""
    row = (
        await connection.execute(
            update(SubscriptionRow)
            .where(SubscriptionRow.id == subscription_id)
            .values(version=version, **values)
            .returning(*COLUMNS)
        )
    ).one()
    return subscription_of(row)


async def _move(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    *from_states: str,
    **values: str,
) -> bool:
    if await own_row(connection, subscriber_id, subscription_id, *from_states) is None:
        return False  # nobody has to hear of it, nor to wait
    version = await bump(connection)
    await wait_for_owing(connection)
    if await own_row(connection, subscriber_id, subscription_id, *from_states, lock=True) is None:
        return False
    await change_row(connection, subscription_id, version, **values)
    await _cancel_unwanted(connection, subscriber_id)
    return True


async def _cancel_unwanted(connection: AsyncConnection, subscriber_id: SubscriberId) -> None:
    still_wanted = select(SubscriptionRow.id).where(
        SubscriptionRow.id == any_(DeliveryRow.reasons), SubscriptionRow.state == "active"
    )
    await connection.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.subscriber_id == subscriber_id,
            DeliveryRow.kind == "alert",
            DeliveryRow.state.in_(["pending", "unknown"]),
            ~exists(still_wanted),
        )
        .values(state="cancelled", detail="no subscription asks for it any more", settled_at=func.now())
    )
