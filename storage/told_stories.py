"""Stories as people read them: who told first, who followed after how long; and what an operator puts right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.ids import PostId
from storage.models import ChannelRow, PostRow
from storage.posts import COLUMNS, StoredPost, stored_post
from storage.stories import Kind, Placed, keep_apart_from, lock_stories, merge_stories, place, story_ids


@dataclass(frozen=True, slots=True)
class Place:
    """Why a post stands in its story: it is like another one, so much (0 to 1)."""

    post_id: PostId
    kind: Kind
    like_post_id: PostId | None
    similarity: float | None


@dataclass(frozen=True, slots=True)
class StoryTelling:
    """One post of a story. `delay` is how long after the first of all it was published."""

    post: StoredPost
    place: Place
    delay: dt.timedelta


@dataclass(frozen=True, slots=True)
class Story:
    """Posts that report one event, in the order in which they were published."""

    id: PostId
    tellings: tuple[StoryTelling, ...]

    @property
    def first(self) -> StoredPost:
        """Who reported first, of what we monitor."""
        return self.tellings[0].post


@dataclass(frozen=True, slots=True)
class StorySize:
    """A story in a list: how many posts of how many channels tell it, and the post that told first."""

    id: PostId
    posts: int
    channels: int
    first: StoredPost
    latest_at: dt.datetime


async def read_story(connection: AsyncConnection, post_id: PostId) -> Story | None:
    """The story that a post tells, alone if it does; None when there is no such post."""
    story_id = (await story_ids(connection, [post_id]))[post_id]
    placed = [Place(*row) for row in await connection.execute(MEMBERS, {"story": story_id})]
    places = {place.post_id: place for place in placed or [Place(post_id, "first", None, None)]}
    posts = sorted(await _posts(connection, list(places)), key=lambda each: (each.posted_at, each.id))
    if not posts:
        return None
    return Story(
        story_id, tuple(StoryTelling(post, places[post.id], post.posted_at - posts[0].posted_at) for post in posts)
    )


async def largest_stories(
    connection: AsyncConnection, since: dt.datetime, until: dt.datetime | None = None, limit: int = 20
) -> list[StorySize]:
    """Stories of which a post was published in that time, those told by most channels first."""
    values = {"since": since, "until": until, "limit": limit}
    rows = (await connection.execute(LARGEST, values)).all()
    posts = {post.id: post for post in await _posts(connection, [row.first_id for row in rows])}
    return [StorySize(row.story_id, row.posts, row.channels, posts[row.first_id], row.latest_at) for row in rows]


async def stories_by_link(connection: AsyncConnection) -> dict[str, PostId]:
    """The story of every post of a channel that has a name, by the post's public link."""
    return {row.link: PostId(row.story_id) for row in await connection.execute(BY_LINK)}


async def take_out(connection: AsyncConnection, post_id: PostId) -> PostId | None:
    """Undo a wrong join: the post stands alone, and never joins that story again.

    Returns the story that it was taken out of; None when it was alone. When the post gave the story its number, the
    others go on under the number of the next.
    """
    await lock_stories(connection)
    story_id = (await story_ids(connection, [post_id]))[post_id]
    others = [row.post_id for row in await connection.execute(MEMBERS, {"story": story_id}) if row.post_id != post_id]
    if not others:
        return None
    if story_id == post_id:
        story_id = PostId(min(others))
        await place(connection, [Placed(PostId(each), story_id, "operator") for each in others])
        await keep_apart_from(connection, story_id, as_from=post_id)
    await place(connection, [Placed(post_id, post_id, "operator", apart_from=(story_id,))])
    return story_id


async def join_stories(connection: AsyncConnection, post_id: PostId, into: PostId) -> PostId | None:
    """The stories of two posts are one, an operator says: all posts of the first one's belong to the second one's.

    Returns that story; None when they were one already.
    """
    await lock_stories(connection)
    found = await story_ids(connection, [post_id, into])
    if found[post_id] == found[into]:
        return None
    await merge_stories(connection, found[post_id], found[into])
    return found[into]


MEMBERS = text("SELECT post_id, kind, like_post_id, similarity FROM story_posts WHERE story_id = :story")

BY_LINK = text(
    "SELECT 'https://t.me/' || c.username || '/' || p.message_id AS link, coalesce(sp.story_id, p.id) AS story_id"
    " FROM posts p JOIN channels c ON c.id = p.channel_id LEFT JOIN story_posts sp ON sp.post_id = p.id"
    " WHERE c.username IS NOT NULL"
)

LARGEST = text(
    """
    SELECT sp.story_id, count(*) AS posts, count(DISTINCT p.channel_id) AS channels, max(p.posted_at) AS latest_at,
        (array_agg(p.id ORDER BY p.posted_at, p.id))[1] AS first_id
    FROM story_posts sp JOIN posts p ON p.id = sp.post_id
    WHERE sp.story_id IN (
        SELECT s.story_id FROM story_posts s JOIN posts q ON q.id = s.post_id
        WHERE q.posted_at >= :since AND (CAST(:until AS timestamptz) IS NULL OR q.posted_at < :until)
    )
    GROUP BY sp.story_id HAVING count(*) > 1
    ORDER BY channels DESC, posts DESC, sp.story_id DESC LIMIT :limit
    """
)


async def _posts(connection: AsyncConnection, post_ids: list[PostId]) -> list[StoredPost]:
    rows = await connection.execute(
        select(*COLUMNS).join(ChannelRow, ChannelRow.id == PostRow.channel_id).where(PostRow.id.in_(post_ids))
    )
    return [stored_post(row) for row in rows]
