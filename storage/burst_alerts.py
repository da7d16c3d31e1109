"""Telling subscribers of bursts: owed once a burst and subscriber, through the outbox as all that the bot says."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, cast, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.bursts import TOPIC
from analysis.text import quote_lexeme
from matching.bursts import ALL
from matching.query import QueryError, parse
from storage import bursts, posts, subscriptions
from storage.bursts import Burst
from storage.database import notify
from storage.leases import Leased
from storage.models import BurstRow, ChannelRow, DeliveryRow, PostRow
from storage.owing import ALERT_PRIORITY, OWING, SHARE_OWING
from storage.own_topics import OwnTopic, list_topics
from storage.posts import StoredPost
from storage.subscriptions import Subscription

OLD = dt.timedelta(hours=12)
"""What could not be told for so long is told no more: it is over, and the posts are found by searching."""

CHART_HOURS = 24


@dataclass(frozen=True, slots=True)
class ToldBurst:
    """What is to be said of a burst, and the subscriptions that asked."""

    burst: Burst
    reasons: tuple[Subscription, ...]
    first: StoredPost | None
    """Its earliest post that is still here."""
    by_hour: tuple[int, ...]
    """Posts an hour in the hours before, the last one up to now."""
    is_repeat: bool
    own_topics: tuple[OwnTopic, ...] = ()


async def owe_burst(connection: AsyncConnection, burst: Burst, whats: Collection[str] | None = None) -> int:
    """Owe news of a burst to all who ask for such; of one that they know of, for `whats` that joined it since.

    In the transaction that opens the burst. Who pauses, or has quiet hours, hears at their end. Returns how many.
    """
    asked = [each.id for each in await _asking(connection, burst, whats)]
    if not asked:
        return 0
    await connection.execute(SHARE_OWING, {"key": OWING})
    values = {"burst": burst.id, "subscriptions": asked, "priority": ALERT_PRIORITY}
    count = (await connection.execute(OWE, values)).rowcount
    if count:
        await notify(connection, "deliveries")
    return count


async def _asking(connection: AsyncConnection, burst: Burst, whats: Collection[str] | None) -> list[Subscription]:
    """The active subscriptions that such a burst is news for."""
    found = map(subscriptions.subscription_of, await connection.execute(ASKING))
    return [each for each in found if _is_news(burst, whats, each.query)]


def _is_news(burst: Burst, whats: Collection[str] | None, stored: str) -> bool:
    try:
        asked = parse(stored, stored=True).burst
    except QueryError:  # it is logged where standing queries are read
        return False
    if asked is None:
        return False
    if whats is None:
        return asked.tells(burst.whats, burst.topics | topics_of(burst.whats))
    return asked.subject != ALL and asked.tells(whats, topics_of(whats))


def topics_of(whats: Collection[str]) -> frozenset[str]:
    """The codes of the topics among what bursts."""
    return frozenset(what.removeprefix(TOPIC) for what in whats if what.startswith(TOPIC))


async def begun(connection: AsyncConnection, leased: Leased) -> ToldBurst | None:
    """The burst of a lease whose row is being sent."""
    row = (
        await connection.execute(
            select(DeliveryRow.reasons, *bursts.COLUMNS)
            .join(DeliveryRow, DeliveryRow.burst_id == BurstRow.id)
            .where(
                DeliveryRow.id == any_(cast(list(leased.ids), ARRAY(BigInteger))),
                DeliveryRow.lease_token == leased.token,
                DeliveryRow.state == "sending",
            )
        )
    ).first()
    if row is None:
        return None
    burst = bursts.burst_of(row[1:])
    rows = await connection.execute(REASONS, {"ids": row[0]})
    return ToldBurst(
        burst,
        tuple(subscriptions.subscription_of(each) for each in rows),
        await first_post(connection, burst),
        await by_hour(connection, burst),
        leased.unknowns > 0,
        tuple(await list_topics(connection)),
    )


async def first_post(connection: AsyncConnection, burst: Burst) -> StoredPost | None:
    """The earliest example that is still here."""
    row = (
        await connection.execute(
            select(*posts.COLUMNS)
            .join(ChannelRow, ChannelRow.id == PostRow.channel_id)
            .where(PostRow.id.in_(burst.post_ids), PostRow.deleted_at.is_(None))
            .order_by(PostRow.posted_at, PostRow.id)
            .limit(1)
        )
    ).first()
    return posts.stored_post(row) if row else None


async def by_hour(connection: AsyncConnection, burst: Burst) -> tuple[int, ...]:
    """Posts an hour that say it, in the CHART_HOURS up to its peak, the oldest hour first."""
    is_topic = burst.what.startswith(TOPIC)
    values = {
        "until": burst.peak_at,
        "since": burst.peak_at - dt.timedelta(hours=CHART_HOURS),
        "asked": burst.what.removeprefix(TOPIC) if is_topic else quote_lexeme(burst.what),
    }
    rows = await connection.execute(TOPIC_BY_HOUR if is_topic else WORD_BY_HOUR, values)
    counts = {row.ago: row.posts for row in rows}
    return tuple(counts.get(ago, 0) for ago in reversed(range(CHART_HOURS)))


ASKING = text(
    f"SELECT {', '.join(f'n.{column.key}' for column in subscriptions.COLUMNS)}"  # noqa: S608 - our own names
    " FROM subscriptions n WHERE n.state = 'active' AND n.query LIKE 'burst:%'"
)

OWE = text(
    """
    INSERT INTO deliveries AS d (kind, subscriber_id, burst_id, priority, due_at, state, reasons)
    SELECT 'burst', n.subscriber_id, :burst, CAST(:priority AS smallint),
        greatest(statement_timestamp(), max(t.paused_until_at), max(t.quiet_until_at) FILTER (
            WHERE t.quiet_from_at <= statement_timestamp()
                AND NOT (t.quiet_way = 'chosen' AND coalesce(x.lets, false)))),
        'pending', array_agg(n.id ORDER BY n.id)
    FROM subscriptions n JOIN subscribers s ON s.id = n.subscriber_id AND s.state = 'active'
        LEFT JOIN subscriber_schedules t ON t.subscriber_id = s.id
        LEFT JOIN LATERAL (
            SELECT bool_or(each.comes_through) AS lets FROM subscription_schedules each
                JOIN subscriptions m ON m.id = each.subscription_id
            WHERE m.subscriber_id = s.id AND m.id = ANY(CAST(:subscriptions AS bigint[]))
        ) AS x ON true
    WHERE n.id = ANY(CAST(:subscriptions AS bigint[])) AND n.state = 'active'
    GROUP BY n.subscriber_id
    ORDER BY n.subscriber_id
    ON CONFLICT (subscriber_id, burst_id) WHERE burst_id IS NOT NULL DO NOTHING
    """
)
"""One row for all of a subscriber's subscriptions that ask."""

REASONS = text(
    f"SELECT {', '.join(f'n.{column.key}' for column in subscriptions.COLUMNS)}"  # noqa: S608
    " FROM subscriptions n WHERE n.id = ANY(CAST(:ids AS bigint[])) AND n.state = 'active' ORDER BY n.id"
)

HOURS_AGO = (
    "SELECT CAST(floor(extract(epoch FROM CAST(:until AS timestamptz) - posted_at) / 3600) AS integer) AS ago,"
    " count(*) AS posts FROM posts WHERE posted_at >= :since AND posted_at < :until AND deleted_at IS NULL AND"
)

WORD_BY_HOUR = text(f"{HOURS_AGO} terms @@ CAST(:asked AS tsquery) GROUP BY 1")

TOPIC_BY_HOUR = text(f"{HOURS_AGO} topic_codes @> ARRAY[CAST(:asked AS text)] GROUP BY 1")
