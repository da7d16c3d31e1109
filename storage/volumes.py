"""How many posts there were, by channel and by topic, and how reading goes: counts that the console opens with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChannelId

SAMPLE = 100_000
"""Posts that a count by topic reads at most: of more, one in so many."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How all channels together are read."""

    channels: int
    """That are to be read."""
    troubled: int
    """Of those, blind, or with ids that nobody accounts for yet."""
    newest_at: dt.datetime | None
    """When the newest stored post was published."""
    newest_seen_after: dt.timedelta | None
    """How long after its publishing a post of the last hour was seen: the median."""


@dataclass(frozen=True, slots=True)
class TopicVolume:
    """A topic's posts from each moment to the next."""

    code: str
    counts: tuple[int, ...]


async def volumes(
    connection: AsyncConnection, bounds: Sequence[dt.datetime], channel_id: ChannelId | None = None
) -> list[int]:
    """Posts published from each moment to the next, deleted ones included, of all channels or of one."""
    rows = await connection.execute(VOLUMES, {**_within(bounds), "channel": channel_id})
    counts = [0] * (len(bounds) - 1)
    for place, count in rows:
        counts[place - 1] = count
    return counts


VOLUMES = text(
    """
    SELECT width_bucket(posted_at, CAST(:bounds AS timestamptz[])) AS place, count(*) FROM posts
    WHERE posted_at >= :first AND posted_at < :last
        AND (CAST(:channel AS bigint) IS NULL OR channel_id = CAST(:channel AS bigint))
    GROUP BY place
    """
)


async def topic_volumes(connection: AsyncConnection, bounds: Sequence[dt.datetime]) -> tuple[list[TopicVolume], int]:
    """The same by topic, the most frequent first, and of how many posts one was counted (1: all were)."""
    total = sum(await volumes(connection, bounds))
    one_in = max(1, -(-total // SAMPLE))
    rows = await connection.execute(TOPIC_VOLUMES, {**_within(bounds), "one_in": one_in})
    counts: dict[str, list[int]] = {}
    for code, place, count in rows:
        counts.setdefault(code, [0] * (len(bounds) - 1))[place - 1] = count * one_in
    ordered = sorted(counts.items(), key=lambda each: (-sum(each[1]), each[0]))
    return [TopicVolume(code, tuple(each)) for code, each in ordered], one_in


TOPIC_VOLUMES = text(
    """
    SELECT code, width_bucket(posted_at, CAST(:bounds AS timestamptz[])) AS place, count(*)
    FROM posts CROSS JOIN LATERAL unnest(topic_codes) AS code
    WHERE posted_at >= :first AND posted_at < :last
        AND deleted_at IS NULL AND posts.id % :one_in = 0
    GROUP BY code, place
    """
)


def _within(bounds: Sequence[dt.datetime]) -> dict[str, Any]:
    return {"bounds": list(bounds), "first": bounds[0], "last": bounds[-1]}


async def reading(connection: AsyncConnection) -> Reading:
    """How reading goes, without counting posts."""
    row = (await connection.execute(READING)).one()
    return Reading(*row)


READING = text(
    """
    SELECT count(*), count(*) FILTER (WHERE blind_since_at IS NOT NULL OR top_message_id > watermark),
        (SELECT posted_at FROM posts ORDER BY posted_at DESC, id DESC LIMIT 1),
        (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY greatest(seen_at - posted_at, interval '0'))
            FROM (SELECT seen_at, posted_at FROM posts WHERE posted_at > now() - interval '1 hour'
                AND found_by IN ('push', 'reconcile', 'preview') ORDER BY posted_at DESC LIMIT 1000) AS lately)
    FROM channels WHERE state = 'active'
    """
)
