"""Which channels report first, and which edit and delete most, over a span of time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import ChannelId

LEAST_CHANNELS = 3
"""Channels of a story that says who was first: two may as well be one that copies the other."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One channel in that time."""

    id: ChannelId
    username: str | None
    title: str
    posts: int
    edited: int
    """Posts that were edited since."""
    deleted: int
    """Posts that were deleted since."""
    stories: int
    """Stories of three channels or more that it told."""
    firsts: int
    """Of those, the ones that it told first."""
    delay: dt.timedelta | None
    """How much later than the first it told the others, half of the times."""

    @property
    def edited_share(self) -> float:
        """Of its posts, how many were edited; 0 to 1."""
        return self.edited / self.posts if self.posts else 0.0

    @property
    def deleted_share(self) -> float:
        """Of its posts, how many were deleted; 0 to 1."""
        return self.deleted / self.posts if self.posts else 0.0


async def standings(connection: AsyncConnection, since: dt.datetime, until: dt.datetime) -> list[Standing]:
    """Every channel that published in that time: who told most stories first comes first.

    Stories are those that begin in that time. What a channel's own reposts of itself add is not counted.
    """
    rows = await connection.execute(STANDINGS, {"since": since, "until": until, "least": LEAST_CHANNELS})
    return [_standing(tuple(row)) for row in rows]


def most_edited(found: list[Standing], limit: int) -> list[Standing]:
    """Those that edited most posts, the most first; none that edited none."""
    return sorted((each for each in found if each.edited), key=lambda each: -each.edited)[:limit]


def most_deleted(found: list[Standing], limit: int) -> list[Standing]:
    """Those that deleted most posts, the most first; none that deleted none."""
    return sorted((each for each in found if each.deleted), key=lambda each: -each.deleted)[:limit]


def _standing(row: tuple[Any, ...]) -> Standing:
    return Standing(**dict(zip((each.name for each in fields(Standing)), row, strict=True)))


STANDINGS = text(
    """
    WITH published AS (
        SELECT channel_id, count(*) AS posts, count(edited_at) AS edited, count(deleted_at) AS deleted
        FROM posts WHERE posted_at >= :since AND posted_at < :until GROUP BY channel_id
    ), tellings AS (
        SELECT s.story_id, p.channel_id, min(p.posted_at) AS told_at, min(p.id) AS post_id
        FROM story_posts s JOIN posts p ON p.id = s.post_id
        WHERE s.story_id IN (
            SELECT t.story_id FROM story_posts t JOIN posts q ON q.id = t.post_id
            WHERE q.posted_at >= :since AND q.posted_at < :until
        )
        GROUP BY s.story_id, p.channel_id
    ), ranked AS (
        SELECT channel_id, told_at, min(told_at) OVER story AS first_at, count(*) OVER story AS channels,
            row_number() OVER (PARTITION BY story_id ORDER BY told_at, post_id) AS place
        FROM tellings WINDOW story AS (PARTITION BY story_id)
    ), told AS (
        SELECT channel_id, count(*) AS stories, count(*) FILTER (WHERE place = 1) AS firsts,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY told_at - first_at) FILTER (WHERE place > 1) AS delay
        FROM ranked WHERE channels >= :least AND first_at >= :since AND first_at < :until GROUP BY channel_id
    )
    SELECT c.id, c.username, c.title, p.posts, p.edited, p.deleted, coalesce(t.stories, 0), coalesce(t.firsts, 0),
        t.delay
    FROM published p JOIN channels c ON c.id = p.channel_id LEFT JOIN told t ON t.channel_id = p.channel_id
    ORDER BY coalesce(t.firsts, 0) DESC, coalesce(t.stories, 0) DESC, p.posts DESC, c.id
    """
)
