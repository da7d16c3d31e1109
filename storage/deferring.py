"""Deciding over alerts that are due, at the moment when they might be leased: now, later, in a digest, or not at all.

So a setting counts at once for all that waits. A row that must wait is given its moment; one that comes in a digest is
given DIGEST_PRIORITY, too, and goes as one message with all of its subscriber's that are due by then.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import mutes
from storage.ids import SubscriberId
from storage.schedules import DIGEST_PRIORITY

PATIENCE = dt.timedelta(seconds=5)
"""How long an alert waits for a moment that is being found out, before it is looked at again."""


async def hold_back(
    connection: AsyncConnection, subscriber_ids: Collection[SubscriberId], now: dt.datetime | None = None
) -> tuple[int, set[SubscriberId]]:
    """Decide over the due alerts of these subscribers: what is muted is cancelled, what must wait is given its moment.

    Returns how many rows are not due any more, and subscribers whose terms somebody is changing: theirs must not be
    sent yet. To be called before leasing, and again while it moves rows: an alert that is cancelled lets another go
    that tells the same story. `now` is the statement's own time unless told otherwise.
    """
    with_terms = set(await connection.scalars(WITH_TERMS, {"subscribers": list(subscriber_ids)}))
    if not with_terms:
        return 0, set()
    locked = set(await connection.scalars(LOCK_TERMS, {"subscribers": list(with_terms)}))
    values = {"subscribers": sorted(locked), "now": now, "digest": DIGEST_PRIORITY, "patience": PATIENCE}
    moved = await mutes.cancel_muted(connection, sorted(locked), now)
    for statement in (WAIT_FOR_DIGEST, WAIT_FOR_END):
        moved += (await connection.execute(statement, values)).rowcount
    return moved, with_terms - locked


WITH_TERMS = text(
    "SELECT subscriber_id FROM subscriber_schedules WHERE subscriber_id = ANY(CAST(:subscribers AS bigint[]))"
)
LOCK_TERMS = text(
    "SELECT subscriber_id FROM subscriber_schedules WHERE subscriber_id = ANY(CAST(:subscribers AS bigint[]))"
    " ORDER BY subscriber_id FOR UPDATE SKIP LOCKED"
)

WAIT_FOR_DIGEST = text(
    f"""
    UPDATE deliveries w SET due_at = coalesce(asked.run_at, {mutes.NOW} + CAST(:patience AS interval)),
        priority = CASE WHEN asked.run_at IS NULL THEN w.priority ELSE CAST(:digest AS smallint) END
    FROM (
        SELECT d.id, min(s.next_run_at) FILTER (WHERE s.next_run_at > {mutes.NOW}) AS run_at
        FROM deliveries d JOIN subscriptions n ON n.id = ANY(d.reasons) AND n.state = 'active'
            LEFT JOIN subscription_schedules s ON s.subscription_id = n.id AND s.pace <> 'instant'
        WHERE {mutes.DUE} AND d.priority <> :digest
        GROUP BY d.id HAVING count(*) = count(s.pace)
    ) AS asked WHERE w.id = asked.id
    """  # noqa: S608 - our own words
)
"""What no subscription wants at once waits for the first digest of those that asked."""

WAIT_FOR_END = text(
    f"""
    UPDATE deliveries d SET due_at = held.until_at,
        priority = CASE WHEN held.as_digest THEN CAST(:digest AS smallint) ELSE d.priority END
    FROM (
        SELECT subscriber_id, paused OR quiet AND quiet_way <> 'hold' AS as_digest,
            NOT paused AND quiet AND quiet_way = 'chosen' AS lets_through,
            CASE WHEN paused OR quiet
                THEN greatest(CASE WHEN paused THEN paused_until_at END, CASE WHEN quiet THEN quiet_until_at END)
                ELSE now_at + CAST(:patience AS interval) END AS until_at
        FROM (
            SELECT *, {mutes.NOW} AS now_at, coalesce(paused_until_at > {mutes.NOW}, false) AS paused,
                coalesce(quiet_from_at <= {mutes.NOW} AND quiet_until_at > {mutes.NOW}, false) AS quiet,
                quiet_from IS NOT NULL AND coalesce(quiet_until_at <= {mutes.NOW}, true) AS is_stale
            FROM subscriber_schedules WHERE subscriber_id = ANY(CAST(:subscribers AS bigint[]))
        ) AS terms WHERE paused OR quiet OR is_stale
    ) AS held
    WHERE held.subscriber_id = d.subscriber_id AND {mutes.DUE}
        AND NOT (held.lets_through AND EXISTS (
            SELECT FROM subscription_schedules s JOIN subscriptions n ON n.id = s.subscription_id AND n.state = 'active'
            WHERE n.id = ANY(d.reasons) AND s.comes_through))
    """  # noqa: S608
)
"""What comes in quiet hours or in a pause waits for the end; a moment while nobody knows when that is."""
