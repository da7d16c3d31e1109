"""When a subscriber hears: digests, quiet hours and pauses, kept as moments that a job renews (`bot.schedule_jobs`).

What is owed is owed in its post's commit, as if nobody slept; `storage.deferring` decides about it when it is due.

Whoever changes or applies a subscriber's terms holds the row of `subscriber_schedules` until the commit. Who has locked
deliveries already never waits for it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import SubscriberId, SubscriptionId
from storage.models import SubscriberScheduleRow, SubscriptionRow, SubscriptionScheduleRow
from storage.owing import ALERT_PRIORITY, LATE_PRIORITY

Pace = Literal["instant", "hourly", "daily"]
QuietWay = Literal["hold", "digest", "chosen"]

DIGEST_PRIORITY = 26
"""After alerts, before what was found late (design: reply, alert, digest, amendment). No other row has it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a subscriber has set; minutes are those of the day by their clock."""

    quiet_from: int | None = None
    quiet_until: int | None = None
    quiet_way: QuietWay = "hold"
    paused_until_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """How a subscription comes. `next_run_at` of a digest is none while it is being found out."""

    pace: Pace = "instant"
    digest_hour: int | None = None
    comes_through: bool = False
    next_run_at: dt.datetime | None = None


async def terms_of(connection: AsyncConnection, subscriber_id: SubscriberId) -> Terms:
    """What the subscriber has set; everything at once for who has set nothing."""
    row = SubscriberScheduleRow
    columns = (row.quiet_from, row.quiet_until, row.quiet_way, row.paused_until_at)
    found = (await connection.execute(select(*columns).where(row.subscriber_id == subscriber_id))).first()
    return _terms(found) if found else Terms()


async def coming_of(connection: AsyncConnection, subscriber_id: SubscriberId) -> dict[SubscriptionId, Coming]:
    """How the subscriber's subscriptions come; those that were never set otherwise are left out."""
    row = SubscriptionScheduleRow
    columns = (row.subscription_id, row.pace, row.digest_hour, row.comes_through, row.next_run_at)
    found = await connection.execute(
        select(*columns)
        .join(SubscriptionRow, SubscriptionRow.id == row.subscription_id)
        .where(SubscriptionRow.subscriber_id == subscriber_id)
    )
    return {SubscriptionId(row.subscription_id): _coming(row) for row in found}


def _terms(row: Any) -> Terms:
    return Terms(*row)


def _coming(row: Any) -> Coming:
    return Coming(*row[1:])


async def set_quiet(
    connection: AsyncConnection,
    subscriber_id: SubscriberId,
    hours: tuple[int, int] | None,
    way: QuietWay | None = None,
) -> None:
    """Be quiet between those minutes of the day, or (None) never. `way`: what happens meanwhile; None: as before."""
    quiet_from, quiet_until = hours or (None, None)
    values: dict[str, Any] = {"quiet_from": quiet_from, "quiet_until": quiet_until}
    values |= {"quiet_from_at": None, "quiet_until_at": None} | ({"quiet_way": way} if way else {})
    await _set(connection, subscriber_id, values)


async def pause(connection: AsyncConnection, subscriber_id: SubscriberId, until_at: dt.datetime | None) -> None:
    """Owe nothing before that moment, and then one message; None ends a pause, and what waited for its end comes so."""
    await lock(connection, subscriber_id)
    values = {"subscriber": subscriber_id, "digest": DIGEST_PRIORITY}
    waited = list(await connection.scalars(WAITED_FOR_PAUSE, values)) if until_at is None else []
    await _set(connection, subscriber_id, {"paused_until_at": until_at})
    if waited:
        await connection.execute(COME_TOGETHER, {"ids": waited, "digest": DIGEST_PRIORITY})


WAITED_FOR_PAUSE = text(
    "SELECT d.id FROM deliveries d JOIN subscriber_schedules t ON t.subscriber_id = d.subscriber_id"
    " WHERE d.subscriber_id = :subscriber AND d.kind = 'alert' AND d.state = 'pending' AND d.priority = :digest"
    " AND d.attempt = 0 AND d.unknowns = 0 AND d.due_at = t.paused_until_at FOR UPDATE OF d"
)
COME_TOGETHER = text(
    "UPDATE deliveries SET priority = CAST(:digest AS smallint), due_at = statement_timestamp()"
    " WHERE id = ANY(CAST(:ids AS bigint[])) AND state = 'pending'"
)


async def set_coming(
    connection: AsyncConnection, subscriber_id: SubscriberId, subscription_id: SubscriptionId, coming: Coming
) -> bool:
    """Let a subscription come so from now on; False when the subscriber has no such subscription."""
    owned = select(SubscriptionRow.id).where(
        SubscriptionRow.id == subscription_id,
        SubscriptionRow.subscriber_id == subscriber_id,
        SubscriptionRow.state.in_(["active", "paused"]),
    )
    await lock(connection, subscriber_id)
    if await connection.scalar(owned) is None:
        return False
    values = {
        "pace": coming.pace,
        "digest_hour": coming.digest_hour if coming.pace == "daily" else None,
        "comes_through": coming.comes_through,
        "next_run_at": coming.next_run_at,
    }
    await connection.execute(
        insert(SubscriptionScheduleRow)
        .values(subscription_id=subscription_id, **values)
        .on_conflict_do_update(index_elements=["subscription_id"], set_=values)
    )
    await reconsider(connection, subscriber_id)
    return True


async def reconsider(connection: AsyncConnection, subscriber_id: SubscriberId) -> None:
    """Look anew at all that waits for the subscriber, by their terms as they are now."""
    values = {"subscriber": subscriber_id, "alert": ALERT_PRIORITY, "late": LATE_PRIORITY}
    await connection.execute(RECONSIDER, values)
    await notify(connection, "schedules")
    await notify(connection, "deliveries")


RECONSIDER = text(
    "UPDATE deliveries SET due_at = least(due_at, statement_timestamp()),"
    " priority = CASE WHEN is_late THEN CAST(:late AS smallint) ELSE CAST(:alert AS smallint) END"
    " WHERE subscriber_id = :subscriber AND kind = 'alert' AND state = 'pending' AND attempt = 0 AND unknowns = 0"
)
"""What was tried before waits for Telegram's sake, not for the subscriber's."""


async def _set(connection: AsyncConnection, subscriber_id: SubscriberId, values: dict[str, Any]) -> None:
    await connection.execute(
        insert(SubscriberScheduleRow)
        .values(subscriber_id=subscriber_id, **values)
        .on_conflict_do_update(index_elements=["subscriber_id"], set_=values)
    )
    await reconsider(connection, subscriber_id)


async def lock(connection: AsyncConnection, subscriber_id: SubscriberId) -> None:
    """Nobody else changes or applies the subscriber's terms until this commits; the row is made if there is none."""
    values = {"subscriber_id": subscriber_id}
    await connection.execute(
        insert(SubscriberScheduleRow)
        .values(**values)
        .on_conflict_do_update(index_elements=["subscriber_id"], set_=values)
    )
