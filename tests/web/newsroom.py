"""Something to show: the sample feed (all invented), read by the real pipeline, and what is owed for it."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

from ingest.pipeline import Pipeline
from sandbox.feed import sample
from sandbox.feed.values import Feed, SampleDeletion, SampleEdit, SamplePost
from storage.channels import archived_channel
from storage.database import Database
from storage.ids import ChannelId, MessageId, TelegramChannelId
from storage.post_values import Forward, Medium, Part, Post
from tests.storage.makers import change, make_subscriber, subscribe

SMALL = "demo_small_"
TOWNS = ("Belozar", "Dravinka", "Kharvel", "Лисна", "Меридан", "Ostrel", "Тиха коса", "Velt Harbour", "Янтарное")
"""Small channels that only repeat what others say."""

WIDELY = "demo_arlen_news"

MUCH = 150
"""Characters of a post that can be told again."""

LIVE_FOR = dt.timedelta(hours=9)
"""The live items of the feed are spread over the last hours."""


async def furnish(database: Database) -> None:
    """Channels, a week of posts with edits, deletions, forwards and stories, and deliveries in several states."""
    feed = sample.load()
    await subscribe(database, await make_subscriber(database), "перемирие OR ceasefire OR перемир'я")
    channels = {each.username: await _channel(database, each.username, each.title) for each in feed.channels}
    for number, town in enumerate(TOWNS, 1):
        channels[f"{SMALL}{number}"] = await _channel(database, f"{SMALL}{number}", f"{town} 24")
    pipeline = Pipeline(database)
    work = asyncio.create_task(pipeline.run())
    await _publish(pipeline, feed, channels)
    work.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await work
    for statement in AFTERWARDS:
        await change(database, statement)


AFTERWARDS = (
    (
        "UPDATE channels SET state = 'active', reconciled_at = now() - interval '9 seconds', top_message_id = m.top,"
        " watermark = m.top FROM (SELECT channel_id, max(message_id) AS top FROM posts GROUP BY channel_id) AS m"
        " WHERE m.channel_id = channels.id"
    ),
    "UPDATE channels SET top_message_id = top_message_id + 3 WHERE username = 'demo_opal_wire'",
    "UPDATE channels SET blind_since_at = now() - interval '12 minutes' WHERE username = 'demo_arlenia_sport'",
    "INSERT INTO heartbeats (program, beat_at) VALUES ('ingest', now() + interval '10 minutes')",
    "INSERT INTO accounts (name, state, session) VALUES ('main', 'ready', 'x')",
    (
        "UPDATE channels SET reader_id = (SELECT id FROM accounts), reader_until_at = now() + interval '1 day'"
        " WHERE blind_since_at IS NULL"
    ),
    "UPDATE deliveries SET state = 'sent', settled_at = owed_at, attempt = 1 WHERE state = 'pending' AND id % 5 > 1",
    (
        "UPDATE deliveries SET state = 'dead', detail = 'Forbidden: bot was blocked by the user', attempt = 1,"
        " settled_at = now() WHERE state = 'pending' AND id % 5 = 0"
    ),
)


async def _channel(database: Database, username: str, title: str) -> ChannelId:
    async with database.begin() as connection:
        number = await archived_channel(connection, username=username, title=title)
    await change(database, "UPDATE channels SET telegram_id = 1000 + id WHERE id = :id", id=number)
    return number


async def _publish(pipeline: Pipeline, feed: Feed, channels: Mapping[str, ChannelId]) -> None:
    now = dt.datetime.now(dt.UTC)
    published: dict[str, Post] = {}
    counts = dict.fromkeys(channels, 100)
    step = LIVE_FOR / len(feed.live)
    for place, item in enumerate([*feed.history, *feed.live]):
        at = now - LIVE_FOR + step * (place - len(feed.history))
        if isinstance(item, SampleDeletion):
            deleted = published[item.of]
            await pipeline.settle()
            numbers = [part.message_id for part in deleted.parts]
            await pipeline.offer_deletion(deleted.channel_id, numbers, at)
            continue
        if isinstance(item, SampleEdit):
            before = published[item.of]
            parts = (replace(before.parts[0], text=item.text), *before.parts[1:])
            post = replace(before, parts=parts, edited_at=at, seen_at=at)
            await pipeline.settle()
        else:
            if item.hours_ago is not None:
                at = now - dt.timedelta(hours=item.hours_ago)
            counts[item.channel] += 1
            post = _post(item, channels[item.channel], counts[item.channel], at, published)
        published[item.key if isinstance(item, SamplePost) else item.of] = post
        await pipeline.offer(post)
    await pipeline.settle()
    await _spread(pipeline, feed, published, channels)


async def _spread(
    pipeline: Pipeline, feed: Feed, published: Mapping[str, Post], channels: Mapping[str, ChannelId]
) -> None:
    """One post goes round: every small channel repeats it, most by forwarding."""
    original = published[
        next(post for post in feed.live_posts() if post.channel == WIDELY and len(post.text) > MUCH).key
    ]
    small = [number for name, number in channels.items() if name.startswith(SMALL)]
    for place, number in enumerate(small):
        at = original.posted_at + dt.timedelta(minutes=2 + place * place)
        forward = Forward(TelegramChannelId(1000 + original.channel_id), message_id=original.message_id)
        part = replace(original.parts[0], message_id=MessageId(7))
        await pipeline.offer(
            replace(
                original, channel_id=number, parts=(part,), posted_at=at, seen_at=at, grouped_id=None,
                forward=forward if place % 3 else None,
            )
        )  # fmt: skip
    await pipeline.settle()


def _post(
    item: SamplePost, channel_id: ChannelId, message_id: int, at: dt.datetime, published: Mapping[str, Post]
) -> Post:
    forward, text = None, item.text
    if item.forward_of is not None:
        original = published[item.forward_of]
        forward = Forward(TelegramChannelId(1000 + original.channel_id), message_id=original.message_id)
        text = original.parts[0].text
    medium = Medium("photo") if item.photos else Medium("document", file_name="note.pdf") if item.document else None
    if item.poll is not None:
        medium = Medium("poll", poll={"question": item.poll.question, "options": list(item.poll.options)})
    seen_at = at + dt.timedelta(seconds=1)
    return Post(
        channel_id,
        (Part(MessageId(message_id), text, (), medium),),
        at,
        seen_at,
        forward=forward,
        views=30 * message_id,
    )
