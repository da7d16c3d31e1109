"""How often a story alerts: with every post, with its first, or once so many channels tell it."""

from __future__ import annotations

from typing import Literal, cast

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import SubscriberId, SubscriptionId
from storage.models import SubscriptionRow

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
