"""What webhooks are owed: written with the post that it is about, taken, sent, and settled.

    pending -> sending -> sent
                  |-> pending      refused, or nobody can know; the next request says that it is a repeat
                  |-> dead         tried often enough, or for long enough
    pending -> cancelled           the webhook or the post is gone

`sending`, with the attempt counted, is committed before the request. A receiver can tell a repeat by its id, so a
request of which nobody knows the end is simply made again: at least once, and plainly marked.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.database import notify
from storage.ids import PostId
from storage.owing import OWING, SHARE_OWING
from storage.post_values import storable
from storage.stories import lock_stories
from storage.webhooks import WAKE

MOST_ATTEMPTS = 10
LONGEST = dt.timedelta(days=3)
"""A delivery is given up after so many requests, or when it has been owed for so long."""


@dataclass(frozen=True, slots=True)
class OwedToWebhook:
    """A post that a webhook asks for."""

    webhook_id: int
    post_id: PostId
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """A delivery that this process may send until its lease ends; the attempt is counted already."""

    id: int
    webhook_id: int
    webhook_name: str
    kind: str
    url: bytes
    secret: bytes | None
    """Both sealed (`storage.webhooks.address`)."""
    failures: int
    """Requests in a row that its webhook did not accept."""
    post_id: PostId
    story_id: PostId
    is_late: bool
    attempt: int
    owed_at: dt.datetime
    token: str


async def owe_webhooks(connection: AsyncConnection, owed: Sequence[OwedToWebhook]) -> int:
    """Owe posts to webhooks, in the transaction that stores them; the sender wakes when it commits. Returns how many.

    A (webhook, post) is owed once. Who wants the first of each story only is owed no second. To be called after the
    posts were joined to stories: takes the lock of the stories.
    """
    if not owed:
        return 0
    await lock_stories(connection)
    await connection.execute(SHARE_OWING, {"key": OWING})
    asked = sorted({(each.webhook_id, each.post_id, each.is_late) for each in owed})
    numbers, posts, lates = map(list, zip(*asked, strict=True))
    rows = (await connection.execute(OWE, {"webhooks": numbers, "posts": posts, "lates": lates})).all()
    if rows:
        await notify(connection, WAKE)
    return len(rows)


OWE = text(
    """
    INSERT INTO webhook_deliveries (webhook_id, post_id, story_id, is_late)
    SELECT webhook_id, post, story, late FROM (
        SELECT w.id AS webhook_id, w.mode, asked.post, coalesce(told.story_id, asked.post) AS story,
            bool_and(asked.late) AS late,
            row_number() OVER (PARTITION BY w.id, coalesce(told.story_id, asked.post) ORDER BY asked.post) AS place
        FROM unnest(CAST(:webhooks AS bigint[]), CAST(:posts AS bigint[]), CAST(:lates AS boolean[]))
                AS asked(webhook, post, late)
            JOIN webhooks w ON w.id = asked.webhook AND w.state = 'active'
            LEFT JOIN story_posts told ON told.post_id = asked.post
        GROUP BY w.id, asked.post, told.story_id
    ) AS owed
    WHERE mode = 'every' OR place = 1 AND NOT EXISTS (
        SELECT FROM webhook_deliveries d
        WHERE d.webhook_id = owed.webhook_id AND d.story_id = owed.story AND d.state <> 'cancelled'
    )
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)


async def lease_due(
    connection: AsyncConnection, *, lease: dt.timedelta, limit: int, busy: Collection[int] = ()
) -> list[Due]:
    """Take up to `limit` deliveries that are due, one a webhook and none of those in `busy`. Commit, then send."""
    values = {"limit": limit, "busy": list(busy), "lease": lease, "token": secrets.token_hex(8)}
    return [Due(*row) for row in await connection.execute(LEASE, values)]


LEASE = text(
    """
    WITH due AS (
        SELECT w.id AS webhook_id, w.name, w.kind, w.url, w.secret, w.failures, d.id
        FROM webhooks w CROSS JOIN LATERAL (
            SELECT e.id, e.due_at FROM webhook_deliveries e
            WHERE e.webhook_id = w.id AND e.state = 'pending' AND e.due_at <= statement_timestamp()
            ORDER BY e.due_at, e.id LIMIT 1 FOR UPDATE SKIP LOCKED
        ) AS d
        WHERE w.state = 'active' AND coalesce(w.not_before_at <= statement_timestamp(), true)
            AND w.id <> ALL(CAST(:busy AS bigint[]))
        ORDER BY d.due_at, d.id LIMIT :limit
    )
    UPDATE webhook_deliveries AS d SET state = 'sending', attempt = attempt + 1, lease_token = :token,
        leased_until_at = now() + CAST(:lease AS interval)
    FROM due WHERE d.id = due.id
    RETURNING d.id, due.webhook_id, due.name, due.kind, due.url, due.secret, due.failures, d.post_id, d.story_id,
        d.is_late, d.attempt, d.owed_at, d.lease_token
    """
)


async def mark_sent(connection: AsyncConnection, due: Due) -> bool:
    """The receiver took it. False: the lease was lost, so it may be sent once more."""
    await connection.execute(WELL, {"webhook": due.webhook_id})  # first: who removes a webhook locks in this order
    return (await connection.execute(SENT, {"id": due.id, "token": due.token})).rowcount > 0


SENT = text(
    "UPDATE webhook_deliveries SET state = 'sent', settled_at = now(), detail = NULL, lease_token = NULL"
    " WHERE id = :id AND lease_token = :token AND state = 'sending'"
)

WELL = text("UPDATE webhooks SET failures = 0, not_before_at = NULL WHERE id = :webhook AND failures > 0")


async def mark_failed(
    connection: AsyncConnection, due: Due, detail: str, *, delay: dt.timedelta, rest: dt.timedelta
) -> bool:
    """It was not accepted, or nobody can know: due again after `delay`, or dead. Whether it is dead.

    Its webhook is left alone for `rest`, so that a receiver in trouble is not asked for each row it is owed.
    """
    await connection.execute(UNWELL, {"webhook": due.webhook_id, "rest": rest})
    values = {
        "id": due.id,
        "token": due.token,
        "delay": delay,
        "detail": storable(detail),
        "most": MOST_ATTEMPTS,
        "longest": LONGEST,
    }
    row = (await connection.execute(FAILED, values)).first()
    return row is not None and row.state == "dead"


FAILED = text(
    """
    WITH spent AS (
        SELECT id, attempt >= :most OR owed_at < now() - CAST(:longest AS interval) AS is_spent
        FROM webhook_deliveries WHERE id = :id AND lease_token = :token AND state = 'sending' FOR UPDATE
    )
    UPDATE webhook_deliveries d SET state = CASE WHEN is_spent THEN 'dead' ELSE 'pending' END,
        settled_at = CASE WHEN is_spent THEN now() END, due_at = now() + CAST(:delay AS interval), lease_token = NULL,
        detail = CASE WHEN is_spent THEN 'given up after ' || d.attempt || ' attempts: ' ELSE '' END || :detail
    FROM spent WHERE d.id = spent.id
    RETURNING d.state
    """
)

UNWELL = text(
    "UPDATE webhooks SET failures = failures + 1, not_before_at = now() + CAST(:rest AS interval) WHERE id = :webhook"
)


async def give_up(connection: AsyncConnection, due: Due, detail: str, *, state: str = "dead") -> None:
    """It can never be sent (dead), or need not be (cancelled)."""
    await connection.execute(
        text(
            "UPDATE webhook_deliveries SET state = :state, detail = :detail, settled_at = now(), lease_token = NULL"
            " WHERE id = :id AND lease_token = :token AND state = 'sending'"
        ),
        {"id": due.id, "token": due.token, "state": state, "detail": storable(detail)},
    )


async def expire_leases(connection: AsyncConnection) -> int:
    """Take back what a sender that is gone had taken: nobody knows whether it arrived, so it is sent again, marked."""
    return (await connection.execute(EXPIRE)).rowcount


EXPIRE = text(
    "UPDATE webhook_deliveries SET state = 'pending', lease_token = NULL, detail = 'the sender ended before it knew'"
    " WHERE id IN (SELECT id FROM webhook_deliveries WHERE state = 'sending' AND leased_until_at < now()"
    " ORDER BY id FOR UPDATE SKIP LOCKED)"
)


async def next_due_at(connection: AsyncConnection) -> dt.datetime | None:
    """When there will be something to do: the next delivery is due, or a lease ends."""
    value: dt.datetime | None = await connection.scalar(NEXT)
    return value


NEXT = text(
    """
    SELECT min(moment) FROM (
        SELECT greatest(d.due_at, w.not_before_at) AS moment
        FROM webhooks w CROSS JOIN LATERAL (
            SELECT min(due_at) AS due_at FROM webhook_deliveries e WHERE e.webhook_id = w.id AND e.state = 'pending'
        ) AS d
        WHERE w.state = 'active' AND d.due_at IS NOT NULL
        UNION ALL SELECT leased_until_at FROM webhook_deliveries WHERE state = 'sending'
    ) AS moments
    """
)


async def counts_by_state(connection: AsyncConnection) -> dict[str, int]:
    """How many deliveries to webhooks there are in each state."""
    rows = await connection.execute(text("SELECT state, count(*) AS posts FROM webhook_deliveries GROUP BY state"))
    return {row.state: row.posts for row in rows}


async def oldest_waiting_at(connection: AsyncConnection) -> dt.datetime | None:
    """Since when the oldest delivery that is not settled has been owed."""
    value: dt.datetime | None = await connection.scalar(
        text("SELECT min(owed_at) FROM webhook_deliveries WHERE state IN ('pending', 'sending')")
    )
    return value


async def purge_settled(connection: AsyncConnection, older_than: dt.timedelta) -> int:
    """Forget deliveries that were settled long ago (docs: 30 days). Returns how many."""
    return (
        await connection.execute(
            text("DELETE FROM webhook_deliveries WHERE settled_at < now() - CAST(:age AS interval)"),
            {"age": older_than},
        )
    ).rowcount
