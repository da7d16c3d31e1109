"""What a subscriber does not want to hear of: words, channels, stories, whatever their subscriptions ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from matching.nodes import tsquery
from matching.query import Query
from storage import schedules
from storage.ids import ChannelId, PostId, SubscriberId
from storage.models import ChannelRow, MuteRow, PostRow
from storage.post_values import storable

Kind = Literal["word", "channel", "story"]

STORIES_MUTED = dt.timedelta(days=7)
"""How long a story stays muted: nobody joins it any more after 72 hours (issue 5)."""

MOST_MUTES = 100
"""Of one subscriber: each of them is looked at with each of their alerts."""

NOW = "coalesce(CAST(:now AS timestamptz), statement_timestamp())"

DUE = (
    "d.kind = 'alert' AND d.state IN ('pending', 'unknown') AND d.settled_at IS NULL"
    f" AND d.due_at <= {NOW} AND d.subscriber_id = ANY(CAST(:subscribers AS bigint[]))"
)
"""Alerts of `:subscribers` that might be leased now."""


class TooManyMutes(Exception):
    """The subscriber has as many as they may have."""


class NotMutable(ValueError):
    """The query asks for more than words, so that it is no word to be muted."""


@dataclass(frozen=True, slots=True)
class Mute:
    """What is not to be heard: `said` is the word, the channel, or the channel whose post told the story."""

    id: int
    kind: Kind
    said: str


async def mute_word(connection: AsyncConnection, subscriber_id: SubscriberId, word: str, query: Query) -> None:
    """No alerts about posts that have the word, in any of its forms. Raises NotMutable, TooManyMutes."""
    terms = tsquery(query.root)
    if terms is None:
        raise NotMutable("a mute is of words alone")
    await _mute(connection, subscriber_id, kind="word", word=storable(word), terms=terms)


async def mute_channel(connection: AsyncConnection, subscriber_id: SubscriberId, channel_id: ChannelId) -> None:
    """No alerts about posts of that channel; of a story that others tell, too, theirs come. Raises TooManyMutes."""
    await _mute(connection, subscriber_id, kind="channel", channel_id=channel_id)


async def mute_story(connection: AsyncConnection, subscriber_id: SubscriberId, post_id: PostId) -> None:
    """No more alerts about the story that this post tells. Raises TooManyMutes."""
    await _mute(connection, subscriber_id, kind="story", post_id=post_id)


async def unmute(connection: AsyncConnection, subscriber_id: SubscriberId, mute_id: int) -> bool:
    """Let it be heard again, from now on; False when the subscriber has muted no such thing."""
    done = await connection.execute(
        delete(MuteRow).where(MuteRow.id == mute_id, MuteRow.subscriber_id == subscriber_id)
    )
    return done.rowcount > 0


async def list_for(connection: AsyncConnection, subscriber_id: SubscriberId) -> list[Mute]:
    """What the subscriber has muted, the newest first. Of a protected channel's story no word is shown."""
    said = func.coalesce(MuteRow.word, func.nullif(ChannelRow.title, ""), ChannelRow.username, "")
    rows = await connection.execute(
        select(MuteRow.id, MuteRow.kind, said)
        .outerjoin(PostRow, PostRow.id == MuteRow.post_id)
        .outerjoin(ChannelRow, ChannelRow.id == func.coalesce(MuteRow.channel_id, PostRow.channel_id))
        .where(MuteRow.subscriber_id == subscriber_id)
        .order_by(MuteRow.id.desc())
    )
    return [_mute_of(row) for row in rows]


def _mute_of(row: Any) -> Mute:
    return Mute(*row)


async def cancel_muted(
    connection: AsyncConnection, subscriber_ids: Collection[SubscriberId], now: dt.datetime | None = None
) -> int:
    """Cancel alerts that are due and that their subscribers have muted; how many. See `storage.deferring.hold_back`."""
    return (await connection.execute(CANCEL, {"subscribers": list(subscriber_ids), "now": now})).rowcount


CANCEL = text(
    f"""
    UPDATE deliveries d SET state = 'cancelled', detail = 'muted', settled_at = statement_timestamp(),
        lease_token = NULL
    FROM posts p WHERE p.id = d.post_id AND {DUE} AND EXISTS (
        SELECT FROM mutes m WHERE m.subscriber_id = d.subscriber_id AND (
            m.kind = 'channel' AND m.channel_id = p.channel_id
            OR m.kind = 'word' AND p.terms @@ CAST(m.terms AS tsquery)
            OR m.kind = 'story' AND d.story_id = coalesce(
                (SELECT s.story_id FROM story_posts s WHERE s.post_id = m.post_id), m.post_id)))
    """  # noqa: S608 - our own words
)


async def forget_old_stories(connection: AsyncConnection, now: dt.datetime) -> None:
    """Forget mutes of stories that nobody tells any more."""
    await connection.execute(delete(MuteRow).where(MuteRow.kind == "story", MuteRow.created_at < now - STORIES_MUTED))


async def _mute(connection: AsyncConnection, subscriber_id: SubscriberId, **values: str | int) -> None:
    await schedules.lock(connection, subscriber_id)  # who mutes has terms; of two taps one waits for the other
    owned = select(func.count()).select_from(MuteRow).where(MuteRow.subscriber_id == subscriber_id)
    if int(await connection.scalar(owned) or 0) >= MOST_MUTES:
        raise TooManyMutes
    await connection.execute(insert(MuteRow).values(subscriber_id=subscriber_id, **values).on_conflict_do_nothing())
