"""Standing queries: made, changed and ended by their subscriber, and followed by ingest through one counter."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Literal, cast

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
    version = await bump(connection)  # first: its row lock makes two taps wait for each other
    wanted = await _row(connection, subscriber_id, subscription_id, "draft", "active", "paused", lock=True)
    if wanted is None:
        return None
    if wanted.state != "draft":
        return await _change(connection, subscription_id, version, state="active")
    twin = await connection.scalar(
        select(SubscriptionRow.id)
        .where(
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.canonical == wanted.canonical,
            SubscriptionRow.state.in_(["active", "paused"]),
            SubscriptionRow.id != subscription_id,
        )
        .limit(1)
    )
    if twin is not None:
        await connection.execute(delete_rows(SubscriptionRow).where(SubscriptionRow.id == subscription_id))
        subscription_id = SubscriptionId(twin)
    return await _change(connection, subscription_id, version, state="active")


async def get(
    connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId
) -> Subscription | None:
    """A subscriber's own subscription or draft."""
    row = await _row(connection, subscriber_id, subscription_id, "draft", "active", "paused")
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


async def _row(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    *states: str,
    lock: bool = False,
) -> Any:
    statement = select(*COLUMNS, SubscriptionRow.canonical).where(
        SubscriptionRow.id == subscription_id,
        SubscriptionRow.subscriber_id == subscriber_id,
        SubscriptionRow.state.in_(states),
    )
    return (await connection.execute(statement.with_for_update() if lock else statement)).first()


async def _change(
    connection: AsyncConnection, subscription_id: SubscriptionId, version: int, **values: str
) -> Subscription:
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
    version = await bump(connection)
    await wait_for_owing(connection)
    if await _row(connection, subscriber_id, subscription_id, *from_states, lock=True) is None:
        return False
    await _change(connection, subscription_id, version, **values)
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


Mode = Literal["every", "first", "nth"]
"""Alert to every post; to the first of a story; or once so many channels tell it."""


async def set_mode(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    mode: Mode,
    nth: int | None = None,
) -> bool:
    """Alert so from now on; False when the subscriber has no such subscription. `nth`: 2 to 20, with "nth" only.

    Ingest need not hear of it: what is owed is decided where it is written (`storage.owing`).
    """
    changed = await connection.execute(
        update(SubscriptionRow)
        .where(
            SubscriptionRow.id == subscription_id,
            SubscriptionRow.subscriber_id == subscriber_id,
            SubscriptionRow.state != "deleted",
        )
        .values(mode=mode, nth=nth)
        .returning(SubscriptionRow.id)
    )
    return changed.first() is not None


async def modes_of(
    connection: AsyncConnection, subscriber_id: SubscriberId
) -> dict[SubscriptionId, tuple[Mode, int | None]]:
    """How each of a subscriber's subscriptions alerts."""
    rows = await connection.execute(
        select(SubscriptionRow.id, SubscriptionRow.mode, SubscriptionRow.nth).where(
            SubscriptionRow.subscriber_id == subscriber_id
        )
    )
    return {SubscriptionId(row.id): (cast("Mode", row.mode), row.nth) for row in rows}


def fingerprint(query: str) -> str:
    """Eight characters that tell a stored query from others: a button says with them which query it is to bring."""
    return hashlib.sha256(query.encode()).hexdigest()[:8]


async def exchange(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    subscription_id: SubscriptionId,
    draft_id: SubscriptionId,
    wanted: str,
) -> Subscription | None:
    """Give a subscription the name and query of a draft, and the draft those it had: the same the other way undoes it.

    `wanted` is the `fingerprint` of the query that the subscription shall have: twice is once. None when the subscriber
    has no such subscription, or no such draft any more.
    """
    version = await bump(connection)  # first: its row lock makes two taps wait for each other
    own = await _row(connection, subscriber_id, subscription_id, "active", "paused", lock=True)
    if own is None or fingerprint(own.query) == wanted:
        return subscription_of(own[:5]) if own else None
    other = await _row(connection, subscriber_id, draft_id, "draft", lock=True)
    if other is None or fingerprint(other.query) != wanted:
        return None
    await _change(connection, draft_id, 0, name=own.name, query=own.query, canonical=own.canonical)
    values = {"name": other.name, "query": other.query, "canonical": other.canonical}
    return await _change(connection, subscription_id, version, **values)
