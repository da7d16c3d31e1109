"""The moments of digests and of quiet hours, renewed by a job: what has come is let go, what comes next is noted.

Rows are locked while they are renewed, and those that another process has are stepped over: nothing happens twice.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import mutes
from storage.database import notify
from storage.ids import SubscriberId, SubscriptionId
from storage.models import SubscriberScheduleRow, SubscriptionRow, SubscriptionScheduleRow
from storage.schedules import DIGEST_PRIORITY, Pace

AT_ONCE = 500
"""Schedules that are renewed in one transaction."""


@dataclass(frozen=True, slots=True)
class DueRun:
    """A digest whose moment has come, or is to be found out (`run_at` None)."""

    subscription_id: SubscriptionId
    subscriber_id: SubscriberId
    pace: Pace
    digest_hour: int | None
    run_at: dt.datetime | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class DueWindow:
    """Quiet hours that are over, or are to be found out."""

    subscriber_id: SubscriberId
    quiet_from: int
    quiet_until: int
    time_zone: str


async def due_runs(connection: AsyncConnection, now: dt.datetime, limit: int = AT_ONCE) -> list[DueRun]:
    """Digests whose moment has come or is to be found out; locked, and those stepped over that another job has."""
    rows = await connection.execute(DUE_RUNS, {"now": now, "limit": limit})
    return [DueRun(*row) for row in rows]


async def run(connection: AsyncConnection, due: Sequence[DueRun], next_at: Sequence[dt.datetime | None]) -> int:
    """Let everything go that waits for these digests, and set their next moments. How many alerts go.

    However many moments have passed since, what waits is one digest.
    """
    numbers = [each.subscription_id for each in due]
    come = [each.subscription_id for each in due if each.run_at is not None]
    moved = (await connection.execute(LET_GO, {"subscriptions": come, "digest": DIGEST_PRIORITY})).rowcount
    await connection.execute(NEXT_RUNS, {"subscriptions": numbers, "next": list(next_at)})
    if moved:
        await notify(connection, "deliveries")
    return moved


DUE_RUNS = text(
    "SELECT s.subscription_id, n.subscriber_id, s.pace, s.digest_hour, s.next_run_at, o.time_zone"
    " FROM subscription_schedules s JOIN subscriptions n ON n.id = s.subscription_id"
    " JOIN subscribers o ON o.id = n.subscriber_id JOIN subscriber_schedules t ON t.subscriber_id = o.id"
    " WHERE s.pace <> 'instant' AND (s.next_run_at IS NULL OR s.next_run_at <= :now)"
    " ORDER BY s.next_run_at NULLS FIRST, s.subscription_id LIMIT :limit FOR UPDATE OF s, t SKIP LOCKED"
)

LET_GO = text(
    """
    UPDATE deliveries w SET priority = CAST(:digest AS smallint), due_at = least(w.due_at, statement_timestamp())
    FROM (
        SELECT d.id FROM subscriptions o
            JOIN deliveries d ON d.subscriber_id = o.subscriber_id AND o.id = ANY(d.reasons)
            JOIN subscriptions n ON n.id = ANY(d.reasons) AND n.state = 'active'
            LEFT JOIN subscription_schedules s ON s.subscription_id = n.id AND s.pace <> 'instant'
        WHERE o.id = ANY(CAST(:subscriptions AS bigint[])) AND d.kind = 'alert' AND d.state = 'pending'
            AND d.attempt = 0 AND d.unknowns = 0
        GROUP BY o.id, d.id HAVING count(*) = count(s.pace)
    ) AS due WHERE w.id = due.id AND w.state = 'pending'
    """
)

NEXT_RUNS = text(
    "UPDATE subscription_schedules s SET next_run_at = n.next_at FROM unnest(CAST(:subscriptions AS bigint[]),"
    " CAST(:next AS timestamptz[])) AS n(id, next_at) WHERE s.subscription_id = n.id"
)


async def due_windows(connection: AsyncConnection, now: dt.datetime, limit: int = AT_ONCE) -> list[DueWindow]:
    """Quiet hours that are over or are to be found out; locked, and those stepped over that another job has."""
    rows = await connection.execute(DUE_WINDOWS, {"now": now, "limit": limit})
    return [DueWindow(*row) for row in rows]


async def renew_windows(
    connection: AsyncConnection, renewed: Sequence[tuple[SubscriberId, dt.datetime, dt.datetime]]
) -> None:
    """Set the quiet hours that hold now or come next."""
    numbers, from_at, until_at = map(list, zip(*renewed, strict=True))
    await connection.execute(RENEW, {"subscribers": numbers, "from": from_at, "until": until_at})


DUE_WINDOWS = text(
    "SELECT t.subscriber_id, t.quiet_from, t.quiet_until, o.time_zone"
    " FROM subscriber_schedules t JOIN subscribers o ON o.id = t.subscriber_id"
    " WHERE t.quiet_from IS NOT NULL AND (t.quiet_until_at IS NULL OR t.quiet_until_at <= :now)"
    " ORDER BY t.subscriber_id LIMIT :limit FOR UPDATE OF t SKIP LOCKED"
)

RENEW = text(
    "UPDATE subscriber_schedules t SET quiet_from_at = n.from_at, quiet_until_at = n.until_at"
    " FROM unnest(CAST(:subscribers AS bigint[]), CAST(:from AS timestamptz[]), CAST(:until AS timestamptz[]))"
    " AS n(id, from_at, until_at) WHERE t.subscriber_id = n.id"
)


async def forget_old(connection: AsyncConnection, now: dt.datetime) -> None:
    """Forget pauses that are over, stories that nobody tells any more, and how deleted subscriptions came."""
    row = SubscriberScheduleRow
    await connection.execute(update(row).where(row.paused_until_at <= now).values(paused_until_at=None))
    await mutes.forget_old_stories(connection, now)
    await connection.execute(
        delete(SubscriptionScheduleRow).where(
            SubscriptionScheduleRow.subscription_id.in_(
                select(SubscriptionRow.id).where(SubscriptionRow.state == "deleted")
            )
        )
    )
