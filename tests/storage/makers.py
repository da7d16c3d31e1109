"""What the tests of storage and of the pipeline begin with: channels, posts, subscribers and what they ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from analysis.labels import label, unlabelled
from matching.query import parse
from storage import subscribers, subscriptions
from storage.channels import archived_channel
from storage.database import Database
from storage.deliveries import Owed, owe_alerts
from storage.ids import ChannelId, ChatId, MessageId, PostId, SubscriptionId
from storage.post_store import store_posts
from storage.post_values import Part, Post
from storage.post_versions import completed, stored_versions
from storage.posts import LabelledPost, Outcome
from storage.subscribers import Subscriber

NOON = dt.datetime(2026, 1, 5, 12, 0, tzinfo=dt.UTC)


async def make_channel(database: Database, username: str = "news") -> ChannelId:
    """A channel with that name."""
    async with database.begin() as connection:
        return await archived_channel(connection, username=username, title=username)


def make_post(channel_id: ChannelId, message_id: int = 1, said: str = "", **fields: Any) -> Post:
    """A post of one part, of noon unless told otherwise."""
    values = {"posted_at": NOON, "seen_at": NOON, **fields}
    return Post(channel_id, (Part(MessageId(message_id), said),), **values)


def make_album(channel_id: ChannelId, said: dict[int, str], **fields: Any) -> Post:
    """An album: message number -> caption."""
    parts = tuple(Part(MessageId(number), words) for number, words in said.items())
    return Post(channel_id, parts, **{"posted_at": NOON, "seen_at": NOON, "grouped_id": 77, **fields})


def labelled(post: Post, *, fails: bool = False) -> LabelledPost:
    """The post with what the real analysis says of it, or as if that had raised."""
    return LabelledPost(post, unlabelled() if fails else label(post.text))


async def store(database: Database, *posts: Post, fails: bool = False) -> list[tuple[PostId, Outcome]]:
    """Store posts in one transaction, as the pipeline does."""
    async with database.begin() as connection:
        stored = await stored_versions(connection, posts)
        whole = [labelled(completed(post, before), fails=fails) for post, before in zip(posts, stored, strict=True)]
        return await store_posts(connection, whole, stored)


async def store_one(database: Database, post: Post) -> PostId:
    """Store a post; its number."""
    return (await store(database, post))[0][0]


async def make_subscriber(database: Database, chat_id: int = 100, thread_id: int = 0) -> Subscriber:
    """A person's chat that has spoken to the bot."""
    async with database.begin() as connection:
        return await subscribers.enter(
            connection, ChatId(chat_id), thread_id=thread_id, chat_type="private", language="en"
        )


async def subscribe(database: Database, subscriber: Subscriber, query: str = "мир") -> SubscriptionId:
    """A confirmed subscription."""
    async with database.begin() as connection:
        drafted = await subscriptions.draft(connection, subscriber.id, name=query, query=parse(query))
        confirmed = await subscriptions.confirm(connection, subscriber.id, drafted)
    assert confirmed is not None
    return confirmed.id


async def owe(database: Database, subscriber: Subscriber, post_ids: Iterable[PostId], *reasons: SubscriptionId) -> int:
    """Owe alerts about posts, in a transaction of their own."""
    async with database.begin() as connection:
        return await owe_alerts(connection, [Owed(subscriber.id, post_id, reasons) for post_id in post_ids])


async def make_owed(database: Database, *, chats: Iterable[int] = (100,), posts: int = 1) -> list[PostId]:
    """Every chat is owed an alert about each of some new posts."""
    channel_id = await make_channel(database)
    post_ids = [await store_one(database, make_post(channel_id, number, "мир")) for number in range(1, posts + 1)]
    for chat_id in chats:
        subscriber = await make_subscriber(database, chat_id)
        await owe(database, subscriber, post_ids, await subscribe(database, subscriber))
    return post_ids


async def rows(database: Database, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers, on a connection of its own."""
    async with database.begin() as connection:
        return await rows_of(connection, statement, **values)


async def rows_of(connection: AsyncConnection, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers in this transaction."""
    return [tuple(row) for row in await connection.execute(text(statement), values)]


async def change(database: Database, statement: str, **values: Any) -> None:
    """Change something by hand that only time or a crash would change."""
    async with database.begin() as connection:
        await connection.execute(text(statement), values)
