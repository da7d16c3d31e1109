"""Owing: what is written of an alert with the post that it is about, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import PostId, SubscriberId, SubscriptionId

ALERT_PRIORITY = 20
LATE_PRIORITY = 30
"""Replies go before alerts, digests and amendments after them (design: deliveries)."""

LATE_GATHERED = dt.timedelta(seconds=60)
"""How long what was found late waits for more of it: a refill brings hundreds within seconds."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A post that a subscriber asked for, and the subscriptions that did."""

    subscriber_id: SubscriberId
    post_id: PostId
    subscription_ids: tuple[SubscriptionId, ...]
    is_late: bool = False
    """The post was first seen long after it was published: the alert waits for others like it, as one message."""


async def owe_alerts(connection: AsyncConnection, owed: Sequence[Owed]) -> int:
    """Owe alerts, in the transaction that stores their posts; the bot wakes when it commits. Returns how many are new.

    A (subscriber, post) that is owed already, or was sent, is not owed twice: the constraint decides. One that waits is
    given the new reasons, one that was cancelled waits again. Subscriptions that were paused or deleted since the post
    was matched, and subscribers that were suspended, are owed nothing.
    """
    asked = sorted(
        {(item.subscriber_id, item.post_id, reason, item.is_late) for item in owed for reason in item.subscription_ids}
    )
    if not asked:
        return 0
    _, posts, reasons, lates = map(list, zip(*asked, strict=True))
    # In a statement of its own: the next one then sees what those had committed for whom this waited.
    await connection.execute(SHARE_OWING, {"key": OWING})
    rows = (
        await connection.execute(OWE, {**TERMS_OF_OWING, "posts": posts, "subscriptions": reasons, "lates": lates})
    ).all()
    if rows:
        await notify(connection, "deliveries")
    return sum(row.is_new for row in rows)


OWING = 7283463
"""The advisory lock between those who owe (they share it until they commit) and those who cancel what is owed.

One lock for a batch, where a lock on each subscriber's row wrote to all of those rows (decision 7).
"""

SHARE_OWING = text("SELECT pg_advisory_xact_lock_shared(:key)")


async def wait_for_owing(connection: AsyncConnection) -> None:
    """Before ending subscriptions or subscribers: from now on, what is to be cancelled is all there is.

    Waits for the batches that are owing at this moment, and holds up those that would begin, until this commits.
    """
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": OWING})


TERMS_OF_OWING = {"priority": ALERT_PRIORITY, "late_priority": LATE_PRIORITY, "gathered": LATE_GATHERED}

OWE = text(
    """
    INSERT INTO deliveries AS d (kind, subscriber_id, post_id, is_late, priority, due_at, state, reasons)
    SELECT 'alert', subscriber_id, post, late,
        CAST(CASE WHEN late THEN :late_priority ELSE :priority END AS smallint),
        statement_timestamp() + CASE WHEN late THEN CAST(:gathered AS interval) ELSE interval '0' END,
        'pending', reasons
    FROM (
        SELECT n.subscriber_id, asked.post, bool_and(asked.late) AS late,
            array_agg(DISTINCT n.id ORDER BY n.id) AS reasons
        FROM unnest(CAST(:posts AS bigint[]), CAST(:subscriptions AS bigint[]), CAST(:lates AS boolean[]))
                AS asked(post, subscription, late)
            JOIN subscriptions n ON n.id = asked.subscription AND n.state = 'active'
            JOIN subscribers s ON s.id = n.subscriber_id AND s.state = 'active'
        GROUP BY n.subscriber_id, asked.post
    ) AS owed
    ORDER BY subscriber_id, post
    ON CONFLICT (subscriber_id, post_id, kind) DO UPDATE SET
        reasons = ARRAY(SELECT DISTINCT r FROM unnest(d.reasons || excluded.reasons) AS r ORDER BY r),
        state = CASE d.state WHEN 'cancelled' THEN 'pending' ELSE d.state END,
        due_at = CASE d.state WHEN 'cancelled' THEN excluded.due_at ELSE d.due_at END,
        settled_at = NULL
        WHERE d.state NOT IN ('sent', 'dead')
    RETURNING due_at IN (statement_timestamp(), statement_timestamp() + CAST(:gathered AS interval)) AS is_new
    """
)
"""A post and its edit in one batch are one row, late only if both are.

A waiting row that is given its reasons again is locked by that: `begin_sending` then sees them all."""
