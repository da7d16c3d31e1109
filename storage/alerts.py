"""What an alert is about, read back for the message: its post, who asked for it, and who else told the same story."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import channels, posts, subscriptions
from storage.channels import Channel
from storage.ids import ChatId, DeliveryId, MessageId
from storage.keeping import FORGOTTEN_CONTENT
from storage.leases import Leased
from storage.models import ChannelRow
from storage.own_topics import OwnTopic, topics_behind
from storage.posts import StoredPost
from storage.subscriptions import Subscription

MOST_READ = 40
"""Posts of one digest that are read: more than a message of 4,096 characters, or 100 entities, has room for."""


@dataclass(frozen=True, slots=True)
class FoundLate:
    """Posts that one digest is about: `count` of them, of which the newest are here, oldest first."""

    posts: tuple[StoredPost, ...]
    count: int
    since_at: dt.datetime
    """When the oldest of all was published."""
    has_waited: bool = False
    """They were found in time, and waited here until they were too many, or too old, to come one by one."""


@dataclass(frozen=True, slots=True)
class AlsoTold:
    """Another channel that tells the story of an alert, with its first post about it."""

    channel: Channel
    message_id: MessageId
    posted_at: dt.datetime

    @property
    def url(self) -> str | None:
        """The public link of that post."""
        return self.channel.url_of(self.message_id)


@dataclass(frozen=True, slots=True)
class Alert:
    """What is to be said: the post and the subscriptions that asked. A repeat may have arrived before."""

    delivery_id: DeliveryId
    post: StoredPost
    reasons: list[Subscription]
    is_repeat: bool
    is_replay: bool = False
    """An archive brought the post: how long ago it was published says nothing about us."""
    digest: FoundLate | None = None
    """Where several posts are one message: all of them; `post` is the newest."""
    also: tuple[AlsoTold, ...] = ()
    """Who else tells the story, in order of time; none that the subscriber is alerted to on its own."""
    told_by: int | None = None
    """How many channels tell it, where that is why the alert comes now."""
    shown_before: str | None = None
    """The text that a sent alert showed first, where it was another."""
    own_topics: tuple[OwnTopic, ...] = ()
    """The operator's own topics that the post is about, and those above them."""
    is_text_forgotten: bool = False
    """Its channel deleted the post, and here deleted texts are not kept."""

    @property
    def is_changed(self) -> bool:
        """Whether there is more to say of it than of a post that nobody else tells, as it was published."""
        return bool(self.also or self.shown_before is not None or self.post.edited_at or self.post.deleted_at)


async def begun(connection: AsyncConnection, leased: Leased, count: int) -> Alert | None:
    """The alert of a lease whose `count` rows are being sent; None when its posts are gone."""
    values = {"ids": list(leased.ids), "token": leased.token}
    rows = (await connection.execute(BEGUN, {**values, "most": MOST_READ})).all()
    if not rows:
        return None
    if count == 1:
        return await _alert(connection, rows[0])
    asked = (await connection.execute(ASKED, values)).one()
    return Alert(
        delivery_id=DeliveryId(rows[0].delivery_id),
        post=_post(rows[0]),
        reasons=[reason for reason in await _subscriptions(connection, asked.reasons) if reason.state == "active"],
        is_repeat=leased.unknowns > 0,
        is_replay=rows[0].found_by == "replay",
        digest=FoundLate(
            tuple(_post(row) for row in reversed(rows)), count, asked.since_at, not all(row.is_late for row in rows)
        ),
    )


async def amended(connection: AsyncConnection, delivery_id: DeliveryId) -> Alert | None:
    """A sent alert as it should read now; None when its post is gone."""
    row = (await connection.execute(ONE, {"id": delivery_id})).first()
    return await _alert(connection, row, was_sent=True) if row else None


async def alert_of(connection: AsyncConnection, chat_id: ChatId, delivery_id: DeliveryId) -> Alert | None:
    """The alert behind a button, if it was owed to that very chat."""
    row = (await connection.execute(OF_CHAT, {"id": delivery_id, "chat": chat_id})).first()
    if row is None:
        return None
    reasons = await _subscriptions(connection, row.reasons)
    post, is_replay = _post(row), row.found_by == "replay"
    own = await topics_behind(connection, post.topic_codes)
    return Alert(delivery_id, post, reasons, is_repeat=row.unknowns > 0, is_replay=is_replay, own_topics=own)


FACTS = (
    "d.id AS delivery_id", "d.subscriber_id", "d.reasons", "d.unknowns", "d.is_late", "d.story_id", "d.shown_version",
    "p.found_by", "p.content_hash",
    "d.is_first AND EXISTS (SELECT FROM story_posts t WHERE t.story_id = d.story_id) AS is_in_story",
)  # fmt: skip

POST_COLUMNS = ", ".join(
    f"{'c' if column.table is ChannelRow.__table__ else 'p'}.{column.key}" for column in posts.COLUMNS
)
"""posts.COLUMNS of a post p and its channel c."""

ALERTS = (
    f"SELECT {', '.join(FACTS)}, {POST_COLUMNS} FROM deliveries d JOIN posts p ON p.id = d.post_id"  # noqa: S608 - our own
    " JOIN channels c ON c.id = p.channel_id"
)
"""Written out: what is said 28 times a second is not put together anew each time."""

BEING_SENT = "d.id = ANY(CAST(:ids AS bigint[])) AND d.lease_token = :token AND d.state = 'sending'"

BEGUN = text(f"{ALERTS} WHERE {BEING_SENT} ORDER BY p.posted_at DESC, p.id DESC LIMIT :most")

ASKED = text(
    "SELECT min(p.posted_at) AS since_at, array_agg(DISTINCT reason) AS reasons"  # noqa: S608 - our own words
    f" FROM deliveries d JOIN posts p ON p.id = d.post_id, unnest(d.reasons) AS reason WHERE {BEING_SENT}"
)

ONE = text(f"{ALERTS} WHERE d.id = :id AND d.kind = 'alert'")

OF_CHAT = text(
    f"{ALERTS} JOIN subscribers s ON s.id = d.subscriber_id WHERE d.id = :id AND d.kind = 'alert' AND s.chat_id = :chat"
)


def _post(row: Any) -> StoredPost:
    return posts.stored_post(row[len(FACTS) :])


async def _alert(connection: AsyncConnection, row: Any, *, was_sent: bool = False) -> Alert:
    """One alert with all that belongs to it; one that was sent names also who has paused since."""
    asked = await _subscriptions(connection, row.reasons)
    reasons = [reason for reason in asked if reason.state == "active" or (was_sent and reason.state != "deleted")]
    told_by = await _told_by(connection, row.story_id, reasons) if row.is_in_story else None
    post = _post(row)
    return Alert(
        delivery_id=DeliveryId(row.delivery_id),
        post=post,
        reasons=reasons,
        is_repeat=row.unknowns > 0,
        is_replay=row.found_by == "replay",
        also=await _also_told(connection, row) if row.is_in_story else (),
        told_by=told_by,
        shown_before=await _shown_before(connection, row) if was_sent else None,
        own_topics=await topics_behind(connection, post.topic_codes),
        is_text_forgotten=row.content_hash == FORGOTTEN_CONTENT,
    )


async def _told_by(connection: AsyncConnection, story_id: int, reasons: Sequence[Subscription]) -> int | None:
    """How many channels tell the story, if all that asked have waited for that."""
    values = {"story": story_id, "ids": [reason.id for reason in reasons]}
    told_by: int | None = await connection.scalar(TOLD_BY, values)
    return told_by


async def _also_told(connection: AsyncConnection, row: Any) -> tuple[AlsoTold, ...]:
    values = {"story": row.story_id, "post": _post(row).id, "subscriber": row.subscriber_id}
    found = (await connection.execute(ALSO_TOLD, values)).all()
    told = [AlsoTold(channels.channel_of(also[2:]), MessageId(also.message_id), also.posted_at) for also in found]
    return tuple(sorted(told, key=lambda also: (also.posted_at, also.message_id)))


async def _shown_before(connection: AsyncConnection, row: Any) -> str | None:
    """What the post said when the alert was sent: kept as a version, unless it still says that."""
    shown = await connection.scalar(SHOWN, {"post": _post(row).id, "version": row.shown_version})
    return None if shown is None or shown == _post(row).text else str(shown)


async def _subscriptions(connection: AsyncConnection, numbers: Sequence[int]) -> list[Subscription]:
    rows = await connection.execute(SUBSCRIPTIONS, {"ids": list(numbers)})
    return [subscriptions.subscription_of(row) for row in rows]


SUBSCRIPTIONS = text(
    f"SELECT {', '.join(column.key for column in subscriptions.COLUMNS)} FROM subscriptions"  # noqa: S608 - our own
    " WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id"
)

TOLD_BY = text(
    "SELECT CASE WHEN bool_and(mode = 'nth') THEN channels_telling(:story) END FROM subscriptions WHERE id = ANY(:ids)"
)

SHOWN = text("SELECT text FROM post_versions WHERE post_id = :post AND version = :version")

ALSO_TOLD = text(
    f"""
    SELECT DISTINCT ON (c.id) p.message_id, p.posted_at, {", ".join(f"c.{column.key}" for column in channels.COLUMNS)}
    FROM story_posts s JOIN posts p ON p.id = s.post_id JOIN channels c ON c.id = p.channel_id
    WHERE s.story_id = :story AND p.deleted_at IS NULL
        AND p.channel_id <> (SELECT channel_id FROM posts WHERE id = :post)
        AND NOT EXISTS (SELECT FROM deliveries d WHERE d.subscriber_id = :subscriber AND d.post_id = p.id
            AND d.kind = 'alert' AND d.state NOT IN ('held', 'cancelled', 'dead'))
    ORDER BY c.id, p.posted_at, p.id
    """  # noqa: S608 - our own column names
)
"""Whose post is an alert of its own is not told twice."""
