"""Every message id of every channel accounted for: the watermark, the holes above it, and what Telegram said last.

An id is accounted for when `channel_messages` says what it is: a post, an album's part, a service message, or gone.
`missing` is no answer yet: Telegram did not give the message once, which may be its own delay. Only a second look, at
least SECOND_LOOK_AFTER later, makes it gone (reference: telethon, 5.3).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChannelId, MessageId

SECOND_LOOK_AFTER = dt.timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Look:
    """What Telegram says of a channel at one moment: its newest message and its count of changes."""

    channel_id: ChannelId
    top_message_id: MessageId
    pts: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a channel is read. `watermark` None: monitoring has not begun."""

    channel_id: ChannelId
    watermark: int | None
    top_message_id: int | None
    pts: int | None


@dataclass(frozen=True, slots=True)
class Hole:
    """Ids, first and last included, of which nobody knows what they are."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


async def begin_at(connection: AsyncConnection, channel_id: ChannelId, watermark: int, pts: int | None = None) -> None:
    """Monitoring begins behind this id, and this count of changes; older ones are for a backfill.

    It begins behind the last post that public pages have shown, if the channel was followed by them. One that has begun
    stays as it is.
    """
    await connection.execute(
        text(
            "UPDATE channels SET pts = :pts, watermark = coalesce((SELECT max(m.message_id) FROM posts p"
            " JOIN channel_messages m ON m.post_id = p.id WHERE p.channel_id = :id AND p.found_by = 'preview'), :mark)"
            " WHERE id = :id AND watermark IS NULL"
        ),
        {"id": channel_id, "mark": watermark, "pts": pts},
    )


async def readings(connection: AsyncConnection, channel_ids: Collection[ChannelId]) -> dict[ChannelId, Reading]:
    """How far each of these channels is read."""
    rows = await connection.execute(
        text("SELECT id, watermark, top_message_id, pts FROM channels WHERE id = ANY(CAST(:ids AS bigint[]))"),
        {"ids": list(channel_ids)},
    )
    return {ChannelId(number): Reading(ChannelId(number), mark, top, pts) for number, mark, top, pts in rows}


NOTE_LOOKS = text(
    """
    UPDATE channels c SET top_message_id = greatest(c.top_message_id, l.top), pts = l.pts, reconciled_at = now(),
        watermark = coalesce(c.watermark, (SELECT max(m.message_id) FROM channel_messages m WHERE m.channel_id = c.id
            AND m.message_id <= l.top), l.top)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:tops AS bigint[]), CAST(:pts AS bigint[])) AS l(id, top, pts)
    WHERE c.id = l.id
    """
)


async def note_looks(connection: AsyncConnection, looks: Sequence[Look]) -> None:
    """Remember what Telegram said. A channel that was never looked at begins behind the newest message that we have.

    `top_message_id` may sink when the newest post is deleted; its largest value counts.
    """
    if looks:
        ordered = sorted(looks, key=lambda look: look.channel_id)
        await connection.execute(
            NOTE_LOOKS,
            {
                "ids": [look.channel_id for look in ordered],
                "tops": [look.top_message_id for look in ordered],
                "pts": [look.pts for look in ordered],
            },
        )


ADVANCE = text(
    """
    UPDATE channels c SET watermark = n.mark
    FROM (SELECT id, watermark_after(id, watermark) AS mark FROM channels
        WHERE id = ANY(CAST(:ids AS bigint[])) AND watermark IS NOT NULL ORDER BY id FOR NO KEY UPDATE) AS n
    WHERE c.id = n.id AND n.mark > c.watermark
    """
)


async def advance_watermarks(connection: AsyncConnection, channel_ids: Collection[ChannelId]) -> None:
    """Move the watermarks as far as every id is accounted for, in the transaction that accounts for them."""
    if channel_ids:
        await connection.execute(ADVANCE, {"ids": sorted(channel_ids)})


HOLES = text(
    """
    SELECT first, last FROM (
        SELECT message_id + 1 AS first, lead(message_id) OVER (ORDER BY message_id) - 1 AS last FROM (
            SELECT watermark AS message_id FROM channels WHERE id = :channel
            UNION ALL SELECT greatest(CAST(:upto AS bigint), watermark) + 1 FROM channels WHERE id = :channel
            UNION ALL SELECT m.message_id FROM channel_messages m JOIN channels c ON c.id = m.channel_id
                WHERE m.channel_id = :channel AND m.message_id > c.watermark AND m.message_id <= :upto
                    AND (m.kind <> 'missing' OR m.seen_at > now() - CAST(:wait AS interval))
        ) AS known
    ) AS gaps WHERE last >= first ORDER BY first LIMIT :most
    """
)


async def holes(
    connection: AsyncConnection,
    channel_id: ChannelId,
    upto: int,
    *,
    most: int = 1_000,
    wait: dt.timedelta = SECOND_LOOK_AFTER,
) -> list[Hole]:
    """The runs of ids in (watermark, upto] that must be asked for, oldest first: unknown, or missing for `wait`."""
    rows = await connection.execute(HOLES, {"channel": channel_id, "upto": upto, "most": most, "wait": wait})
    return [Hole(first, last) for first, last in rows]


NOTE_SERVICE = text(
    """
    INSERT INTO channel_messages (channel_id, message_id, kind)
    SELECT :channel, m, 'service' FROM unnest(CAST(:ids AS bigint[])) AS m ORDER BY m
    ON CONFLICT (channel_id, message_id) DO UPDATE SET kind = 'service' WHERE channel_messages.kind = 'missing'
    """
)

NOTE_MISSING = text(
    """
    INSERT INTO channel_messages (channel_id, message_id, kind)
    SELECT :channel, m, 'missing' FROM unnest(CAST(:ids AS bigint[])) AS m ORDER BY m
    ON CONFLICT (channel_id, message_id) DO UPDATE SET kind = 'gone'
        WHERE :may_be_gone AND channel_messages.kind = 'missing'
            AND channel_messages.seen_at <= now() - CAST(:wait AS interval)
    """
)


async def note_service(connection: AsyncConnection, channel_id: ChannelId, message_ids: Iterable[MessageId]) -> None:
    """Account for service messages (pinned, renamed, …), which are no posts."""
    await connection.execute(NOTE_SERVICE, {"channel": channel_id, "ids": sorted(message_ids)})


NOTE_GONE = text(
    """
    INSERT INTO channel_messages (channel_id, message_id, kind)
    SELECT :channel, m, 'gone' FROM unnest(CAST(:ids AS bigint[])) AS m ORDER BY m
    ON CONFLICT (channel_id, message_id) DO UPDATE SET kind = 'gone'
    """
)


async def note_gone(connection: AsyncConnection, channel_id: ChannelId, message_ids: Iterable[MessageId]) -> None:
    """Account for messages that the channel has deleted."""
    await connection.execute(NOTE_GONE, {"channel": channel_id, "ids": sorted(set(message_ids))})


async def note_missing(
    connection: AsyncConnection,
    channel_id: ChannelId,
    message_ids: Iterable[MessageId],
    *,
    wait: dt.timedelta = SECOND_LOOK_AFTER,
    may_be_gone: bool = True,
) -> None:
    """Telegram did not give these: missing the first time, gone when that was `wait` ago, if they `may_be_gone`."""
    values = {"channel": channel_id, "ids": sorted(message_ids), "wait": wait, "may_be_gone": may_be_gone}
    await connection.execute(NOTE_MISSING, values)


BEFORE_MONITORING = text(
    """
    SELECT place FROM unnest(CAST(:channels AS bigint[]), CAST(:messages AS bigint[])) WITH ORDINALITY AS k(c, m, place)
        JOIN channels ON channels.id = k.c
        LEFT JOIN channel_messages m ON m.channel_id = k.c AND m.message_id = k.m
    WHERE m.message_id IS NULL AND channels.watermark >= k.m OR m.kind IN ('post', 'part') AND m.post_id IS NULL
    """
)


async def published_before_monitoring(
    connection: AsyncConnection, messages: Sequence[tuple[ChannelId, MessageId]]
) -> set[int]:
    """Which of these are older than what we watch, or keep: the watermark has passed them and nobody ever accounted for
    them, or the post that they made has been forgotten.

    Places in `messages`. A reaction to a post of years ago reaches us as an edit of it.
    """
    if not messages:
        return set()
    channels, numbers = zip(*messages, strict=True)
    rows = await connection.execute(BEFORE_MONITORING, {"channels": list(channels), "messages": list(numbers)})
    return {place - 1 for (place,) in rows}


async def stored_ids(
    connection: AsyncConnection, channel_id: ChannelId, message_ids: Collection[MessageId]
) -> Mapping[MessageId, str]:
    """What is known of these ids: id -> kind; unknown ones are left out."""
    rows = await connection.execute(
        text(
            "SELECT message_id, kind FROM channel_messages"
            " WHERE channel_id = :channel AND message_id = ANY(CAST(:ids AS bigint[]))"
        ),
        {"channel": channel_id, "ids": list(message_ids)},
    )
    return {MessageId(number): kind for number, kind in rows}
