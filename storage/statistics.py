"""What is stored, in numbers: for operators who want to know what their installation holds and what comes in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from storage import disk_usage
from storage.database import Connection


@dataclass(frozen=True, slots=True)
class Stored:
    """All that there is."""

    posts: int
    deleted: int
    """Of these, posts that their channel has deleted."""
    versions: int
    """Earlier versions that edits left behind."""
    stories: int
    """Events that more than one post reports."""
    channels: dict[str, int]
    """By state."""
    subscribers: dict[str, int]
    """Chats, by state."""
    subscriptions: dict[str, int]
    """By state, deleted ones left out."""
    disk_bytes: int
    """The database's files."""
    used_bytes: int
    """Of these, what holds something (`storage.disk_usage`)."""
    oldest_at: dt.datetime | None
    newest_at: dt.datetime | None
    """When the oldest and the newest stored post were published."""


@dataclass(frozen=True, slots=True)
class Lately:
    """The posts published since a moment, deleted ones included."""

    posts: int
    by_day: dict[dt.date, int]
    """Days (UTC) without posts are left out."""
    by_language: dict[str | None, int]
    """Most first; None: in none that is known."""
    by_topic: dict[str, int]
    """By code, wider topics with their narrower ones; most first."""


async def stored(connection: Connection) -> Stored:
    """Count everything: some 0.3 s a million posts."""
    posts = (await connection.execute(POSTS)).one()
    others = (await connection.execute(OTHERS)).one()
    usage = await disk_usage.measure(connection)
    return Stored(
        posts=posts.posts,
        deleted=posts.deleted,
        versions=others.versions,
        stories=others.stories,
        channels=await _by_state(connection, "channels"),
        subscribers=await _by_state(connection, "subscribers"),
        subscriptions=await _by_state(connection, "subscriptions"),
        disk_bytes=others.disk_bytes,
        used_bytes=min(usage.used, others.disk_bytes),
        oldest_at=posts.oldest_at,
        newest_at=posts.newest_at,
    )


async def lately(connection: Connection, since: dt.datetime, *, topics: int = 10) -> Lately:
    """What came in since then, with the `topics` most frequent topics."""
    values: dict[str, Any] = {"since": since, "topics": topics}
    days = _counts(await connection.execute(BY_DAY, values))
    languages = _counts(await connection.execute(BY_LANGUAGE, values))
    codes = _counts(await connection.execute(BY_TOPIC, values))
    return Lately(sum(days.values()), days, languages, codes)


async def _by_state(connection: Connection, table: str) -> dict[str, int]:
    return _counts(await connection.execute(BY_STATE[table]))


def _counts(rows: Iterable[Any]) -> dict[Any, int]:
    return {name: int(count) for name, count in rows}


BY_STATE = {
    "channels": text("SELECT state, count(*) FROM channels GROUP BY state ORDER BY state"),
    "subscribers": text("SELECT state, count(*) FROM subscribers GROUP BY state ORDER BY state"),
    "subscriptions": text(
        "SELECT state, count(*) FROM subscriptions WHERE state <> 'deleted' GROUP BY state ORDER BY state"
    ),
}

POSTS = text(
    "SELECT count(*) AS posts, count(deleted_at) AS deleted, min(posted_at) AS oldest_at, max(posted_at) AS newest_at"
    " FROM posts"
)

OTHERS = text(
    "SELECT (SELECT count(*) FROM post_versions) AS versions,"
    " (SELECT count(*) FROM (SELECT FROM story_posts GROUP BY story_id HAVING count(*) > 1) AS told) AS stories,"
    " pg_database_size(current_database()) AS disk_bytes"
)

BY_DAY = text(
    "SELECT CAST(posted_at AT TIME ZONE 'UTC' AS date) AS day, count(*) FROM posts WHERE posted_at >= :since"
    " GROUP BY day ORDER BY day"
)
BY_LANGUAGE = text(
    "SELECT language, count(*) AS posts FROM posts WHERE posted_at >= :since GROUP BY language"
    " ORDER BY posts DESC, language"
)
BY_TOPIC = text(
    "SELECT code, count(*) AS posts FROM posts CROSS JOIN LATERAL unnest(topic_codes) AS code"
    " WHERE posted_at >= :since GROUP BY code ORDER BY posts DESC, code LIMIT :topics"
)
