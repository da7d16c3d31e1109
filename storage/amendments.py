"""Amendments: edits of alerts that were sent, owed when what they show has changed, and made of what is stored then.

A cause is noted in the transaction that makes it (triggers, decision 16), and spread over the alerts afterwards: only
then is it certain that an alert which is composed meanwhile either shows it or is seen here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import alerts
from storage.alerts import Alert
from storage.ids import DeliveryId
from storage.leases import Leased

PRIORITY = 40
"""Behind everything else (design: amendments yield)."""

GATHERED = dt.timedelta(seconds=10)
"""How long an amendment waits for more to say: channels follow each other, and edits correct themselves."""

APART = dt.timedelta(minutes=2)
"""Between two amendments of one alert (design)."""

LONGEST = dt.timedelta(hours=6)
"""From when on an alert is not amended any more (design): nobody looks at it again."""

AT_ONCE = 200
"""Causes that one transaction spreads; each concerns the alerts of one story."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """A sent alert as it should read now, and Telegram's number of its message."""

    alert: Alert
    telegram_message_id: int
    sent_at: dt.datetime
    """When the alert was sent: what it says of lateness is about that moment."""


async def spread(connection: AsyncConnection, limit: int = AT_ONCE) -> int:
    """Owe an amendment to every alert that the oldest causes concern; how many causes there were."""
    causes = list(await connection.scalars(TAKE, {"limit": limit}))
    if causes:
        await connection.execute(
            SPREAD,
            {"posts": causes, "priority": PRIORITY, "gathered": GATHERED, "apart": APART, "longest": LONGEST},
        )
    return len(causes)


async def begin(connection: AsyncConnection, leased: Leased, *, lease: dt.timedelta) -> Amendment | None:
    """The last look before the request: commit this first, then edit. None when there is nothing to say (any more)."""
    begun = (await connection.execute(BEGIN, {"id": leased.id, "token": leased.token, "lease": lease})).first()
    if begun is None:
        return None
    target = (
        await connection.execute(
            TARGET, {"subscriber": leased.subscriber.id, "post": begun.post_id, "longest": LONGEST}
        )
    ).first()
    if target is not None and target.state == "sending":
        await connection.execute(LATER, {"id": leased.id, "gathered": GATHERED})
        return None
    if target is None or target.state != "sent" or target.in_digest or not target.is_young:
        await connection.execute(CANCEL, {"id": leased.id, "detail": "the alert is not amended any more"})
        return None
    alert = await alerts.amended(connection, DeliveryId(target.id))
    if alert is None or not (alert.is_changed or begun.telegram_message_id is not None):
        await connection.execute(CANCEL, {"id": leased.id, "detail": "nothing to say"})
        return None
    return Amendment(alert, target.telegram_message_id, target.settled_at)


async def mark_amended(connection: AsyncConnection, leased: Leased, telegram_message_id: int) -> bool:
    """The alert reads as it should; or does not again, if something changed meanwhile. False: the lease was lost."""
    done = await connection.execute(
        AMENDED, {"id": leased.id, "token": leased.token, "message": telegram_message_id, "apart": APART}
    )
    return bool(done.rowcount)


TAKE = text(
    "DELETE FROM amendment_causes WHERE id IN ("
    " SELECT id FROM amendment_causes ORDER BY id LIMIT :limit FOR UPDATE SKIP LOCKED) RETURNING post_id"
)

SPREAD = text(
    """
    INSERT INTO deliveries AS a (kind, subscriber_id, post_id, priority, due_at, state, reasons)
    SELECT 'amendment', d.subscriber_id, d.post_id, :priority, now() + CAST(:gathered AS interval), 'pending', '{}'
    FROM (
        SELECT id FROM deliveries WHERE post_id = ANY(CAST(:posts AS bigint[]))
        UNION SELECT d.id FROM unnest(CAST(:posts AS bigint[])) AS post
            LEFT JOIN story_posts s ON s.post_id = post
            JOIN deliveries d ON d.story_id = coalesce(s.story_id, post)
        WHERE d.is_first AND d.state NOT IN ('held', 'cancelled', 'dead')
    ) AS concerned JOIN deliveries d ON d.id = concerned.id
    WHERE d.kind = 'alert' AND NOT d.in_digest
        AND (d.state = 'sending' OR d.state = 'sent' AND d.settled_at > now() - CAST(:longest AS interval))
    ORDER BY d.subscriber_id, d.post_id
    ON CONFLICT (subscriber_id, post_id, kind) DO UPDATE SET
        state = CASE a.state WHEN 'sending' THEN 'sending' ELSE 'pending' END,
        due_at = CASE a.state WHEN 'sending' THEN a.due_at
            WHEN 'sent' THEN greatest(excluded.due_at, a.settled_at + CAST(:apart AS interval))
            ELSE excluded.due_at END,
        is_stale = a.state = 'sending', settled_at = NULL, owed_at = now(),
        attempt = CASE a.state WHEN 'sending' THEN a.attempt ELSE 0 END
        WHERE a.state IN ('sending', 'sent', 'cancelled')
    """
)
"""A waiting one will say it all; a dead one's message is gone; one under way is followed by another."""

BEGIN = text(
    "UPDATE deliveries SET state = 'sending', attempt = attempt + 1, is_stale = false,"
    " leased_until_at = now() + CAST(:lease AS interval)"
    " WHERE id = :id AND lease_token = :token AND state = 'leased' RETURNING post_id, telegram_message_id"
)

TARGET = text(
    "SELECT id, state, in_digest, telegram_message_id, settled_at,"
    " settled_at > now() - CAST(:longest AS interval) AS is_young"
    " FROM deliveries WHERE subscriber_id = :subscriber AND post_id = :post AND kind = 'alert'"
)

LATER = text(
    "UPDATE deliveries SET state = 'pending', lease_token = NULL, due_at = now() + CAST(:gathered AS interval)"
    " WHERE id = :id"
)

CANCEL = text(
    "UPDATE deliveries SET state = 'cancelled', lease_token = NULL, settled_at = now(), detail = :detail WHERE id = :id"
)

AMENDED = text(
    """
    UPDATE deliveries SET state = CASE WHEN is_stale THEN 'pending' ELSE 'sent' END,
        due_at = CASE WHEN is_stale THEN now() + CAST(:apart AS interval) ELSE due_at END,
        settled_at = CASE WHEN is_stale THEN NULL ELSE now() END, telegram_message_id = :message, detail = NULL,
        lease_token = NULL, attempt = 0
    WHERE id = :id AND lease_token = :token AND state = 'sending'
    """
)
