"""What a scheduled digest is about, read back for its message: stories, those told by most channels first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import channels, posts
from storage.alerts import POST_COLUMNS, Alert, AlsoTold
from storage.ids import MessageId
from storage.leases import Leased
from storage.posts import StoredPost
from storage.subscriptions import Subscription

MOST_STORIES = 40
"""Stories of one digest that are read: more than a message of 4,096 characters, or 100 entities, has room for."""

MOST_TELLINGS = 12
"""Posts of one story that are linked, the first told first: a message has room for 100 entities in all."""


@dataclass(frozen=True, slots=True)
class DigestStory:
    """A story in a digest: the first post of it that the subscriber is owed, and every other post that tells it."""

    post: StoredPost
    also: tuple[AlsoTold, ...]
    """In order of time; of many, the first MOST_TELLINGS."""
    told: int
    """Posts that tell it in all."""


@dataclass(frozen=True, slots=True)
class StoryDigest:
    """All that one digest is about; of many stories, those told by most channels are here."""

    stories: tuple[DigestStory, ...]
    posts: int
    """Alerts that it stands for."""
    count: int
    """Stories of all of them."""
    since_at: dt.datetime
    until_at: dt.datetime
    """When the oldest and the newest of the posts were published."""
    reasons: tuple[Subscription, ...]
    """The subscriptions that asked."""
    is_repeat: bool
    """It may have arrived before."""


async def read_digest(connection: AsyncConnection, leased: Leased, alert: Alert) -> StoryDigest | None:
    """The digest of a lease whose rows, those of `alert`, are being sent; None when its posts are gone."""
    values = {"ids": list(leased.ids), "token": leased.token, "most": MOST_STORIES}
    found = (await connection.execute(STORIES, values)).all()
    if not found:
        return None
    firsts = {row.story: posts.stored_post(row[len(FACTS) :]) for row in found}
    others: dict[int, list[AlsoTold]] = {story: [] for story in firsts}
    told = {row.story: int(row.owed) for row in found}
    numbers = {**values, "stories": list(firsts), "tellings": MOST_TELLINGS}
    for row in await connection.execute(TELLINGS, numbers):
        told[row.story] = row.told
        if row.post_id != firsts[row.story].id:
            also = AlsoTold(channels.channel_of(row[5:]), MessageId(row.message_id), row.posted_at)
            others[row.story].append(also)
    stories = tuple(DigestStory(post, tuple(others[story]), told[story]) for story, post in firsts.items())
    first = found[0]
    return StoryDigest(
        stories, first.posts, first.stories, first.since_at, first.until_at, tuple(alert.reasons), alert.is_repeat
    )


FACTS = ("r.story", "r.owed", "r.posts", "r.stories", "r.since_at", "r.until_at")

OWED = """
    SELECT d.post_id, coalesce(d.story_id, d.post_id) AS story, p.posted_at
    FROM deliveries d JOIN posts p ON p.id = d.post_id
    WHERE d.id = ANY(CAST(:ids AS bigint[])) AND d.lease_token = :token AND d.state = 'sending'
"""

STORIES = text(
    f"""
    SELECT {", ".join(FACTS)}, {POST_COLUMNS}
    FROM (
        SELECT story, (array_agg(post_id ORDER BY posted_at, post_id))[1] AS first_id, count(*) AS owed,
            CAST(sum(count(*)) OVER () AS bigint) AS posts, count(*) OVER () AS stories,
            min(min(posted_at)) OVER () AS since_at, max(max(posted_at)) OVER () AS until_at,
            channels_telling(story) AS channels
        FROM ({OWED}) AS owed GROUP BY story
    ) AS r JOIN posts p ON p.id = r.first_id JOIN channels c ON c.id = p.channel_id
    ORDER BY r.channels DESC, r.owed DESC, p.posted_at DESC, p.id DESC LIMIT :most
    """  # noqa: S608 - our own words
)

TELLINGS = text(
    f"""
    SELECT t.story, t.post_id, t.told, p.message_id, p.posted_at, {", ".join(f"c.{x.key}" for x in channels.COLUMNS)}
    FROM (
        SELECT story, post_id, count(*) OVER (PARTITION BY story) AS told,
            row_number() OVER (PARTITION BY story ORDER BY posted_at, post_id) AS place
        FROM (
            SELECT s.story_id AS story, s.post_id, q.posted_at FROM story_posts s JOIN posts q ON q.id = s.post_id
            WHERE s.story_id = ANY(CAST(:stories AS bigint[])) AND q.deleted_at IS NULL
            UNION SELECT story, post_id, posted_at FROM ({OWED}) AS owed WHERE story = ANY(CAST(:stories AS bigint[]))
        ) AS telling
    ) AS t JOIN posts p ON p.id = t.post_id JOIN channels c ON c.id = p.channel_id
    WHERE t.place <= :tellings ORDER BY t.story, t.place
    """  # noqa: S608
)
"""Every post of the stories; of one that the subscriber is owed, also when its channel has deleted it since."""
