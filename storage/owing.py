"""Owing: what is written of an alert with the post that it is about, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import PostId, SubscriberId, SubscriptionId
from storage.stories import lock_stories

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
    """Owe alerts, in the transaction that stores their posts; the bot wakes when it commits. Returns how many go.

    A (subscriber, post) that is owed already, or was sent, is not owed twice, nor is a (subscriber, story), unless a
    subscription asks for every post: constraints decide. What goes with another alert of its story is held, and goes
    when that one does not (decision 16). A row that waits is given the new reasons, a cancelled one waits again.
    Subscriptions that were paused or deleted since the post was matched, and suspended subscribers, are owed nothing.
    To be called after the posts were joined to stories: takes the lock of the stories.
    """
    asked = sorted(
        {(item.subscriber_id, item.post_id, reason, item.is_late) for item in owed for reason in item.subscription_ids}
    )
    if not asked:
        return 0
    await lock_stories(connection)
    # In a statement of its own: the next one then sees what those had committed for whom this waited.
    await connection.execute(SHARE_OWING, {"key": OWING})
    rows = (await connection.execute(OWE, _values(asked))).all()
    new = {(row.subscriber_id, row.post_id) for row in rows}
    count = [row.state for row in rows].count("pending")
    if left := [item for item in asked if item[:2] not in new]:
        count += await _owe_beside_others(connection, left)
    if count:
        await notify(connection, "deliveries")
    return count


Asked = tuple[SubscriberId, PostId, SubscriptionId, bool]


def _values(asked: Sequence[Asked]) -> dict[str, object]:
    _, posts, reasons, lates = map(list, zip(*asked, strict=True))
    return {**TERMS_OF_OWING, "posts": posts, "subscriptions": reasons, "lates": lates}


async def _owe_beside_others(connection: AsyncConnection, asked: Sequence[Asked]) -> int:
    """Of posts that are owed already, or whose story is: hold them all, then let go what may. How many go."""
    values = _values(asked)
    await connection.execute(HOLD, values)
    released = list(await connection.scalars(RELEASE, values))
    each = (await connection.execute(LET_GO, values)).all()
    return sum(number is not None for number in released) + len(each)


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

ASKED = """
    SELECT n.subscriber_id, asked.post, coalesce(told.story_id, asked.post) AS story, bool_and(asked.late) AS late,
        array_agg(DISTINCT n.id ORDER BY n.id) AS reasons, bool_or(n.mode = 'every') AS wants_each,
        bool_or(CASE n.mode WHEN 'nth' THEN n.nth <= channels_telling(coalesce(told.story_id, asked.post))
            ELSE true END) AS goes,
        CAST(CASE WHEN bool_and(asked.late) THEN :late_priority ELSE :priority END AS smallint) AS priority,
        statement_timestamp() + CASE WHEN bool_and(asked.late) THEN CAST(:gathered AS interval) ELSE interval '0' END
            AS due_at
    FROM unnest(CAST(:posts AS bigint[]), CAST(:subscriptions AS bigint[]), CAST(:lates AS boolean[]))
            AS asked(post, subscription, late)
        JOIN subscriptions n ON n.id = asked.subscription AND n.state = 'active'
        JOIN subscribers s ON s.id = n.subscriber_id AND s.state = 'active'
        LEFT JOIN story_posts told ON told.post_id = asked.post
    GROUP BY n.subscriber_id, asked.post, told.story_id
"""
"""A post and its edit in one batch are one row, late only if both are."""

OWE = text(
    f"""
    INSERT INTO deliveries (kind, subscriber_id, post_id, story_id, is_first, is_late, priority, due_at, state,
        settled_at, reasons)
    SELECT 'alert', subscriber_id, post, story, true, late, priority, due_at,
        CASE WHEN goes THEN 'pending' ELSE 'held' END, CASE WHEN NOT goes THEN statement_timestamp() END, reasons
    FROM ({ASKED}) AS owed
    ORDER BY subscriber_id, post
    ON CONFLICT DO NOTHING
    RETURNING subscriber_id, post_id, state
    """  # noqa: S608 - our own words
)
"""As if each were the first that its subscriber hears of its story; what is not conflicts, and is left out."""

HOLD = text(
    f"""
    INSERT INTO deliveries AS d (kind, subscriber_id, post_id, story_id, is_first, is_late, priority, due_at, state,
        settled_at, reasons)
    SELECT 'alert', subscriber_id, post, story, NOT goes, late, priority, due_at, 'held', statement_timestamp(), reasons
    FROM ({ASKED}) AS owed
    ORDER BY subscriber_id, post
    ON CONFLICT (subscriber_id, post_id, kind) DO UPDATE SET
        reasons = ARRAY(SELECT DISTINCT r FROM unnest(d.reasons || excluded.reasons) AS r ORDER BY r),
        state = CASE d.state WHEN 'cancelled' THEN 'held' ELSE d.state END,
        is_first = CASE d.state WHEN 'cancelled' THEN excluded.is_first ELSE d.is_first END,
        due_at = CASE WHEN d.state IN ('cancelled', 'held') THEN excluded.due_at ELSE d.due_at END
        WHERE d.state NOT IN ('sent', 'dead')
    """  # noqa: S608
)
"""A waiting row that is given its reasons again is locked by that: `begin_sending` then sees them all."""

RELEASE = text(
    f"""
    SELECT release_held(subscriber_id, story) FROM (SELECT DISTINCT subscriber_id, story FROM ({ASKED}) AS owed) AS told
    WHERE NOT EXISTS (
        SELECT FROM deliveries d WHERE d.subscriber_id = told.subscriber_id AND d.story_id = told.story
            AND d.is_first AND d.state NOT IN ('held', 'cancelled', 'dead')
    )
    """  # noqa: S608
)
"""The oldest that may go, of each story that no alert tells."""

LET_GO = text(
    f"""
    UPDATE deliveries d SET state = 'pending', is_first = false, settled_at = NULL, detail = NULL,
        owed_at = statement_timestamp()
    FROM ({ASKED}) AS owed
    WHERE owed.wants_each AND d.subscriber_id = owed.subscriber_id AND d.post_id = owed.post AND d.kind = 'alert'
        AND d.state = 'held'
    RETURNING d.id
    """  # noqa: S608
)
"""Of subscriptions that want every post, also those that are not the first of their story."""
