"""What a chat has of the monitor, and what the monitor has: numbers for /stats."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import SubscriberId

EXACT = 100_000
"""Posts up to which they are counted; above, the server's own estimate does, to the last ANALYZE."""

LATEST = 2_000
"""Posts by which it is said how soon they are here: the newest."""


@dataclass(frozen=True, slots=True)
class ChatFigures:
    """One subscriber's subscriptions, and the alerts sent to it."""

    subscriptions: int
    paused: int
    alerts_of_day: int
    alerts_of_week: int
    busiest: tuple[str, int] | None
    """The subscription that asked for most alerts of the week, by name, and for how many."""


@dataclass(frozen=True, slots=True)
class StoredFigures:
    """What is stored, and how soon. Seconds are from a post's publication until it was seen; None: no such posts."""

    posts: int
    channels: int
    newest_at: dt.datetime | None
    half_s: float | None
    most_s: float | None
    """Of 99 in 100."""


async def chat_figures(connection: AsyncConnection, subscriber_id: SubscriberId, now: dt.datetime) -> ChatFigures:
    """The figures of one subscriber, over the last 24 hours and 7 days."""
    values = {"subscriber": subscriber_id, "day": now - dt.timedelta(days=1), "week": now - dt.timedelta(days=7)}
    own = (await connection.execute(OWN, values)).one()
    alerts = (await connection.execute(ALERTS, values)).one()
    busiest = (await connection.execute(BUSIEST, values)).first()
    named = (busiest.name, busiest.number) if busiest is not None else None
    return ChatFigures(own.known, own.paused, alerts.of_day, alerts.of_week, named)


async def stored_figures(connection: AsyncConnection, now: dt.datetime) -> StoredFigures:
    """What is stored now, and how soon the posts of the last 24 hours were seen, those of archives left out."""
    posts = int(await connection.scalar(ESTIMATE) or 0)
    if posts <= EXACT:
        posts = int(await connection.scalar(POSTS) or 0)
    values = {"day": now - dt.timedelta(days=1), "latest": LATEST}
    row = (await connection.execute(SOON, values)).one()
    channels = int(await connection.scalar(CHANNELS) or 0)
    return StoredFigures(posts, channels, await connection.scalar(NEWEST), row.half, row.most)


OWN = text(
    "SELECT count(*) AS known, count(*) FILTER (WHERE state = 'paused') AS paused FROM subscriptions"
    " WHERE subscriber_id = :subscriber AND state IN ('active', 'paused')"
)

ALERTS = text(
    "SELECT count(*) FILTER (WHERE settled_at > :day) AS of_day, count(*) AS of_week FROM deliveries"
    " WHERE subscriber_id = :subscriber AND kind = 'alert' AND state = 'sent' AND settled_at > :week"
)

BUSIEST = text(
    """
    SELECT s.name, count(*) AS number FROM deliveries d CROSS JOIN unnest(d.reasons) AS reason
    JOIN subscriptions s ON s.id = reason AND s.state IN ('active', 'paused') AND s.subscriber_id = :subscriber
    WHERE d.subscriber_id = :subscriber AND d.kind = 'alert' AND d.state = 'sent' AND d.settled_at > :week
    GROUP BY s.id ORDER BY number DESC, s.id LIMIT 1
    """
)

ESTIMATE = text("SELECT reltuples FROM pg_class WHERE oid = CAST('posts' AS regclass)")

POSTS = text("SELECT count(*) FROM posts")

CHANNELS = text("SELECT count(*) FROM channels WHERE state <> 'removed'")

NEWEST = text("SELECT max(posted_at) FROM posts WHERE deleted_at IS NULL")

SOON = text(
    """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lag) AS half,
        percentile_cont(0.99) WITHIN GROUP (ORDER BY lag) AS most
    FROM (
        SELECT greatest(0, extract(epoch FROM seen_at - posted_at)) AS lag FROM posts
        WHERE posted_at > :day AND found_by NOT IN ('replay', 'backfill')
        ORDER BY posted_at DESC, id DESC LIMIT :latest
    ) AS latest
    """
)
